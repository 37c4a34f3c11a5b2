"""What Alertmanager sent in the demo's past: requests on its integration's key, kept and taken as the product does."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b

from django.db.models import QuerySet

from incidents.intake import deliveries
from incidents.intake.accepting import accept_by_key, alert_key
from incidents.intake.keys import note_use
from incidents.intake.signals import FIRING, RESOLVED
from incidents.models import Alert, Incident, Integration
from portal.demo.seed_paging import ALERTMANAGER

SEVERITIES = {Alert.Rule.PAGE: "critical", Alert.Rule.TICKET: "warning", Alert.Rule.INFO: "info"}


def fire(*, key: str, title: str, component: str, rule: str = Alert.Rule.PAGE, now: datetime) -> Incident:
    """Have it fire, and answer the incident that it led to. `key` tells it from others with the same labels."""
    severity = SEVERITIES[Alert.Rule(rule)]
    labels = {"alertname": _named(title), "component": component, "severity": severity, "cluster": "prod-eu-1"}
    said = {"status": FIRING, "labels": labels, "annotations": {"summary": title}, "startsAt": now.isoformat()}
    _send(said, key, now)
    found = _open(key).select_related("incident").get().incident
    if found is None:
        raise ValueError(f"{title} led to no incident")
    return found


def clear(*, key: str, now: datetime) -> bool:
    """Have it clear; False where nothing of that key was sent in that is still open."""
    alert = _open(key).first()
    if alert is None:
        return False
    labels = alert.details["labels"]
    _send({"status": RESOLVED, "labels": labels, "startsAt": alert.details["startsAt"]}, key, now)
    return True


def _send(said: Mapping[str, object], key: str, now: datetime) -> None:
    integration = _integration()
    said = {**said, "fingerprint": _fingerprint(key), "generatorURL": "https://prometheus.acme.example/graph"}
    message = {"version": "4", "receiver": "portico", "status": said["status"], "alerts": [said]}
    accept_by_key(integration=integration, raw=json.dumps(message).encode(), now=now)
    for row in integration.keys.all():
        note_use(row.pk, at=now)
    while deliveries.process_due(now=now):
        pass


def _fingerprint(key: str) -> str:
    """As Prometheus makes one: sixteen hex digits."""
    return blake2b(key.encode(), digest_size=8).hexdigest()


def _open(key: str) -> QuerySet[Alert]:
    return Alert.objects.filter(key=alert_key(_integration().pk, _fingerprint(key)), cleared_at=None)


def _integration() -> Integration:
    return Integration.objects.get(name=ALERTMANAGER)


def _named(title: str) -> str:
    """`Error rate over 5 %` as rules are called: ErrorRateOver5."""
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"\w+", title))
