"""Exclusions over the API and on pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from catalog.models import Component, Person, Team
from slo import ledger
from slo.models import Exclusion, Objective
from slo.operations import declare_exclusion
from tests import make
from tests.slo.test_exclusions import ADMIN, DAYS, NOW, OUTAGE, counted, spec

pytestmark = pytest.mark.django_db
LIST = "/api/v1/exclusions"


@pytest.fixture
def team() -> Team:
    return make.team("ours", lead=make.person("ada"))


@pytest.fixture
def objective(team: Team) -> Objective:
    return counted(component=make.component("runners", owner=team))[0]


@pytest.fixture
def api(team: Team, objective: Objective) -> APIClient:
    assert objective
    return make.signed(APIClient(), make.token("slos:write", teams=[team])[1])


@pytest.fixture
def ada(objective: Objective) -> Client:
    assert objective
    client = Client()
    client.force_login(make.account_of(Person.objects.get(ref="user:default/ada")))
    return client


def known(objective: Objective) -> int:
    assert objective.ledger_id
    return ledger.sums_at([(objective.ledger_id, NOW)])[0].known


def body(**more: Any) -> dict[str, Any]:
    stretch = {"starts_at": OUTAGE[0].isoformat(), "ends_at": OUTAGE[1].isoformat()}
    return {"title": "The data centre moved", **stretch, **more}


def test_declared_changed_and_withdrawn_over_the_api(api: APIClient, objective: Objective) -> None:
    answer = api.post(LIST, body(objective=objective.name), format="json")
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert made["objective"] == objective.name
    assert made["applied_at"] is not None
    assert known(objective) == DAYS * 1440 - 120
    one = f"{LIST}/{made['id']}"
    assert api.get(one).json() == made
    later = (OUTAGE[0] + timedelta(hours=1)).isoformat()
    assert api.patch(one, {"ends_at": later}, format="json").status_code == 200
    assert known(objective) == DAYS * 1440 - 60
    gone = api.delete(one)
    assert gone.status_code == 200
    assert gone.json()["withdrawn_at"] is not None
    assert known(objective) == DAYS * 1440
    assert api.patch(one, {"title": "No"}, format="json").status_code == 409
    assert api.delete(one).status_code == 200
    assert api.get(f"{LIST}/{made['id'] + 1}").status_code == 404


def test_a_key_makes_it_happen_once(api: APIClient, objective: Objective) -> None:
    key: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "moved-1"}
    first = api.post(LIST, body(objective=objective.name), format="json", **key)
    again = api.post(LIST, body(objective=objective.name), format="json", **key)
    assert first.json() == again.json()
    assert Exclusion.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({}, 400, "objective"),
        ({"objective": "x", "team": "ours"}, 400, "objective"),
        ({"objective": "nobody"}, 404, None),
        ({"team": "ours", "ends_at": "2020-01-01T00:00:00Z"}, 400, "ends_at"),
        ({"team": "ours", "rrule": "FREQ=NEVER"}, 400, "rrule"),
        ({"team": "ours", "because": "x"}, 400, "because"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    api: APIClient, wrong: dict[str, Any], code: int, field: str | None
) -> None:
    answer = api.post(LIST, body(**wrong), format="json")
    assert answer.status_code == code, answer.json()
    if field:
        assert field in {error["field"] for error in answer.json()["errors"]}
    assert not Exclusion.objects.exists()


def test_the_list_is_filtered_and_paged(api: APIClient, objective: Objective, team: Team) -> None:
    component = objective.definition.component
    mine = declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    its = declare_exclusion(spec=spec(), target=component, actor=ADMIN, now=NOW)
    teams = declare_exclusion(spec=spec(), target=team, actor=ADMIN, now=NOW)
    other = declare_exclusion(
        spec=spec(NOW, NOW + timedelta(hours=1)), target=make.component("other"), actor=ADMIN, now=NOW
    )

    def ids(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"{LIST}?{query}").json()["results"]]

    assert ids("") == [other.pk, teams.pk, its.pk, mine.pk]
    assert ids(f"objective={objective.name}") == [mine.pk]
    assert ids("component=runners") == [its.pk, mine.pk]
    assert ids("team=ours") == [teams.pk, its.pk, mine.pk]
    assert ids(f"from={OUTAGE[1].isoformat().replace('+00:00', 'Z')}") == [other.pk]
    assert ids(f"to={OUTAGE[1].isoformat().replace('+00:00', 'Z')}") == [teams.pk, its.pk, mine.pk]
    assert api.get(f"{LIST}?from=yesterday").status_code == 400
    first = api.get(f"{LIST}?limit=3").json()
    assert len(first["results"]) == 3
    assert [row["id"] for row in api.get(first["next"]).json()["results"]] == [mine.pk]


def test_others_may_read_and_not_write(api: APIClient, objective: Objective) -> None:
    row = declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    for scopes, teams in ((["components:write"], []), (["slos:write"], [make.team("theirs")])):
        guest = make.signed(APIClient(), make.token(*scopes, teams=teams)[1])
        assert guest.get(f"{LIST}/{row.pk}").status_code == 200
        assert guest.post(LIST, body(objective=objective.name), format="json").status_code == 403
        assert guest.patch(f"{LIST}/{row.pk}", {"title": "Mine"}, format="json").status_code == 403
        assert guest.delete(f"{LIST}/{row.pk}").status_code == 403
    assert APIClient().post(LIST, body(objective=objective.name), format="json").status_code == 401
    row.refresh_from_db()
    assert (row.title, row.withdrawn_at) == ("The data centre moved", None)


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def form(**more: str) -> dict[str, str]:
    stretch = {"starts_at": f"{OUTAGE[0]:%Y-%m-%dT%H:%M}", "ends_at": f"{OUTAGE[1]:%Y-%m-%dT%H:%M}"}
    return {"title": "The data centre moved", "time_zone": "UTC", "repeats": "", **stretch, **more}


def test_an_objective_s_page_leads_to_the_form_and_lists_what_is_left_out(ada: Client, objective: Objective) -> None:
    page = ada.get(objective.get_absolute_url()).content.decode()
    assert "every minute of the period counts" in page
    new = f"{reverse('slo:declare-exclusion')}?objective={objective.name}"
    assert new in page
    start = f"{OUTAGE[0]:%Y-%m-%dT%H:%M}"
    filled = ada.get(f"{new}&from={OUTAGE[0].isoformat()}&to={OUTAGE[1].isoformat()}").content.decode()
    assert f'value="{start}"' in filled
    assert ada.post(new, form()).headers["Location"] == objective.get_absolute_url()
    assert known(objective) == DAYS * 1440 - 120
    page = ada.get(objective.get_absolute_url()).content.decode()
    assert "The data centre moved" in page
    row = Exclusion.objects.get()
    withdraw = reverse("slo:withdraw-exclusion", args=[row.pk])
    assert withdraw in page
    listed = ada.get(reverse("slo:exclusions")).content.decode()
    assert withdraw in listed
    assert ada.post(withdraw).status_code == 302
    assert known(objective) == DAYS * 1440
    assert "is withdrawn" in ada.get(reverse("slo:exclusions")).content.decode()
    assert "The data centre moved" not in ada.get(objective.get_absolute_url()).content.decode()
    assert "The data centre moved" in ada.get(f"{reverse('slo:exclusions')}?show=withdrawn").content.decode()


def test_the_form_says_what_it_would_do_before_it_does_it(ada: Client, objective: Objective) -> None:
    new = f"{reverse('slo:declare-exclusion')}?objective={objective.name}"
    page = ada.post(f"{new}&preview", form(title=""), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert "1,200" in page
    assert "bad events" in page
    assert "the budget goes from" in page
    assert not Exclusion.objects.exists()
    faulty = ada.post(new, form(ends_at="2020-01-01T00:00", preview="1")).content.decode()
    assert "It must end after it starts." in faulty
    wrong = ada.post(new, form(title=""))
    assert wrong.status_code == 400
    assert not Exclusion.objects.exists()


def test_changing_by_form_keeps_what_is_not_touched(ada: Client, objective: Objective) -> None:
    row = declare_exclusion(
        spec=spec(rrule="FREQ=YEARLY", time_zone="Asia/Kolkata"), target=objective, actor=ADMIN, now=NOW
    )
    change = reverse("slo:change-exclusion", args=[row.pk])
    page = ada.get(change).content.decode()
    assert f'value="{OUTAGE[0] + timedelta(hours=5, minutes=30):%Y-%m-%dT%H:%M}"' in page
    sent = {
        **form(title="Moved", time_zone="Asia/Kolkata", repeats="other", rrule="FREQ=YEARLY"),
        "starts_at": f"{OUTAGE[0] + timedelta(hours=5, minutes=30):%Y-%m-%dT%H:%M}",
        "ends_at": f"{OUTAGE[1] + timedelta(hours=5, minutes=30):%Y-%m-%dT%H:%M}",
    }
    assert ada.post(change, sent).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.starts_at, row.ends_at) == ("Moved", *OUTAGE)


def test_pages_turn_away_whoever_must_not_write(objective: Objective) -> None:
    row = declare_exclusion(spec=spec(), target=objective, actor=ADMIN, now=NOW)
    guest = Client()
    guest.force_login(make.account_of(make.person("mallory")))
    new = f"{reverse('slo:declare-exclusion')}?objective={objective.name}"
    change, withdraw = (reverse(f"slo:{what}-exclusion", args=[row.pk]) for what in ("change", "withdraw"))
    for url in (new, change, withdraw):
        assert guest.post(url, form(title="Mine")).status_code in {302, 403}
        assert Client().post(url, form(title="Mine")).headers["Location"].startswith("/sign-in?")
    assert [one.title for one in Exclusion.objects.filter(withdrawn_at=None)] == ["The data centre moved"]
    listed = guest.get(reverse("slo:exclusions"))
    assert listed.status_code == 200
    assert withdraw not in listed.content.decode()
    assert withdraw not in guest.get(objective.get_absolute_url()).content.decode()


@pytest.mark.parametrize("asked", ["?objective=nobody", "?component=%00", "", "?team=x&from=yesterday&to=%00"])
def test_made_up_addresses_are_no_errors(ada: Client, asked: str) -> None:
    assert ada.get(reverse("slo:declare-exclusion") + asked).status_code in {200, 404, 400}
    assert ada.get(f"{reverse('slo:exclusions')}{asked or '?'}&cursor=%00&show=%00").status_code == 200


def test_the_list_asks_as_much_for_many_as_for_one(
    ada: Client, objective: Objective, django_assert_max_num_queries: Any
) -> None:
    component = Component.objects.get(pk=objective.definition.component_id)
    for day in range(6):
        start = NOW - timedelta(days=day + 1)
        declare_exclusion(spec=spec(start, start + timedelta(minutes=5)), target=component, actor=ADMIN, now=NOW)
    with django_assert_max_num_queries(20):
        assert ada.get(reverse("slo:exclusions")).status_code == 200
