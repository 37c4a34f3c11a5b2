"""The analytics pages: over all, by team, by component, people's load, noise; each with what it shows as CSV."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Team
from incidents import analytics, queries
from incidents import analytics_drawn as drawn
from incidents.analytics import Figures
from incidents.asking import DEFAULT, FILTERS, PERIODS, asked_on_page
from incidents.models.incident import Severity
from incidents.queries.analytics import OVERALL, Wanted
from incidents.views.listing import harmless
from portal.lib.clock import now_of
from portal.lib.reading import known, readable

SIZE, MOST = 50, 15
TABS = (
    ("analytics", "Overview"), ("analytics-teams", "Teams"), ("analytics-components", "Components"),
    ("analytics-people", "People's load"), ("analytics-noise", "Noise"), ("analytics-action-items", "Action items"),
)  # fmt: skip
SORTS: dict[str, tuple[str, Callable[[Figures], float | None]]] = {
    "incidents": ("Incidents", lambda one: -one.incidents),
    "taken": ("Acknowledged after", lambda one: _worst_first(one.taken.median)),
    "restored": ("Restored after", lambda one: _worst_first(one.restored.median)),
    "apart": ("Between failures", lambda one: one.apart.median),
    "blocked": ("Blocked", lambda one: _worst_first(one.blocked)),
    "noise": ("Noise", lambda one: _worst_first(one.noise)),
}
"""Worst first, each; what has no figure comes last."""


@readable
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All figures together and by month, by severity, by source."""
    asked = _asked(request)
    found = analytics.figures(asked, (OVERALL, "month", "severity", "source"))
    context = {
        **_frame(request, asked, "analytics"),
        "all": found[OVERALL][0],
        "charts": drawn.overview(found["month"], asked),
        "csv_of_charts": _csv(request, by="month"),
        "tables": [
            ("Severity", found["severity"], _csv(request, by="severity")),
            ("Source", found["source"], _csv(request, by="source")),
        ],
    }
    return render(request, "incidents/analytics/overview.html", context)


@readable
@require_safe
def groups(request: HttpRequest, by: str) -> HttpResponse:
    """By team, or by component: which has the most of it, and every figure of each, a page at a time."""
    asked = _asked(request)
    rows = analytics.figures(asked, (by,))[by]
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "incidents"
    name = f"analytics-{by}s"
    shown, pager = _paged(request, sorted(rows, key=lambda one: _last(SORTS[sort][1](one))), name)
    context = {
        **_frame(request, asked, name),
        "by": by,
        "rows": shown,
        "total": len(rows),
        "charts": drawn.groups(rows, by),
        "csv_of_charts": _csv(request, by=by),
        "sorts": [(title, _here(request, name, sort=key, page=""), key == sort) for key, (title, _) in SORTS.items()],
        **pager,
    }
    return render(request, "incidents/analytics/groups.html", context)


@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Who is called how often, at night, on weekends. For those who are signed in: it names people."""
    asked = _asked(request)
    found = analytics.people(asked)
    shown, pager = _paged(request, found.loads, "analytics-people")
    context = {
        **_frame(request, asked, "analytics-people"),
        "people": found,
        "rows": shown,
        "total": len(found.loads),
        "charts": drawn.people(found, asked),
        "csv_of_charts": _csv(request, "analytics-people-csv"),
        **pager,
    }
    return render(request, "incidents/analytics/people.html", context)


@readable
@require_safe
def noise(request: HttpRequest) -> HttpResponse:
    """What calls people for nothing, and where step one is not enough."""
    asked = _asked(request)
    found = analytics.figures(asked, (OVERALL, "month", "component", "source"))
    past = analytics.escalations(asked, (OVERALL, "team"))
    loudest = _noisiest(one for one in found["component"] if one.noisy)
    context = {
        **_frame(request, asked, "analytics-noise"),
        "all": found[OVERALL][0],
        "past": past[OVERALL][0],
        "charts": [drawn.noise(found["month"], asked), drawn.past_step_one(past["team"])],
        "csv_of_charts": _csv(request, by="month"),
        "tables": [
            ("Component", loudest[:MOST], _csv(request, by="component")),
            ("Source", _noisiest(one for one in found["source"] if one.paged), _csv(request, by="source")),
        ],
        "teams_called": sorted(past["team"], key=lambda one: -one.past)[:MOST],
        "noisiest": _here(request, "analytics-components", sort="noise", page=""),
        "csv_of_teams": _csv(request, "analytics-escalations-csv", by="team"),
    }
    return render(request, "incidents/analytics/noise.html", context)


@readable
@require_safe
def action_items(request: HttpRequest) -> HttpResponse:
    """Whether what was to be mended was, by its day."""
    asked = _asked(request)
    found = analytics.follow_up(asked, (OVERALL, "month", "team"))
    shown, pager = _paged(request, found["team"], "analytics-action-items")
    context = {
        **_frame(request, asked, "analytics-action-items"),
        "all": found[OVERALL][0],
        "rows": shown,
        "charts": drawn.follow_up(found["month"], asked),
        "csv_of_charts": _csv(request, "analytics-action-items-csv", by="month"),
        "csv_of_teams": _csv(request, "analytics-action-items-csv", by="team"),
        **pager,
    }
    return render(request, "incidents/analytics/action_items.html", context)


@readable
@require_safe
def action_items_csv(request: HttpRequest) -> HttpResponseBase:
    """What became of action items, by `by`."""
    by = _by(request)
    rows = analytics.follow_up(_asked(request), (by,))[by]
    lines = ([one.key or one.label, one.label, *drawn.item_values(one)] for one in rows)
    return _sheet(f"action-items-by-{by}", (by, "name", *drawn.ITEMS), lines)


@readable
@require_safe
def figures_csv(request: HttpRequest) -> HttpResponseBase:
    """All figures by `by`, as the filters leave them. 404 for what they are not told by."""
    by = _by(request)
    rows = analytics.figures(_asked(request), (by,))[by]
    lines = ([one.key or one.label, one.label, *drawn.figure_values(one)] for one in rows)
    return _sheet(f"incidents-by-{by}", (by, "name", *drawn.FIGURES), lines)


@readable
@require_safe
def escalations_csv(request: HttpRequest) -> HttpResponseBase:
    """How far pages went, by `by`."""
    by = _by(request)
    rows = analytics.escalations(_asked(request), (by,))[by]
    lines = ([one.key or one.label, one.label, *drawn.escalation_values(one)] for one in rows)
    return _sheet(f"escalations-by-{by}", (by, "name", *drawn.ESCALATIONS), lines)


@login_required
@require_safe
def people_csv(request: HttpRequest) -> HttpResponseBase:
    """Everybody who was called."""
    rows = analytics.people(_asked(request)).loads
    lines = ([one.person.ref, one.person.label, one.person.time_zone, *drawn.load_values(one)] for one in rows)
    return _sheet("people", ("person", "name", "time_zone", *drawn.LOADS), lines)


def _asked(request: HttpRequest) -> Wanted:
    return asked_on_page(request.GET.dict(), now=now_of(request), zone=timezone.get_current_timezone_name())


def _by(request: HttpRequest) -> str:
    by = request.GET.get("by", "month")
    if by not in analytics.BY:
        raise Http404
    return by


def _worst_first(value: float | None) -> float | None:
    return None if value is None else -value


def _noisiest(rows: Iterable[Figures]) -> list[Figures]:
    return sorted(rows, key=lambda one: (-one.noisy, -(one.noise or 0)))


def _last(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0


def _frame(request: HttpRequest, asked: Wanted, name: str) -> dict[str, Any]:
    """What all of them have: tabs, filters, the stretch in words."""
    given = {one: request.GET.get(one, "") for one in FILTERS}
    return {
        "now": asked.now,
        "asked": asked,
        "tabs": [
            {"title": title, "url": _here(request, one, sort="", page=""), "count": None, "active": one == name}
            for one, title in TABS
            if one != "analytics-people" or known(request)
        ],
        "here": reverse(f"incidents:{name}"),
        "filters": {**given, "period": given["period"] if given["period"] in PERIODS else DEFAULT},
        "filtered": any(given[one] for one in FILTERS if one != "period"),
        "periods": PERIODS,
        "severities": Severity.choices,
        "sources": queries.sources_seen(),
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk").only("ref", "name", "title"),
        "zone": timezone.get_current_timezone_name(),
    }


def _paged(request: HttpRequest, rows: Sequence[Any], name: str) -> tuple[Sequence[Any], dict[str, str]]:
    text = request.GET.get("page", "")
    last = max(1, -(-len(rows) // SIZE))
    page = min(last, max(1, int(text))) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
    first = (page - 1) * SIZE
    return rows[first : first + SIZE], {
        "summary": f"{first + 1} to {min(first + SIZE, len(rows))} of {len(rows)}" if rows else "",
        "previous": _here(request, name, page=str(page - 1)) if page > 1 else "",
        "next": _here(request, name, page=str(page + 1)) if page < last else "",
    }


def _here(request: HttpRequest, name: str, **changes: str) -> str:
    """The page of that name, asked as this one is but for `changes`; without what it does not know."""
    given = {one: request.GET.get(one, "") for one in (*FILTERS, "sort", "page")} | changes
    query = urlencode({one: value for one, value in given.items() if value})
    return f"{reverse(f'incidents:{name}')}{'?' if query else ''}{query}"


def _csv(request: HttpRequest, name: str = "analytics-csv", **more: str) -> str:
    return _here(request, name, sort="", page="", **more)


class _Echo:
    """What `csv` writes to: hands the line back."""

    def write(self, line: str) -> str:
        return line


def _sheet(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        sheet = csv.writer(_Echo())
        yield sheet.writerow(head)
        for row in rows:
            yield sheet.writerow([harmless("" if value is None else value) for value in row])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


urlpatterns = [
    path("analytics", overview, name="analytics"),
    path("analytics/teams", groups, {"by": "team"}, name="analytics-teams"),
    path("analytics/components", groups, {"by": "component"}, name="analytics-components"),
    path("analytics/people", people, name="analytics-people"),
    path("analytics/noise", noise, name="analytics-noise"),
    path("analytics/action-items", action_items, name="analytics-action-items"),
    path("analytics/action-items.csv", action_items_csv, name="analytics-action-items-csv"),
    path("analytics.csv", figures_csv, name="analytics-csv"),
    path("analytics/escalations.csv", escalations_csv, name="analytics-escalations-csv"),
    path("analytics/people.csv", people_csv, name="analytics-people-csv"),
]
