"""The pause of all paging: nobody is called, everybody sees it, nothing is lost."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import AuditEntry
from incidents import paging
from incidents.models import Incident, Notification, PagingPause
from incidents.operations import pausing
from incidents.operations.telling import tell
from incidents.paging.outbox import lease
from incidents.pauses import pause_at
from portal.lib.clock import db_now
from portal.lib.errors import Forbidden, Invalid
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def admin() -> Actor:
    return Actor(person=make.person(admin=True))


def paused(until: datetime = NOW + HOUR) -> PagingPause:
    return pausing.pause(until=until, reason="The mail server moves", by=admin(), now=NOW)


def incident() -> Incident:
    team = make_incidents.paged(make.team(), make_incidents.step(make_incidents.reachable()))
    return make_incidents.incident(make.component(owner=team))


def test_nobody_is_paged_while_it_lasts_and_everybody_when_it_ends() -> None:
    paused()
    one = incident()
    assert not paging.advance_due(now=NOW + timedelta(minutes=59))
    assert one.pages.get().state == "triggered"
    assert paging.advance_due(now=NOW + HOUR)
    assert Notification.objects.filter(incident=one, kind="page").count() == 1


def test_what_waits_in_the_outbox_waits_on_but_what_people_are_told_goes_out() -> None:
    one = incident()
    paging.advance_due(now=NOW)
    paused()
    tell(person=make_incidents.reachable(), subject="hello", text="hello", key="k", now=NOW)
    leased = lease(now=NOW, by="me", limit=10)
    assert [row.notification.kind for row in leased] == ["told"]
    assert {row.notification.incident for row in lease(now=NOW + HOUR, by="me", limit=10)} >= {one}


def test_it_can_be_ended_early_and_moved() -> None:
    first = paused()
    moved = pausing.pause(until=NOW + 2 * HOUR, reason="It takes longer", by=admin(), now=NOW + HOUR / 2)
    assert moved.pk == first.pk
    pausing.resume(by=admin(), now=NOW + HOUR)
    assert pause_at(NOW + HOUR) is None
    assert pausing.resume(by=admin(), now=NOW + HOUR) is None
    assert AuditEntry.objects.filter(object_ref="paging").count() == 3


@pytest.mark.parametrize(("hours", "reason"), [(25, "r"), (-1, "r"), (1, " ")])
def test_it_needs_an_end_within_a_day_and_a_reason(hours: int, reason: str) -> None:
    with pytest.raises(Invalid):
        pausing.pause(until=NOW + hours * HOUR, reason=reason, by=admin(), now=NOW)


def test_only_platform_admins_may() -> None:
    with pytest.raises(Forbidden):
        pausing.pause(until=NOW + HOUR, reason="r", by=Actor(person=make.person()), now=NOW)
    paused()
    with pytest.raises(Forbidden):
        pausing.resume(by=Actor(person=make.person()), now=NOW)


def test_every_page_says_so(client: Client) -> None:
    client.force_login(make.account("linh"))
    now = db_now()
    PagingPause.objects.create(starts_at=now, ends_at=now + HOUR, reason="The mail server moves")
    for address in ("/catalog", "/incidents", "/incidents/pause"):
        assert "Nobody is paged until" in client.get(address).content.decode()
    assert client.post("/incidents/pause", {"hours": "1", "reason": "mine"}).status_code == 403


def test_by_form_and_over_the_api(client: Client) -> None:
    client.force_login(make.account("root", admin=True))
    answer = client.post("/incidents/pause", {"hours": "2", "reason": "The mail server moves"}, follow=True)
    assert "The mail server moves" in answer.content.decode()
    address, as_json = "/api/v1/paging/pause", "application/json"
    assert client.get(address).json()["paused"] is True
    wrong = client.put(address, {"until": NOW.isoformat(), "reason": "past"}, content_type=as_json)
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["field"] == "until"
    later = (db_now() + HOUR).isoformat()
    assert client.put(address, {"until": later, "reason": "longer"}, content_type=as_json).json()["reason"] == "longer"
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["paused"] is False


def test_a_token_may_look_and_not_pause() -> None:
    _, text = make.token("read", "incidents:write")
    api = make.signed(APIClient(), text)
    assert api.get("/api/v1/paging/pause").status_code == 200
    body = {"until": (db_now() + HOUR).isoformat(), "reason": "mine"}
    assert api.put("/api/v1/paging/pause", body, format="json").status_code == 403
