"""Inviting on pages and over the API, with a real mail server, and what the invited sees."""

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Invitation, Person
from tests import make
from tests.fakes.smtp import MailSink

pytestmark = pytest.mark.django_db
SAID = {"display_name": "Carol Fox", "username": "carol", "password": "a long enough one", "again": "a long enough one"}


@pytest.fixture
def lead(client: Client) -> Client:
    """Signed in as the lead of Build & CI."""
    person = make.person("lead")
    make.team("build-ci", lead=person)
    client.force_login(make.account_of(person))
    return client


def invite(client: Client, email: str = "carol@example.org") -> str:
    said = {"email": email, "team": "group:default/build-ci", "role": "member"}
    return client.post("/invitations", said, follow=True).content.decode()


def path_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/welcome/[\w-]+)", text)
    assert found
    return found[1]


def test_the_letter_leads_to_a_form_that_makes_the_account_and_signs_in(lead: Client, mailbox: MailSink) -> None:
    shown = invite(lead)
    [letter] = mailbox.messages
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text
    assert html
    path = path_in(text.get_content())
    assert path in html.get_content()
    assert path in shown
    assert (letter["To"], "Lead invites you" in letter["Subject"]) == ("carol@example.org", True)
    guest = Client()
    assert "Lead invited carol@example.org into Build Ci" in guest.get(path).content.decode()
    answer = guest.post(path, SAID)
    assert answer["Location"] == "/people/default/carol"
    assert "Welcome, Carol Fox" in guest.get("/people/default/carol").content.decode()
    assert Person.objects.get(name="carol").teams.get().name == "build-ci"
    assert Client().get(path).status_code == 404


def test_the_link_is_shown_once(lead: Client, mailbox: MailSink) -> None:
    path = path_in(invite(lead))
    assert path not in lead.get("/invitations").content.decode()


def test_a_mail_server_that_is_away_loses_no_invitation(lead: Client, settings: make.Settings) -> None:
    options = {"host": "127.0.0.1", "port": 9, "timeout": 1}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
    shown = invite(lead)
    assert "The letter was not sent" in shown
    assert Client().get(path_in(shown)).status_code == 200
    assert "carol@example.org" in lead.get("/invitations").content.decode()


def test_an_address_the_mail_server_refuses_is_told(lead: Client, mailbox: MailSink) -> None:
    mailbox.refuse = "550 no such user"
    assert "550 no such user" in invite(lead)


def test_sending_again_makes_the_old_link_useless(lead: Client, mailbox: MailSink) -> None:
    old = path_in(invite(lead))
    new = path_in(lead.post(f"/invitations/{Invitation.objects.get().pk}/resend", follow=True).content.decode())
    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)
    assert len(mailbox.messages) == 2


def test_a_revoked_link_says_that_it_is_over(lead: Client, mailbox: MailSink) -> None:
    path = path_in(invite(lead))
    lead.post(f"/invitations/{Invitation.objects.get().pk}/revoke")
    answer = Client().get(path)
    assert (answer.status_code, "This invitation is over" in answer.content.decode()) == (404, True)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"password": "short", "again": "short"}, "too short"),
        ({"password": "password123", "again": "password123"}, "too common"),
        ({"password": "carol@example.org", "again": "carol@example.org"}, "too similar"),
        ({"again": "something else"}, "two passwords differ"),
        ({"username": "lead"}, "somebody&#x27;s already"),
        ({"username": "a b"}, "use 1 to 63 letters"),
        ({"display_name": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    lead: Client, mailbox: MailSink, said: dict[str, str], words: str
) -> None:
    path = path_in(invite(lead))
    answer = Client().post(path, {**SAID, **said})
    assert (answer.status_code, words in answer.content.decode()) == (400, True)
    assert Client().post(path, SAID).status_code == 302


def test_a_member_sees_no_form_and_no_invitation_of_others(lead: Client, mailbox: MailSink) -> None:
    invite(lead)
    other = Client()
    other.force_login(make.account("other"))
    shown = other.get("/invitations").content.decode()
    assert ("carol@example.org" in shown, "Leads and admins invite" in shown) == (False, True)
    assert other.post("/invitations", {"email": "x@example.org", "role": "member"}).status_code == 400
    assert Invitation.objects.count() == 1


def test_the_team_page_and_that_of_somebody_without_an_account_lead_to_the_form(lead: Client) -> None:
    make.person("carol")
    assert "/invitations?team=group%3Adefault/build-ci" in lead.get("/teams/default/build-ci").content.decode()
    link = "/invitations?person=user%3Adefault/carol&amp;email=carol%40example.org"
    page = lead.get("/people/default/carol").content.decode()
    assert link in page
    form = lead.get(link.replace("&amp;", "&")).content.decode()
    assert 'value="carol@example.org"' in form
    assert 'value="user:default/carol"' in form


def test_the_api_does_all_of_it(mailbox: MailSink) -> None:
    api = APIClient()
    api.force_login(make.account("root", admin=True))
    made = api.post("/api/v1/invitations", {"email": "carol@example.org"})
    assert (made.status_code, made.json()["sent"], made.json()["team"]) == (201, True, "")
    here = f"/api/v1/invitations/{made.json()['id']}"
    [listed] = api.get("/api/v1/invitations").json()["results"]
    assert (listed["email"], "link" in listed) == ("carol@example.org", False)
    again = api.post(f"{here}/resend").json()
    assert path_in(again["link"]) != path_in(made.json()["link"])
    assert api.delete(here).json()["revoked_at"]
    assert Client().get(path_in(again["link"])).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "no"}, "email"),
        ({"mail": "a@example.org"}, "mail"),
        ({"email": "a@example.org", "role": "x"}, "role"),
    ],
)
def test_the_api_names_what_is_wrong(body: dict[str, str], field: str) -> None:
    api = APIClient()
    api.force_login(make.account("root", admin=True))
    answer: Any = api.post("/api/v1/invitations", body)
    assert answer.status_code == 400
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_people_are_found_by_name_team_and_account(lead: Client) -> None:
    make.person("carol", email="fox@example.org")

    def found(**asked: str) -> list[str]:
        page = lead.get("/people", asked).content.decode().partition("<main")[2]
        return [name for name in ("Lead", "Carol") if f'href="/people/default/{name.lower()}"' in page]

    assert found(q="fox") == ["Carol"]
    assert found(team="group:default/build-ci") == ["Lead"]
    assert (found(account="no"), found(account="yes")) == (["Carol"], ["Lead"])


def test_people_are_paged_by_key(lead: Client) -> None:
    for number in range(60):
        make.person(f"p-{number:02}")
    first = lead.get("/people").content.decode()
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    second = lead.get(onward[1].replace("&amp;", "&")).content.decode()
    assert "/people/default/p-59" not in first
    assert "/people/default/p-59" in second
