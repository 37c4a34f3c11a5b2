"""Home: what is broken and touches the reader, what waits for them, what is theirs; then the whole platform."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from catalog import queries as catalog
from catalog.models import Component, Person, Team
from incidents import duty
from incidents import queries as incidents
from incidents.models import Incident, Schedule
from incidents.queries import oncall
from incidents.queries.said import with_said
from incidents.queries.touching import touching, waited_for
from portal.context_processors import Frame
from portal.lib.reading import readable
from portal.pages import lead, needs, setup
from slo.queries import FleetFilter, fleet, fleet_totals
from slo.queries.fleet import FleetRow, row

SHOWN_INCIDENTS, SHOWN_OBJECTIVES, SHOWN_COMPONENTS, SHOWN_SHIFTS, SHOWN_VISITS = 6, 5, 12, 3, 5
NOTHING_OF_YOURS = "Nothing that your teams own or rely on is broken."
AT_RISK = 2  # the health of what is at risk; as bad is a day on which what one relies on is broken
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
    owned = list(catalog.components_of(teams)) if teams else []
    touched, others = touching(teams, owned) if teams else ([], open_incidents())
    promised = worst_objectives(teams) if teams else []
    return {
        "shell": frame,
        "now": now,
        "person": person,
        "teams": teams,
        "setup": setup.told(steps) if setup.shown(steps, person) else None,
        "totals": totals,
        "touching": touched,
        "nothing": NOTHING_OF_YOURS if totals["open"] else "No open incidents.",
        "incidents": others[:SHOWN_INCIDENTS],
        "needs": waiting(person, teams, schedules, totals, now=now) if person else [],
        "shifts": shifts(person, schedules, now=now) if person else [],
        "promised": promised,
        "worst": [] if promised else worst_objectives(),
        "components": components(owned, teams, schedules, waits=waited_for(touched), now=now),
        "lately": catalog.visits_of(person)[:SHOWN_VISITS] if person and teams else [],
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
    """The loudest first, the longest open first among equals, each with `said`."""
    found = with_said(incidents.incidents(state="open"))
    return list(found.order_by("severity", "opened_at")[:SHOWN_INCIDENTS])


def worst_objectives(teams: Collection[Team] = ()) -> list[FleetRow]:
    """Those that burn or have the least left, whatever their team; or of some teams alone."""
    found = fleet(FleetFilter(sort="-state"))
    if teams:
        found = found.filter(definition__component__owner__in=teams)
    return [row(objective) for objective in found[:SHOWN_OBJECTIVES]]


def shifts(person: Person, schedules: list[Schedule], *, now: datetime) -> list[oncall.Duty]:
    """The reader's next shifts, the running one first."""
    return oncall.duties(schedules, now, now + SHIFTS_AHEAD, of=person)[:SHOWN_SHIFTS]


def components(
    owned: list[Component],
    teams: list[Team],
    schedules: list[Schedule],
    *,
    waits: Mapping[int, Incident],
    now: datetime,
) -> list[dict[str, object]]:
    """What the reader's teams own, with all who are on call: what is broken or waits for such first."""
    health = catalog.health_of([component.pk for component in owned])
    theirs = [one for one in schedules if one.team_id in {team.pk for team in teams}]
    duty = oncall.on_call_now(theirs, now=now)
    owned.sort(
        key=lambda one: (-max(health.get(one.pk, -1), AT_RISK if one.pk in waits else -1), one.tier or 5, one.name)
    )
    return [
        {
            "component": component,
            "health": health.get(component.pk),
            "waits": waits.get(component.pk),
            "duty": [one for one in duty if one.schedule.team_id == component.owner_id],
        }
        for component in owned[:SHOWN_COMPONENTS]
    ]
