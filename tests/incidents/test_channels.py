"""What people fill in for each channel, and chat services by apprise against a real server on loopback."""

import threading
import time
from collections.abc import Iterator

import pytest

from incidents import channels
from incidents.channels import ChannelError, Message
from incidents.channels.apprise import instance
from incidents.channels.ways import filled, ways
from portal.lib import addresses, http
from portal.lib.errors import Invalid
from tests import make
from tests.fakes.chat import ChatServer
from tests.fakes.webhook import WebhookSink

SLACK_HOOK = "https://hooks.slack.com/services/T0AAAAAAA/B0BBBBBBB/abcdefghijklmnopqrstuvwx"
TEAMS_HOOK = (
    "https://prod-27.westeurope.logic.azure.com:443/workflows/0123456789abcdef/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abc_DEF-123"
)
TWILIO = {"to": "+49 151 23456789", "sender": "+12025550123", "account": "AC" + "0" * 32, "token": "f" * 32}


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with ChatServer.running() as server:
        yield server


def message(channel: str, given: dict[str, str], **more: object) -> tuple[Message, str]:
    made = filled(channel, given)
    fields: dict[str, object] = {"key": "k", "subject": "P1 INC-7", "text": "Runs don't start", "brief": "P1 INC-7 x"}
    return Message(secret=made.secret, **(fields | more)), made.address  # type: ignore[arg-type]


def send(channel: str, given: dict[str, str], **more: object) -> str:
    return channels.channel_named(channel).send(*message(channel, given, **more))


def test_a_page_reaches_a_real_ntfy_server(chat: ChatServer) -> None:
    chat.token = "tk_secret"
    receipt = send("ntfy", {"server": chat.url, "topic": "ada-7f3k9q", "token": "tk_secret"})
    (posted,) = chat.posted
    assert receipt == "200 OK"
    assert (posted.service, posted.place, posted.title, posted.text) == (
        "ntfy", "ada-7f3k9q", "P1 INC-7", "Runs don't start"
    )  # fmt: skip


def test_a_page_reaches_a_real_mattermost_server(chat: ChatServer) -> None:
    send("mattermost", {"url": f"{chat.url}/hooks/{chat.hook}", "channel": "#oncall"}, maybe_duplicate=True)
    (posted,) = chat.posted
    assert posted.place == "oncall"
    assert "P1 INC-7" in posted.text
    assert "may have reached you before" in posted.text


@pytest.mark.parametrize(
    ("status", "permanent"), [(401, True), (404, True), (429, False), (408, False), (500, False), (503, False)]
)
def test_what_the_service_answers_tells_a_failure_for_good_from_a_passing_one(
    chat: ChatServer, status: int, permanent: bool
) -> None:
    chat.status = status
    with pytest.raises(ChannelError, match=str(status)) as raised:
        send("ntfy", {"server": chat.url, "topic": "t"})
    assert raised.value.permanent is permanent


def test_a_server_that_is_not_there_is_a_passing_failure() -> None:
    with pytest.raises(ChannelError) as raised:
        send("ntfy", {"server": "http://127.0.0.1:1", "topic": "t"})
    assert raised.value.permanent is False


def test_a_redirect_is_not_followed(chat: ChatServer) -> None:
    with WebhookSink.running() as elsewhere:
        chat.redirect = elsewhere.url
        with pytest.raises(ChannelError, match="307"):
            send("ntfy", {"server": chat.url, "topic": "t"})
        assert elsewhere.received == []


def test_a_name_that_leads_to_a_private_address_is_refused_when_the_connection_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given, address = message("ntfy", {"server": "http://ntfy.example.org", "topic": "t"})
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["10.1.2.3"]

    real = http.guarded_session
    monkeypatch.setattr(
        http, "guarded_session", lambda **more: real(**more, allowed=addresses.allowed(()), resolve=resolve)
    )
    with pytest.raises(ChannelError, match=r"10\.1\.2\.3, which is a private address") as raised:
        channels.channel_named("ntfy").send(given, address)
    assert raised.value.permanent is True
    assert asked == ["ntfy.example.org"]


def test_a_server_that_hangs_or_never_ends_its_answer_is_left_in_time(
    chat: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incidents.channels.apprise.TIMEOUT", 1.0)
    chat.hang = threading.Event()
    began = time.monotonic()
    with pytest.raises(ChannelError) as raised:
        send("ntfy", {"server": chat.url, "topic": "t"})
    assert raised.value.permanent is False
    chat.hang.set()
    chat.hang, chat.drip = None, True
    send("ntfy", {"server": chat.url, "topic": "t"})
    assert time.monotonic() - began < 5
    chat.drip = False


def test_many_at_once_do_not_mix_up_what_was_answered(chat: ChatServer) -> None:
    chat.token = "good"
    found: dict[int, str] = {}

    def one(number: int) -> None:
        try:
            found[number] = send("ntfy", {"server": chat.url, "topic": "t", "token": "good" if number % 2 else "bad"})
        except ChannelError as error:
            found[number] = str(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: words[:3] for number, words in found.items()} == {n: "200" if n % 2 else "401" for n in range(16)}


def test_what_cannot_be_read_any_more_fails_for_good() -> None:
    for secret in ("", "not json", "[]", '{"schema": "mailto"}', '{"schema": "ntfy"}'):
        with pytest.raises(ChannelError) as raised:
            channels.channel_named("ntfy").send(Message(key="k", subject="s", text="t", secret=secret), "x")
        assert raised.value.permanent is True


@pytest.mark.parametrize(
    ("channel", "given", "address"),
    [
        ("email", {"address": "ada@example.org"}, "ada@example.org"),
        ("ntfy", {"topic": "ada"}, "ntfy.sh/ada"),
        ("slack", {"url": SLACK_HOOK}, "T0AAAAAAA …uvwx"),
        ("mattermost", {"url": "https://chat.example.org/sub/hooks/abcdefgh1234"}, "chat.example.org …1234"),
        ("teams", {"url": TEAMS_HOOK}, "workflow …abcdef"),
        ("telegram", {"token": "123456:ABC-def", "chat": "-100123"}, "chat -100123"),
        ("sms", TWILIO, "+4915123456789"),
    ],
)
def test_each_service_takes_what_people_copy_and_shows_no_secret(
    channel: str, given: dict[str, str], address: str
) -> None:
    made = filled(channel, given)
    assert made.address == address
    if channel != "email":
        instance(channels.apprise.arguments(made.secret))


@pytest.mark.parametrize(
    ("channel", "given", "field", "words"),
    [
        ("email", {"address": "ada"}, "address", "not an e-mail address"),
        ("email", {"address": "ada@example.org\r\nBcc: all@example.org"}, "address", "control characters"),
        ("email", {"address": ""}, "address", "missing"),
        ("email", {"address": "ada@example.org", "cc": "x"}, "cc", "no field"),
        ("webhook", {"url": "ftp://example.org/"}, "url", "https://"),
        ("webhook", {"url": "http://169.254.169.254/latest/meta-data"}, "url", "link-local"),
        ("webhook", {"url": "http://[::1]:8000/"}, "url", "this very machine"),
        ("webhook", {"url": "http://ada:pw@example.org/"}, "url", "name and password"),
        ("webhook", {"url": "https://example.org/", "secret": "short"}, "secret", "At least 16"),
        ("webhook", {"url": "https://example.org:99999/"}, "url", "not a web address"),
        ("ntfy", {"server": "https://10.0.0.7", "topic": "t"}, "server", "private address"),
        ("ntfy", {"topic": "a/b?redirect=yes"}, "topic", "Letters, digits"),
        ("ntfy", {"server": "https://ntfy.sh/topic", "topic": "t"}, "server", "Only the server"),
        ("slack", {"url": "https://hooks.slack.com.evil.example/services/T1/B1/c1"}, "url", "hooks.slack.com"),
        ("mattermost", {"url": "https://chat.example.org/channels/town"}, "url", "/hooks/"),
        ("teams", {"url": "https://evil.example/workflows/a/triggers/manual/paths/invoke?sig=x"}, "url", "Microsoft"),
        ("teams", {"url": TEAMS_HOOK.partition("&sig")[0]}, "url", "sig"),
        ("telegram", {"token": "nope", "chat": "1"}, "token", "BotFather"),
        ("sms", TWILIO | {"to": "0151 23456789"}, "to", "With + and the country"),
        ("pigeon", {}, "channel", "no channel"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(channel: str, given: dict[str, str], field: str, words: str) -> None:
    with pytest.raises(Invalid) as raised:
        filled(channel, given)
    assert [(fault.field, words in fault.message) for fault in raised.value.errors] == [(field, True)]


def test_every_way_that_is_offered_can_be_sent_by() -> None:
    assert set(ways) <= set(channels.channels)
    assert all(way.fields for way in ways.values())


def test_a_webhook_to_a_private_address_fails_for_good(settings: make.Settings) -> None:
    settings.PORTAL_ALLOW_PRIVATE_ADDRESSES = ()
    with pytest.raises(ChannelError, match=r"^[^(]*this very machine[^)]*$") as raised:
        channels.channel_named("webhook").send(Message(key="k", subject="s", text="t"), "http://127.0.0.1:9/hook")
    assert raised.value.permanent is True
