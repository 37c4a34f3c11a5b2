"""Shifts change hands: from one person only, and by swaps that are asked for, accepted, declined or too late."""

from datetime import time, timedelta

import pytest

from catalog.access import Actor, system
from catalog.models import Person
from incidents.models import Notification, Override, Schedule, Swap
from incidents.operations.layers import change_rotation
from incidents.operations.schedules import add_override, create_schedule
from incidents.operations.swaps import (
    Answered,
    Expired,
    NotYours,
    Period,
    RotationChanged,
    accept_swap,
    ask_swap,
    decline_swap,
    replace_person,
    withdraw_swap,
)
from incidents.operations.turns import Turns
from incidents.queries import oncall
from portal.lib.errors import Invalid
from tests import make, make_incidents

pytestmark = pytest.mark.django_db

NOW = make.NOW  # a Sunday noon in UTC
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY = system("test")
DAYS = Turns(("user:default/ada", "user:default/bo"), NOW, unit="day", handoff=time(12))
"""Ada has today, Bo tomorrow, and so on, from noon to noon."""


@pytest.fixture(autouse=True)
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture(autouse=True)
def bo() -> Person:
    return make_incidents.reachable("bo")


@pytest.fixture(autouse=True)
def cy() -> Person:
    return make_incidents.reachable("cy")


@pytest.fixture
def schedule(ada: Person, bo: Person) -> Schedule:
    return create_schedule(name="Build & CI", team=None, time_zone="UTC", turns=DAYS, by=BY, now=NOW)


@pytest.fixture
def swap(schedule: Schedule, ada: Person, bo: Person) -> Swap:
    """Ada asks Bo to take her day after next, for his day after that."""
    gives, takes = Period(NOW + 2 * DAY, NOW + 3 * DAY), Period(NOW + 3 * DAY, NOW + 4 * DAY)
    return ask_swap(schedule=schedule, asker=ada, asked=bo, gives=gives, takes=takes, by=Actor(person=ada), now=NOW)


def days(schedule: Schedule, *hours: float) -> str:
    """First letters of whoever has it so many days from now."""
    found = [oncall.on_call_now(oncall.schedules(since=NOW), now=NOW + day * DAY)[0].name for day in hours]
    return "".join(name[:1] or "-" for name in found)


def test_only_the_shifts_of_the_one_person_are_taken_over(schedule: Schedule, ada: Person, cy: Person) -> None:
    made = replace_person(
        schedule=schedule, out=ada, person=cy, period=Period(NOW + DAY / 2, NOW + 4 * DAY), by=BY, now=NOW
    )
    assert (len(made), days(schedule, 0.2, 0.7, 1.5, 2.5, 3.5, 4.5)) == (2, "ACBCBA")


def test_a_shift_that_somebody_else_overrides_already_is_left_alone(
    schedule: Schedule, ada: Person, bo: Person, cy: Person
) -> None:
    add_override(schedule=schedule, person=bo, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR, by=BY, now=NOW)
    replace_person(schedule=schedule, out=ada, person=cy, period=Period(NOW, NOW + DAY), by=BY, now=NOW)
    assert days(schedule, 0, 1.5 / 24, 3 / 24) == "CBC"


def test_nobody_is_put_in_for_somebody_who_is_not_on_call(schedule: Schedule, cy: Person, bo: Person) -> None:
    with pytest.raises(Invalid, match="Cy is not on call"):
        replace_person(schedule=schedule, out=cy, person=bo, period=Period(NOW, NOW + DAY), by=BY, now=NOW)
    with pytest.raises(Invalid, match="another person"):
        replace_person(schedule=schedule, out=bo, person=bo, period=Period(NOW, NOW + DAY), by=BY, now=NOW)


def test_an_accepted_swap_changes_both_shifts_and_tells_both(schedule: Schedule, swap: Swap, bo: Person) -> None:
    assert days(schedule, 2.5, 3.5) == "AB"
    accept_swap(swap=swap, by=Actor(person=bo), now=NOW + HOUR)
    assert days(schedule, 1.5, 2.5, 3.5, 4.5) == "BBAA"
    told = [(row.person.name, row.words["subject"]) for row in Notification.objects.order_by("pk")]
    assert told == [
        ("bo", "Ada asks you for a swap"),
        ("ada", "Bo accepted your swap"),
        ("bo", "You swapped with Ada"),
    ]


def test_a_swap_is_answered_once(swap: Swap, bo: Person) -> None:
    accept_swap(swap=swap, by=Actor(person=bo), now=NOW)
    for decide in (accept_swap, decline_swap):
        with pytest.raises(Answered):
            decide(swap=swap, by=Actor(person=bo), now=NOW)
    assert Override.objects.count() == 2


def test_declining_and_withdrawing_change_no_shift(schedule: Schedule, swap: Swap, ada: Person, bo: Person) -> None:
    decline_swap(swap=swap, by=Actor(person=bo), now=NOW)
    again = ask_swap(schedule=schedule, asker=ada, asked=bo, gives=Period(NOW + 2 * DAY, NOW + 3 * DAY), by=BY, now=NOW)
    withdraw_swap(swap=again, by=Actor(person=ada), now=NOW)
    with pytest.raises(Answered):
        accept_swap(swap=again, by=Actor(person=bo), now=NOW)
    assert not Override.objects.exists()


def test_only_the_asked_answers_and_only_the_asker_withdraws(swap: Swap, ada: Person, bo: Person, cy: Person) -> None:
    for decide, by in ((accept_swap, ada), (accept_swap, cy), (decline_swap, ada), (withdraw_swap, bo)):
        with pytest.raises(NotYours):
            decide(swap=swap, by=Actor(person=by), now=NOW)


def test_a_swap_whose_shift_has_begun_has_expired(swap: Swap, bo: Person) -> None:
    with pytest.raises(Expired):
        accept_swap(swap=swap, by=Actor(person=bo), now=NOW + 2 * DAY)


@pytest.mark.parametrize("which", ["the rotation", "an override of a part of it"])
def test_a_swap_of_shifts_that_are_not_theirs_any_more_is_refused(
    schedule: Schedule, swap: Swap, bo: Person, cy: Person, which: str
) -> None:
    if which == "the rotation":
        change_rotation(schedule=schedule, turns=Turns((cy.ref,), NOW + DAY), by=BY, now=NOW)
    else:
        start = NOW + 3.5 * DAY
        add_override(schedule=schedule, person=cy, starts_at=start, ends_at=start + HOUR, by=BY, now=NOW)
    with pytest.raises(RotationChanged):
        accept_swap(swap=swap, by=Actor(person=bo), now=NOW)
    assert Swap.objects.get().state == Swap.State.OPEN


def test_asked_twice_it_is_one_and_told_once(schedule: Schedule, swap: Swap, ada: Person, bo: Person) -> None:
    gives, takes = Period(NOW + 2 * DAY, NOW + 3 * DAY), Period(NOW + 3 * DAY, NOW + 4 * DAY)
    again = ask_swap(schedule=schedule, asker=ada, asked=bo, gives=gives, takes=takes, by=BY, now=NOW + HOUR)
    assert (again.pk, Notification.objects.count()) == (swap.pk, 1)
