"""Heartbeats: silence raises, the next beat clears, due times are columns and any sweep may act."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.access import system
from incidents import paging
from incidents.intake import heartbeats
from incidents.models import Alert, Heartbeat, Incident
from incidents.operations.integrations import change_integration, retire_integration
from incidents.paging import Swept, stamp
from incidents.tasks import advance_due
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


def made(**settings: Any) -> tuple[Heartbeat, str]:
    row, key = make_incidents.integration("heartbeat", every="5m", grace="1m", **settings)
    return row.heartbeat, key


def silent(beat: Heartbeat, *, since: timedelta = timedelta(seconds=1)) -> datetime:
    """As if the last beat were as long ago as agreed, and a bit."""
    now = db_now()
    agreed = timedelta(seconds=beat.every_seconds + beat.grace_seconds)
    Heartbeat.objects.filter(pk=beat.pk).update(last_beat_at=now - agreed - since, due_at=now - since)
    return now


def test_one_that_never_beat_waits() -> None:
    beat, _ = made()
    assert (beat.due_at, heartbeats.heartbeats_due(now=db_now() + timedelta(days=400))) == (None, 0)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_beat_is_due_again_after_interval_and_grace(api: APIClient, method: str) -> None:
    beat, key = made()
    before = db_now()
    assert getattr(api, method)(f"/api/v1/heartbeats/{key}").status_code == 200
    beat.refresh_from_db()
    assert beat.last_beat_at is not None
    assert beat.last_beat_at >= before
    assert beat.due_at == beat.last_beat_at + timedelta(minutes=6)
    assert heartbeats.heartbeats_due(now=beat.due_at - timedelta(seconds=1)) == 0


def test_the_key_may_stand_in_a_header_and_a_wrong_one_is_refused(api: APIClient) -> None:
    _, key = made()
    assert api.post("/api/v1/heartbeats", HTTP_AUTHORIZATION=f"Bearer {key}").status_code == 200
    assert api.post("/api/v1/heartbeats").status_code == 401
    assert api.post("/api/v1/heartbeats/wrong").status_code == 404
    _, other = make_incidents.integration()
    assert api.get(f"/api/v1/heartbeats/{other}").status_code == 404


def test_silence_raises_once_and_the_next_beat_clears(api: APIClient) -> None:
    backup = make.component("backup", tier=1)
    beat, key = made(default_component="backup")
    now = silent(beat)
    assert [heartbeats.heartbeats_due(now=now) for _ in "12"] == [1, 0]
    incident = Incident.objects.get()
    assert (incident.component, incident.severity, "is silent" in incident.title) == (backup, 1, True)
    api.post(f"/api/v1/heartbeats/{key}")
    assert [heartbeats.heartbeats_due(now=db_now()) for _ in "12"] == [1, 0]
    incident.refresh_from_db()
    assert (incident.state, Alert.objects.filter(cleared_at=None).count()) == ("resolved", 0)


def test_silent_again_after_a_beat_between_two_sweeps(api: APIClient) -> None:
    beat, key = made()
    heartbeats.heartbeats_due(now=silent(beat))
    api.post(f"/api/v1/heartbeats/{key}")
    later = db_now() + timedelta(hours=1)
    assert [heartbeats.heartbeats_due(now=later) for _ in "123"] == [1, 1, 0]
    assert Incident.objects.get().state == "triggered"


def test_the_sweep_of_timers_sees_to_heartbeats() -> None:
    beat, _ = made()
    silent(beat)
    advance_due()
    assert Incident.objects.count() == 1


def test_one_that_fails_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = made()[0], made()[0]
    silent(bad, since=timedelta(seconds=9))
    now = silent(good)
    sound = heartbeats._firing

    def fails(row: Heartbeat) -> object:
        if row.pk == bad.pk:
            raise RuntimeError("a bug")
        return sound(row)

    monkeypatch.setattr(heartbeats, "_firing", fails)
    assert heartbeats.heartbeats_due(now=now) == 1
    monkeypatch.undo()
    assert heartbeats.heartbeats_due(now=now) == 1


def test_a_changed_interval_holds_from_the_last_beat(api: APIClient) -> None:
    beat, key = made()
    api.post(f"/api/v1/heartbeats/{key}")
    change_integration(
        integration=beat.integration, by=system("test"), now=make.NOW, settings={"every": "1h", "grace": "0s"}
    )
    beat.refresh_from_db()
    assert beat.last_beat_at is not None
    assert beat.due_at == beat.last_beat_at + timedelta(hours=1)


def test_a_retired_one_is_not_missed_and_its_alert_ends() -> None:
    beat, _ = made()
    now = silent(beat)
    heartbeats.heartbeats_due(now=now)
    retire_integration(integration=beat.integration, by=system("test"), now=now)
    assert Incident.objects.get().state == "resolved"
    silent(beat)
    Heartbeat.objects.update(silent_since=None)
    assert heartbeats.heartbeats_due(now=db_now()) == 0


def test_what_beat_while_the_portal_was_off_is_not_called_silent_at_once() -> None:
    beat, _ = made()
    silent(beat, since=timedelta(minutes=20))
    stamp("advance_due", now=db_now() - timedelta(hours=1))
    advance_due()
    beat.refresh_from_db()
    assert (Alert.objects.count(), beat.silent_since) == (0, None)
    assert beat.due_at is not None
    assert timedelta(minutes=5) < beat.due_at - db_now() <= timedelta(minutes=6)
    advance_due()  # the portal is not off any more, and nothing is put off again
    assert heartbeats.heartbeats_due(now=beat.due_at + timedelta(seconds=1)) == 1
    assert Alert.objects.count() == 1


def test_another_worker_that_comes_in_between_calls_nothing_silent_either(monkeypatch: pytest.MonkeyPatch) -> None:
    beat, _ = made()
    silent(beat, since=timedelta(minutes=20))
    stamp("advance_due", now=db_now() - timedelta(hours=1))
    acted: list[int] = []

    def in_between(**_: Any) -> Swept:
        acted.append(heartbeats.heartbeats_due(now=db_now()))
        return Swept()

    monkeypatch.setattr(paging, "advance_due", in_between)
    advance_due()
    assert acted == [0]


def test_a_daily_one_has_ten_minutes_and_one_that_was_overdue_before_has_none() -> None:
    daily, _ = made()
    Heartbeat.objects.filter(pk=daily.pk).update(every_seconds=86_400)
    daily.refresh_from_db()
    silent(daily)
    overdue, _ = made()
    silent(overdue, since=timedelta(hours=2))
    now = db_now()
    heartbeats.allow_for_silence_of_our_own(now=now, seen_at=now - timedelta(hours=1))
    daily.refresh_from_db()
    assert daily.due_at == now + timedelta(minutes=10)
    assert heartbeats.heartbeats_due(now=now) == 1
    overdue.refresh_from_db()
    assert overdue.silent_since == now


def test_a_short_pause_of_the_sweep_puts_nothing_off() -> None:
    beat, _ = made()
    now = silent(beat)
    heartbeats.allow_for_silence_of_our_own(now=now, seen_at=now - timedelta(minutes=2))
    heartbeats.allow_for_silence_of_our_own(now=now, seen_at=None)
    assert heartbeats.heartbeats_due(now=now) == 1
