"""The ways in that take alerts on an integration's key, each in one line."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from incidents.intake import alertmanager, generic, own, pagerduty
from incidents.intake.config import Config
from incidents.intake.signals import Signal
from incidents.models import Integration
from incidents.models.intake import PLUGGED


@dataclass(frozen=True, slots=True)
class WayIn:
    """How one kind is read. `check` raises Invalid for a request that is none; `read` reads one alert.

    `parts` splits a request into one document for each alert; each is itself a request of the kind, with one alert.
    `label`, `icon`, `about` and `recipes` (title and text, with {url} and {key}) are how people see one of a plugin's.
    """

    check: Callable[[object, Config], None]
    read: Callable[[object, Config], Signal]
    parts: Callable[[object, Config], list[object]] | None = None
    note: Callable[[object], str] | None = None
    label: str = ""
    icon: str = "plug"
    about: str = ""
    recipes: tuple[tuple[str, str], ...] = ()

    def splits(self, config: Config) -> bool:
        """Whether a request may hold several alerts."""
        return self.parts is not None and (self.parts is not generic.parts or bool(config.mapping.items))

    def of_part(self, config: Config) -> Config:
        """The settings by which a part is read: the way to the list of alerts has been gone."""
        return generic.of_item(config) if self.parts is generic.parts else config


def _truncated(payload: object) -> str:
    count = alertmanager.truncated(payload)
    return f"Alertmanager left out {count:,} alerts of a group (max_alerts of its webhook)" if count else ""


WAYS: dict[str, WayIn] = {
    Integration.Kind.ALERTMANAGER: WayIn(alertmanager.check, alertmanager.read, alertmanager.parts, _truncated),
    Integration.Kind.PAGERDUTY: WayIn(pagerduty.check, pagerduty.read),
    Integration.Kind.GENERIC: WayIn(generic.check, generic.read, generic.parts),
    Integration.Kind.OWN: WayIn(own.check, own.signal_of),
}
"""By kind; those that a plugin adds are posted to /api/v1/alerts/KIND, with the key of an integration."""


def register(kind: str, way: WayIn) -> None:
    """Add a way in, from `AppConfig.ready()`. Raises ValueError for a kind that can't be an address."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,19}", kind) or not way.label:
        raise ValueError(f"{kind!r}: 2 to 20 of a-z, 0-9 and -, and a label for people")
    WAYS[kind] = way
    PLUGGED[kind] = way.label


def plugged() -> dict[str, WayIn]:
    """Those that plugins added."""
    return {kind: way for kind, way in WAYS.items() if kind not in Integration.Kind.values}


def kinds() -> dict[str, str]:
    """Every kind that an integration may be of, and how people call it; heartbeats read nothing, but are kinds too."""
    return {**dict(Integration.Kind.choices), **{kind: way.label for kind, way in plugged().items()}}
