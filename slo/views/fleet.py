"""Every objective in one dense table, totals above it, a heat map below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import Team
from portal.lib.clock import db_now
from portal.lib.reading import readable
from slo import queries
from slo.models import Definition, Objective, Standing
from slo.queries import DayCounts, FleetFilter, FleetRow, FleetTotals
from slo.queries.fleet import row as fleet_row

PER_PAGE = 100
HEAT_DAYS = 30
HEAT_KEY = (
    ("d0", "under 1 %"), ("d1", "1 – 4 %"), ("d2", "4 – 8 %"), ("d3", "8 – 20 %"),
    ("d4", "over 20 %"), ("dx", "no data"),
)  # fmt: skip
SORTS = {"-state": "what burns", "remaining": "budget left", "-burn": "burn rate", "name": "name", "-target": "goal"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table with its small drawing: budget left over the days, 1 = all, None = unknown."""

    row: FleetRow
    spark: Sequence[float | None]
    heat: Sequence[tuple[str, float | None]]
    gone_in: timedelta | None
    """Until the budget is used up at the pace of the last 6 hours."""


@readable
@require_safe
def fleet(request: HttpRequest) -> HttpResponse:
    """The objectives wanted, loudest first."""
    now = db_now()
    wanted = _wanted(request.GET)
    page = Paginator(queries.fleet(wanted), PER_PAGE).get_page(request.GET.get("page"))
    objectives = list(page.object_list)
    spent = queries.spent_by_day(objectives, now=now, days=HEAT_DAYS)
    lines = [_line(objective, spent, now=now) for objective in objectives]
    totals = queries.fleet_totals()
    context = {
        "now": now,
        "lines": lines,
        "totals": totals,
        "parts": _parts(totals),
        "heat_key": HEAT_KEY,
        "last": queries.last_evaluation(),
        "wanted": wanted,
        "filtered": wanted != FleetFilter(sort=wanted.sort),
        "teams": Team.objects.filter(retired_at=None).order_by("title", "name"),
        "types": Definition.Type.choices,
        "states": [
            (name.lower(), label) for name, label in zip(Standing.State.names, Standing.State.labels, strict=True)
        ],
        "sorts": SORTS,
        "sort_urls": {key.strip("-"): _with(request.GET, sort=key) for key in SORTS},
        "summary": f"{page.start_index()} to {page.end_index()} of {page.paginator.count}",
        "previous": _with(request.GET, page=str(page.previous_page_number())) if page.has_previous() else "",
        "next": _with(request.GET, page=str(page.next_page_number())) if page.has_next() else "",
        "days": [day.day for day in spent[objectives[0].pk]] if objectives and objectives[0].pk in spent else [],
    }
    return render(request, "slo/fleet.html", context)


def _wanted(given: QueryDict) -> FleetFilter:
    sort = given.get("sort", "-state")
    return FleetFilter(
        text=given.get("q", "").strip(),
        team=given.get("team", ""),
        component=given.get("component", ""),
        type=given.get("type", ""),
        state=given.get("state", ""),
        sort=sort if sort in SORTS else "-state",
    )


def _line(objective: Objective, spent: Mapping[int, Sequence[DayCounts]], *, now: datetime) -> Line:
    row = fleet_row(objective)
    days = spent.get(objective.pk, ())
    gone_in = max(row.exhausts_at - now, timedelta()) if row.exhausts_at else None
    return Line(row, _left_by_day(row, days), [(f"{d.day:%-d %b}", d.spent) for d in days], gone_in)


def _parts(totals: FleetTotals) -> list[tuple[str, int, str]]:
    return [
        ("bad", totals.burning + totals.exhausted, "burning or exhausted"),
        ("warn", totals.at_risk, "at risk"),
        ("none", totals.no_data + totals.building, "no data"),
        ("good", totals.healthy, "healthy"),
    ]


def _left_by_day(row: FleetRow, days: Sequence[DayCounts]) -> list[float | None]:
    """Backwards from what is left now: each day's spending is given back. A day of which nothing is known is a gap."""
    left = row.remaining
    if left is None:
        return []
    made: list[float | None] = []
    for day in reversed(days):
        made.append(None if day.known_minutes == 0 else left)
        left += day.spent or 0.0
    return made[::-1]


def _with(given: QueryDict, **changes: str) -> str:
    query = given.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{reverse('slo:list')}?{query.urlencode()}"
