"""A POST sent again under its Idempotency-Key does nothing again, in whatever process and app it arrives."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from catalog.models import IdempotentAnswer
from catalog.operations import idempotency
from catalog.tasks import prune
from incidents import operations
from incidents.models import Incident
from portal.lib.clock import db_now
from tests import make

HERE = "/api/v1/incidents"
BODY = {"title": "Runners are gone", "severity": "P2"}


def client(**fields: Any) -> APIClient:
    return make.signed(APIClient(), make.token("incidents:write", "alerts:send", **fields)[1])


def post(api: APIClient, key: str, body: Any = BODY, path: str = HERE) -> Any:
    return api.post(path, body, HTTP_IDEMPOTENCY_KEY=key)


@pytest.mark.django_db
def test_the_same_key_gets_the_first_answer_again_and_nothing_is_done_twice() -> None:
    api = client()
    first, again = post(api, "k-1"), post(api, "k-1")
    assert first.status_code == 201
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Content-Type"] == first["Content-Type"]
    assert (again["Idempotent-Replayed"], "Idempotent-Replayed" in first) == ("true", False)
    assert Incident.objects.count() == 1


@pytest.mark.django_db
def test_a_refusal_is_kept_too() -> None:
    api = client()
    first, again = post(api, "k", {"title": ""}), post(api, "k", {"title": ""})
    assert (first.status_code, again.status_code, again.content) == (400, 400, first.content)
    assert again["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_the_same_key_with_another_body_or_address_is_422() -> None:
    api = client()
    assert post(api, "k").status_code == 201
    other = post(api, "k", {**BODY, "title": "Another"})
    assert (other.status_code, other["Content-Type"]) == (422, "application/problem+json")
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    assert post(api, "k", {"key": "a"}, "/api/v1/alerts").status_code == 422


@pytest.mark.django_db
def test_keys_of_others_are_no_matter_of_mine_even_where_tokens_share_a_name() -> None:
    assert post(client(name="ci"), "k").status_code == 201
    assert "Idempotent-Replayed" not in post(client(name="ci"), "k")
    assert Incident.objects.count() == 2


@pytest.mark.django_db
def test_an_answer_is_never_shown_to_somebody_who_is_not_known() -> None:
    assert post(client(), "k").status_code == 201
    assert post(APIClient(), "k").status_code == 401
    assert post(make.signed(APIClient(), "portico_guessed"), "k").status_code == 401
    assert IdempotentAnswer.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "a" * 201, "tab\there", "ümlaut"])
def test_a_key_that_is_none_is_400(key: str) -> None:
    answer = post(client(), key)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


@pytest.mark.django_db
def test_the_second_waits_while_the_first_is_still_running_but_not_for_ever() -> None:
    api = client()
    assert post(api, "k").status_code == 201
    row = IdempotentAnswer.objects.get()
    IdempotentAnswer.objects.update(status=None, body=None)  # as a process leaves it that died at work
    busy = post(api, "k")
    assert (busy.status_code, busy["Retry-After"]) == (409, "1")
    IdempotentAnswer.objects.update(created_at=db_now() - idempotency.STUCK)
    assert post(api, "k").status_code == 201
    row.refresh_from_db()
    assert row.status == 201


@pytest.mark.django_db
def test_an_answer_is_forgotten_after_a_day() -> None:
    api = client()
    post(api, "k")
    IdempotentAnswer.objects.update(created_at=db_now() - idempotency.KEPT)
    assert "Idempotent-Replayed" not in post(api, "k", {**BODY, "title": "Another"})
    IdempotentAnswer.objects.update(created_at=db_now() - idempotency.KEPT - timedelta(seconds=1))
    prune()
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.django_db
def test_a_failure_of_ours_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    api = client()
    api.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("incidents.api.incidents.db_now", lambda: 1 / 0)
        assert post(api, "k").status_code == 500
    assert not IdempotentAnswer.objects.exists()
    assert post(api, "k").status_code == 201


@pytest.mark.django_db
def test_without_a_key_nothing_is_kept() -> None:
    assert client().post(HERE, BODY).status_code == 201
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.django_db
def test_a_late_answer_of_the_one_given_up_leaves_its_successor_alone() -> None:
    now = db_now()
    old = idempotency.claim(actor_ref="token:1", key="k", request="r", now=now - idempotency.STUCK)
    new = idempotency.claim(actor_ref="token:1", key="k", request="r", now=now)
    assert isinstance(old, idempotency.Claim)
    assert isinstance(new, idempotency.Claim)
    idempotency.keep(old, status=201, body="old", headers={})
    idempotency.give_up(old)
    idempotency.keep(new, status=200, body="new", headers={})
    assert IdempotentAnswer.objects.get().body == "new"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Declaring waits until the event is set."""
    go, declare = threading.Event(), operations.declare

    def waiting(**said: Any) -> Any:
        assert go.wait(20)
        return declare(**said)

    monkeypatch.setattr(operations, "declare", waiting)
    yield go
    go.set()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_works_and_the_others_are_told_to_wait(slow: threading.Event) -> None:
    _, text = make.token("incidents:write")
    codes: list[int] = []

    def send() -> None:
        codes.append(post(make.signed(APIClient(), text), "k").status_code)
        if codes.count(409) == 7:
            slow.set()
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(codes) == [201, *[409] * 7]
    assert Incident.objects.count() == 1
    assert post(make.signed(APIClient(), text), "k")["Idempotent-Replayed"] == "true"


def session(**_: Any) -> APIClient:
    """A browser's own: its origin is checked, for which the body may be read before the view does."""
    api = APIClient(enforce_csrf_checks=True)
    api.force_login(make.account_of(make.person("root", admin=True)))
    secret = "a" * 32
    api.cookies["portico_csrf"] = secret
    api.credentials(HTTP_X_CSRFTOKEN=secret)
    return api


@pytest.mark.django_db
@pytest.mark.parametrize("of", [session, client])
@pytest.mark.parametrize(
    ("body", "kind", "codes"),
    [
        ('{"title": "Runners', "application/json", {400}),
        ('{"title": "\\u0000"}', "application/json", {400}),
        ('{"title": "\\ud800"}', "application/json", {400}),
        ("title: x", "application/yaml", {415}),
        ("a=b", "application/x-www-form-urlencoded", {400, 415}),
        ("", "multipart/form-data; boundary=x", {400, 415}),
        (json.dumps(BODY), "application/json", {201}),
    ],
)
def test_a_key_changes_no_refusal_of_a_body(of: Any, body: str, kind: str, codes: set[int]) -> None:
    api = of()
    plain = api.generic("POST", HERE, body, content_type=kind)
    keyed = api.generic("POST", HERE, body, content_type=kind, HTTP_IDEMPOTENCY_KEY="k")
    assert (plain.status_code, keyed.status_code, keyed["Content-Type"]) == (
        keyed.status_code, plain.status_code, plain["Content-Type"],
    )  # fmt: skip
    assert keyed.status_code in codes, keyed.content


@pytest.mark.django_db
@pytest.mark.parametrize("of", [session, lambda: make.signed(APIClient(), make.token("components:write")[1])])
def test_files_are_applied_once_under_a_key(of: Any) -> None:
    group = {"apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": {"name": "mine"}}
    api, text = of(), json.dumps(group | {"spec": {"type": "team", "children": []}})  # JSON is YAML
    answers = [
        api.generic("POST", "/api/v1/apply", text, content_type="application/yaml", HTTP_IDEMPOTENCY_KEY="k")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [answers[0].status_code] * 2
    assert answers[0].status_code in {200, 207}
    assert answers[1]["Idempotent-Replayed"] == "true"
