"""Which maintenance windows hold when: for pages, for paging (`holds_pages`), for budgets (`excludes_budget`)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from catalog.models import Component, MaintenanceWindow
from catalog.recurrence import Plan, occurrences, upcoming

AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which a window holds: `[start, end)`, cut off where it was withdrawn."""

    window: MaintenanceWindow
    start: datetime
    end: datetime


Found = Mapping[int, list[Occurrence]]


def windows_at(
    component_ids: Collection[int],
    now: datetime,
    *,
    holds_pages: bool | None = None,
    excludes_budget: bool | None = None,
) -> Found:
    """What holds at `now`, by component, for those of which anything does. Two queries, however many ids."""
    return windows_between(
        component_ids, now, now + AN_INSTANT, holds_pages=holds_pages, excludes_budget=excludes_budget
    )


def windows_between(
    component_ids: Collection[int],
    start: datetime,
    end: datetime,
    *,
    holds_pages: bool | None = None,
    excludes_budget: bool | None = None,
) -> Found:
    """What holds anywhere in `[start, end)`, by component, by start; a team's windows reach all it owns now."""
    owners = dict(Component.objects.filter(pk__in=component_ids).order_by().values_list("pk", "owner_id"))
    teams = {owner for owner in owners.values() if owner is not None}
    rows = _touching(start, end).filter(Q(component__in=list(owners)) | Q(team__in=teams))
    if holds_pages is not None:
        rows = rows.filter(holds_pages=holds_pages)
    if excludes_budget is not None:
        rows = rows.filter(excludes_budget=excludes_budget)
    of_component: dict[int, list[Occurrence]] = {}
    of_team: dict[int, list[Occurrence]] = {}
    for row in rows:
        held = of_component.setdefault(row.component_id, []) if row.component_id else None
        held = of_team.setdefault(row.team_id, []) if held is None and row.team_id else held
        if held is not None:
            held.extend(occurrences_of(row, start, end))
    both = ((pk, [*of_component.get(pk, ()), *of_team.get(owner or 0, ())]) for pk, owner in owners.items())
    return {pk: sorted(found, key=_by_start) for pk, found in both if found}


def occurrences_of(window: MaintenanceWindow, start: datetime, end: datetime) -> Iterator[Occurrence]:
    """When it holds within `[start, end)`; not beyond its withdrawal."""
    gone = window.withdrawn_at
    for opens, closes in occurrences(_plan(window), start, min(end, gone) if gone else end):
        closes = min(closes, gone) if gone else closes
        if opens < closes:
            yield Occurrence(window, opens, closes)


def budget_windows(start: datetime, end: datetime) -> list[MaintenanceWindow]:
    """Those of any component or team that can leave budgets in `[start, end)`; ask `occurrences_of` when."""
    return list(_touching(start, end, MaintenanceWindow.objects.filter(excludes_budget=True)))


def next_of(window: MaintenanceWindow, now: datetime) -> Occurrence | None:
    """When it begins next."""
    span = None if window.withdrawn_at else upcoming(_plan(window), now)
    return Occurrence(window, *span) if span else None


def running_windows(now: datetime, rows: QuerySet[MaintenanceWindow] | None = None) -> list[Occurrence]:
    """All that hold at `now`, of `rows` where given."""
    found = _touching(now, now + AN_INSTANT, rows)
    return [one for row in found for one in occurrences_of(row, now, now + AN_INSTANT)]


def planned_windows(now: datetime) -> QuerySet[MaintenanceWindow]:
    """Those that hold now or may hold again."""
    return _whole().filter(withdrawn_at=None).filter(~Q(rrule="") | Q(ends_at__gt=now))


def past_windows(now: datetime) -> QuerySet[MaintenanceWindow]:
    """Single ones that are over, and what was withdrawn."""
    return _whole().exclude(pk__in=planned_windows(now).order_by().values("pk"))


def all_windows(_now: datetime) -> QuerySet[MaintenanceWindow]:
    """Every one there ever was."""
    return _whole()


def window_by_id(pk: int) -> MaintenanceWindow | None:
    """With what it is for."""
    return _whole().filter(pk=pk).first()


def _whole() -> QuerySet[MaintenanceWindow]:
    return MaintenanceWindow.objects.select_related("component__owner", "team", "created_by")


def _touching(
    start: datetime, end: datetime, rows: QuerySet[MaintenanceWindow] | None = None
) -> QuerySet[MaintenanceWindow]:
    """Those that can hold in `[start, end)`."""
    held = (_whole() if rows is None else rows).filter(starts_at__lt=end).order_by("starts_at", "pk")
    return held.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=start)).filter(~Q(rrule="") | Q(ends_at__gt=start))


def _plan(window: MaintenanceWindow) -> Plan:
    return Plan(window.starts_at.astimezone(UTC), window.ends_at.astimezone(UTC), window.rrule, window.time_zone)


def _by_start(one: Occurrence) -> tuple[datetime, int]:
    return one.start, one.window.pk
