"""PURE: planned windows as occurrences. A recurring one keeps wall-clock time in its zone over summer time.

A wall-clock time happens at the first instant at which the zone's clock has reached it: in the spring gap at the first
minute that exists after it, in the autumn overlap at the first of the two. Hourly rules keep elapsed time instead.

Rules are RFC 5545's RRULE, but for what would be costly or has no sense here: FREQ is HOURLY to YEARLY, there is at
most one occurrence a day (HOURLY: only INTERVAL, COUNT and UNTIL), INTERVAL and COUNT are at most 1,000. Nothing is
expanded from the beginning unless COUNT asks for it: an old rule starts anew shortly before the stretch asked for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"})
HOURLY_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL"})
MOST = 1_000
LONGEST = timedelta(days=366)
HORIZON = timedelta(days=366 * 9)
"""How far a rule is looked into when it is checked: the longest stretch without 29 February is 8 years."""

ONE_DAY = timedelta(days=1)
PERIOD = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
"""Days in the longest period of each frequency."""

SHAPE = re.compile(r"(?:RRULE:)?([A-Z]+=[A-Z0-9,+-]+(?:;[A-Z]+=[A-Z0-9,+-]+)*);?")
UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")


class BadRule(ValueError):
    """A rule that can't be used; the message says why and what would do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked RRULE: its parts by name, `until` as naive wall-clock time (inclusive) or None."""

    parts: tuple[tuple[str, str], ...]
    until: datetime | None

    @property
    def frequency(self) -> str:
        """HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY."""
        return dict(self.parts)["FREQ"]

    @property
    def interval(self) -> int:
        """Every how many periods."""
        return int(dict(self.parts).get("INTERVAL", "1"))

    @property
    def count(self) -> int | None:
        """How many there are in all."""
        text = dict(self.parts).get("COUNT")
        return int(text) if text else None

    def text(self) -> str:
        """Without UNTIL, for dateutil."""
        return ";".join(f"{name}={value}" for name, value in self.parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """When something is planned: once, or by a rule whose first occurrence is `[start, end)`."""

    start: datetime
    end: datetime
    rule: str = ""
    zone: str = "UTC"


Span = tuple[datetime, datetime]


def occurrences(plan: Plan, start: datetime, end: datetime) -> Iterator[Span]:
    """The occurrences that touch `[start, end)`, in order, as UTC instants. Raises BadRule."""
    if plan.start >= end:
        return
    if not plan.rule:
        if plan.end > start:
            yield plan.start.astimezone(UTC), plan.end.astimezone(UTC)
        return
    rule = parse_rule(plan.rule, zone=plan.zone)
    found = _by_the_hour(plan, rule, start) if rule.frequency == "HOURLY" else _by_the_clock(plan, rule, start, end)
    for opens, closes in found:
        if opens >= end:
            return
        if closes > max(start, opens):
            yield opens, closes


def current(plan: Plan, at: datetime) -> Span | None:
    """The occurrence that holds `at`."""
    return next(occurrences(plan, at, at + timedelta(microseconds=1)), None)


def upcoming(plan: Plan, after: datetime) -> Span | None:
    """The first occurrence that starts after `after`; None when there is none within nine years."""
    later = occurrences(plan, after, after + HORIZON)
    return next((span for span in later if span[0] > after), None)


def parse_rule(text: str, *, zone: str) -> Rule:
    """The rule in `text`. Raises BadRule."""
    return _parsed(text.strip().upper(), zone)


def faults(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a plan, as (field, code, message); fields are those of MaintenanceWindow."""
    if not known_zone(plan.zone):
        yield "time_zone", "unknown_zone", f"{plan.zone!r}: use a name such as Europe/Berlin or UTC."
        return
    if plan.end <= plan.start:
        yield "ends_at", "before_start", "It must end after it starts."
    elif plan.end - plan.start > LONGEST:
        yield "ends_at", "too_long", "A window lasts at most a year."
    elif plan.rule:
        try:
            _check(plan, parse_rule(plan.rule, zone=plan.zone))
        except BadRule as error:
            yield "rrule", "invalid_rule", f"{error}."


def known_zone(name: str) -> bool:
    """Whether the zone database has it."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # also of what is a folder, or no path at all
        return False
    return True


@lru_cache(maxsize=16_384)
def instant(local: datetime, zone: str) -> datetime:
    """The first UTC instant at which the clock of `zone` has reached the naive `local`."""
    tz = ZoneInfo(zone)
    found = local.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if found.astimezone(tz).replace(tzinfo=None) == local:
        return found
    early, late = local.replace(tzinfo=tz, fold=1).astimezone(UTC), found
    while late - early > timedelta(seconds=1):  # the end of the gap is between the two
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(tz).replace(tzinfo=None) >= local:
            late = middle
        else:
            early = middle
    return late


def _by_the_hour(plan: Plan, rule: Rule, start: datetime) -> Iterator[Span]:
    first, lasts = plan.start.astimezone(UTC), plan.end - plan.start
    step = timedelta(hours=rule.interval)
    number = max(0, (start - lasts - first) // step)
    until = instant(rule.until, plan.zone) if rule.until else None
    while (rule.count is None or number < rule.count) and (until is None or first + number * step <= until):
        yield first + number * step, first + number * step + lasts
        number += 1


def _by_the_clock(plan: Plan, rule: Rule, start: datetime, end: datetime) -> Iterator[Span]:
    lasts = _wall_length(plan)
    early = _local(start, plan.zone) - lasts - ONE_DAY  # a day for whatever the clocks do
    for local in _locals(plan, rule, early, _local(end, plan.zone) + ONE_DAY):
        yield instant(local, plan.zone), instant(local + lasts, plan.zone)


def _locals(plan: Plan, rule: Rule, early: datetime, late: datetime) -> Iterator[datetime]:
    """Naive wall-clock starts from `early` to `late`."""
    first = _local(plan.start, plan.zone)
    begin = first if rule.count else _nearer(first, rule, early)
    last = min(late, rule.until) if rule.until else late
    made = _made(rule.text(), begin)
    for local in made if rule.count else made.replace(until=last):
        if local > last:
            return
        if local >= early:
            yield local


def _nearer(first: datetime, rule: Rule, early: datetime) -> datetime:
    """A start of the same rule, whole intervals later, at least two before `early`; `first` where none is."""
    days = PERIOD[rule.frequency] * rule.interval
    target = early - timedelta(days=2 * days + 7)
    if target <= first:
        return first
    if rule.frequency in {"DAILY", "WEEKLY"}:
        return first + (target - first) // timedelta(days=days) * timedelta(days=days)
    months = rule.interval * (12 if rule.frequency == "YEARLY" else 1)
    jumps = ((target.year - first.year) * 12 + target.month - first.month) // months
    while jumps > 0:  # back to a month that has such a day
        year, month = divmod(first.year * 12 + first.month - 1 + jumps * months, 12)
        try:
            return first.replace(year=year, month=month + 1)
        except ValueError:
            jumps -= 1
    return first


def _wall_length(plan: Plan) -> timedelta:
    by_the_clock = _local(plan.end, plan.zone) - _local(plan.start, plan.zone)
    return by_the_clock if by_the_clock > timedelta(0) else plan.end - plan.start


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _check(plan: Plan, rule: Rule) -> None:
    """Raise BadRule where the first occurrence is not the first, or one begins before the last has ended."""
    if rule.frequency == "HOURLY":
        if plan.end - plan.start > timedelta(hours=rule.interval):
            raise BadRule("one would begin before the last has ended; shorten it, or use a larger INTERVAL")
        return
    first = _local(plan.start, plan.zone)
    found = _first(rule, first)
    if found is None or found > first + HORIZON or (rule.until and rule.until < found):
        raise BadRule("by this rule it never happens within nine years")
    if found != first:
        raise BadRule(f"by this rule the first one is on {found:%a %d %b %Y}; let it start then")
    lasts = _wall_length(plan)
    starts = islice(_locals(plan, rule, first, first + HORIZON), 400)
    if any(later - earlier < lasts for earlier, later in pairwise(starts)):
        raise BadRule("one would begin before the last has ended; shorten it, or let it repeat less often")


def _first(rule: Rule, first: datetime) -> datetime | None:
    """Where a rule begins. dateutil looks for it until the year 9999; so it is asked in the last of the calendar's
    cycles of 400 years, which are all alike.
    """
    ahead = (9999 - first.year) // 400 * 400
    found = next(iter(_made(rule.text(), first.replace(year=first.year + ahead))), None)
    return found.replace(year=found.year - ahead) if found else None


@lru_cache(maxsize=4_096)
def _parsed(text: str, zone: str) -> Rule:
    shaped = SHAPE.fullmatch(text)
    if not shaped:
        raise BadRule("write it as RFC 5545 does, such as FREQ=WEEKLY;BYDAY=TU")
    pairs = [part.partition("=")[::2] for part in shaped[1].split(";")]
    parts = dict(pairs)
    if len(parts) != len(pairs):
        raise BadRule("name each part once")
    _known(parts)
    for name in ("INTERVAL", "COUNT"):
        if name in parts and not (parts[name].isdecimal() and 1 <= int(parts[name]) <= MOST):
            raise BadRule(f"{name} is a number from 1 to {MOST:,}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadRule("use COUNT or UNTIL, not both")
    rule = Rule(tuple((k, v) for k, v in pairs if k != "UNTIL"), _until(parts.get("UNTIL"), zone))
    if rule.frequency != "HOURLY":
        _made(rule.text(), datetime.combine(date.min, time()))
    return rule


def _known(parts: Mapping[str, str]) -> None:
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise BadRule(f"FREQ is one of {', '.join(FREQUENCIES)}")
    allowed = HOURLY_PARTS if frequency == "HOURLY" else PARTS
    for name in parts:
        if name not in allowed:
            raise BadRule(f"{name} is not understood with {frequency}; use some of {', '.join(sorted(allowed))}")


def _made(text: str, first: datetime) -> rrule:
    try:
        made = rrulestr(text, dtstart=first)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadRule(f"this can't be read ({error}); write it such as FREQ=WEEKLY;BYDAY=TU") from error
    assert isinstance(made, rrule)  # noqa: S101  # one rule makes no set
    return made


def _until(text: str | None, zone: str) -> datetime | None:
    """As wall-clock time; a date is its whole day."""
    if text is None:
        return None
    shaped = UNTIL.fullmatch(text)
    try:
        if not shaped:
            raise ValueError(text)
        day = date.fromisoformat(shaped[1])
        at = datetime.combine(day, time.fromisoformat(shaped[2]) if shaped[2] else time(23, 59, 59))
        return _local(at.replace(tzinfo=UTC), zone) if shaped[3] else at
    except (ValueError, OverflowError) as error:
        raise BadRule("UNTIL is a date or a moment such as 20261231 or 20261231T235959Z") from error
