"""Verdicts on our own response, for `response` objectives (slo.md §1): taken, or restored, within a limit or not.

Read from the timeline, which is only ever added to, so that a verdict is the same whenever it is read. Every opening
and every reopening is a call of its own with a clock of its own: a reopened incident pages again from step one.

- `acknowledged`: good when a named person takes the owner's page (or the catch-all's), or resolves the incident without
  that; what ends by itself before the limit has called on nobody and counts neither way.
- `restored`: good when it is resolved.
- bad when the limit passes before that. It stays bad when somebody comes later, and good when it reopens.

The severity is the one at the moment of the verdict. An incident counts for the component or team it was opened for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from catalog.models import Component
from incidents.models import Page, TimelineEntry
from portal.lib import durations
from slo.indicators import response

Kind = TimelineEntry.Kind
OPENINGS = (Kind.OPENED, Kind.REOPENED)
TELLING = (*OPENINGS, Kind.ACKNOWLEDGED, Kind.RESOLVED, Kind.SEVERITY)
DECIDING = (Page.Role.OWNER, Page.Role.CATCH_ALL)
BUCKET = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """One call and what became of it: when that was known, whether it was in time, how severe it was then."""

    at: datetime
    good: bool
    severity: int


def verdicts(
    indicator: Mapping[str, Any], component_id: int, since: datetime, until: datetime
) -> dict[int, tuple[int, int]]:
    """(good, total) by the end, in seconds since the epoch, of each bucket in `(since, until]` a verdict falls in."""
    within = durations.parse(str(indicator["within"]))
    wanted = {int(name[1:]) for name in response.severities(str(indicator.get("severity") or ""))}
    found: dict[int, tuple[int, int]] = {}
    for entries in _timelines(_whose(indicator, component_id), since - within, until).values():
        for one in _of_incident(entries, indicator["moment"], within, until):
            if since < one.at <= until and (not wanted or one.severity in wanted):
                end = -(-one.at.timestamp() // BUCKET) * BUCKET
                good, total = found.get(int(end), (0, 0))
                found[int(end)] = (good + one.good, total + 1)
    return found


def _whose(indicator: Mapping[str, Any], component_id: int) -> Q:
    of = indicator.get("of") or "component"
    if of == "all":
        return Q()
    if of == "team":
        owner = Component.objects.filter(pk=component_id).values_list("owner_id", flat=True).first()
        return Q(incident__owner=owner) if owner else Q(pk__in=[])
    return Q(incident__component=component_id)


def _timelines(whose: Q, since: datetime, until: datetime) -> dict[int, list[TimelineEntry]]:
    """By incident, what is told of those that opened or reopened in `(since, until]`, oldest first."""
    openings = TimelineEntry.objects.filter(
        whose, kind__in=OPENINGS, at__gt=since, at__lte=until, incident__is_drill=False
    )
    numbers = set(openings.values_list("incident_id", flat=True))
    if not numbers:
        return {}
    told = TimelineEntry.objects.filter(incident__in=numbers, kind__in=TELLING, at__lte=until)
    found: dict[int, list[TimelineEntry]] = defaultdict(list)
    for entry in told.select_related("page", "incident").order_by("incident_id", "at", "pk"):
        found[entry.incident_id].append(entry)
    return found


def _of_incident(
    entries: Sequence[TimelineEntry], moment: str, within: timedelta, until: datetime
) -> list[Verdict]:  # fmt: skip
    """The verdicts on every call of one incident that are known at `until`."""
    starts = [place for place, entry in enumerate(entries) if entry.kind in OPENINGS]
    return [
        found
        for start, stop in zip(starts, [*starts[1:], len(entries)], strict=True)
        if (found := _call(entries, start, stop, moment, within, until)) is not None
    ]


def _call(
    entries: Sequence[TimelineEntry], start: int, stop: int, moment: str, within: timedelta, until: datetime
) -> Verdict | None:
    limit = entries[start].at + within
    for entry in entries[start + 1 : stop]:
        if entry.at > limit:
            break
        answer = _answer(entry, moment)
        if answer is not None:
            return Verdict(entry.at, True, _severity(entries, entry.at)) if answer else None
    return Verdict(limit, False, _severity(entries, limit)) if limit <= until else None


def _answer(entry: TimelineEntry, moment: str) -> bool | None:
    """True: the call was answered. False: it ended and asks for no answer. None: this says nothing of it."""
    if entry.kind == Kind.RESOLVED:
        return True if moment == "restored" else entry.person_id is not None
    if entry.kind == Kind.ACKNOWLEDGED and moment == "acknowledged":
        return True if entry.page is None or entry.page.role in DECIDING else None
    return None


def _severity(entries: Sequence[TimelineEntry], at: datetime) -> int:
    """As it was said to be then; entries from before severities were kept say what the incident's is now."""
    said = [
        one.data["severity"] for one in entries if one.kind == Kind.SEVERITY and one.at <= at and "severity" in one.data
    ]
    known = [one for one in said if one in range(1, 6)]
    return known[-1] if known else entries[0].incident.severity
