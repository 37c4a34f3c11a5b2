"""PagerDuty's Events API v2: `{"routing_key", "event_action", "dedup_key", "payload": {…}, "links"}`. Pure."""

from collections.abc import Mapping
from typing import Any

from incidents.intake.config import Config, Faults
from incidents.intake.signals import (
    ACKNOWLEDGED,
    FIRING,
    LINKS,
    RESOLVED,
    Signal,
    kept,
    kept_labels,
    kept_text,
    link,
    links,
    short_key,
)

ACTIONS = {"trigger": FIRING, "acknowledge": ACKNOWLEDGED, "resolve": RESOLVED}
SEVERITIES = ("critical", "error", "warning", "info")
FACTS = ("source", "component", "group", "class")
LONGEST_KEY = 255


def check(payload: object, config: Config) -> None:
    """Raises Invalid, naming every field that is wrong, such as `payload.severity`."""
    faults = Faults()
    if not isinstance(payload, dict):
        faults.add("", "Send a JSON object.")
        faults.end()
    body = _object(payload)
    action = body.get("event_action")
    if not isinstance(action, str) or action not in ACTIONS:
        faults.add("event_action", f"must be one of {', '.join(ACTIONS)}")
    key = body.get("dedup_key")
    if key is not None and (not isinstance(key, str) or len(key) > LONGEST_KEY):
        faults.add("dedup_key", f"must be a text of at most {LONGEST_KEY} characters")
    if not key and action in ("acknowledge", "resolve"):
        faults.add("dedup_key", f"is required to {action}", "required")
    if action == "trigger":
        _check_trigger(body.get("payload"), faults)
    _check_lists(body, faults)
    faults.end()


def read(payload: object, config: Config) -> Signal:
    """The one alert of an event that `check` found sound."""
    check(payload, config)
    body = _object(payload)
    inner = _object(body.get("payload"))
    custom = inner.get("custom_details")
    labels = {**(kept_labels(custom) if isinstance(custom, dict) else {})}
    labels |= kept_labels({name: inner[name] for name in (*FACTS, "severity") if inner.get(name)})
    details = {name: kept(inner[name]) for name in (*FACTS, "severity", "timestamp") if inner.get(name)}
    if custom:
        details["custom_details"] = kept(custom)
    if body.get("client"):
        details["client"] = kept(body["client"])
    shown = [link(one.get("href"), str(one.get("text") or "Link")) for one in _objects(body.get("links"))]
    shown += [
        link(one.get("href") or one.get("src"), str(one.get("alt") or "Picture"))
        for one in _objects(body.get("images"))
    ]
    named = custom.get("acknowledged_by") if isinstance(custom, dict) else ""
    return Signal(
        key=short_key(str(body.get("dedup_key") or "")),
        status=ACTIONS[str(body["event_action"])],
        summary=kept_text(inner.get("summary")),
        level=kept_text(inner.get("severity"), 50),
        labels=labels,
        details=details,
        links=links(link(body.get("client_url"), kept_text(body.get("client"), 100) or "Where it was seen"), *shown),
        acknowledged_by=kept_text(named, 254).strip().lower(),
    )


def _check_trigger(payload: object, faults: Faults) -> None:
    if not isinstance(payload, dict):
        faults.add("payload", "is required to trigger, and must be an object", "required")
        return
    for name in ("summary", "source"):
        value = payload.get(name)
        if not isinstance(value, str) or not value.strip():
            faults.add(f"payload.{name}", "is missing or blank", "required")
    severity = payload.get("severity")
    if not isinstance(severity, str) or severity.lower() not in SEVERITIES:
        faults.add("payload.severity", f"must be one of {', '.join(SEVERITIES)}")


def _check_lists(body: Mapping[str, Any], faults: Faults) -> None:
    for name in ("links", "images"):
        value = body.get(name)
        if value is not None and (not isinstance(value, list) or not all(isinstance(one, dict) for one in value)):
            faults.add(name, "must be a list of objects")


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value[:LINKS] if isinstance(one, dict)] if isinstance(value, list) else []
