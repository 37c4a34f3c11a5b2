"""The one way in: alerts are raised and cleared here, whatever their source.

Lock order: the alerts as a whole (advisory), the alert's row, incidents (a cause before its symptoms), their pages.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from catalog.access import Actor
from incidents import timeline
from incidents.firing import Firing
from incidents.models import Alert, Incident, TimelineEntry
from incidents.operations import behind, causes, opening
from incidents.operations.closing import finish, keep_open, reopen, still_fires
from incidents.operations.engaging import DECLARED
from incidents.operations.gathering import gathering
from incidents.operations.known import Known
from incidents.operations.locking import lock_alerts, locked_incident
from incidents.operations.upsert import new_alert, upsert
from portal.lib import conf

AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Raised:
    """What became of an alert: `outcome` in words; `opened` says whether it opened or reopened the incident."""

    alert: Alert
    incident: Incident
    outcome: str
    opened: bool


@transaction.atomic(savepoint=False)  # whoever goes on after one that fails has a savepoint of their own
def raise_alert(*, firing: Firing, now: datetime, by: Actor = timeline.PORTICO, known: Known | None = None) -> Raised:
    """Something fires: a new incident, or it joins an open one of its component or group, or repeats itself.

    What breaks shortly after something it depends on is a symptom of that incident, and pages nobody. What names a
    component the catalog does not know is routed to the catch-all. `known` is what a batch of alerts shares.
    """
    known = known or Known(now)
    if not known.simulated and known.expected is None:  # whoever expects many alerts holds them already
        lock_alerts()
    with gathering(now=now):
        return _raise(firing, known, by)


def _raise(firing: Firing, known: Known, by: Actor) -> Raised:
    alert, is_new = _seen(firing, known)
    if not is_new and alert.incident_id is not None:
        return _repeated(alert, firing, known)
    raised = _open(alert, firing, known, None, by=by) if known.alone else _placed(alert, firing, known, by)
    alert.incident, alert.outcome = raised.incident, raised.outcome[:300]
    if not behind.waits(alert):
        Alert.objects.filter(pk=alert.pk).update(incident=alert.incident, outcome=alert.outcome)
    return raised


def _seen(firing: Firing, known: Known) -> tuple[Alert, bool]:
    """The alert and whether it is new; where that is certain, it is not looked for."""
    if known.expected is None or not known.expected.is_new(firing):
        return upsert(firing, now=known.now)
    alert = new_alert(firing, now=known.now)
    behind.insert(alert)
    return alert, True


@transaction.atomic(savepoint=False)
def clear_alert(
    *, key: str, now: datetime, words: str = "", by: Actor = timeline.PORTICO, known: Known | None = None
) -> Alert | None:
    """It no longer fires; the last alert to clear resolves its incident. None when nothing was open under `key`.

    One that flaps stays open until it has been quiet for a while, for it would only open again.
    """
    if known is not None and known.expected is not None:
        known.expected.keys.add(key)  # what fires again in the same batch must look for it
    else:
        lock_alerts()
    with gathering(now=now):
        return _clear(key, words, by, now)


def _clear(key: str, words: str, by: Actor, now: datetime) -> Alert | None:
    alert = Alert.objects.select_for_update(no_key=True).filter(key=key, cleared_at=None).first()
    if alert is None:
        return None
    alert.cleared_at = now
    alert.save(update_fields=["cleared_at"])
    if alert.incident_id is not None:
        _cleared(locked_incident(alert.incident_id), alert, words or f"Cleared: {alert.summary}", by=by, now=now)
    return alert


def _placed(alert: Alert, firing: Firing, known: Known, by: Actor) -> Raised:
    expected = known.expected
    raised = _join(alert, firing, known, by) if expected is None or expected.may_be_open(firing) else None
    if raised is not None:
        return raised
    cause = None
    if firing.component is not None and firing.source != DECLARED:
        may = expected is None or expected.may_have_cause(firing.component)
        cause = causes.cause_of(firing.component, now=known.now) if may else None
    raised = _reopen(alert, firing, known, cause) if expected is None or expected.may_have_ended(firing) else None
    raised = raised or _open(alert, firing, known, cause, by=by)
    if expected is not None:
        expected.opened(raised.incident)
    return raised


def _cleared(incident: Incident, alert: Alert, words: str, *, by: Actor, now: datetime) -> None:
    timeline.write(incident.pk, TimelineEntry.Kind.ALERT_CLEARED, words, at=now, by=by, data={"alert": alert.pk})
    if not incident.is_open or still_fires(incident):
        return
    if incident.flapping_since is not None:
        keep_open(incident, now=now)
    else:
        finish(incident, by=timeline.PORTICO, words="Resolved: the last alert has cleared", now=now)


def _repeated(alert: Alert, firing: Firing, known: Known) -> Raised:
    incident = locked_incident(alert.incident_id or 0)
    if incident.is_open:
        opening.reconsider(incident, firing, known)
    return Raised(alert, incident, f"seen again, {alert.count} times: {incident.label}", opened=False)


def _join(alert: Alert, firing: Firing, known: Known, by: Actor) -> Raised | None:
    incident = opening.open_incident_of(firing, alert)
    if incident is None:
        return None
    same = firing.component is not None and firing.component.pk == incident.component_id
    why = "open on the same component" if same else "open for the same trouble"
    reported = firing.source == DECLARED
    words = f"{by.name} reports it: {firing.told}" if reported else f"Joined {incident.label}, {why}: {firing.told}"
    timeline.write(incident.pk, TimelineEntry.Kind.ALERT, words, at=known.now, by=by, data={"alert": alert.pk})
    if incident.check_again_at is not None:  # it flaps, and was waiting for quiet
        incident.check_again_at = None
        incident.save(update_fields=["check_again_at"])
    opening.reconsider(incident, firing, known)
    return Raised(alert, incident, f"joined {incident.label}", opened=False)


def _reopen(alert: Alert, firing: Firing, known: Known, cause: Incident | None) -> Raised | None:
    incident = opening.lately_resolved(alert, now=known.now)
    if incident is None:
        return None
    if cause is not None and cause.pk == incident.pk:
        cause = None
    openings = Alert.objects.filter(key=alert.key, opened_at__gt=known.now - AN_HOUR).count()
    flaps = openings > conf.number("PORTAL_FLAPPING_OPENINGS", 5)
    words = f"Fires again: {firing.told}"
    reopen(incident, words=words, known=known, cause=cause, data=opening.accepted(firing))
    if flaps:
        opening.flaps(incident, openings, now=known.now)
    opening.reconsider(incident, firing, known)
    said = f"a symptom of {cause.label}: reopened" if cause else "reopened"
    return Raised(alert, incident, f"{said} {incident.label}", opened=True)


def _open(alert: Alert, firing: Firing, known: Known, cause: Incident | None, *, by: Actor) -> Raised:
    incident = opening.open_incident(firing, by=by, known=known, cause=cause)
    said = f"a symptom of {cause.label}: opened" if cause else "opened"
    return Raised(alert, incident, f"{said} {incident.label}", opened=True)
