"""Any JSON, read by a mapping of JSON pointers. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from incidents.intake import pointer
from incidents.intake.config import Config, Faults
from incidents.intake.signals import (
    FIRING,
    RESOLVED,
    WORDS,
    Signal,
    kept,
    kept_labels,
    kept_text,
    link,
    links,
    short_key,
)

MOST = 10_000
STATUSES: Mapping[str, str] = {
    "firing": FIRING, "alerting": FIRING, "alert": FIRING, "open": FIRING, "opened": FIRING, "triggered": FIRING,
    "trigger": FIRING, "down": FIRING, "failed": FIRING, "failing": FIRING, "error": FIRING, "critical": FIRING,
    "problem": FIRING, "true": FIRING,
    "resolved": RESOLVED, "resolve": RESOLVED, "ok": RESOLVED, "closed": RESOLVED, "close": RESOLVED,
    "recovered": RESOLVED, "recovery": RESOLVED, "up": RESOLVED, "normal": RESOLVED, "success": RESOLVED,
    "cleared": RESOLVED, "false": RESOLVED,
}  # fmt: skip
"""Words for a status that need no translation. One that is neither here nor in the mapping fires, and says so."""


def parts(payload: object, config: Config) -> list[object]:
    """Each alert's own JSON. Raises Invalid where `items` leads to no list."""
    if not config.mapping.items:
        return [payload]
    found = pointer.find(payload, config.mapping.items)
    if not isinstance(found, list) or not 0 < len(found) <= MOST:
        faults = Faults()
        faults.add(config.mapping.items, f"The mapping expects a list of 1 to {MOST:,} alerts here.")
        faults.end()
    return found if isinstance(found, list) else []


def of_item(config: Config) -> Config:
    """The settings by which an item by itself is read."""
    return replace(config, mapping=replace(config.mapping, items="")) if config.mapping.items else config


def check(payload: object, config: Config) -> None:
    """Raises Invalid, naming each pointer that finds nothing usable, after the place of its item."""
    faults = Faults()
    for place, item in enumerate(parts(payload, config)):
        _check_item(f"{config.mapping.items}/{place}" if config.mapping.items else "", item, config, faults)
    faults.end()


def read(payload: object, config: Config) -> Signal:
    """The alert that one item tells. Raises Invalid."""
    faults, mapping = Faults(), config.mapping
    _check_item("", payload, config, faults)
    faults.end()
    summary = _text(payload, mapping.summary)
    labels = {name: _text(payload, at, 500) for name, at in mapping.labels.items()}
    labels = {name: text for name, text in labels.items() if text}
    if component := _text(payload, mapping.component, 200):
        labels["component"] = component
    level = _text(payload, mapping.severity, 50)
    found = [link(_text(payload, at), "Link") for at in mapping.links]
    return Signal(
        key=short_key(_text(payload, mapping.key, WORDS) or summary),
        status=_status(_text(payload, mapping.status, 50), config),
        summary=summary or _text(payload, mapping.key, 300),
        level=mapping.severities.get(level.lower(), level),
        labels=kept_labels(labels),
        details=_details(payload),
        links=links(*found),
    )


def _status(said: str, config: Config) -> str:
    word = said.strip().lower()
    return config.mapping.statuses.get(word) or STATUSES.get(word) or FIRING


def _details(payload: object) -> Mapping[str, object]:
    found = kept(payload)
    return found if isinstance(found, dict) else {"value": found}


def _check_item(place: str, item: object, config: Config, faults: Faults) -> None:
    at = config.mapping.key or config.mapping.summary
    value = pointer.find(item, at)
    if value is pointer.MISSING or value in ("", None):
        faults.add(f"{place}{at}", "Nothing is here, and the mapping takes the key from it.", "required")
    elif isinstance(value, dict | list):
        faults.add(f"{place}{at}", "The mapping takes the key from here; send a text or a number.")


def _text(payload: object, at: str, length: int = WORDS) -> str:
    """The text or number at `at`; empty where there is none, or no pointer."""
    value = pointer.find(payload, at) if at else None
    return "" if isinstance(value, dict | list | pointer.Missing) else kept_text(value, length).strip()
