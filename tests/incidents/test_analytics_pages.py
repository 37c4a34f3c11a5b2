"""The analytics as pages, as CSV and over the API: the same figures, filtered, paged, and to whom they are open."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog.models import Person
from incidents import analytics_drawn
from incidents.analytics import Calls, Disturbed, Escalations, Load, People
from incidents.asking import asked_on_page
from incidents.models import ActionItem, Incident, Review
from portal.lib.clock import db_now
from tests import make
from tests.incidents.analytics_world import ACKNOWLEDGED, PAGED, REOPENED, RESOLVED, Event, Told, called, cast, page_of

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
PAGES = (
    "/analytics", "/analytics/teams", "/analytics/components", "/analytics/people", "/analytics/noise",
    "/analytics/action-items",
)  # fmt: skip
SHEETS = (
    "/analytics.csv?by=component", "/analytics/escalations.csv?by=team", "/analytics/people.csv",
    "/analytics/action-items.csv?by=team",
)  # fmt: skip
FIGURES = "/api/v1/analytics/incidents"


@pytest.fixture
def ada(db: None) -> Person:
    """Called yesterday for two incidents of this month and the last: one was taken after two minutes, one was noise."""
    ada, ben, team, runners, registry = cast()
    now = db_now()
    paged = Event(timedelta(), PAGED)
    told = (
        (runners, 1, "api", (paged, Event(2 * MINUTE, ACKNOWLEDGED, ada), Event(60 * MINUTE, RESOLVED, ada))),
        (registry, 3, "=cmd", (paged, Event(3 * MINUTE, RESOLVED))),
    )
    for component, severity, source, events in told:
        one = Told(now - timedelta(hours=30), events, component, team, severity, source, people=12)
        page = page_of(one.write(), team=team)
        called(page, one.opened, ada)
        called(page, one.opened + MINUTE, ben, step=1)
    worst = Incident.objects.get(severity=1)
    review = Review.objects.create(incident=worst, generation=0, drafted_at=now, saved_at=now)
    ActionItem.objects.create(
        review=review, title="Mend it", owner_ref=ada.ref, due_on=(now - timedelta(days=1)).date(), created_at=now,
        component=runners, component_ref=runners.ref,
    )  # fmt: skip
    return ada


@pytest.fixture
def signed_in(client: Client, ada: Person) -> Client:
    client.force_login(make.account_of(ada))
    return client


@pytest.fixture
def caller(api: APIClient, ada: Person) -> APIClient:
    _, secret = make.token("read", by=ada)
    return make.signed(api, secret)


def sheet(client: Client, url: str) -> list[dict[str, str]]:
    answer = client.get(url)
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", PAGES)
def test_every_page_answers_with_few_questions(signed_in: Client, url: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = signed_in.get(url)
    assert answer.status_code == 200
    assert len(asked) <= 20
    assert 'data-chart="figure-' in answer.content.decode()
    assert 'aria-current="page"' in answer.content.decode()


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("query", ["", "?team=group:default/x", "?period=1&severity=9&source=%00&page=0&sort=x"])
def test_nothing_to_tell_is_told(browser_of_ada: Client, url: str, query: str) -> None:
    said = browser_of_ada.get(url + query).content.decode()
    assert "Nothing matches" in said or "in this stretch" in said


@pytest.mark.parametrize("url", PAGES)
def test_filters_are_kept_by_tabs_and_by_csv(signed_in: Client, url: str) -> None:
    said = signed_in.get(f"{url}?period=12&component=ci-runners&severity=1").content.decode()
    assert "/analytics/noise?period=12&amp;component=ci-runners&amp;severity=1" in said
    assert ".csv?period=12&amp;component=ci-runners&amp;severity=1" in said


def test_the_overview_says_the_medians(signed_in: Client) -> None:
    context = signed_in.get("/analytics").context
    assert (context["all"].incidents, context["all"].taken.median, context["all"].noisy) == (2, 120, 1)
    assert {one.id for one in context["charts"]} == {"incidents", "taken", "restored", "apart", "blocked", "noise"}


def test_what_reopened_is_one_incident_and_says_how_often_it_opened(signed_in: Client) -> None:
    again = (Event(MINUTE, RESOLVED), Event(5 * MINUTE, REOPENED), Event(9 * MINUTE, RESOLVED))
    Told(db_now() - timedelta(hours=20), again, make.component("dns"), severity=2).write()
    said = " ".join(re.sub(r"<[^>]+>", " ", signed_in.get("/analytics").content.decode()).split())
    assert "P2 1 2 openings" in said
    assert "P1 1 openings" not in said
    assert "count openings: an incident that reopens is one incident" in said


def test_charts_and_tables_have_the_same_numbers(signed_in: Client) -> None:
    for one in signed_in.get("/analytics?period=3").context["charts"]:
        assert len(one.table["rows"]) == 3
        if one.figure is not None:
            assert all(len(trace["x"]) == 3 for trace in one.figure["data"])


def test_components_are_sorted_by_the_worst_first_and_paged(signed_in: Client, ada: Person) -> None:
    now = db_now()
    for number in range(55):
        Told(now - timedelta(hours=20), (), make.component(f"c-{number}")).write()
    first = signed_in.get("/analytics/components?sort=restored")
    assert [one.label for one in first.context["rows"]][:2] == ["ci-runners", "registry"]
    assert first.context["summary"] == "1 to 50 of 57"
    last = signed_in.get(first.context["next"])
    assert (len(last.context["rows"]), last.context["next"]) == (7, "")
    assert "sort=restored" in last.context["previous"]


def test_csv_has_the_exact_figures_and_no_formula(signed_in: Client) -> None:
    rows = {one["component"]: one for one in sheet(signed_in, "/analytics.csv?by=component")}
    runners = rows["component:default/ci-runners"]
    assert (runners["time_to_acknowledge_median_s"], runners["blocked_minutes"]) == ("120.0", "720.0")
    assert (rows["component:default/registry"]["noisy"], runners["noise"]) == ("1", "0.0")
    assert [one["source"] for one in sheet(signed_in, "/analytics.csv?by=source")] == ["'=cmd", "api"]
    assert [(one["pages"], one["past_step_one"]) for one in sheet(signed_in, SHEETS[1])] == [("2", "2")]
    assert {one["name"]: one["pages"] for one in sheet(signed_in, SHEETS[2])} == {"Ada": "2", "Ben": "2"}
    assert [(one["due"], one["late"], one["overdue"]) for one in sheet(signed_in, SHEETS[3])] == [("1", "0", "1")]
    assert signed_in.get("/analytics.csv?by=weather").status_code == 404


def test_strangers_see_how_it_is_and_not_who_was_called(client: Client, ada: Person, settings: make.Settings) -> None:
    settings.PORTAL_ANONYMOUS_READ = True
    opened = {url: client.get(url).status_code for url in (*PAGES, *SHEETS)}
    assert {url for url, status in opened.items() if status != 200} == {"/analytics/people", "/analytics/people.csv"}
    said = client.get("/analytics").content.decode()
    assert "People&#x27;s load" not in said
    assert APIClient().get(FIGURES).status_code == 200
    assert APIClient().get("/api/v1/analytics/people").status_code == 401
    settings.PORTAL_ANONYMOUS_READ = False
    assert {client.get(url).status_code for url in (*PAGES, *SHEETS)} == {302}
    assert APIClient().get(FIGURES).status_code == 401


def test_the_api_answers_what_the_pages_show(caller: APIClient) -> None:
    (everything,) = caller.get(FIGURES).json()["results"]
    assert everything["time_to_acknowledge"] == {"count": 1, "median_s": 120, "p90_s": 120}
    assert (everything["incidents"], everything["noise"], everything["blocked_minutes"]) == (2, 0.5, 756)
    by = caller.get(f"{FIGURES}?by=severity&severity=P3&severity=P1&source=api").json()
    assert [(one["key"], one["incidents"]) for one in by["results"]] == [("P1", 1)]
    months = caller.get(f"{FIGURES}?by=month&zone=Europe/Berlin").json()
    assert (months["count"], len(months["results"])) == (6, 6)
    paged = caller.get(f"{FIGURES}?by=component&limit=1&offset=1").json()
    assert (paged["count"], len(paged["results"])) == (2, 1)
    (team,) = caller.get("/api/v1/analytics/escalations?by=team").json()["results"]
    assert (team["key"], team["pages"], team["share"]) == ("group:default/build-ci", 2, 1)
    items = caller.get("/api/v1/analytics/action-items?by=team").json()["results"]
    assert [(one["key"], one["due"], one["overdue"]) for one in items] == [("group:default/build-ci", 1, 1)]
    people = caller.get("/api/v1/analytics/people").json()["results"]
    assert [(one["person"], one["pages"], one["time_zone"]) for one in people] == [
        ("user:default/ada", 2, "Europe/Berlin"),
        ("user:default/ben", 2, "America/Chicago"),
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=weather", "by"), ("severity=P9", "severity"), ("since=yesterday", "since"), ("zone=Mars", "zone"),
        ("limit=0", "limit"), ("limit=1001", "limit"), ("offset=-1", "offset"),
        ("since=2021-01-01T00:00:00Z&until=2020-01-01T00:00:00Z", "until"),
        ("since=1800-01-01T00:00:00Z", "since"),
    ],
)  # fmt: skip
def test_the_api_names_what_it_can_not_answer(caller: APIClient, query: str, field: str) -> None:
    answer = caller.get(f"{FIGURES}?{query}")
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (400, [field])


def test_team_component_and_on_call_pages_lead_there(signed_in: Client) -> None:
    for url, link in (
        ("/teams/default/build-ci", "/analytics?team=group%3Adefault/build-ci"),
        (
            "/components/component/default/ci-runners?tab=incidents",
            "/analytics?component=component%3Adefault/ci-runners",
        ),
        ("/on-call", "/analytics/people"),
        ("/incidents", "/analytics"),
    ):
        assert f'href="{link}' in signed_in.get(url).content.decode(), url


def test_charts_of_shares_and_of_nights_have_the_most_first(ada: Person) -> None:
    drawn = analytics_drawn.past_step_one(
        [Escalations("a", "A", "", 9, 3), Escalations("b", "B", "", 2, 2), Escalations("c", "C", "", 1, 0)]
    )
    assert [row[0] for row in drawn.table["rows"]] == ["B", "A"]
    loads = tuple(
        Load(
            Person(display_name=name), Disturbed(pages=pages, at_night=nights, nights=nights, at_weekends=0, weekends=0)
        )
        for name, pages, nights in (("Often", 9, 1), ("Never at night", 5, 0), ("By night", 2, 2))
    )
    asked = asked_on_page({}, now=db_now(), zone="UTC")
    _, nights = analytics_drawn.people(People(loads, tuple(Calls(at, 0, 0) for at in asked.months)), asked)
    assert [row[0] for row in nights.table["rows"]] == ["By night", "Often"]


def test_noise_by_source_has_the_noisiest_first(signed_in: Client) -> None:
    (_, _, _), (_, sources, _) = signed_in.get("/analytics/noise").context["tables"]
    assert [(one.label, one.noisy) for one in sources] == [("=cmd", 1), ("api", 0)]
