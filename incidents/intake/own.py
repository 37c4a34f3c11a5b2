"""Portico's own JSON: `{"key", "component", "summary", "severity", "status", "links"}`, one alert a delivery.

`severity` is page, ticket or info (page where left out), `status` firing or resolved (firing where left out).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.models import Component
from incidents.firing import Firing
from incidents.intake.config import Config
from incidents.intake.signals import Signal, kept_text, link, links, short_key
from incidents.models import Alert
from portal.lib.errors import FieldError, Invalid

FIRING, RESOLVED = "firing", "resolved"
KINDS = ("component", "resource", "api")


@dataclass(frozen=True, slots=True)
class OwnAlert:
    """A delivery, read."""

    key: str
    summary: str
    rule: str
    status: str
    component_ref: str
    links: Sequence[Mapping[str, str]]


def read(body: object) -> OwnAlert:
    """Raises Invalid, naming each field that is wrong and what to send instead."""
    if not isinstance(body, dict):
        raise Invalid(errors=(FieldError("", "invalid", "Send a JSON object."),))
    errors = [error for error in _wrong(body) if error]
    if errors:
        raise Invalid(errors=tuple(errors))
    return OwnAlert(
        key=body["key"].strip(),
        summary=str(body.get("summary") or body["key"]).strip(),
        rule=body.get("severity") or Alert.Rule.PAGE,
        status=body.get("status") or FIRING,
        component_ref=full_ref(body.get("component") or ""),
        links=body.get("links") or [],
    )


def full_ref(text: str) -> str:
    """`Component:Default/CI`, `default/ci` or `ci` as `component:default/ci`; empty stays empty."""
    text = text.strip().lower()
    if not text:
        return ""
    kind, _, rest = text.rpartition(":")
    namespace, _, name = rest.rpartition("/")
    return f"{kind or 'component'}:{namespace or 'default'}/{name}"


def firing_of(alert: OwnAlert, *, sender: str, component: Component | None) -> Firing:
    """What fires. Each sender has its own keys, so that two can't clear each other's."""
    return Firing(
        key=alert_key(alert.key, sender=sender),
        source="api",
        summary=alert.summary,
        rule=alert.rule,
        component=component,
        component_ref=alert.component_ref,
        links=alert.links,
    )


def check(body: object, config: Config) -> None:
    """As `read`, on an integration's key."""
    read(body)


def signal_of(body: object, config: Config) -> Signal:
    """The alert of a request on an integration's key. Raises Invalid."""
    alert = read(body)
    labels = {"component": alert.component_ref} if alert.component_ref else {}
    return Signal(
        key=short_key(alert.key),
        status=alert.status,
        summary=kept_text(alert.summary),
        level=alert.rule,
        labels={name: kept_text(text) for name, text in labels.items()},
        links=links(*(link(one["url"], str(one.get("title") or "Link")) for one in alert.links)),
    )


def owner_id(alert: OwnAlert) -> int | None:
    """The team whose component it is about; None for nobody's."""
    return Component.objects.filter(ref=alert.component_ref).values_list("owner_id", flat=True).first()


def alert_key(key: str, *, sender: str) -> str:
    """The key of the alert's row."""
    return f"{sender}:{key}"[:300]


def _wrong(body: Mapping[str, Any]) -> list[FieldError | None]:
    return [
        _text(body, "key", 200, required=True),
        _text(body, "summary", 300),
        _text(body, "component", 200),
        _choice(body, "severity", Alert.Rule.values),
        _choice(body, "status", (FIRING, RESOLVED)),
        _links(body),
    ]


def _text(body: Mapping[str, Any], name: str, length: int, *, required: bool = False) -> FieldError | None:
    value = body.get(name)
    if value is None or value == "":
        return FieldError(name, "required", "This names the trouble; send a text.") if required else None
    if not isinstance(value, str) or not value.strip():
        return FieldError(name, "invalid", "Send a text.")
    if "\x00" in value:
        return FieldError(name, "invalid", "The character NUL can't be stored; leave it out.")
    return FieldError(name, "too_long", f"At most {length} characters.") if len(value) > length else None


def _choice(body: Mapping[str, Any], name: str, choices: Sequence[str]) -> FieldError | None:
    if body.get(name) in (None, "", *choices):
        return None
    return FieldError(name, "invalid", f"Use one of: {', '.join(choices)}.")


def _links(body: Mapping[str, Any]) -> FieldError | None:
    links = body.get("links")
    if links in (None, []):
        return None
    if not isinstance(links, list) or len(links) > 20 or not all(_is_link(link) for link in links):
        return FieldError("links", "invalid", 'Send at most 20 of {"url": "https://…", "title": "…"}.')
    return None


def _is_link(link: object) -> bool:
    if not isinstance(link, dict) or not all(isinstance(value, str) for value in link.values()):
        return False
    return str(link.get("url", "")).startswith(("https://", "http://"))
