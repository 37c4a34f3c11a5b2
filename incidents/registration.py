"""What the incidents app adds to the frame and to pages of the catalog; read once, when all apps are loaded."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from catalog import registries
from catalog.access import reader_may_write, reader_teams
from catalog.models import Team
from incidents import (
    action_items,
    checks,
    duty,
    frame,
    happened,
    holding,
    policy_documents,
    responses,
    rota,
    schedule_documents,
)
from incidents.oncall.checking import problems_of
from incidents.queries import policies, searching, searching_reviews
from portal.lib.clock import now_of
from slo import gates, sources
from slo import happened as slo_happened


def on_call_now(
    team_ids: Collection[int], now: datetime, request: HttpRequest | None = None
) -> Mapping[int, registries.OnCall]:
    """Who answers for each team, for those that have somebody."""
    found = duty.of_teams(team_ids, now=now, request=request)
    return {pk: registries.OnCall(one.person, one.until) for pk, one in found.items() if one.person is not None}


def on_call_for_me(request: HttpRequest) -> Mapping[str, object] | None:
    """Who is on call for the reader's teams, for the top of every page."""
    teams = [team for team in reader_teams(request) if not team.retired]
    found = duty.of_teams([team.pk for team in teams], now=now_of(request), request=request)
    covered = [(team, found[team.pk]) for team in teams if team.pk in found and not found[team.pk].nobody]
    if not covered:
        return None
    team, first = covered[0]
    url = reverse("incidents:schedule", args=[first.schedule.slug])
    return {"person": first.name, "team": team.label, "more": len(covered) - 1, "url": url}


def team_on_call(team: Team, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """The team's schedules on its page: who has each, who is next, where nobody is."""
    may = reader_may_write(request, [team])
    loaded = duty.schedules_of(team, now=now, request=request)
    return {
        "team": team,
        "schedules": rota.of_team(loaded, now=now, known=duty.people_of(request)),
        # only among the schedules of the team itself: others cost three questions more than this page has
        "problems": rota.but_gaps(problems_of(loaded, now=now, whole=True)) if loaded else [],
        "me": getattr(request.user, "person", None),
        "mine": loaded if may else [],
        "now": now,
        "may_write": may,
    }


def team_paging(team: Team, request: HttpRequest, now: datetime) -> Mapping[str, object]:
    """The policy that the team's pages walk, on its page."""
    version = policies.newest_of(team)
    steps = len(version.steps) if version else 0  # whom they reach stands on the policy's page, and costs to find out
    return {"team": team, "version": version, "steps": steps, "may_write": reader_may_write(request, [team])}


registries.navigation["incidents"] = registries.NavEntry(
    "Incidents", "incidents:list", "bell-ringing", 40, badge="open-incidents"
)
registries.navigation["integrations"] = registries.NavEntry(
    "Integrations", "incidents:integrations", "plug", 42, within="incidents"
)
registries.navigation["deliveries"] = registries.NavEntry(
    "Deliveries", "incidents:deliveries", "inbox", 43, within="incidents"
)
registries.navigation["changes"] = registries.NavEntry(
    "Deployments", "incidents:changes", "git-commit", 41, within="incidents"
)
registries.navigation["simulate"] = registries.NavEntry(
    "Simulate", "incidents:simulate", "player-play", 44, within="incidents"
)
registries.navigation["drills"] = registries.NavEntry(
    "Fire drills", "incidents:drills", "bell-ringing", 46, within="incidents"
)
registries.navigation["coverage"] = registries.NavEntry(
    "Coverage", "incidents:coverage", "calendar-x", 56, within="on-call"
)
registries.navigation["pause"] = registries.NavEntry(
    "Pause paging", "incidents:pause", "player-pause", 45, within="incidents", admins=True
)
registries.navigation["analytics"] = registries.NavEntry(
    "Analytics", "incidents:analytics", "chart-line", 46, within="incidents"
)
registries.navigation["status"] = registries.NavEntry("Status", "incidents:status", "activity-heartbeat", 70)
registries.navigation["on-call"] = registries.NavEntry("On-call", "incidents:oncall", "calendar-time", 50)
registries.navigation["on-call-problems"] = registries.NavEntry(
    "Problems", "incidents:oncall-problems", "calendar-x", 55, within="on-call"
)
registries.navigation["on-call-fairness"] = registries.NavEntry(
    "Fairness", "incidents:fairness", "chart-dots", 56, within="on-call"
)
registries.navigation["severity-rules"] = registries.NavEntry(
    "Severity rules", "incidents:severity-rules", "adjustments", 42, within="incidents"
)
registries.navigation["escalation-policies"] = registries.NavEntry(
    "Escalation", "incidents:policies", "stairs", 52, within="on-call"
)
registries.navigation["catch-all"] = registries.NavEntry(
    "Catch-all", "incidents:catch-all", "lifebuoy", 54, within="on-call", admins=True
)
registries.navigation["reviews"] = registries.NavEntry("Reviews", "incidents:reviews", "clipboard-check", 60)
registries.navigation["action-items"] = registries.NavEntry(
    "Action items", "incidents:action-items", "list-check", 62, within="reviews"
)
registries.scorecard_checks["action-items"] = action_items.CHECK
registries.team_panels["action-items"] = registries.TeamPanel(
    "incidents/reviews/team.html", action_items.of_team, place="side", order=30
)
registries.navigation["digest"] = registries.NavEntry(
    "Weekly digest", "incidents:digest", "mail", 48, within="incidents"
)
registries.apply_kinds.update(schedule_documents.KINDS)
registries.apply_kinds.update(policy_documents.KINDS)
registries.on_call["incidents"] = on_call_now
registries.scorecard_checks["escalation"] = checks.CHECK
registries.scorecard_checks["drill"] = checks.DRILL
registries.frame["on-call"] = on_call_for_me
registries.frame["open-incidents"] = frame.open_incidents
registries.frame["inbox"] = frame.inbox
registries.frame["paging-paused"] = frame.pause
registries.frame["evaluated-at"] = frame.evaluated_at  # slo's own, without a question of its own
registries.frame["paging-swept-at"] = frame.swept_at
registries.component_panels["incident"] = registries.Panel(
    "incidents/parts/open_notice.html", frame.worst_open, place="top"
)
registries.component_panels["incidents"] = registries.Panel(
    "incidents/parts/component.html", frame.incidents_of, order=20, title="Incidents", count="said"
)
registries.component_panels["changes-told"] = registries.Panel(
    "incidents/changes/component.html", frame.changes_of, place="side", order=60
)
registries.component_panels["drill"] = registries.Panel(
    "incidents/drills/component.html", frame.drill_of, place="side", order=70
)
registries.team_panels["on-call"] = registries.TeamPanel(
    "incidents/oncall/team.html", team_on_call, place="side", order=10
)
registries.team_panels["paging"] = registries.TeamPanel(
    "incidents/policies/team.html", team_paging, place="side", order=12
)
registries.search["incidents"] = registries.Searched(("incident",), searching.find)
registries.search["reviews"] = registries.Searched(("review", "action-item"), searching_reviews.find, signed_in=True)
slo_happened.registry["incidents"] = happened.to_objectives
sources.registry["response"] = responses.verdicts
gates.registry["incidents"] = holding.of_component
registries.subjects |= {
    "policy": registries.Subject(
        "escalation policy", "incidents:policy", titled=("incidents.EscalationPolicy", "slug", "name")
    ),
    "schedule": registries.Subject("schedule", "incidents:schedule", titled=("incidents.Schedule", "slug", "name")),
    "delivery": registries.Subject("delivery", "incidents:delivery"),
    "integration": registries.Subject(
        "integration", "incidents:integration", titled=("incidents.Integration", "pk", "name")
    ),
    "incident": registries.Subject("incident", "incidents:incident", titled=("incidents.Incident", "number", "title")),
    "review": registries.Subject("review", "incidents:review", titled=("incidents.Review", "pk", "incident__title")),
    "action-item": registries.Subject(
        "action item", "incidents:action-item", titled=("incidents.ActionItem", "pk", "title")
    ),
    "severity-rules": registries.Subject("severity rules", "incidents:severity-rules", named=False),
    "paging": registries.Subject("all paging", "incidents:list", named=False),
}
