"""How on call is shared: by schedule and person, over any time, as a page and as CSV."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from catalog.models import Team
from catalog.queries import page
from incidents.models import Schedule
from incidents.queries import fairness as queries
from incidents.queries import oncall
from portal.lib.clock import now_of
from portal.lib.moments import day_in
from portal.lib.reading import known, readable

SIZE = 20
LONGEST = timedelta(days=366)
COLUMNS = (
    "schedule", "person", "name", "turns", "hours", "even_hours", "night_hours", "even_night_hours", "weekend_hours",
    "even_weekend_hours", "pages", "too_much",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; `wrong` says what in it made no sense."""

    first: date
    last: date
    team: str
    schedule: str
    wrong: str = ""

    @property
    def start(self) -> datetime:
        """The beginning of the first day, by the reader's clock."""
        return timezone.make_aware(datetime.combine(self.first, datetime.min.time()))

    @property
    def end(self) -> datetime:
        """The end of the last day."""
        return timezone.make_aware(datetime.combine(self.last + timedelta(days=1), datetime.min.time()))

    def query(self, **more: str) -> str:
        """For an address."""
        given = {"from": str(self.first), "until": str(self.last), "team": self.team, "schedule": self.schedule, **more}
        return urlencode({name: value for name, value in given.items() if value})


@readable
@require_safe
def fairness(request: HttpRequest) -> HttpResponse:
    """Twenty schedules a page, by name."""
    now = now_of(request)
    asked = _asked(request, now)
    rows = page(_schedules(asked), ("slug",), cursor=request.GET.get("cursor", ""), size=SIZE)
    loaded = oncall.schedules(since=asked.start, slugs=[row.slug for row in rows.rows])
    here = reverse("incidents:fairness")
    context = {
        "now": now,
        "asked": asked,
        "shared": queries.shared(loaded, asked.start, asked.end) if loaded else [],
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "filtered": bool(asked.team or asked.schedule),
        "csv": f"{reverse('incidents:fairness-csv')}?{asked.query()}",
        "next": f"{here}?{asked.query(cursor=rows.next)}" if rows.next else "",
        "previous": f"{here}?{asked.query(cursor=rows.previous)}" if rows.previous else "",
        "known": known(request),
    }
    return render(request, "incidents/oncall/fairness.html", context)


@readable
@require_safe
def download(request: HttpRequest) -> HttpResponseBase:
    """The same of all schedules that the filters leave, as CSV; hours with two decimals."""
    asked = _asked(request, now_of(request))
    answer = StreamingHttpResponse(_lines(asked), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="on-call-fairness.csv"'
    return answer


class _Echo:
    """What `csv` writes to: hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(asked: Asked) -> Iterator[str]:
    sheet = csv.writer(_Echo())
    yield sheet.writerow(COLUMNS)
    slugs = list(_schedules(asked).order_by("slug").values_list("slug", flat=True))
    for place in range(0, len(slugs), SIZE):
        loaded = oncall.schedules(since=asked.start, slugs=slugs[place : place + SIZE])
        for one in queries.shared(loaded, asked.start, asked.end):
            for line in one.lines:
                has, even = line.share.has, line.share.even
                pairs = ((has.all, even.all), (has.nights, even.nights), (has.weekends, even.weekends))
                hours = [f"{span / timedelta(hours=1):.2f}" for pair in pairs for span in pair]
                too_much = " ".join(sorted(line.share.too_much))
                name = line.name if not line.name.startswith(("=", "+", "-", "@")) else f"'{line.name}"
                yield sheet.writerow(
                    [one.schedule.slug, line.share.person, name, line.share.turns, *hours, line.pages, too_much]
                )


def _schedules(asked: Asked) -> QuerySet[Schedule]:
    found = Schedule.objects.filter(retired_at=None)
    if asked.team:
        found = found.filter(team__ref=asked.team)
    return found.filter(slug=asked.schedule) if asked.schedule else found


def _asked(request: HttpRequest, now: datetime) -> Asked:
    """90 days back and ahead where nothing, or nothing that makes sense, is asked for."""
    today = timezone.localdate(now)
    first, last = today - queries.BACK, today + queries.AHEAD
    team, schedule = (request.GET.get(name, "").replace("\x00", "").lower() for name in ("team", "schedule"))
    given = [_day(request.GET.get(name, ""), otherwise) for name, otherwise in (("from", first), ("until", last))]
    since, until = given
    if since is None or until is None:
        return Asked(first, last, team, schedule, "Write days such as 2026-11-22.")
    if not since <= until <= since + LONGEST:
        return Asked(first, last, team, schedule, "Choose a last day that is not before the first, at most 366 days.")
    return Asked(since, until, team, schedule)


def _day(text: str, otherwise: date) -> date | None:
    return day_in(text) if text else otherwise


urlpatterns = [
    path("on-call/fairness", fairness, name="fairness"),
    path("on-call/fairness.csv", download, name="fairness-csv"),
]
