"""The ledger that an objective counts in from now on: whichever way it came to need one."""

from datetime import datetime

from portal.lib.hints import nudge
from slo import ledger
from slo.backfill import history_start
from slo.indicators import kinds
from slo.models import Definition, Objective
from slo.windows import Calendar, Period


def begin(objective: Objective, *, now: datetime, fallback: str = "") -> None:
    """Open a ledger for what the objective's definition counts now, to be filled from its period's beginning.

    One of a group counts its part; the pattern of a group counts nothing, its children are looked for instead. With
    `fallback`, the reason why, it is counted by increase(). In the caller's transaction.
    """
    definition = objective.definition
    if definition.group_by and objective.parent_id is None:
        ledger.retire_ledgers(objective_id=objective.pk, now=now)
        objective.ledger = None
        Objective.objects.filter(pk=objective.pk).update(ledger=None)
        Definition.objects.filter(pk=definition.pk).update(grouped_at=None)
        nudge("slo.discover_groups")
        return
    kind, newest = kinds[definition.type], objective.ledgers.order_by("-revision").first()
    ledger.open_ledger(
        objective=objective,
        revision=max(definition.revision, newest.revision + 1 if newest else 1),
        source_id=definition.source_id,
        type=definition.type,
        indicator=kind.narrowed(definition.indicator, objective.group_values)
        if objective.group_values
        else definition.indicator,
        start=history_start(period_of(objective), now=now),
        now=now,
        approximate=kind.approximate or bool(fallback),
        fallback=fallback,
    )
    nudge("slo.backfill_due")


def period_of(objective: Objective) -> Period:
    """The period its promise is about."""
    calendar: Calendar | None = objective.calendar or None  # type: ignore[assignment]  # checked by the table
    return Period(objective.window_days, calendar, objective.time_zone)
