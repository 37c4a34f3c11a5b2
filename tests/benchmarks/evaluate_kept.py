"""What `evaluate --keep` leaves for the next run: a month of history and the samples of a few minutes.

Writing the one and scraping the other takes longer than everything that is measured. Prometheus' data stay in a folder,
the ledgers in the database that DATABASE_URL names; a run that finds both puts the ledgers back to where they stood.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection

from slo import ledger
from slo.models import Cursor, CursorGroup, DataSource, SeriesState


@dataclass(frozen=True, slots=True)
class Kept:
    """The minutes that were scraped, and for how many objectives."""

    first: datetime
    end: datetime
    size: int


def read(folder: Path) -> Kept | None:
    """What an earlier run has left; None where there is nothing."""
    note = folder / "kept.json"
    if not note.exists():
        return None
    found = json.loads(note.read_text())
    return Kept(datetime.fromisoformat(found["first"]), datetime.fromisoformat(found["end"]), found["size"])


def write(folder: Path, kept: Kept) -> None:
    """Leave it."""
    found = {"first": kept.first.isoformat(), "end": kept.end.isoformat(), "size": kept.size}
    (folder / "kept.json").write_text(json.dumps(found))


def put_back(source: DataSource, url: str, first: datetime) -> DataSource:
    """The ledgers of a source as they stood at `first`; the states of its series are gone, as they were then."""
    books = list(Cursor.objects.filter(group__source=source).values_list("ledger_id", flat=True))
    ledger.rewind(books, to=first)
    SeriesState.objects.filter(group__source=source).delete()
    CursorGroup.objects.filter(source=source).update(
        cursor=first, next_due_at=first, leased_until=None, failures=0, error="", provisional_from=None
    )
    source.url = url
    source.save(update_fields=["url"])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE slo_cursor, slo_standing, slo_objective")
    return source
