"""Calendars that follow schedules: what they read, and who may have a link."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import icalendar
import pytest
from django.test import Client

from catalog.models import Person
from incidents.models import CalendarFeed, Schedule
from incidents.operations import feeds
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Person:
    return make.person("ada")


@pytest.fixture
def schedule(ada: Person) -> Schedule:
    return make_incidents.schedule(ada, make.person("bo"))


def read(client: Client, url: str) -> Any:
    answer = client.get(url.removeprefix("http://localhost:8000"))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return icalendar.Calendar.from_ical(answer.content)


def test_a_schedule_is_read_by_anybody_who_has_the_link_and_shifts_follow_each_other(
    client: Client, ada: Person, schedule: Schedule
) -> None:
    events = read(client, feeds.make_feed(person=ada, schedule=schedule, now=db_now()).url).walk("VEVENT")
    assert {str(event["SUMMARY"]) for event in events} == {"On call: Ada", "On call: Bo"}
    assert len(events) >= 11
    spans: list[tuple[Any, Any]] = [(event["DTSTART"].dt, event["DTEND"].dt) for event in events]
    for (start, end), (following, _) in pairwise(spans):
        assert end == following
        assert end - start in (timedelta(days=7), timedelta(days=7, hours=1), timedelta(days=6, hours=23))


def test_ones_own_calendar_holds_ones_own_shifts_of_all_schedules(
    client: Client, ada: Person, schedule: Schedule
) -> None:
    other = make_incidents.schedule(ada)
    events = read(client, feeds.make_feed(person=ada, schedule=None, now=db_now()).url).walk("VEVENT")
    assert {str(event["SUMMARY"]) for event in events} <= {f"On call: {schedule.name}", f"On call: {other.name}"}
    assert len(events) >= 5


def test_a_shift_keeps_its_uid(client: Client, ada: Person, schedule: Schedule) -> None:
    url = feeds.make_feed(person=ada, schedule=schedule, now=db_now()).url
    first, second = ([str(event["UID"]) for event in read(client, url).walk("VEVENT")] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)


def test_a_renewed_a_removed_and_a_guessed_link_find_nothing(client: Client, ada: Person, schedule: Schedule) -> None:
    old = feeds.make_feed(person=ada, schedule=schedule, now=db_now())
    new = feeds.make_feed(person=ada, schedule=schedule, now=db_now())
    assert CalendarFeed.objects.count() == 1
    feeds.remove_feed(person=ada, pk=new.feed.pk)
    for url in (old.url, new.url, "/calendars/guessed.ics"):
        assert client.get(url.removeprefix("http://localhost:8000")).status_code == 404


def test_who_has_left_has_no_calendar(client: Client, ada: Person, schedule: Schedule) -> None:
    url = feeds.make_feed(person=ada, schedule=schedule, now=db_now()).url
    ada.retired_at = db_now()
    ada.save()
    assert client.get(url.removeprefix("http://localhost:8000")).status_code == 404


def test_by_page_and_over_the_api_and_never_somebody_elses(client: Client, ada: Person, schedule: Schedule) -> None:
    theirs = feeds.make_feed(person=make.person("eve"), schedule=schedule, now=db_now()).feed
    client.force_login(make.account_of(ada))
    assert "/calendars/" in client.post("/me/calendars", {"schedule": schedule.slug}, follow=True).text
    assert "Subscribe to this address" not in client.get("/me/calendars").text
    assert client.post(f"/me/calendars/{theirs.pk}/remove").status_code == 404
    made = client.post("/api/v1/me/calendars", {}, content_type="application/json")
    assert made.status_code == 201
    listed = client.get("/api/v1/me/calendars").json()["results"]
    assert [one["schedule"] for one in listed] == [schedule.slug, None]
    assert client.delete(f"/api/v1/me/calendars/{made.json()['id']}").status_code == 204
    assert client.delete(f"/api/v1/me/calendars/{theirs.pk}").status_code == 404
