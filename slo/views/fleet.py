"""Every objective in one dense table, totals above it, a heat map below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import Team
from portal.lib.clock import db_now
from portal.lib.drawn import share
from portal.lib.reading import readable
from slo import queries
from slo.indicators import kinds
from slo.models import Definition, Objective, Standing
from slo.queries import DayCounts, FleetFilter, FleetRow, FleetTotals
from slo.queries.fleet import STATES
from slo.queries.fleet import row as fleet_row
from slo.queries.outlook import gone_at
from slo.queries.sources import sources_down

PER_PAGE = 100
HEAT_DAYS = 30
ROOM = 3  # cells that a date needs
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
    """Until the budget is used up by the pace of `exhausts_over`; None where it lasts for the period."""


@readable
@require_safe
def fleet(request: HttpRequest) -> HttpResponse:
    """The objectives wanted, loudest first."""
    now = db_now()
    wanted = _wanted(request.GET)
    page = Paginator(queries.fleet(wanted), PER_PAGE).get_page(request.GET.get("page"))
    totals = queries.fleet_totals(replace(wanted, state=""))
    context = {
        "now": now,
        "totals": totals,
        "parts": _parts(totals),
        "state_urls": {name: _with(request.GET, state=name) for name in STATES},
        "last": queries.last_evaluation(),
        "down": sources_down(),
        **_table(page, now=now),
        **_controls(request.GET, wanted),
        **_pager(request.GET, page),
    }
    return render(request, "slo/fleet.html", context)


def _table(page: Page[Objective], *, now: datetime) -> dict[str, Any]:
    objectives = list(page.object_list)
    spent = queries.spent_by_day(objectives, now=now, days=HEAT_DAYS)
    days = [day.day for day in spent[objectives[0].pk]] if objectives else []
    lines = [_line(objective, spent, now=now) for objective in objectives]
    return {"lines": lines, "heat_key": HEAT_KEY, "heat_dates": _dates(days)}


def _controls(given: QueryDict, wanted: FleetFilter) -> dict[str, Any]:
    names = dict(Definition.Type.choices)
    return {
        "wanted": wanted,
        "filtered": wanted != FleetFilter(sort=wanted.sort),
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "types": [(kind, names.get(kind, one.title)) for kind, one in kinds.items()],
        "states": [
            (name.lower(), label) for name, label in zip(Standing.State.names, Standing.State.labels, strict=True)
        ],
        "periods": _periods(),
        "sorts": SORTS,
        "sort_urls": {key.strip("-"): _with(given, sort=key) for key in SORTS},
    }


def _periods() -> list[tuple[str, str]]:
    """The periods in use, shortest first, as the filter takes them and in words."""
    found = Objective.objects.filter(retired_at=None).order_by("window_days", "calendar")
    used = found.values_list("window_days", "calendar").distinct()
    return [(f"{days}d", f"{days} d") if days else (calendar, calendar.capitalize()) for days, calendar in used]


def _pager(given: QueryDict, page: Page[Objective]) -> dict[str, str]:
    count = page.paginator.count
    return {
        "summary": f"{page.start_index()} to {page.end_index()} of {count}",
        "previous": _with(given, page=str(page.previous_page_number())) if page.has_previous() else "",
        "next": _with(given, page=str(page.next_page_number())) if page.has_next() else "",
    }


def _wanted(given: QueryDict) -> FleetFilter:
    said = {name: str(given[name]).replace("\x00", " ").strip() for name in given}
    sort = said.get("sort", "-state")
    return FleetFilter(
        text=said.get("q", ""),
        team=said.get("team", ""),
        component=said.get("component", ""),
        type=said.get("type", ""),
        state=said.get("state", ""),
        window=said.get("window", ""),
        sort=sort if sort in SORTS else "-state",
    )


def _line(objective: Objective, spent: Mapping[int, Sequence[DayCounts]], *, now: datetime) -> Line:
    row = fleet_row(objective)
    days = spent.get(objective.pk, ())
    gone = gone_at(objective, now=now)
    cells = [(f"{d.day:%-d %b}", d.spent) for d in days]
    return Line(row, _left_by_day(row, days), cells, gone - now if gone else None)


def _dates(days: Sequence[date]) -> list[tuple[str, str, str]]:
    """Words above the heat map: (where, anchor, words) for the first day, Mondays with room, and today."""
    if not days:
        return []
    inner = [n for n, day in enumerate(days) if day.weekday() == 0 and ROOM <= n < len(days) - ROOM]
    said = [(share(n / len(days)), "start", f"{days[n]:%-d %b}") for n in (0, *inner)]
    return [*said, ("100%", "end", "today")]


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
    """The same list with these changes, from its first page unless they say which."""
    query = given.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{reverse('slo:list')}?{query.urlencode()}"
