"""Webhooks: who knows the secret has the location read, nobody else has anything."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Location
from portal.lib.crypto import seal
from tests import make

pytestmark = pytest.mark.django_db
HERE = "/hooks/locations/default/platform"
BODY = b'{"ref": "refs/heads/main"}'
LATER = make.NOW + timedelta(days=365_0)


@pytest.fixture
def platform() -> Location:
    """A location that is not due for years, with a webhook."""
    return make.location("platform", hook_sealed=seal("s3cret"), due_at=LATER)


def signed(secret: str, body: bytes = BODY) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def push(client: Client, path: str = HERE, **headers: str) -> int:
    return client.post(path, BODY, content_type="application/json", headers=headers).status_code


def is_due(row: Location) -> bool:
    row.refresh_from_db()
    return row.due_at != LATER


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": signed("s3cret"), "X-GitHub-Event": "push"},
        {"X-Hub-Signature": signed("s3cret")},
        {"X-Gitlab-Token": "s3cret"},
    ],
)
def test_a_push_with_the_right_secret_has_it_read(client: Client, platform: Location, headers: dict[str, str]) -> None:
    assert push(client, **headers) == 202
    assert is_due(platform)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 401),
        ({"X-GitHub-Event": "push"}, 401),
        ({"X-Hub-Signature-256": signed("guessed")}, 403),
        ({"X-Hub-Signature-256": signed("s3cret", b"other body")}, 403),
        ({"X-Hub-Signature-256": "sha1=" + "0" * 40}, 403),
        ({"X-Hub-Signature-256": ""}, 403),
        ({"X-Hub-Signature-256": "sha256=é"}, 403),
        ({"X-Gitlab-Token": "guessed"}, 403),
        ({"X-Gitlab-Token": ""}, 403),
    ],
)
def test_anything_else_does_nothing(client: Client, platform: Location, headers: dict[str, str], code: int) -> None:
    assert push(client, **headers) == code
    assert not is_due(platform)


@pytest.mark.parametrize("what", ["missing", "without a webhook", "retired"])
def test_nothing_tells_whether_there_is_such_a_location(client: Client, platform: Location, what: str) -> None:
    if what == "without a webhook":
        Location.objects.update(hook_sealed="")
    if what == "retired":
        Location.objects.update(retired_at=make.NOW)
    path = HERE.replace("platform", "nothing") if what == "missing" else HERE
    assert push(client, path, **{"X-Hub-Signature-256": signed("")}) == 403
    assert push(client, path, **{"X-Gitlab-Token": "nobody knows this one"}) == 403
    assert push(client, path) == 401


def test_a_ping_says_that_the_signature_is_right_and_reads_nothing(client: Client, platform: Location) -> None:
    assert push(client, **{"X-Hub-Signature-256": signed("s3cret"), "X-GitHub-Event": "ping"}) == 200
    assert not is_due(platform)


def test_it_takes_posts_only_and_needs_no_cookie(platform: Location) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.get(HERE).status_code == 405
    assert push(client, **{"X-Hub-Signature-256": signed("s3cret")}) == 202


def test_the_secret_is_shown_once_kept_sealed_and_the_one_before_ends(client: Client, platform: Location) -> None:
    api = make.signed(APIClient(), make.token("components:write")[1])
    answer = api.post("/api/v1/locations/default/platform/webhook")
    secret = answer.json()["secret"]
    assert answer.json()["url"].endswith(HERE)
    assert answer["Cache-Control"] == "no-store"
    platform.refresh_from_db()
    assert secret not in platform.hook_sealed
    assert push(client, **{"X-Gitlab-Token": "s3cret"}) == 403
    assert push(client, **{"X-Gitlab-Token": secret}) == 202
    said = api.get("/api/v1/locations/default/platform")
    assert (said.json()["has_webhook"], secret in said.content.decode()) == (True, False)
    assert api.delete("/api/v1/locations/default/platform/webhook").status_code == 204
    assert push(client, **{"X-Gitlab-Token": secret}) == 403
