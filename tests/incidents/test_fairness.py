"""How on call is shared: hours, nights and weekends by each one's clock, beside an even share; as table, CSV, API."""

import csv
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Person
from incidents.models import Notification
from incidents.oncall.fairness import Load, load, shares
from incidents.oncall.rotation import Layer, Override, Schedule, Unit
from tests import make, make_incidents

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def rota(*people: str, start: datetime = MONDAY, end: datetime | None = None) -> Layer:
    return Layer("Primary", people, Unit.DAY, start, "UTC", handoff=time(0), end=end)


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        (MONDAY, MONDAY + DAY, "UTC", (24, 9, 0)),
        (MONDAY, MONDAY + WEEK, "UTC", (168, 63, 48)),
        (MONDAY + 8 * HOUR, MONDAY + 20 * HOUR, "UTC", (12, 0, 0)),
        (MONDAY + 8 * HOUR, MONDAY + 20 * HOUR, "Asia/Tokyo", (12, 7, 0)),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC), "Europe/Berlin", (25, 10, 25)),
    ],
    ids=["a day", "a week", "by day", "the same hours in Tokyo", "a Sunday of 25 hours"],
)
def test_nights_and_weekends_are_those_of_the_persons_own_clock(
    start: datetime, end: datetime, zone: str, expected: tuple[int, int, int]
) -> None:
    assert load(start, end, zone) == Load(*(count * HOUR for count in expected))


def test_an_even_rotation_marks_nobody() -> None:
    found = shares(Schedule("UTC", (rota("ada", "bo", "cy"),)), MONDAY, MONDAY + 12 * WEEK, zones={})
    assert {one.person for one in found} == {"ada", "bo", "cy"}
    assert all(one.has.all == one.even.all == 28 * DAY and not one.too_much for one in found)


def test_who_takes_over_weekends_again_and_again_is_marked_for_weekends_only() -> None:
    weekends = tuple(Override("ada", MONDAY + week * WEEK + 5 * DAY, MONDAY + (week + 1) * WEEK) for week in range(8))
    found = shares(Schedule("UTC", (rota("ada", "bo"),), weekends), MONDAY, MONDAY + 8 * WEEK, zones={})
    ada = next(one for one in found if one.person == "ada")
    assert (ada.has.weekends, ada.even.weekends) == (16 * DAY, 8 * DAY)
    assert "weekends" in ada.too_much
    assert not next(one for one in found if one.person == "bo").too_much


def test_who_joined_later_counts_for_their_time_only_and_a_helper_is_not_in_the_rotation() -> None:
    layers = (rota("ada", "bo", end=MONDAY + 4 * WEEK), rota("ada", "bo", "cy", start=MONDAY + 4 * WEEK))
    help_out = Override("dan", MONDAY, MONDAY + 2 * DAY)
    found = shares(Schedule("UTC", layers, (help_out,)), MONDAY, MONDAY + 7 * WEEK, zones={})
    even = {one.person: one.even.all for one in found}
    assert even == {"ada": 21 * DAY, "bo": 21 * DAY, "cy": 7 * DAY, "dan": timedelta(0)}
    dan = next(one for one in found if one.person == "dan")
    assert (dan.in_rotation, dan.too_much, dan.has.all) == (False, frozenset(), 2 * DAY)
    assert sum((one.has.all for one in found), timedelta(0)) == 49 * DAY


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.mark.django_db
def test_the_page_the_csv_and_the_api_say_the_same(
    ada: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bo = make_incidents.reachable("bo")
    schedule = make_incidents.schedule(ada, bo, team=make.team("ci", ada, bo))
    client, api = Client(), APIClient()
    client.force_login(make.account_of(ada))
    api.force_login(make.account_of(ada))
    asked = "?from=2026-10-01&until=2026-12-31&team=group:default/ci"
    with django_assert_max_num_queries(30):
        page = client.get(f"/on-call/fairness{asked}").text
    assert schedule.name in page
    sent = b"".join(client.get(f"/on-call/fairness.csv{asked}")).decode()
    rows = list(csv.DictReader(sent.splitlines()))
    assert {row["person"] for row in rows} == {ada.ref, bo.ref}
    told = api.get("/api/v1/on-call/fairness?start=2026-10-01T00:00:00Z&end=2027-01-01T00:00:00Z").json()["results"]
    by_person = {one["person"]: one for one in told[0]["shares"]}
    assert {row["person"]: float(row["hours"]) for row in rows} == {
        ref: pytest.approx(one["has"]["hours"]) for ref, one in by_person.items()
    }
    assert "Nothing matches" in client.get("/on-call/fairness?team=group:default/none").text


@pytest.mark.django_db
def test_pages_that_came_while_they_had_it_are_counted_and_drills_are_not(ada: Person) -> None:
    team = make.team("ci", ada)
    schedule = make_incidents.schedule(ada, team=team)
    make_incidents.paged(team, make_incidents.step(schedule))
    for drill in (False, True):
        one = make_incidents.incident(component=make.component(f"c{drill}".lower(), owner=team))
        one.is_drill = drill
        one.save(update_fields=["is_drill"])
        for channel in ("email", "ntfy"):  # two messages of one page are one page
            Notification.objects.create(
                kind="page", incident=one, page=one.pages.get(), person=ada, channel=channel, address="x", rule="r",
                idempotency_key=f"{one.pk}-{channel}", state="sent", created_at=make.NOW, due_at=make.NOW,
                next_attempt_at=make.NOW,
            )  # fmt: skip
    client = APIClient()
    client.force_login(make.account_of(ada))
    (told,) = client.get("/api/v1/on-call/fairness?start=2026-11-01T00:00:00Z&end=2026-12-01T00:00:00Z").json()[
        "results"
    ]
    assert [one["pages"] for one in told["shares"]] == [1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked",
    ["?from=nonsense", "?from=2026-12-01&until=2026-11-01", "?from=2020-01-01&until=2026-01-01", "?from=2026-02-31"],
)
def test_a_time_that_makes_no_sense_is_said_and_90_days_are_shown(ada: Person, asked: str) -> None:
    client = Client()
    client.force_login(make.account_of(ada))
    make_incidents.schedule(ada)
    page = client.get(f"/on-call/fairness{asked}")
    assert page.status_code == 200
    assert "Write days such as" in page.text or "Choose a last day" in page.text
