"""Handoffs, written down: what a person would expect of their calendar."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incidents.oncall.rotation import (
    Gap,
    Handoff,
    Layer,
    Override,
    Schedule,
    Shift,
    Unit,
    Window,
    gaps,
    layer_shifts,
    next_handoff,
    on_call,
    shifts,
)
from tests.incidents.rotation_by_minutes import utc

BERLIN = "Europe/Berlin"
STARTED = utc(2026, 11, 2, 8)
NIGHT = Window(time(22), time(6))
WORKDAYS = frozenset(range(5))


def rotation(unit: Unit = Unit.WEEK, start: datetime = STARTED, **rest: Any) -> Layer:
    """Ada, Bo and Cy by turns, in Berlin at 09:00, unless told otherwise."""
    values: dict[str, Any] = {"name": "primary", "people": ("ada", "bo", "cy"), "zone": BERLIN} | rest
    return Layer(unit=unit, start=start, **values)


def handoffs(layer: Layer, start: datetime, end: datetime) -> list[str]:
    """`Sun 25 Oct 02:30+02:00 bo`: each shift's beginning in the layer's own zone."""
    zone = ZoneInfo(layer.zone)
    found = layer_shifts(layer, start, end)
    return [f"{shift.start.astimezone(zone):%a %d %b %H:%M%:z} {shift.person}" for shift in found if shift.start]


def test_a_weekly_rotation_keeps_nine_o_clock_when_summer_time_ends() -> None:
    layer = rotation(start=utc(2026, 10, 12, 7))
    assert handoffs(layer, utc(2026, 10, 12, 7), utc(2026, 11, 9)) == [
        "Mon 12 Oct 09:00+02:00 ada",
        "Mon 19 Oct 09:00+02:00 bo",
        "Mon 26 Oct 09:00+01:00 cy",
        "Mon 02 Nov 09:00+01:00 ada",
    ]


def test_a_start_in_mid_week_makes_a_short_first_turn() -> None:
    layer = rotation(start=utc(2026, 11, 18, 12))
    assert handoffs(layer, utc(2026, 11, 16), utc(2026, 12, 1)) == [
        "Wed 18 Nov 13:00+01:00 ada",
        "Mon 23 Nov 09:00+01:00 bo",
        "Mon 30 Nov 09:00+01:00 cy",
    ]


def test_a_fortnightly_rotation_hands_over_every_second_friday() -> None:
    layer = rotation(start=utc(2026, 11, 6, 8), length=2, weekday=4)
    assert handoffs(layer, utc(2026, 11, 6, 8), utc(2026, 12, 19)) == [
        "Fri 06 Nov 09:00+01:00 ada",
        "Fri 20 Nov 09:00+01:00 bo",
        "Fri 04 Dec 09:00+01:00 cy",
        "Fri 18 Dec 09:00+01:00 ada",
    ]


def test_a_handoff_in_the_spring_gap_happens_at_the_first_minute_that_exists() -> None:
    layer = rotation(Unit.DAY, start=utc(2026, 3, 27, 1, 30), handoff=time(2, 30))
    assert handoffs(layer, utc(2026, 3, 28), utc(2026, 3, 31)) == [
        "Sat 28 Mar 01:00+01:00 ada",
        "Sat 28 Mar 02:30+01:00 bo",
        "Sun 29 Mar 03:00+02:00 cy",
        "Mon 30 Mar 02:30+02:00 ada",
    ]


def test_a_handoff_in_the_autumn_overlap_happens_at_the_first_of_the_two() -> None:
    layer = rotation(Unit.DAY, start=utc(2026, 10, 24, 0, 30), handoff=time(2, 30))
    assert handoffs(layer, utc(2026, 10, 24, 0, 30), utc(2026, 10, 27)) == [
        "Sat 24 Oct 02:30+02:00 ada",
        "Sun 25 Oct 02:30+02:00 bo",
        "Mon 26 Oct 02:30+01:00 cy",
    ]


def test_lord_howe_moves_its_clock_by_half_an_hour() -> None:
    layer = rotation(Unit.DAY, start=utc(2026, 10, 2), zone="Australia/Lord_Howe", handoff=time(2, 15))
    assert handoffs(layer, utc(2026, 10, 2, 16), utc(2026, 10, 5)) == [
        "Sat 03 Oct 02:30+10:30 bo",
        "Sun 04 Oct 02:30+11:00 cy",
        "Mon 05 Oct 02:15+11:00 ada",
    ]


def test_hourly_turns_keep_elapsed_time_over_the_autumn_overlap() -> None:
    layer = rotation(Unit.HOUR, start=utc(2026, 10, 24, 22), length=2, handoff=time(0))
    assert handoffs(layer, utc(2026, 10, 24, 22), utc(2026, 10, 25, 5)) == [
        "Sun 25 Oct 00:00+02:00 ada",
        "Sun 25 Oct 02:00+02:00 bo",
        "Sun 25 Oct 03:00+01:00 cy",
        "Sun 25 Oct 05:00+01:00 ada",
    ]


def test_an_hourly_rotation_begins_with_its_first_person_whenever_it_starts() -> None:
    layer = rotation(Unit.HOUR, start=utc(2026, 11, 20, 13, 20), length=4)
    assert handoffs(layer, utc(2026, 11, 20), utc(2026, 11, 20, 23)) == [
        "Fri 20 Nov 14:20+01:00 ada",
        "Fri 20 Nov 17:00+01:00 bo",
        "Fri 20 Nov 21:00+01:00 cy",
    ]


def test_a_night_layer_over_a_day_layer_takes_over_at_ten_and_gives_back_at_six() -> None:
    days = rotation(Unit.WEEK, people=("ada",), name="days")
    nights = rotation(Unit.DAY, people=("bo", "cy"), name="nights", handoff=time(12), restrictions=(NIGHT,))
    found = shifts(Schedule(BERLIN, (days, nights)), utc(2026, 11, 10, 12), utc(2026, 11, 12))
    assert [(shift.start, shift.person, shift.layer) for shift in found] == [
        (utc(2026, 11, 10, 12), "ada", "days"),
        (utc(2026, 11, 10, 21), "cy", "nights"),
        (utc(2026, 11, 11, 5), "ada", "days"),
        (utc(2026, 11, 11, 21), "bo", "nights"),
    ]


def test_two_layers_that_share_a_boundary_in_the_overlap_hand_over_once() -> None:
    early = rotation(start=utc(2026, 10, 20), people=("ada",), restrictions=(Window(time(22), time(2, 30)),))
    late = rotation(start=utc(2026, 10, 20), people=("bo",), restrictions=(Window(time(2, 30), time(22)),))
    schedule = Schedule(BERLIN, (early, late))
    found = shifts(schedule, utc(2026, 10, 24, 22), utc(2026, 10, 25, 6))
    assert [(shift.start, shift.person) for shift in found] == [
        (utc(2026, 10, 24, 22), "ada"),
        (utc(2026, 10, 25, 0, 30), "bo"),
    ]


def test_working_hours_leave_evenings_and_the_weekend_to_nobody() -> None:
    office = rotation(people=("ada",), restrictions=(Window(time(9), time(17), WORKDAYS),))
    found = gaps(Schedule(BERLIN, (office,)), utc(2026, 11, 19, 12), utc(2026, 11, 23, 12))
    assert [(gap.start, gap.end) for gap in found] == [
        (utc(2026, 11, 19, 16), utc(2026, 11, 20, 8)),
        (utc(2026, 11, 20, 16), utc(2026, 11, 23, 8)),
    ]


def test_a_later_version_of_a_layer_begins_where_the_earlier_one_ends() -> None:
    change = utc(2026, 11, 16, 8)
    before = rotation(end=change)
    after = rotation(start=change, people=("dee", "ada"))
    found = shifts(Schedule(BERLIN, (before, after)), utc(2026, 11, 9, 8), utc(2026, 11, 30, 8))
    assert [(shift.start, shift.person) for shift in found] == [
        (utc(2026, 11, 9, 8), "bo"),
        (utc(2026, 11, 16, 8), "dee"),
        (utc(2026, 11, 23, 8), "ada"),
    ]


def test_an_override_splits_the_shift_below_it_and_a_later_one_wins() -> None:
    swap = Override("dee", utc(2026, 11, 3), utc(2026, 11, 5), "swap")
    sick = Override("eve", utc(2026, 11, 4), utc(2026, 11, 4, 12), "sick")
    found = shifts(Schedule(BERLIN, (rotation(),), (swap, sick)), utc(2026, 11, 2, 8), utc(2026, 11, 6))
    assert [(shift.start, shift.person, shift.override) for shift in found] == [
        (utc(2026, 11, 2, 8), "ada", None),
        (utc(2026, 11, 3), "dee", "swap"),
        (utc(2026, 11, 4), "eve", "sick"),
        (utc(2026, 11, 4, 12), "dee", "swap"),
        (utc(2026, 11, 5), "ada", None),
    ]


def test_an_override_with_nobody_is_a_gap_that_somebody_decided() -> None:
    closed = Override(None, utc(2026, 11, 3), utc(2026, 11, 4), "closed")
    schedule = Schedule(BERLIN, (rotation(),), (closed,))
    assert on_call(schedule, utc(2026, 11, 3, 12)) == Gap(utc(2026, 11, 3), utc(2026, 11, 4), "closed")


def test_before_the_first_start_and_after_the_end_there_is_nobody() -> None:
    schedule = Schedule(BERLIN, (rotation(end=utc(2026, 11, 5)),))
    assert on_call(schedule, utc(2026, 11, 1)) == Gap(None, utc(2026, 11, 2, 8))
    assert on_call(schedule, utc(2026, 11, 5)) == Gap(utc(2026, 11, 5), None)


def test_a_schedule_without_layers_and_a_layer_without_people_name_nobody() -> None:
    assert on_call(Schedule(BERLIN), utc(2026, 11, 5)) == Gap(None, None)
    assert on_call(Schedule(BERLIN, (rotation(people=()),)), utc(2026, 11, 5)) == Gap(None, None)


def test_the_next_handoff_passes_over_turns_of_the_same_person() -> None:
    schedule = Schedule(BERLIN, (rotation(people=("ada", "ada", "bo")),))
    assert next_handoff(schedule, utc(2026, 11, 3)) == Handoff(utc(2026, 11, 16, 8), "ada", "bo")


def test_one_person_alone_never_hands_over() -> None:
    schedule = Schedule(BERLIN, (rotation(people=("ada",)),))
    assert next_handoff(schedule, utc(2026, 11, 3)) is None
    assert on_call(schedule, utc(2026, 11, 3)) == Shift("ada", utc(2026, 11, 2, 8), None, "primary")


def test_the_end_of_a_layer_is_a_handoff_to_nobody() -> None:
    schedule = Schedule(BERLIN, (rotation(people=("ada",), end=utc(2026, 12, 1)),))
    assert next_handoff(schedule, utc(2026, 11, 3)) == Handoff(utc(2026, 12, 1), "ada", None)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"length": 0}, "length"),
        ({"weekday": 7}, "weekday"),
        ({"end": utc(2026, 1, 1)}, "end"),
        ({"end": datetime(2027, 1, 1)}, "time zone"),  # noqa: DTZ001 - the mistake under test
        ({"zone": "Europe/Atlantis"}, "Europe/Atlantis"),
    ],
)
def test_nonsense_is_refused_by_the_name_of_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises((ValueError, KeyError), match=field):
        rotation(**wrong)
