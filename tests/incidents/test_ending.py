"""That it is over: who was called, told or follows hears it once, by no page, and only as long as it is true."""

from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.access import Actor
from catalog.models import Component, Person
from incidents import operations
from incidents.models import InboxMessage, Incident, Notification, WorkingHours
from incidents.operations import clear_alert, following
from incidents.operations.ending import tell_ended
from incidents.operations.gathering import gathering
from incidents.operations.telling import tell
from incidents.paging import advance_due, deliver_due
from incidents.queries.contacts import unread_count
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada", time_zone="Europe/Berlin")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh")


@pytest.fixture
def runners(ada: Person, linh: Person) -> Component:
    """Of ci, whose pages ask Ada, and an hour later Linh."""
    steps = (make_incidents.step(ada, delay=timedelta(hours=1)), make_incidents.step(linh))
    return make.component("runners", title="CI runners", owner=make_incidents.paged(make.team("ci", ada), *steps))


def fire(component: Component, key: str = "k", *, at: datetime = NOW) -> Incident:
    """It fires, and whoever is asked first gets their message."""
    incident = make_incidents.incident(component, key=key, source="api", summary="Jobs wait", now=at)
    advance_due(now=at)
    deliver(at)
    return incident


def deliver(at: datetime) -> None:
    deliver_due(clock=lambda: at)


def over_for(person: Person) -> list[str]:
    """Subjects and states of what tells `person` that something is over."""
    rows = Notification.objects.filter(person=person, rule__startswith="over/").order_by("pk")
    return [f"{row.words['subject']}, {row.state}" for row in rows]


def test_whoever_was_paged_hears_that_it_is_over_by_their_own_clock(
    runners: Component, ada: Person, linh: Person, mailbox: MailSink
) -> None:
    incident = fire(runners)
    clear_alert(key="k", now=NOW + 20 * MINUTE)
    assert over_for(ada) == [f"Over: {incident.label}, Jobs wait, pending"]
    assert over_for(linh) == [], "nobody asked her"
    deliver(NOW + 20 * MINUTE)
    assert len(mailbox.messages) == 1, "it waits for whether it lasts"
    deliver(NOW + 21 * MINUTE)
    mail = mailbox.messages[1]
    assert mail["Subject"] == f"Over: {incident.label}, Jobs wait"
    assert mail["X-Portico-Kind"] == "told"
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        said = part.get_content()
        assert "It lasted 20 min: Sun 22 Nov 13:00 to 13:20 CET." in said
        assert "Resolved: the last alert has cleared." in said
        assert "You were paged for it." in said
        assert "/a/" not in said, "there is nothing to answer"


def test_whoever_resolved_it_knows_and_all_others_hear_what_it_was(
    runners: Component, ada: Person, linh: Person, mailbox: MailSink
) -> None:
    incident = fire(runners)
    following.follow(incident=incident, person=linh, now=NOW)
    told, quiet, gone = (make_incidents.reachable(name) for name in ("told", "quiet", "gone"))
    for person in (told, gone):
        tell(person=person, subject="s", text="t", key="k", now=NOW, incident=incident)
    Person.objects.filter(pk=gone.pk).update(retired_at=NOW)
    operations.resolve(incident=incident, by=Actor(person=ada), now=NOW + MINUTE, cause="A full disk")
    rows = Notification.objects.filter(rule__startswith="over/")
    assert {row.person: row.words["why"] for row in rows} == {
        linh: "You follow it.", told: "You were told of the incident.",
    }  # fmt: skip
    assert {row.words["how"] for row in rows} == {"Resolved by Ada: A full disk."}
    assert (over_for(ada), over_for(quiet), over_for(gone)) == ([], [], [])
    deliver(NOW + 2 * MINUTE)
    parts = [mail.get_body(("plain",)) for mail in mailbox.messages]  # several are sent at once, in any order
    said = "It still fires, and pages again at Sun 22 Nov 12:31 UTC if it does then."
    assert sum(said in part.get_content() for part in parts if part is not None) == 2


def test_it_is_told_in_the_transaction_that_ends_it_and_not_by_a_page(runners: Component, ada: Person) -> None:
    incident = fire(runners)
    clear_alert(key="k", now=NOW + MINUTE)
    row = Notification.objects.get(rule__startswith="over/")
    assert (row.kind, row.incident, row.page, row.urgency, row.priority) == ("told", incident, None, "low", 90)
    inbox = InboxMessage.objects.get(key=f"over-{incident.pk}-{ada.pk}")
    assert (inbox.kind, inbox.text.split("\n")[0]) == ("told", "It lasted 1 min. Resolved: the last alert has cleared.")


def test_what_reopens_before_it_was_sent_is_not_called_over(runners: Component, ada: Person, mailbox: MailSink) -> None:
    fire(runners)
    clear_alert(key="k", now=NOW + MINUTE)
    fire(runners, at=NOW + MINUTE + timedelta(seconds=20))
    deliver(NOW + 3 * MINUTE)
    assert [said.rpartition(", ")[2] for said in over_for(ada)] == ["cancelled"]
    assert not any("Over:" in mail["Subject"] for mail in mailbox.messages)


def test_what_goes_on_and_off_is_called_over_once_it_has_been_quiet(
    runners: Component, ada: Person, mailbox: MailSink
) -> None:
    for turn in range(3):  # on at 0, 10 and 20 minutes, off four minutes later
        at = NOW + turn * 10 * MINUTE
        fire(runners, at=at)
        clear_alert(key="k", now=at + 4 * MINUTE)
        deliver(at + 6 * MINUTE)
    said = [mail["Subject"] for mail in mailbox.messages]
    assert sum("Over:" in one for one in said) == 1, "the first end; others came within the half hour"
    for minutes in (49, 50, 60):
        deliver(NOW + minutes * MINUTE)
    said = [mail["Subject"] for mail in mailbox.messages]
    assert sum("Over:" in one for one in said) == 2, "and the last, for Ada was paged again in between"
    assert InboxMessage.objects.filter(person=ada, key__startswith="over-").count() == 1


def test_whose_last_word_is_that_it_is_over_is_not_told_so_again(
    runners: Component, ada: Person, linh: Person, mailbox: MailSink
) -> None:
    incident = fire(runners)
    tell(person=linh, subject="It affects you", text="t", key="k", now=NOW, incident=incident)
    clear_alert(key="k", now=NOW + MINUTE)
    deliver(NOW + 2 * MINUTE)
    fire(runners, at=NOW + 5 * MINUTE)
    clear_alert(key="k", now=NOW + 6 * MINUTE)
    assert (len(over_for(ada)), len(over_for(linh))) == (2, 1), "Linh heard of no reopening"


def test_working_hours_hold_it_back(runners: Component, ada: Person) -> None:
    days = [0, 1, 2, 3, 4, 5, 6]
    WorkingHours.objects.create(person=ada, start=time(8), end=time(9), days=days, time_zone="UTC")
    fire(runners)
    clear_alert(key="k", now=NOW + MINUTE)
    assert Notification.objects.get(rule__startswith="over/").due_at == NOW.replace(hour=8) + timedelta(days=1)


def test_who_was_spared_or_has_no_method_finds_it_in_the_portal_alone(runners: Component, ada: Person) -> None:
    incident = make_incidents.incident(runners, key="k", source="api", now=NOW)
    advance_due(now=NOW)
    operations.acknowledge(page=make_incidents.page_of(incident), by=make.person("mei"), via="web", now=NOW)
    clear_alert(key="k", now=NOW + MINUTE)
    assert over_for(ada) == [], "her page was never sent"
    assert unread_count(ada) == 0, "it wants nothing of her"
    assert InboxMessage.objects.filter(person=ada, key__startswith="over-").count() == 1


def test_what_ends_together_is_one_message_and_costs_the_same_questions_however_many(
    ada: Person, mailbox: MailSink
) -> None:
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))
    made = [fire(make.component(owner=team), f"k{number}", at=NOW + number * MINUTE) for number in range(6)]
    spent = []
    for ended in (made[:1], made[1:]):
        Incident.objects.filter(pk__in=[one.pk for one in ended]).update(state="resolved", resolved_at=NOW + 7 * MINUTE)
        with CaptureQueriesContext(connection) as seen:
            assert tell_ended({one.pk: "Over" for one in ended}, now=NOW + 7 * MINUTE) == 1
        spent.append(len(seen))
    assert spent == [9, 9]
    before = len(mailbox.messages)
    deliver(NOW + 8 * MINUTE)
    (mail,) = mailbox.messages[before:]
    assert mail["Subject"] == "6 incidents are over"
    part = mail.get_body(("plain",))
    assert part is not None
    assert all(f"Over: {one.label}, Jobs wait" in part.get_content() for one in made)


def test_a_program_reads_which_are_over(ada: Person) -> None:
    with WebhookSink.running() as hook:
        mei = make.person("mei")
        make_incidents.method(mei, hook.url, channel="webhook")
        team = make_incidents.paged(make.team("ci", mei), make_incidents.step(mei))
        for minute, key in enumerate("ab"):
            fire(make.component(owner=team), key=key, at=NOW + minute * MINUTE)
        with gathering(now=NOW + MINUTE):
            for key in "ab":
                clear_alert(key=key, now=NOW + MINUTE)
        before = len(hook.received)
        deliver(NOW + 2 * MINUTE)
        (body,) = [one.body for one in hook.received[before:]]
    assert (body["kind"], body["person"]) == ("told", mei.ref)
    assert [one["incident"]["resolved_at"] for one in body["over"]] == [(NOW + MINUTE).isoformat()] * 2
