"""Absences: entered by a person or whoever leads them, and nobody else; on a page and over the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.access import Actor, system
from catalog.models import Person
from incidents.models import Absence
from incidents.operations.absences import OverAlready, enter_absence, may_say, remove_absence
from incidents.operations.schedules import create_schedule
from incidents.operations.turns import Turns
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from tests import make

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE, API = "/people/default/bo/absences", "/api/v1/people/default/bo/absences"


@pytest.fixture
def bo() -> Person:
    """Of a team that Ada leads and Cy is in."""
    somebody = make.person("bo")
    make.team("ci", somebody, make.person("cy"), lead=make.person("ada"))
    make.team("net", lead=make.person("olga"))
    return somebody


def by(name: str) -> Actor:
    return Actor(person=Person.objects.get(name=name))


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(make.account_of(Person.objects.get(name=name)))
    return client


def local(moment: object) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"  # type: ignore[arg-type]  # a datetime of the test's own


@pytest.mark.parametrize(("who", "may"), [("bo", True), ("ada", True), ("cy", False), ("olga", False)])
def test_a_person_and_their_lead_say_it_and_nobody_else(bo: Person, who: str, may: bool) -> None:
    now = db_now()
    assert may_say(by(who), bo) is may
    form = {"starts_at": local(now + DAY), "ends_at": local(now + 2 * DAY), "note": "Sea"}
    assert signed_in(who).post(PAGE, form).status_code == (302 if may else 403)
    assert Absence.objects.count() == may
    assert (">Enter</button>" in signed_in(who).get(PAGE).text) is may


def test_tokens_say_it_for_people_of_their_teams(bo: Person) -> None:
    token, _ = make.token("oncall:write", by=bo, name="theirs")
    assert may_say(Actor(token=token), bo)
    reading, _ = make.token("read", by=bo, name="reading")
    assert not may_say(Actor(token=reading), bo)


def test_entering_tells_which_shifts_fall_into_it(bo: Person) -> None:
    now = db_now()
    create_schedule(name="Build & CI", team=None, time_zone="UTC", turns=Turns((bo.ref,), now), by=system("t"), now=now)
    form = {"starts_at": local(now + DAY), "ends_at": local(now + 2 * DAY)}
    assert "A shift falls into it, for Build &amp; CI" in signed_in("bo").post(PAGE, form, follow=True).text


def test_said_twice_it_is_one_and_nonsense_is_refused_at_its_field(bo: Person) -> None:
    now = db_now()
    for _ in range(2):
        enter_absence(person=bo, starts_at=now, ends_at=now + DAY, by=by("bo"), now=now)
    assert Absence.objects.count() == 1
    for start, end in ((now, now), (now - 3 * DAY, now - DAY), (now, now + 400 * DAY)):
        with pytest.raises(Invalid) as refused:
            enter_absence(person=bo, starts_at=start, ends_at=end, by=by("bo"), now=now)
        assert refused.value.errors[0].field == "ends_at"
    answer = signed_in("bo").post(PAGE, {"starts_at": local(now), "ends_at": local(now - DAY), "note": "kept"})
    assert (answer.status_code, "It ends before it starts" in answer.text, "kept" in answer.text) == (400, True, True)


def test_one_to_come_goes_and_one_that_has_begun_ends(bo: Person) -> None:
    now = db_now()
    begun = enter_absence(person=bo, starts_at=now - DAY, ends_at=now + DAY, by=by("bo"), now=now)
    ahead = enter_absence(person=bo, starts_at=now + DAY, ends_at=now + 2 * DAY, by=by("bo"), now=now)
    assert signed_in("bo").post(f"{PAGE}/{ahead.pk}/remove").status_code == 302
    remove_absence(absence=ahead, by=by("bo"), now=now)  # a second click that was loaded before the first was done
    remove_absence(absence=begun, by=by("ada"), now=now)
    assert list(Absence.objects.values_list("ends_at", flat=True)) == [now]
    with pytest.raises(OverAlready):
        remove_absence(absence=begun, by=by("bo"), now=now)
    assert signed_in("bo").get("/me/absences").headers["Location"] == PAGE


def test_the_api_is_its_twin(bo: Person) -> None:
    now, api = db_now(), APIClient()
    api.force_login(make.account_of(bo))
    body = {"starts_at": (now + DAY).isoformat(), "ends_at": (now + 2 * DAY).isoformat(), "note": "Sea"}
    made = api.post(API, body, format="json")
    assert made.status_code == 201
    assert [one["note"] for one in api.get(API).json()["results"]] == ["Sea"]
    other = APIClient()
    other.force_login(make.account_of(Person.objects.get(name="cy")))
    assert other.post(API, body, format="json").status_code == 403
    assert other.delete(f"{API}/{made.json()['id']}").status_code == 403
    assert api.delete(f"{API}/{made.json()['id']}").status_code == 204
    assert api.delete(f"{API}/{made.json()['id']}").status_code == 404
    assert (
        api.post(API, {**body, "ends_at": body["starts_at"]}, format="json").json()["errors"][0]["field"] == "ends_at"
    )
