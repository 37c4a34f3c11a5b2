"""Messages at handoffs: both people, once, whoever sweeps and how often; nothing old, nothing lost."""

from datetime import time, timedelta

import pytest

from catalog.access import system
from catalog.models import Person
from incidents.models import Notification, Schedule
from incidents.operations.handoffs import tell_handoffs
from incidents.operations.schedules import add_override, create_schedule
from incidents.operations.turns import Turns
from tests import make, make_incidents

pytestmark = pytest.mark.django_db

NOW = make.NOW  # a Sunday noon in UTC, at which Ada hands over to Bo
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BY = system("test")


@pytest.fixture(autouse=True)
def bo() -> Person:
    make_incidents.reachable("ada")
    return make_incidents.reachable("bo")


@pytest.fixture(autouse=True)
def schedule(bo: Person) -> Schedule:
    turns = Turns(("user:default/ada", bo.ref), NOW - DAY, unit="day", handoff=time(12))
    return create_schedule(name="Build & CI", team=None, time_zone="UTC", turns=turns, by=BY, now=NOW)


def told() -> list[tuple[str, str]]:
    rows = Notification.objects.select_related("person").order_by("pk")
    return [(row.person.name, row.words["subject"]) for row in rows]


BOTH = [("bo", "You are on call for Build & CI"), ("ada", "You are off call for Build & CI")]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW - MINUTE, []),
        (NOW, BOTH),
        (NOW + MINUTE, BOTH),
        (NOW + HOUR - MINUTE, BOTH),
        (NOW + HOUR + MINUTE, []),
    ],
    ids=["before it", "at its moment", "after it", "after a pause of less than an hour", "when it is no news"],
)
def test_both_are_told_at_the_handoff_and_not_when_it_is_old(at: object, expected: list[tuple[str, str]]) -> None:
    tell_handoffs(now=at)  # type: ignore[arg-type]  # a datetime of the table above
    assert told() == expected


def test_sweeping_again_and_again_tells_each_handoff_once() -> None:
    for minutes in range(0, 59, 7):
        tell_handoffs(now=NOW + minutes * MINUTE)
    assert told() == BOTH


def test_a_sweep_that_died_between_the_two_messages_leaves_the_other_to_the_next() -> None:
    tell_handoffs(now=NOW)
    Notification.objects.filter(person__name="ada").delete()
    tell_handoffs(now=NOW + MINUTE)
    assert sorted(told()) == sorted(BOTH)


def test_clocks_of_two_sweepers_that_differ_by_seconds_change_nothing() -> None:
    for seconds in (2, -2, 1, 0):
        tell_handoffs(now=NOW + timedelta(seconds=seconds))
    assert told() == BOTH


def test_a_schedule_that_does_not_want_it_tells_nobody(schedule: Schedule) -> None:
    Schedule.objects.update(tells_handoffs=False)
    tell_handoffs(now=NOW)
    assert told() == []


def test_an_override_is_a_handoff_too_and_nobody_is_said_as_nobody(schedule: Schedule) -> None:
    start = NOW + 2 * HOUR
    add_override(schedule=schedule, person=None, starts_at=start, ends_at=start + HOUR, by=BY, now=NOW)
    tell_handoffs(now=start)
    tell_handoffs(now=start + HOUR)
    assert told() == [("bo", "You are off call for Build & CI"), ("bo", "You are on call for Build & CI")]
    assert "Nobody has it" in Notification.objects.order_by("pk")[0].words["text"]


def test_somebody_without_a_confirmed_method_is_not_told_and_stops_nobody(bo: Person) -> None:
    bo.contact_methods.update(confirmed_at=None)
    tell_handoffs(now=NOW)
    assert told() == BOTH[1:]
