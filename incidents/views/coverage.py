"""The coverage of the fleet: components whose P1 would reach nobody at some hour of the next four weeks."""

import csv
from collections.abc import Iterator
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from catalog.models import Component, Team
from catalog.queries import page
from incidents.queries.coverage import ORDER, Fleet, fleet
from incidents.views.listing import harmless
from portal.lib.clock import db_now

SIZE = 50
FILTERS = ("team", "tier", "catch_all")
COLUMNS = ("component", "owner", "tier", "chain", "first_from", "first_until", "hours", "stretches")


@login_required
@require_safe
def coverage_page(request: HttpRequest) -> HttpResponse:
    """By name, a page at a time, each with its first hours and how many there are."""
    asked = _asked(request)
    found = _fleet(asked)
    uncovered = found.components(team=asked["team"], tier=_tier(asked))
    rows = page(uncovered, ORDER, cursor=request.GET.get("cursor", ""), size=SIZE)
    context = {
        "now": db_now(),
        "rows": [found.row(one) for one in rows.rows],
        "count": uncovered.count(),
        "all": Component.objects.filter(retired_at=None).count(),
        "told": found.told,
        "filters": asked,
        "filtered": bool(asked["team"] or asked["tier"]),
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "tiers": Component.Tier.choices,
        "csv": f"{reverse('incidents:coverage-csv')}?{urlencode(_given(asked))}",
        "next": _address(asked, rows.next),
        "previous": _address(asked, rows.previous),
    }
    return render(request, "incidents/coverage/page.html", context)


@login_required
@require_safe
def download(request: HttpRequest) -> HttpResponseBase:
    """All that the filters leave, as CSV."""
    asked = _asked(request)
    answer = StreamingHttpResponse(_lines(_fleet(asked), asked), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="coverage.csv"'
    return answer


class _Echo:
    """What `csv` writes to: hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(found: Fleet, asked: dict[str, str]) -> Iterator[str]:
    sheet = csv.writer(_Echo())
    yield sheet.writerow(COLUMNS)
    rows = found.components(team=asked["team"], tier=_tier(asked)).order_by(*ORDER)
    for row in map(found.row, rows.iterator(chunk_size=1000)):
        owner, (start, end) = row.component.owner, row.first
        told = (row.component.ref, owner.ref if owner else "", row.component.tier, row.chain)
        cells = (*told, start.isoformat(), end.isoformat(), round(row.hours, 2), len(row.holes))
        yield sheet.writerow([harmless(cell) for cell in cells])


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "").replace("\x00", "").strip() for name in FILTERS}


def _fleet(asked: dict[str, str]) -> Fleet:
    return fleet(now=db_now(), counting_catch_all=asked["catch_all"] != "no")


def _tier(asked: dict[str, str]) -> int | None:
    return int(asked["tier"]) if asked["tier"] in {str(value) for value in Component.Tier.values} else None


def _given(asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value}


def _address(asked: dict[str, str], cursor: str) -> str:
    return f"{reverse('incidents:coverage')}?{urlencode({**_given(asked), 'cursor': cursor})}" if cursor else ""


urlpatterns = [path("coverage", coverage_page, name="coverage"), path("coverage.csv", download, name="coverage-csv")]
