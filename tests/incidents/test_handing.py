"""Snoozing a page, handing it over, resolving while it still fires."""

from datetime import timedelta

import pytest

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.models import Incident, Notification, Page
from incidents.operations.closing import check_again
from incidents.operations.handing import NothingToSnooze, NotTaken
from incidents.operations.response import AlreadyResolved
from incidents.paging import advance_due
from portal.lib.errors import Invalid
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def bob() -> Person:
    return make_incidents.reachable("bob")


@pytest.fixture
def incident(ada: Person) -> Incident:
    ci = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada), make_incidents.step(ada))
    return make_incidents.incident(make.component("runners", owner=ci))


def page_of(incident: Incident) -> Page:
    return make_incidents.page_of(incident)


def test_a_snoozed_page_calls_nobody_before_its_end_and_then_goes_on(incident: Incident, ada: Person) -> None:
    until = NOW + timedelta(minutes=30)
    operations.snooze(page=page_of(incident), until=until, by=Actor(person=ada), now=NOW)
    assert advance_due(now=until - MINUTE).taken == 0
    assert not Notification.objects.filter(kind="page").exists()
    assert advance_due(now=until).taken == 1
    assert Notification.objects.filter(kind="page", person=ada).exists()


def test_a_snooze_cancels_what_waits_to_be_sent(incident: Incident, ada: Person) -> None:
    advance_due(now=NOW)
    operations.snooze(page=page_of(incident), until=NOW + MINUTE, by=Actor(person=ada), now=NOW)
    assert set(Notification.objects.values_list("state", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("away", [timedelta(0), -MINUTE, timedelta(days=1, seconds=1)])
def test_a_snooze_ends_within_a_day(incident: Incident, ada: Person, away: timedelta) -> None:
    with pytest.raises(Invalid):
        operations.snooze(page=page_of(incident), until=NOW + away, by=Actor(person=ada), now=NOW)


def test_where_nothing_is_planned_there_is_nothing_to_snooze(incident: Incident, ada: Person) -> None:
    operations.acknowledge(page=page_of(incident), by=ada, via="web", now=NOW)
    with pytest.raises(NothingToSnooze):
        operations.snooze(page=page_of(incident), until=NOW + MINUTE, by=Actor(person=ada), now=NOW)
    operations.resolve(incident=incident, by=Actor(person=ada), now=NOW)
    with pytest.raises(AlreadyResolved):
        operations.snooze(page=page_of(incident), until=NOW + MINUTE, by=Actor(person=ada), now=NOW)


def test_whoever_is_handed_a_page_has_it_when_they_take_it(incident: Incident, ada: Person, bob: Person) -> None:
    operations.acknowledge(page=page_of(incident), by=ada, via="web", now=NOW)
    asked = operations.hand_over(page=page_of(incident), to=bob, by=Actor(person=ada), now=NOW)
    incident.refresh_from_db()
    assert (incident.acknowledged_by, page_of(incident).acknowledged_by) == (ada, ada)
    advance_due(now=NOW)
    assert Notification.objects.filter(page=asked, person=bob, kind="page").exists()
    assert incident.timeline.get(kind="paged", words__startswith="Step 1").words == f"Step 1: paged {bob.label}."
    operations.acknowledge(page=asked, by=bob, via="link", now=NOW + MINUTE)
    incident.refresh_from_db()
    assert (incident.acknowledged_by, page_of(incident).acknowledged_by) == (bob, bob)
    assert Page.objects.get(pk=asked.pk).hands_over is None
    operations.acknowledge(page=page_of(incident), by=ada, via="web", now=NOW + 2 * MINUTE)  # takes it back
    operations.acknowledge(page=asked, by=bob, via="link", now=NOW + 3 * MINUTE)  # an old link
    assert page_of(incident).acknowledged_by == ada


def test_who_does_not_answer_a_hand_over_takes_nothing(incident: Incident, ada: Person, bob: Person) -> None:
    operations.acknowledge(page=page_of(incident), by=ada, via="web", now=NOW)
    asked = operations.hand_over(page=page_of(incident), to=bob, by=Actor(person=ada), now=NOW)
    operations.acknowledge(page=asked, by=make.person("eve"), via="web", now=NOW)
    assert page_of(incident).acknowledged_by == ada


def test_a_hand_over_needs_a_holder_and_somebody_who_can_be_reached(
    incident: Incident, ada: Person, bob: Person
) -> None:
    by = Actor(person=ada)
    with pytest.raises(NotTaken):
        operations.hand_over(page=page_of(incident), to=bob, by=by, now=NOW)
    operations.acknowledge(page=page_of(incident), by=ada, via="web", now=NOW)
    for nobody in (ada, make.person("deaf")):
        with pytest.raises(Invalid):
            operations.hand_over(page=page_of(incident), to=nobody, by=by, now=NOW)


def test_a_second_hand_over_to_somebody_called_in_before_pages_them_again(
    incident: Incident, ada: Person, bob: Person
) -> None:
    by = Actor(person=ada)
    operations.acknowledge(page=page_of(incident), by=ada, via="web", now=NOW)
    called = operations.engage(incident=incident, by=by, now=NOW, person=bob)
    operations.acknowledge(page=called, by=bob, via="web", now=NOW)
    asked = operations.hand_over(page=page_of(incident), to=bob, by=by, now=NOW + MINUTE)
    assert asked.pk == called.pk
    assert asked.is_untaken
    assert page_of(incident).acknowledged_by == ada


def test_what_still_fires_is_silent_as_long_as_was_said_and_then_pages(incident: Incident, ada: Person) -> None:
    until = NOW + timedelta(hours=8)
    operations.resolve(incident=incident, by=Actor(person=ada), now=NOW, silent_until=until)
    assert not check_again(incident.number, now=until - MINUTE)
    assert check_again(incident.number, now=until)
    incident.refresh_from_db()
    assert incident.is_open


def test_a_silence_lasts_a_week_at_the_most(incident: Incident, ada: Person) -> None:
    for until in (NOW, NOW + timedelta(days=7, seconds=1)):
        with pytest.raises(Invalid):
            operations.resolve(incident=incident, by=Actor(person=ada), now=NOW, silent_until=until)
    incident.refresh_from_db()
    assert incident.is_open


def test_nothing_is_looked_at_again_where_nothing_fires(ada: Person) -> None:
    incident = operations.declare(title="Slow", by=Actor(person=ada), now=NOW)
    operations.resolve(incident=incident, by=Actor(person=ada), now=NOW, silent_until=NOW + MINUTE)
    incident.refresh_from_db()
    assert incident.check_again_at is None
