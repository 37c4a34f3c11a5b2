"""The page behind the acknowledge link: each state is its own page, and only a pressed button takes anything."""

import re
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client

from catalog.access import Actor
from catalog.models import Person
from incidents import links, operations
from incidents.models import Incident, Page, TimelineEntry
from incidents.paging import advance_due, deliver_due
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh")


@pytest.fixture
def page(ada: Person, linh: Person) -> Page:
    ci = make_incidents.paged(make.team("ci", ada, linh), make_incidents.step(ada), make_incidents.step(linh))
    incident = make_incidents.incident(make.component("runners", owner=ci), now=db_now(), summary="Jobs wait")
    return make_incidents.page_of(incident)


def link(page: Page, person: Person) -> str:
    return urlsplit(links.make(page, person)).path


def text_of(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def taken(page: Page) -> Person | None:
    return Page.objects.get(pk=page.pk).acknowledged_by


def test_nobody_has_it_yet(client: Client, page: Page, ada: Person) -> None:
    text = text_of(client, link(page, ada))
    assert "I have it" in text
    assert "Nobody has it yet" in text
    assert "Opening it changes nothing" in text
    assert "hands all your open pages on" in text


def test_you_have_it(client: Client, page: Page, ada: Person) -> None:
    client.post(link(page, ada))
    text = text_of(client, link(page, ada))
    assert "You have it." in text
    assert "Nobody else of Ci is called for it." in text
    assert "btn-ack" not in text
    assert "Opening it changes nothing" not in text


def test_other_teams_that_are_called_are_named_with_their_answer(client: Client, page: Page, ada: Person) -> None:
    sre = make_incidents.paged(make.team("sre"), make_incidents.step(make_incidents.reachable("mei")))
    operations.engage(incident=page.incident, by=Actor(person=ada), team=sre, now=db_now())
    client.post(link(page, ada))
    assert "is called too, and has not answered yet" in text_of(client, link(page, ada))


def test_whoever_is_asked_again_next_is_called_you(client: Client, page: Page, ada: Person, linh: Person) -> None:
    advance_due(now=db_now())
    assert "step 2: Linh</b>" in text_of(client, link(page, ada))
    assert "step 2: you again</b>" in text_of(client, link(page, linh))


def test_somebody_else_has_it(client: Client, page: Page, ada: Person, linh: Person) -> None:
    operations.acknowledge(page=page, by=ada, via="web", now=db_now())
    text = text_of(client, link(page, linh))
    assert "has it already" in text
    assert "I take it over" in text
    assert taken(page) == ada


def test_it_was_resolved(client: Client, page: Page, ada: Person) -> None:
    operations.resolve(incident=page.incident, by=Actor(person=ada), now=db_now())
    for answer in (client.get(link(page, ada)), client.post(link(page, ada))):
        text = answer.content.decode()
        assert "there is nothing left to take" in text
        assert "<button" not in text
    assert taken(page) is None


def test_a_forwarded_link_says_for_whom_it_answers(client: Client, page: Page, ada: Person, linh: Person) -> None:
    client.force_login(make.account_of(linh))
    text = text_of(client, link(page, ada))
    assert "This link was made for Ada, and you are signed in as Linh" in text
    assert "This link is Ada’s and works for a day" in text
    assert taken(page) is None
    client.post(link(page, ada))
    after = text_of(client, link(page, ada))
    assert ("Ada has it." in after, "You have it." in after, "yours alone" in after) == (True, False, False)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_tampered_link_and_one_cut_off(client: Client, page: Page, ada: Person, method: str) -> None:
    url = link(page, ada)
    for broken in (url[:-4] + "AAAA", url[: len(url) // 2], "/a/x", url.replace(":", "")):
        answer = getattr(client, method)(broken)
        assert answer.status_code == 404
        assert "not one of ours" in answer.content.decode()
    assert taken(page) is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_expired_link(client: Client, page: Page, ada: Person, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links.read, "__kwdefaults__", {"lasts": timedelta(seconds=-1)})
    answer = getattr(client, method)(link(page, ada))
    assert answer.status_code == 410
    assert "more than a day old" in answer.content.decode()
    assert taken(page) is None


def test_a_link_of_somebody_who_left(client: Client, page: Page, ada: Person) -> None:
    url = link(page, ada)
    Person.objects.filter(pk=ada.pk).update(retired_at=db_now())
    assert client.post(url).status_code == 404
    assert taken(page) is None


@pytest.mark.django_db(transaction=True)
def test_a_mail_scanner_that_opens_every_link_of_a_mail_takes_nothing(client: Client, page: Page) -> None:
    advance_due(now=db_now())
    deliver_due(for_seconds=1)
    assert mail.outbox, "a page was sent"
    sent = mail.outbox[0]
    bodies = [str(sent.body), *(str(body) for body, _ in getattr(sent, "alternatives", []))]
    found = {url for body in bodies for url in re.findall(r"https?://[^\s\"'<>)]+", body)}
    assert any("/a/" in url for url in found)
    for url in found:
        for method in (client.get, client.head, client.options):
            method(urlsplit(url).path)
    assert taken(page) is None
    assert Incident.objects.get(pk=page.incident_id).state == Incident.State.TRIGGERED
    assert not TimelineEntry.objects.filter(kind="acknowledged").exists()


def test_times_are_told_by_the_clock_of_whom_the_link_is_for(client: Client, page: Page, ada: Person) -> None:
    Person.objects.filter(pk=ada.pk).update(time_zone="Asia/Kolkata")
    there = page.incident.opened_at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert f"{there:%H:%M}" in text_of(client, link(page, ada))
