"""What the charts of an objective's page draw, and the same numbers as tables; times in the reader's zone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db.models import Q
from django.utils import timezone

from incidents.models import Incident
from portal.lib import durations, words
from slo import charts
from slo.models import Objective
from slo.queries import DayCounts, HistoryPoint, ObjectiveDetail
from slo.queries.outside import Burst

ROLES = ("faint", "main", "dashed")
MAX_MARKS = 6
MOST = 100
TABLE_ROWS = 30
type Stretches = Sequence[tuple[datetime, datetime]]
type Table = dict[str, Any]


def incidents_of(objective: Objective, *, since: datetime | None) -> list[Incident]:
    """Incidents that its alerts opened and that are open, or were opened after `since`, newest first."""
    wanted = ~Q(state=Incident.State.RESOLVED)
    if since is not None:
        wanted |= Q(opened_at__gte=since)
    found = Incident.objects.filter(wanted, alerts__objective=objective).select_related("acknowledged_by")
    return list(found.distinct().order_by("-number")[:MOST])


def known_history(history: Sequence[HistoryPoint], *, until: datetime, gaps: Stretches) -> list[HistoryPoint]:
    """The history as far as it is known: nothing after `until`, and a gap where nothing was counted."""

    def unknown(at: datetime) -> bool:
        return at > until or any(start < at < end for start, end in gaps)

    return [HistoryPoint(one.at, None, one.good, one.total) if unknown(one.at) else one for one in history]


def budget(
    detail: ObjectiveDetail,
    history: Sequence[HistoryPoint],
    incidents: Sequence[Incident],
    *,
    shares: Mapping[str, float],
    bursts: Sequence[Burst] = (),
    now: datetime,
) -> charts.Figure | None:
    """The burn-down of the period with its incidents; None where nothing was counted.

    `shares` of the budget were spent by incidents, by their labels; `bursts` outside all of them.
    """
    if detail.period_start is None or not any(point.remaining is not None for point in history):
        return None
    return charts.burn_down(
        _local([(point.at, point.remaining) for point in history]),
        start=timezone.localtime(detail.period_start),
        end=timezone.localtime(detail.period_end or now),
        marks=[*_marks(incidents, since=detail.period_start, shares=shares), *map(_burst, bursts)],
    )


def windows(detail: ObjectiveDetail) -> list[tuple[timedelta, str]]:
    """At most three windows to draw, with their roles: the first rule's both, and the second rule's long one."""
    if not detail.rules:
        return []
    first = detail.rules[0]
    wanted = sorted({first.short, first.long, *(rule.long for rule in detail.rules[1:2])})
    return list(zip(wanted, ROLES, strict=False))


def burn(
    read: Mapping[timedelta, charts.Points],
    drawn: Sequence[tuple[timedelta, str]],
    detail: ObjectiveDetail,
    incidents: Sequence[Incident],
    *,
    since: datetime,
) -> charts.Figure | None:
    """Burn rate by window, with the role of each, against each rule's factor; None where no window had traffic."""
    if not any(value is not None for points in read.values() for _, value in points):
        return None
    lines = [charts.Line(durations.words(window), _local(read[window]), role) for window, role in drawn]
    limits = [
        charts.Threshold(rule.factor, f"{rule.factor:.3g}× {rule.title}", "bad" if rule.severity == "page" else "warn")
        for rule in detail.rules
    ]
    return charts.burn_rate(lines, thresholds=limits, marks=_marks(incidents, since=since))


def burn_table(detail: ObjectiveDetail) -> Table:
    """What each window burns now."""
    now = {rule.long: rule.burn_long for rule in detail.rules} | {rule.short: rule.burn_short for rule in detail.rules}
    rows = [[durations.words(window), words.times(value)] for window, value in sorted(now.items())]
    limits = [[f"{rule.title}, fires above", words.times(rule.factor)] for rule in detail.rules]
    return {"head": ["Window", "Burn now"], "rows": [*rows, *limits]}


def by_day(days: Sequence[DayCounts], field: str, *, role: str) -> charts.Figure:
    """One column a day of `field`: total or bad."""
    points = [(_midnight(day), _float(getattr(day, field))) for day in days]
    return charts.columns(points, name=role, role=role)


def budget_table(history: Sequence[HistoryPoint], *, zone: str, unit: str) -> Table:
    """Some thirty points of the burn-down, newest first."""
    step = max(1, len(history) // TABLE_ROWS)
    rows = [_budget_row(point) for point in history[::-1][::step]]
    return {"head": [f"When ({zone})", "Budget left", f"{unit.capitalize()} so far"], "rows": rows}


def days_table(days: Sequence[DayCounts]) -> Table:
    """The columns as numbers, newest first."""
    rows = [[f"{day.day:%-d %b}", _count(day.total), _count(day.bad), _per_cent(day.spent)] for day in days]
    return {"head": ["Day (UTC)", "All", "Bad", "Of the budget"], "rows": rows[::-1]}


def _marks(
    incidents: Sequence[Incident], *, since: datetime, shares: Mapping[str, float] = MappingProxyType({})
) -> list[charts.Mark]:
    found = [one for one in incidents if one.opened_at >= since][:MAX_MARKS]
    return [charts.Mark(timezone.localtime(one.opened_at), _marked(one, shares.get(one.label))) for one in found]


def _burst(one: Burst) -> charts.Mark:
    return charts.Mark(timezone.localtime(one.start), f"no incident −{words.percent(one.share)} %", "warn")


def _marked(one: Incident, share: float | None) -> str:
    return f"{one.label} −{words.percent(share)} %" if share else one.label


def _local(points: charts.Points) -> charts.Points:
    zone = timezone.get_current_timezone()
    return [(at.astimezone(zone), value) for at, value in points]


def _midnight(day: DayCounts) -> datetime:
    return datetime(day.day.year, day.day.month, day.day.day)  # noqa: DTZ001  # a day's column has no zone


def _budget_row(point: HistoryPoint) -> list[str | None]:
    local = timezone.localtime(point.at)
    counted = None if point.remaining is None else _count(point.total)
    return [f"{local:%-d %b %H:%M}", _per_cent(point.remaining), counted]


def _per_cent(value: float | None) -> str | None:
    return None if value is None else f"{words.percent(value)} %"


def _count(value: int | float | None) -> str | None:
    return None if value is None else words.fixed(value, 0 if float(value).is_integer() else 1)


def _float(value: int | float | None) -> float | None:
    return None if value is None else float(value)
