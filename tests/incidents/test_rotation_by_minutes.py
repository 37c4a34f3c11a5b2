"""The closed form against a minute-by-minute walk, over the edges of summer time."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from incidents.oncall.rotation import (
    EVERY_DAY,
    Layer,
    Override,
    Schedule,
    Shift,
    Unit,
    Window,
    layer_on_call,
    on_call,
    stretches,
)
from tests.effort import examples
from tests.incidents.rotation_by_minutes import MINUTE, layer_by_minutes, schedule_by_minutes, utc

EDGES = {
    "Berlin in spring": ("Europe/Berlin", utc(2026, 3, 29, 1)),
    "Berlin in autumn": ("Europe/Berlin", utc(2026, 10, 25, 1)),
    "Chicago in spring": ("America/Chicago", utc(2026, 3, 8, 8)),
    "Chicago in autumn": ("America/Chicago", utc(2026, 11, 1, 7)),
    "Lord Howe in spring": ("Australia/Lord_Howe", utc(2026, 10, 3, 15, 30)),
    "Lord Howe in autumn": ("Australia/Lord_Howe", utc(2026, 4, 4, 15)),
    "Kolkata, which has no summer time": ("Asia/Kolkata", utc(2026, 3, 29, 1)),
}
"""Zone and the instant at which its clock jumps."""

HANDOFFS = [time(0), time(1, 45), time(2), time(2, 15), time(2, 30), time(3)]
BEFORE = timedelta(days=10)
AFTER = timedelta(days=4)


def by_closed_form(schedule: Schedule, start: datetime, end: datetime) -> list[str | None]:
    minutes: list[str | None] = []
    for stretch in stretches(schedule, start, end):
        assert stretch.start is not None
        assert stretch.end is not None
        person = stretch.person if isinstance(stretch, Shift) else None
        minutes += [person] * ((stretch.end - stretch.start) // MINUTE)
    return minutes


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("handoff", HANDOFFS, ids=str)
@pytest.mark.parametrize(("unit", "length"), [(Unit.DAY, 1), (Unit.DAY, 2), (Unit.WEEK, 1), (Unit.HOUR, 7)])
def test_every_minute_over_a_clock_change_has_the_person_that_walking_finds(
    edge: str, handoff: time, unit: Unit, length: int
) -> None:
    zone, jump = EDGES[edge]
    start, end = jump - timedelta(days=2), jump + timedelta(days=2)
    layer = Layer("one", ("ada", "bo", "cy"), unit, start, zone, length, handoff, weekday=6)
    schedule = Schedule(zone, (layer,))
    assert by_closed_form(schedule, start, end) == schedule_by_minutes(schedule, start, end)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize(
    "window",
    [
        Window(time(22), time(2, 30)),
        Window(time(2, 30), time(22)),
        Window(time(2), time(2, 15)),
        Window(time(9), time(17), frozenset({0, 1, 2, 3, 4})),
        Window(time(18), time(9), frozenset({5})),
        Window(time(0), time(0), frozenset({6})),
    ],
    ids=str,
)
def test_restrictions_open_and_close_by_the_local_clock(edge: str, window: Window) -> None:
    zone, jump = EDGES[edge]
    start, end = jump - timedelta(days=2), jump + timedelta(days=2)
    layer = Layer("nights", ("ada", "bo"), Unit.DAY, start, zone, handoff=time(2), restrictions=(window,))
    schedule = Schedule(zone, (layer,))
    assert by_closed_form(schedule, start, end) == schedule_by_minutes(schedule, start, end)


times = st.sampled_from([*HANDOFFS, time(22), time(17), time(12, 20)])
windows = st.builds(Window, times, times, st.frozensets(st.integers(0, 6), min_size=1) | st.just(EVERY_DAY))
layers = st.builds(
    Layer,
    name=st.sampled_from(["low", "middle", "high"]),
    people=st.lists(st.sampled_from("abcd"), min_size=0, max_size=5).map(tuple),
    unit=st.sampled_from(Unit),
    start=st.integers(0, 10 * 1440).map(lambda minutes: utc(2026, 1, 1) + minutes * MINUTE),
    zone=st.just("UTC"),
    length=st.integers(1, 5),
    handoff=times,
    weekday=st.integers(0, 6),
    restrictions=st.lists(windows, max_size=2).map(tuple),
)
overrides = st.builds(
    Override,
    person=st.sampled_from(["x", "y", None]),
    start=st.integers(0, 13 * 1440).map(lambda minutes: utc(2026, 1, 1) + minutes * MINUTE),
    end=st.integers(0, 13 * 1440).map(lambda minutes: utc(2026, 1, 1) + minutes * MINUTE),
    key=st.sampled_from(["1", "2", "3"]),
)


def moved_to(edge: str, drawn: list[Layer], above: list[Override]) -> Schedule:
    """The drawn schedule, put so that its first fortnight spans the clock change."""
    zone, jump = EDGES[edge]
    shift = jump - BEFORE - utc(2026, 1, 1)
    return Schedule(
        zone,
        tuple(replace(layer, zone=zone, start=layer.start + shift) for layer in drawn),
        tuple(replace(over, start=over.start + shift, end=over.end + shift) for over in above),
    )


@settings(max_examples=examples(40), deadline=None)
@given(edge=st.sampled_from(list(EDGES)), drawn=st.lists(layers, max_size=3), above=st.lists(overrides, max_size=3))
def test_any_pile_of_layers_and_overrides_agrees_with_walking(
    edge: str, drawn: list[Layer], above: list[Override]
) -> None:
    schedule = moved_to(edge, drawn, above)
    start, end = EDGES[edge][1] - BEFORE, EDGES[edge][1] + AFTER
    walked = schedule_by_minutes(schedule, start, end)
    assert by_closed_form(schedule, start, end) == walked
    for index in range(0, len(walked), 97):
        found = on_call(schedule, start + index * MINUTE)
        assert (found.person if isinstance(found, Shift) else None) == walked[index]


OVERLAPPING = Layer(
    "low", ("a",), Unit.HOUR, utc(2026, 1, 1), "UTC", 1, time(0), 0,
    restrictions=(Window(time(0), time(0)), Window(time(1, 45), time(1, 45), frozenset({0, 1, 4}))),
)  # fmt: skip


@settings(max_examples=examples(60), deadline=None)
@example(edge="Berlin in spring", drawn=[OVERLAPPING], above=[])
@given(edge=st.sampled_from(list(EDGES)), drawn=st.lists(layers, max_size=3), above=st.lists(overrides, max_size=3))
def test_a_stretch_holds_its_moment_and_one_answer_throughout(
    edge: str, drawn: list[Layer], above: list[Override]
) -> None:
    schedule = moved_to(edge, drawn, above)
    at = EDGES[edge][1] - timedelta(hours=30)
    found = on_call(schedule, at)
    first = found.start or at - timedelta(days=2)
    last = (found.end or at + timedelta(days=2)) - MINUTE
    assert first <= at <= last
    for moment in (first, last):
        there = on_call(schedule, moment)
        assert (type(there), there.start, there.end) == (type(found), found.start, found.end)
        assert getattr(there, "person", None) == getattr(found, "person", None)


@pytest.mark.parametrize("length", [1, 3])
def test_a_layer_years_old_answers_as_one_that_was_walked(length: int) -> None:
    layer = Layer("old", ("a", "b", "c"), Unit.WEEK, utc(2024, 10, 1), "Europe/Berlin", length, time(2, 30), 6)
    walked = list(layer_by_minutes(layer, utc(2024, 10, 1), utc(2025, 4, 15)))
    for index in range(0, len(walked), 59):
        found = layer_on_call(layer, utc(2024, 10, 1) + index * MINUTE)
        assert isinstance(found, Shift)
        assert found.person == walked[index]
