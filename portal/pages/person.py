"""One person: their teams, how to reach them, what they wrote lately."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog import queries
from catalog.models import Person
from portal.lib.clock import db_now
from portal.lib.reading import readable
from portal.pages.people import may_invite


@readable
def show(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """The person's page; what they may change of themselves has a button."""
    person = queries.person_by_ref(f"user:{namespace}/{name}")
    reader: Person | None = getattr(request.user, "person", None)
    teams = list(queries.teams_of(person))
    now = db_now()
    duty = queries.on_call_now([team.pk for team in teams], now=now)
    context = {
        "now": now,
        "person": person,
        "trail": [("People", reverse("people")), (person.label, "")],
        "memberships": person.memberships.filter(team__retired_at=None).select_related("team").order_by("team__name"),
        "on_call": [(team, duty[team.pk]) for team in teams if team.pk in duty and duty[team.pk].person == person],
        "changes": person.audit_entries.all()[:10],
        "mine": reader is not None and reader.pk == person.pk,
        "may_invite": person.account_id is None and person.retired_at is None and may_invite(request),
        "may_write": reader is not None and (reader.platform_admin or reader.pk == person.pk),
    }
    return render(request, "catalog/person.html", context)
