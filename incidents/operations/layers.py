"""Layers of a schedule: add one above the others, change it from a moment on, end it, put them in another order.

A version is never edited, and none begins in the past, so that "who was on call then" keeps its answer.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from catalog.access import Actor
from catalog.operations import record_audit
from incidents.models import LayerVersion, Schedule
from incidents.oncall.schedules import in_force
from incidents.operations.turns import Turns, at_least, check, expanded, not_before, same, told, turns_of, wrong_turns
from portal.lib.errors import Expected, FieldError, Missing

MOST_LAYERS = 20


class NoSuchLayer(Missing):
    """The schedule has no such layer, or it was taken away."""


class LastLayer(Expected):
    """This is the schedule's only layer; without it nobody would be on call. Change its people instead."""


@transaction.atomic
def change_rotation(*, schedule: Schedule, turns: Turns, by: Actor, now: datetime, position: int = 0) -> LayerVersion:
    """From `turns.starts_at` on the layer at `position` says `turns`; what was before stays as it was.

    The first person has it from that very moment. Changes of it planned for later are dropped. Raises Invalid,
    NoSuchLayer.
    """
    schedule = _locked(schedule)
    if position and not schedule.layers.filter(position=position).exists():
        raise NoSuchLayer
    (turns,) = expanded([not_before(turns, now)])
    check(wrong_turns([turns]))
    return _written(schedule, turns, position, by, now)


@transaction.atomic
def add_layer(*, schedule: Schedule, turns: Turns, by: Actor, now: datetime) -> LayerVersion:
    """A further layer above all others. Raises Invalid."""
    schedule = _locked(schedule)
    (turns,) = expanded([not_before(turns, now)])
    check(wrong_turns([turns]))
    _refuse_too_many(schedule, now, 1)
    return _written(schedule, turns, top(schedule) + 1, by, now)


@transaction.atomic
def end_layer(*, schedule: Schedule, position: int, at: datetime, by: Actor, now: datetime) -> LayerVersion:
    """From `at` on the layer has nobody, and those below it show. Raises NoSuchLayer, LastLayer, Invalid."""
    schedule = _locked(schedule)
    held = {row.position: row for row in in_force(schedule.layers.all(), at)}
    if position not in held:
        raise NoSuchLayer
    if len(held) == 1:
        raise LastLayer
    return _ended(schedule, held[position], not_before(turns_of_at(held[position], at), now).starts_at, by, now)


@transaction.atomic
def order_layers(
    *, schedule: Schedule, positions: Sequence[int], at: datetime, by: Actor, now: datetime
) -> list[LayerVersion]:
    """From `at` on the layers lie in this order, from bottom to top; each carries on in its turn.

    `positions` are those of all layers in force then. Raises Invalid.
    """
    schedule = _locked(schedule)
    made = moved_layers(schedule, positions, at)
    if not made:
        return []
    at = not_before(turns_of_at(made[0], at), now).starts_at
    for row in made:
        row.starts_at, row.created_at, row.created_by = max(at, row.starts_at), now, by.person
    schedule.layers.filter(position__in=[row.position for row in made], starts_at__gte=at).delete()
    LayerVersion.objects.bulk_create(made)
    slots = sorted(positions)
    _record(by, "order-layers", schedule, {"layers": (slots, list(positions))}, now)
    return made


def write_layers(*, schedule: Schedule, layers: Sequence[Turns], by: Actor, now: datetime) -> bool:
    """Make the schedule have these layers, from bottom to top, already checked; whether that changed anything.

    Each that differs holds from its `starts_at`, or from now where that has passed; layers above are ended now.
    """
    changed = False
    for position, turns in enumerate(layers):
        held = version_at(schedule, max(turns.starts_at, now), position)
        if held is None or not held.people or not same(turns_of(held), turns):
            _written(schedule, at_least(turns, now) if held else turns, position, by, now)
            changed = True
    for row in in_force(schedule.layers.all(), now):
        if row.position >= len(layers):
            _ended(schedule, row, now, by, now)
            changed = True
    return changed


def version_at(schedule: Schedule, at: datetime, position: int = 0) -> LayerVersion | None:
    """The newest version of a position that has begun at `at`."""
    return schedule.layers.filter(position=position, starts_at__lte=at).order_by("starts_at", "pk").last()


def turns_of_at(row: LayerVersion, at: datetime) -> Turns:
    """What a version says, beginning at `at`."""
    return Turns(tuple(row.people), at, row.unit, row.length, row.handoff, row.weekday, row.name)


def _written(schedule: Schedule, turns: Turns, position: int, by: Actor, now: datetime) -> LayerVersion:
    before = version_at(schedule, turns.starts_at, position)
    schedule.layers.filter(position=position, starts_at__gte=turns.starts_at).delete()  # never began: nothing is lost
    made = turns.version(schedule, position)
    made.created_at, made.created_by = now, by.person
    made.save(force_insert=True)
    was = told(turns_of(before)) if before and before.people else None
    key = "rotation" if position == 0 else f"layer {position}"
    _record(by, "change-rotation" if before or position == 0 else "add-layer", schedule, {key: (was, told(turns))}, now)
    return made


def _ended(schedule: Schedule, row: LayerVersion, at: datetime, by: Actor, now: datetime) -> LayerVersion:
    schedule.layers.filter(position=row.position, starts_at__gte=at).delete()
    made = LayerVersion.objects.create(
        schedule=schedule, position=row.position, name=row.name, people=[], unit=row.unit, length=row.length,
        handoff=row.handoff, weekday=row.weekday, starts_at=at, created_at=now, created_by=by.person,
    )  # fmt: skip
    _record(by, "end-layer", schedule, {f"layer {row.position}": (told(turns_of(row)), None)}, now)
    return made


def moved_layers(schedule: Schedule, positions: Sequence[int], at: datetime) -> list[LayerVersion]:
    """Versions that put the layers in force at `at` in this order, from bottom to top; not saved. Raises Invalid."""
    held = {row.position: row for row in in_force(schedule.layers.all(), at)}
    if sorted(positions) != sorted(held):
        known = ", ".join(str(one) for one in sorted(held))
        check([FieldError("positions", "incomplete", f"Name each of the layers {known} once, from bottom to top.")])
    pairs = zip(sorted(held), positions, strict=True)
    return [_moved(held[old], slot, at) for slot, old in pairs if slot != old]


def _moved(row: LayerVersion, slot: int, at: datetime) -> LayerVersion:
    return LayerVersion(
        schedule=row.schedule, position=slot, name=row.name, people=row.people, unit=row.unit, length=row.length,
        handoff=row.handoff, weekday=row.weekday, starts_at=max(at, row.starts_at), ends_at=row.ends_at,
        restrictions=row.restrictions, counted_from=row.counted_from or row.starts_at, created_at=at,
    )  # fmt: skip


def _locked(schedule: Schedule) -> Schedule:
    return Schedule.objects.select_for_update().get(pk=schedule.pk)


def top(schedule: Schedule) -> int:
    """The highest position that any layer ever had; -1 without one."""
    return max(schedule.layers.values_list("position", flat=True), default=-1)


def _refuse_too_many(schedule: Schedule, now: datetime, more: int) -> None:
    if len(in_force(schedule.layers.all(), now)) + more > MOST_LAYERS:
        check([FieldError("layers", "too-many", f"A schedule has at most {MOST_LAYERS} layers.")])


def _record(by: Actor, verb: str, schedule: Schedule, diff: dict[str, tuple[object, object]], now: datetime) -> None:
    record_audit(actor=by, action=f"schedule.{verb}", object_ref=f"schedule:{schedule.slug}", diff=diff, now=now)
