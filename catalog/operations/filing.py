"""The record of a location's files: what each gave the last time, and what became of its entities."""

import zlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from catalog.locations.doors import Known, Loaded
from catalog.locations.reading import ReadFile, Reading
from catalog.manifest import Problem
from catalog.models import Claim, Location, LocationFile
from catalog.operations.applying import Applied

KEPT = 1_000_000
"""Bytes, packed, that are kept of a file; a larger one is read in whole every time."""
MOST_PROBLEMS = 200
COUNTED = ("created", "updated", "unchanged", "failed")


def known(location: Location) -> Mapping[str, Known]:
    """What may be asked for by its ETag."""
    rows = LocationFile.objects.filter(location=location).exclude(etag="").exclude(packed=b"")
    return {row.address: Known(zlib.decompress(bytes(row.packed)), row.etag) for row in rows.iterator(chunk_size=50)}


def addresses(location: Location) -> set[str]:
    """Every file of which there is a record."""
    return set(LocationFile.objects.filter(location=location).values_list("address", flat=True))


def record(location: Location, reading: Reading, applied: Applied | None, *, now: datetime) -> None:
    """Write down what came of each file; a file that is named no more goes, once that is certain."""
    before = {row.address: row for row in LocationFile.objects.filter(location=location)}
    orphans = Counter(
        Claim.objects.filter(source=location.ref).exclude(orphaned_at=None).values_list("file", flat=True)
    )
    seen = set()
    for file in reading.files:
        if file.address in seen:
            continue
        seen.add(file.address)
        row = before.get(file.address) or LocationFile(location=location, address=file.address[:2000])
        _fill(row, file, applied, now=now)
        row.orphaned = orphans[row.address]
        row.save()
    gone = [row for address, row in before.items() if address not in seen]
    if reading.whole:
        LocationFile.objects.filter(pk__in=[row.pk for row in gone]).delete()


def _fill(row: LocationFile, file: ReadFile, applied: Applied | None, *, now: datetime) -> None:
    row.error, row.is_part = file.error, file.part
    if file.loaded is None:  # what it said before stays on record beside the error
        row.read_at = row.read_at or now
        return
    row.read_at = now
    if row.digest != file.loaded.digest:
        row.changed_at = now
    row.digest = file.loaded.digest
    row.etag, row.packed = _kept(file.loaded)
    counts, problems = _became(file, applied)
    for name in COUNTED:
        setattr(row, name, counts[name])
    row.problems = problems[:MOST_PROBLEMS]


def _kept(loaded: Loaded) -> tuple[str, bytes]:
    packed = zlib.compress(loaded.content) if loaded.etag else b""
    return (loaded.etag, packed) if loaded.etag and len(packed) <= KEPT else ("", b"")


def _became(file: ReadFile, applied: Applied | None) -> tuple[Counter[str], list[dict[str, object]]]:
    results = [] if applied is None or file.part else [one for one in applied.documents if one.file == file.address]
    counts = Counter(str(one.outcome) for one in results)
    problems = [said(problem, "error") for one in results for problem in one.problems]
    problems += [said(problem, "warning") for one in results for problem in one.warnings]
    problems += [said(problem, "error") for problem in file.problems]
    return counts, sorted(problems, key=_place)


def said(problem: Problem, level: str) -> dict[str, object]:
    """A problem as JSON keeps it."""
    return {
        "document": problem.document,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
        "code": problem.code,
        "message": problem.message,
        "level": level,
    }


def _place(problem: Mapping[str, object]) -> tuple[bool, int, int]:
    line, column = problem["line"], problem["column"]
    return (problem["level"] != "error", line if isinstance(line, int) else 0, column if isinstance(column, int) else 0)
