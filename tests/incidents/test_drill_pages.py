"""Fire drills and coverage on their pages and over the API, and drills that are planned."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import Component, Person
from incidents import operations, paging
from incidents.models import Drill, DrillPlan, Incident
from incidents.oncall.recurring import next_time
from incidents.operations import drill_plans, drills
from incidents.operations.drill_plans import Rhythm
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
WEEKLY = Rhythm("week", 1, time(10), "Europe/Berlin")
SYSTEM = Actor(system="test", via="system")


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def runners(ada: Person) -> Component:
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))
    return make.component("runners", owner=team, tier=1)


@pytest.fixture
def site(ada: Person, client: Client) -> Client:
    client.force_login(make.account_of(ada))
    return client


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def part(client: Client, component: Component) -> str:
    return client.get(f"/drills/of?component={component.ref}", headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize(
    ("monthly", "weekday", "after", "due"),
    [
        (False, 1, datetime(2026, 11, 24, 8, 59, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)),
        (False, 1, datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC)),
        (True, 1, datetime(2026, 11, 4, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC)),
        (False, 6, datetime(2026, 10, 18, 9, tzinfo=UTC), datetime(2026, 10, 25, 9, tzinfo=UTC)),
    ],
)
def test_the_next_time_is_by_the_clock_of_the_zone(monthly: bool, weekday: int, after: datetime, due: datetime) -> None:
    found = next_time(monthly=monthly, weekday=weekday, at=time(10), zone="Europe/Berlin", after=after)
    assert found == due


def test_the_list_the_report_and_the_components_panel(site: Client, runners: Component, ada: Person) -> None:
    assert "No drill yet." in page(site, "/drills")
    assert "/drills/of?component=" in page(site, runners.get_absolute_url())
    assert "Never drilled" in part(site, runners)
    site.post("/drills/begin", {"component": runners.ref})
    drill = Drill.objects.get()
    assert runners.label in page(site, "/drills")
    assert "Nothing matches" in page(site, "/drills?state=late")
    assert ada.label in page(site, drill.get_absolute_url())
    assert "fire drill" in page(site, drill.incident.get_absolute_url())
    assert 'hx-trigger="every 2s"' in page(site, f"{drill.get_absolute_url()}/live")
    assert "Running" in part(site, runners)
    assert site.post(f"{drill.get_absolute_url()}/stop").status_code == 302
    drill.refresh_from_db()
    assert drill.outcome == Drill.Outcome.STOPPED
    assert 'hx-trigger="every 2s"' not in page(site, drill.get_absolute_url())


def test_the_report_ends_each_teams_steps_with_who_answered(site: Client, runners: Component, ada: Person) -> None:
    site.post("/drills/begin", {"component": runners.ref})
    drill = Drill.objects.get()
    while paging.advance_due(now=drill.begun_at + timedelta(seconds=1)):
        pass
    assert f"{ada.label} answered" not in page(site, drill.get_absolute_url())
    called = drill.incident.pages.get()
    operations.acknowledge(page=called, by=ada, via="link", now=drill.begun_at + timedelta(minutes=1))
    said = page(site, drill.get_absolute_url())
    steps = said[said.index("step 1") :]
    assert f"{ada.label} answered</div>" in steps


def test_who_did_not_have_to_be_called_is_folded_and_the_list_says_how_soon(site: Client, ada: Person) -> None:
    bob, cat = make_incidents.reachable("bob"), make_incidents.reachable("cat")
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada), make_incidents.step(bob, cat))
    runners = make.component("runners", owner=team, tier=1)
    begun = drills.begin_drill(component=runners, by=Actor(person=ada), now=NOW).drill
    while paging.advance_due(now=NOW + timedelta(seconds=1)):
        pass
    called = begun.incident.pages.get()
    operations.acknowledge(page=called, by=ada, via="link", now=NOW + timedelta(minutes=2, seconds=5))
    assert drills.end_due(now=NOW + timedelta(minutes=2, seconds=10)) == 1
    asked, _, folded = page(site, begun.get_absolute_url()).partition('<details class="card-foot')
    asked = asked[asked.index("Who was asked") :]
    assert (ada.label in asked, bob.label in asked, "· e-mail<" in asked) == (True, False, True)
    assert "2 more calls, had nobody answered" in folded
    assert (bob.label in folded, cat.label in folded) == (True, True)
    assert "after 2 min 5 s" in page(site, "/drills")


def test_a_stranger_begins_stops_and_plans_nothing(client: Client, runners: Component, ada: Person) -> None:
    drill = drills.begin_drill(component=runners, by=Actor(person=ada), now=NOW).drill
    made, _ = drill_plans.put_plan(of=runners, rhythm=WEEKLY, by=Actor(person=ada), now=NOW)
    assert client.get("/drills").status_code == 302
    client.force_login(make.account_of(make.person("mallory")))
    form = {"component": runners.ref, "every": "week", "weekday": "1", "at": "10:00", "time_zone": "UTC"}
    for url in ("/drills/begin", f"/drills/{drill.pk}/stop", "/drills/plans/new", f"/drills/plans/{made.pk}/remove"):
        assert client.post(url, form).status_code == 403, url
    assert DrillPlan.objects.get().removed_at is None
    assert drill.incident.is_open


def test_a_plan_is_made_changed_and_withdrawn_on_its_page(site: Client, runners: Component) -> None:
    form = {"component": "runners", "every": "week", "weekday": "1", "at": "10:00", "time_zone": "Europe/Berlin"}
    assert site.post("/drills/plans/new", form).status_code == 302
    made = DrillPlan.objects.get()
    assert (made.at, made.weekday, made.component) == (time(10), 1, runners)
    assert runners.label in page(site, "/drills")
    assert "Every Tuesday at 10:00 Europe/Berlin" in page(site, "/drills")
    assert "Europe/Berlin" in page(site, f"/drills/plans/{made.pk}")
    site.post(f"/drills/plans/{made.pk}", {**form, "every": "month"})
    made.refresh_from_db()
    assert made.every == "month"
    assert "First Tuesday of the month at 10:00 Europe/Berlin" in page(site, "/drills")
    assert "one of them" in site.post("/drills/plans/new", {**form, "component": ""}).content.decode()
    site.post(f"/drills/plans/{made.pk}/remove")
    assert site.get(f"/drills/plans/{made.pk}").status_code == 404


def test_a_planned_drill_begins_once_at_its_time(runners: Component, ada: Person) -> None:
    made, _ = drill_plans.put_plan(of=runners, rhythm=WEEKLY, by=Actor(person=ada), now=NOW)
    due = made.next_at
    assert drill_plans.begin_due(now=due - timedelta(seconds=1)) == 0
    assert drill_plans.begin_due(now=due) == 1
    assert drill_plans.begin_due(now=due) == 0
    made.refresh_from_db()
    assert made.next_at == due + timedelta(weeks=1)
    assert Drill.objects.get().plan == made


def test_the_components_of_a_team_take_turns(runners: Component, ada: Person) -> None:
    second = make.component("cache", owner=runners.owner, tier=2)
    made, _ = drill_plans.put_plan(of=runners.owner, rhythm=WEEKLY, by=Actor(person=ada), now=NOW)  # type: ignore[arg-type]
    for _ in range(3):
        made.refresh_from_db()
        drill_plans.begin_due(now=made.next_at)
        drills.end_due(now=made.next_at + timedelta(hours=2))
    assert list(Drill.objects.order_by("pk").values_list("component", flat=True)) == [runners.pk, second.pk, runners.pk]


def test_a_planned_drill_is_left_out_while_something_real_is_open_and_when_it_is_late(
    runners: Component, ada: Person
) -> None:
    made, _ = drill_plans.put_plan(of=runners, rhythm=WEEKLY, by=Actor(person=ada), now=NOW)
    real = make_incidents.incident(runners)
    drill_plans.begin_due(now=made.next_at)
    made.refresh_from_db()
    assert real.label in made.last_words
    operations.resolve(incident=real, by=SYSTEM, now=NOW)
    drill_plans.begin_due(now=made.next_at + timedelta(hours=15))
    made.refresh_from_db()
    assert "15 hours late" in made.last_words
    assert not Drill.objects.exists()


def test_the_api_begins_tells_and_stops(api: APIClient, runners: Component) -> None:
    api.force_authenticate(None)
    _, secret = make.token("incidents:write", "read")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    first = api.post("/api/v1/drills", {"component": "runners"}, format="json")
    again = api.post("/api/v1/drills", {"component": "runners"}, format="json")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert [one["ref"] for one in first.json()["people"]] == ["user:default/ada"]
    one = f"/api/v1/drills/{first.json()['id']}"
    assert api.get(one).json()["state"] == "running"
    assert [row["component"] for row in api.get("/api/v1/drills?state=running").json()["results"]] == [runners.ref]
    assert api.get("/api/v1/drills?state=x").status_code == 400
    assert api.post("/api/v1/drills", {"component": "runners", "minutes": 1}, format="json").status_code == 400
    assert api.post(f"{one}/stop").json()["state"] == "stopped"
    assert api.get("/api/v1/incidents").json()["results"] == []
    assert len(api.get("/api/v1/incidents?drills=only").json()["results"]) == 1
    assert Incident.objects.get().is_open is False


def test_the_api_plans(api: APIClient, runners: Component) -> None:
    _, secret = make.token("incidents:write", "read")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    said = {"component": "runners", "every": "month", "weekday": 1, "at": "10:00", "time_zone": "Europe/Berlin"}
    made = api.put("/api/v1/drill-plans", said, format="json")
    assert (made.status_code, api.put("/api/v1/drill-plans", said, format="json").status_code) == (201, 200)
    one = f"/api/v1/drill-plans/{made.json()['id']}"
    assert api.get(one).json()["at"] == "10:00"
    wrong = api.put("/api/v1/drill-plans", {**said, "time_zone": "Mars/Base"}, format="json")
    assert wrong.json()["errors"][0]["field"] == "time_zone"
    both = api.put("/api/v1/drill-plans", {**said, "team": "group:default/ci"}, format="json")
    assert both.json()["errors"][0]["field"] == "component"
    assert len(api.get("/api/v1/drill-plans?team=group:default/ci").json()["results"]) == 1
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404


def test_coverage_on_its_page_as_csv_over_the_api_and_in_the_metrics(
    site: Client, api: APIClient, runners: Component
) -> None:
    cache.clear()
    make_incidents.catch_all(make_incidents.reachable("boss"))
    assert "Every component is covered." in page(site, "/coverage")
    make.component("app", owner=make.team("apps"), tier=2)
    assert "Nobody, at any hour" in page(site, "/coverage?catch_all=no&tier=2")
    orphan = make.component("orphan")
    Component.objects.filter(pk=orphan.pk).update(owner=None)
    assert f'{orphan.get_absolute_url()}/edit">set one' in page(site, "/coverage?catch_all=no")
    orphan.delete()
    assert "Covered." in page(site, "/coverage?tier=1")
    lines = b"".join(site.get("/coverage.csv?catch_all=no").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert lines[1].startswith("component:default/app,group:default/apps,2,no policy,")
    _, secret = make.token("read")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    (row,) = api.get("/api/v1/coverage?catch_all=no").json()["results"]
    assert (row["component"], row["hours"], len(row["stretches"])) == ("component:default/app", 672.0, 1)
    assert api.get("/api/v1/coverage?tier=9").status_code == 400
    assert 'portico_uncovered_components{team="group:default/apps"} 0.0' in page(site, "/metrics")
