"""Problems of schedules: told to those who lead, once, again when they become more; on pages and over the API."""

from datetime import time, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.access import system
from catalog.models import Person, Team
from incidents.models import Absence, Notification, Schedule, ToldProblem
from incidents.oncall.checking import problems_of
from incidents.operations.checking import check_schedules
from incidents.operations.schedules import add_override, create_schedule
from incidents.operations.turns import Turns
from incidents.queries import oncall
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
BY = system("test")


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return make.team("ci", make_incidents.reachable("bo"), lead=ada)


@pytest.fixture
def schedule(team: Team, ada: Person) -> Schedule:
    now = db_now()
    turns = Turns((ada.ref, "user:default/bo"), now, unit="day", handoff=time(9))
    return create_schedule(name="Build & CI", team=team, time_zone="UTC", turns=turns, by=BY, now=now)


def told() -> list[tuple[str, str]]:
    rows = Notification.objects.filter(kind="told").select_related("person").order_by("pk")
    return [(row.person.name, row.words["subject"]) for row in rows]


def away(person: Person, days: float, length: timedelta = 2 * DAY) -> Absence:
    start = db_now() + days * DAY
    return Absence.objects.create(person=person, starts_at=start, ends_at=start + length, created_at=start)


def test_nothing_is_told_of_schedules_that_are_in_order(schedule: Schedule) -> None:
    assert check_schedules(now=db_now()) == 0
    assert told() == []


def test_the_lead_is_told_once_and_again_when_it_becomes_more(schedule: Schedule, ada: Person) -> None:
    now = db_now()
    away(Person.objects.get(name="bo"), 1)
    assert check_schedules(now=now) == 1
    assert told() == [("ada", "Bo is away while on call for Build & CI")]
    for hours in (1, 24, 25):
        assert check_schedules(now=now + hours * HOUR) == 0
    away(Person.objects.get(name="bo"), 12)
    assert check_schedules(now=now + 26 * HOUR) == 1


def test_what_is_gone_is_forgotten_and_told_again_when_it_comes_back(schedule: Schedule) -> None:
    now, bo = db_now(), Person.objects.get(name="bo")
    bo.contact_methods.update(confirmed_at=None)
    check_schedules(now=now)
    bo.contact_methods.update(confirmed_at=now)
    check_schedules(now=now + DAY)
    assert not ToldProblem.objects.exists()
    bo.contact_methods.update(confirmed_at=None)
    assert check_schedules(now=now + 2 * DAY) == 1
    assert {subject for _, subject in told()} == {"Bo is on call for Build & CI and has no confirmed contact method"}


def test_several_problems_are_one_message_to_each_lead_and_two_passes_at_once_say_it_once(
    schedule: Schedule, ada: Person
) -> None:
    now, bo = db_now(), Person.objects.get(name="bo")
    away(bo, 1)
    add = {"starts_at": now + 5 * DAY, "ends_at": now + 6 * DAY, "by": BY, "now": now}
    other = create_schedule(
        name="Net", team=schedule.team, time_zone="UTC", turns=Turns((ada.ref,), now), by=BY, now=now
    )
    add_override(schedule=other, person=bo, **add)  # type: ignore[arg-type]  # of the table above
    check_schedules(now=now)
    ToldProblem.objects.all().delete()  # as if another pass had not seen them
    check_schedules(now=now)
    ((name, subject),) = told()
    assert name == "ada"
    assert subject.endswith("problems with who is on call")


def test_where_nobody_leads_the_platform_admins_are_told(ada: Person) -> None:
    root, now = make_incidents.reachable("root", admin=True), db_now()
    turns = Turns((ada.ref,), now + DAY)
    create_schedule(name="Net", team=make.team("net"), time_zone="UTC", turns=turns, by=BY, now=now)
    check_schedules(now=now)
    assert told() == [(root.name, "Nobody is on call for Net")]


def test_one_schedule_is_checked_against_the_others_of_its_people(schedule: Schedule, ada: Person) -> None:
    now = db_now()
    create_schedule(name="Net", team=None, time_zone="UTC", turns=Turns((ada.ref,), now), by=BY, now=now)
    found = problems_of([oncall.schedule_by_slug(schedule.slug, since=now)], now=now)
    assert [(one.kind, one.words) for one in found] == [
        ("twice", "Ada is on call twice at once, for Build & CI and Net")
    ]


def test_the_pages_and_the_api_say_so(
    schedule: Schedule, ada: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    away(Person.objects.get(name="bo"), 1)
    client = Client()
    client.force_login(make.account_of(ada))
    for address in ("/on-call", "/on-call/build-ci", "/on-call/problems", "/teams/default/ci"):
        with django_assert_max_num_queries(30):
            assert "Bo is away while on call" in client.get(address).text, address
    assert "away, " in client.get("/on-call/build-ci?range=month").text  # the row of the timeline
    assert "None of these" in client.get("/on-call/problems?kind=gap&team=group:default/ci").text
    api = APIClient()
    api.force_login(make.account_of(ada))
    (one,) = api.get("/api/v1/on-call/problems?team=group:default/ci&schedule=build-ci").json()["results"]
    assert (one["kind"], one["schedules"], one["person"]) == ("away", ["build-ci"], "user:default/bo")
    assert api.get("/api/v1/on-call/problems?kind=gap").json()["results"] == []
    assert api.get("/api/v1/on-call/problems?kind=dragons").json()["errors"][0]["field"] == "kind"


def test_no_schedule_hides_a_page_of_the_portal(ada: Person) -> None:
    now = db_now()
    made = create_schedule(name="Problems", team=None, time_zone="UTC", turns=Turns((ada.ref,), now), by=BY, now=now)
    assert made.slug == "problems-2"
