"""Contact methods: added, confirmed by a code, ordered, tested, removed; whose they are; guessed at."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client

from catalog.access import Actor, WrongScope
from catalog.models import AuditEntry, Person
from incidents.models import ConfirmationCode, ContactMethod, ContactRule, Notification
from incidents.operations import contacts, wishes
from incidents.paging import advance_due, deliver_due
from incidents.queries import contacts as queries
from portal.lib.errors import Forbidden, Invalid
from tests import make, make_incidents
from tests.fakes.chat import ChatServer
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
State = Notification.State


@pytest.fixture
def ada() -> Person:
    return make.person("ada")


@pytest.fixture
def hook() -> Iterator[WebhookSink]:
    with WebhookSink.running() as sink:
        yield sink


def deliver(at: datetime = NOW) -> tuple[int, int]:
    done = deliver_due(clock=lambda: at)
    return done.sent, done.failed


def by_mail(person: Person, address: str = "ada@example.org") -> ContactMethod:
    given = {"address": address}
    return contacts.add_method(person=person, channel="email", given=given, by=Actor(person=person), now=NOW).method


def code_in(mailbox: MailSink) -> str:
    text = mailbox.messages[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"\d{6}", text)
    assert found is not None
    return found.group()


def test_a_method_counts_once_its_code_was_entered(ada: Person, mailbox: MailSink) -> None:
    method = by_mail(ada)
    assert deliver() == (1, 0)
    assert mailbox.messages[0]["To"] == "ada@example.org"
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    make_incidents.incident(make.component(owner=team))
    advance_due(now=NOW)
    assert not Notification.objects.filter(kind=Notification.Kind.PAGE).exists(), "not confirmed, so it is not used"
    contacts.confirm(
        method=method, code=f" {code_in(mailbox)[:3]} {code_in(mailbox)[3:]}", by=Actor(person=ada), now=NOW
    )
    make_incidents.incident(make.component(owner=team))
    advance_due(now=NOW)
    assert Notification.objects.filter(kind=Notification.Kind.PAGE, method=method).exists()
    audited = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(audited)[-2:] == ["contact.add", "contact.confirm"]


def test_a_webhook_is_confirmed_by_the_code_that_is_posted_to_it(ada: Person, hook: WebhookSink) -> None:
    added = contacts.add_method(person=ada, channel="webhook", given={"url": hook.url}, by=Actor(person=ada), now=NOW)
    assert len(added.secret) > 30
    deliver()
    body = hook.received[0].body
    assert body["kind"] == "code"
    contacts.confirm(method=added.method, code=body["code"], by=Actor(person=ada), now=NOW)
    added.method.refresh_from_db()
    assert added.method.confirmed_at == NOW


def test_neither_code_nor_secret_stands_in_the_database(ada: Person, mailbox: MailSink) -> None:
    chat = {"server": "https://ntfy.sh", "topic": "t", "token": "tk_very_secret"}
    added = contacts.add_method(person=ada, channel="ntfy", given=chat, by=Actor(person=ada), now=NOW)
    method = by_mail(ada)
    Notification.objects.exclude(method=method).update(state=State.CANCELLED)
    deliver()
    code = code_in(mailbox)
    rows = [*ConfirmationCode.objects.values(), *Notification.objects.values(), *ContactMethod.objects.values()]
    told = str(rows + list(AuditEntry.objects.values()))
    assert "tk_very_secret" not in told
    digits = [row["words"] for row in Notification.objects.values("words")]
    assert code not in str(digits)
    assert added.method.secret.startswith("gAAAA")


def test_a_code_ends_after_fifteen_minutes_and_after_five_wrong_guesses(ada: Person, mailbox: MailSink) -> None:
    method, me = by_mail(ada), Actor(person=ada)
    deliver()
    code = code_in(mailbox)
    with pytest.raises(contacts.CodeOver):
        contacts.confirm(method=method, code=code, by=me, now=NOW + 15 * MINUTE)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(contacts.WrongCode) as raised:
            contacts.confirm(method=method, code=wrong, by=me, now=NOW + MINUTE)
        assert (str(left) in str(raised.value)) or left == 0
    with pytest.raises(contacts.CodeOver):
        contacts.confirm(method=method, code=code, by=me, now=NOW + MINUTE)
    contacts.ask_code(method=method, by=me, now=NOW + 2 * MINUTE)
    deliver(NOW + 2 * MINUTE)
    with pytest.raises(contacts.WrongCode):
        contacts.confirm(method=method, code=code, by=me, now=NOW + 2 * MINUTE)
    contacts.confirm(method=method, code=code_in(mailbox), by=me, now=NOW + 2 * MINUTE)


def test_codes_are_throttled_by_method_and_by_person(ada: Person) -> None:
    method, me = by_mail(ada), Actor(person=ada)
    with pytest.raises(contacts.TooOften):
        contacts.ask_code(method=method, by=me, now=NOW + timedelta(seconds=29))
    for number in range(1, 5):
        contacts.ask_code(method=method, by=me, now=NOW + number * MINUTE)
    with pytest.raises(contacts.TooOften):
        contacts.ask_code(method=method, by=me, now=NOW + 6 * MINUTE)
    for number in range(10):
        by_mail(ada, f"ada{number}@example.org")
    with pytest.raises(contacts.TooOften):
        by_mail(ada, "one-more@example.org")
    assert not ContactMethod.objects.filter(address="one-more@example.org").exists()
    contacts.ask_code(method=method, by=me, now=NOW + 61 * MINUTE)


def test_removing_and_adding_again_gives_no_further_guesses(ada: Person) -> None:
    me = Actor(person=ada)
    for number in range(15):
        method = by_mail(ada, "victim@example.org")
        contacts.remove_method(method=method, by=me, now=NOW)
        assert number < 15
    with pytest.raises(contacts.TooOften):
        by_mail(ada, "victim@example.org")


def test_a_test_page_goes_by_its_own_method_only_and_what_became_of_it_is_shown(
    ada: Person, hook: WebhookSink, mailbox: MailSink
) -> None:
    make_incidents.method(ada, order=1)
    method = make_incidents.method(ada, hook.url, channel="webhook")
    hook.status = 410
    contacts.send_test(method=method, by=Actor(person=ada), now=NOW)
    assert deliver() == (0, 1)
    assert mailbox.messages == [], "a test of one method is no reason to try another"
    trial = queries.told(ada, now=NOW).methods[0].trial
    assert trial is not None
    assert (trial.state, trial.error) == (State.DEAD, "410 Gone")
    with pytest.raises(contacts.TooOften):
        contacts.send_test(method=method, by=Actor(person=ada), now=NOW)
    hook.status = 200
    contacts.send_test(method=method, by=Actor(person=ada), now=NOW + MINUTE)
    assert AuditEntry.objects.filter(action="contact.test", object_ref=ada.ref).count() == 2
    deliver(NOW + MINUTE)
    assert hook.received[-1].body["kind"] == "test"


def test_what_is_not_confirmed_gets_no_test(ada: Person) -> None:
    with pytest.raises(contacts.NotConfirmed):
        contacts.send_test(method=by_mail(ada), by=Actor(person=ada), now=NOW)


def test_the_order_is_changed_one_place_at_a_time(ada: Person) -> None:
    first, second, third = (make_incidents.method(ada, f"{name}@example.org") for name in "abc")
    moved = contacts.move_method(method=third, to=0, by=Actor(person=ada), now=NOW)
    assert [one.pk for one in moved] == [third.pk, first.pk, second.pk]
    assert [one.row.pk for one in queries.told(ada, now=NOW).methods] == [third.pk, first.pk, second.pk]


def test_removing_the_last_confirmed_method_has_to_be_meant(ada: Person) -> None:
    method, me = make_incidents.method(ada), Actor(person=ada)
    wishes.set_rules(person=ada, urgency="high", wishes=[wishes.Wish(method.pk, MINUTE)], by=me, now=NOW)
    with pytest.raises(contacts.LastMethod):
        contacts.remove_method(method=method, by=me, now=NOW)
    contacts.remove_method(method=method, by=me, now=NOW, sure=True)
    assert not ContactRule.objects.exists()
    with pytest.raises(contacts.NoSuchMethod):
        contacts.ask_code(method=method, by=me, now=NOW)
    by_mail(ada)  # the same address again


def test_nobody_else_says_how_somebody_is_told(ada: Person) -> None:
    method, mallory = make_incidents.method(ada), Actor(person=make.person("mallory"))
    for act in (
        lambda: contacts.add_method(person=ada, channel="email", given={"address": "m@x.org"}, by=mallory, now=NOW),
        lambda: contacts.confirm(method=method, code="000000", by=mallory, now=NOW),
        lambda: contacts.ask_code(method=method, by=mallory, now=NOW),
        lambda: contacts.send_test(method=method, by=mallory, now=NOW),
        lambda: contacts.move_method(method=method, to=0, by=mallory, now=NOW),
        lambda: contacts.label_method(method=method, label="x", by=mallory, now=NOW),
        lambda: contacts.remove_method(method=method, by=mallory, now=NOW, sure=True),
        lambda: wishes.set_rules(person=ada, urgency="high", wishes=[], by=mallory, now=NOW),
        lambda: wishes.set_hours(person=ada, hours=None, by=mallory, now=NOW),
    ):
        with pytest.raises(Forbidden):
            act()
    reader, _ = make.token("read")
    with pytest.raises(WrongScope):
        contacts.remove_method(method=method, by=Actor(token=reader), now=NOW, sure=True)
    method.refresh_from_db()
    assert method.removed_at is None


def test_rules_name_only_confirmed_methods_of_ones_own(ada: Person) -> None:
    linh = make_incidents.method(make.person("linh"))
    mine, unconfirmed = make_incidents.method(ada), make_incidents.method(ada, "b@example.org", confirmed=False)
    for wish in (wishes.Wish(linh.pk, MINUTE), wishes.Wish(unconfirmed.pk, MINUTE), wishes.Wish(mine.pk, -MINUTE)):
        with pytest.raises(Invalid):
            wishes.set_rules(person=ada, urgency="high", wishes=[wish], by=Actor(person=ada), now=NOW)
    with pytest.raises(Invalid):
        wishes.set_rules(person=ada, urgency="medium", wishes=[], by=Actor(person=ada), now=NOW)


# The page -------------------------------------------------------------------------------------------------------------


def test_the_whole_way_through_the_page(ada: Person, client: Client, mailbox: MailSink) -> None:
    client.force_login(make.account_of(ada))
    assert "No page can reach you" in client.get("/me/paging").content.decode()
    assert "ada@example.org" in client.get("/me/paging?add=email").content.decode(), "what we know is filled in"
    client.post("/me/paging?add=email", {"address": "ada@example.org", "label": "My mail"})
    method = ContactMethod.objects.get()
    deliver_due()
    page = client.get("/me/paging").content.decode()
    assert "Not confirmed" in page
    client.post(f"/me/paging/methods/{method.pk}/confirm", {"code": code_in(mailbox)})
    page = client.get("/me/paging").content.decode()
    assert "Confirmed" in page
    assert "At once by E-mail (My mail)." in page
    client.post(f"/me/paging/methods/{method.pk}/test")
    part = client.get("/me/paging/methods").content.decode()
    assert "every 2s" in part, "it looks again while something is on its way"
    deliver_due()
    assert "every 2s" not in client.get("/me/paging/methods").content.decode()
    client.post("/me/paging/rules/high", {"high-method-0": method.pk, "high-after-0": "2"})
    assert "After 2 min by E-mail (My mail)." in client.get("/me/paging").content.decode()
    hours = {"keep": "on", "time_zone": "Europe/Berlin", "days": ["0", "1"], "start": "09:00", "end": "17:00"}
    client.post("/me/paging/hours", hours)
    assert "Outside of 09:00–17:00 (Europe/Berlin)" in client.get("/me/paging").content.decode()
    assert client.get("/me/messages").status_code == 200
    client.post(f"/me/paging/methods/{method.pk}/remove", {})
    method.refresh_from_db()
    assert method.removed_at is None
    client.post(f"/me/paging/methods/{method.pk}/remove", {"sure": "yes"})
    method.refresh_from_db()
    assert method.removed_at is not None


@pytest.mark.parametrize(
    ("query", "body", "words"),
    [
        ("email", {"address": "nope"}, "not an e-mail address"),
        ("webhook", {"url": "http://10.0.0.1/"}, "private address"),
        ("ntfy", {"server": "https://ntfy.sh", "topic": ""}, "required"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    ada: Person, client: Client, query: str, body: dict[str, str], words: str
) -> None:
    client.force_login(make.account_of(ada))
    answer = client.post(f"/me/paging?add={query}", body)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not ContactMethod.objects.exists()


def test_a_method_that_they_have_is_told_at_the_field(ada: Person, client: Client) -> None:
    client.force_login(make.account_of(ada))
    make_incidents.method(ada, address="ada@acme.example")
    answer = client.post("/me/paging?add=email", {"address": "ada@acme.example"})
    assert answer.status_code == 400
    assert answer.context["form"].errors == {"address": ["You have this method already."]}


def test_wrong_rules_and_hours_are_said(ada: Person, client: Client) -> None:
    client.force_login(make.account_of(ada))
    other = make_incidents.method(make.person("linh"))
    assert client.post("/me/paging/rules/high", {"high-method-0": other.pk}).status_code == 400
    assert client.post("/me/paging/rules/nonsense", {}).status_code == 404
    answer = client.post(
        "/me/paging/hours", {"keep": "on", "time_zone": "Mars/Olympus", "start": "09:00", "end": "10:00"}
    )
    assert answer.status_code == 400
    assert "Europe/Berlin" in answer.content.decode()


def test_somebody_elses_method_is_not_there_by_a_guessed_number(ada: Person, client: Client) -> None:
    method = make_incidents.method(ada)
    client.force_login(make.account("mallory"))
    for act in ("confirm", "code", "test", "move", "label", "remove"):
        body = {"sure": "yes", "code": "000000", "label": "x", "to": "0"}
        assert client.post(f"/me/paging/methods/{method.pk}/{act}", body).status_code == 404
    method.refresh_from_db()
    assert (method.removed_at, method.label) == (None, "")


def test_a_secret_made_for_a_webhook_is_shown_once_and_never_again(
    ada: Person, client: Client, hook: WebhookSink
) -> None:
    client.force_login(make.account_of(ada))
    answer = client.post("/me/paging?add=webhook", {"url": hook.url}, follow=True)
    assert "shown once" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "shown once" not in client.get("/me/paging").content.decode()


def test_platform_admins_see_whom_no_page_can_reach(ada: Person, client: Client) -> None:
    make_incidents.schedule(ada)
    make_incidents.reachable("linh")
    make.person("carol")
    make.person("gone", retired_at=NOW)
    client.force_login(make.account("root", admin=True))
    page = client.get("/paging/unreachable").content.decode()
    assert "Ada" in page
    assert "Linh" not in page
    assert "Carol" not in page, "not named in any schedule"
    assert "Gone" not in client.get("/paging/unreachable?among=all").content.decode()
    client.force_login(make.account_of(ada))
    assert client.get("/paging/unreachable").status_code == 403


def test_a_chat_server_is_added_confirmed_and_paged_in_earnest(ada: Person) -> None:
    with ChatServer.running() as chat:
        added = contacts.add_method(
            person=ada, channel="ntfy", given={"server": chat.url, "topic": "ada"}, by=Actor(person=ada), now=NOW
        )
        deliver()
        code = re.search(r"\d{6}", chat.posted[0].text)
        assert code is not None
        contacts.confirm(method=added.method, code=code.group(), by=Actor(person=ada), now=NOW)
        team = make_incidents.paged(make.team(), make_incidents.step(ada))
        incident = make_incidents.incident(make.component(owner=team, tier=1))
        advance_due(now=NOW)
        assert deliver() == (1, 0)
        assert chat.posted[1].title == f"P1 {incident.label}: Runs don't start"
        assert "/a/" in chat.posted[1].text
        chat.status = 403
        make_incidents.incident(make.component(owner=team, tier=1), now=NOW + MINUTE)
        advance_due(now=NOW + MINUTE)
        assert deliver(NOW + MINUTE) == (0, 1)
        assert Notification.objects.filter(state=State.DEAD, error="403 Forbidden").exists()
