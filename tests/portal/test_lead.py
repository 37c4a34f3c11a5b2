"""The platform lead's home: its tiles and trends, the way to the ordinary home, and that nobody else gets it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Component, Person, Score
from incidents.models import Incident
from portal.lib.clock import db_now
from portal.pages import lead
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db


@pytest.fixture
def katrin(client: Client) -> Person:
    """A platform admin, signed in."""
    katrin = make.person("katrin", admin=True)
    client.force_login(make.account_of(katrin))
    return katrin


def resolved(component: Component, opened: datetime, *, lasted: timedelta) -> None:
    row = make_incidents.incident(component, now=opened)
    said = {"opened_at": opened, "acknowledged_at": opened + lasted / 2, "resolved_at": opened + lasted}
    Incident.objects.filter(pk=row.pk).update(**said, state="resolved")


def test_a_platform_lead_gets_the_platform_and_a_way_to_their_own_home(client: Client, katrin: Person) -> None:
    make.team("build-ci")  # an empty portal shows what to do first, and nothing else
    page = client.get("/")
    assert "Coverage gaps" in page.content.decode()
    assert 'href="/?as=me"' in page.content.decode()
    mine = client.get("/?as=me").content.decode()
    assert "Coverage gaps" not in mine
    assert "My teams" in mine
    assert 'hx-get="/?as=me"' in mine


def test_nobody_else_gets_it(browser_of_ada: Client) -> None:
    for url in ("/", "/?as=lead", "/?as=me"):
        html = browser_of_ada.get(url).content.decode()
        assert "Coverage gaps" not in html
        assert 'href="/?as=me"' not in html


def test_its_live_part_comes_without_the_trends(client: Client, katrin: Person) -> None:
    live = client.get("/", headers={"HX-Request": "true"})
    assert "Coverage gaps" in live.content.decode()
    assert "chart-taken" not in live.content.decode()
    assert "charts" not in live.context


def test_times_of_this_month_stand_beside_those_of_the_last(client: Client, katrin: Person) -> None:
    component = make.component("ci-runners", tier=1)
    now = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("UTC"))
    tiles: dict[str, Any] = lead.tiles(katrin, now=now)
    assert (tiles["restored"].median, tiles["restored"].note) == (None, "none yet")
    resolved(component, now - timedelta(days=1), lasted=timedelta(minutes=40))
    assert lead.tiles(katrin, now=now)["restored"].note == "none last month"
    resolved(component, now - timedelta(days=30), lasted=timedelta(minutes=30))
    restored = lead.tiles(katrin, now=now)["restored"]
    assert (restored.median, restored.tone) == (2400, "bad")
    assert restored.note.startswith("10 min slower than in Oct")


def test_components_that_reach_nobody_are_counted_as_the_last_sweep_found(client: Client, katrin: Person) -> None:
    for name, outcome in (("a", True), ("b", False), ("c", False), ("d", None)):
        said = {"level": 0, "passed": 0, "failed": 1, "unknown": 0, "at": make.NOW, "changed_at": make.NOW}
        Score.objects.create(component=make.component(name), answers={"escalation": [outcome, ""]}, **said)
    assert lead.unreached() == 2


def test_it_asks_at_most_thirty_questions(
    client: Client, katrin: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    team = make.team("build-ci", katrin)
    component = make.component("ci-runners", owner=team, tier=1)
    make_slo.objective(component=component)
    for days in (1, 40, 80):
        resolved(component, db_now() - timedelta(days=days), lasted=timedelta(minutes=9))
    client.get("/")
    with django_assert_max_num_queries(30):
        page = client.get("/").content.decode()
    assert page.count("Show as table") >= 3
