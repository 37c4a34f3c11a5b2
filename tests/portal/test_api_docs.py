"""The API's own description."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from portal.pages.api_docs import groups, having
from tests import make

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_openapi_and_says_everything_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True)
    assert "openapi: 3.1" in capsys.readouterr().out


def test_machines_read_it_with_a_token() -> None:
    api = make.signed(APIClient(), make.token("read")[1])
    said = json.loads(api.get("/api/v1/schema?format=json").content)
    assert said["paths"]["/api/v1/me"]["get"]["security"][0] == {"token": []}


def test_people_read_it_without_any_script_or_stranger(client: Client) -> None:
    client.force_login(make.account("ada"))
    page = client.get("/api/").content.decode()
    assert "/api/v1/components/{kind}/{namespace}/{name}" in page
    assert not re.findall(r"<script(?![^>]*src=\"/static/)", page)
    assert not re.findall(r"(?:src|href)=\"https?://(?!testserver)", page)


def test_every_field_of_a_body_says_its_type() -> None:
    put = next(one for one in groups()["components"] if one.method == "PUT")
    said = {field.name: field.type for field in put.body}
    assert (said["tier"], said["tags"]) == ("integer or null", "list of string")
    assert "If-Match" in {field.name for field in put.parameters}


def test_an_address_that_holds_the_key_says_why_it_is_there() -> None:
    said = {one.path: one.title for one in groups()["alerts"]}
    assert "set no header" in said["/api/v1/alerts/own/{key}"]
    assert "set no header" not in said["/api/v1/alerts/own"]


def test_an_address_is_found_by_its_words_and_by_a_field(client: Client) -> None:
    client.force_login(make.account("ada"))
    page = client.get("/api/", {"q": "put silent"}).content.decode()
    assert "No address says that" in page
    page = client.get("/api/", {"q": "severity-rules what"}).content.decode()
    assert "/api/v1/severity-rules/what-if" in page
    assert "/api/v1/components/bulk" not in page
    assert re.findall(r'href="#g-([^"]+)"', page) == ["severity-rules"], "the groups are filtered, too"
    assert "idempotency-key" in {
        field.name.lower() for field in having(["idempotency-key"])["components"][0].parameters
    }
