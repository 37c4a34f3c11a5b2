"""Fire drills and plans, as pages and the API show them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from catalog.models import Component
from incidents.models import Drill, DrillPlan
from portal.lib.errors import Missing

RUNNING = "running"
STATES = (RUNNING, *Drill.Outcome.values)


class NoSuchDrill(Missing):
    """There is no drill with this number."""


def drills(
    *, team: str = "", component: str = "", state: str = "", since: datetime | None = None
) -> QuerySet[Drill]:  # fmt: skip
    """Newest first by `-begun_at`, `-pk`. `team` (the owner then) and `component` are references; `state` is `running`
    or an outcome.
    """
    found = Drill.objects.select_related("incident", "component", "team", "begun_by")
    if team:
        found = found.filter(team__ref=team)
    if component:
        found = found.filter(component_ref=component)
    if state == RUNNING:
        found = found.filter(ended_at=None)
    elif state:
        found = found.filter(outcome=state)
    return found.filter(begun_at__gte=since) if since else found


def drill_by_id(pk: int) -> Drill:
    """With its incident, component and team. Raises NoSuchDrill."""
    related = ("incident__owner", "component__owner", "team", "begun_by", "plan")
    found = Drill.objects.select_related(*related).filter(pk=pk).first()
    if found is None:
        raise NoSuchDrill(f"There is no drill {pk}.")
    return found


def last_drills(component_ids: Collection[int], *, since: datetime) -> Mapping[int, Drill]:
    """By component the newest that ended since then, without its report; one query."""
    found = Drill.objects.filter(component__in=component_ids, ended_at__gte=since).defer("report", "expected")
    newest = found.order_by("component_id", "-begun_at", "-pk").distinct("component_id")
    return {one.component_id: one for one in newest if one.component_id is not None}


def plans(*, team: str = "", component: str = "") -> QuerySet[DrillPlan]:
    """In force, the next one first. A team's are its own and those of its components."""
    found = DrillPlan.objects.filter(removed_at=None).select_related("component__owner", "team", "created_by")
    if team:
        found = found.filter(Q(team__ref=team) | Q(component__owner__ref=team))
    return found.filter(component__ref=component) if component else found


def plan_by_id(pk: int) -> DrillPlan | None:
    """In force; None where there is none."""
    return plans().filter(pk=pk).first()


def last_and_plan(component: Component) -> tuple[Drill | None, DrillPlan | None]:
    """The newest drill of a component, and by which plan it is drilled next: its own, else its team's."""
    last = Drill.objects.filter(component=component).defer("report", "expected").first()
    its = plans().filter(Q(component=component) | Q(team=component.owner_id, team__isnull=False))
    return last, min(its, key=lambda plan: (plan.component_id is None, plan.next_at), default=None)
