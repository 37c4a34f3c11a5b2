"""Who has answered, as an incident's page tells it: in which order they were asked, and that some things ask nobody."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from catalog.access import Actor
from catalog.models import Person
from incidents import boards, links, messages, operations
from incidents.models import Incident, Notification
from incidents.paging import advance_due
from incidents.queries import next_moves_of, pages_of
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def incident(ada: Person) -> Incident:
    ci = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))
    return make_incidents.incident(make.component("ci-runners", owner=ci, tier=2), now=db_now())


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_who_was_asked_together_is_no_chain_and_a_later_step_is_one(ada: Person) -> None:
    bob, cy = make_incidents.reachable("bob"), make_incidents.reachable("cy")
    team = make_incidents.paged(make.team("dns"), make_incidents.step(ada), make_incidents.step(bob, cy))
    incident = make_incidents.incident(make.component("dns", owner=team), now=NOW)
    for minutes in (0, 60):
        advance_due(now=NOW + timedelta(minutes=minutes))
    (answer,) = boards.answers(pages_of(incident), mine=frozenset(), now=NOW + timedelta(hours=1))
    assert [(called.person, called.later) for called in answer.called] == [(ada, False), (bob, True), (cy, False)]


def test_what_is_for_information_asks_nobody_for_anything(incident: Incident, ada: Person) -> None:
    advance_due(now=db_now())
    incident.refresh_from_db()
    client = Client()
    client.force_login(make.account_of(ada))
    alarmed = text_of(client, incident.get_absolute_url()).partition("<main")[2]
    assert "has not answered" in alarmed
    assert "No answer" in alarmed
    Incident.objects.filter(pk=incident.pk).update(severity=5)
    page = make_incidents.page_of(incident)
    calm = text_of(client, incident.get_absolute_url()).partition("<main")[2]
    for alarm in ("has not answered", "No answer", "cell-hot", 'class="hot"', "nobody has answered yet"):
        assert alarm not in calm, alarm
    for said in ("it is for information", "Who was told", "nobody else is told", "I have it"):
        assert said in calm, said
    assert "For information" in text_of(client, reverse("incidents:list"))
    assert "nothing need be done" in text_of(Client(), urlsplit(links.make(page, ada)).path)
    note = Notification.objects.filter(page=page).select_related("incident", "page__team", "person", "method").first()
    assert note is not None
    message = messages.render(note)
    assert "It is for information: nothing need be done." in message.text
    assert "I look after it" in message.html


def test_a_page_to_a_person_says_no_step(incident: Incident, ada: Person) -> None:
    bob = make_incidents.reachable("bob")
    advance_due(now=db_now())
    operations.engage(incident=incident, by=Actor(person=ada), person=bob, now=db_now())
    client = Client()
    client.force_login(make.account_of(ada))
    for when, said in (("before he is asked", "called now"), ("after", "called again")):
        row = text_of(client, incident.get_absolute_url()).partition('<th scope="row">Bob')[2].partition("</tr>")[0]
        assert said in row, when
        assert "nobody asked yet" not in row
        assert "step" not in row
        assert "Bob" in row
        advance_due(now=db_now())
    page = incident.pages.get(person=bob)
    (move, *_) = next_moves_of([page], now=db_now())[page.pk]
    assert (move.words, move.words_for(bob)) == ("Bob", "you again")
