"""Home: what is on fire and who has it, what waits for the reader, which promises are worst, what is theirs."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from catalog import queries as catalog
from catalog.models import Component, Person, Team
from incidents import queries as incidents
from incidents.models import Incident
from incidents.queries import oncall
from portal.lib.clock import db_now
from portal.lib.reading import readable
from portal.pages import needs, setup
from slo.queries import FleetFilter, fleet, fleet_totals
from slo.queries.fleet import FleetRow, row

SHOWN_INCIDENTS, SHOWN_OBJECTIVES, SHOWN_COMPONENTS, SHOWN_SHIFTS = 6, 5, 12, 3
SHIFTS_AHEAD = timedelta(days=28)


@readable
def show(request: HttpRequest) -> HttpResponse:
    """The first page of everybody; an empty portal shows what to do first instead."""
    now = db_now()
    person: Person | None = getattr(request.user, "person", None)  # an account need not belong to anybody yet
    teams = list(catalog.teams_of(person)) if person else []
    steps = setup.steps()
    context = {
        "now": now,
        "person": person,
        "teams": teams,
        "steps": steps if setup.shown(steps, person) else [],
        "totals": totals(),
        "incidents": open_incidents(),
        "needs": needs.of(person, teams, now=now) if person else [],
        "shifts": shifts(person, now=now) if person else [],
        "worst": worst_objectives(),
        "components": components(teams, now=now),
    }
    part = "#live" if request.headers.get("HX-Request") else ""
    response = render(request, f"portal/home.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def totals() -> dict[str, object]:
    """The figures of the strip; each is a plain count."""
    living = Component.objects.filter(retired_at=None)
    counts = incidents.open_counts()
    return {
        "slo": fleet_totals(),
        "p1": counts.get(1, 0),
        "p2": counts.get(2, 0),
        "open": sum(counts.values()),
        "components": living.count(),
        "unowned": living.filter(owner=None).count(),
        "teams": Team.objects.filter(retired_at=None).count(),
    }


def open_incidents() -> list[Incident]:
    """The loudest first, the longest open first among equals."""
    found = incidents.incidents(state="open").select_related("owner", "component", "acknowledged_by")
    return list(found.order_by("severity", "opened_at")[:SHOWN_INCIDENTS])


def worst_objectives() -> list[FleetRow]:
    """Those that burn or have the least left, whatever their team."""
    return [row(objective) for objective in fleet(FleetFilter(sort="-state"))[:SHOWN_OBJECTIVES]]


def shifts(person: Person, *, now: datetime) -> list[oncall.Duty]:
    """The reader's shifts of the next four weeks, the running one first."""
    loaded = oncall.schedules(since=now)
    return oncall.duties(loaded, now, now + SHIFTS_AHEAD, of=person)[:SHOWN_SHIFTS]


def components(teams: list[Team], *, now: datetime) -> list[dict[str, object]]:
    """What the reader's teams own, what is broken first, with who is on call."""
    owned = list(catalog.components_of(teams)) if teams else []
    health = catalog.health_of([component.pk for component in owned])
    duty = catalog.on_call_now([team.pk for team in teams], now=now)
    owned.sort(key=lambda component: (-health.get(component.pk, -1), component.tier or 5, component.name))
    return [
        {"component": component, "health": health.get(component.pk), "duty": duty.get(component.owner_id or 0)}
        for component in owned[:SHOWN_COMPONENTS]
    ]
