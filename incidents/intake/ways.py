"""The ways in that take alerts on an integration's key, each in one line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from incidents.intake import alertmanager, generic, own, pagerduty
from incidents.intake.config import Config
from incidents.intake.signals import Signal
from incidents.models import Integration


@dataclass(frozen=True, slots=True)
class WayIn:
    """How one kind is read. `check` raises Invalid for a request that is none; `read` reads one alert.

    `parts` splits a request into one document for each alert; each is itself a request of the kind, with one alert.
    """

    check: Callable[[object, Config], None]
    read: Callable[[object, Config], Signal]
    parts: Callable[[object, Config], list[object]] | None = None
    note: Callable[[object], str] | None = None

    def splits(self, config: Config) -> bool:
        """Whether a request may hold several alerts."""
        return self.parts is not None and (self.parts is not generic.parts or bool(config.mapping.items))

    def of_part(self, config: Config) -> Config:
        """The settings by which a part is read: the way to the list of alerts has been gone."""
        return generic.of_item(config) if self.parts is generic.parts else config


def _truncated(payload: object) -> str:
    count = alertmanager.truncated(payload)
    return f"Alertmanager left out {count:,} alerts of a group (max_alerts of its webhook)" if count else ""


WAYS: Mapping[str, WayIn] = {
    Integration.Kind.ALERTMANAGER: WayIn(alertmanager.check, alertmanager.read, alertmanager.parts, _truncated),
    Integration.Kind.PAGERDUTY: WayIn(pagerduty.check, pagerduty.read),
    Integration.Kind.GENERIC: WayIn(generic.check, generic.read, generic.parts),
    Integration.Kind.OWN: WayIn(own.check, own.signal_of),
}
