"""What becomes of a delivery that came on an integration's key. The caller holds the alerts and the delivery."""

import json
from datetime import timedelta

from catalog.access import Actor
from catalog.models import Person
from incidents import timeline
from incidents.intake.accepting import alert_key, config_of
from incidents.intake.batch import Batch, is_whole, payload_of
from incidents.intake.signals import ACKNOWLEDGED, RESOLVED, Signal
from incidents.intake.ways import WAYS
from incidents.models import Alert, Delivery, Integration, TimelineEntry
from incidents.operations import AlreadyResolved, acknowledge_incident, clear_alert, raise_alert

COPIES_WITHIN = timedelta(minutes=1)
"""Members of a cluster wait 15 s for each other; what says the same within so long is a copy, not a repeat."""

NOTHING_OPEN = "nothing was open under this key"
Taken = tuple[Alert | None, str]


def take_by_key(row: Delivery, batch: Batch) -> Taken:
    """The alert it led to, and what became of it in words. Raises Invalid where it can't be read any more."""
    assert row.integration is not None  # noqa: S101  # tells mypy
    if is_whole(row):
        return None, _split(row, row.integration)
    signal = batch.signal(row)
    key = alert_key(row.integration.pk, signal.key)
    if signal.status == RESOLVED:
        batch.open_alerts.pop(key, None)
        cleared = clear_alert(key=key, now=batch.now, known=batch.known)
        return cleared, cleared_words(cleared) if cleared else NOTHING_OPEN
    if signal.status == ACKNOWLEDGED:
        return _acknowledge(signal, key, row.integration, batch)
    return _fire(signal, key, row, batch)


def cleared_words(alert: Alert) -> str:
    """What became of what says that it is over."""
    return f"cleared {alert.incident.label}" if alert.incident else "cleared"


def _fire(signal: Signal, key: str, row: Delivery, batch: Batch) -> Taken:
    before = batch.open_alerts.get(key)
    if before is not None and row.replay_of_id is None and _is_copy(signal, before, row):
        return before, "the same was sent a moment before: counted once"
    firing, known = batch.firing(row)
    raised = raise_alert(firing=firing, now=batch.now, known=known)
    batch.open_alerts[key] = raised.alert
    return raised.alert, raised.outcome


def _is_copy(signal: Signal, before: Alert, row: Delivery) -> bool:
    said_the_same = bool(signal.same) and before.details.get("same") == signal.same
    return said_the_same and row.received_at - before.last_seen_at < COPIES_WITHIN


def _split(row: Delivery, integration: Integration) -> str:
    """A part for each alert, in their order; they are taken after those of every earlier request."""
    way, config, payload = WAYS[row.kind], config_of(integration), payload_of(row)
    assert way.parts is not None  # noqa: S101  # only such are whole
    inner = way.of_part(config)
    parts = way.parts(payload, config)
    Delivery.objects.bulk_create(
        [
            Delivery(
                kind=row.kind, integration=integration, sender=row.sender, part_of=row, replay_of_id=row.replay_of_id,
                key=alert_key(integration.pk, way.read(part, inner).key), raw=json.dumps(part),
                received_at=row.received_at, due_at=row.received_at,
            )
            for part in parts
        ],
        batch_size=1000,
    )  # fmt: skip
    note = way.note(payload) if way.note else ""
    if note:
        Integration.objects.filter(pk=integration.pk).update(warning=note[:300], warned_at=row.received_at)
    said = "1 alert" if len(parts) == 1 else f"{len(parts):,} alerts"
    return f"{said}; {note}" if note else said


def _acknowledge(signal: Signal, key: str, integration: Integration, batch: Batch) -> Taken:
    """Stops the paging only where it names a person we know; else it is told on the timeline."""
    alert = Alert.objects.select_related("incident").filter(key=key, cleared_at=None).first()
    if alert is None or alert.incident is None:
        return alert, NOTHING_OPEN
    person = _person(signal.acknowledged_by)
    if person is None:
        words = f"Acknowledged at the source ({integration.name}), which names nobody we know: paging goes on."
        timeline.write(alert.incident.pk, TimelineEntry.Kind.NOTE, words, at=batch.now)
        return alert, f"acknowledged at the source, by nobody we know: {alert.incident.label}"
    try:
        acknowledge_incident(incident=alert.incident, by=Actor(person=person, via="integration"), now=batch.now)
    except AlreadyResolved as error:
        return alert, str(error)[:300]
    return alert, f"acknowledged by {person.label}: {alert.incident.label}"


def _person(email: str) -> Person | None:
    found = list(Person.objects.filter(email__iexact=email, retired_at=None)[:2]) if "@" in email else []
    return found[0] if len(found) == 1 else None
