"""Schedules as people change them: nothing rewrites the past, and every change says who made it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.access import Actor, system
from catalog.models import AuditEntry, Person, Team
from incidents.models import LayerVersion, Override, Schedule, TeamPaging
from incidents.operations.schedules import (
    AlreadyOnCall,
    NameTaken,
    OverIsOver,
    Turns,
    add_override,
    change_rotation,
    create_schedule,
    put_schedule,
    take_over,
    withdraw_override,
)
from incidents.queries import oncall
from portal.lib.errors import Invalid
from tests import make

pytestmark = pytest.mark.django_db

NOW = make.NOW  # a Sunday noon in UTC
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY = system("test")


@pytest.fixture
def ada() -> Person:
    return make.person("ada")


@pytest.fixture
def bo() -> Person:
    return make.person("bo")


@pytest.fixture
def eve() -> Person:
    """Not in the rotation."""
    return make.person("eve")


@pytest.fixture
def team(ada: Person, bo: Person) -> Team:
    return make.team("ci", ada, bo)


@pytest.fixture
def turns(ada: Person, bo: Person) -> Turns:
    """Ada and Bo by turns of a day, handing over at noon in UTC."""
    return Turns((ada.ref, bo.ref), NOW - DAY, unit="day", handoff=time(12))


@pytest.fixture
def schedule(team: Team, turns: Turns) -> Schedule:
    return create_schedule(name="Build & CI", team=team, time_zone="UTC", turns=turns, by=BY, now=NOW - DAY)


def who(schedule: Schedule, at: datetime) -> str:
    """The name of whoever has it; empty for nobody."""
    return oncall.on_call_now([oncall.schedule_by_slug(schedule.slug)], now=at)[0].name


def test_a_new_schedule_turns_and_is_the_one_its_team_is_shown_by(schedule: Schedule, team: Team) -> None:
    assert [who(schedule, NOW + hours * HOUR) for hours in (-24, -1, 0, 23, 24)] == ["Ada", "Ada", "Bo", "Bo", "Ada"]
    assert TeamPaging.objects.get(team=team).schedule == schedule
    assert schedule.slug == "build-ci"


def test_a_second_schedule_of_the_same_name_gets_an_address_of_its_own(schedule: Schedule, turns: Turns) -> None:
    second = create_schedule(name="Build & CI", team=None, time_zone="UTC", turns=turns, by=BY, now=NOW)
    assert second.slug == "build-ci-2"


def test_an_address_that_is_taken_is_refused(schedule: Schedule, turns: Turns) -> None:
    with pytest.raises(NameTaken):
        create_schedule(name="x", slug="build-ci", team=None, time_zone="UTC", turns=turns, by=BY, now=NOW)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("people", {"people": ()}),
        ("people", {"people": ("user:default/zorro",)}),
        ("unit", {"unit": "fortnight"}),
        ("length", {"length": 0}),
        ("length", {"length": 53, "unit": "week"}),
        ("weekday", {"weekday": 7}),
        ("starts_at", {"starts_at": datetime.max.replace(tzinfo=UTC)}),
        ("starts_at", {"starts_at": datetime.min.replace(tzinfo=UTC)}),
    ],
)
def test_a_rotation_that_makes_no_sense_names_its_field(turns: Turns, field: str, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        create_schedule(name="x", team=None, time_zone="UTC", turns=replace(turns, **wrong), by=BY, now=NOW)  # type: ignore[arg-type]  # the mistakes under test
    assert [error.field for error in refused.value.errors] == [field]
    assert not Schedule.objects.exists()


def test_a_changed_rotation_holds_from_its_moment_and_leaves_the_past_alone(schedule: Schedule, eve: Person) -> None:
    change_rotation(schedule=schedule, turns=Turns((eve.ref,), NOW + 2 * HOUR, unit="day"), by=BY, now=NOW)
    assert [who(schedule, NOW + hours * HOUR) for hours in (-20, 1, 2, 200)] == ["Ada", "Bo", "Eve", "Eve"]


def test_a_change_cannot_begin_in_the_past(schedule: Schedule, turns: Turns) -> None:
    with pytest.raises(Invalid, match="can't begin in the past"):
        change_rotation(schedule=schedule, turns=replace(turns, starts_at=NOW - HOUR), by=BY, now=NOW)


def test_a_form_left_open_for_a_minute_means_now(schedule: Schedule, turns: Turns) -> None:
    minute_ago = replace(turns, starts_at=NOW - timedelta(minutes=1))
    assert change_rotation(schedule=schedule, turns=minute_ago, by=BY, now=NOW).starts_at == NOW


def test_a_change_drops_what_was_planned_for_later(schedule: Schedule, ada: Person, eve: Person) -> None:
    change_rotation(schedule=schedule, turns=Turns((eve.ref,), NOW + 9 * DAY), by=BY, now=NOW)
    change_rotation(schedule=schedule, turns=Turns((ada.ref,), NOW + DAY), by=BY, now=NOW)
    assert who(schedule, NOW + 10 * DAY) == "Ada"


def test_put_twice_changes_nothing_and_writes_no_version(schedule: Schedule, team: Team, turns: Turns) -> None:
    written = AuditEntry.objects.count()
    _, made = put_schedule(
        slug="build-ci", name="Build & CI", team=team, time_zone="UTC", turns=turns, by=BY, now=NOW + 30 * DAY
    )
    assert (made, LayerVersion.objects.count(), AuditEntry.objects.count()) == (False, 1, written)


def test_put_with_other_people_changes_the_rotation_from_now(schedule: Schedule, turns: Turns, eve: Person) -> None:
    other = replace(turns, people=(eve.ref,))
    put_schedule(slug="build-ci", name="Build & CI", team=None, time_zone="UTC", turns=other, by=BY, now=NOW)
    assert (who(schedule, NOW - HOUR), who(schedule, NOW)) == ("Ada", "Eve")


def test_the_zone_of_a_schedule_stays_for_it_would_move_past_shifts(schedule: Schedule, turns: Turns) -> None:
    with pytest.raises(Invalid, match="time_zone"):
        put_schedule(slug="build-ci", name="x", team=None, time_zone="Asia/Kolkata", turns=turns, by=BY, now=NOW)


def test_an_override_covers_the_rotation_and_is_asked_for_once(schedule: Schedule, eve: Person) -> None:
    for _ in range(2):
        add_override(schedule=schedule, person=eve, starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR, by=BY, now=NOW)
    assert [who(schedule, NOW + hours * HOUR) for hours in (0, 1, 2, 3)] == ["Bo", "Eve", "Eve", "Bo"]
    assert Override.objects.count() == 1


def test_an_override_with_nobody_is_a_gap_that_was_decided(schedule: Schedule) -> None:
    add_override(schedule=schedule, person=None, starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR, by=BY, now=NOW)
    holes = oncall.holes(oncall.schedules(since=NOW), NOW, NOW + DAY)
    assert [(hole.start, hole.end, hole.decided) for hole in holes] == [(NOW + HOUR, NOW + 3 * HOUR, True)]


@pytest.mark.parametrize(("start", "end", "field"), [(-1, 3, "starts_at"), (3, 3, "ends_at"), (3, 2, "ends_at")])
def test_an_override_in_the_past_or_backwards_is_refused(schedule: Schedule, start: int, end: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        add_override(
            schedule=schedule, person=None, starts_at=NOW + start * HOUR, ends_at=NOW + end * HOUR, by=BY, now=NOW
        )
    assert [error.field for error in refused.value.errors] == [field]


def test_an_override_to_the_end_of_time_is_refused(schedule: Schedule) -> None:
    with pytest.raises(Invalid) as refused:
        add_override(
            schedule=schedule, person=None, starts_at=NOW, ends_at=datetime.max.replace(tzinfo=UTC), by=BY, now=NOW
        )
    assert [error.field for error in refused.value.errors] == ["ends_at"]


def test_withdrawing_an_override_that_has_begun_keeps_what_was(schedule: Schedule, eve: Person) -> None:
    made = add_override(schedule=schedule, person=eve, starts_at=NOW, ends_at=NOW + 9 * HOUR, by=BY, now=NOW)
    withdraw_override(override=made, by=BY, now=NOW + 2 * HOUR)
    assert [who(schedule, NOW + hours * HOUR) for hours in (1, 2, 3)] == ["Eve", "Bo", "Bo"]
    with pytest.raises(OverIsOver):
        withdraw_override(override=made, by=BY, now=NOW + 3 * HOUR)


def test_withdrawing_an_override_to_come_makes_it_never_happen(schedule: Schedule, eve: Person) -> None:
    made = add_override(schedule=schedule, person=eve, starts_at=NOW + HOUR, ends_at=NOW + 9 * HOUR, by=BY, now=NOW)
    withdraw_override(override=made, by=BY, now=NOW)
    assert who(schedule, NOW + 2 * HOUR) == "Bo"


def test_taking_over_lasts_until_the_next_handoff(schedule: Schedule, eve: Person) -> None:
    made = take_over(schedule=schedule, person=eve, by=Actor(person=eve), now=NOW + HOUR)
    assert (made.starts_at, made.ends_at) == (NOW + HOUR, NOW + DAY)
    assert [who(schedule, NOW + hours * HOUR) for hours in (0, 1, 23, 24)] == ["Bo", "Eve", "Eve", "Ada"]


def test_whoever_has_it_cannot_take_it_over(schedule: Schedule, bo: Person) -> None:
    with pytest.raises(AlreadyOnCall):
        take_over(schedule=schedule, person=bo, by=Actor(person=bo), now=NOW)


def test_taking_over_in_a_gap_ends_with_the_gap(schedule: Schedule, eve: Person) -> None:
    add_override(schedule=schedule, person=None, starts_at=NOW, ends_at=NOW + 5 * HOUR, by=BY, now=NOW)
    assert take_over(schedule=schedule, person=eve, by=BY, now=NOW + HOUR).ends_at == NOW + 5 * HOUR
    assert [who(schedule, NOW + hours * HOUR) for hours in (0, 1, 5)] == ["", "Eve", "Bo"]


def test_taking_over_from_somebody_without_an_end_lasts_twelve_hours(ada: Person, eve: Person) -> None:
    alone = create_schedule(name="Solo", team=None, time_zone="UTC", turns=Turns((ada.ref,), NOW), by=BY, now=NOW)
    assert take_over(schedule=alone, person=eve, by=BY, now=NOW).ends_at == NOW + 12 * HOUR


def test_every_change_is_in_the_change_log_with_who_made_it(schedule: Schedule, turns: Turns, eve: Person) -> None:
    by = Actor(person=eve)
    made = add_override(schedule=schedule, person=eve, starts_at=NOW, ends_at=NOW + HOUR, by=by, now=NOW)
    withdraw_override(override=made, by=by, now=NOW)
    change_rotation(schedule=schedule, turns=replace(turns, starts_at=NOW + HOUR), by=by, now=NOW)
    entries = AuditEntry.objects.filter(object_ref="schedule:build-ci", person=eve).order_by("pk")
    assert [entry.action for entry in entries] == [
        "schedule.override",
        "schedule.withdraw-override",
        "schedule.change-rotation",
    ]


def test_the_next_person_and_the_end_of_a_shift_are_known(schedule: Schedule) -> None:
    found = oncall.on_call_now(oncall.schedules(since=NOW), now=NOW)[0]
    assert (found.name, found.until, found.next_name) == ("Bo", NOW + DAY, "Ada")


def test_somebody_the_catalog_no_longer_knows_is_named_by_reference(schedule: Schedule) -> None:
    LayerVersion.objects.update(people=["user:default/long-gone"])
    found = oncall.on_call_now(oncall.schedules(since=NOW), now=NOW)[0]
    assert (found.name, found.person, found.nobody) == ("long-gone", None, False)


def test_a_schedule_that_cannot_be_read_is_a_gap_and_takes_no_page_down(schedule: Schedule) -> None:
    Schedule.objects.update(time_zone="Mars/Olympus")
    assert oncall.on_call_now(oncall.schedules(since=NOW), now=NOW)[0].nobody


def test_a_rotation_at_the_edge_of_the_calendar_takes_no_other_schedule_down(schedule: Schedule) -> None:
    LayerVersion.objects.update(starts_at=datetime.max.replace(tzinfo=UTC))
    assert oncall.on_call_now(oncall.schedules(since=NOW), now=NOW)[0].nobody


def test_who_is_on_call_for_many_teams_takes_the_same_few_queries(
    turns: Turns, ada: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    teams = [make.team(f"team-{number}", ada) for number in range(12)]
    for team in teams[:11]:
        create_schedule(name=team.title, team=team, time_zone="UTC", turns=turns, by=BY, now=NOW)
    TeamPaging.objects.filter(team__in=teams[:3]).delete()
    with django_assert_num_queries(4):
        found = oncall.on_call_of_teams(teams, now=NOW)
    assert {found[team.pk].schedule.team_id for team in teams[:11]} == {team.pk for team in teams[:11]}
    assert teams[11].pk not in found
