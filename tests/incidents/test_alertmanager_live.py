"""The distribution's Alertmanager configured against us: firing, repeated, grouped, resolved, restarted, doubled."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from incidents.intake import deliveries
from incidents.models import Alert, Delivery, Incident
from portal.lib.clock import db_now
from tests import make, make_incidents
from tests.fakes.alertmanager import needs_alertmanager, running_alertmanager

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.live, needs_alertmanager]


def until(holds: Callable[[], bool]) -> None:
    """Sweep until `holds` does."""
    patience = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < patience, list(Delivery.objects.values_list("state", "outcome"))
        deliveries.process_due(now=db_now())
        time.sleep(0.05)


def taken() -> int:
    """How many notifications were taken with all their alerts."""
    waiting = Delivery.objects.filter(state="stored")
    return 0 if waiting.exists() else Delivery.objects.filter(part_of=None, state="done").count()


def webhook(live_server: LiveServer) -> str:
    return f"{live_server.url}/api/v1/alerts/alertmanager"


def test_firing_repeated_resolved_and_restarted(live_server: LiveServer, tmp_path: Path) -> None:
    runners = make.component("ci-runners", tier=1)
    _, key = make_incidents.integration()
    with running_alertmanager(tmp_path, webhook=webhook(live_server), key=key, repeat="2s") as alertmanager:
        alertmanager.send("QueueGrows", severity="critical", component="ci-runners")
        until(lambda: Incident.objects.exists())
        incident = Incident.objects.get()
        assert (incident.component, incident.severity, incident.title) == (runners, 1, "QueueGrows happened")
        assert "Runbook" in [link["title"] for link in Alert.objects.get().links]
        until(lambda: taken() >= 2)  # repeated
        assert (Incident.objects.count(), Alert.objects.count()) == (1, 1)
        alertmanager.stop()
        before = taken()
        alertmanager.start()
        alertmanager.send("QueueGrows", severity="critical", component="ci-runners")
        until(lambda: taken() > before)
        assert (Incident.objects.count(), Alert.objects.count()) == (1, 1)
        alertmanager.send("QueueGrows", severity="critical", component="ci-runners", resolved=True)
        until(lambda: Incident.objects.filter(state="resolved").exists())
    assert not Delivery.objects.filter(state="rejected").exists()
    assert not Alert.objects.filter(cleared_at=None).exists()


def test_a_group_comes_at_once_and_what_is_cut_off_is_noticed(live_server: LiveServer, tmp_path: Path) -> None:
    row, key = make_incidents.integration(grouping=["cluster"])
    options = {"group_by": ("cluster",), "max_alerts": 3}
    with running_alertmanager(tmp_path, webhook=webhook(live_server), key=key, **options) as alertmanager:
        alertmanager.send(*(f"Down{number}" for number in range(5)), cluster="eu")
        until(lambda: taken() >= 1)
    assert (Incident.objects.count(), Alert.objects.count()) == (1, 3)
    row.refresh_from_db()
    assert "left out 2 alerts" in row.warning


def test_two_of_a_cluster_that_both_send_are_counted_once(live_server: LiveServer, tmp_path: Path) -> None:
    _, key = make_incidents.integration()
    url = webhook(live_server)
    with (
        running_alertmanager(tmp_path / "a", webhook=url, key=key) as one,
        running_alertmanager(tmp_path / "b", webhook=url, key=key) as other,
    ):
        starts = db_now().isoformat()
        for each in (one, other):  # as one Prometheus tells both of them
            each.send("Down", starts_at=starts)
        until(lambda: taken() >= 2)
    assert (Incident.objects.count(), Alert.objects.get().count) == (1, 1)


def test_what_was_refused_for_its_key_comes_again_and_is_not_lost(live_server: LiveServer, tmp_path: Path) -> None:
    row, key = make_incidents.integration()
    row.keys.update(revoked_at=db_now())
    with running_alertmanager(tmp_path, webhook=webhook(live_server), key=key) as alertmanager:
        alertmanager.send("Down")
        time.sleep(1)
        assert not Delivery.objects.exists()
        row.keys.update(revoked_at=None)
        alertmanager.send("Down")
        until(lambda: Incident.objects.exists())
