"""P5 is for information: its first step is told once, and then it rests, until it turns out to be worse."""

from datetime import timedelta

import pytest

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.escalation import Step, Target, TargetKind, acknowledged, forecast, has_begun, next_move, opened, rested
from incidents.models import Incident, Notification, Page, TimelineEntry
from incidents.operations import clear_alert
from incidents.paging import advance_due
from incidents.policies import told_once
from incidents.rungs import Condition, Policy
from incidents.states import State
from tests import make, make_incidents
from tests.make import NOW

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ROOT = Actor(system="test", via="system")


def step(name: str, **fields: object) -> Step:
    return Step((Target(TargetKind.PERSON, name),), 5 * MINUTE, **fields)  # type: ignore[arg-type]


TWO = Policy((step("ada", repeat=3), step("linh")), repeat=2, fallback="7", ack_timeout=30 * MINUTE)


# The machine --------------------------------------------------------------------


def test_the_first_step_is_taken_once_and_nothing_follows() -> None:
    moves = list(forecast(opened(now=NOW), told_once(TWO), now=NOW))
    assert [(move.kind, move.step, move.next_at) for move in moves] == [("take-step", 0, None)]
    assert moves[0].after.state is State.EXHAUSTED


def test_whoever_takes_it_is_not_asked_whether_they_are_still_on_it() -> None:
    assert acknowledged(opened(now=NOW), told_once(TWO), now=NOW).due_at is None
    as_it_was = acknowledged(opened(now=NOW), TWO, now=NOW)
    later = next_move(as_it_was, told_once(TWO), now=NOW + HOUR)
    assert (later.kind, later.next_at, later.after.state) == ("rest", None, State.ACKNOWLEDGED)


def test_what_was_on_its_way_up_the_ladder_goes_no_further() -> None:
    first = next_move(opened(now=NOW), TWO, now=NOW)
    assert has_begun(first.after)
    then = next_move(first.after, told_once(TWO), now=NOW + HOUR)
    assert (then.kind, then.targets, then.next_at) == ("rest", (), None)
    assert rested(first.after).generation > first.after.generation


# Its pages ----------------------------------------------------------------------


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh")


def opened_as(severity: int, *steps: Step, **fields: object) -> Incident:
    team = make_incidents.paged(make.team("ci"), *steps, **fields)
    runners = make.component("runners", owner=team)
    incident = make_incidents.incident(runners, key="k", severity=severity)
    advance_due(now=NOW)
    return incident


def told(incident: Incident) -> list[str]:
    rows = Notification.objects.filter(incident=incident).order_by("pk")
    return [row.person.name for row in rows.select_related("person")]


def go_on(hours: int = 3, since: int = 0) -> None:
    for minute in range(since, since + hours * 60, 5):
        advance_due(now=NOW + minute * MINUTE)


@pytest.mark.django_db
def test_its_first_step_is_told_once_and_no_catch_all(ada: Person, linh: Person) -> None:
    make_incidents.catch_all(make_incidents.reachable("boss"))
    incident = opened_as(
        5, make_incidents.step(ada, repeat=2), make_incidents.step(linh), repeat=2, ack_timeout=30 * MINUTE
    )
    go_on()
    assert told(incident) == ["ada"]
    said = incident.timeline.get(kind=TimelineEntry.Kind.PAGED).words
    assert ("told Ada" in said, "paged" in said) == (True, False)
    assert not incident.timeline.filter(kind=TimelineEntry.Kind.EXHAUSTED).exists()
    page = make_incidents.page_of(incident)
    assert (page.next_step_at, page.exhausted_at) == (None, None)
    operations.acknowledge(page=page, by=linh, via="web", now=NOW + 3 * HOUR)
    go_on(since=180)
    assert told(incident) == ["ada"], "and whoever takes it is not asked later"


@pytest.mark.django_db
def test_where_nobody_behind_the_first_step_can_be_told_the_next_is(linh: Person) -> None:
    incident = opened_as(5, make_incidents.step(make.person("mute")), make_incidents.step(linh))
    go_on()
    assert told(incident) == ["linh"]


@pytest.mark.django_db
def test_where_no_step_applies_at_this_hour_it_says_so(ada: Person) -> None:
    weekdays = Condition("UTC", days=frozenset({0, 1, 2, 3, 4}))
    incident = opened_as(5, make_incidents.step(ada, condition=weekdays))  # NOW is a Sunday
    go_on()
    assert told(incident) == []
    assert "nobody was told" in incident.timeline.get(kind=TimelineEntry.Kind.UNREACHABLE).words


@pytest.mark.django_db
@pytest.mark.parametrize("severity", [1, 4])
def test_one_that_turns_out_worse_pages_as_usual(ada: Person, linh: Person, severity: int) -> None:
    incident = opened_as(5, make_incidents.step(ada), make_incidents.step(linh), ack_timeout=30 * MINUTE)
    operations.change_severity(incident=incident, severity=severity, reason="worse", by=ROOT, now=NOW + MINUTE)
    go_on(since=1)
    assert told(incident) == ["ada", "ada", "linh"]
    assert make_incidents.page_of(incident).exhausted_at is not None


@pytest.mark.django_db
def test_one_that_turns_out_to_be_for_information_tells_nobody_further(ada: Person, linh: Person) -> None:
    incident = opened_as(2, make_incidents.step(ada), make_incidents.step(linh), ack_timeout=30 * MINUTE)
    operations.change_severity(incident=incident, severity=5, reason="a test", by=ROOT, now=NOW + MINUTE)
    assert make_incidents.page_of(incident).next_step_at is None, "nobody is called next"
    go_on()
    assert told(incident) == ["ada"]


@pytest.mark.django_db
def test_one_that_opens_again_is_told_again(ada: Person, linh: Person) -> None:
    incident = opened_as(5, make_incidents.step(ada), make_incidents.step(linh))
    clear_alert(key="k", now=NOW + 10 * MINUTE)
    make_incidents.incident(incident.component, key="k", severity=5, now=NOW + 12 * MINUTE)
    go_on(since=12)
    assert told(incident)[:2] == ["ada", "ada"]
    assert "linh" not in [row.person.name for row in Notification.objects.filter(kind="page")]


@pytest.mark.django_db
def test_a_person_called_in_for_it_is_told_once(ada: Person, linh: Person) -> None:
    incident = opened_as(5, make_incidents.step(ada))
    operations.engage(incident=incident, person=linh, by=ROOT, now=NOW + MINUTE)
    go_on(since=1)
    assert told(incident) == ["ada", "linh"]
    assert Page.objects.filter(incident=incident, next_step_at__isnull=False).count() == 0
