"""The one way in: alerts are raised and cleared here, whatever their source.

Lock order: the alert's row, the component (advisory), the incident, its pages.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog.access import Actor
from incidents import timeline
from incidents.firing import Firing
from incidents.models import Alert, Incident, TimelineEntry
from incidents.operations import opening
from incidents.operations.closing import finish, reopen
from incidents.operations.locking import lock_component, locked_incident
from incidents.operations.upsert import upsert


@dataclass(frozen=True, slots=True)
class Raised:
    """What became of an alert: `outcome` in words; `opened` says whether it opened or reopened the incident."""

    alert: Alert
    incident: Incident
    outcome: str
    opened: bool


@transaction.atomic
def raise_alert(*, firing: Firing, now: datetime, by: Actor = timeline.PORTICO) -> Raised:
    """Something fires: a new incident, or it joins the open one of its component, or repeats itself.

    What names a component the catalog does not know is routed to the catch-all.
    """
    alert, is_new = upsert(firing, now=now)
    if not is_new and alert.incident_id is not None:
        return _repeated(alert, firing, now=now)
    if firing.component is not None:
        lock_component(firing.component)
    raised = _join(alert, firing, now=now) or _reopen(alert, firing, now=now) or _open(alert, firing, now=now, by=by)
    alert.incident, alert.outcome = raised.incident, raised.outcome
    alert.save(update_fields=["incident", "outcome"])
    return raised


@transaction.atomic
def clear_alert(*, key: str, now: datetime, words: str = "", by: Actor = timeline.PORTICO) -> Alert | None:
    """It no longer fires; the last alert to clear resolves its incident. None when nothing was open under `key`."""
    alert = Alert.objects.select_for_update(no_key=True).filter(key=key, cleared_at=None).first()
    if alert is None:
        return None
    alert.cleared_at = now
    alert.save(update_fields=["cleared_at"])
    if alert.incident_id is not None:
        _cleared(locked_incident(alert.incident_id), alert, words or f"Cleared: {alert.summary}", by=by, now=now)
    return alert


def _cleared(incident: Incident, alert: Alert, words: str, *, by: Actor, now: datetime) -> None:
    timeline.write(incident.pk, TimelineEntry.Kind.ALERT_CLEARED, words, at=now, by=by, data={"alert": alert.pk})
    if incident.is_open and not incident.alerts.filter(cleared_at=None).exists():
        finish(incident, by=timeline.PORTICO, words="Resolved: the last alert has cleared", now=now)


def _repeated(alert: Alert, firing: Firing, *, now: datetime) -> Raised:
    incident = locked_incident(alert.incident_id or 0)
    if incident.is_open:
        opening.reconsider(incident, firing, now=now)
    return Raised(alert, incident, f"seen again, {alert.count} times: {incident.label}", opened=False)


def _join(alert: Alert, firing: Firing, *, now: datetime) -> Raised | None:
    if firing.component is None:
        return None
    incident = opening.open_incident_of(firing.component)
    if incident is None:
        return None
    words = f"Joined {incident.label}, open on the same component: {firing.summary}"
    timeline.write(incident.pk, TimelineEntry.Kind.ALERT, words, at=now, data={"alert": alert.pk})
    opening.reconsider(incident, firing, now=now)
    return Raised(alert, incident, f"joined {incident.label}", opened=False)


def _reopen(alert: Alert, firing: Firing, *, now: datetime) -> Raised | None:
    incident = opening.lately_resolved(alert, now=now)
    if incident is None:
        return None
    reopen(incident, words=f"Fires again: {firing.summary}", now=now)
    opening.reconsider(incident, firing, now=now)
    return Raised(alert, incident, f"reopened {incident.label}", opened=True)


def _open(alert: Alert, firing: Firing, *, now: datetime, by: Actor) -> Raised:
    incident = opening.open_incident(firing, now=now, by=by)
    return Raised(alert, incident, f"opened {incident.label}", opened=True)
