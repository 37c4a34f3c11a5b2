"""Integrations: who may make and change them, keys that change without loss, what the change log says."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.access import Actor, NotYourTeam, WrongScope, system
from catalog.models import AuditEntry
from incidents.intake import deliveries
from incidents.intake.keys import sender_of
from incidents.intake.replaying import NotWhole, SenderGone, StillWaiting, replay
from incidents.models import Delivery, Heartbeat, Incident, Integration, IntegrationKey
from incidents.operations import integrations as operations
from incidents.operations.pruning import prune_deliveries
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from tests import make, make_incidents
from tests.make import NOW
from tests.make_incidents import am_alert, am_message

pytestmark = pytest.mark.django_db
ROOT = system("test")


def take_all() -> None:
    """Until nothing waits."""
    while deliveries.process_due(now=db_now()):
        pass


def test_a_member_makes_one_for_their_team_and_an_admin_for_all() -> None:
    ada, root = make.person("ada"), make.person("root", admin=True)
    team, other = make.team("ci", ada), make.team("network")
    fields: dict[str, Any] = {"kind": "alertmanager", "settings": {}, "now": NOW}
    made = operations.create_integration(name="Prometheus", team=team, by=Actor(person=ada), **fields)
    assert (made.integration.team, made.integration.created_by, len(made.key)) == (team, ada, 32)
    for forbidden in (other, None):
        with pytest.raises(NotYourTeam):
            operations.create_integration(name="X", team=forbidden, by=Actor(person=ada), **fields)
    operations.create_integration(name="Global", team=None, by=Actor(person=root), **fields)
    reader, _ = make.token("read")
    with pytest.raises(WrongScope):
        operations.create_integration(name="X", team=team, by=Actor(token=reader), **fields)
    limited, _ = make.token("incidents:write", teams=[team])
    operations.create_integration(name="By CI", team=team, by=Actor(token=limited), **fields)


def test_only_digests_are_kept_and_the_change_log_knows_no_key() -> None:
    _, key = make_incidents.integration()
    row = IntegrationKey.objects.get()
    assert (key in row.digest, row.prefix) == (False, key[:6])
    assert not any(key in str(entry.diff) for entry in AuditEntry.objects.all())
    assert [entry.action for entry in AuditEntry.objects.all()] == ["integration.create"]


@pytest.mark.parametrize(("name", "kind"), [("", "own"), (" ", "own"), ("x" * 201, "own"), ("x", "carrier-pigeon")])
def test_a_name_and_a_kind_it_must_have(name: str, kind: str) -> None:
    with pytest.raises(Invalid):
        operations.create_integration(name=name, kind=kind, team=None, settings={}, by=ROOT, now=NOW)


def test_a_new_key_does_not_end_the_old_one() -> None:
    row, old = make_incidents.integration()
    new = operations.rotate_key(integration=row, by=ROOT, now=db_now()).key
    assert all(sender_of(key, "alertmanager") for key in (old, new))
    operations.revoke_key(integration=row, key_id=row.keys.last().pk, by=ROOT, now=db_now())  # type: ignore[union-attr]
    assert (sender_of(old, "alertmanager"), bool(sender_of(new, "alertmanager"))) == (None, True)


def test_the_old_key_works_until_the_moment_that_was_chosen() -> None:
    row, old = make_incidents.integration()
    now = db_now()
    operations.rotate_key(integration=row, by=ROOT, now=now, old_until=now + timedelta(hours=1))
    assert sender_of(old, "alertmanager")
    IntegrationKey.objects.filter(expires_at__isnull=False).update(expires_at=now)
    assert sender_of(old, "alertmanager") is None
    with pytest.raises(Invalid):
        operations.rotate_key(integration=row, by=ROOT, now=now, old_until=now)


def test_ten_good_keys_are_enough() -> None:
    row, _ = make_incidents.integration()
    for _ in range(9):
        operations.rotate_key(integration=row, by=ROOT, now=NOW)
    with pytest.raises(operations.TooManyKeys):
        operations.rotate_key(integration=row, by=ROOT, now=NOW)


def test_when_a_key_was_used_is_noted_once_a_minute(api: APIClient) -> None:
    _, key = make_incidents.integration()
    sender_of(key, "alertmanager")
    first = IntegrationKey.objects.get().last_used_at
    assert first is not None
    sender_of(key, "alertmanager")
    assert IntegrationKey.objects.get().last_used_at == first
    IntegrationKey.objects.update(last_used_at=first - timedelta(minutes=2))
    sender_of(key, "alertmanager")
    assert IntegrationKey.objects.get().last_used_at > first  # type: ignore[operator]


def test_settings_are_changed_as_a_whole_and_told() -> None:
    row, _ = make_incidents.integration()
    operations.change_integration(integration=row, name="New", settings={"grouping": "none"}, by=ROOT, now=NOW)
    row.refresh_from_db()
    assert (row.name, row.settings["grouping"]) == ("New", "none")
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, sorted(entry.diff)) == ("integration.update", ["grouping", "name"])
    operations.change_integration(integration=row, name="New", settings={"grouping": "none"}, by=ROOT, now=NOW)
    assert AuditEntry.objects.latest("pk") == entry


def test_a_retired_one_takes_nothing_and_what_it_had_open_is_cleared(api: APIClient) -> None:
    row, key = make_incidents.integration()
    api.post(f"/api/v1/alerts/alertmanager/{key}", am_message())
    take_all()
    operations.retire_integration(integration=row, by=ROOT, now=db_now())
    operations.retire_integration(integration=row, by=ROOT, now=db_now())
    assert Incident.objects.get().state == "resolved"
    assert api.post(f"/api/v1/alerts/alertmanager/{key}", am_message()).status_code == 404
    with pytest.raises(operations.Retired):
        operations.rotate_key(integration=row, by=ROOT, now=NOW)


def test_a_heartbeat_integration_has_its_heartbeat() -> None:
    make_incidents.integration("heartbeat", every="1h", grace="0s")
    beat = Heartbeat.objects.get()
    assert (beat.every_seconds, beat.grace_seconds, beat.due_at) == (3600, 0, None)


def test_a_delivery_is_replayed_as_a_new_one_by_the_settings_of_today(api: APIClient) -> None:
    row, key = make_incidents.integration("generic", mapping={"key": "/wrong"})
    assert api.post(f"/api/v1/alerts/generic/{key}", {"id": "7"}).status_code == 400
    rejected = Delivery.objects.get()
    with pytest.raises(Invalid):
        replay(delivery=rejected, by=ROOT, now=db_now())
    operations.change_integration(integration=row, settings={"mapping": {"key": "/id"}}, by=ROOT, now=db_now())
    again = replay(delivery=Delivery.objects.get(pk=rejected.pk), by=ROOT, now=db_now())
    assert (again.replay_of, again.state) == (rejected, "stored")
    with pytest.raises(StillWaiting):
        replay(delivery=again, by=ROOT, now=db_now())
    take_all()
    assert Incident.objects.get().title == "7"
    rejected.refresh_from_db()
    assert (rejected.state, AuditEntry.objects.latest("pk").action) == ("rejected", "delivery.replay")


def test_a_batch_and_one_alert_of_it_can_be_replayed(api: APIClient) -> None:
    _, key = make_incidents.integration()
    api.post(f"/api/v1/alerts/alertmanager/{key}", am_message(am_alert("A"), am_alert("B")))
    take_all()
    whole, part = Delivery.objects.get(part_of=None), Delivery.objects.filter(part_of__isnull=False).earliest("pk")
    again = replay(delivery=part, by=ROOT, now=db_now())
    take_all()
    again.refresh_from_db()
    assert (again.state, "seen again, 2 times" in again.outcome) == ("done", True)
    third = replay(delivery=again, by=ROOT, now=db_now())
    all_again = replay(delivery=whole, by=ROOT, now=db_now())
    take_all()
    third.refresh_from_db()
    assert ("seen again, 3 times" in third.outcome, all_again.parts.count()) == (True, 2)


def test_who_may_replay(api: APIClient) -> None:
    ada, mallory = make.person("ada"), make.person("mallory")
    _, key = make_incidents.integration("own", team=make.team("ci", ada))
    api.post(f"/api/v1/alerts/own/{key}", {"key": "k"})
    take_all()
    delivery = Delivery.objects.select_related("integration__team").get()
    with pytest.raises(NotYourTeam):
        replay(delivery=delivery, by=Actor(person=mallory), now=db_now())
    assert replay(delivery=delivery, by=Actor(person=ada), now=db_now()).replay_of == delivery
    Integration.objects.update(retired_at=NOW)
    with pytest.raises(SenderGone):
        replay(delivery=Delivery.objects.select_related("integration__team").get(pk=delivery.pk), by=ROOT, now=db_now())


def test_what_was_kept_only_in_part_is_not_replayed(api: APIClient) -> None:
    _, key = make_incidents.integration()
    api.post(f"/api/v1/alerts/alertmanager/{key}", {"pad": "x" * 200_000})
    with pytest.raises(NotWhole):
        replay(delivery=Delivery.objects.get(), by=ROOT, now=db_now())


def test_deliveries_are_kept_for_as_long_as_the_settings_say(api: APIClient, settings: make.Settings) -> None:
    _, key = make_incidents.integration()
    for _ in "12":
        api.post(f"/api/v1/alerts/alertmanager/{key}", am_message())
    take_all()
    Delivery.objects.update(received_at=NOW - timedelta(days=15))
    waits = Delivery.objects.filter(part_of__isnull=False).latest("pk")
    Delivery.objects.filter(pk=waits.pk).update(state="stored")
    settings.PORTAL_DELIVERIES_KEPT_DAYS = 20
    assert prune_deliveries(now=NOW) == 0
    settings.PORTAL_DELIVERIES_KEPT_DAYS = 14
    assert prune_deliveries(now=NOW) == 2
    assert set(Delivery.objects.values_list("pk", flat=True)) == {waits.pk, waits.part_of_id}
