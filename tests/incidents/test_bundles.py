"""Several pages at once are one message: the first goes at once, the others wait a little for company."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.models import Incident, Notification, NotificationAttempt
from incidents.operations.telling import tell
from incidents.paging import advance_due, deliver_due
from incidents.paging.outbox import LEASE, bundles, lease
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
State = Notification.State


@pytest.fixture
def hook() -> Iterator[WebhookSink]:
    with WebhookSink.running() as sink:
        yield sink


@pytest.fixture(autouse=True)
def three_seconds(settings: make.Settings) -> None:
    """So long a further page waits for company in these tests."""
    settings.PORTAL_BUNDLE_SECONDS = 3


def incidents(person: Person, count: int, *, at: datetime = NOW) -> list[Incident]:
    """So many, each of a component of its own, all paging `person`."""
    team = make_incidents.paged(make.team(), make_incidents.step(person))
    made = [make_incidents.incident(make.component(owner=team, tier=1 + n % 3), now=at) for n in range(count)]
    advance_due(now=at)
    return made


def deliver(at: datetime) -> int:
    return deliver_due(clock=lambda: at).sent


def test_pages_that_are_due_together_are_one_message_with_a_link_each(mailbox: MailSink) -> None:
    ada = make_incidents.reachable("ada")
    made = incidents(ada, 4)
    assert deliver(NOW) == 4
    mail = mailbox.messages[0]
    assert len(mailbox.messages) == 1
    assert mail["Subject"].startswith(f"4 pages: P1 {made[0].label}")
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert text.count("/a/") == 5, "one link each, and one for all"
    assert all(one.label in text for one in made)
    assert set(Notification.objects.values_list("state", flat=True)) == {State.SENT}
    assert NotificationAttempt.objects.filter(outcome="sent").count() == 4


def test_the_first_goes_at_once_and_further_ones_wait_a_little_for_company(hook: WebhookSink) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    incidents(ada, 1)
    assert deliver(NOW) == 1
    incidents(ada, 1, at=NOW + SECOND)
    assert deliver(NOW + SECOND) == 0
    incidents(ada, 2, at=NOW + 2 * SECOND)
    assert deliver(NOW + 2 * SECOND) == 0
    assert deliver(NOW + 3 * SECOND) == 3
    first, second = hook.received
    assert "pages" not in first.body
    assert len(second.body["pages"]) == 3
    assert {page["key"] for page in second.body["pages"]} <= set(
        Notification.objects.values_list("idempotency_key", flat=True)
    )


def test_another_person_waits_for_nobody(hook: WebhookSink) -> None:
    for name in ("ada", "linh"):
        person = make.person(name)
        make_incidents.method(person, f"{hook.url}/{name}", channel="webhook")
        incidents(person, 2)
    assert deliver(NOW) == 4
    assert sorted(len(one.body["pages"]) for one in hook.received) == [2, 2]


def test_what_was_taken_meanwhile_is_left_out(hook: WebhookSink) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    made = incidents(ada, 3)
    operations.acknowledge(page=made[1].pages.get(), by=ada, via="web", now=NOW)
    assert deliver(NOW) == 2
    assert [page["incident"]["number"] for page in hook.received[0].body["pages"]] == [made[0].pk, made[2].pk]


def test_a_bundle_that_fails_is_tried_again_whole_and_each_page_has_its_try(hook: WebhookSink) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    incidents(ada, 3)
    hook.status = 503
    assert deliver(NOW) == 0
    assert set(Notification.objects.values_list("state", "attempts")) == {(State.PENDING, 1)}
    hook.status = 200
    assert deliver(NOW + 2 * SECOND) == 3
    first, again = hook.received
    assert first.key == again.key
    assert NotificationAttempt.objects.count() == 6


def test_a_bundle_that_can_never_be_sent_goes_by_the_next_method_at_once(hook: WebhookSink, mailbox: MailSink) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook", order=0)
    make_incidents.method(ada, channel="email", order=1)
    incidents(ada, 2)
    hook.status = 410
    assert deliver(NOW) == 2
    assert len(mailbox.messages) == 1
    assert sorted(Notification.objects.values_list("channel", "state")) == [
        ("email", State.SENT), ("email", State.SENT), ("webhook", State.FAILED), ("webhook", State.FAILED),
    ]  # fmt: skip


def test_what_a_dead_worker_left_is_not_mixed_with_what_was_never_tried() -> None:
    ada = make_incidents.reachable("ada")
    incidents(ada, 2)
    lease(now=NOW, by="dead", limit=10)
    incidents(ada, 2, at=NOW + LEASE)
    found = bundles(lease(now=NOW + LEASE, by="alive", limit=10))
    assert [{one.notification.maybe_duplicate for one in bundle} for bundle in found] == [{True}, {False}]


def test_what_people_are_told_is_not_put_among_pages(mailbox: MailSink) -> None:
    ada = make_incidents.reachable("ada")
    incidents(ada, 2)
    tell(person=ada, subject="hello", text="hello", key="k", now=NOW)
    assert deliver(NOW) == 3
    assert len(mailbox.messages) == 2


def test_many_go_in_few_messages(hook: WebhookSink) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    incidents(ada, 120)
    assert deliver(NOW) == 120
    assert len(hook.received) == 1


def test_no_page_waits_longer_than_the_setting_however_many_keep_coming(hook: WebhookSink) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    for second in range(10):
        incidents(ada, 1, at=NOW + second * SECOND)
        deliver(NOW + second * SECOND)
    deliver(NOW + 12 * SECOND)
    assert [len(one.keys) for one in hook.received] == [1, 3, 3, 3]
    for row in Notification.objects.all():
        assert row.sent_at is not None
        assert row.sent_at - row.due_at <= 3 * SECOND


def test_a_try_says_how_many_pages_shared_its_message(hook: WebhookSink) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    incidents(ada, 3)
    deliver(NOW)
    assert list(NotificationAttempt.objects.values_list("together", flat=True)) == [3, 3, 3]
    assert hook.received[0].key not in hook.received[0].keys
    assert hook.keys() == dict.fromkeys(Notification.objects.values_list("idempotency_key", flat=True), 1)


def test_without_the_setting_only_what_is_due_at_the_same_moment_goes_together(
    hook: WebhookSink, settings: make.Settings
) -> None:
    settings.PORTAL_BUNDLE_SECONDS = 0
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    incidents(ada, 1)
    deliver(NOW)
    incidents(ada, 1, at=NOW + SECOND)
    assert deliver(NOW + SECOND) == 1


def test_the_link_for_all_changes_nothing_when_opened_and_takes_all_when_pressed(
    hook: WebhookSink, client: Client
) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    first, second, third = incidents(ada, 3)
    deliver(NOW)
    path = "/a/all/" + hook.received[0].body["links"]["acknowledge_all"].rsplit("/", 1)[1]
    operations.resolve(incident=third, by=Actor(person=ada), now=NOW)
    answer = client.get(path)
    assert answer.status_code == 200
    assert "I have all 2" in answer.content.decode()
    assert not Incident.objects.filter(state=Incident.State.ACKNOWLEDGED).exists()
    client.post(path)
    for incident in (first, second):
        incident.refresh_from_db()
        assert incident.acknowledged_by == ada
    third.refresh_from_db()
    assert third.state == Incident.State.RESOLVED
    assert "Somebody has each of them" in client.get(path).content.decode()


def test_a_link_for_one_is_no_link_for_all_and_a_tampered_one_is_refused(hook: WebhookSink, client: Client) -> None:
    ada = make.person("ada")
    make_incidents.method(ada, hook.url, channel="webhook")
    incidents(ada, 2)
    deliver(NOW)
    body = hook.received[0].body
    token = body["links"]["acknowledge_all"].rsplit("/", 1)[1]
    one = body["pages"][0]["links"]["acknowledge"].rsplit("/", 1)[1]
    assert client.post(f"/a/{token}").status_code == 404
    assert client.post(f"/a/all/{one}").status_code == 404
    assert client.post(f"/a/all/{token[:-2]}xx").status_code == 404
