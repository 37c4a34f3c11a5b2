"""Fire drills: the list with what is planned, one's report, beginning and stopping one, planning some."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from catalog.access import Actor, actor_of, may_write
from catalog.models import Team
from catalog.queries import component_by_ref, page
from incidents.drilled import answered_after, told
from incidents.forms_drills import PlanForm
from incidents.intake.own import full_ref
from incidents.models import Drill, DrillPlan
from incidents.operations import drill_plans, drills
from incidents.operations.drill_plans import owner_of
from incidents.queries import drills as queries
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from portal.lib.posted import posted

SCOPE = drill_plans.SCOPE
NEWEST = ("-begun_at", "-pk")
SIZE = 50


@login_required
@require_safe
def drill_list(request: HttpRequest) -> HttpResponse:
    """Newest first, a page at a time, and beside it what is planned."""
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in ("team", "component", "state")}
    ref = full_ref(asked["component"]) if asked["component"] else ""
    state = asked["state"] if asked["state"] in queries.STATES else ""
    found = queries.drills(team=asked["team"], component=ref, state=state)
    rows = page(found.defer("expected"), NEWEST, cursor=request.GET.get("cursor", ""), size=SIZE)
    context: dict[str, Any] = {
        "now": db_now(),
        "drills": [(row, answered_after(row.report.get("teams", ()))) for row in rows.rows],
        "plans": queries.plans(team=asked["team"], component=ref)[:SIZE],
        "filters": asked,
        "filtered": any(asked.values()),
        "states": [(queries.RUNNING, "Running"), *Drill.Outcome.choices],
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "next": _address(asked, rows.next),
        "previous": _address(asked, rows.previous),
    }
    return render(request, "incidents/drills/list.html", context)


@login_required
@require_GET
def drill_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who was reached, when, by which step and channel; while it runs, as it stands."""
    return render(request, "incidents/drills/drill.html", _told(request, pk))


@login_required
@require_GET
def drill_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of it that refreshes by itself."""
    return render(request, "incidents/drills/report.html", _told(request, pk))


@login_required
@require_GET
def drill_of(request: HttpRequest) -> HttpResponse:
    """How a component's last drill went, and when the next is planned: a part of its page; by itself, the list."""
    component = component_by_ref(full_ref(request.GET.get("component", "")))
    if not request.headers.get("HX-Request"):
        return redirect(f"{reverse('incidents:drills')}?{urlencode({'component': component.ref})}")
    last, planned = queries.last_and_plan(component)
    return render(request, "incidents/drills/last.html", {"now": db_now(), "last": last, "plan": planned})


@login_required
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """One click on a component's page; a second one while it runs leads to the same drill."""
    component = component_by_ref(full_ref(posted(request, "component")))
    try:
        begun = drills.begin_drill(component=component, by=actor_of(request), now=db_now())
    except drills.PagingPaused as refused:
        messages.error(request, str(refused))
        return redirect(component)
    if begun.new:
        messages.success(request, "The drill has begun: test pages go out now.")
    else:
        messages.info(request, "A drill of it is under way already; this is it.")
    return redirect(begun.drill)


@login_required
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End it before its time."""
    drill = queries.drill_by_id(pk)
    drills.stop_drill(drill=drill, by=actor_of(request), now=db_now())
    return redirect(drill)


@login_required
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Plan drills of a component or a team, or change a plan; there is one plan of each."""
    actor, there = actor_of(request), queries.plan_by_id(pk) if pk is not None else None
    if pk is not None and there is None:
        raise drill_plans.NoSuchPlan
    form = PlanForm(request.POST or None, teams=_teams(actor), initial=_initial(request, there))
    if request.method == "POST" and form.is_valid():
        try:
            made, new = drill_plans.put_plan(of=form.of(), rhythm=form.rhythm(), by=actor, now=db_now())
        except Invalid as error:
            form.explain(error)
        else:
            messages.success(request, f"{'Planned' if new else 'Saved'}: the next one is on {made.next_at:%-d %b}.")
            return redirect("incidents:drills")
    context = {"form": form, "plan": there, "may": may_write(actor, [owner_of(there)], scope=SCOPE) if there else True}
    return render(request, "incidents/drills/plan.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """No further drills by it."""
    drill_plans.remove_plan(pk=pk, by=actor_of(request), now=db_now())
    messages.success(request, "No longer planned.")
    return redirect("incidents:drills")


def _told(request: HttpRequest, pk: int) -> dict[str, object]:
    now, drill = db_now(), queries.drill_by_id(pk)
    may = may_write(actor_of(request), [drill.component.owner if drill.component else None], scope=SCOPE)
    return {"now": now, "drill": drill, "told": told(drill, now=now), "may": may}


def _teams(actor: Actor) -> list[Team]:
    living = Team.objects.filter(retired_at=None).order_by("called", "pk")
    return list(living if actor.everywhere else living.filter(pk__in=actor.team_ids()))


def _initial(request: HttpRequest, there: DrillPlan | None) -> dict[str, object]:
    if there is None:
        return {"component": request.GET.get("component", ""), "team": request.GET.get("team", "")}
    said = {"every": there.every, "weekday": there.weekday, "at": there.at, "time_zone": there.time_zone}
    return {"component": there.component.ref if there.component else "", "team": there.team_id, **said}


def _address(asked: dict[str, str], cursor: str) -> str:
    if not cursor:
        return ""
    query = {name: value for name, value in {**asked, "cursor": cursor}.items() if value}
    return f"{reverse('incidents:drills')}?{urlencode(query)}"


urlpatterns = [
    path("drills", drill_list, name="drills"),
    path("drills/of", drill_of, name="drill-of"),
    path("drills/begin", begin, name="begin-drill"),
    path("drills/plans/new", plan, name="new-drill-plan"),
    path("drills/plans/<int:pk>", plan, name="drill-plan"),
    path("drills/plans/<int:pk>/remove", remove, name="remove-drill-plan"),
    path("drills/<int:pk>", drill_page, name="drill"),
    path("drills/<int:pk>/live", drill_live, name="drill-live"),
    path("drills/<int:pk>/stop", stop, name="stop-drill"),
]
