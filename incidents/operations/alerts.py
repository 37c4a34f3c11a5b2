"""The one way in: alerts are raised and cleared here, whatever their source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import Component
from incidents.models import Alert, Incident


@dataclass(frozen=True, slots=True)
class Raised:
    """What became of an alert: `outcome` in words; `opened` says whether it opened or reopened the incident."""

    alert: Alert
    incident: Incident
    outcome: str
    opened: bool


def raise_alert(
    *,
    key: str,
    source: str,
    summary: str,
    now: datetime,
    rule: str = Alert.Rule.PAGE,
    component: Component | None = None,
    component_ref: str = "",
    details: Mapping[str, object] | None = None,
    links: Sequence[Mapping[str, str]] = (),
) -> Raised:
    """Something fires under `key`: a new incident, or it joins the open one of its component, or repeats itself."""
    raise NotImplementedError


def clear_alert(*, key: str, now: datetime, words: str = "") -> Alert | None:
    """It no longer fires; the last alert to clear resolves its incident. None when nothing was open under `key`."""
    raise NotImplementedError
