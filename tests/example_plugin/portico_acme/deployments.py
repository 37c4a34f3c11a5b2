"""A source of SLIs: deployments made in working hours are good ones. Counted from what pipelines told Portico."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from incidents.models import Change
from slo.indicators.base import Fault, Indicator, Kind

BUCKET = 60
SATURDAY = 5


def faults(indicator: Indicator) -> Iterator[Fault]:
    """What is wrong with what somebody wrote, key by key."""
    hours = {key: str(indicator.get(key) or "") for key in ("from", "to")}
    for key, text in hours.items():
        if not (text.isdecimal() and int(text) <= 24):
            yield Fault(key, "range", "write an hour from 0 to 24")
    if indicator.get("zone", "UTC") not in available_timezones():
        yield Fault("zone", "choice", "write a time zone such as Europe/Berlin")


KIND = Kind("acme-deployments", "Deployments in working hours", ("from", "to", "zone"), faults, own=True)


def verdicts(
    indicator: Mapping[str, Any], component_id: int, since: datetime, until: datetime
) -> dict[int, tuple[int, int]]:
    """(good, total) by the end of each minute in `(since, until]` that holds any, in seconds since the epoch."""
    found: dict[int, tuple[int, int]] = {}
    made = Change.objects.filter(component=component_id, kind=Change.Kind.DEPLOYMENT, at__gt=since, at__lte=until)
    for at in made.values_list("at", flat=True):
        local = at.astimezone(ZoneInfo(indicator.get("zone", "UTC")))
        good = local.weekday() < SATURDAY and int(indicator["from"]) <= local.hour < int(indicator["to"])
        end = int(-(-at.timestamp() // BUCKET) * BUCKET)
        before = found.get(end, (0, 0))
        found[end] = (before[0] + good, before[1] + 1)
    return found
