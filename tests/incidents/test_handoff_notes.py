"""Notes for whoever is next: told at the next handoff and at no other, shown on the schedule, taken back."""

from datetime import time, timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import Actor, system
from catalog.models import Person
from incidents.models import HandoffNote, Notification, Schedule
from incidents.oncall.notes import notes_of
from incidents.operations.handoff_notes import add_handoff_note
from incidents.operations.handoffs import tell_handoffs
from incidents.operations.schedules import add_override, create_schedule
from incidents.operations.turns import Turns
from portal.lib.errors import Invalid
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
NOW = make.NOW  # a Sunday noon, at which Ada hands over to Bo
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def schedule(ada: Person) -> Schedule:
    bo = make_incidents.reachable("bo")
    turns = Turns((ada.ref, bo.ref), NOW - DAY, unit="day", handoff=time(12))
    team = make.team("ci", ada, bo)
    return create_schedule(name="CI", team=team, time_zone="UTC", turns=turns, by=system("test"), now=NOW)


def texts() -> dict[str, str]:
    return {row.person.name: row.words["text"] for row in Notification.objects.select_related("person")}


def test_a_note_is_told_at_the_next_handoff_and_not_at_the_one_after(schedule: Schedule, ada: Person) -> None:
    add_handoff_note(schedule=schedule, text="Runner 7 is drained", by=Actor(person=ada), now=NOW - HOUR)
    tell_handoffs(now=NOW)
    assert "Ada says: Runner 7 is drained" in texts()["bo"]
    assert "Runner 7" not in texts()["ada"]
    Notification.objects.all().delete()
    tell_handoffs(now=NOW + DAY)
    assert texts()
    assert not any("Runner 7" in text for text in texts().values())


def test_an_override_that_ended_is_a_handoff_between_them(schedule: Schedule, ada: Person) -> None:
    cy, start = make_incidents.reachable("cy"), NOW + HOUR
    add_override(schedule=schedule, person=cy, starts_at=start, ends_at=start + HOUR, by=system("test"), now=NOW)
    add_handoff_note(schedule=schedule, text="Early", by=Actor(person=ada), now=NOW + 30 * MINUTE)
    shown = notes_of(schedule, now=NOW + 5 * HOUR)
    assert (shown.waiting, shown.handed) == ([], [])  # told to Cy, and Cy handed over since
    at = notes_of(schedule, now=start + MINUTE)
    assert [note.text for note in at.handed] == ["Early"]


def test_what_waits_and_what_was_handed_over_are_told_apart(schedule: Schedule, ada: Person) -> None:
    for text, at in (("old", NOW - 2 * DAY), ("handed", NOW - HOUR), ("waits", NOW + HOUR)):
        add_handoff_note(schedule=schedule, text=text, by=Actor(person=ada), now=at)
    shown = notes_of(schedule, now=NOW + 2 * HOUR)
    assert ([one.text for one in shown.waiting], [one.text for one in shown.handed]) == (["waits"], ["handed"])


def test_sent_twice_it_is_one_and_nothing_is_no_note(schedule: Schedule, ada: Person) -> None:
    for minutes in (0, 1):
        add_handoff_note(schedule=schedule, text="x", by=Actor(person=ada), now=NOW + minutes * MINUTE)
    assert HandoffNote.objects.count() == 1
    for text in ("  ", "x" * 2001):
        with pytest.raises(Invalid):
            add_handoff_note(schedule=schedule, text=text, by=Actor(person=ada), now=NOW)


def test_the_page_takes_notes_and_says_whether_handoffs_are_told(schedule: Schedule, ada: Person) -> None:
    client = Client()
    client.force_login(make.account_of(ada))
    assert client.post("/on-call/ci/notes/add", {"text": "Mind the\n<gap>"}).status_code == 302
    page = client.get("/on-call/ci").text
    assert "Mind the<br>&lt;gap&gt;" in page
    assert "Mind the" in client.get("/on-call/ci/notes").text
    assert client.post("/on-call/ci/handoffs", {"tells": "no"}).status_code == 302
    assert not Schedule.objects.get().tells_handoffs
    assert "Nobody is told at handoffs" in client.get("/on-call/ci").text
    note = HandoffNote.objects.get()
    bo = Client()
    bo.force_login(make.account_of(Person.objects.get(name="bo")))
    assert bo.post(f"/on-call/ci/notes/{note.pk}/remove").status_code == 403
    assert client.post(f"/on-call/ci/notes/{note.pk}/remove").status_code == 302
    assert not HandoffNote.objects.exists()


def test_an_outsider_writes_none(schedule: Schedule) -> None:
    client = Client()
    client.force_login(make.account_of(make.person("olga")))
    assert client.post("/on-call/ci/notes/add", {"text": "x"}).status_code == 403
    assert client.post("/on-call/ci/handoffs", {"tells": "no"}).status_code == 403


def test_the_api_is_its_twin(schedule: Schedule, ada: Person) -> None:
    api, notes = APIClient(), "/api/v1/schedules/ci/handoff-notes"
    api.force_login(make.account_of(ada))
    made = api.post(notes, {"text": "Runner 7"}, format="json")
    assert (made.status_code, made.json()["by_name"]) == (201, "Ada")
    assert [one["text"] for one in api.get(notes).json()["results"]] == ["Runner 7"]
    assert api.delete(f"{notes}/{made.json()['id']}").status_code == 204
    patched = api.patch("/api/v1/schedules/ci", {"tells_handoffs": False}, format="json")
    assert (patched.status_code, patched.json()["tells_handoffs"]) == (200, False)
    assert api.patch("/api/v1/schedules/ci", {"name": "x"}, format="json").json()["errors"][0]["field"] == "name"
