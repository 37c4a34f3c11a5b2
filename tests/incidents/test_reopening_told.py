"""An incident that is open again is told as that: what belongs to its earlier opening is not told as if it held."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.test import Client

from catalog.access import Actor
from catalog.models import Component, Person
from incidents import links, operations
from incidents.models import InboxMessage, Incident
from incidents.operations import clear_alert
from incidents.paging import advance_due, deliver_due
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh", time_zone="Europe/Berlin")


@pytest.fixture
def runners(linh: Person) -> Component:
    steps = (make_incidents.step(linh), make_incidents.step(linh))
    return make.component("runners", owner=make_incidents.paged(make.team("ci", linh), *steps))


def fire(runners: Component, at: datetime, key: str = "k") -> Incident:
    incident = make_incidents.incident(runners, key=key, summary="Jobs wait", now=at)
    sweep(at)
    return incident


def sweep(at: datetime) -> None:
    advance_due(now=at)
    deliver_due(clock=lambda: at)


def reopened(runners: Component, linh: Person) -> Incident:
    """Linh took it, it was over, and it fires again seven minutes after it began."""
    incident = fire(runners, NOW)
    operations.acknowledge(page=make_incidents.page_of(incident), by=linh, via="link", now=NOW + MINUTE)
    operations.add_note(incident=incident, by=Actor(person=linh), text="Restarting it", now=NOW + 2 * MINUTE)
    clear_alert(key="k", now=NOW + 5 * MINUTE)
    return fire(runners, NOW + 7 * MINUTE)


def said_in(mail: EmailMessage) -> list[str]:
    return [part.get_content() for kind in ("plain", "html") if (part := mail.get_body((kind,))) is not None]


def test_a_mail_about_what_is_open_again_says_so_and_not_who_had_it_before(
    runners: Component, linh: Person, mailbox: MailSink
) -> None:
    incident = reopened(runners, linh)
    mail = mailbox.messages[-1]
    assert mail["Subject"].endswith(f"{incident.label} again: Jobs wait")
    for said in said_in(mail):
        assert "Sun 22 Nov 13:07 CET, open again (first Sun 22 Nov 13:00 CET)" in said
        assert "nobody has it since it opened again" in said
        assert "has it (" not in said, "she had it before it was over"
        assert "Restarting it" not in said
    assert InboxMessage.objects.latest("pk").subject.endswith(f"{incident.label} again: Jobs wait")


def test_nobody_has_what_is_open_again_until_somebody_takes_it(
    browser_of_ada: Client, runners: Component, linh: Person
) -> None:
    incident = reopened(runners, linh)
    incident.refresh_from_db()
    assert incident.acknowledged_by is None
    assert "took it after" not in browser_of_ada.get(f"/incidents/{incident.number}").content.decode()
    operations.acknowledge(page=make_incidents.page_of(incident), by=linh, via="link", now=NOW + 9 * MINUTE)
    said = browser_of_ada.get(f"/incidents/{incident.number}").content.decode()
    assert "since it opened again" in said


def test_what_is_done_since_it_opened_again_is_told(runners: Component, linh: Person, mailbox: MailSink) -> None:
    incident = reopened(runners, linh)
    operations.add_note(incident=incident, by=Actor(person=linh), text="On it again", now=NOW + 8 * MINUTE)
    operations.escalate_now(page=make_incidents.page_of(incident), by=Actor(person=linh), now=NOW + 9 * MINUTE)
    sweep(NOW + 9 * MINUTE)
    for said in said_in(mailbox.messages[-1]):
        assert "Linh: On it again (13:08 CET)" in said


def test_who_lost_it_for_they_did_not_answer_is_not_said_to_have_it(
    runners: Component, linh: Person, mailbox: MailSink
) -> None:
    incident = fire(runners, NOW)
    page = make_incidents.page_of(incident)
    operations.acknowledge(page=page, by=linh, via="link", now=NOW + MINUTE)
    operations.escalate_now(page=page, by=Actor(person=linh), now=NOW + 2 * MINUTE)
    sweep(NOW + 2 * MINUTE)
    for said in said_in(mailbox.messages[-1]):
        assert "has it (" not in said
        assert "obody has it yet" in said


def test_its_acknowledge_page_says_since_when_it_is_open_again_and_names_what_fires_once(
    client: Client, runners: Component, linh: Person, mailbox: MailSink
) -> None:
    incident = reopened(runners, linh)
    Incident.objects.filter(pk=incident.pk).update(title="CI runners")
    said = client.get(urlsplit(links.make(make_incidents.page_of(incident), linh)).path).content.decode()
    assert "open again since" in said
    assert "It was over, and is open again since" in said
    assert said.count("Jobs wait") == 1


def test_an_alert_that_has_ended_says_until_when(client: Client, runners: Component, linh: Person) -> None:
    incident = fire(runners, NOW)
    make_incidents.incident(runners, key="other", summary="Disk is full", now=NOW)
    clear_alert(key="other", now=NOW + 4 * MINUTE)
    said = client.get(urlsplit(links.make(make_incidents.page_of(incident), linh)).path).content.decode()
    assert "Disk is full" in said
    assert "until" in said
