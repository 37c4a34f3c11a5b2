"""Verdicts on our own response, for `response` objectives (slo.md §1): paged, taken or restored within a limit or not.

Read from the timeline, which is only ever added to, so that a verdict is the same whenever it is read. Every opening
and every reopening is a call of its own with a clock of its own: a reopened incident pages again from step one.

- `acknowledged`: good when a named person takes the owner's page (or the catch-all's), or resolves the incident without
  that; what ends by itself before the limit has called on nobody and counts neither way.
- `restored`: good when it is resolved.
- `paged`: good when a page was handed to its channel; the clock runs from when the alert was accepted. Its severity
  is the opening's. What was answered before counts neither way; see `incidents.queries.promptness` for the rest.
- bad when the limit passes before that. It stays bad when somebody comes later, and good when it reopens.

Else the severity is the one at the moment of the verdict. An incident counts for the component or team it was opened
for.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from catalog.models import Component
from incidents.models import Page, TimelineEntry
from incidents.queries.promptness import calls
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
    judged = _paged if indicator["moment"] == "paged" else _answered
    for one in judged(indicator, component_id, within, since, until):
        if since < one.at <= until and (not wanted or one.severity in wanted):
            end = -(-one.at.timestamp() // BUCKET) * BUCKET
            good, total = found.get(int(end), (0, 0))
            found[int(end)] = (good + one.good, total + 1)
    return found


def _answered(
    indicator: Mapping[str, Any], component_id: int, within: timedelta, since: datetime, until: datetime
) -> Iterator[Verdict]:
    for entries in _timelines(_whose(indicator, component_id), since - within, until).values():
        yield from _of_incident(entries, indicator["moment"], within, until)


def _paged(
    indicator: Mapping[str, Any], component_id: int, within: timedelta, since: datetime, until: datetime
) -> Iterator[Verdict]:
    of = indicator.get("of") or "component"
    owner = _owner_of(component_id) if of == "team" else None
    if of == "team" and owner is None:
        return
    components, owners = [component_id] if of == "component" else [], [owner] if owner else []
    for call in calls(since=since - within, until=until, components=components, owners=owners):
        limit = call.accepted_at + within
        if call.sent_at is not None and call.sent_at <= min(limit, until):
            yield Verdict(call.sent_at, True, call.severity)
        elif (call.answered_at is None or call.answered_at > limit) and limit <= until:
            yield Verdict(max(call.at, limit), False, call.severity)  # it may have opened long after it was accepted


def _whose(indicator: Mapping[str, Any], component_id: int) -> Q:
    of = indicator.get("of") or "component"
    if of == "all":
        return Q()
    if of == "team":
        owner = _owner_of(component_id)
        return Q(incident__owner=owner) if owner else Q(pk__in=[])
    return Q(incident__component=component_id)


def _owner_of(component_id: int) -> int | None:
    return Component.objects.filter(pk=component_id).values_list("owner_id", flat=True).first()


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
