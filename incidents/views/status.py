"""The status page for developers, and its feed: is it me or the platform, since when, what next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import feedgenerator
from django.views.decorators.http import require_safe

from catalog import queries as catalog
from catalog import sharing
from catalog.access import NotSignedIn, person_of
from catalog.models import Component, Person
from incidents import status
from incidents.models import Follower, Incident
from incidents.queries import status as queries
from incidents.queries.touching import waiting
from portal.lib import conf
from portal.lib.clock import now_of
from portal.lib.errors import Missing
from portal.lib.reading import known, readable

FEED_DAYS = timedelta(days=30)
FEED_KEPT = 60
UNCONFIRMED = "Resolved, not confirmed yet: an alert still fires."


class NoSuchFeed(Missing):
    """This link is not whole, or the feed is no longer shared; ask a platform admin for a new one."""


@readable
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """All of it. Strangers, where they may read, see no people."""
    return render(request, "incidents/status/page.html", _context(request))


@readable
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The part that says how it is now, which refreshes by itself."""
    return render(request, "incidents/status/now.html", _context(request, whole=False))


@require_safe
def feed(request: HttpRequest) -> HttpResponseBase:
    """What was said of incidents in the last thirty days, as Atom; names nobody.

    Feed readers don't sign in: with `?key=`, the status page being shared, it needs no sign-in; a wrong key is 404.
    """
    key = request.GET.get("key", "")
    if not key:
        return _feed(request)
    if not sharing.opens(key, ref=sharing.STATUS, show=sharing.FEED):
        raise NoSuchFeed
    response = _told(request)
    response["Cache-Control"] = f"public, max-age={FEED_KEPT}"
    return response


@readable
def _feed(request: HttpRequest) -> HttpResponse:
    return _told(request)


def _told(request: HttpRequest) -> HttpResponse:
    found = feedgenerator.Atom1Feed(
        title="Platform status",
        link=conf.base_url() + reverse("incidents:status"),
        description="What is broken, and what is being done",
        feed_url=conf.base_url() + reverse("incidents:status-feed"),
    )
    entries: list[tuple[datetime, Incident, str, str, str]] = []
    broken = queries.broken_now(unconfirmed=True)
    unconfirmed = {one.pk for one in broken if not one.is_open}
    ended = queries.ended_lately(now_of(request) - FEED_DAYS)
    for incident in [*(one for one in broken if one.is_open), *ended]:
        about = f"{incident.get_severity_display()} {incident.title}"
        entries.append((incident.opened_at, incident, "opened", about, f"{incident.label} began."))
        if incident.resolved_at:
            # told under a name of its own, so that readers of the feed hear of the end itself, too
            name, text = ("resolved", UNCONFIRMED) if incident.pk in unconfirmed else ("over", "It is over.")
            entries.append((incident.resolved_at, incident, f"{name}-{incident.generation}", about, text))
        said = ((one.at, incident, f"update-{one.pk}", about, f"{one.get_state_display()}: {one.text}")
                for one in incident.said)  # type: ignore[attr-defined]  # prefetched  # fmt: skip
        entries.extend(said)
    for at, incident, name, title, text in sorted(entries, key=lambda entry: entry[0], reverse=True)[:100]:
        url = conf.base_url() + incident.get_absolute_url()
        found.add_item(title=title, link=url, description=text, unique_id=f"{url}#{name}", pubdate=at, updateddate=at)
    return HttpResponse(found.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _context(request: HttpRequest, *, whole: bool = True) -> dict[str, object]:
    told, signed_in = status.status(now=now_of(request), whole=whole), known(request)
    person = _person(request) if signed_in and told.broken else None
    waits = _waits(person, told.broken) if person else {}
    return {
        "now": told.now,
        "status": told,
        "broken": [(one, waits.get(one.pk, ())) for one in told.broken],
        "known": signed_in,
        "followed": _followed(person, told.broken) if person else set(),
    }


def _person(request: HttpRequest) -> Person | None:
    try:
        return person_of(request)
    except NotSignedIn:
        return None


def _followed(person: Person, broken: Sequence[Incident]) -> set[int]:
    """Numbers of the broken ones that the reader follows."""
    mine = Follower.objects.filter(person=person, incident__in=[one.pk for one in broken])
    return set(mine.values_list("incident_id", flat=True))


def _waits(person: Person, broken: Sequence[Incident]) -> Mapping[int, tuple[Component, ...]]:
    """What of the reader's teams relies on each of the broken ones: is it me, then, or the platform."""
    return waiting(broken, list(catalog.components_of(catalog.teams_of(person))))


urlpatterns = [
    path("status", page, name="status"),
    path("status/live", live, name="status-live"),
    path("status/feed", feed, name="status-feed"),
]
