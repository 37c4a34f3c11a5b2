"""What the incident's page costs in questions to the database: a bounded number, however many pages escalate."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from catalog.access import Actor
from catalog.models import Person
from incidents import operations
from incidents.models import Change, Incident
from incidents.paging import advance_due
from portal.lib.clock import db_now
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db
ANY = 30


def busy(engaged: int) -> tuple[Incident, Person]:
    """A P1 with all that its page shows and `engaged` teams that escalate by schedule, person and team; one called."""
    now = db_now()
    ada, ben = make_incidents.reachable(), make_incidents.reachable()
    teams = []
    for _ in range(engaged):
        team = make.team("", ada, ben)
        rota = make_incidents.schedule(ben, ada, team=team)
        make_incidents.paged(team, make_incidents.step(ada), make_incidents.step(rota, team, ben))
        teams.append(team)
    network = make.component(owner=teams[-1])
    runners = make.component(owner=teams[0], tier=1, responders=teams[1:], runbook="https://example.org/run")
    make.dependency(runners, network)
    for _ in range(3):
        make.dependency(make.component(owner=teams[-1]), runners)
    promises = [make_slo.objective(component=runners) for _ in range(2)]
    for promise in promises:
        begun = (now - timedelta(hours=2)).replace(second=0, microsecond=0)
        make_slo.count_up(make_slo.open_ledger(promise, start=begun), [(5, 6)] * 120)
        promise.refresh_from_db()
    incident = make_incidents.incident(runners, now=now, objective_id=promises[0].pk)
    make_incidents.incident(runners, now=now, objective_id=promises[1].pk)
    assert incident.pages.count() == engaged
    Change.objects.create(
        component=network, component_ref=network.ref, title="New cable", at=now, source="ci",
        kind="config", recorded_at=now, external_id=str(engaged),
    )  # fmt: skip
    by = Actor(person=ada)
    operations.add_task(incident=incident, text="Look", by=by, now=now)
    operations.add_link(incident=incident, url="https://example.org/d", title="", by=by, now=now)
    operations.post_update(incident=incident, state="investigating", text="We look", by=by, now=now)
    operations.assign_role(incident=incident, role="commander", person=ada, by=by, now=now)
    operations.follow(incident=incident, person=ben, now=now)
    advance_due(now=now + timedelta(seconds=1))
    return incident, ada


def cost(client: Client, url: str) -> int:
    """Questions of one visit, apart from the savepoints that are taken only within a test's transaction."""
    client.get(url)
    with CaptureQueriesContext(connection) as asked, capture_logs() as logged:
        assert client.get(url).status_code == 200
    assert logged == []
    return sum("SAVEPOINT" not in query["sql"] for query in asked.captured_queries)


@pytest.mark.parametrize("part", ["", "/live", "/entries", "/work", "/attempts"])
def test_the_page_of_an_incident_costs_the_same_however_many_pages_escalate(client: Client, part: str) -> None:
    found = {}
    for engaged in (1, 5):
        incident, ada = busy(engaged)
        client.force_login(make.account_of(ada))
        found[engaged] = cost(client, f"{incident.get_absolute_url()}{part}")
    assert found[5] == found[1] <= ANY


def test_all_five_say_whom_they_call_next(client: Client) -> None:
    incident, ada = busy(5)
    client.force_login(make.account_of(ada))
    answers = client.get(incident.get_absolute_url()).context["answers"]
    assert [answer.next.words.partition(":")[0] for answer in answers] == ["step 2"] * 5


def test_the_page_asks_for_nothing_that_an_incident_is_known_not_to_have(client: Client) -> None:
    incident = make_incidents.incident(make.component(owner=make.team()))
    client.force_login(make.account_of(make.person()))
    client.get(incident.get_absolute_url())
    with CaptureQueriesContext(connection) as asked:
        assert client.get(incident.get_absolute_url()).status_code == 200
    read = set(
        re.findall(r'^SELECT "(\w+)"', "\n".join(str(one["sql"]) for one in asked.captured_queries), re.MULTILINE)
    )
    assert "incidents_incident" in read
    assert not read & {"incidents_task", "incidents_incidentlink", "incidents_incidentrole"}
