"""The outbox against real servers on loopback: sent once, tried again, moved on, cancelled, marked when in doubt."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog.models import Person
from incidents import links, operations
from incidents.channels.webhook import signature
from incidents.models import Incident, Notification, NotificationAttempt, TimelineEntry
from incidents.operations.telling import tell
from incidents.paging import advance_due, courier, deliver_due
from incidents.paging.outbox import LEASE, Outcome, lease
from incidents.paging.settling import settle
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
State = Notification.State
SECOND = timedelta(seconds=1)


@pytest.fixture
def hook() -> Iterator[WebhookSink]:
    with WebhookSink.running() as sink:
        yield sink


@pytest.fixture
def ada() -> Person:
    return make.person("ada")


def deliver(at: datetime = NOW) -> tuple[int, int]:
    delivered = deliver_due(clock=lambda: at)
    return delivered.sent, delivered.failed


def paged(*people: Person, **fields: Any) -> Incident:
    team = make_incidents.paged(make.team("ci"), *[make_incidents.step(person) for person in people])
    incident = make_incidents.incident(make.component("runners", owner=team, tier=1), **fields)
    advance_due(now=NOW)
    return incident


def by_hook(person: Person, sink: WebhookSink, order: int = 0) -> None:
    make_incidents.method(person, sink.url, channel="webhook", secret="s3cret", order=order)


def test_a_page_by_mail_says_what_why_whose_and_how_to_take_it(ada: Person, mailbox: MailSink) -> None:
    make_incidents.method(ada)
    incident = paged(ada, details={"burn": 14.4, "budget_remaining": 0.123})
    assert deliver() == (1, 0)
    mail = mailbox.messages[0]
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert mail["Subject"] == f"P1 {incident.label}: Runs don't start"
    for part in ("a page rule fired on a tier 1 component", "runners", "Ci", "14.4", "12.3", "/a/"):
        assert part in text
        assert part in html
    assert "component:default/runners" not in text  # its name is for people, its reference for programs
    row = Notification.objects.get()
    assert (row.state, row.receipt, row.attempts) == (State.SENT, mail["Message-ID"], 1)
    assert mail["X-Portico-Possible-Duplicate"] is None


def test_the_link_in_the_message_is_the_persons_own(ada: Person, hook: WebhookSink) -> None:
    by_hook(ada, hook)
    incident = paged(ada)
    deliver()
    token = hook.received[0].body["links"]["acknowledge"].rsplit("/", 1)[1]
    page = make_incidents.page_of(incident)
    assert links.read(token) == links.AckClaim(page.pk, ada.pk, page.generation)


def test_a_webhook_is_signed_over_timestamp_and_body(ada: Person, hook: WebhookSink) -> None:
    by_hook(ada, hook)
    paged(ada)
    deliver()
    received = hook.received[0]
    stamp = received.headers["X-Portico-Timestamp"]
    assert received.headers["X-Portico-Signature-256"] == signature("s3cret", stamp, received.raw)
    assert received.headers["X-Portico-Signature-256"] != signature("other", stamp, received.raw)
    assert received.key == Notification.objects.get().idempotency_key


def test_what_is_sent_is_not_sent_again(ada: Person, hook: WebhookSink) -> None:
    by_hook(ada, hook)
    paged(ada)
    deliver()
    assert deliver(NOW + timedelta(hours=1)) == (0, 0)
    assert len(hook.received) == 1


def test_a_passing_failure_is_tried_again_with_growing_pauses(ada: Person, hook: WebhookSink) -> None:
    by_hook(ada, hook)
    hook.status = 503
    incident = paged(ada)
    deliver()
    row = Notification.objects.get()
    assert (row.state, row.next_attempt_at, row.error) == (State.PENDING, NOW + 2 * SECOND, "503 Service Unavailable")
    assert deliver(NOW + SECOND) == (0, 0)
    deliver(NOW + 2 * SECOND)
    row.refresh_from_db()
    assert row.next_attempt_at == NOW + 7 * SECOND
    hook.status = 200
    assert deliver(NOW + 7 * SECOND) == (1, 0)
    assert list(row.tries.values_list("number", "outcome")) == [(1, "temporary"), (2, "temporary"), (3, "sent")]
    assert incident.timeline.filter(kind=TimelineEntry.Kind.SEND_FAILED).count() == 2


def test_a_failure_for_good_goes_on_to_the_persons_next_method_at_once(
    ada: Person, hook: WebhookSink, mailbox: MailSink
) -> None:
    make_incidents.method(ada)
    by_hook(ada, hook, order=1)
    mailbox.refuse = "550 no such mailbox"
    paged(ada)
    assert deliver() == (1, 1)
    assert list(Notification.objects.order_by("pk").values_list("channel", "state")) == [
        ("email", State.FAILED), ("webhook", State.SENT)
    ]  # fmt: skip


def test_with_no_method_left_the_next_step_is_due_at_once(ada: Person, hook: WebhookSink, mailbox: MailSink) -> None:
    by_hook(ada, hook)
    hook.status = 410
    incident = paged(ada, make_incidents.reachable("linh"))
    assert deliver() == (0, 1)
    assert Notification.objects.get().state == State.DEAD
    assert make_incidents.page_of(incident).next_step_at == NOW
    advance_due(now=NOW)
    deliver()
    assert mailbox.messages[0]["To"] == "linh@example.org"


def test_a_server_that_refuses_connections_is_a_passing_failure(ada: Person) -> None:
    make_incidents.method(ada, "http://127.0.0.1:1/hook", channel="webhook")
    paged(ada)
    assert deliver() == (0, 1)
    assert Notification.objects.get().state == State.PENDING


def test_one_hanging_server_does_not_keep_other_channels_waiting(
    ada: Person, hook: WebhookSink, mailbox: MailSink
) -> None:
    hook.hang = threading.Event()
    others = [make_incidents.reachable() for _ in range(30)]
    hung = [make.person() for _ in range(30)]
    for person in hung:
        by_hook(person, hook)
    team = make_incidents.paged(make.team(), make_incidents.step(*hung, *others))
    make_incidents.incident(make.component(owner=team))
    advance_due(now=NOW)
    arrived: list[int] = []
    watcher = threading.Thread(target=_release_after_mail, args=(mailbox, hook.hang, len(others), arrived))
    watcher.start()
    deliver()
    watcher.join()
    assert arrived == [len(others)]


def _release_after_mail(mailbox: MailSink, hang: threading.Event, count: int, arrived: list[int]) -> None:
    """Let the webhooks go on once all mail is there, and note how much it was while they hung."""
    until = time.monotonic() + 20
    while len(mailbox.messages) < count and time.monotonic() < until:
        time.sleep(0.01)
    arrived.append(len(mailbox.messages))
    hang.set()


def test_nothing_is_sent_once_somebody_has_it(ada: Person, hook: WebhookSink) -> None:
    by_hook(ada, hook)
    incident = paged(ada)
    Notification.objects.update(next_attempt_at=NOW + SECOND)
    operations.acknowledge(page=make_incidents.page_of(incident), by=ada, via="web", now=NOW)
    Notification.objects.update(state=State.PENDING)  # as if it had been waiting for another try at that moment
    assert deliver(NOW + SECOND) == (0, 0)
    assert (hook.received, Notification.objects.get().state) == ([], State.CANCELLED)


def test_a_worker_that_died_while_sending_is_made_up_for_with_a_marked_duplicate(
    ada: Person, hook: WebhookSink
) -> None:
    by_hook(ada, hook)
    paged(ada)
    assert len(lease(now=NOW, by="dead worker", limit=10)) == 1
    assert deliver(NOW + LEASE - SECOND) == (0, 0)
    assert deliver(NOW + LEASE) == (1, 0)
    assert [one.maybe_duplicate for one in hook.received] == [True]
    assert hook.received[0].body["sent_again"] is True
    tries = NotificationAttempt.objects.order_by("number").values_list("number", "by", "outcome")
    assert (tries[0], tries[1][2]) == ((1, "dead worker", ""), "sent")


def test_a_late_worker_does_not_undo_what_its_successor_did(ada: Person, hook: WebhookSink) -> None:
    by_hook(ada, hook)
    paged(ada)
    late = lease(now=NOW, by="slow worker", limit=10)
    deliver(NOW + LEASE)
    settle([Outcome(late[0], error="timed out")], now=NOW + LEASE)
    assert Notification.objects.get().state == State.SENT


def test_an_unknown_channel_is_a_failure_for_good(ada: Person) -> None:
    make_incidents.method(ada, "somewhere", channel="pigeon")
    paged(ada)
    assert deliver() == (0, 1)
    assert "no channel 'pigeon'" in Notification.objects.get().error


def test_a_page_whose_words_cannot_be_made_up_goes_out_bare(ada: Person, hook: WebhookSink) -> None:
    by_hook(ada, hook)
    incident = paged(ada, details={"burn": 1.0, "budget_remaining": {"not": "a number"}})
    assert deliver() == (1, 0)
    assert hook.received[0].body["text"].splitlines()[0] == incident.title


def test_what_is_told_twice_under_one_key_is_sent_once(ada: Person, mailbox: MailSink) -> None:
    make_incidents.method(ada)
    for _ in "12":
        tell(person=ada, subject="Handoff", text="You have it until Monday.", key="handoff-7", now=NOW)
    assert deliver() == (1, 0)
    assert mailbox.messages[0]["Subject"] == "Handoff"


def test_somebody_without_a_contact_method_cannot_be_told(ada: Person) -> None:
    assert tell(person=ada, subject="s", text="t", key="k", now=NOW) is None


def test_an_outcome_that_cannot_be_recorded_holds_up_no_other(ada: Person) -> None:
    make_incidents.method(ada)
    paged(ada)
    (leased,) = lease(now=NOW, by="x", limit=5)
    settle([Outcome(leased, error="550 \x00"), Outcome(leased, receipt="ok")], now=NOW)
    assert Notification.objects.get().state == State.SENT


def test_what_a_server_says_is_kept_without_what_cannot_be() -> None:
    assert courier._storable("550 a\x00b\ud800") == "550 ab?"


def test_a_page_taken_while_it_was_being_sent_is_not_tried_again(ada: Person) -> None:
    make_incidents.method(ada)
    make_incidents.method(ada, "http://127.0.0.1/hook", channel="webhook", order=1)
    incident = paged(ada)
    leased = lease(now=NOW, by="slow", limit=5)
    operations.acknowledge(page=make_incidents.page_of(incident), by=ada, via="web", now=NOW)
    settle([Outcome(one, error="refused", permanent=True) for one in leased], now=NOW)
    assert list(Notification.objects.values_list("state", "error")) == [(State.CANCELLED, "refused")]
