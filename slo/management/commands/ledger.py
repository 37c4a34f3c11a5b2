"""`portal ledger show|rebuild OBJECTIVE`: what was counted by day, and counting a stretch again."""

from argparse import ArgumentParser
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime

from catalog.access import system
from portal.lib.clock import db_now
from portal.lib.errors import Expected
from slo import ledger, queries
from slo.counting import Number
from slo.models import Cursor, Objective
from slo.operations.recounting import DayChange, recount

WEEK = timedelta(days=7)


class Command(BaseCommand):
    """Shows a ledger by day, or counts a stretch of it again from what the source still has."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do, with whose ledger, from when to when."""
        parser.add_argument("what", choices=["show", "rebuild"])
        parser.add_argument("objective", help="its name")
        parser.add_argument("--from", dest="start", default="", help="a date or a moment such as 2026-11-22T12:00Z")
        parser.add_argument("--to", dest="end", default="", help="likewise; left out: up to where it stands")
        parser.add_argument("--dry-run", action="store_true", help="rebuild: say what would change and write nothing")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """A line a day; CommandError says what can't be done."""
        try:
            objective = queries.by_name(options["objective"])
            reached = Cursor.objects.filter(ledger=objective.ledger_id).values_list("bucket", flat=True).first()
            end = _moment("--to", options["end"]) or reached or db_now()
            if options["what"] == "show":
                self._show(objective, _moment("--from", options["start"]) or end - WEEK, end, reached)
                return
            start = _moment("--from", options["start"])
            if start is None:
                raise CommandError("Say with --from where to begin.")
            self._rebuild(objective, start, end, dry_run=options["dry_run"])
        except Expected as error:
            raise CommandError(str(error)) from error

    def _show(self, objective: Objective, start: datetime, end: datetime, reached: datetime | None) -> None:
        """Day by day what counts and what is excluded, then where the ledger stands."""
        days: dict[date, Counter[str]] = {}
        rows = ledger.buckets(objective.ledger_id, start=start, end=end) if objective.ledger_id else []
        for row in rows:
            day = days.setdefault((row.end - timedelta(minutes=1)).date(), Counter())
            day["excluded"] += row.excluded
            day["provisional"] += row.provisional
            if not row.excluded:
                day["good"] += row.good + row.carried_good  # type: ignore[assignment]  # exact, and may be fractional
                day["total"] += row.total + row.carried_total  # type: ignore[assignment]
                day["known"] += 1
        names = ("good", "total", "known", "excluded", "provisional")
        self.stdout.write("day         " + " ".join(f"{name:>12}" for name in names))
        for on, day in days.items():
            self.stdout.write(f"{on}  " + " ".join(f"{_plain(day[name]):>12}" for name in names))
        self.stdout.write(
            f"{objective.name} stands at {reached:%Y-%m-%dT%H:%MZ}." if reached else "It is not followed."
        )

    def _rebuild(self, objective: Objective, start: datetime, end: datetime, *, dry_run: bool) -> None:
        found = recount(
            objective=objective,
            start=start,
            end=end,
            actor=system("cli"),
            now=db_now(),
            dry_run=dry_run,
            progress=lambda at, share: self.stderr.write(f"{share:6.1%}  up to {at:%Y-%m-%dT%H:%MZ}"),
        )
        for on, day in found.days.items():
            self.stdout.write(f"{'~' if day.changed else '='} {on}  {_change(day)}")
        word = "would be" if dry_run else "is"
        self.stdout.write(f"all         {_change(found.total())}; {found.queries} queries")
        self.stdout.write(
            f"{objective.name} {word} counted anew{' (dry run: nothing was written)' if dry_run else ''}."
        )


def _change(day: DayChange) -> str:
    pairs = (
        ("good", day.good, day.new_good),
        ("total", day.total, day.new_total),
        ("known minutes", day.known, day.new_known),
    )
    return ", ".join(
        f"{name} {_plain(old)}" if old == new else f"{name} {_plain(old)} → {_plain(new)}" for name, old, new in pairs
    )


def _plain(count: Number) -> str:
    return f"{count:f}" if not isinstance(count, int) else str(count)


def _moment(option: str, text: str) -> datetime | None:
    """A date is its midnight in UTC; so is a moment without a zone."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
        day = None if found else parse_date(text)
    except ValueError:
        found = day = None
    if found is None and day is not None:
        found = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if found is None:
        raise CommandError(f"{option} {text!r}: write a date or a moment such as 2026-11-22T12:00Z.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)
