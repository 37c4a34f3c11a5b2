"""Declaring an incident: what is open already is said before, and a component is found by what people call it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Component, Person
from incidents.models import Incident
from incidents.queries.already import named_in
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
HERE = "incidents:already"


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def nodes() -> Component:
    return make.component("nodes", title="Worker machines")


@pytest.fixture
def runners(ada: Person, nodes: Component) -> Component:
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))
    made = make.component("ci-runners", owner=team, tier=1, title="CI runners")
    make.dependency(made, nodes)
    return made


@pytest.fixture
def client(ada: Person) -> Client:
    signed_in = Client()
    signed_in.force_login(make.account_of(ada))
    return signed_in


def said(client: Client, **typed: str) -> str:
    answer = client.get(reverse(HERE), typed)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_is_open_on_it_is_said_before_it_is_declared(client: Client, runners: Component) -> None:
    assert "Already open" not in said(client, component="ci-runners")
    incident = make_incidents.incident(runners, now=db_now(), summary="Jobs wait")
    for typed in ({"component": "ci-runners"}, {"component": "CI runners"}, {"title": "The CI runner hangs"}):
        text = said(client, **typed)
        assert f'Already open: <a href="{incident.get_absolute_url()}">{incident.label}</a>' in text, typed
        assert "nobody has it yet" in text
    whole = client.get(reverse("incidents:declare"), {"component": "ci-runners"}).content.decode()
    assert incident.label in whole  # without script it is there from the beginning


def test_what_is_open_on_what_it_depends_on_is_said_too(client: Client, runners: Component, nodes: Component) -> None:
    incident = make_incidents.incident(nodes, now=db_now(), summary="Disks are full")
    text = said(client, component="ci-runners")
    assert "Open on what it depends on" in text
    assert incident.label in text
    assert "Already open" not in text
    assert incident.label in said(client, title="worker machines are full")  # as people call it
    assert incident.label not in said(client, component="nodes-of-others")


def test_ended_ones_and_drills_are_not_said(client: Client, runners: Component) -> None:
    drill = make_incidents.incident(runners, now=db_now())
    Incident.objects.filter(pk=drill.pk).update(is_drill=True)
    assert drill.label not in said(client, component="ci-runners")


def test_a_slip_offers_what_may_be_meant_to_be_taken_with_a_click(client: Client, runners: Component) -> None:
    for typed in ("ci run", "ci rnuners"):
        text = said(client, component=typed)
        assert 'data-fill="id_component" value="ci-runners"' in text, typed
    assert "data-fill" not in said(client, component="", title="Nothing of the kind")
    assert said(client, component="\x00", title="\x00").strip() == ""


def test_a_component_is_declared_broken_by_its_title(client: Client, runners: Component) -> None:
    client.post(reverse("incidents:declare"), {"title": "Smoke", "component": "ci Runners"})
    assert Incident.objects.get().component == runners


def test_of_several_names_in_a_title_the_longest_is_meant(runners: Component) -> None:
    short = make.component("ci")
    assert named_in("ci runners hang") == runners
    assert named_in("CI hangs") == short
    assert named_in("") is None


def test_strangers_are_told_nothing() -> None:
    assert Client().get(reverse(HERE), {"component": "ci-runners"}).status_code == 302


def test_it_asks_little_however_much_is_open(client: Client, runners: Component, nodes: Component) -> None:
    for n in range(5):
        make_incidents.incident(make.component(f"other-{n}"), now=db_now(), key=f"other-{n}")
    make_incidents.incident(nodes, now=db_now(), key="nodes")
    said(client, component="ci-runners")
    with CaptureQueriesContext(connection) as counted:
        said(client, component="ci-runners")
    assert len(counted) <= 8
