"""Home: what is on fire and who has it, what waits for the reader, which promises are worst, what is theirs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from catalog import queries as catalog
from catalog.graph import relied_on
from catalog.models import Component, Person, Team
from incidents import duty
from incidents import queries as incidents
from incidents.models import Incident, Schedule, Severity
from incidents.queries import oncall
from portal.context_processors import Frame
from portal.lib.reading import readable
from portal.pages import lead, needs, setup
from slo.queries import FleetFilter, fleet, fleet_totals
from slo.queries.fleet import FleetRow, row

SHOWN_INCIDENTS, SHOWN_OBJECTIVES, SHOWN_COMPONENTS, SHOWN_SHIFTS = 6, 5, 12, 3
SHIFTS_AHEAD = timedelta(days=70)  # so that a shift shown is hardly ever one cut off at the end


@readable
def show(request: HttpRequest) -> HttpResponse:
    """The first page of everybody, platform leads have one of their own; an empty portal shows what to do first."""
    frame = Frame(request)
    person: Person | None = getattr(request.user, "person", None)  # an account need not belong to anybody yet
    leading = catalog.leads_platform(person)
    part = "#live" if request.headers.get("HX-Request") else ""
    if person is not None and leading and request.GET.get("as") != lead.AS_ME:
        name, context = "portal/lead.html", of_lead(person, frame, whole=not part)
    else:
        name, context = "portal/home.html", {**of_everybody(person, frame), "leading": leading}
    response = render(request, f"{name}{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def of_everybody(person: Person | None, frame: Frame) -> dict[str, Any]:
    """What the ordinary home shows."""
    now = frame.now
    teams = list(catalog.teams_of(person)) if person else []
    schedules = duty.all_schedules(now=now, request=frame.request)
    steps = setup.steps(setup.Known(admin=bool(person and person.platform_admin)))
    totals = figures()
    burning, owned = open_incidents(), list(catalog.components_of(teams)) if teams else []
    return {
        "shell": frame,
        "now": now,
        "person": person,
        "teams": teams,
        "setup": setup.told(steps) if setup.shown(steps, person) else None,
        "totals": totals,
        "incidents": burning,
        "felt": felt(burning, owned),
        "needs": waiting(person, teams, schedules, totals, now=now) if person else [],
        "shifts": shifts(person, schedules, now=now) if person else [],
        "worst": worst_objectives(),
        "components": components(owned, teams, schedules, now=now),
    }


def of_lead(person: Person, frame: Frame, *, whole: bool) -> dict[str, Any]:
    """What the platform lead's home shows; without `whole` only its live part, which has no trends."""
    now = frame.now
    steps, totals = setup.steps(setup.Known(admin=person.platform_admin)) if whole else [], figures()
    teams = list(catalog.teams_of(person))
    schedules = duty.all_schedules(now=now, request=frame.request)
    told = lead.months_of(person, lead.MONTHS if whole else 2, now=now)
    return {
        "shell": frame,
        "now": now,
        "person": person,
        "setup": setup.told(steps) if whole and setup.shown(steps, person) else None,
        "totals": totals,
        "tiles": lead.tiles(told, schedules, now=now),
        "incidents": open_incidents(),
        "needs": waiting(person, teams, schedules, totals, now=now),
        "worst": worst_objectives(),
        **(lead.trends(person, told, now=now) if whole else {}),
    }


def waiting(
    person: Person, teams: list[Team], schedules: list[Schedule], totals: dict[str, Any], *, now: datetime
) -> list[needs.Need]:
    """What waits for the reader."""
    blind, unowned = totals["slo"].no_data, totals["unowned"]
    return needs.of(person, teams, schedules, blind=blind, unowned=unowned, now=now)


def figures() -> dict[str, Any]:
    """The figures of the strip; each is a plain count."""
    living = Component.objects.filter(retired_at=None)
    components = living.aggregate(all=Count("pk"), unowned=Count("pk", filter=Q(owner=None)))
    counts = incidents.open_counts()
    return {
        "slo": fleet_totals(),
        "p1": counts.get(1, 0),
        "p2": counts.get(2, 0),
        "open": sum(counts.values()),
        "components": components["all"],
        "unowned": components["unowned"],
    }


def open_incidents() -> list[Incident]:
    """The loudest first, the longest open first among equals."""
    found = incidents.incidents(state="open").select_related("owner", "component", "acknowledged_by")
    return list(found.order_by("severity", "opened_at")[:SHOWN_INCIDENTS])


def worst_objectives() -> list[FleetRow]:
    """Those that burn or have the least left, whatever their team."""
    return [row(objective) for objective in fleet(FleetFilter(sort="-state"))[:SHOWN_OBJECTIVES]]


def shifts(person: Person, schedules: list[Schedule], *, now: datetime) -> list[oncall.Duty]:
    """The reader's next shifts, the running one first."""
    return oncall.duties(schedules, now, now + SHIFTS_AHEAD, of=person)[:SHOWN_SHIFTS]


def felt(burning: Sequence[Incident], owned: Sequence[Component]) -> set[int]:
    """Numbers of those of `burning` that `owned` can't work without; what is theirs is not among them."""
    mine = {component.pk for component in owned}
    loud = {one.pk: one.component_id for one in burning if one.severity <= Severity.P3 and one.component_id}
    if not mine or set(loud.values()) <= mine:
        return set()
    needed = relied_on(mine) - mine
    return {number for number, component in loud.items() if component in needed}


def components(
    owned: list[Component], teams: list[Team], schedules: list[Schedule], *, now: datetime
) -> list[dict[str, object]]:
    """What the reader's teams own, what is broken first, with all who are on call for it."""
    health = catalog.health_of([component.pk for component in owned])
    theirs = [one for one in schedules if one.team_id in {team.pk for team in teams}]
    duty = oncall.on_call_now(theirs, now=now)
    owned.sort(key=lambda component: (-health.get(component.pk, -1), component.tier or 5, component.name))
    return [
        {
            "component": component,
            "health": health.get(component.pk),
            "duty": [one for one in duty if one.schedule.team_id == component.owner_id],
        }
        for component in owned[:SHOWN_COMPONENTS]
    ]
