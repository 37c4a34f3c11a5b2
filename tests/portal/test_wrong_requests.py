"""What programs send by mistake or on purpose: always an answer that names the field, never a stack trace."""

import base64
import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from rest_framework.test import APIClient

from tests import make, make_incidents

pytestmark = pytest.mark.django_db
HERE = "/api/v1/components/component/default/ci"
SURROGATE, NUL = '"\\ud800"', '"a\\u0000b"'


@pytest.fixture
def ci(api: APIClient) -> APIClient:
    return make.signed(api, make.token("components:write", "alerts:send", "incidents:write")[1])


def named(answer: Any, code: int = 400) -> list[str]:
    assert (answer.status_code, answer["Content-Type"]) == (code, "application/problem+json")
    return [error["field"] for error in answer.json().get("errors", [])]


def send(client: APIClient, path: str, body: str, method: str = "PUT") -> Any:
    return client.generic(method, path, body, content_type="application/json")


@pytest.mark.parametrize("text", [NUL, SURROGATE])
@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", HERE, '{"title": %s}', "title"),
        ("PUT", HERE, '{"labels": {"a": %s}}', "labels.a"),
        ("PUT", HERE, '{"links": [{"url": "https://x.example", "title": %s}]}', "links[0].title"),
        ("POST", "/api/v1/alerts", '{"key": "k", "links": [{"url": "https://x", "title": %s}]}', "links[0].title"),
        ("POST", "/api/v1/alerts", '{"key": "k", "more": {"of": [%s]}}', "more.of[0]"),
        ("POST", "/api/v1/incidents", '{"title": "t", "component": %s}', "component"),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused_by_the_name_of_its_field(
    ci: APIClient, method: str, path: str, body: str, field: str, text: str
) -> None:
    assert named(send(ci, path, body % text, method)) == [field]


def test_nesting_without_end_is_refused(ci: APIClient) -> None:
    assert named(send(ci, HERE, "[" * 50_000 + "]" * 50_000)) == []
    assert named(send(ci, HERE, '{"labels": ' + "[" * 60 + "]" * 60 + "}")) == ["labels" + "[0]" * 49]


def test_a_body_beyond_all_measure_is_refused_as_a_problem(ci: APIClient) -> None:
    assert named(send(ci, HERE, json.dumps({"docs": "a" * 6_000_000})), 413) == []


@pytest.mark.parametrize("path", ["/api/v1/components/component/default/a%00", "/api/v1/teams/%00/x"])
def test_a_name_with_nul_is_nobodys(ci: APIClient, path: str) -> None:
    assert named(ci.get(path), 404) == []


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/maintenance-windows/null", "/api/v1/"])
def test_an_address_that_is_none_is_a_404_for_programs(ci: APIClient, path: str, method: str) -> None:
    assert named(ci.generic(method, path, HTTP_IDEMPOTENCY_KEY="k"), 404) == []


def test_a_query_with_nul_names_its_parameter(ci: APIClient) -> None:
    assert named(ci.get("/api/v1/components?owner=%00&q=fine")) == ["owner"]


def test_a_page_with_nul_in_its_address_is_not_there(client: Client) -> None:
    client.force_login(make.account("ada"))
    assert client.get("/components/component/default/a%00").status_code == 404


@pytest.mark.parametrize("position", ["p=abc", "p=%00", "p=1&o=-1", "p=1&r=x", "p=" + "9" * 40])
@pytest.mark.parametrize("path", ["incidents", "components"])
def test_a_made_up_cursor_is_a_page_or_refused_by_name(ci: APIClient, path: str, position: str) -> None:
    answer = ci.get(f"/api/v1/{path}", {"cursor": base64.b64encode(position.encode()).decode()})
    assert answer.status_code == 200 or named(answer) == ["cursor"]


@pytest.mark.parametrize("limit", ["-1", "0", "ten", "9" * 5000, "²"])
def test_a_limit_that_is_no_count_is_named(ci: APIClient, limit: str) -> None:
    assert named(ci.get("/api/v1/components", {"limit": limit})) == ["limit"]


@pytest.mark.parametrize("etag", ["9" * 5000, '"-1"', "²", "garbage"])
def test_an_etag_that_is_none_of_ours_is_named(ci: APIClient, etag: str) -> None:
    assert named(ci.put(HERE, {}, HTTP_IF_MATCH=etag)) == ["If-Match"]


def test_null_in_a_list_is_named_and_null_in_a_map_is_none(ci: APIClient) -> None:
    assert named(ci.put(HERE, {"links": [None]})) == ["links[0]"]
    answer = ci.put(HERE, {"labels": {"a": None, "b": "c"}, "annotations": {"x": None}})
    assert (answer.status_code, answer.json()["labels"], answer.json()["annotations"]) == (201, {"b": "c"}, {})


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-45"])
def test_a_moment_at_the_edge_of_the_calendar_is_named(ci: APIClient, moment: str) -> None:
    slo = make_incidents.objective(make.component())
    slug = make_incidents.schedule(make.person("ada")).slug
    assert named(ci.get(f"/api/v1/slos/{slo.name}/ledger", {"to": moment})) == ["to"]
    assert named(ci.get(f"/api/v1/schedules/{slug}/on-call", {"at": moment})) == ["at"]
    assert named(ci.get(f"/api/v1/schedules/{slug}/shifts", {"start": moment})) == ["start"]


def test_a_title_longer_than_its_column_is_named(ci: APIClient) -> None:
    slo = make_incidents.objective(make.component())
    assert named(ci.patch(f"/api/v1/slos/{slo.name}", {"title": "a" * 201})) == ["title"]


def test_a_database_that_is_away_is_a_503_for_programs(ci: APIClient) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("the connection is lost")

    with connection.execute_wrapper(gone):
        answer, health = ci.get("/api/v1/components"), ci.get("/healthz")
    assert named(answer, 503) == []
    assert answer["Retry-After"]
    assert (health.status_code, health.json()["status"]) == (503, "no database")


@pytest.mark.parametrize(
    ("method", "media_type", "code", "title"),
    [
        ("POST", "application/json", 405, "Method not allowed"),
        ("PUT", "application/x-www-form-urlencoded", 415, "Unsupported media type"),
    ],
)
def test_a_title_is_words(ci: APIClient, method: str, media_type: str, code: int, title: str) -> None:
    answer = ci.generic(method, HERE, "{}", content_type=media_type)
    assert (answer.status_code, answer.json()["title"]) == (code, title)


@pytest.mark.parametrize("name", ["tag", "type", "lifecycle", "owner", "system", "kind"])
def test_a_filter_that_is_longer_than_any_value_is_refused(ci: APIClient, name: str) -> None:
    assert named(ci.get("/api/v1/components", {name: "x" * 3000})) == [name]
