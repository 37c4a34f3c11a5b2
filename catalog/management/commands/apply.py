"""`portal apply -f FILE|DIR|-`: make the catalog what YAML documents say."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import rules
from catalog.access import system
from catalog.manifest import Problem
from catalog.operations.applying import FAILED, OUTCOMES, Applied, DocumentResult, SourceFile, apply_files
from portal.lib.clock import db_now

MARKS = {"created": "+", "updated": "~", "unchanged": "=", FAILED: "✗"}
SUFFIXES = (".yaml", ".yml")
LONGEST = 60


class Command(BaseCommand):
    """Applies the documents of files, of a directory's *.yaml and *.yml, or of standard input (`-`), all at once."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to apply, and how."""
        parser.add_argument("-f", "--file", action="append", required=True, help="a file, a directory, or - (several)")
        parser.add_argument("--dry-run", action="store_true", help="say what would change and write nothing")
        parser.add_argument("--source", default="", help="a name; what it once named and no longer names is orphaned")
        parser.add_argument("--prune", action="store_true", help="retire what the source no longer names")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """A line a document and its changes; CommandError where one was refused."""
        if options["source"] and not rules.is_name(options["source"]):
            raise CommandError(f"--source {options['source']!r}: {rules.NAME_HELP}.")
        if options["prune"] and not options["source"]:
            raise CommandError("--prune needs --source NAME: only what that source once named can be retired.")
        applied = apply_files(
            files=_files(options["file"]),
            actor=system("cli"),
            now=db_now(),
            source=options["source"],
            prune=options["prune"],
            dry_run=options["dry_run"],
        )
        self._tell(applied, dry_run=options["dry_run"])
        if applied.count(FAILED):
            raise CommandError(f"{applied.count(FAILED)} of {len(applied.documents)} documents were refused.")

    def _tell(self, applied: Applied, *, dry_run: bool) -> None:
        for one in applied.documents:
            self._tell_document(one)
        for word, refs in (("orphaned", applied.orphaned), ("retired", applied.retired)):
            for ref in refs:
                self.stdout.write(f"- {ref} ({word})")
        counts = ", ".join(f"{applied.count(outcome)} {outcome}" for outcome in OUTCOMES)
        self.stdout.write(f"{counts}{' (dry run: nothing was written)' if dry_run else ''}")

    def _tell_document(self, one: DocumentResult) -> None:
        self.stdout.write(f"{MARKS[one.outcome]} {one.ref or one.kind or 'a document'}")
        for name, (before, after) in one.diff.items() if one.outcome == "updated" else ():
            self.stdout.write(f"    {name}: {_short(before)} → {_short(after)}")
        for problem in one.problems:
            self.stderr.write(f"    {_placed(one.file, problem)}")
        for warning in one.warnings:
            self.stderr.write(f"    warning: {_placed(one.file, warning)}")


def _files(named: list[str]) -> list[SourceFile]:
    found: list[SourceFile] = []
    for name in named:
        if name == "-":
            found.append(SourceFile(address="standard input", text=sys.stdin.buffer.read()))
            continue
        for path in _paths(Path(name)):
            try:
                found.append(SourceFile(address=str(path), text=path.read_bytes()))
            except OSError as error:
                raise CommandError(f"{path} can't be read: {error.strerror}.") from error
    return found


def _paths(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES and one.is_file())
    if not found:
        raise CommandError(f"There is no .yaml or .yml file in {path}.")
    return found


def _placed(file: str, problem: Problem) -> str:
    field = f"{problem.field}: " if problem.field else ""
    return f"{file}:{problem.line}:{problem.column}: {field}{problem.message}"


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
