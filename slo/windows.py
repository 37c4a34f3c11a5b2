"""Periods of objectives and the alert windows that go with them (slo.md §2, after Google's SRE workbook). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal
from zoneinfo import ZoneInfo

from portal.lib import durations

type Calendar = Literal["week", "month", "quarter", "year"]
type Severity = Literal["page", "ticket"]

MONTH = timedelta(days=30)
UNSCALED = timedelta(days=28)
"""Periods from this length on keep the windows and get factors of their own; shorter ones scale the windows."""
SHORTEST = 2
"""A scaled short window is at least this long, minutes."""
LONG_BY_SHORT = 12
"""A scaled long window is at least this many short ones."""
OUTAGE_RATIO = Fraction(9, 10)
"""Where a factor can't be reached by failing everything, the rule fires at this error ratio instead."""
LATE_PAGE = timedelta(minutes=15)
"""An objective whose total outage pages later than this should say so."""


def _of_budget(name: str, title: str, fraction: str, long: str, short: str) -> dict[str, Any]:
    severity = name.partition("-")[0]
    return {"name": name, "title": title, "fraction": fraction, "long": long, "short": short, "severity": severity}


WORKBOOK: list[dict[str, Any]] = [
    _of_budget("page-fast", "Page, fast", "0.02", "1h", "5m"),
    _of_budget("page-slow", "Page, slow", "0.05", "6h", "30m"),
    _of_budget("ticket-fast", "Ticket, fast", "0.1", "1d", "2h"),
    _of_budget("ticket-slow", "Ticket, slow", "0.1", "3d", "6h"),
]
"""The default policy, as an AlertPolicy stores it."""
OUTAGE: dict[str, Any] = {
    "name": "outage",
    "title": "Outage",
    "ratio": "0.9",
    "long": "10m",
    "short": "2m",
    "severity": "page",
}
"""The rule offered where a total outage would page late."""


WORKBOOK_OUTAGE: list[dict[str, Any]] = [OUTAGE, *WORKBOOK]
"""For targets so low that the workbook's rules page late."""


class BadRule(ValueError):
    """A rule of an alert policy can't be used; the message names the rule and says what to write."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as a policy has it; exactly one of `fraction` (of the budget), `factor` and `ratio` (of errors) is set."""

    name: str
    title: str
    long: timedelta
    short: timedelta
    severity: Severity
    fraction: Fraction | None = None
    factor: Fraction | None = None
    ratio: Fraction | None = None
    min_events: int = 0
    min_bad: int = 2


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """A rule applied to one objective: both windows must burn faster than `factor`.

    `limit` is the same as an error ratio, `factor · (1 − target)`, exactly. `capped`: the rule asked for more than a
    total outage can give, and was lowered.
    """

    rule: Rule
    long: timedelta
    short: timedelta
    factor: Fraction
    limit: Fraction
    capped: bool


@dataclass(frozen=True, slots=True)
class Period:
    """What a promise is about: the last `days` days, or the running calendar unit in `zone`."""

    days: int | None = None
    calendar: Calendar | None = None
    zone: str = "UTC"

    @property
    def nominal(self) -> timedelta:
        """The length alert factors are computed for: quarter and year count as a month."""
        if self.days is not None:
            return timedelta(days=self.days)
        return timedelta(days=7) if self.calendar == "week" else MONTH

    def bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """Start and end, `[start, end)` in UTC, of the period that `now` belongs to; a rolling one ends now."""
        if self.days is not None:
            return now - timedelta(days=self.days), now
        today = now.astimezone(ZoneInfo(self.zone)).date()
        first = _first_day(today, self.calendar)
        return self._midnight(first), self._midnight(_next_first_day(first, self.calendar))

    def length(self, now: datetime) -> timedelta:
        """How long the period that `now` belongs to really is."""
        start, end = self.bounds(now)
        return end - start

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)


def _first_day(day: date, calendar: Calendar | None) -> date:
    if calendar == "week":
        return day - timedelta(days=day.weekday())
    if calendar == "month":
        return day.replace(day=1)
    if calendar == "quarter":
        return day.replace(month=day.month - (day.month - 1) % 3, day=1)
    return day.replace(month=1, day=1)


def _next_first_day(first: date, calendar: Calendar | None) -> date:
    if calendar == "week":
        return first + timedelta(days=7)
    months = {"month": 1, "quarter": 3}.get(calendar or "", 12)
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1)


def parse_rules(rules: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules of a policy as an AlertPolicy stores them. Raises BadRule."""
    parsed = tuple(_parsed(dict(rule)) for rule in rules)
    if not parsed:
        raise BadRule("a policy needs at least one rule")
    if len({rule.name for rule in parsed}) < len(parsed):
        raise BadRule("each rule of a policy needs a name of its own")
    return parsed


def _parsed(given: dict[str, Any]) -> Rule:
    name = str(given.get("name") or "")
    if not name:
        raise BadRule("a rule needs a name")
    unknown = set(given) - {*Rule.__dataclass_fields__}
    if unknown:
        raise BadRule(f"rule {name}: unknown {', '.join(sorted(unknown))}")
    if sum(given.get(key) is not None for key in ("fraction", "factor", "ratio")) != 1:
        raise BadRule(f"rule {name}: give exactly one of fraction, factor and ratio")
    if given.get("severity") not in {"page", "ticket"}:
        raise BadRule(f"rule {name}: severity is page or ticket")
    long, short = _duration(given, "long", name), _duration(given, "short", name)
    if short > long:
        raise BadRule(f"rule {name}: the short window ({given['short']}) is longer than the long one ({given['long']})")
    return Rule(
        name=name,
        title=str(given.get("title") or name),
        long=long,
        short=short,
        severity=given["severity"],
        fraction=_share(given, "fraction", name, most=1),
        factor=_share(given, "factor", name),
        ratio=_share(given, "ratio", name, most=1),
        min_events=_count(given, "min_events", 0, name),
        min_bad=_count(given, "min_bad", 2, name),
    )


def _duration(given: Mapping[str, Any], key: str, name: str) -> timedelta:
    try:
        found = durations.parse(str(given.get(key, "")))
    except durations.BadDuration as error:
        raise BadRule(f"rule {name}: {key}: {error}") from error
    if found < timedelta(minutes=1) or found % timedelta(minutes=1):
        raise BadRule(f"rule {name}: {key} must be whole minutes, at least one")
    return found


def _share(given: Mapping[str, Any], key: str, name: str, *, most: int | None = None) -> Fraction | None:
    if given.get(key) is None:
        return None
    try:
        found = Fraction(str(given[key]))
    except ValueError as error:
        raise BadRule(f"rule {name}: {key} is not a number") from error
    if found <= 0 or (most is not None and found > most):
        raise BadRule(f"rule {name}: {key} must be above 0" + (f" and at most {most}" if most else ""))
    return found


def _count(given: Mapping[str, Any], key: str, default: int, name: str) -> int:
    found = given.get(key, default)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise BadRule(f"rule {name}: {key} is a whole number, 0 or more")
    return found


def burn_windows(rules: Iterable[Rule], *, period: Period, target: Decimal) -> tuple[BurnWindow, ...]:
    """The rules for one objective: windows scaled for short periods, factors capped so that an outage fires them."""
    return tuple(_applied(rule, period.nominal, 1 - Fraction(target)) for rule in rules)


def _applied(rule: Rule, nominal: timedelta, budget: Fraction) -> BurnWindow:
    long, short = _scaled(rule, nominal) if rule.fraction and nominal < UNSCALED else (rule.long, rule.short)
    wanted = _factor(rule, nominal, budget)
    capped = wanted * budget >= 1
    factor = OUTAGE_RATIO / budget if capped else wanted
    return BurnWindow(rule, long, short, factor, factor * budget, capped)


def _factor(rule: Rule, nominal: timedelta, budget: Fraction) -> Fraction:
    if rule.factor is not None:
        return rule.factor
    if rule.ratio is not None:
        return rule.ratio / budget
    period = MONTH if nominal < UNSCALED else nominal
    return (rule.fraction or Fraction(0)) * _minutes(period) / _minutes(rule.long)


def _scaled(rule: Rule, nominal: timedelta) -> tuple[timedelta, timedelta]:
    scale = _minutes(nominal) / _minutes(MONTH)
    short = max(SHORTEST, _half_up(_minutes(rule.short) * scale))
    long = max(LONG_BY_SHORT * short, _half_up(_minutes(rule.long) * scale))
    return timedelta(minutes=long), timedelta(minutes=short)


def _half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def _minutes(duration: timedelta) -> Fraction:
    return Fraction(duration // timedelta(seconds=1), 60)


def outage_pages_after(windows: Iterable[BurnWindow], *, one_bad: timedelta | None = None) -> timedelta | None:
    """How long everything must fail, under even traffic, until the first page rule fires; None without a page rule.

    To whole seconds. `one_bad` is how long it takes for one bad event to be counted, where time is counted: as many of
    them as a rule's `min_bad` must have been bad first. How many events come in that time is not known.
    """
    one = one_bad or timedelta()
    pages = [
        max(window.long * float(window.limit), one * window.rule.min_bad)
        for window in windows
        if window.rule.severity == "page"
    ]
    return timedelta(seconds=round(min(pages).total_seconds())) if pages else None
