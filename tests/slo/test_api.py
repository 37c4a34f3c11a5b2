"""Objectives over the API: idempotent, guarded, explained; and what a ledger holds."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Component, Team
from slo.models import AlertTransition, Definition, Ledger, Objective, RuleState
from tests import make, make_slo

pytestmark = pytest.mark.django_db

BODY: dict[str, Any] = {
    "component": "component:default/runners",
    "type": "events",
    "indicator": {"good": 'jobs_total{result="ok"}', "total": "jobs_total"},
    "target": 0.995,
    "window": "28d",
    "title": "Jobs succeed",
}


@pytest.fixture
def owners() -> Team:
    return make.team("build-ci")


@pytest.fixture
def runners(owners: Team) -> Component:
    make_slo.source(name="main", is_default=True)
    return make.component("runners", owner=owners)


@pytest.fixture
def client(api: APIClient, runners: Component, owners: Team) -> APIClient:
    """The owners' CI, with a token limited to their team."""
    _, text = make.token("slos:write", teams=[owners])
    return make.signed(api, text)


def put(client: APIClient, name: str = "jobs", **changes: Any) -> Any:
    return client.put(f"/api/v1/slos/{name}", {**BODY, **changes})


def fields(response: Any) -> dict[str, str]:
    return {error["field"]: error["message"] for error in response.json()["errors"]}


def test_putting_an_objective_makes_it_with_a_ledger_whose_history_is_to_be_read(client: APIClient) -> None:
    response = put(client)
    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["name"], body["target"], body["window"], body["policy"]) == ("jobs", 0.995, "28d", "workbook")
    assert body["status"]["state"] == "building"
    assert body["status"]["remaining"] is None
    assert any("could not be asked" in warning for warning in body["warnings"]), "nobody answers at the source"
    book = Ledger.objects.get()
    assert (book.objective.name, book.cursor.group.filling) == ("jobs", True)
    assert timedelta(days=28) <= book.created_at - book.starts_at < timedelta(days=28, hours=1)
    entry = AuditEntry.objects.get(object_ref="slo:jobs")
    assert (entry.action, entry.actor_ref) == ("objective.create", "token:ci")


def test_putting_it_again_changes_nothing(client: APIClient) -> None:
    first, second = put(client), put(client)
    assert second.status_code == 200
    assert second.headers["ETag"] == first.headers["ETag"]
    assert (first.json()["changed"], second.json()["changed"]) == (True, False)
    assert (Ledger.objects.count(), Objective.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(object_ref="slo:jobs").count() == 1


def test_what_was_read_can_be_put_back_as_it_is(client: APIClient) -> None:
    put(client, time_zone="Europe/Berlin", window="month", no_data="bad", labels={"a": "b"})
    read = client.get("/api/v1/slos/jobs")
    assert "changed" not in read.json()
    again = client.put("/api/v1/slos/jobs", read.json())
    assert again.status_code == 200, again.content
    assert again.headers["ETag"] == read.headers["ETag"]


def test_another_target_keeps_the_counts_and_another_query_counts_anew_aside(client: APIClient) -> None:
    put(client)
    in_force = Objective.objects.get().ledger_id
    assert client.patch("/api/v1/slos/jobs", {"target": 0.99}).json()["version"] == 2
    assert Ledger.objects.count() == 1
    changed = client.patch("/api/v1/slos/jobs", {"indicator": {"bad": "jobs_failed_total", "total": "jobs_total"}})
    assert changed.json()["revision"] == 2
    assert Ledger.objects.count() == 2
    assert Objective.objects.get().ledger_id == in_force, "until the history of the new one is read"


def test_a_change_based_on_an_old_version_is_refused(client: APIClient) -> None:
    tag = put(client).headers["ETag"]
    client.patch("/api/v1/slos/jobs", {"target": 0.99})
    late = client.patch("/api/v1/slos/jobs", {"target": 0.9}, headers={"If-Match": tag})
    assert late.status_code == 412
    assert client.put("/api/v1/slos/jobs", BODY, headers={"If-None-Match": "*"}).status_code == 412


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"target": 1}, "target", "no budget at all"),
        ({"target": 0}, "target", "above 0 and below 1"),
        ({"target": 99.5}, "target", "0.995 for 99.5 %"),
        ({"window": "91d"}, "window", "1d to 90d"),
        ({"window": "12h"}, "window", "1d to 90d"),
        ({"window": "fortnight"}, "window", "month"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "Europe/Berlin"),
        ({"type": "vibes"}, "type", "events"),
        ({"indicator": {"total": "jobs_total"}}, "indicator", "exactly two"),
        ({"indicator": {"good": "jobs_total{", "total": "jobs_total"}}, "indicator.good", "" ),
        ({"indicator": {"good": "rate(jobs_total[5m])", "total": "jobs_total"}}, "indicator.good", ""),
        ({"indicator": {"good": "job:runs:rate5m", "total": "jobs_total"}}, "indicator.good", ""),
        ({"indicator": {"goods": "x", "good": "a", "total": "b"}}, "indicator.goods", "unknown"),
        ({"type": "uptime", "indicator": {"query": "up", "condition": "fine"}}, "indicator.condition", ">= 1"),
        ({"type": "uptime", "indicator": {"query": "up{", "condition": ">= 1"}}, "indicator.query", ""),
        ({"component": "component:default/nobody"}, "component", "no such component"),
        ({"source": "elsewhere"}, "source", "no such data source"),
        ({"policy": "yelling"}, "policy", "no alert policy"),
        ({"blind_after": "soon"}, "blind_after", "5m"),
        ({"budgeting": "timeslices"}, "budgeting", "uptime"),
        ({"owner": "me"}, "owner", "Unknown field"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_field(
    client: APIClient, changes: dict[str, Any], field: str, words: str
) -> None:
    response = put(client, **changes)
    assert response.status_code == 400, response.content
    assert words in fields(response)[field]
    assert not Objective.objects.exists()


def test_everything_wrong_is_said_at_once(client: APIClient) -> None:
    found = fields(put(client, target=2, window="never", indicator={"good": "a"}))
    assert {"target", "window", "indicator"} <= set(found)


def test_another_team_may_read_and_not_write(api: APIClient, client: APIClient) -> None:
    put(client)
    _, text = make.token("slos:write", teams=[make.team("strangers")], name="theirs")
    stranger = make.signed(APIClient(), text)
    assert stranger.get("/api/v1/slos/jobs").status_code == 200
    assert put(stranger, target=0.5).status_code == 403
    assert stranger.delete("/api/v1/slos/jobs").status_code == 403
    assert put(stranger, name="theirs").status_code == 403


def test_a_token_without_the_scope_may_not_write(client: APIClient) -> None:
    _, text = make.token("read", name="reader")
    assert put(make.signed(APIClient(), text)).status_code == 403


def test_nobody_reads_without_signing_in(client: APIClient) -> None:
    assert APIClient().get("/api/v1/slos").status_code == 401


def test_an_objective_moves_to_another_component_only_by_those_who_own_both(client: APIClient, owners: Team) -> None:
    put(client)
    make.component("theirs", owner=make.team("strangers"))
    assert put(client, component="component:default/theirs").status_code == 403


def test_retiring_ends_its_alerts_and_reviving_begins_anew(client: APIClient) -> None:
    put(client)
    objective = Objective.objects.get()
    RuleState.objects.create(
        objective=objective, rule="page-fast", severity="page", state="firing", since=objective.created_at
    )
    assert client.delete("/api/v1/slos/jobs").status_code == 204
    assert client.delete("/api/v1/slos/jobs").status_code == 204
    (transition,) = AlertTransition.objects.all()
    assert (transition.from_state, transition.to_state) == ("firing", "inactive")
    assert client.get("/api/v1/slos").json()["results"] == []
    assert client.get("/api/v1/slos/jobs").json()["retired_at"] is not None
    revived = put(client)
    assert (revived.status_code, revived.json()["retired_at"]) == (200, None)
    assert Ledger.objects.filter(retired_at=None).count() == 1


def test_the_list_filters_and_leads_on(client: APIClient, owners: Team) -> None:
    for place in range(5):
        put(client, name=f"jobs-{place}", window="7d" if place % 2 else "28d")
    first = client.get("/api/v1/slos?limit=3").json()
    assert [one["name"] for one in first["results"]] == ["jobs-0", "jobs-1", "jobs-2"]
    assert [one["name"] for one in client.get(first["next"]).json()["results"]] == ["jobs-3", "jobs-4"]
    assert len(client.get("/api/v1/slos?window=7d").json()["results"]) == 2
    assert len(client.get(f"/api/v1/slos?team={owners.ref}&state=building").json()["results"]) == 5
    assert client.get("/api/v1/slos?state=burning").json()["results"] == []
    assert [one["name"] for one in client.get("/api/v1/slos?q=jobs-4").json()["results"]] == ["jobs-4"]


def test_the_ledger_is_read_minute_by_minute_and_what_is_missing_is_unknown(client: APIClient) -> None:
    put(client)
    objective = Objective.objects.get()
    start = Ledger.objects.get().starts_at
    make_slo.count_up(Ledger.objects.get(), [(9, 10), None, (0, 0)])
    params = {"from": start.isoformat(), "to": (start + timedelta(hours=1)).isoformat()}
    found = client.get(f"/api/v1/slos/{objective.name}/ledger", params).json()["buckets"]
    assert [(one["good"], one["total"]) for one in found] == [(9, 10), (0, 0)]
    assert client.get("/api/v1/slos/jobs/ledger", {"from": "yesterday"}).status_code == 400
    assert client.get("/api/v1/slos/jobs/ledger", {"from": "2026-01-01T00:00:00Z"}).status_code == 400


def test_the_status_says_what_is_known_and_what_is_not(client: APIClient) -> None:
    put(client, target=0.9)
    body = client.get("/api/v1/slos/jobs/status").json()
    assert (body["state"], body["remaining"], body["burn"]) == ("building", None, None)
    assert body["fill_share"] == 0.0
    assert [rule["name"] for rule in body["rules"]] == ["page-fast", "page-slow", "ticket-fast", "ticket-slow"]
    assert body["rules"][0]["capped"] is True
    assert body["outage_pages_after"] == "54m"
    assert any("takes outages at once" in note for note in body["notes"])
    assert client.get("/api/v1/slos/nobody/status").status_code == 404


def test_a_data_source_is_written_by_admins_and_its_secret_never_shown(api: APIClient) -> None:
    api.force_login(make.account("root", admin=True))
    written = api.put("/api/v1/sources/mimir", {"url": "https://mimir.example.org", "auth": "bearer", "secret": "hush"})
    assert written.status_code == 200, written.content
    assert b"hush" not in written.content + api.get("/api/v1/sources").content
    api.force_login(make.account("ada"))
    assert api.put("/api/v1/sources/mimir", {"url": "https://evil.example.org"}).status_code == 403
    api.force_login(make.account("root2", admin=True))
    assert "url" in fields(api.put("/api/v1/sources/other", {"url": "ftp://x"}))


def test_a_name_that_could_not_stand_in_an_address_is_refused(client: APIClient) -> None:
    assert "name" in fields(put(client, name="Jobs!"))
    assert not Definition.objects.exists()
