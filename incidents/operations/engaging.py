"""Opening pages: which team, by which policy, and why, in words. The caller holds the incident."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from catalog.models import Person, Team
from incidents import timeline
from incidents.escalation import ESCALATING, Progress, State, has_begun, opened, restarted, rested
from incidents.models import Incident, Notification, Page, PolicyVersion, Severity, TimelineEntry
from incidents.operations import behind
from incidents.operations.known import Known
from incidents.operations.locking import locked_pages
from incidents.policies import PROGRESS_FIELDS, progress_of, store, urgency
from portal.lib.hints import nudge

DECLARED = "manual"
"""The source of what a person declared."""
DRILL = "drill"
"""The source of fire drills."""
AFTER_ALL_REAL_ONES = 60
"""What is added to the priority of a drill's pages: whatever is real goes first."""
FIRST_PAGES_AHEAD = 5
NOBODY = "Nobody can be paged: no catch-all policy is set. A platform admin must set one."


def priority(severity: int, *, first: bool, drill: bool = False) -> int:
    """Lower goes first: by severity, and within it pages that nobody has been asked about yet; drills last of all."""
    return severity * 10 - (FIRST_PAGES_AHEAD if first else 0) + (AFTER_ALL_REAL_ONES if drill else 0)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a page goes: with no `version` nobody can be asked, and the page starts out exhausted."""

    role: Page.Role
    words: str
    team: Team | None = None
    version: PolicyVersion | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """First steps wait until then; why, in words."""

    until: datetime
    words: str


def hold_of(incident: Incident, known: Known) -> Hold | None:
    """What holds the pages of an incident back now: a maintenance window of its component or its team.

    Windows hold what machines say. Who declares an incident, or a drill, wants people, and gets them.
    """
    if incident.source in {DECLARED, DRILL}:
        return None
    held = known.window(incident.component)
    if held is None:
        return None
    words = f"Maintenance “{held.window.title}” holds pages until {held.end:%a %d %b %H:%M} UTC; what fires then pages."
    return Hold(held.end, words)


def route_to_owner(incident: Incident, known: Known, *, found_by: str = "") -> Route:
    """The owner team by its policy; without owner or policy the catch-all."""
    how = f" ({found_by})" if found_by else ""
    if incident.owner is None:
        return _to_catch_all(f"{_unowned(incident)}{how}", known)
    owned = f"{incident.owner.label} owns {incident.about}{how}"
    version = known.policy_of_team(incident.owner.pk)
    if version is None:
        return _to_catch_all(f"{owned} and has no escalation policy", known)
    return Route(Page.Role.OWNER, f"{owned}; {by_policy(incident.owner, version)}", incident.owner, version)


def by_policy(team: Team, version: PolicyVersion) -> str:
    """Whom a team's page asks, in words: `its policy “CI, by day” says whom to page`."""
    policy = version.policy.name
    named = "its policy" if policy == team.label else f"its policy “{policy}”"
    return f"{named} says whom to page"


def by_catch_all(version: PolicyVersion) -> str:
    """The same of the catch-all."""
    return f"the catch-all policy “{version.policy.name}” says whom to page"


def policy_of_team(team: Team, *, now: datetime) -> PolicyVersion | None:
    """The version of the team's policy in force at `now`; None where it has none."""
    return Known(now).policy_of_team(team.pk)


def catch_all_version(*, now: datetime) -> PolicyVersion | None:
    """The version of the catch-all policy in force; None where no platform admin has set one."""
    return Known(now).catch_all


def open_page(
    incident: Incident, route: Route, *, now: datetime, hold: Hold | None = None, first: bool = False
) -> Page:
    """The page of that route: a new one, due at once (or when its hold ends), or the one that is there already.

    `first` says that the incident has no pages yet.
    """
    there = None if first else _there_already(incident, route)
    if there is not None:
        return there
    page = Page(
        incident=incident,
        role=route.role,
        team=route.team,
        policy_version=route.version,
        priority=priority(incident.severity, first=True, drill=incident.is_drill),
        routing=route.words,
        opened_at=now,
        exhausted_at=None if route.version else now,
    )
    store(_first_progress(route, now), page)
    behind.insert(page)
    kind = TimelineEntry.Kind.ROUTED if route.version else TimelineEntry.Kind.EXHAUSTED
    timeline.write(incident.pk, kind, route.words, at=now, page_id=page.pk)
    if hold is not None and route.version is not None:
        hold_page(page, hold, now=now)
    nudge("incidents.advance_due")
    return page


def hold_page(page: Page, hold: Hold, *, now: datetime) -> None:
    """The step that is due on a page (held) waits until the hold ends."""
    page.next_step_at = page.held_until = hold.until
    page.save(update_fields=["next_step_at", "held_until"])
    timeline.write(page.incident_id, TimelineEntry.Kind.HELD, hold.words, at=now, page_id=page.pk)


def open_page_by_name(incident: Incident, person: Person, *, now: datetime) -> Page:
    """A page to one person, called in by name."""
    there = incident.pages.filter(person=person).first()
    if there is not None:
        return there
    page = Page(
        incident=incident,
        role=Page.Role.MANUAL,
        person=person,
        priority=priority(incident.severity, first=True, drill=incident.is_drill),
        routing=f"{person.label} was called in by name",
        opened_at=now,
    )
    store(opened(now=now), page)
    page.save(force_insert=True)
    nudge("incidents.advance_due")
    return page


def engage_responders(incident: Incident, known: Known, *, hold: Hold | None = None) -> list[Page]:
    """At P1 every responder team of the component gets its own page, at the same moment as the owner."""
    if incident.severity != Severity.P1 or incident.component is None:
        return []
    teams = Team.objects.filter(responds_for__component=incident.component, retired_at=None).distinct()
    others = teams.exclude(pages__incident=incident)
    return [page for team in others if (page := _open_responder(incident, team, known, hold)) is not None]


def follow_urgency(incident: Incident, before: int, *, now: datetime) -> None:
    """A held incident has another severity than `before`: where its urgency has steps of its own, the first of those
    comes next, when a step was planned anyhow. Where it is for information by now, whoever was told was told enough.
    """
    if incident.is_information:
        _rest(incident, now)
        return
    if urgency(incident.severity) == urgency(before):
        return
    for page in locked_pages(incident):
        other_steps = page.policy_version is not None and page.policy_version.steps_low is not None
        if other_steps and page.next_step_at is not None and State(page.state) in ESCALATING:
            store(restarted(progress_of(page), at=page.next_step_at), page)
            page.save(update_fields=PROGRESS_FIELDS)


def _rest(incident: Incident, now: datetime) -> None:
    for page in locked_pages(incident):
        progress = progress_of(page)
        told = progress.state in ESCALATING and has_begun(progress)
        if page.next_step_at is not None and (told or progress.state is State.ACKNOWLEDGED):
            store(rested(progress), page)
            page.held_until = None
            page.save(update_fields=[*PROGRESS_FIELDS, "held_until"])
            later = Notification.objects.filter(page=page, state=Notification.State.PENDING, next_attempt_at__gt=now)
            later.update(state=Notification.State.CANCELLED)


def restart(page: Page, progress: Progress, *, now: datetime) -> None:
    """Store a new plan on a locked page and wake the sweep."""
    store(progress, page)
    page.attempts = 0
    page.exhausted_at = page.resolved_at = page.held_until = None
    page.save(update_fields=[*PROGRESS_FIELDS, "attempts", "exhausted_at", "resolved_at", "held_until"])
    nudge("incidents.advance_due")


def _open_responder(incident: Incident, team: Team, known: Known, hold: Hold | None) -> Page | None:
    version = known.policy_of_team(team.pk)
    if version is None:
        words = f"{team.label} responds for {incident.about} at P1, but has no escalation policy: it could not be paged"
        timeline.write(incident.pk, TimelineEntry.Kind.UNREACHABLE, words, at=known.now)
        return None
    words = f"{team.label} responds for {incident.about} at P1; {by_policy(team, version)}"
    return open_page(incident, Route(Page.Role.RESPONDER, words, team, version), now=known.now, hold=hold)


def _to_catch_all(words: str, known: Known) -> Route:
    version = known.catch_all
    if version is None:
        return Route(Page.Role.CATCH_ALL, f"{words}. {NOBODY}")
    return Route(Page.Role.CATCH_ALL, f"{words}; {by_catch_all(version)}", version=version)


def _unowned(incident: Incident) -> str:
    if incident.component is not None:
        return f"{incident.about} has no owner"
    return f"{incident.about} is not in the catalog" if incident.about else "No component is named"


def _there_already(incident: Incident, route: Route) -> Page | None:
    same = Q(role=route.role) if route.role == Page.Role.CATCH_ALL else Q(team=route.team)
    return incident.pages.filter(same).first()


def _first_progress(route: Route, now: datetime) -> Progress:
    if route.version is None:
        return Progress(state=State.EXHAUSTED)
    return opened(now=now, turn=_turn(route.version))


def _turn(version: PolicyVersion) -> int:
    """Round-robin steps take another target from page to page."""
    if not any(step.get("round_robin") for step in (*version.steps, *(version.steps_low or ()))):
        return 0
    return Page.objects.filter(policy_version__policy=version.policy_id, incident__is_drill=False).count()
