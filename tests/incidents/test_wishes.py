"""Personal rules, working hours, handing on: who is told by what, when, and when it stops."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.access import Actor
from catalog.models import Person
from incidents import links, operations
from incidents.models import ContactMethod, InboxMessage, Incident, Notification, Page, TimelineEntry
from incidents.operations import wishes
from incidents.operations.handing_on import HandedOn, hand_on
from incidents.operations.telling import tell
from incidents.paging import advance_due, deliver_due
from incidents.queries import contacts as queries
from incidents.queries import pulse
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
State = Notification.State
WEEKDAYS = frozenset(range(5))


@pytest.fixture
def ada() -> Person:
    return make.person("ada")


def rules(person: Person, *wanted: tuple[ContactMethod, int], urgency: str = "high") -> None:
    said = [wishes.Wish(method.pk, minutes * MINUTE) for method, minutes in wanted]
    wishes.set_rules(person=person, urgency=urgency, wishes=said, by=Actor(person=person), now=NOW)


def office(person: Person, zone: str = "UTC", start: int = 9, end: int = 17, days: frozenset[int] = WEEKDAYS) -> None:
    hours = wishes.Hours(zone, days, time(start), time(end))
    wishes.set_hours(person=person, hours=hours, by=Actor(person=person), now=NOW)


def paged(*people: Person, rule: str = "page", at: datetime = NOW) -> Incident:
    """An incident of a team whose steps ask one person each; its first step is taken."""
    team = make_incidents.paged(make.team(), *[make_incidents.step(person) for person in people])
    incident = make_incidents.incident(make.component(owner=team, tier=1), rule=rule, now=at)
    advance_due(now=at)
    return incident


def due_of(person: Person) -> list[tuple[str, timedelta]]:
    rows = Notification.objects.filter(person=person).order_by("due_at", "pk")
    return [(row.address, row.due_at - NOW) for row in rows]


def test_each_rule_of_the_urgency_is_a_message_at_its_time(ada: Person) -> None:
    mail, other = make_incidents.method(ada), make_incidents.method(ada, "ada@home.example", order=1)
    rules(ada, (other, 2), (mail, 0), (mail, 5))
    rules(ada, (other, 30), urgency="low")
    paged(ada)
    assert due_of(ada) == [(mail.address, 0 * MINUTE), (other.address, 2 * MINUTE), (mail.address, 5 * MINUTE)]
    assert queries.told(ada, now=NOW).words == {
        "high": f"At once by E-mail ({mail.address}), after 2 min by E-mail ({other.address}), "
        f"after 5 min by E-mail ({mail.address}).",
        "low": f"After 30 min by E-mail ({other.address}).",
    }


def test_the_rules_stop_when_anyone_acknowledges(ada: Person, mailbox: MailSink) -> None:
    mail, other = make_incidents.method(ada), make_incidents.method(ada, "ada@home.example", order=1)
    rules(ada, (mail, 0), (other, 2))
    linh = make_incidents.reachable("linh")
    incident = paged(ada)
    deliver_due(clock=lambda: NOW)
    operations.acknowledge(page=make_incidents.page_of(incident), by=linh, via="web", now=NOW + MINUTE)
    deliver_due(clock=lambda: NOW + 10 * MINUTE)
    assert [mail["To"] for mail in mailbox.messages] == ["ada@example.org"]
    assert set(Notification.objects.values_list("state", flat=True)) == {State.SENT, State.CANCELLED}


def test_a_failure_for_good_goes_to_a_method_that_no_rule_has_used_yet(ada: Person, mailbox: MailSink) -> None:
    broken = make_incidents.method(ada, "x", channel="pigeon")
    mail = make_incidents.method(ada, order=1)
    rules(ada, (broken, 0), (broken, 3))
    paged(ada)
    deliver_due(clock=lambda: NOW)
    assert [one["To"] for one in mailbox.messages] == [mail.address], "at once, though no rule named it"
    rows = Notification.objects.order_by("pk").values_list("channel", "state")
    assert list(rows) == [("pigeon", State.FAILED), ("pigeon", State.PENDING), ("email", State.SENT)]


def test_rules_of_methods_that_are_gone_leave_the_first_method(ada: Person) -> None:
    mail, other = make_incidents.method(ada), make_incidents.method(ada, "ada@home.example", order=1)
    rules(ada, (other, 2))
    ContactMethod.objects.filter(pk=other.pk).update(confirmed_at=None)
    paged(ada)
    assert due_of(ada) == [(mail.address, 0 * MINUTE)]


# NOW is Sunday 12:00 UTC


def test_what_is_not_urgent_waits_for_the_persons_hours_and_what_is_urgent_never(ada: Person) -> None:
    make_incidents.method(ada)
    office(ada, "Europe/Berlin")
    paged(ada, rule="ticket")
    monday = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert [NOW + due for _, due in due_of(ada)] == [monday]
    Notification.objects.all().delete()
    paged(ada, rule="page")
    assert [due for _, due in due_of(ada)] == [0 * MINUTE]


def test_within_the_hours_nothing_waits_and_over_midnight_counts(ada: Person) -> None:
    make_incidents.method(ada)
    office(ada, start=22, end=13, days=frozenset({5}))
    paged(ada, rule="ticket")
    assert [due for _, due in due_of(ada)] == [0 * MINUTE]


def test_a_rule_that_comes_due_outside_the_hours_waits_too(ada: Person) -> None:
    mail = make_incidents.method(ada)
    office(ada, start=9, end=13, days=frozenset(range(7)))
    rules(ada, (mail, 0), (mail, 90), urgency="low")
    paged(ada, rule="ticket")
    assert [NOW + due for _, due in due_of(ada)] == [NOW, datetime(2026, 11, 23, 9, 0, tzinfo=UTC)]


def test_what_is_only_told_waits_where_it_can(ada: Person) -> None:
    make_incidents.method(ada)
    office(ada)
    tell(person=ada, subject="Handoff", text="You have it.", key="a", now=NOW)
    tell(person=ada, subject="By the way", text="…", key="b", now=NOW, can_wait=True)
    assert [NOW + due for _, due in due_of(ada)] == [NOW, datetime(2026, 11, 23, 9, 0, tzinfo=UTC)]


# The inbox ------------------------------------------------------------------------------------------------------------


def test_every_page_is_in_the_inbox_once_whatever_the_rules_and_methods(ada: Person) -> None:
    mail, other = make_incidents.method(ada), make_incidents.method(ada, "ada@home.example", order=1)
    rules(ada, (mail, 0), (other, 2))
    incident = paged(ada)
    (message,) = InboxMessage.objects.all()
    assert (message.person, message.subject) == (ada, f"P1 {incident.label}: Runs don't start")
    assert queries.unread_count(ada) == 1


def test_who_has_no_method_finds_it_in_the_inbox_and_still_counts_as_unreachable(ada: Person) -> None:
    linh = make_incidents.reachable("linh")
    incident = paged(ada, linh)
    assert InboxMessage.objects.filter(person=ada).count() == 1
    assert incident.timeline.filter(kind=TimelineEntry.Kind.UNREACHABLE).exists()
    assert tell(person=ada, subject="s", text="t", key="k", now=NOW) is None
    assert InboxMessage.objects.filter(person=ada).count() == 2
    tell(person=ada, subject="s", text="t", key="k", now=NOW)
    assert InboxMessage.objects.filter(person=ada).count() == 2


def test_a_page_that_somebody_has_no_longer_wants_anybody(ada: Person) -> None:
    make_incidents.method(ada)
    incident = paged(ada)
    operations.acknowledge(page=make_incidents.page_of(incident), by=ada, via="web", now=NOW)
    assert queries.unread_count(ada) == 0
    assert queries.inbox(ada).count() == 1


# Handing on -----------------------------------------------------------------------------------------------------------


def test_one_tap_sends_my_open_pages_to_the_next_step(ada: Person) -> None:
    make_incidents.method(ada)
    linh = make_incidents.reachable("linh")
    first, second = paged(ada, linh), paged(ada, linh)
    elsewhere = paged(linh)
    assert hand_on(person=ada, via="web", now=NOW + MINUTE) == HandedOn(untaken=2)
    assert hand_on(person=ada, via="web", now=NOW + MINUTE) == HandedOn(), "a second tap does nothing"
    advance_due(now=NOW + MINUTE)
    assert hand_on(person=ada, via="web", now=NOW + MINUTE) == HandedOn(), "it is Linh's by now"
    for incident in (first, second):
        assert incident.notifications.filter(person=linh).count() == 1
        entry = incident.timeline.get(kind=TimelineEntry.Kind.ESCALATED)
        assert (entry.words, entry.person) == ("Ada handed it on: the next step is due now", ada)
    assert make_incidents.page_of(elsewhere).next_step_at == NOW + timedelta(minutes=5)


def test_what_was_still_to_come_to_me_is_not_sent(ada: Person) -> None:
    mail = make_incidents.method(ada)
    rules(ada, (mail, 0), (mail, 2))
    paged(ada, make_incidents.reachable("linh"))
    hand_on(person=ada, via="web", now=NOW + MINUTE)
    assert set(Notification.objects.filter(person=ada).values_list("state", flat=True)) == {State.CANCELLED}


def test_what_i_have_taken_escalates_to_the_step_after_me(ada: Person) -> None:
    make_incidents.method(ada)
    linh = make_incidents.reachable("linh")
    incident = paged(ada, linh)
    operations.acknowledge(page=make_incidents.page_of(incident), by=ada, via="web", now=NOW)
    assert hand_on(person=ada, via="link", now=NOW + MINUTE) == HandedOn(taken=1)
    page = make_incidents.page_of(incident)
    incident.refresh_from_db()
    assert (page.state, page.acknowledged_by, incident.state, incident.acknowledged_by) == (
        "triggered", None, Incident.State.TRIGGERED, None
    )  # fmt: skip
    advance_due(now=NOW + MINUTE)
    assert incident.notifications.filter(person=linh).count() == 1
    assert incident.notifications.filter(person=ada).count() == 1, "nobody asks me again"


def test_after_the_last_step_the_catch_all_has_it(ada: Person) -> None:
    make_incidents.method(ada)
    linh = make_incidents.reachable("linh")
    make_incidents.catch_all(linh)
    incident = paged(ada)
    hand_on(person=ada, via="web", now=NOW + MINUTE)
    advance_due(now=NOW + MINUTE)
    advance_due(now=NOW + MINUTE)
    assert incident.pages.filter(role=Page.Role.CATCH_ALL).exists()
    assert incident.notifications.filter(person=linh).exists()


def test_repeats_of_my_own_step_are_passed_over(ada: Person) -> None:
    make_incidents.method(ada)
    linh = make_incidents.reachable("linh")
    team = make_incidents.paged(make.team(), make_incidents.step(ada, repeat=3), make_incidents.step(linh))
    incident = make_incidents.incident(make.component(owner=team, tier=1))
    advance_due(now=NOW)
    hand_on(person=ada, via="web", now=NOW + MINUTE)
    advance_due(now=NOW + MINUTE)
    assert incident.notifications.filter(person=linh).count() == 1


def test_what_is_resolved_is_nobodys_to_hand_on(ada: Person) -> None:
    make_incidents.method(ada)
    incident = paged(ada, make_incidents.reachable("linh"))
    operations.resolve(incident=incident, by=Actor(person=ada), now=NOW)
    assert hand_on(person=ada, via="web", now=NOW + MINUTE) == HandedOn()


def test_the_link_of_a_message_hands_on_without_signing_in_and_opening_it_does_nothing(
    ada: Person, client: Client
) -> None:
    make_incidents.method(ada)
    linh = make_incidents.reachable("linh")
    at = db_now()
    incident = paged(ada, linh, at=at)
    path = "/a/" + links.make(make_incidents.page_of(incident), ada).rsplit("/", 1)[1]
    assert "I’m overwhelmed" in client.get(path).content.decode()
    assert make_incidents.page_of(incident).next_step_at == at + timedelta(minutes=5)
    answer = client.post(path, {"do": "hand-on"}, follow=True)
    assert "was handed on" in answer.content.decode()
    entry = incident.timeline.get(kind=TimelineEntry.Kind.ESCALATED)
    assert (entry.person, entry.via) == (ada, "link")
    assert make_incidents.page_of(incident).state == "triggered", "it was not acknowledged by it"


def test_the_frame_counts_what_wants_the_reader_without_asking_once_more(
    ada: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_incidents.method(ada)
    paged(ada)
    tell(person=ada, subject="s", text="t", key="k", now=NOW)
    tell(person=make.person("linh"), subject="s", text="t", key="k", now=NOW)
    with django_assert_num_queries(1):
        told = pulse(["advance_due"], now=NOW, reader=ada)
    assert (told.unread, dict(told.open)) == (2, {1: 1})
