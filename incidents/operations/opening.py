"""Opening an incident, and thinking again about how bad it is when more is known. The caller holds the component."""

from datetime import datetime, timedelta

from catalog.access import Actor
from catalog.graph import BlastRadius, blast_radius
from catalog.models import Component
from incidents import severity, timeline
from incidents.escalation import UNTAKEN, State, escalated_now
from incidents.firing import Firing
from incidents.models import Alert, Incident, SeverityRule, TimelineEntry
from incidents.operations.closing import tell_catalog
from incidents.operations.engaging import engage_responders, open_page, priority, restart, route_to_owner
from incidents.operations.locking import locked_incident, locked_pages
from incidents.policies import progress_of

REOPENS_WITHIN = timedelta(minutes=30)


def open_incident(firing: Firing, *, now: datetime, by: Actor) -> Incident:
    """A new incident with its pages: the owner's (or the catch-all's), at P1 the responders' too."""
    radius = blast_radius(firing.component.pk) if firing.component else None
    verdict = judge(firing, radius)
    incident = Incident.objects.create(
        title=firing.summary[:300],
        component=firing.component,
        component_ref=firing.component.ref if firing.component else firing.component_ref,
        owner=firing.component.owner if firing.component else None,
        severity=verdict.severity,
        severity_reason=verdict.reason,
        source=firing.source,
        opened_at=now,
        teams_blocked=len(radius.team_ids) if radius else None,
        people_blocked=radius.people_count if radius else None,
    )
    timeline.write(incident.pk, TimelineEntry.Kind.OPENED, f"Opened: {firing.summary}", at=now, by=by)
    said = {"severity": verdict.severity}
    timeline.write(incident.pk, TimelineEntry.Kind.SEVERITY, verdict.reason, at=now, by=by, data=said)
    open_page(incident, route_to_owner(incident, now=now), now=now)
    engage_responders(incident, now=now)
    tell_catalog(incident.component, now=now)
    return incident


def judge(firing: Firing, radius: BlastRadius | None) -> severity.Verdict:
    """Severity by the table, unless a person said it."""
    if firing.severity is not None:
        return severity.Verdict(firing.severity, f"P{firing.severity}: said when it was declared")
    facts = severity.Facts(
        rule=firing.rule,
        source=firing.source,
        tier=firing.component.tier if firing.component else None,
        teams_blocked=len(radius.team_ids) if radius else None,
    )
    return severity.decide(facts, _table())


def reconsider(incident: Incident, firing: Firing, *, now: datetime) -> None:
    """A held, open incident with a further alert: a higher severity raises it; a lower one changes nothing."""
    radius = blast_radius(firing.component.pk) if firing.component else None
    verdict = judge(firing, radius)
    if verdict.severity < incident.severity:
        raise_severity(incident, verdict, now=now, by=timeline.PORTICO)


def raise_severity(incident: Incident, verdict: severity.Verdict, *, now: datetime, by: Actor) -> None:
    """Worse than thought: nobody who has it is paged again; where nobody has, the next step is taken at once."""
    set_severity(incident, verdict, now=now, by=by)
    for page in locked_pages(incident):
        page.priority = priority(verdict.severity, first=False)
        page.save(update_fields=["priority"])
        if State(page.state) in UNTAKEN and (page.policy_version or page.person):
            restart(page, escalated_now(progress_of(page), now=now), now=now)
    engage_responders(incident, now=now)


def set_severity(incident: Incident, verdict: severity.Verdict, *, now: datetime, by: Actor) -> None:
    """Write a severity and its reason on a held incident."""
    before = incident.get_severity_display()
    incident.severity, incident.severity_reason = verdict.severity, verdict.reason[:300]
    incident.save(update_fields=["severity", "severity_reason"])
    words = f"{before} → {incident.get_severity_display()}. {verdict.reason}"
    said = {"severity": incident.severity}
    timeline.write(incident.pk, TimelineEntry.Kind.SEVERITY, words, at=now, by=by, data=said)
    tell_catalog(incident.component, now=now)


def open_incident_of(component: Component) -> Incident | None:
    """The worst open incident of a component, held; None where there is none, or none any more."""
    found = (
        Incident.objects.filter(component=component)
        .exclude(state=Incident.State.RESOLVED)
        .order_by("severity", "opened_at")
        .first()
    )
    held = locked_incident(found.pk) if found else None
    return held if held and held.is_open else None


def lately_resolved(alert: Alert, *, now: datetime) -> Incident | None:
    """The incident, held, that the same trouble belonged to until less than 30 minutes ago."""
    since = now - REOPENS_WITHIN
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


def _table() -> tuple[severity.Line, ...]:
    rows = SeverityRule.objects.all()
    lines = tuple(severity.Line(row.severity, row.rule, row.tier, row.teams_blocked, row.source) for row in rows)
    return lines or severity.DEFAULT
