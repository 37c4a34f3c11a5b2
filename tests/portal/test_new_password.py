"""A new password by e-mail, and by oneself."""

import re
import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from portal.pages.accounts import ASKED_FROM_AN_ADDRESS, LETTERS_TO_AN_ADDRESS
from tests import make
from tests.fakes.smtp import MailSink

pytestmark = pytest.mark.django_db
NEW = "a much better one"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Counts of other tests don't hold back this one."""
    cache.clear()
    yield
    cache.clear()


def ask(email: str, address: str = "10.0.0.1") -> tuple[int, str]:
    answer = Client().post("/password/forgotten", {"email": email}, REMOTE_ADDR=address)
    return answer.status_code, answer.content.decode().partition("<main")[2]


def letters(mailbox: MailSink, wanted: int) -> int:
    """How many arrived; they are sent aside, so this waits a while for `wanted`."""
    until = time.monotonic() + 5
    while len(mailbox.messages) < wanted and time.monotonic() < until:
        time.sleep(0.02)
    return len(mailbox.messages)


def link(mailbox: MailSink) -> str:
    assert letters(mailbox, 1)
    text = mailbox.messages[-1].get_body(("plain",))
    assert text
    found = re.search(r"https?://[^/]+(/password/new/\S+)", text.get_content())
    assert found
    return found[1]


def open_link(client: Client, path: str) -> str:
    return str(client.get(path)["Location"])


def test_the_letter_lets_its_reader_choose_a_new_password_once(mailbox: MailSink) -> None:
    account = make.account("ada")
    assert ask("ADA@example.org")[0] == 200
    path, client = link(mailbox), Client()
    assert mailbox.messages[0]["To"] == "ada@example.org"
    html = mailbox.messages[0].get_body(("html",))
    assert html
    assert path in html.get_content()
    form = open_link(client, path)
    weak = client.post(form, {"new_password1": "short", "new_password2": "short"})
    assert "too short" in weak.content.decode()
    assert client.post(form, {"new_password1": NEW, "new_password2": NEW})["Location"] == "/sign-in"
    account.refresh_from_db()
    assert account.check_password(NEW)
    assert "This link is over" in Client().get(path, follow=True).content.decode()


def test_sessions_of_others_end_with_the_old_password(mailbox: MailSink) -> None:
    thief = Client()
    thief.force_login(make.account("ada"))
    assert thief.get("/catalog").status_code == 200
    ask("ada@example.org")
    client = Client()
    client.post(open_link(client, link(mailbox)), {"new_password1": NEW, "new_password2": NEW})
    assert thief.get("/catalog").status_code == 302


def test_an_address_that_is_nobodys_gets_the_same_answer_and_no_letter(mailbox: MailSink) -> None:
    make.account("ada")
    make.person("ben")  # has an address, but no account
    told = {
        email: ask(email)[1].replace(email, "") for email in ("ada@example.org", "ben@example.org", "x@example.org")
    }
    assert len(set(told.values())) == 1
    assert letters(mailbox, 1) == 1
    time.sleep(0.2)
    assert len(mailbox.messages) == 1


def test_accounts_that_are_closed_or_sign_in_elsewhere_get_no_letter(mailbox: MailSink) -> None:
    closed, elsewhere = make.account("closed"), make.account("elsewhere")
    closed.is_active = False
    closed.save()
    elsewhere.set_unusable_password()
    elsewhere.save()
    ask("closed@example.org")
    ask("elsewhere@example.org")
    time.sleep(0.3)
    assert mailbox.messages == []


def test_nobody_floods_a_mailbox_from_wherever(mailbox: MailSink) -> None:
    make.account("ada")
    codes = {ask("ada@example.org", f"10.0.0.{i}")[0] for i in range(LETTERS_TO_AN_ADDRESS + 3)}
    assert (codes, letters(mailbox, LETTERS_TO_AN_ADDRESS)) == ({200}, LETTERS_TO_AN_ADDRESS)
    time.sleep(0.2)
    assert len(mailbox.messages) == LETTERS_TO_AN_ADDRESS


def test_nobody_asks_for_ever_from_one_address() -> None:
    codes = [ask(f"x{i}@example.org")[0] for i in range(ASKED_FROM_AN_ADDRESS + 1)]
    assert (set(codes[:-1]), codes[-1]) == ({200}, 429)


def test_a_mail_server_that_is_away_is_nobodys_business_but_the_logs(settings: make.Settings) -> None:
    options = {"host": "127.0.0.1", "port": 9, "timeout": 1}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
    make.account("ada")
    assert ask("ada@example.org")[0] == 200


def test_changing_it_oneself_ends_the_other_sessions_and_keeps_this_one() -> None:
    account, here, there = make.account("ada"), Client(), Client()
    for client in (here, there):
        client.force_login(account)
    said = {"old_password": make.PASSWORD, "new_password1": NEW, "new_password2": NEW}
    wrong = here.post("/password", {**said, "old_password": "guess"})
    assert "was entered incorrectly" in wrong.content.decode()
    assert here.post("/password", said).status_code == 302
    assert (here.get("/catalog").status_code, there.get("/catalog").status_code) == (200, 302)
