"""Moments at the calendar's edges: refused where they are written, else shown as they are."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.access import system
from catalog.operations import record_audit
from catalog.worded import in_words, line_by_line
from incidents.forms_working import UpdateForm
from incidents.models import StatusUpdate
from portal.lib import moments
from portal.lib.clock import db_now
from portal.templatetags import portal as tags
from tests import make, make_incidents

LATE, EARLY = "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"
FAR = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
EAST, WEST = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")


@pytest.mark.parametrize("text", [LATE, EARLY, "9999-12-31 23:59:59-14:00", "0001-01-01 00:00+14:00"])
def test_a_title_that_reads_as_a_far_moment_stays_the_text_that_it_is(text: str) -> None:
    assert (in_words(text), line_by_line([text])) == (text, text)


@pytest.mark.parametrize(
    "text", ["", "soon", LATE, EARLY, "9999-12-31T23:59:59Z", "2026-11-22T12:00:00", "2026-13-01T00:00Z"]
)
def test_an_address_without_a_moment_that_can_be_counted_from_says_none(text: str) -> None:
    assert moments.moment_in(text) is None


def test_an_address_says_a_moment_and_a_day() -> None:
    assert moments.moment_in("2026-11-22T13:00:00 01:00") == datetime(2026, 11, 22, 12, tzinfo=UTC)
    with timezone.override(EAST):
        assert moments.moment_or_day_in("2026-11-22") == datetime(2026, 11, 22, tzinfo=EAST)
    assert [moments.moment_or_day_in(text) for text in ("9999-12-31", "0001-01-01", LATE, "x")] == [None] * 4
    assert (moments.day_in("2026-11-22"), moments.day_in("9999-12-31")) == (date(2026, 11, 22), None)


@pytest.mark.parametrize("zone", [EAST, WEST])
@pytest.mark.parametrize("at", [FAR, datetime(1, 1, 1, tzinfo=UTC)])
def test_no_moment_breaks_the_page_that_shows_it(at: datetime, zone: ZoneInfo) -> None:
    with timezone.override(zone):
        shown: list[str] = [tag({"now": make.NOW}, at) for tag in (tags.at, tags.ago, tags.since, tags.countdown)]
        shown += [tags.hour(at), tags.day_and_hour(at), tags.to(at, at)]
    assert all(shown)


@pytest.mark.django_db
def test_a_status_update_promises_no_moment_beyond_the_calendar() -> None:
    ada = make.person("ada", admin=True)
    client, incident = APIClient(), make_incidents.incident(now=db_now())
    client.force_login(make.account_of(ada))
    body = {"state": "investigating", "text": "We look.", "next_by": "9999-12-31T23:59:59Z"}
    answer = client.post(f"/api/v1/incidents/{incident.pk}/updates", body, format="json")
    assert (answer.status_code, answer.json()["errors"]) == (
        400, [{"field": "next_by", "code": "out-of-range", "message": "Choose a year from 1970 to 2199."}],
    )  # fmt: skip
    form = UpdateForm({"state": "investigating", "text": "x", "next_by": "9999-12-31T23:59"})
    assert form.errors["next_by"] == ["Choose a year from 1970 to 2199."]
    assert not StatusUpdate.objects.exists()


@pytest.mark.django_db
def test_an_old_key_ends_within_the_calendar() -> None:
    ada = make.person("ada", admin=True)
    row, _ = make_incidents.integration("pagerduty")
    client = APIClient()
    client.force_login(make.account_of(ada))
    answer = client.post(f"/api/v1/integrations/{row.pk}/keys", {"old_until": LATE}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "old_until")


@pytest.mark.django_db
@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_what_would_happen_is_not_asked_of_the_end_of_time(at: str) -> None:
    client = APIClient()
    client.force_login(make.account_of(make.person("ada", admin=True)))
    answer = client.post("/api/v1/incidents/simulate", {"at": at}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "at")


@pytest.mark.django_db
@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31", "9999-99-99", "soon"])
def test_a_rota_of_a_day_that_is_none_begins_today(client: Client, start: str) -> None:
    ada = make.person("ada")
    schedule = make_incidents.schedule(ada, team=make.team("build-ci", ada))
    client.force_login(make.account_of(ada))
    for path in ("/on-call", f"/on-call/{schedule.slug}"):
        assert client.get(path, {"start": start, "from": LATE, "until": EARLY}).status_code == 200


@pytest.mark.django_db
def test_a_change_log_with_such_a_text_can_be_read_by_everybody(client: Client) -> None:
    ada = make.person("ada", admin=True, time_zone="Pacific/Kiritimati")
    component = make.component("ci-runners", title=LATE)
    diff: dict[str, tuple[object, object]] = {"title": (EARLY, LATE)}
    record_audit(actor=system("test"), action="component.update", object_ref=component.ref, diff=diff, now=db_now())
    client.force_login(make.account_of(ada))
    for path in ("/changes", component.get_absolute_url()):
        answer = client.get(path)
        assert (answer.status_code, LATE in answer.content.decode()) == (200, True)


def test_the_bounds_are_said_as_they_are() -> None:
    assert moments.SAID == "Choose a year from 1970 to 2199."
    assert not moments.far(datetime(2199, 12, 31, tzinfo=UTC) + timedelta(hours=23))
