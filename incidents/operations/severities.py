"""What platform admins do to the severity table. While it has no line of its own, the default one decides."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from catalog.access import Actor, require_admin
from catalog.models import Component
from catalog.operations import record_audit
from incidents.models import Alert, SeverityRule
from incidents.operations.locking import lock_alerts
from incidents.severity import DEFAULT, Line
from portal.lib.errors import Expected, FieldError, Invalid

MOST = 100


class LineGone(Expected):
    """This line of the severity table was deleted meanwhile; look at the table again."""


class LastLine(Expected):
    """The last line can't be deleted, for then nothing would decide; change it, or restore the default table."""


@transaction.atomic
def put_rules(*, lines: Sequence[Line], by: Actor, now: datetime) -> bool:
    """Make the table these lines; none restores the default. Answers whether that changed it.

    Raises Forbidden, Invalid.
    """
    rows = _begin(by)
    _check(lines)
    if [_line(row) for row in rows] == list(lines):
        return False
    _write(lines)
    _record(by, rows, now)
    return True


@transaction.atomic
def add_rule(*, line: Line, by: Actor, now: datetime, at: int | None = None) -> SeverityRule:
    """A further line, the last, or before the line that stands at `at` (from 0). Raises Forbidden, Invalid."""
    rows = _begin(by)
    lines = [_line(row) for row in rows] or list(DEFAULT)
    place = len(lines) if at is None else max(0, min(at, len(lines)))
    _check([*lines[:place], line, *lines[place:]])
    made = _write([*lines[:place], line, *lines[place:]])
    _record(by, rows, now)
    return made[place]


@transaction.atomic
def change_rule(*, place: int, line: Line, by: Actor, now: datetime) -> None:
    """Let the line at `place` (from 0) say this. Raises Forbidden, Invalid, LineGone."""
    rows = _begin(by)
    lines = _there(rows, place)
    lines[place] = line
    _check(lines)
    _write(lines)
    _record(by, rows, now)


@transaction.atomic
def move_rule(*, place: int, up: bool, by: Actor, now: datetime) -> None:
    """Let it decide before the one above, or after the one below; the first stays first. Raises Forbidden, LineGone."""
    rows = _begin(by)
    lines = _there(rows, place)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(lines):
        return
    lines[place], lines[other] = lines[other], lines[place]
    _write(lines)
    _record(by, rows, now)


@transaction.atomic
def delete_rule(*, place: int, by: Actor, now: datetime) -> None:
    """Take a line out. Raises Forbidden, LineGone, LastLine."""
    rows = _begin(by)
    lines = _there(rows, place)
    if len(lines) == 1:
        raise LastLine
    del lines[place]
    _write(lines)
    _record(by, rows, now)


def _begin(by: Actor) -> list[SeverityRule]:
    """One at a time, and no alert is judged by half a table."""
    require_admin(by)
    lock_alerts()
    return list(SeverityRule.objects.all())


def _there(rows: Sequence[SeverityRule], place: int) -> list[Line]:
    lines = [_line(row) for row in rows] or list(DEFAULT)
    if not 0 <= place < len(lines):
        raise LineGone
    return lines


def _line(row: SeverityRule) -> Line:
    return Line(row.severity, row.rule, row.tier, row.teams_blocked, row.source)


def _write(lines: Sequence[Line]) -> list[SeverityRule]:
    SeverityRule.objects.all().delete()
    return SeverityRule.objects.bulk_create(
        SeverityRule(
            position=position, severity=line.severity, rule=line.rule, tier=line.tier,
            teams_blocked=line.teams_blocked, source=line.source,
        )
        for position, line in enumerate(lines, start=1)
    )  # fmt: skip


def _record(by: Actor, before: Sequence[SeverityRule], now: datetime) -> None:
    """Nothing where nothing has changed."""
    old, new = [_said(_line(row)) for row in before], [_said(_line(row)) for row in SeverityRule.objects.all()]
    if old != new:
        diff = {"rules": (old or None, new or None)}
        record_audit(actor=by, action="severity-rules.edit", object_ref="severity-rules", diff=diff, now=now)


def _said(line: Line) -> dict[str, object]:
    return {key: value for key, value in asdict(line).items() if value not in ("", None)}


def _check(lines: Sequence[Line]) -> None:
    wrong = tuple(_wrong(lines))
    if wrong:
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in wrong), errors=wrong)


def _wrong(lines: Sequence[Line]) -> Iterator[FieldError]:
    if len(lines) > MOST:
        yield FieldError("rules", "too-many", f"At most {MOST} lines; nobody could tell any more what decides.")
    for place, line in enumerate(lines):
        where = f"rules[{place}]"
        if line.severity not in range(1, 6):
            yield FieldError(f"{where}.severity", "invalid", "Use 1 to 5; P1 is the worst.")
        if line.rule and line.rule not in Alert.Rule.values:
            yield FieldError(f"{where}.rule", "unknown", f"Use {', '.join(Alert.Rule.values)}, or leave it empty.")
        if line.tier is not None and line.tier not in Component.Tier.values:
            yield FieldError(f"{where}.tier", "unknown", "Use a tier that components have, or leave it empty.")
        if line.teams_blocked is not None and not 1 <= line.teams_blocked <= 10_000:
            yield FieldError(f"{where}.teams_blocked", "out-of-range", "Use 1 to 10000, or leave it empty.")
        if len(line.source) > 40:
            yield FieldError(f"{where}.source", "too-long", "At most 40 characters.")
