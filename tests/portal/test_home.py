"""Home: what is on fire, what waits for whom, and what an empty portal says."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from incidents.firing import Firing
from incidents.models import Incident, StatusUpdate
from incidents.operations import raise_alert
from portal.lib import words
from portal.lib.clock import db_now
from slo.models import Standing
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db


def home_of(client: Client, name: str, *, admin: bool = False) -> str:
    client.force_login(make.account_of(make.person(name, admin=admin)))
    return client.get("/").content.decode()


def test_an_empty_portal_says_what_to_do_first(client: Client) -> None:
    html = home_of(client, "ada")
    assert html.count("To do") == 9
    assert "home-live" not in html, "there is nothing yet that could be on fire"
    make.team("build-ci")
    assert "You are in no team yet" in home_of(client, "elena")


def test_the_setup_ticks_itself_off_and_is_then_for_admins_alone(client: Client) -> None:
    make.team("build-ci")
    html = home_of(client, "katrin", admin=True)
    assert "Set up: 1 of 9 done." in html
    assert "Next: a component." in html
    assert 'href="/components/new">New component</a>' in html
    assert "of 9 done" not in home_of(client, "elena")


def test_an_open_incident_is_on_everybodys_home_with_who_has_it(client: Client) -> None:
    now = db_now()
    component = make.component("ci-runners", owner=make.team("build-ci"), tier=1)
    raise_alert(firing=Firing(key="k", source="test", summary="Jobs wait", component=component), now=now)
    html = home_of(client, "elena")
    assert "Jobs wait" in html
    assert "nobody yet" in html


def test_a_page_nobody_took_waits_for_its_team_and_for_no_outsider(client: Client) -> None:
    linh = make.person("linh")
    team = make_incidents.paged(make.team("build-ci", linh), make_incidents.step(linh))
    make_incidents.incident(make.component("ci-runners", owner=team, tier=1), now=db_now())
    client.force_login(make.account_of(linh))
    assert "Take it" in client.get("/").content.decode()
    assert "Take it" not in home_of(client, "elena")


def test_what_is_for_information_asks_nobody_to_take_it(client: Client) -> None:
    linh = make.person("linh")
    team = make_incidents.paged(make.team("build-ci", linh), make_incidents.step(linh))
    make_incidents.incident(make.component("ci-runners", owner=team, tier=1), now=db_now())
    Incident.objects.update(severity=5)
    client.force_login(make.account_of(linh))
    html = client.get("/").content.decode()
    assert "· for information, to" in html
    assert "sent for information" not in html, "once is enough"
    assert "Take it" not in html
    assert "nobody yet" not in html


def part_of(html: str, heading: str) -> str:
    """The words of the card with this heading's id."""
    words_and_tags = html.split(f'id="{heading}">')[1].split("</section>")[0]
    return unescape(" ".join(re.sub("<[^>]*>", " ", words_and_tags).split()))


def test_what_touches_the_reader_comes_first_with_what_of_theirs_waits_and_the_last_that_was_said(
    client: Client,
) -> None:
    """Through what lies between, too; whose things stand alone is told that nothing of theirs is broken."""
    chloe, linh, elena = make.person("chloe"), make.person("linh"), make.person("elena")
    runners = make.component("ci-runners", owner=make.team("build-ci", linh), tier=1)
    builds = make.component("builds", owner=make.team("delivery"))
    make.dependency(builds, runners)
    shop = make.team("shop", chloe)
    for name in ("checkout", "cart"):
        make.dependency(make.component(name, owner=shop), builds)
    make.component("flyers", owner=shop)
    make.component("island", owner=make.team("far", elena))
    incident = make_incidents.incident(runners, now=db_now(), severity=1)
    told = {"state": "identified", "text": "A disk is full", "actor_name": "linh"}
    StatusUpdate.objects.create(incident=incident, at=db_now(), **told)
    StatusUpdate.objects.create(incident=incident, at=db_now(), public=False, **{**told, "text": "Only among us"})

    client.force_login(make.account_of(chloe))
    html = client.get("/").content.decode()
    first = part_of(html, "h-touching")
    assert "2 components of yours rely on it: cart , checkout" in first
    assert "Cause found: A disk is full" in first
    assert "Only among us" not in first
    assert part_of(html, "h-mine").count("waits for ci-runners") == 2
    assert 'id="h-inc"' not in html, "there is nothing else"
    assert html.index('id="h-touching"') < html.index('id="h-mine"') < html.index("Platform health")

    client.force_login(make.account_of(linh))
    first = part_of(client.get("/").content.decode(), "h-touching")
    assert "yours: Build Ci" in first
    assert "of yours" not in first, "a thing does not wait for itself"

    client.force_login(make.account_of(elena))
    html = client.get("/").content.decode()
    assert "Nothing that your teams own or rely on is broken." in part_of(html, "h-touching")
    assert incident.title in part_of(html, "h-inc")


def test_a_low_incident_touches_its_owners_alone(client: Client) -> None:
    chloe, linh = make.person("chloe"), make.person("linh")
    runners = make.component("ci-runners", owner=make.team("build-ci", linh))
    make.dependency(make.component("checkout", owner=make.team("shop", chloe)), runners)
    incident = make_incidents.incident(runners, now=db_now(), severity=4)
    for person, card in ((chloe, "h-inc"), (linh, "h-touching")):
        client.force_login(make.account_of(person))
        assert incident.title in part_of(client.get("/").content.decode(), card), person.name


def test_my_teams_promises_are_shown_where_they_have_any_and_the_worst_of_all_otherwise(client: Client) -> None:
    ours = make_slo.objective(name="ours")
    make_slo.objective(name="theirs")
    linh = make.person("linh")
    component = ours.definition.component
    component.owner = make.team("build-ci", linh)
    component.save()
    client.force_login(make.account_of(linh))
    shown = part_of(client.get("/").content.decode(), "h-worst")
    assert shown.startswith("My teams’ objectives")
    assert "Ours component" in shown
    assert "Theirs" not in shown
    elena = make.person("elena")
    make.team("far", elena)
    client.force_login(make.account_of(elena))
    shown = part_of(client.get("/").content.decode(), "h-worst")
    assert shown.startswith("Worst objectives")
    assert "Ours component" in shown
    assert "Theirs component" in shown


def test_what_was_looked_at_lately_is_a_click_away(client: Client) -> None:
    linh = make.person("linh")
    make.component("ci-runners", owner=make.team("build-ci", linh))
    client.force_login(make.account_of(linh))
    assert 'id="h-lately"' not in client.get("/").content.decode()
    client.get("/components/component/default/ci-runners")
    assert "ci-runners" in part_of(client.get("/").content.decode(), "h-lately")


def test_components_without_owner_wait_for_platform_admins(client: Client) -> None:
    make.component("legacy-cron")
    assert "1 component has no owner" in home_of(client, "katrin", admin=True)
    assert "has no owner" not in home_of(client, "elena")


def test_my_teams_components_are_mine_alone(client: Client) -> None:
    linh = make.person("linh")
    make.component("ci-runners", owner=make.team("build-ci", linh))
    make.component("dns", owner=make.team("networking"))
    client.force_login(make.account_of(linh))
    html = client.get("/").content.decode()
    assert "ci-runners" in html
    assert ">dns<" not in html


def test_a_median_is_told_once_most_budgets_are_known(client: Client) -> None:
    known, reading = (make_slo.objective(name=name) for name in ("known", "reading"))
    Standing.objects.filter(objective=known).update(state=Standing.State.EXHAUSTED, remaining=-2.125)
    html = home_of(client, "ada")
    assert "1 of 2 known yet" in html
    assert "1 of 2 objectives know their past yet" in " ".join(html.split())
    assert "212.5" not in html.split('id="h-worst"')[0], "one that happens to be read first says nothing of the rest"
    Standing.objects.filter(objective=reading).update(state=Standing.State.HEALTHY, remaining=0.5)
    html = home_of(client, "elena")
    assert "known yet" not in html
    assert "Reading history." not in html
    assert f"{words.percent((0.5 - 2.125) / 2)}" in html


def test_a_refresh_sends_only_the_part_that_changes(client: Client) -> None:
    client.force_login(make.account_of(make.person("ada")))
    part = client.get("/", headers={"HX-Request": "true"})
    assert part.content.decode().strip().startswith('<div id="home-live"')
    assert "HX-Request" in part["Vary"]


def test_home_asks_little_of_the_database_however_much_there_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    linh = make.person("linh", admin=True)
    team = make_incidents.paged(make.team("build-ci", linh), make_incidents.step(linh))
    make_incidents.schedule(linh, team=team)
    for number in range(20):
        component = make.component(f"runner-{number}", owner=team)
        firing = Firing(key=f"k{number}", source="test", summary=f"Trouble {number}", component=component)
        raise_alert(firing=firing, now=db_now() - timedelta(minutes=number))
    client.force_login(make.account_of(linh))
    with django_assert_max_num_queries(30):
        client.get("/")


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    assert client.get("/")["Location"].startswith("/sign-in")
