"""High and low urgency may have different steps; the page walks those of its incident, also when that changes."""

from datetime import timedelta

import pytest

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.escalation import NotAllowed, Progress, State, restarted
from incidents.models import Incident, PageStep, PolicyVersion, Urgency
from incidents.paging import advance_due
from incidents.policies import policy_of, steps_json
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh")


def opened(ada: Person, linh: Person, rule: str) -> Incident:
    """Ada is asked twice where it is urgent, Linh where it is not."""
    low = steps_json([make_incidents.step(linh)])
    team = make_incidents.paged(make.team("ci"), make_incidents.step(ada), make_incidents.step(ada), steps_low=low)
    return make_incidents.incident(make.component(owner=team), rule=rule)


def asked() -> list[tuple[int, int, list[str]]]:
    return [(one.generation, one.step, one.people) for one in PageStep.objects.order_by("pk")]


@pytest.mark.parametrize(("rule", "name"), [("page", "ada"), ("ticket", "linh")])
def test_a_page_walks_the_steps_of_its_incidents_urgency(ada: Person, linh: Person, rule: str, name: str) -> None:
    opened(ada, linh, rule)
    advance_due(now=NOW)
    assert asked() == [(0, 0, [f"user:default/{name}"])]


def test_a_version_without_steps_for_low_urgency_has_the_same_for_both(ada: Person) -> None:
    team = make_incidents.paged(make.team("ci"), make_incidents.step(ada))
    make_incidents.incident(make.component(owner=team), rule="ticket")
    version = PolicyVersion.objects.get()
    assert policy_of(version) == policy_of(version, Urgency.LOW)
    advance_due(now=NOW)
    assert asked() == [(0, 0, [ada.ref])]


def test_both_urgencies_in_one_batch_are_told_apart(ada: Person, linh: Person) -> None:
    incident = opened(ada, linh, "page")
    make_incidents.incident(make.component(owner=incident.owner), rule="ticket")
    assert advance_due(now=NOW).taken == 2
    assert sorted(people for *_, people in asked()) == [[ada.ref], [linh.ref]]


def test_what_turns_out_worse_begins_the_steps_for_what_is_urgent_at_once(ada: Person, linh: Person) -> None:
    incident = opened(ada, linh, "ticket")
    advance_due(now=NOW)
    operations.change_severity(incident=incident, severity=2, reason="worse", by=Actor(person=ada), now=NOW + MINUTE)
    advance_due(now=NOW + MINUTE)
    assert [(step, people) for _, step, people in asked()] == [(0, [linh.ref]), (0, [ada.ref])]


def test_what_turns_out_milder_begins_the_other_steps_when_the_next_was_planned(ada: Person, linh: Person) -> None:
    incident = opened(ada, linh, "page")
    advance_due(now=NOW)
    operations.change_severity(incident=incident, severity=4, reason="mild", by=Actor(person=ada), now=NOW + MINUTE)
    page = make_incidents.page_of(incident)
    assert (page.step, page.next_step_at) == (0, NOW + 5 * MINUTE)
    assert not advance_due(now=NOW + 4 * MINUTE)
    advance_due(now=NOW + 5 * MINUTE)
    assert [(step, people) for _, step, people in asked()] == [(0, [ada.ref]), (0, [linh.ref])]


def test_a_change_within_one_urgency_changes_no_plan(ada: Person, linh: Person) -> None:
    incident = opened(ada, linh, "page")
    advance_due(now=NOW)
    operations.change_severity(incident=incident, severity=3, reason="mild", by=Actor(person=ada), now=NOW + MINUTE)
    assert (make_incidents.page_of(incident).step, make_incidents.page_of(incident).generation) == (1, 0)


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.EXHAUSTED, State.RESOLVED])
def test_only_what_escalates_begins_again(state: State) -> None:
    with pytest.raises(NotAllowed):
        restarted(Progress(state=state), at=NOW)
