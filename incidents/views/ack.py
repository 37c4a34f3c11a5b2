"""The acknowledge link of a message. Opening it changes nothing, for mail scanners open links; the button does."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from catalog.models import Person
from incidents import boards, links, messages, operations, queries
from incidents.models import Alert, Page
from incidents.operations import handing_on
from portal.lib.clock import db_now
from portal.lib.zones import zone_of


@csrf_exempt  # the signed token in the address is the key; a mail client's browser may keep no cookies
@never_cache
@require_http_methods(["GET", "POST"])
def ack(request: HttpRequest, token: str) -> HttpResponse:
    """GET: what it is about and one button. POST: the person the link was made for has it. No sign-in needed.

    POST with `do=take-over`: also from somebody who has it. POST with `do=hand-on`: they are overwhelmed, and all that
    waits for them goes to the next step.
    """
    claim = links.read(token)
    page = (
        Page.objects.select_related("incident__component", "team", "acknowledged_by").filter(pk=claim.page_id).first()
    )
    person = Person.objects.filter(pk=claim.person_id, retired_at=None).first()
    if page is None or person is None:
        raise links.Tampered
    if request.method == "POST" and request.POST.get("do") == "hand-on":
        handing_on.hand_on(person=person, via="link", now=db_now())
        return redirect(f"{request.path}?handed=on")
    if request.method == "POST" and page.incident.is_open:
        over = request.POST.get("do") == "take-over"
        with suppress(operations.HasItAlready):  # somebody was faster; the page says who
            operations.acknowledge(page=page, by=person, via="link", now=db_now(), take_over=over)
        return redirect(request.path)
    with timezone.override(zone_of(person.time_zone)):  # whoever taps a link is rarely signed in
        return render(request, "incidents/ack.html", _context(request, page, person))


@csrf_exempt  # as above
@never_cache
@require_http_methods(["GET", "POST"])
def ack_all(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a message about several pages. GET: what they are. POST: the person has all that are still open."""
    claim = links.read_all(token)
    person = Person.objects.filter(pk=claim.person_id, retired_at=None).first()
    rows = Page.objects.select_related("incident__component", "team", "acknowledged_by")
    pages = list(rows.filter(pk__in=claim.page_ids).order_by("incident__severity", "incident__opened_at"))
    if person is None or not pages:
        raise links.Tampered
    if request.method == "POST":
        for page in pages:
            with suppress(operations.AlreadyResolved, operations.HasItAlready):
                if page.incident.is_open and page.is_untaken:
                    operations.acknowledge(page=page, by=person, via="link", now=db_now(), take_over=False)
        return redirect(request.path)
    untaken = [page for page in pages if page.incident.is_open and page.is_untaken]
    context = {"person": person, "pages": pages, "untaken": untaken, "now": db_now()}
    with timezone.override(zone_of(person.time_zone)):
        return render(request, "incidents/ack_all.html", context)


def _context(request: HttpRequest, page: Page, person: Person) -> dict[str, Any]:
    now = db_now()
    incident = queries.incident_by_number(page.incident_id)
    account = getattr(request.user, "person", None) if request.user.is_authenticated else None
    moves = queries.next_moves(page, now=now, limit=1) if page.is_untaken else []
    return {
        "now": now,
        "page": page,
        "incident": incident,
        "person": person,
        "somebody_else": account if account is not None and account != person else None,
        "has_it": page.state == "acknowledged" and page.acknowledged_by == person,
        "taken_by": page.acknowledged_by if page.state == "acknowledged" and page.acknowledged_by != person else None,
        "next": moves[0] if moves else None,
        "otherwise": moves[0].words_for(person) if moves else "",
        "handed_on": request.GET.get("handed") == "on",
        "blocked": boards.blocked(incident),
        "others": [
            answer
            for answer in boards.answers(queries.pages_of(incident), mine=frozenset(), now=now)
            if answer.page.pk != page.pk
        ],
        "alerts": messages.worth_telling(incident, _told(boards.alerts(incident))[:3]),
    }


def _told(alerts: list[Alert]) -> list[Alert]:
    """Without those that have ended and fire again: the same words twice would say nothing more."""
    firing = {alert.summary for alert in alerts if alert.cleared_at is None}
    return [alert for alert in alerts if alert.cleared_at is None or alert.summary not in firing]
