"""Opening an incident, and thinking again about how bad it is when more is known. The caller holds the alerts."""

from datetime import datetime, timedelta

from catalog.access import Actor
from catalog.graph import BlastRadius
from incidents import severity, timeline
from incidents.escalation import UNTAKEN, State, escalated_now
from incidents.firing import Firing
from incidents.models import Alert, Incident, Severity, TimelineEntry
from incidents.operations import behind, causes
from incidents.operations.engaging import (
    engage_responders,
    follow_urgency,
    hold_of,
    open_page,
    priority,
    restart,
    route_to_owner,
)
from incidents.operations.gathering import tell_catalog
from incidents.operations.known import Known
from incidents.operations.locking import locked_incident, locked_pages
from incidents.policies import progress_of
from portal.lib import conf


def open_incident(firing: Firing, *, by: Actor, known: Known, cause: Incident | None = None) -> Incident:
    """A new incident with its pages: the owner's (or the catch-all's), at P1 the responders' too.

    Of a `cause` (held) it is a symptom, and nobody is paged; its own symptoms join it.
    """
    now = known.now
    radius = known.radius(firing.component) if firing.component else None
    verdict = judge(firing, radius, known)
    incident = Incident(
        title=(firing.title or firing.summary)[:300],
        component=firing.component,
        component_ref=firing.component.ref if firing.component else firing.component_ref,
        owner=firing.component.owner if firing.component else None,
        severity=verdict.severity,
        severity_reason=verdict.reason[:300],
        source=firing.source,
        group=firing.group[:300],
        opened_at=now,
        inform_at=now if verdict.severity == Severity.P1 else None,
        teams_blocked=len(radius.team_ids) if radius else None,
        people_blocked=radius.people_count if radius else None,
    )
    behind.insert(incident)
    words = f"Opened: {firing.told}"
    timeline.write(incident.pk, TimelineEntry.Kind.OPENED, words, at=now, by=by, data=accepted(firing))
    said = {"severity": verdict.severity}
    timeline.write(incident.pk, TimelineEntry.Kind.SEVERITY, verdict.reason, at=now, by=by, data=said)
    if cause is not None:
        causes.become_symptom(incident, cause, now=now)
        _worsen(cause, incident, known)
    else:
        begin_paging(incident, known, found_by=firing.found_by)
        _adopt(incident, radius, known)
    tell_catalog(incident.component, now=now)
    return incident


def accepted(firing: Firing) -> dict[str, str]:
    """What the entry of an opening keeps, so that it can be told how long the first page took."""
    return {"accepted_at": firing.accepted_at.isoformat()} if firing.accepted_at else {}


def begin_paging(incident: Incident, known: Known, *, found_by: str = "") -> None:
    """Page the owner (or the catch-all) of a held incident that has no pages, at P1 the responders too."""
    hold = hold_of(incident, known)
    open_page(incident, route_to_owner(incident, known, found_by=found_by), now=known.now, hold=hold, first=True)
    engage_responders(incident, known, hold=hold)


def judge(firing: Firing, radius: BlastRadius | None, known: Known) -> severity.Verdict:
    """Severity by the table, unless a person said it."""
    return _judge(firing, len(radius.team_ids) if radius else None, known)


def _judge(firing: Firing, teams_blocked: int | None, known: Known) -> severity.Verdict:
    if firing.severity is not None:
        return severity.Verdict(firing.severity, f"P{firing.severity}: said when it was declared")
    facts = severity.Facts(
        rule=firing.rule,
        source=firing.source,
        tier=firing.component.tier if firing.component else None,
        teams_blocked=teams_blocked,
    )
    return severity.decide(facts, known.severities)


def reconsider(incident: Incident, firing: Firing, known: Known) -> None:
    """A held, open incident with a further alert: a higher severity raises it; a lower one changes nothing.

    What breaks with the incident's own component was looked at when it opened, and is not again for each repeat.
    """
    teams = incident.teams_blocked
    if firing.component is not None and firing.component.pk != incident.component_id:
        teams = len(known.radius(firing.component).team_ids)
    verdict = _judge(firing, teams, known)
    if verdict.severity < incident.severity:
        raise_severity(incident, verdict, known, by=timeline.PORTICO)


def raise_severity(incident: Incident, verdict: severity.Verdict, known: Known, *, by: Actor) -> None:
    """Worse than thought: nobody who has it is paged again; where nobody has, the next step is taken at once.

    A symptom stays one; a page that waits for the end of a maintenance window goes on waiting.
    """
    now, before = known.now, incident.severity
    set_severity(incident, verdict, now=now, by=by)
    for page in locked_pages(incident):
        page.priority = priority(verdict.severity, first=False, drill=incident.is_drill)
        page.save(update_fields=["priority"])
        held = page.held_until is not None and page.held_until > now
        if State(page.state) in UNTAKEN and (page.policy_version or page.person) and not held:
            restart(page, escalated_now(progress_of(page), now=now), now=now)
    if incident.root_id is not None:
        return
    engage_responders(incident, known, hold=hold_of(incident, known))
    if verdict.severity == Severity.P1:
        incident.inform_at = now
        incident.save(update_fields=["inform_at"])
    if before > Severity.P2 and incident.component is not None:
        _adopt(incident, known.radius(incident.component), known)


def set_severity(incident: Incident, verdict: severity.Verdict, *, now: datetime, by: Actor) -> None:
    """Write a severity and its reason on a held incident."""
    before, before_words = incident.severity, incident.get_severity_display()
    incident.severity, incident.severity_reason = verdict.severity, verdict.reason[:300]
    incident.save(update_fields=["severity", "severity_reason"])
    follow_urgency(incident, before, now=now)
    words = f"{before_words} → {incident.get_severity_display()}. {verdict.reason}"
    said = {"severity": incident.severity}
    timeline.write(incident.pk, TimelineEntry.Kind.SEVERITY, words, at=now, by=by, data=said)
    tell_catalog(incident.component, now=now)


def open_incident_of(firing: Firing, alert: Alert) -> Incident | None:
    """The open incident, held, that the alert belongs to: of its group, else the worst of its component, else the one
    that the same trouble is still kept open in; None where there is none.
    """
    is_open = Incident.objects.filter(is_drill=False).exclude(state=Incident.State.RESOLVED)
    is_open = is_open.order_by("severity", "opened_at")
    found = None
    if firing.group:
        found = is_open.filter(group=firing.group[:300]).first()
    elif firing.component is not None:
        found = is_open.filter(component=firing.component).first()
    else:
        since = alert.opened_at - reopens_within()
        found = is_open.filter(alerts__key=alert.key, alerts__cleared_at__gte=since).first()
    held = locked_incident(found.pk) if found else None
    return held if held and held.is_open else None


def flaps(incident: Incident, openings: int, *, now: datetime) -> None:
    """A held incident that opened so often within an hour is paged this once more, and then kept open."""
    incident.flapping_since = now
    incident.save(update_fields=["flapping_since"])
    words = f"Flapping: opened {openings} times within an hour. It is paged this once and stays open until it is quiet."
    timeline.write(incident.pk, TimelineEntry.Kind.FLAPPING, words, at=now, data={"openings": openings})


def reopens_within() -> timedelta:
    """What fires again within so long is the same incident."""
    return conf.minutes("PORTAL_REOPEN_MINUTES", 30)


def lately_resolved(alert: Alert, *, now: datetime) -> Incident | None:
    """The incident, held, that the same trouble belonged to until less than 30 minutes ago."""
    since = now - reopens_within()
    before = (
        Alert.objects.filter(key=alert.key, cleared_at__gte=since, incident__isnull=False)
        .exclude(pk=alert.pk)
        .order_by("-cleared_at")
        .first()
    )
    if before is None or before.incident_id is None:
        return None
    incident = locked_incident(before.incident_id)
    return incident if incident.resolved_at and incident.resolved_at >= since else None


def _adopt(incident: Incident, radius: BlastRadius | None, known: Known) -> None:
    if radius is None or incident.severity > Severity.P2 or known.simulated:
        return
    for symptom in causes.adopt_symptoms(incident, [hurt.component_id for hurt in radius.components], now=known.now):
        _worsen(incident, symptom, known)


def _worsen(cause: Incident, symptom: Incident, known: Known) -> None:
    """A cause is at least as bad as what it does elsewhere."""
    if symptom.severity < cause.severity:
        reason = f"P{symptom.severity}: its symptom {symptom.label} is one"
        raise_severity(cause, severity.Verdict(symptom.severity, reason), known, by=timeline.PORTICO)
