"""Layers of a schedule: added, changed, ended and put in another order, and never in the past."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from catalog.access import system
from catalog.models import Membership, Person, Team
from incidents.models import LayerVersion, Schedule
from incidents.oncall.wallclock import Window
from incidents.operations.layers import (
    LastLayer,
    NoSuchLayer,
    add_layer,
    change_rotation,
    end_layer,
    order_layers,
)
from incidents.operations.schedules import StillUsed, create_schedule, put_schedule, retire_schedule
from incidents.operations.turns import Turns
from incidents.queries import oncall
from portal.lib.errors import Invalid
from tests import make, make_incidents

pytestmark = pytest.mark.django_db

NOW = make.NOW  # a Sunday noon in UTC
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY = system("test")
NIGHTS = Window(time(22), time(6))


@pytest.fixture(autouse=True)
def people() -> dict[str, Person]:
    return {name: make.person(name) for name in ("ada", "bo", "cy", "di")}


@pytest.fixture
def team(people: dict[str, Person]) -> Team:
    return make.team("ci", people["ada"])


@pytest.fixture
def schedule(team: Team) -> Schedule:
    """Ada and Bo by turns of a day, handing over at noon in UTC."""
    return create_schedule(name="Build & CI", team=team, time_zone="UTC", turns=DAYS, by=BY, now=NOW)


DAYS = Turns(("user:default/ada", "user:default/bo"), NOW - DAY, unit="day", handoff=time(12))
CY = Turns(("user:default/cy",), NOW, name="Nights", restrictions=(NIGHTS,))


def who(schedule: Schedule, *hours: float) -> str:
    """First letters of whoever has it so many hours from now."""
    found = [oncall.on_call_now(oncall.schedules(since=NOW), now=NOW + hour * HOUR)[0].name for hour in hours]
    return "".join(name[:1] or "-" for name in found)


def test_a_layer_over_midnight_covers_the_one_below_only_while_it_is_open(schedule: Schedule) -> None:
    add_layer(schedule=schedule, turns=CY, by=BY, now=NOW)
    assert who(schedule, 0, 9.99, 10, 17.99, 18, 24) == "BBCCBA"


def test_a_layer_ends_at_its_end(schedule: Schedule) -> None:
    add_layer(schedule=schedule, turns=replace(CY, restrictions=(), ends_at=NOW + 3 * HOUR), by=BY, now=NOW)
    assert who(schedule, 0, 2, 3) == "CCB"


def test_a_layer_is_changed_from_a_moment_on_and_the_others_stay(schedule: Schedule) -> None:
    added = add_layer(schedule=schedule, turns=CY, by=BY, now=NOW)
    other = replace(CY, people=("user:default/di",), starts_at=NOW + DAY)
    change_rotation(schedule=schedule, turns=other, position=added.position, by=BY, now=NOW)
    assert who(schedule, 0, 11, 24, 35) == "BCAD"


def test_a_layer_that_is_ended_shows_those_below_it_and_stays_in_the_past(schedule: Schedule) -> None:
    add_layer(schedule=schedule, turns=replace(CY, restrictions=()), by=BY, now=NOW)
    end_layer(schedule=schedule, position=1, at=NOW + HOUR, by=BY, now=NOW)
    assert who(schedule, 0, 1) == "CB"
    with pytest.raises(LastLayer):
        end_layer(schedule=schedule, position=0, at=NOW + 2 * HOUR, by=BY, now=NOW)
    with pytest.raises(NoSuchLayer):
        end_layer(schedule=schedule, position=1, at=NOW + 2 * HOUR, by=BY, now=NOW)


def test_a_layer_in_another_place_carries_on_in_its_turn(team: Team) -> None:
    """Two-day turns that began three days ago: a restart would begin with Ada."""
    low = Turns(("user:default/ada", "user:default/bo"), NOW - 3 * DAY, "day", 2, time(12))
    high = Turns(("user:default/cy",), NOW - 3 * DAY, name="Top", ends_at=NOW + 9 * DAY)
    made = create_schedule(name="S", team=team, time_zone="UTC", turns=low, above=[high], by=BY, now=NOW)
    assert who(made, -1, 1) == "CC"
    order_layers(schedule=made, positions=[1, 0], at=NOW, by=BY, now=NOW)
    assert who(made, -1, 1, 23, 25, 71, 73) == "CBBAAB"


@pytest.mark.parametrize("positions", [[0], [0, 0], [0, 2], [0, 1, 2], []])
def test_an_order_names_every_layer_once(schedule: Schedule, positions: list[int]) -> None:
    add_layer(schedule=schedule, turns=CY, by=BY, now=NOW)
    with pytest.raises(Invalid, match="positions"):
        order_layers(schedule=schedule, positions=positions, at=NOW, by=BY, now=NOW)


def test_putting_the_same_layers_changes_nothing_and_fewer_ends_the_others(schedule: Schedule, team: Team) -> None:
    said = {"slug": schedule.slug, "name": "Build & CI", "team": team, "time_zone": "UTC", "by": BY}
    put_schedule(turns=DAYS, above=[CY], now=NOW, **said)  # type: ignore[arg-type]  # a mapping of many types
    written = LayerVersion.objects.count()
    put_schedule(turns=DAYS, above=[CY], now=NOW + DAY, **said)  # type: ignore[arg-type]
    assert (LayerVersion.objects.count(), who(schedule, 11)) == (written, "C")
    put_schedule(turns=DAYS, now=NOW + DAY, **said)  # type: ignore[arg-type]
    assert who(schedule, 11, 35) == "CA"
    put_schedule(turns=DAYS, above=[CY], now=NOW + 2 * DAY, **said)  # type: ignore[arg-type]
    assert who(schedule, 35, 59) == "AC"


def test_a_team_stands_for_its_members_of_that_moment_so_that_the_past_keeps_its_answer(
    schedule: Schedule, people: dict[str, Person]
) -> None:
    make.team("night", people["di"], people["cy"])
    turns = Turns(("group:default/night", "user:default/bo"), NOW, unit="day", handoff=time(12))
    made = change_rotation(schedule=schedule, turns=turns, by=BY, now=NOW)
    assert made.people == ["user:default/cy", "user:default/di", "user:default/bo"]
    Membership.objects.filter(person=people["cy"]).delete()
    assert who(schedule, 0, 24, 48, 72) == "CDBC"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"people": ("group:default/nobody",)}, "people"),
        ({"people": ()}, "people"),
        ({"ends_at": NOW - HOUR}, "ends_at"),
        ({"restrictions": (Window(time(1), time(2), frozenset({9})),)}, "restrictions[0].days"),
        ({"restrictions": (NIGHTS,) * 21}, "restrictions"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_what_makes_no_sense_names_its_field(schedule: Schedule, change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        add_layer(schedule=schedule, turns=replace(CY, **change), by=BY, now=NOW)  # type: ignore[arg-type]
    assert [error.field for error in refused.value.errors] == [field]


def test_a_fault_of_one_of_several_layers_says_of_which(team: Team) -> None:
    with pytest.raises(Invalid) as refused:
        create_schedule(
            name="S", team=team, time_zone="UTC", turns=DAYS, above=[replace(CY, people=())], by=BY, now=NOW
        )
    assert [error.field for error in refused.value.errors] == ["layers[1].people"]


def test_a_schedule_that_a_policy_names_is_not_retired(schedule: Schedule, team: Team) -> None:
    make_incidents.policy(make_incidents.step(schedule), team=team)
    with pytest.raises(StillUsed):
        retire_schedule(schedule=schedule, by=BY, now=NOW + HOUR)


def test_a_schedule_is_retired_and_back(schedule: Schedule, team: Team) -> None:
    retire_schedule(schedule=schedule, by=BY, now=NOW)
    assert oncall.schedules(since=NOW) == []
    put_schedule(slug=schedule.slug, name="x", team=team, time_zone="UTC", turns=DAYS, by=BY, now=NOW)
    assert who(schedule, 1) == "B"
