"""Whoever was told that an incident is over is told when it opens again, once and quietly, and then of its next end."""

from datetime import timedelta

import pytest

from catalog.models import Component, Person
from incidents.models import InboxMessage, Incident, Notification
from incidents.operations import clear_alert, following
from incidents.operations.telling import tell
from incidents.paging import advance_due, deliver_due
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh", time_zone="Europe/Berlin")


@pytest.fixture
def omar() -> Person:
    return make_incidents.reachable("omar")


@pytest.fixture
def runners(ada: Person) -> Component:
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada, delay=timedelta(hours=2)))
    return make.component("runners", owner=team)


def fire(runners: Component, at: timedelta = timedelta(0)) -> Incident:
    incident = make_incidents.incident(runners, key="k", summary="Jobs wait", now=NOW + at)
    sweep(at)
    return incident


def sweep(at: timedelta) -> None:
    advance_due(now=NOW + at)
    deliver_due(clock=lambda: NOW + at)


def ends(at: timedelta) -> None:
    clear_alert(key="k", now=NOW + at)


@pytest.fixture
def incident(runners: Component, linh: Person, omar: Person, mailbox: MailSink) -> Incident:
    """Ada was paged, Linh told that it affects her, Omar follows; it was over, and all of them heard."""
    incident = fire(runners)
    tell(person=linh, subject="It affects you", text="t", key="k", now=NOW, incident=incident)
    following.follow(incident=incident, person=omar, now=NOW)
    sweep(MINUTE)  # what is due in one sweep is sent in any order
    ends(5 * MINUTE)
    sweep(6 * MINUTE)
    return incident


def heard(person: Person, mailbox: MailSink) -> list[str]:
    """The subjects of what reached them, as they came."""
    return [
        mail["Subject"].partition(":")[0] for mail in mailbox.messages if str(mail["To"]).startswith(person.name + "@")
    ]


def test_they_hear_that_it_is_open_again_and_then_of_its_next_end(
    incident: Incident, runners: Component, linh: Person, omar: Person, ada: Person, mailbox: MailSink
) -> None:
    fire(runners, 8 * MINUTE)
    sweep(9 * MINUTE)
    sweep(12 * MINUTE)
    assert heard(linh, mailbox)[-2:] == ["Over", "Open again"]
    assert heard(omar, mailbox) == ["Over", "Open again"]
    assert "Open again" not in heard(ada, mailbox), "she is paged again, that is enough"
    said = next(mail for mail in mailbox.messages if mail["Subject"].startswith("Open again"))
    assert said["X-Portico-Kind"] == "told"
    ends(14 * MINUTE)
    sweep(40 * MINUTE)
    assert heard(linh, mailbox)[-3:] == ["Over", "Open again", "Over"]
    assert heard(omar, mailbox) == ["Over", "Open again", "Over"]
    sweep(80 * MINUTE)
    assert heard(omar, mailbox) == ["Over", "Open again", "Over"]


def test_it_is_told_by_their_own_clock(incident: Incident, runners: Component, linh: Person, mailbox: MailSink) -> None:
    fire(runners, 8 * MINUTE)
    row = Notification.objects.get(person=linh, rule__startswith="again/")
    assert "It is open again since 13:08 CET." in row.words["text"]
    assert (row.urgency, row.page, row.due_at) == ("low", None, NOW + 8 * MINUTE + timedelta(seconds=30))


def test_what_is_over_again_at_once_is_not_called_open_nor_over_twice(
    incident: Incident, runners: Component, linh: Person, mailbox: MailSink
) -> None:
    fire(runners, 8 * MINUTE)
    ends(8 * MINUTE + timedelta(seconds=20))
    for minutes in (9, 40):
        sweep(minutes * MINUTE)
    assert heard(linh, mailbox) == ["It affects you", "Over"]


def test_the_portals_inbox_does_not_call_it_over_while_it_is_open(
    incident: Incident, runners: Component, linh: Person
) -> None:
    mine = InboxMessage.objects.filter(person=linh)
    assert mine.filter(key__startswith="over-").exists()
    fire(runners, 8 * MINUTE)
    assert not mine.filter(key__startswith="over-").exists()
    assert mine.latest("pk").subject == f"Open again: {incident.label}, Jobs wait"


def test_whoever_was_not_told_of_the_end_is_not_told_that_it_is_open_again(
    runners: Component, linh: Person, mailbox: MailSink
) -> None:
    incident = fire(runners)
    tell(person=linh, subject="It affects you", text="t", key="k", now=NOW, incident=incident)
    ends(5 * MINUTE)
    fire(runners, 5 * MINUTE + timedelta(seconds=20))
    sweep(7 * MINUTE)
    assert heard(linh, mailbox) == ["It affects you"]
    assert not Notification.objects.filter(rule__startswith="again/").exists()
