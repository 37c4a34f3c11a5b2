"""What the analytics are asked: pages forgive what makes no sense, the API names it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from incidents.analytics import months_between
from incidents.intake.own import full_ref
from incidents.queries.analytics import Wanted
from portal.lib.errors import FieldError, Invalid

PERIODS = {
    "1": "This month", "3": "3 months", "6": "6 months", "12": "12 months", "24": "24 months",
}  # fmt: skip
DEFAULT = "6"
FILTERS = ("period", "team", "component", "severity", "source")
LONGEST = timedelta(days=5 * 366)
FIRST_YEAR, LAST_YEAR = 1990, 2200


def asked_on_page(given: Mapping[str, str], *, now: datetime, zone: str) -> Wanted:
    """As the address of a page says it; what makes no sense filters nothing."""
    said = {name: str(given.get(name) or "").replace("\x00", "").strip() for name in FILTERS}
    period = said["period"] if said["period"] in PERIODS else DEFAULT
    return wanted(
        since=months_back(int(period), now=now, zone=zone),
        until=now,
        now=now,
        zone=zone,
        team=said["team"],
        component=said["component"],
        source=said["source"],
        severities=[int(said["severity"])] if said["severity"] in {"1", "2", "3", "4", "5"} else [],
    )


def wanted(
    *,
    since: datetime | None,
    until: datetime | None,
    now: datetime,
    zone: str,
    team: str = "",
    component: str = "",
    source: str = "",
    severities: Sequence[int] = (),
) -> Wanted:
    """Of `[since, until)`; without them the last six months, the running one included. `component` may be short.

    Raises Invalid for a zone that is none, an end before the start, and more than five years.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _refused("zone", "Use a name such as Europe/Berlin or UTC.") from error
    for name, at in (("since", since), ("until", until)):
        if at is not None and not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise _refused(name, f"Use a moment between {FIRST_YEAR} and {LAST_YEAR}.")
    end = until or now
    start = since or months_back(int(DEFAULT), now=end, zone=zone)
    if start >= end:
        raise _refused("until", "It must be after `since`.")
    if end - start > LONGEST:
        raise _refused("since", "Ask for at most five years at a time.")
    months = months_between(start, end, zone=zone)
    team, component, source = (text.replace("\x00", "").strip() for text in (team, full_ref(component), source))
    return Wanted(start, end, now, months, team, component, source, tuple(severities))


def months_back(count: int, *, now: datetime, zone: str) -> datetime:
    """The beginning of the first of so many calendar months of that zone, the one of `now` being the last."""
    here = ZoneInfo(zone)
    local = now.astimezone(here)
    place = local.year * 12 + local.month - count
    return datetime(place // 12, place % 12 + 1, 1, tzinfo=here)


def _refused(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
