"""What messages say, and that nothing in an incident can make them say something else."""

from datetime import timedelta
from email.message import EmailMessage

import pytest

from catalog.access import Actor
from catalog.models import Person
from incidents import channels, operations
from incidents.channels import ChannelError, Message, channel_named
from incidents.models import InboxMessage, Notification, Page
from incidents.operations.pruning import prune_notifications
from incidents.operations.telling import tell
from incidents.paging import advance_due, deliver_due
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.fakes.webhook import WebhookSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
NASTY = "<script>alert(1)</script>\r\nBcc: all@example.org\r\n\r\n{{ secret }} \u2028x"


@pytest.fixture
def ada() -> Person:
    somebody = make.person("ada")
    make_incidents.method(somebody)
    return somebody


def page(person: Person, title: str, count: int = 1) -> None:
    team = make_incidents.paged(make.team(), make_incidents.step(person))
    for _ in range(count):
        make_incidents.incident(make.component(owner=team, tier=1), summary=title)
    advance_due(now=NOW)
    deliver_due(clock=lambda: NOW)


def parts(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


@pytest.mark.parametrize("count", [1, 2])
def test_a_title_can_neither_add_headers_nor_markup_nor_run_as_a_template(
    ada: Person, mailbox: MailSink, count: int
) -> None:
    page(ada, NASTY, count)
    (mail,) = mailbox.messages
    assert mail["Bcc"] is None
    assert "\n" not in str(mail["Subject"])
    text, html = parts(mail)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "{{ secret }}" in text, "what looks like a template is only text"


@pytest.mark.parametrize(
    ("runbook", "shown"), [("https://wiki/runners", True), ("javascript:alert(1)", False), ("", False)]
)
def test_a_page_leads_to_the_runbook(ada: Person, mailbox: MailSink, runbook: str, shown: bool) -> None:
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    make_incidents.incident(make.component(owner=team, tier=1, runbook=runbook), summary="Jobs wait")
    advance_due(now=NOW)
    deliver_due(clock=lambda: NOW)
    for said in parts(mailbox.messages[0]):
        assert ("Runbook" in said) is shown
        assert (runbook in said) is (shown or not runbook)


@pytest.mark.parametrize("count", [1, 2])
def test_a_page_calls_its_component_as_people_do(ada: Person, mailbox: MailSink, count: int) -> None:
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    for number in range(count):
        made = make.component(owner=team, tier=1, title=f"CI runners {number}")
        make_incidents.incident(made, summary="Jobs wait")
    advance_due(now=NOW)
    deliver_due(clock=lambda: NOW)
    (mail,) = mailbox.messages
    for said in parts(mail):
        assert "CI runners 0" in said
        assert "component:default/" not in said


def test_what_is_told_is_escaped_too(ada: Person, mailbox: MailSink) -> None:
    tell(person=ada, subject=NASTY, text=NASTY, key="k", now=NOW)
    deliver_due(clock=lambda: NOW)
    (mail,) = mailbox.messages
    assert mail["Bcc"] is None
    assert "<script>" not in parts(mail)[1]
    assert "\n" not in InboxMessage.objects.get().subject


@pytest.mark.parametrize(
    "address", ["ada@example.org\nBcc: x@example.org", "ada@example.org\r\nX: y", "not an address\n"]
)
def test_an_address_that_would_add_a_header_is_a_failure_for_good(mailbox: MailSink, address: str) -> None:
    with pytest.raises(ChannelError) as raised:
        channel_named("email").send(Message(key="k", subject="s", text="t"), address)
    assert raised.value.permanent is True
    assert mailbox.messages == []


def test_a_page_says_what_is_being_done(ada: Person, mailbox: MailSink) -> None:
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    incident = make_incidents.incident(make.component(owner=team, tier=1))
    operations.add_note(incident=incident, by=Actor(person=make.person("linh")), text="Restarting it", now=NOW)
    advance_due(now=NOW)
    deliver_due(clock=lambda: NOW)
    for said in parts(mailbox.messages[0]):
        assert "Linh: Restarting it (12:00 UTC)" in said


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("zone", "said"),
    [("Europe/Berlin", "13:00 CET"), ("America/Sao_Paulo", "09:00 UTC-03"), ("Nowhere/At-all", "12:00 UTC")],
)
def test_times_are_told_by_the_clock_of_whoever_reads_with_its_zone(
    ada: Person, mailbox: MailSink, zone: str, said: str, count: int
) -> None:
    Person.objects.filter(pk=ada.pk).update(time_zone=zone)
    page(ada, "Runs don't start", count)
    for part in parts(mailbox.messages[0]):
        assert said in part
        assert zone == "Nowhere/At-all" or "12:00" not in part


def test_two_people_are_told_the_same_moment_by_two_clocks(mailbox: MailSink) -> None:
    people = [
        make_incidents.reachable(name, time_zone=f"Europe/{zone}") for name, zone in (("a", "London"), ("b", "Rome"))
    ]
    team = make_incidents.paged(make.team(), make_incidents.step(*people))
    make_incidents.incident(make.component(owner=team))
    advance_due(now=NOW)
    deliver_due(clock=lambda: NOW)
    found = {mail["To"]: parts(mail)[0] for mail in mailbox.messages}
    assert "Sun 22 Nov 12:00 GMT" in found["a@example.org"]
    assert "Sun 22 Nov 13:00 CET" in found["b@example.org"]


def test_it_says_for_whom_one_answers_and_names_the_policy_in_words(ada: Person, mailbox: MailSink) -> None:
    page(ada, "Runs don't start")
    team = Page.objects.get().team
    assert team is not None
    for part in parts(mailbox.messages[0]):
        assert f"ou take it for {team.label}, and nobody else of that team is called" in part
        assert "nobody else is woken" not in part
        assert f"{team.label} owns component-" in part
        assert "→" not in part


def test_an_alert_that_only_says_what_the_title_says_is_not_told_twice(ada: Person, mailbox: MailSink) -> None:
    page(ada, "Runs don't start")
    assert parts(mailbox.messages[0])[0].count("Runs don't start") == 1


def test_a_page_that_nobody_has_says_so(ada: Person, mailbox: MailSink) -> None:
    page(ada, "Runs don't start")
    assert "nobody has it yet" in parts(mailbox.messages[0])[0]


def test_every_message_names_the_way_to_what_is_sent(ada: Person, mailbox: MailSink) -> None:
    page(ada, "Runs don't start")
    assert "/me/paging" in parts(mailbox.messages[0])[1]


def test_for_telephones_there_are_a_few_words_and_one_address(ada: Person) -> None:
    taken: list[Message] = []

    class Telephone:
        def send(self, message: Message, address: str) -> str:
            taken.append(message)
            return "ok"

    before = channels.channels["email"]
    channels.register("email", Telephone())
    try:
        page(ada, "Runs don't start", count=2)
        tell(person=ada, subject="Handoff", text="You have it.", key="k", now=NOW)
        deliver_due(clock=lambda: NOW)
    finally:
        channels.register("email", before)
    assert [len(one.brief.splitlines()) for one in taken] == [2, 1]
    assert "/a/all/" in taken[0].brief


def test_old_messages_go_and_what_is_still_to_be_sent_stays(ada: Person, settings: make.Settings) -> None:
    settings.PORTAL_NOTIFICATIONS_KEPT_DAYS = 30
    old = NOW - timedelta(days=31)
    with WebhookSink.running():
        for number in range(3):
            tell(person=ada, subject="s", text="t", key=f"old-{number}", now=old)
        tell(person=ada, subject="s", text="t", key="new", now=NOW)
    waiting, *others = Notification.objects.order_by("pk")
    Notification.objects.filter(pk__in=[one.pk for one in others]).update(state=Notification.State.SENT)
    assert prune_notifications(now=NOW) == 2
    assert set(Notification.objects.values_list("pk", flat=True)) == {waiting.pk, others[-1].pk}
    assert InboxMessage.objects.count() == 1
    settings.PORTAL_NOTIFICATIONS_KEPT_DAYS = 0
    assert prune_notifications(now=NOW + timedelta(days=9999)) == 0
