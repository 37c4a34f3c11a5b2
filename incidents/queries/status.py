"""What the status page asks: what is broken, what was said of it, how each day of each capability was."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from catalog.models import Component, System
from incidents.models import Alert, Incident, StatusUpdate
from incidents.models.incident import WORST_TOLD
from incidents.queries.said import with_said
from slo.queries.fleet import FleetFilter, FleetRow, fleet, row

AT_MOST = 100
PROMISES_AT_MOST = 1_000

DAYS = """
SELECT capability, day::date, min(severity), count(DISTINCT number)
  FROM (SELECT CASE WHEN c.system_id = ANY(%(systems)s) THEN 's' || c.system_id ELSE 'c' || c.id END AS capability,
               i.severity, i.number,
               generate_series((greatest(i.opened_at, %(since)s) AT TIME ZONE %(zone)s)::date,
                               (coalesce(i.resolved_at, %(now)s) AT TIME ZONE %(zone)s)::date, interval '1 day') AS day
          FROM incidents_incident i JOIN catalog_component c ON c.id = i.component_id
         WHERE NOT i.is_drill AND i.severity <= %(worst)s AND (i.resolved_at IS NULL OR i.resolved_at >= %(since)s)
           AND i.opened_at <= %(now)s
           AND (c.system_id = ANY(%(systems)s) OR c.id = ANY(%(components)s))) AS touched
 GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Capability:
    """Something the platform can do: a system, or a component of tier 1 that is in none. `key` is s12 or c34."""

    key: str
    thing: System | Component
    since: datetime
    """Since when the catalog knows it; of days before, nothing is known."""


@dataclass(frozen=True, slots=True)
class DayOf:
    """The worst severity of a day, and how many incidents touched it."""

    severity: int
    incidents: int


def capabilities() -> list[Capability]:
    """Systems that hold a living component of tier 1, and components of tier 1 outside any system; by name."""
    found: dict[str, Capability] = {}
    vital = Component.objects.filter(tier=Component.Tier.COMPANY, retired_at=None).select_related("system")
    for one in vital.order_by("created_at", "pk"):
        thing: System | Component = one.system if one.system and one.system.retired_at is None else one
        key = f"{'s' if isinstance(thing, System) else 'c'}{thing.pk}"
        found.setdefault(key, Capability(key, thing, thing.created_at))
    return sorted(found.values(), key=lambda capability: capability.thing.label.lower())[:AT_MOST]


def days_of(
    wanted: Collection[Capability], *, since: datetime, now: datetime, zone: str
) -> Mapping[str, Mapping[date, DayOf]]:
    """By capability the days since then that an incident of P1 to P3 touched, in the days of `zone`; one question."""
    systems = [one.thing.pk for one in wanted if isinstance(one.thing, System)]
    components = [one.thing.pk for one in wanted if isinstance(one.thing, Component)]
    found: dict[str, dict[date, DayOf]] = {one.key: {} for one in wanted}
    given: dict[str, Any] = {"systems": systems, "components": components, "since": since, "now": now, "zone": zone}
    with connection.cursor() as cursor:
        cursor.execute(DAYS, {**given, "worst": int(WORST_TOLD)})
        for key, day, severity, count in cursor.fetchall():
            if key in found:
                found[key][day] = DayOf(severity, count)
    return found


def promises_of(wanted: Collection[Capability]) -> Mapping[str, list[FleetRow]]:
    """By capability what is promised of its tier 1: what burns first, then least budget left; one question."""
    keys = {(isinstance(one.thing, System), one.thing.pk): one.key for one in wanted}
    systems = [pk for is_system, pk in keys if is_system]
    components = [pk for is_system, pk in keys if not is_system]
    vital = Q(definition__component__tier=Component.Tier.COMPANY, definition__component__retired_at=None)
    theirs = Q(definition__component__system__in=systems) | Q(definition__component__in=components)
    found: dict[str, list[FleetRow]] = {one.key: [] for one in wanted}
    for objective in fleet(FleetFilter(sort="remaining")).filter(vital & theirs)[:PROMISES_AT_MOST]:
        component = objective.definition.component
        key = keys.get((True, component.system_id or 0)) or keys.get((False, component.pk))
        if key is not None:
            found[key].append(row(objective))
    return {key: sorted(rows, key=lambda one: not one.firing) for key, rows in found.items()}


def broken_now(*, unconfirmed: bool = False) -> list[Incident]:
    """Open incidents of P1 to P3 that are no symptoms, the worst first, with `said`: what was told, newest first.

    `symptoms_open` counts what else fires because of them. With `unconfirmed`, those too that somebody resolved while
    an alert of theirs fires.
    """
    is_told = ~Q(state=Incident.State.RESOLVED)
    if unconfirmed:
        firing = Alert.objects.filter(incident=OuterRef("pk"), cleared_at=None)
        is_told |= Q(Exists(firing), state=Incident.State.RESOLVED, check_again_at__isnull=False)
    still = Count("symptoms", filter=~Q(symptoms__state=Incident.State.RESOLVED))
    found: QuerySet[Incident] = (
        Incident.objects.filter(is_told)
        .filter(severity__lte=WORST_TOLD, root=None, is_drill=False)
        .select_related("component__system", "owner", "acknowledged_by", "resolved_by")
        .annotate(symptoms_open=still)
    )
    return list(with_said(found).order_by("severity", "opened_at")[:AT_MOST])


def ended_lately(since: datetime) -> list[Incident]:
    """Incidents of P1 to P3 that ended since then, the last first, with `said`: their public updates, newest first."""
    found = Incident.objects.filter(resolved_at__gte=since, severity__lte=WORST_TOLD, root=None, is_drill=False)
    return list(with_said(found.select_related("component")).order_by("-resolved_at")[:AT_MOST])


def updates_of(incident: Incident) -> Sequence[StatusUpdate]:
    """Newest first."""
    return list(incident.updates.select_related("person"))
