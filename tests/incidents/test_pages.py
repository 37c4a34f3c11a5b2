"""The incident pages, as the people called, their team, a colleague and an outsider meet them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Component, Person, Team
from incidents import links, operations
from incidents.models import Incident, Page, TimelineEntry
from incidents.paging import advance_due
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """CI owns the runners; Ada and Linh are its members and are asked in that order; Bob works elsewhere."""

    ada: Person
    linh: Person
    bob: Person
    ci: Team
    runners: Component
    incident: Incident
    now: datetime

    @property
    def page(self) -> Page:
        """The owner's page."""
        return Page.objects.get(incident=self.incident, team=self.ci)

    def address(self, name: str, *more: object) -> str:
        """The address of a part or a form of the incident."""
        return reverse(f"incidents:{name}", args=[self.incident.number, *more])


@pytest.fixture
def world(db: None) -> World:
    now = db_now()
    ada, linh, bob = make_incidents.reachable("ada"), make_incidents.reachable("linh"), make.person("bob")
    ci = make.team("ci", ada, linh)
    make.team("elsewhere", bob)
    runners = make.component("ci-runners", owner=ci, tier=2)
    make_incidents.paged(ci, make_incidents.step(ada), make_incidents.step(linh))
    incident = make_incidents.incident(runners, now=now, key="t", summary="Jobs wait")
    return World(ada, linh, bob, ci, runners, incident, now)


def signed_in(who: Person) -> Client:
    """A browser in which `who` is signed in."""
    client = Client()
    client.force_login(make.account_of(who))
    return client


def test_an_outsider_is_sent_to_sign_in_and_learns_nothing(world: World, client: Client) -> None:
    for url in (
        reverse("incidents:list"),
        world.address("incident"),
        world.address("live"),
        world.address("entries"),
        reverse("incidents:declare"),
    ):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("sign-in"))
    for url in (world.address("resolve"), world.address("acknowledge", world.page.pk), world.address("note")):
        assert client.post(url).status_code == 302
    world.incident.refresh_from_db()
    assert world.incident.state == Incident.State.TRIGGERED


def test_a_colleague_of_another_team_may_read_and_note_but_not_take_or_end_it(world: World) -> None:
    bob = signed_in(world.bob)
    assert bob.get(world.address("incident")).status_code == 200
    assert bob.post(world.address("note"), {"text": "I see it too"}).status_code == 302
    assert TimelineEntry.objects.filter(incident=world.incident, kind="note", person=world.bob).exists()
    for url in (
        world.address("resolve"),
        world.address("acknowledge", world.page.pk),
        world.address("escalate", world.page.pk),
    ):
        assert bob.post(url).status_code == 403
    assert world.page.is_untaken


def test_a_member_takes_it_from_the_page_and_the_board_says_who(world: World) -> None:
    ada = signed_in(world.ada)
    assert "I have it" in ada.get(world.address("incident")).content.decode()
    answer = ada.post(world.address("acknowledge", world.page.pk), follow=True)
    text = answer.content.decode()
    assert "took it after" in text
    assert "I have it" not in text
    world.incident.refresh_from_db()
    assert world.incident.acknowledged_by == world.ada


def test_the_page_counts_down_to_the_next_step_and_names_whom_it_will_call(world: World) -> None:
    advance_due(now=db_now())
    text = signed_in(world.ada).get(world.address("live")).content.decode()
    assert "has not answered" in text
    assert 'data-time="countdown"' in text
    assert "Linh" in text


def test_the_timeline_refreshes_apart_from_the_note_somebody_is_writing(world: World) -> None:
    ada = signed_in(world.ada)
    assert world.address("entries") in ada.get(world.address("incident")).content.decode()
    operations.acknowledge(page=world.page, by=world.linh, via="web", now=db_now())
    part = ada.get(world.address("entries")).content.decode()
    assert "Linh has it" in part
    assert "<form" not in part
    assert "Linh has it" not in ada.get(world.address("entries"), {"show": "alerts"}).content.decode()


def test_opening_the_link_changes_nothing_and_pressing_its_button_takes_it(world: World, client: Client) -> None:
    url = urlsplit(links.make(world.page, world.linh)).path
    for _ in range(3):  # a mail scanner
        assert client.get(url).status_code == 200
        assert client.head(url).status_code in {200, 405}
    assert world.page.is_untaken
    assert client.post(url, follow=True).status_code == 200
    assert world.page.acknowledged_by == world.linh
    client.post(url)  # a second tap
    assert TimelineEntry.objects.filter(incident=world.incident, kind="acknowledged").count() == 1
    assert "You have it" in client.get(url).content.decode()


def test_a_link_needs_no_cookie(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(urlsplit(links.make(world.page, world.linh)).path).status_code == 302
    assert world.page.acknowledged_by == world.linh


def test_a_tampered_link_and_an_expired_one_say_so_and_take_nothing(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = urlsplit(links.make(world.page, world.linh)).path
    broken = client.post(url[:-3] + "abc")
    assert broken.status_code == 404
    assert "not one of ours" in broken.content.decode()
    monkeypatch.setattr(links.read, "__kwdefaults__", {"lasts": timedelta(seconds=-1)})
    late = client.post(url)
    assert late.status_code == 410
    assert "more than a day old" in late.content.decode()
    assert world.page.is_untaken


def test_a_forwarded_link_tells_whose_it_is(world: World) -> None:
    text = signed_in(world.bob).get(urlsplit(links.make(world.page, world.linh)).path).content.decode()
    assert "This link was made for Linh, and you are signed in as Bob" in text


def test_a_link_of_a_resolved_incident_says_that_it_is_over(world: World, client: Client) -> None:
    url = urlsplit(links.make(world.page, world.linh)).path
    operations.clear_alert(key="t", now=db_now())
    text = client.post(url).content.decode()
    assert "This link no longer does anything" in text


def test_a_member_ends_it_and_says_what_it_was(world: World) -> None:
    signed_in(world.ada).post(world.address("resolve"), {"cause": "A full disk"})
    world.incident.refresh_from_db()
    assert (world.incident.state, world.incident.cause) == (Incident.State.RESOLVED, "A full disk")


def test_declaring_needs_a_title_and_keeps_what_was_typed(world: World) -> None:
    ada = signed_in(world.ada)
    refused = ada.post(reverse("incidents:declare"), {"title": "", "note": "It smells of smoke"})
    assert refused.status_code == 400
    assert "It smells of smoke" in refused.content.decode()
    made = ada.post(reverse("incidents:declare"), {"title": "Smoke", "component": "ci-runners"}, follow=True)
    assert "Smoke" in made.content.decode()


def test_the_list_shows_open_ones_first_and_filters_by_words_team_and_severity(world: World) -> None:
    ada = signed_in(world.ada)
    assert "Jobs wait" in ada.get(reverse("incidents:list")).content.decode()
    assert "Nothing matches" in ada.get(reverse("incidents:list"), {"q": "no such words"}).content.decode()
    assert "Jobs wait" in ada.get(reverse("incidents:list"), {"team": world.ci.ref, "view": "mine"}).content.decode()
    wrong = str(6 - world.incident.severity if world.incident.severity != 3 else 1)
    assert "Nothing matches" in ada.get(reverse("incidents:list"), {"severity": wrong}).content.decode()


@pytest.mark.parametrize("asked", [{"view": "resolved"}, {"state": "resolved"}])
def test_what_is_resolved_has_a_tab_and_the_state_of_the_api_leads_to_it(world: World, asked: dict[str, str]) -> None:
    ada, here = signed_in(world.ada), reverse("incidents:list")
    assert "Jobs wait" not in ada.get(here, asked).content.decode()
    operations.clear_alert(key="t", now=db_now())
    shown = ada.get(here, asked).content.decode()
    assert "Jobs wait" in shown
    assert 'name="view" value="resolved"' in shown, "and a filter stays in the tab"
    assert "Jobs wait" in b"".join(ada.get(reverse("incidents:csv"), asked)).decode()
    assert "Jobs wait" not in ada.get(here, {"state": "open"}).content.decode()


def test_a_long_history_is_paged_by_number_and_asks_a_bounded_number_of_queries(
    world: World, django_assert_max_num_queries: object
) -> None:
    made = [
        Incident(
            title=f"Old {n}", severity=3, severity_reason="x", state="resolved", source="api",
            opened_at=world.now - timedelta(days=n), resolved_at=world.now - timedelta(days=n) + timedelta(hours=1),
        )
        for n in range(1, 121)
    ]  # fmt: skip
    Incident.objects.bulk_create(made)
    ada = signed_in(world.ada)
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        first = ada.get(reverse("incidents:list"))
    assert len(first.context["history"]) == 50
    second = ada.get(first.context["older"])
    third = ada.get(second.context["older"])
    seen = [row.incident.number for answer in (first, second, third) for row in answer.context["history"]]
    assert len(seen) == len(set(seen)) == 120
    assert third.context["older"] == ""
