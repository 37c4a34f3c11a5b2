"""Moments within stored texts by the reader's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Person
from incidents import timeline
from incidents.models import TimelineEntry
from portal.lib.own_clock import own_clock
from tests import make, make_incidents

WRITTEN = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Ada snoozed it until Mon 23 Nov 20:05 UTC", "Ada snoozed it until Mon 23 Nov 21:05 CET"),
        ("until Fri 01 Jan 23:30 UTC; then", "until Sat 2 Jan 00:30 CET; then"),
        ("until Wed 29 Feb 10:00 UTC", "until Wed 29 Feb 10:00 UTC"),
        ("times in UTC", "times in UTC"),
        ("Sat 99 Zzz 10:00 UTC", "Sat 99 Zzz 10:00 UTC"),
    ],
)
def test_a_moment_is_told_by_the_readers_clock_and_all_else_stays(text: str, told: str) -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert own_clock(text, WRITTEN) == told


def test_the_year_is_the_one_nearest_to_when_it_was_written() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert own_clock("Thu 31 Dec 23:30 UTC", datetime(2027, 1, 1, tzinfo=UTC)) == "Fri 1 Jan 00:30 CET"


@pytest.mark.django_db
def test_an_incidents_timeline_is_told_so_and_what_people_wrote_is_left_alone(browser_of_ada: Client) -> None:
    Person.objects.filter(name="ada").update(time_zone="Asia/Kolkata")
    incident = make_incidents.incident(make.component("ci-runners"))
    said = "until Mon 23 Nov 20:05 UTC"
    timeline.write(incident.pk, TimelineEntry.Kind.SNOOZED, f"Snoozed {said}", at=WRITTEN)
    timeline.write(incident.pk, TimelineEntry.Kind.NOTE, f"Waits {said}", at=WRITTEN)
    html = browser_of_ada.get(incident.get_absolute_url()).content.decode()
    assert "Snoozed until Tue 24 Nov 01:35 IST" in html
    assert f"Waits {said}" in html
