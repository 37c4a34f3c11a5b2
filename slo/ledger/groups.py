"""Cursor groups: what is leased, where it stands, and how groups meet and part.

A group's lease is its `leased_until`: whoever finds another value there has lost it and must write nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef

from portal.lib.errors import Expected
from slo.counting import State, merge
from slo.ledger.series import load_state, store_state
from slo.models import Cursor, CursorGroup, Ledger, Objective, SeriesState

LEASE = timedelta(seconds=90)
MOST_LEDGERS = 2_000
"""A group takes in others up to this many ledgers; more groups are more workers' work."""


class LeaseLost(Expected):
    """Another worker has taken this batch over; it counts the same samples, so nothing of ours may be written."""


@dataclass(frozen=True, slots=True)
class LeasedGroup:
    """A group that is ours until `leased_until`."""

    pk: int
    source_id: int | None
    cursor: datetime
    filling: bool
    failures: int
    step: timedelta | None
    leased_until: datetime
    provisional_from: datetime | None = None
    """Where the stretch begins that came from partial answers, and must be counted again as a whole."""

    @property
    def counted_until(self) -> datetime:
        """Up to where counting is done with: the states of its series are from then."""
        return self.provisional_from or self.cursor


class AnySource(Enum):
    """Whatever source, in place of one."""

    ANY = "any"


ANY_SOURCE = AnySource.ANY


def has_several_sources() -> bool:
    """Whether more than one source is followed, the portal itself among them."""
    return CursorGroup.objects.order_by().values("source").distinct()[:2].count() > 1


def due_sources(*, now: datetime, filling: bool) -> list[int | None]:
    """The sources of which a group is due and free, those due longest first; None is the portal itself."""
    free = models.Q(leased_until__isnull=True) | models.Q(leased_until__lt=now)
    due = CursorGroup.objects.filter(free, filling=filling, next_due_at__lte=now)
    return list(due.values_list("source", flat=True).annotate(since=models.Min("next_due_at")).order_by("since"))


@transaction.atomic
def lease_due(
    *, now: datetime, filling: bool, source: int | AnySource | None = ANY_SOURCE
) -> LeasedGroup | None:  # fmt: skip
    """Lease the group (of one `source`) that has been due longest, united with those it meets; None: nothing is due."""
    mine = {} if isinstance(source, AnySource) else {"source": source}
    due = _free(now).filter(filling=filling, next_due_at__lte=now, **mine).order_by("next_due_at").first()
    if due is None:
        return None
    group = due if filling else _united(due, now)
    group.leased_until = now + LEASE
    group.save(update_fields=["leased_until"])
    return LeasedGroup(
        group.pk,
        group.source_id,
        group.cursor,
        group.filling,
        group.failures,
        group.step,
        group.leased_until,
        group.provisional_from,
    )


def _free(now: datetime) -> models.QuerySet[CursorGroup]:
    free = models.Q(leased_until__isnull=True) | models.Q(leased_until__lt=now)
    return CursorGroup.objects.filter(free).select_for_update(skip_locked=True, of=("self",))


def _united(due: CursorGroup, now: datetime) -> CursorGroup:
    """The due group as one with the free groups of its source that stand where it does."""
    if due.failures or due.provisional_from:
        return due
    alike = _free(now).filter(
        source=due.source_id, cursor=due.cursor, filling=False, failures=0, provisional_from=None
    )  # fmt: skip
    met = list(alike.filter(Exists(SeriesState.objects.filter(group=OuterRef("pk")))))
    if len(met) < 2 or due not in met:
        return due
    counts = Cursor.objects.filter(group__in=met).values_list("group").annotate(n=Count("ledger"))
    sizes: dict[int, int] = dict(counts)
    met.sort(key=lambda group: -sizes.get(group.pk, 0))
    host, room = met[0], MOST_LEDGERS - sizes.get(met[0].pk, 0)
    guests: list[CursorGroup] = []
    for group in met[1:]:
        if sizes.get(group.pk, 0) <= room:
            room -= sizes.get(group.pk, 0)
            guests.append(group)
    _take_in(host, guests)
    return host


def _take_in(host: CursorGroup, guests: Collection[CursorGroup]) -> None:
    if not guests:
        return
    states = [load_state(group.pk) or State() for group in (host, *guests)]
    store_state(host.pk, merge(*states))
    Cursor.objects.filter(group__in=guests).update(group=host)
    CursorGroup.objects.filter(pk__in=[group.pk for group in guests]).delete()


def hold(group: LeasedGroup) -> None:
    """Lock the group for the transaction that appends. Raises LeaseLost."""
    found = CursorGroup.objects.select_for_update().filter(pk=group.pk).values_list("leased_until", "cursor").first()
    if found != (group.leased_until, group.cursor):
        raise LeaseLost


def advance(
    group: LeasedGroup, *, until: datetime, next_due_at: datetime, provisional_from: datetime | None = None
) -> None:
    """Move the group to the bucket that ends at `until` and give the lease back. Hold it first."""
    CursorGroup.objects.filter(pk=group.pk).update(
        cursor=until,
        next_due_at=next_due_at,
        leased_until=None,
        failures=0,
        error="",
        provisional_from=provisional_from,
    )


def postpone(group: LeasedGroup, *, next_due_at: datetime, error: str = "") -> None:
    """Give the lease back without having moved; with an `error` it counts as one more failure in a row."""
    failures = models.F("failures") + 1 if error else models.F("failures")
    CursorGroup.objects.filter(pk=group.pk, leased_until=group.leased_until).update(
        next_due_at=next_due_at, leased_until=None, failures=failures, error=error
    )


def set_step(group: LeasedGroup, *, step: timedelta, next_due_at: datetime) -> None:
    """Ask for less at once from now on: the source found it too heavy."""
    CursorGroup.objects.filter(pk=group.pk, leased_until=group.leased_until).update(
        step=step, next_due_at=next_due_at, leased_until=None
    )


def eject(
    group: LeasedGroup, ledgers: Mapping[int, str], *, states: Mapping[int, State], next_due_at: datetime
) -> None:
    """Give each of `ledgers` (with what is wrong) a group of its own, where it waits with its part of the state."""
    for ledger_id, error in ledgers.items():
        alone = CursorGroup.objects.create(
            source_id=group.source_id,
            cursor=group.cursor,
            provisional_from=group.provisional_from,
            filling=group.filling,
            next_due_at=next_due_at,
            failures=group.failures + 1,
            error=error,
        )
        if ledger_id in states:
            store_state(alone.pk, states[ledger_id])
        Cursor.objects.filter(ledger=ledger_id).update(group=alone)


def open_ledger(
    *,
    objective: Objective,
    revision: int,
    source_id: int | None,
    type: str,
    indicator: Mapping[str, Any],
    start: datetime,
    now: datetime,
    approximate: bool = False,
    fallback: str = "",
) -> Ledger:
    """A new ledger whose history from `start` on is to be read; the first one of an objective is in force at once.

    Others of the objective that are still being filled are given up: their indicator is outdated already.
    """
    retire_ledgers(objective_id=objective.pk, but=objective.ledger_id, now=now)
    ledger = Ledger.objects.create(
        objective=objective,
        revision=revision,
        source_id=source_id,
        type=type,
        indicator=dict(indicator),
        approximate=approximate,
        fallback=fallback,
        starts_at=start,
        created_at=now,
    )
    Cursor.objects.create(ledger=ledger, group=_group_at(source_id, start, now), bucket=start)
    if objective.ledger_id is None:
        objective.ledger = ledger
        objective.save(update_fields=["ledger"])
    return ledger


def _group_at(source_id: int | None, start: datetime, now: datetime) -> CursorGroup:
    """A group that is about to begin at `start` too, so that histories are read together; else one of its own."""
    fresh = _free(now).filter(source=source_id, cursor=start, filling=True, failures=0)
    found = fresh.exclude(Exists(SeriesState.objects.filter(group=OuterRef("pk")))).first()
    return found or CursorGroup.objects.create(source_id=source_id, cursor=start, filling=True, next_due_at=now)


def finish_filling(group: LeasedGroup, *, now: datetime) -> None:
    """The group's ledgers have caught up: from now on each is the one in force, and those it replaces are retired."""
    CursorGroup.objects.filter(pk=group.pk).update(filling=False, step=None)
    for ledger in Ledger.objects.filter(cursor__group=group.pk).select_related("objective"):
        Ledger.objects.filter(pk=ledger.pk, filled_at=None).update(filled_at=now)
        if ledger.objective.ledger_id != ledger.pk:
            Objective.objects.filter(pk=ledger.objective_id).update(ledger=ledger)
        retire_ledgers(objective_id=ledger.objective_id, but=ledger.pk, now=now)


def retire_ledgers(*, objective_id: int, now: datetime, but: int | None = None) -> None:
    """Stop appending to an objective's ledgers, all `but` one; what they hold stays."""
    kept = [] if but is None else [but]
    Cursor.objects.filter(ledger__objective=objective_id).exclude(ledger__in=kept).delete()
    Ledger.objects.filter(objective=objective_id, retired_at=None).exclude(pk__in=kept).update(retired_at=now)


def drop_empty(group: LeasedGroup) -> bool:
    """Remove a group without ledgers; answers whether it was one."""
    if Cursor.objects.filter(group=group.pk).exists():
        return False
    CursorGroup.objects.filter(pk=group.pk, leased_until=group.leased_until, cursors=None).delete()
    return True
