"""The platform lead's home: its tiles and trends, the way to the ordinary home, and that nobody else gets it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Component, Membership, Person, ScoreDay, Team
from catalog.queries import platform_leads
from incidents.models import Incident
from portal.lib.clock import db_now
from portal.pages import lead
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db


@pytest.fixture
def katrin(client: Client) -> Person:
    """The lead of a team that other teams are part of, signed in; no platform admin."""
    cache.clear()  # what another test's components were covered by
    katrin = make.person("katrin")
    Team.objects.filter(pk=make.team("build-ci").pk).update(parent=make.team("platform", lead=katrin))
    client.force_login(make.account_of(katrin))
    return katrin


def tiles_of(person: Person, now: datetime) -> dict[str, Any]:
    return lead.tiles(lead.months_of(person, 2, now=now), [], now=now)


def resolved(component: Component, opened: datetime, *, lasted: timedelta) -> None:
    row = make_incidents.incident(component, now=opened)
    said = {"opened_at": opened, "acknowledged_at": opened + lasted / 2, "resolved_at": opened + lasted}
    Incident.objects.filter(pk=row.pk).update(**said, state="resolved")


def test_a_platform_lead_gets_the_platform_and_a_way_to_their_own_home(client: Client, katrin: Person) -> None:
    page = client.get("/")
    assert "Not covered" in page.content.decode()
    assert 'href="/?as=me"' in page.content.decode()
    mine = client.get("/?as=me").content.decode()
    assert "Not covered" not in mine
    assert "My teams" in mine
    assert 'hx-get="/?as=me"' in mine


def test_nobody_else_gets_it(browser_of_ada: Client) -> None:
    for url in ("/", "/?as=lead", "/?as=me"):
        html = browser_of_ada.get(url).content.decode()
        assert "Not covered" not in html
        assert 'href="/?as=me"' not in html


def test_its_live_part_comes_without_the_trends(client: Client, katrin: Person) -> None:
    live = client.get("/", headers={"HX-Request": "true"})
    assert "Not covered" in live.content.decode()
    assert "chart-taken" not in live.content.decode()
    assert "charts" not in live.context


def test_times_of_this_month_stand_beside_those_of_the_last(client: Client, katrin: Person) -> None:
    component = make.component("ci-runners", tier=1)
    now = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("UTC"))
    tiles = tiles_of(katrin, now)
    assert (tiles["restored"].median, tiles["restored"].note) == (None, "none yet")
    resolved(component, now - timedelta(days=1), lasted=timedelta(minutes=40))
    assert tiles_of(katrin, now)["restored"].note == "none last month"
    resolved(component, now - timedelta(days=30), lasted=timedelta(minutes=30))
    restored = tiles_of(katrin, now)["restored"]
    assert (restored.median, restored.tone) == (2400, "bad")
    assert restored.note.startswith("10 min slower than last month")


def test_charts_begin_with_the_first_incident_and_have_three_months_at_least(client: Client, katrin: Person) -> None:
    component = make.component("ci-runners", tier=1)
    now = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("UTC"))

    def shown() -> list[str]:
        return [one.label for one in lead.since_first(lead.months_of(katrin, 12, now=now))]

    assert shown() == ["Sep 2026", "Oct 2026", "Nov 2026"]
    resolved(component, now - timedelta(days=1), lasted=timedelta(minutes=40))
    assert shown() == ["Sep 2026", "Oct 2026", "Nov 2026"]
    resolved(component, now - timedelta(days=120), lasted=timedelta(minutes=40))
    assert shown() == ["Jul 2026", "Aug 2026", "Sep 2026", "Oct 2026", "Nov 2026"]
    assert client.get("/").status_code == 200


def test_components_that_reach_nobody_are_those_of_the_coverage_page(client: Client, katrin: Person) -> None:
    ada = make_incidents.reachable("ada")
    covered = make_incidents.paged(make.team("fine"), make_incidents.step(ada))
    make.component("a", owner=covered)
    make.component("b", owner=make_incidents.paged(make.team("bad"), make_incidents.step(make_incidents.schedule())))
    make.component("c")
    page = client.get("/")
    assert page.context["tiles"]["uncovered"] == 2
    assert client.get("/coverage").context["count"] == 2
    assert 'href="/coverage"' in page.content.decode()


def test_leads_are_admins_and_who_leads_a_team_of_teams(katrin: Person) -> None:
    admin, other = make.person("root", admin=True), make.person("ben")
    make.person("gone", admin=True, retired_at=make.NOW)
    platform = Team.objects.get(name="platform")
    Membership.objects.create(team=platform, team_ref=platform.ref, person=other, person_ref=other.ref)
    make.team("alone", lead=other)
    assert set(platform_leads()) == {katrin, admin}
    Team.objects.filter(name="build-ci").update(retired_at=make.NOW)
    assert set(platform_leads()) == {admin}


def test_the_api_has_the_same_for_everybody_who_reads(katrin: Person, client: Client) -> None:
    component = make.component("ci-runners", tier=1)
    resolved(component, db_now() - timedelta(minutes=90), lasted=timedelta(minutes=40))
    make_slo.objective(component=component)
    ScoreDay.objects.create(day=db_now().date(), team=None, levels=[1, 0, 2, 3], checks={})
    shown = client.get("/").context
    reader = APIClient()
    assert reader.get("/api/v1/platform").status_code == 401
    reader.force_login(make.account_of(make.person("elena")))
    said = reader.get("/api/v1/platform").json()
    assert (said["components"], said["unowned"], said["uncovered"]) == (1, 1, shown["tiles"]["uncovered"])
    assert [one["id"] for one in said["worst"]] == [row.pk for row in shown["worst"]]
    assert (len(said["months"]), sum(one["incidents"] for one in said["months"])) == (12, 1)
    assert said["scorecards"] == [{"day": str(db_now().date()), "none": 1, "bronze": 0, "silver": 2, "gold": 3}]
    refused = reader.get("/api/v1/platform?zone=Mars/Olympus")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "zone")


def test_it_asks_at_most_thirty_questions(
    client: Client, katrin: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    component = make.component("ci-runners", owner=Team.objects.get(name="platform"), tier=1)
    make_slo.objective(component=component)
    for days in (1, 40, 80):
        resolved(component, db_now() - timedelta(days=days), lasted=timedelta(minutes=9))
    client.get("/")
    with django_assert_max_num_queries(30):
        page = client.get("/").content.decode()
    assert page.count("Show as table") >= 3
