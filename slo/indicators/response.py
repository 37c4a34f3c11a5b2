"""Incident response: paged, acknowledged or restored within a limit. Counted from the portal's own incidents."""

from collections.abc import Iterator
from datetime import timedelta

from portal.lib import durations
from slo.indicators.base import Fault, Indicator, Kind

MOMENTS = ("acknowledged", "restored", "paged")
SEVERITIES = ("P1", "P2", "P3", "P4", "P5")


def severities(text: str) -> tuple[str, ...]:
    """The severities of a list such as `P1, P2`; empty: all."""
    return tuple(part.strip().upper() for part in text.split(",") if part.strip())


def _faults(indicator: Indicator) -> Iterator[Fault]:
    if indicator.get("moment") not in MOMENTS:
        yield Fault("moment", "choice", f"use {', '.join(MOMENTS[:-1])} or {MOMENTS[-1]}")
    try:
        within = durations.parse(str(indicator.get("within") or ""))
    except durations.BadDuration as error:
        yield Fault("within", "format", str(error))
    else:
        if not timedelta(seconds=1) <= within <= timedelta(days=30):
            yield Fault("within", "range", "write a limit from 1s to 30d, such as 5m")
    unknown = [one for one in severities(str(indicator.get("severity") or "")) if one not in SEVERITIES]
    if unknown:
        yield Fault("severity", "choice", f"{', '.join(unknown)}: use {', '.join(SEVERITIES)}, separated by commas")
    if indicator.get("of", "component") not in ("component", "team", "all"):
        yield Fault("of", "choice", "whose incidents count: component (default), team (its owner's) or all")


RESPONSE = Kind(
    "response", "Incident response: in time or not", ("moment", "within", "severity", "of"), _faults, own=True
)  # fmt: skip
