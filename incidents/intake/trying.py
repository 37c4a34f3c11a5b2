"""What the alert to try an integration with leads to: how bad it is, and who would be told, before anybody sends it."""

from collections.abc import Mapping
from datetime import datetime

from incidents.intake import config
from incidents.intake.finding import Components, firing_of
from incidents.intake.ways import WAYS
from incidents.models import Integration, PolicyVersion, Severity
from incidents.oncall.directory import Directory
from incidents.operations.known import Known
from incidents.operations.opening import judge
from incidents.policies import policy_of, urgency

SAMPLES: Mapping[str, object] = {
    Integration.Kind.ALERTMANAGER: {
        "status": "firing",
        "labels": {"alertname": "Try", "severity": "info"},
        "annotations": {"summary": "Trying Portico"},
    },
    Integration.Kind.PAGERDUTY: {
        "event_action": "trigger",
        "dedup_key": "try",
        "payload": {"summary": "Trying Portico", "source": "me", "severity": "info"},
    },
}
"""One alert of what `howto` has to be copied, by kind; what other kinds send is anybody's own."""

NAMED = 3


def foretold(row: Integration, *, now: datetime) -> str:
    """In words, empty where nobody can know: `Sending it opens a P5 incident, for information. Linh Tran gets …`."""
    if row.kind not in SAMPLES:
        return ""
    known, said = Known(now), config.read(row.settings, kind=row.kind)
    way = WAYS[row.kind]
    sample = {"alerts": [SAMPLES[row.kind]]} if way.parts else SAMPLES[row.kind]
    part = way.parts(sample, said)[0] if way.parts else sample
    firing = firing_of(way.read(part, said), integration=row, config=said, components=Components(), key="try")
    radius = known.radius(firing.component) if firing.component else None
    severity = Severity(judge(firing, radius, known).severity)
    owner = firing.component.owner if firing.component else None
    own = known.policy_of_team(owner.pk) if owner else None
    whom = _whom(own or known.catch_all, severity, now)
    how = "" if own else " The alert names no component whose owner has a policy, so it goes to the catch-all."
    calm = ", for information" if severity is Severity.P5 else ""
    return f"Sending it opens a {severity.label} incident{calm}. {whom}.{how}"


def _whom(version: PolicyVersion | None, severity: Severity, now: datetime) -> str:
    if version is None:
        return "Nobody is told: there is no catch-all"
    steps = policy_of(version, urgency(severity)).steps
    directory = Directory.load([target for step in steps for target in step.targets], now=now)
    reached = (directory.reachable(step.targets) for step in steps)
    people = [one.label for one in next(filter(None, reached), [])]
    named = ", ".join(people[:NAMED]) + (f" and {len(people) - NAMED} more" if len(people) > NAMED else "")
    by = f"by the policy “{version.policy.name}”"
    if not people:
        return f"Nobody is reached {by} now"
    calm = severity > Severity.P3
    told = "gets a message" if calm else "is paged"
    many = "get a message" if calm else "are paged"
    return f"{named} {told if len(people) == 1 else many} {by}"
