"""Alertmanager's webhook, version 4: `{"version": "4", "alerts": […], "groupLabels", "externalURL", …}`. Pure.

The alert's fingerprint is its key. Version 4 sends the whole group each time, so an alert comes again with every
change of its group and after `repeat_interval`; two Alertmanagers of a cluster may both send it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from incidents.intake.config import Config, Faults
from incidents.intake.signals import FIRING, RESOLVED, Signal, kept, kept_labels, kept_text, link, links, short_key

MOST = 10_000
SUMMARIES = ("summary", "title", "message")
ENVELOPE = ("version", "receiver", "groupLabels", "externalURL", "groupKey")


def parts(payload: object, config: Config) -> list[object]:
    """The same message once for each alert, with that one alone. Raises Invalid for what is no such message."""
    faults = Faults()
    body = _body(payload, faults)
    envelope = {name: body[name] for name in ENVELOPE if name in body}
    return [{**envelope, "alerts": [alert]} for alert in body["alerts"]]


def check(payload: object, config: Config) -> None:
    """Raises Invalid, naming every field that is wrong, such as `alerts[3].status`."""
    faults = Faults()
    for place, alert in enumerate(_body(payload, faults)["alerts"]):
        _check_alert(f"alerts[{place}]", alert, faults)
    faults.end()


def read(payload: object, config: Config) -> Signal:
    """The one alert of a part. Raises Invalid."""
    faults = Faults()
    body = _body(payload, faults)
    alert = body["alerts"][0]
    _check_alert("alerts[0]", alert, faults)
    faults.end()
    labels = kept_labels(alert.get("labels") or {})
    annotations = kept_labels(alert.get("annotations") or {})
    external = kept_text(body.get("externalURL"))
    name = labels.get("alertname", "")
    summary = next((annotations[word] for word in SUMMARIES if annotations.get(word)), "")
    return Signal(
        key=short_key(str(alert.get("fingerprint") or "") or fingerprint(labels)),
        status=alert["status"],
        summary=summary or _named(name, labels) or annotations.get("description", ""),
        level=labels.get(config.severity_label, ""),
        labels={**kept_labels(_object(body.get("groupLabels"))), **labels},
        details={
            "labels": labels,
            "annotations": annotations,
            "startsAt": kept(alert.get("startsAt")),
            "receiver": kept(body.get("receiver")),
        },
        links=links(
            link(annotations.get("runbook_url") or annotations.get("runbook"), "Runbook"),
            link(annotations.get("dashboard_url") or annotations.get("dashboard"), "Dashboard"),
            link(alert.get("generatorURL"), "Where it was measured"),
            link(f"{external}/#/alerts" if external else "", "Alertmanager"),
        ),
        same=kept_text(alert.get("startsAt")),
    )


def truncated(payload: object) -> int:
    """How many alerts Alertmanager left out because of `max_alerts`."""
    count = payload.get("truncatedAlerts") if isinstance(payload, dict) else 0
    return min(count, 10**9) if isinstance(count, int) and count > 0 else 0


def fingerprint(labels: Mapping[str, str]) -> str:
    """For senders that leave it out: the same labels are the same alert."""
    said = json.dumps(sorted(labels.items()), ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _named(name: str, labels: Mapping[str, str]) -> str:
    where = labels.get("instance") or labels.get("namespace") or ""
    return f"{name} on {where}" if name and where else name


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _body(payload: object, faults: Faults) -> Mapping[str, Any]:
    if not isinstance(payload, dict):
        faults.add("", "Send a JSON object, as Alertmanager's webhook does.")
        faults.end()
    body: Mapping[str, Any] = _object(payload)
    alerts = body.get("alerts")
    if not isinstance(alerts, list) or not 0 < len(alerts) <= MOST:
        faults.add("alerts", f"Send a list of 1 to {MOST:,} alerts.", "required" if alerts is None else "invalid")
        faults.end()
    return body


def _check_alert(name: str, alert: object, faults: Faults) -> None:
    if not isinstance(alert, dict):
        faults.add(name, "Send a JSON object.")
        return
    if alert.get("status") not in (FIRING, RESOLVED):
        faults.add(f"{name}.status", f"Use {FIRING} or {RESOLVED}.", "invalid")
    if not isinstance(alert.get("labels"), dict) or not alert["labels"]:
        faults.add(f"{name}.labels", "Send an object with at least one label.", "required")
    if not isinstance(alert.get("annotations") or {}, dict):
        faults.add(f"{name}.annotations", "Send an object.")
    if not isinstance(alert.get("fingerprint") or "", str):
        faults.add(f"{name}.fingerprint", "Send a text.")
