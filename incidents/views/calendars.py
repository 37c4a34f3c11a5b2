"""Calendars that follow schedules: the links a person has, and what a calendar reads at one."""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.access import person_of
from incidents.models import CalendarFeed, Schedule
from incidents.oncall.calendars import Entry, calendar
from incidents.operations import feeds
from incidents.queries import oncall as queries
from portal.lib import conf, once
from portal.lib.clock import db_now
from portal.lib.posted import posted

BACK, AHEAD = timedelta(weeks=4), timedelta(weeks=8)


@login_required
@require_http_methods(["GET", "POST"])
def calendars(request: HttpRequest) -> HttpResponse:
    """The reader's links; a new one is shown once, right after it was made."""
    me, now = person_of(request), db_now()
    if request.method == "POST":
        slug = posted(request, "schedule")
        schedule = queries.schedule_by_slug(slug) if slug else None
        made = feeds.make_feed(person=me, schedule=schedule, now=now)
        once.keep(request, "calendar", {"name": schedule.name if schedule else "", "url": made.url}, now=now)
        return redirect("incidents:calendars")
    context = {
        "made": once.take(request, "calendar", now=now),
        "now": now,
        "links": CalendarFeed.objects.filter(person=me).select_related("schedule"),
        "schedules": Schedule.objects.filter(retired_at=None),
        "chosen": request.GET.get("schedule", ""),
    }
    response = render(request, "incidents/oncall/calendars.html", context)
    add_never_cache_headers(response)  # a secret must not come back with the back button
    return response


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Its address answers no more."""
    feeds.remove_feed(person=person_of(request), pk=pk)
    messages.success(request, "Removed; calendars that follow it find nothing there any more.")
    return redirect("incidents:calendars")


@require_GET
def read(request: HttpRequest, secret: str) -> HttpResponse:
    """What a calendar reads: four weeks back, eight ahead. The address is the key, for calendars can't sign in."""
    now = db_now()
    feed = feeds.opened_feed(secret, now=now)
    answer = HttpResponse(_told(feed, now), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="on-call.ics"'
    answer["Cache-Control"] = "private, max-age=300"
    return answer


def _told(feed: CalendarFeed, now: datetime) -> bytes:
    start, end = _midnight(now - BACK), _midnight(now + AHEAD)
    slugs = [feed.schedule.slug] if feed.schedule else None
    loaded = queries.schedules(since=start, slugs=slugs)
    duties = queries.duties(loaded, start, end, of=None if feed.schedule else feed.person, beyond=AHEAD)
    entries = [
        Entry(
            key=f"{duty.schedule.slug}|{duty.ref}|{duty.start.timestamp():.0f}",
            title=f"On call: {duty.name}" if feed.schedule else f"On call: {duty.schedule.name}",
            start=duty.start,
            end=duty.end,
            url=conf.base_url() + reverse("incidents:schedule", args=[duty.schedule.slug]),
        )
        for duty in duties
        if duty.start > start  # what is cut off there would be another one tomorrow
    ]
    name = feed.schedule.name if feed.schedule else f"On call: {feed.person.label}"
    return calendar(name, entries, host=urlsplit(conf.base_url()).hostname or "portico", now=now)


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(UTC).date(), time(0), UTC)


urlpatterns = [
    path("me/calendars", calendars, name="calendars"),
    path("me/calendars/<int:pk>/remove", remove, name="remove-calendar"),
    path("calendars/<str:secret>.ics", read, name="calendar"),
]
