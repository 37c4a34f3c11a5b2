"""An objective's page: numbers in words, its charts with the incidents on them, its rules, its definition."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from ruamel.yaml import YAML

from catalog import queries as catalog
from catalog.access import NotSignedIn, actor_of, may_write
from incidents.models import Incident
from portal.lib import durations
from portal.lib.clock import db_now
from portal.lib.reading import readable
from slo import charts, queries
from slo.models import Objective
from slo.queries import DayCounts, HistoryPoint, ObjectiveDetail

RANGES = {"6h": timedelta(hours=6), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
ROLES = ("faint", "main", "second")
MAX_MARKS = 6


@readable
@require_safe
def objective_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one objective."""
    return render(request, "slo/objective.html", _context(request, _objective(pk), now=db_now()))


@readable
@require_safe
def objective_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The parts that refresh by themselves: words, figures, rules, changes of state."""
    objective = _objective(pk)
    now = db_now()
    return render(request, "slo/parts/live.html", {"now": now, **_head(objective, now=now)})


def _objective(pk: int) -> Objective:
    return get_object_or_404(
        Objective.objects.select_related("definition__component__owner", "definition__source", "policy", "standing"),
        pk=pk,
    )


def _head(objective: Objective, *, now: datetime) -> dict[str, Any]:
    detail = queries.detail(objective, now=now)
    return {
        "objective": objective,
        "component": objective.definition.component,
        "detail": detail,
        "row": detail.row,
        "transitions": queries.transitions(objective, limit=8),
        "open_incidents": _incidents(objective).exclude(state=Incident.State.RESOLVED)[:3],
    }


def _context(request: HttpRequest, objective: Objective, *, now: datetime) -> dict[str, Any]:
    head = _head(objective, now=now)
    detail: ObjectiveDetail = head["detail"]
    component = objective.definition.component
    chosen = request.GET.get("range", "6h")
    span = RANGES.get(chosen, RANGES["6h"])
    history = queries.history(objective, now=now)
    days = queries.by_day(objective, now=now)
    duty = catalog.on_call_now([component.owner_id], now=now) if component.owner_id else {}
    return {
        "now": now,
        **head,
        "may_edit": _may_edit(request, component.owner_id),
        "on_call": duty.get(component.owner_id) if component.owner_id else None,
        "budget_chart": _budget(objective, detail, history, now=now),
        "budget_table": _budget_table(history),
        "burn_chart": _burn(objective, detail, since=now - span, until=now),
        "ranges": [(key, key == chosen) for key in RANGES],
        "chosen": chosen if chosen in RANGES else "6h",
        "all_chart": charts.columns(_daily(days, "total"), name="all", role="all"),
        "bad_chart": charts.columns(_daily(days, "bad"), name="bad", role="bad"),
        "days_table": _days_table(days),
        "gaps": [(start, end, end - start) for start, end in queries.gaps(objective, now=now)],
        "yaml": _yaml(objective),
        "windows": _windows(detail),
    }


def _may_edit(request: HttpRequest, owner: int | None) -> bool:
    try:
        return may_write(actor_of(request), [owner], scope="slos:write")
    except NotSignedIn:
        return False


def _incidents(objective: Objective) -> Any:  # noqa: ANN401  # a QuerySet[Incident]
    return Incident.objects.filter(alerts__objective=objective).distinct().order_by("-number")


def _marks(objective: Objective, *, since: datetime) -> list[charts.Mark]:
    found = _incidents(objective).filter(opened_at__gte=since)[:MAX_MARKS]
    return [charts.Mark(incident.opened_at, f"INC-{incident.number}") for incident in found]


def _budget(
    objective: Objective, detail: ObjectiveDetail, history: Sequence[HistoryPoint], *, now: datetime
) -> charts.Figure | None:
    if detail.period_start is None or not any(point.remaining is not None for point in history):
        return None
    points = [(point.at, point.remaining) for point in history]
    marks = _marks(objective, since=detail.period_start)
    return charts.burn_down(points, start=detail.period_start, end=detail.period_end or now, marks=marks)


def _windows(detail: ObjectiveDetail) -> list[tuple[timedelta, str]]:
    """At most three windows to draw: the first rule's short and long one, and the second rule's long one."""
    if not detail.rules:
        return []
    first = detail.rules[0]
    wanted = sorted({first.short, first.long, *(rule.long for rule in detail.rules[1:2])})
    return list(zip(wanted, ROLES, strict=False))


def _burn(objective: Objective, detail: ObjectiveDetail, *, since: datetime, until: datetime) -> charts.Figure | None:
    windows = _windows(detail)
    if not windows:
        return None
    read = queries.burn_history(objective, windows=[window for window, _ in windows], since=since, until=until)
    if not any(value is not None for points in read.values() for _, value in points):
        return None
    lines = [charts.Line(durations.words(window), read[window], role) for window, role in windows]
    limits = [
        charts.Threshold(rule.factor, f"{rule.factor:.3g}× {rule.title}", "bad" if rule.severity == "page" else "warn")
        for rule in detail.rules
    ]
    return charts.burn_rate(lines, thresholds=limits, marks=_marks(objective, since=since))


def _daily(days: Sequence[DayCounts], field: str) -> list[tuple[datetime, float | None]]:
    return [
        (datetime(day.day.year, day.day.month, day.day.day), _float(getattr(day, field)))  # noqa: DTZ001  # a day's column has no zone
        for day in days
    ]


def _float(value: int | float | None) -> float | None:
    return None if value is None else float(value)


def _budget_table(history: Sequence[HistoryPoint]) -> dict[str, Any]:
    step = max(1, len(history) // 30)
    rows = [
        [f"{point.at:%-d %b %H:%M}", None if point.remaining is None else f"{100 * point.remaining:.1f} %", point.total]
        for point in history[::-step]
    ]
    return {"head": ["When (UTC)", "Budget left", "Events so far"], "rows": rows}


def _days_table(days: Sequence[DayCounts]) -> dict[str, Any]:
    rows = [
        [f"{day.day:%-d %b}", day.total, day.bad, None if day.spent is None else f"{100 * day.spent:.1f} %"]
        for day in days
    ]
    return {"head": ["Day (UTC)", "All", "Bad", "Of the budget"], "rows": rows[::-1]}


def _yaml(objective: Objective) -> str:
    definition = objective.definition
    body = {
        "name": objective.name,
        "component": definition.component.ref,
        "type": definition.type,
        "indicator": definition.indicator,
        "target": float(objective.target),
        "window": f"{objective.window_days}d" if objective.window_days else objective.calendar,
        "policy": objective.policy.name,
        "budgeting": definition.budgeting,
        "no_data": definition.no_data,
        "blind_after": durations.render(definition.blind_after),
    }
    out = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(body, out)
    return out.getvalue()
