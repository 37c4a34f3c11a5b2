"""What the slo app adds to the frame and to pages of the catalog; read once, when all apps are loaded."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from catalog import registries
from catalog.models import Component, Team
from portal.lib import words
from slo import documents, queries
from slo.queries import searching

TOLD = 8
"""Promises on a team's page."""
COUNTED = "counted_objectives"
"""What the page of a component has counted of it for one of its parts need not be counted for another."""


def objectives_of(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """A component's promises, loudest first."""
    rows = queries.of_component(component.pk)
    vars(component)[COUNTED] = len(rows)
    return {"component": component, "rows": rows, "objectives": len(rows), "now": now, "user": request.user}


def objectives_of_team(team: Team, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """What a team promises with all that it owns: the loudest of it, and where the rest is."""
    rows = queries.of_team(team.pk, most=TOLD + 1)
    return {"team": team, "rows": rows[:TOLD], "more": len(rows) > TOLD, "now": now, "user": request.user}


def has_objective(components: Sequence[Component], _now: datetime) -> Mapping[int, registries.Verdict]:
    """Whether anything is promised for each of them."""
    counts = {one.pk: vars(one)[COUNTED] for one in components if COUNTED in vars(one)}
    untold = [one for one in components if one.pk not in counts]
    counts |= queries.objectives_of(untold) if untold else {}
    new = reverse("slo:new")
    return {
        one.pk: registries.Verdict(True, words.plural(counts[one.pk], "objective"))
        if counts.get(one.pk)
        else registries.Verdict(False, "Nothing is promised for it.", f"{new}?component={one.ref}")
        for one in components
    }


def evaluated_at(_request: HttpRequest) -> datetime | None:
    """When objectives were last evaluated."""
    last = queries.last_evaluation()
    return last.at if last else None


registries.navigation["slos"] = registries.NavEntry("SLOs", "slo:list", "target-arrow", 30)
registries.navigation["sources"] = registries.NavEntry(
    "Data sources", "slo:sources", "database", 95, "Administration", admins=True
)
registries.navigation["alert-policies"] = registries.NavEntry(
    "Alert policies", "slo:alert-policies", "adjustments", 31, within="slos", also=("/alert-policies",)
)
registries.scorecard_checks["objective"] = registries.ScorecardCheck(
    "Every tier-1 component has an objective", "gold", has_objective, lambda one: one.tier == Component.Tier.COMPANY
)
registries.frame["evaluated-at"] = evaluated_at
registries.component_panels["objectives"] = registries.Panel(
    "slo/parts/component.html", objectives_of, order=10, title="SLOs", count="objectives"
)
registries.team_panels["objectives"] = registries.TeamPanel("slo/parts/team.html", objectives_of_team, order=10)
registries.search["objectives"] = registries.Searched(("objective",), searching.find)
registries.apply_kinds.update(documents.KINDS)
registries.subjects |= {
    "slo": registries.Subject("objective", "slo:list", query="q", titled=("slo.Definition", "name", "title")),
    "sli": registries.Subject("indicator", titled=("slo.Indicator", "name", "title")),
    "alert-policy": registries.Subject("alert policy", "slo:alert-policy", titled=("slo.AlertPolicy", "name", "title")),
    "alert-condition": registries.Subject("alert condition", titled=("slo.AlertCondition", "name", "title")),
    "budget-policy": registries.Subject(
        "budget policy", "slo:budget-policy", titled=("slo.BudgetPolicy", "name", "title")
    ),
    "exclusion": registries.Subject(
        "exclusion", "slo:exclusions", named=False, titled=("slo.Exclusion", "pk", "title")
    ),
    "source": registries.Subject("data source", "slo:sources", named=False),
}
