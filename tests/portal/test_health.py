"""What machines that watch us are told."""

from datetime import timedelta

import pytest
from django.test import Client

from incidents.paging import stamp
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


def test_a_healthy_portal_says_so_with_the_age_of_its_sweeps(client: Client) -> None:
    stamp("advance_due", now=db_now() - timedelta(seconds=7))
    said = client.get("/healthz").json()
    assert (said["status"], said["late"]) == ("ok", {})
    assert 7 <= said["sweeps"]["advance_due"] < 60


def test_a_page_that_waits_for_a_sweep_that_does_not_come_is_said_and_exported(client: Client) -> None:
    team = make.team("ci")
    make_incidents.paged(team, make_incidents.step(make_incidents.reachable("ada")))
    make_incidents.incident(make.component(owner=team), now=db_now() - timedelta(minutes=5))
    said = client.get("/healthz").json()
    assert said["status"] == "late"
    assert said["late"]["overdue timer"] >= 300
    exported = client.get("/metrics").content.decode()
    (line,) = [line for line in exported.splitlines() if line.startswith("portico_overdue_timer_seconds ")]
    assert float(line.split()[1]) >= 300


def test_a_portal_that_is_late_still_answers_for_restarting_it_would_mend_nothing(client: Client) -> None:
    make_incidents.incident(make.component(), now=db_now() - timedelta(minutes=5))
    assert client.get("/healthz").status_code == 200
