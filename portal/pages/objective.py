"""An objective's page: numbers in words, its charts with the incidents on them, its rules, its definition."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog import queries as catalog
from catalog.access import NotSignedIn, actor_of, may_write
from catalog.manifest.writing import written
from catalog.models import ApiToken
from incidents import action_items
from incidents.models import Incident
from portal.lib.clock import now_of
from portal.lib.drawn import share
from portal.lib.links import safe_url
from portal.lib.reading import known, readable
from portal.pages import objective_charts as drawn
from portal.pages.objective_costs import listed
from slo import ledger, queries
from slo.documents import document_of
from slo.indicators import kinds
from slo.indicators.expressions import in_window
from slo.models import Objective
from slo.queries import ObjectiveDetail, costs
from slo.queries.exclusions import Held
from slo.queries.fleet import window_words
from slo.queries.gate import crossed_of, policy_of
from slo.queries.outlook import gone_at
from slo.queries.outside import outside
from slo.views.exclusions import panel

RANGES = {"6h": timedelta(hours=6), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
UNITS = {"uptime": "minutes", "response": "incidents"}
HOUR = 3600
LEAST_DRAWN = 0.004  # of the width: a gap of minutes in a month is still seen


@readable
@require_safe
def objective_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one objective; of a grouped one, the objectives it stands for."""
    now = now_of(request)
    with ledger.plainly_planned():
        objective = _objective(pk)
        if grouped := objective.parent_id is None and bool(objective.definition.group_by):
            context = _group(request, objective, now=now)
        else:
            context = _context(request, objective, now=now)
    return render(request, "slo/group.html" if grouped else "slo/objective.html", context)


@readable
@require_safe
def objective_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The parts that refresh by themselves: words, figures, rules."""
    objective = _objective(pk)
    now = now_of(request)
    head = _head(objective, drawn.incidents_of(objective, since=None), now=now)
    return render(request, "slo/parts/live.html", {"now": now, **head})


def _objective(pk: int) -> Objective:
    related = (
        "definition__component__owner__budget_policy__policy", "definition__source", "definition__sli__source",
        "policy", "standing", "ledger", "budget_policy", "parent",
    )  # fmt: skip
    return get_object_or_404(Objective.objects.select_related(*related), pk=pk)


def _group(request: HttpRequest, objective: Objective, *, now: datetime) -> dict[str, Any]:
    """A grouped objective counts nothing itself: its children, loudest first, and how they are found."""
    definition = objective.definition
    return {
        "now": now,
        "objective": objective,
        "component": definition.component,
        "definition": definition,
        "children": queries.children_of(objective),
        "gone": objective.children.filter(retired_at__isnull=False).count(),
        "labels": ", ".join(definition.group_by),
        "window": window_words(objective),
        "source_name": definition.source.name if definition.source else "",
        "may_edit": _may_edit(request, definition.component.owner_id),
        "yaml": written(document_of(objective)),
        "own": False,
        "asked": _links(objective),
    }


def _head(
    objective: Objective, incidents: Sequence[Incident], *, now: datetime, detail: ObjectiveDetail | None = None
) -> dict[str, Any]:
    detail = detail or queries.detail(objective, now=now)
    unit = UNITS.get(objective.definition.type, "events")
    return {
        "objective": objective,
        "component": objective.definition.component,
        "detail": detail,
        "row": detail.row,
        "unread": detail.row.state == "building" and detail.row.remaining is None,
        "unit": unit,
        "unit_one": unit.removesuffix("s"),
        "allowed": _whole(detail.allowed),
        "left": _whole(detail.left),
        "too_many": _whole(-detail.left) if detail.left is not None and detail.left < 0 else None,
        "missing": None if detail.known_minutes is None else detail.period_minutes - detail.known_minutes,
        "gone_at": gone_at(objective, now=now),
        "first_rule": _counted(detail),
        "open_incidents": [one for one in incidents if one.state != Incident.State.RESOLVED][:3],
    }


def _whole(value: float | None) -> float | None:
    """What is left of many is told in whole ones; of few, exactly."""
    return value if value is None or abs(value) < 10 else float(math.floor(value))


def _counted(detail: ObjectiveDetail) -> tuple[float, float] | None:
    """Bad ones, and all, in the long window of the first rule."""
    rule = detail.rules[0] if detail.rules else None
    return None if rule is None or rule.good is None or rule.bad is None else (rule.bad, rule.good + rule.bad)


def _context(request: HttpRequest, objective: Objective, *, now: datetime) -> dict[str, Any]:
    detail, reach = queries.detail(objective, now=now), now - _range(request)[1]
    incidents = drawn.incidents_of(objective, since=min(detail.period_start or reach, reach))
    head = _head(objective, incidents, now=now, detail=detail)
    owner = objective.definition.component.owner_id
    until = _counted_until(objective, detail, now=now)
    gaps = [(start, min(end, until)) for start, end in queries.gaps(objective, now=now) if start < until]
    spent = costs.of_objective(objective, now=now)
    excluded = panel(objective, request, now=now)
    return {
        "now": now,
        **head,
        **_charts(request, objective, detail, head["unit"], gaps, incidents, spent=spent, until=until, now=now),
        "transitions": queries.transitions(objective, limit=8),
        "costs": spent,
        "helping": action_items.of_objective(objective, now=now) if known(request) else None,
        **listed(spent, request),
        **_spent(spent, excluded["exclusions"]),
        "budget_policy": policy_of(objective),
        "crossed": crossed_of(objective),
        "may_edit": _may_edit(request, owner),
        "on_call": catalog.on_call_now([owner], now=now, request=request).get(owner) if owner else None,
        **excluded,
        "exclude_from": _hour(now) - timedelta(hours=1),
        "exclude_to": _hour(now),
        "gaps": [(start, end, end - start) for start, end in gaps],
        "gap_bars": _bars(gaps, start=detail.period_start, end=until),
        "yaml": written(document_of(objective)),
        "own": kinds[objective.definition.type].own,
        "asked": _links(objective),
    }


def _hour(now: datetime) -> datetime:
    """The last whole hour: what one wants to leave out has mostly just happened."""
    return now.replace(minute=0, second=0, microsecond=0)


def _counted_until(objective: Objective, detail: ObjectiveDetail, *, now: datetime) -> datetime:
    """What has not been read yet is no gap."""
    if detail.row.state == "building" and detail.fill_at:
        return detail.fill_at
    return objective.standing.bucket or now


def _charts(
    request: HttpRequest,
    objective: Objective,
    detail: ObjectiveDetail,
    unit: str,
    gaps: drawn.Stretches,
    incidents: Sequence[Incident],
    *,
    spent: costs.Costs,
    until: datetime,
    now: datetime,
) -> dict[str, Any]:
    chosen, reach = _range(request)
    zone = timezone.localtime(now).tzname() or "UTC"
    windows = drawn.windows(detail)
    told = queries.over_time(objective, windows=[window for window, _ in windows], since=now - reach, now=now)
    history = drawn.known_history(told.history, until=until, gaps=gaps)
    shares = {one.happening.label: one.share for one in spent.costs if one.known and one.share}
    stretches = [(one.start, one.end) for one in spent.costs]
    beside = outside(objective, told.history, stretches, bad=spent.unexplained, allowed=spent.allowed)
    return {
        "beside": beside,
        "burst_bars": _bars([(one.start, one.end) for one in beside.bursts], start=spent.period_start, end=spent.until),
        "zone": zone,
        "budget_chart": drawn.budget(detail, history, incidents, shares=shares, bursts=beside.bursts, now=now),
        "budget_table": drawn.budget_table(history, zone=zone, unit=unit),
        "burn_chart": drawn.burn(told.burns, windows, detail, incidents, since=now - reach),
        "burn_table": drawn.burn_table(detail),
        "windows": windows,
        "ranges": [(key, f"{key[:-1]} {key[-1]}", key == chosen) for key in RANGES],
        "all_chart": drawn.by_day(told.days, "total", role="all"),
        "bad_chart": drawn.by_day(told.days, "bad", role="bad"),
        "days_table": drawn.days_table(told.days),
    }


def _range(request: HttpRequest) -> tuple[str, timedelta]:
    """How far back the burn rate is drawn."""
    chosen = request.GET.get("range", "")
    chosen = chosen if chosen in RANGES else "6h"
    return chosen, RANGES[chosen]


def _may_edit(request: HttpRequest, owner: int | None) -> bool:
    try:
        return may_write(actor_of(request), [owner], scope=ApiToken.Scope.SLOS)
    except NotSignedIn:
        return False


def _bars(gaps: drawn.Stretches, *, start: datetime | None, end: datetime) -> list[tuple[str, str]]:
    """Where each gap lies in the period and how wide it is, for an SVG without a viewBox."""
    if start is None or end <= start:
        return []
    length = end - start
    spans = [((first - start) / length, max(LEAST_DRAWN, (last - first) / length)) for first, last in gaps]
    return [(share(max(0.0, min(x, 1 - width))), share(width)) for x, width in spans]


def _spent(spent: costs.Costs, held: Sequence[Held]) -> dict[str, Any]:
    """The period with its incidents and what is left out of it, as drawn above the table of costs."""
    start, until = spent.period_start, spent.until
    out = sorted(
        (max(first, start), min(last, until))
        for one in held
        for first, last in one.stretches
        if first < until and last > start
    )
    incidents = [(one.start, one.end) for one in spent.costs if one.end > one.start]
    length = sum((last - first for first, last in costs.union(out)), timedelta())
    return {
        "cost_bars": _bars(incidents, start=start, end=until),
        "excluded_bars": _bars(out, start=start, end=until),
        "excluded_for": length,
    }


def _links(objective: Objective) -> Sequence[tuple[str, str]]:
    """What is counted, each query as a link to where Prometheus answers it: (which, address).

    As the ledger in force counts it, so that one of a group asks for its own values only.
    """
    definition, book = objective.definition, objective.ledger
    source = definition.source
    kind = kinds[definition.type]
    if source is None or source.kind != "prometheus" or kind.own:
        return []
    indicator = book.indicator if book and book.type == definition.type else definition.indicator
    asked = {
        **{side: f"sum(increase({one}[1h]))" for side, one in kind.selectors(indicator).items()},
        **({} if kind.counted else {side: in_window(str(indicator[side]), HOUR) for side in _expressions(indicator)}),
    }
    base = safe_url(source.url).rstrip("/")
    return [(name, f"{base}/graph?{urlencode({'g0.expr': text, 'g0.tab': 0})}") for name, text in asked.items() if base]


def _expressions(indicator: Mapping[str, Any]) -> list[str]:
    return [key for key in ("query", "good", "bad", "total", "ratio") if indicator.get(key)]
