"""What the catalog adds to its own pages, to the frame and to searches; read once, when all apps are loaded."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from catalog import checks, location_documents, queries, registries, scorecard
from catalog.access import reader_may_write
from catalog.models import Component, Score, Team
from catalog.queries import searching, searching_groups


def scorecard_of(component: Component, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """A component's scorecard: what is missing first."""
    if component.retired_at is not None:
        return None
    card = scorecard.shown(component, now=now)
    missing = [line for line in card.lines if line.verdict.outcome is not True]
    return {
        "card": card,
        "may_fix": reader_may_write(request, [component.owner]),
        "level": Score.Level(card.sum.level),
        "missing": missing,
        "passed": [line for line in card.lines if line.verdict.outcome is True],
        "count": f"{card.sum.passed} / {card.sum.asked}",
        "history": reverse("catalog:component-scorecard", args=[component.kind, component.namespace, component.name]),
    }


def scores_of(team: Team, _request: HttpRequest, _now: datetime) -> Mapping[str, object] | None:
    """How many of a team's components reach which level, and what most of them fail."""
    fleet = queries.fleet(queries.ScoreFilter(team=(team.ref,)))
    if not fleet.scored:
        return None
    known = scorecard.checks()
    failing = sorted(fleet.checks.items(), key=lambda item: (-item[1].failed, item[0]))
    return {
        "team": team,
        "fleet": fleet,
        "levels": list(zip(Score.Level, fleet.levels, strict=True))[::-1],
        "worst": [(key, known[key].title, told) for key, told in failing if told.failed and key in known][:4],
        "here": f"{reverse('catalog:scorecards')}?team={team.ref}",
    }


def due_of_team(team: Team, request: HttpRequest, now: datetime) -> Mapping[str, object] | None:
    """What the team has to confirm again, for those who can."""
    due = queries.due_of([team], now=now).get(team.pk, 0)
    if not due or not reader_may_write(request, [team]):
        return None
    all_of_it = queries.components_of([team]).count()
    return {"team": team, "due": due, "all": all_of_it, "confirmed_at": team.confirmed_at}


registries.navigation |= {
    "catalog": registries.NavEntry("Catalog", "catalog:components", "packages", 20, also=("/components",)),
    "teams": registries.NavEntry("Teams", "catalog:teams", "users", 21, within="catalog"),
    "people": registries.NavEntry("People", "people", "user", 22, within="catalog", also=("/invitations",)),
    "systems": registries.NavEntry("Systems", "catalog:systems", "stack-2", 23, within="catalog"),
    "domains": registries.NavEntry("Domains", "catalog:domains", "sitemap", 24, within="catalog"),
    "queue": registries.NavEntry("Needs care", "catalog:queue", "checks", 25, within="catalog"),
    "scorecards": registries.NavEntry("Scorecards", "catalog:scorecards", "award", 26, within="catalog"),
    "campaigns": registries.NavEntry("Campaigns", "catalog:campaigns", "target", 27, within="catalog"),
    "imports": registries.NavEntry("Imports", "catalog:locations", "download", 92, "Administration"),
    "maintenance": registries.NavEntry("Maintenance", "catalog:maintenance", "tool", 93, "Administration"),
    "changes": registries.NavEntry("Change log", "catalog:changes", "history", 94, "Administration"),
    "tokens": registries.NavEntry("API tokens", "catalog:tokens", "key", 96, "Administration"),
}
registries.apply_kinds.update(location_documents.KINDS)
registries.scorecard_checks.update(checks.OWN)
registries.component_panels["scorecard"] = registries.Panel(
    "catalog/parts/scorecard.html", scorecard_of, place="side", order=20, title="Scorecard", count="count"
)
registries.team_panels["confirm"] = registries.TeamPanel("catalog/parts/confirm_team.html", due_of_team, place="top")
registries.team_panels["scorecard"] = registries.TeamPanel(
    "catalog/parts/team_scores.html", scores_of, place="side", order=20
)
registries.search["components"] = registries.Searched(("component", "resource", "api"), searching.components)
registries.search["groups"] = registries.Searched(tuple(searching_groups.KINDS), searching_groups.find)
registries.subjects |= {
    "token": registries.Subject("API token", "catalog:tokens", named=False),
    "invitation": registries.Subject("invitation", "invitations", named=False),
    "window": registries.Subject(
        "maintenance window", "catalog:maintenance", named=False, titled=("catalog.MaintenanceWindow", "pk", "title")
    ),
    "view": registries.Subject("view"),
    "campaign": registries.Subject("campaign", "catalog:campaign", titled=("catalog.Campaign", "pk", "name")),
}
