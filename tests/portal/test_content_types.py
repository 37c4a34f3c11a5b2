"""Bodies of a type nobody asked for, at every address that takes one: refused by name, never taken, never a 5xx."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from rest_framework.test import APIClient

from catalog.models import ApiToken
from tests import make
from tests.catalog.test_every_write import API, MANIFEST, UNSAFE, World, routes, state, written_by

pytestmark = pytest.mark.django_db

BODY = json.dumps({"title": "Mine", "owner": "build-ci"}).encode()
FORM = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nMine\r\n--b--\r\n'


@dataclass(frozen=True)
class Sent:
    """A body and what is said of it."""

    type: str
    body: bytes = BODY
    encoding: str = ""

    @property
    def headers(self) -> Mapping[str, str]:
        """Beside the type."""
        return {"Content-Encoding": self.encoding} if self.encoding else {}


WRONG = {
    "plain text": Sent("text/plain"),
    "a form": Sent("application/x-www-form-urlencoded", b"title=Mine&owner=build-ci"),
    "a multipart form": Sent("multipart/form-data; boundary=b", FORM),
    "a multipart form without a boundary": Sent("multipart/form-data", FORM),
    "XML": Sent("application/xml", b"<title>Mine</title>"),
    "bytes": Sent("application/octet-stream", b"\x00\xff\xfe"),
    "nothing said": Sent(""),
    "no type at all": Sent("json"),
    "not even a type": Sent(';;,/"\x7f'),
    "packed": Sent("application/json", gzip.compress(BODY), "gzip"),
    "said to be packed": Sent("application/json", BODY, "br"),
    "UTF-16": Sent("application/json; charset=utf-16", BODY.decode().encode("utf-16")),
    "Latin": Sent("application/json", '{"title": "Müller"}'.encode("latin-1")),
    "a charset that is none": Sent("application/json; charset=klingon", b'{"title": "M\xfcller"}'),
    "cut off": Sent("application/json", b'{"title": "Mi'),
    "empty": Sent("application/json", b""),
}


def send(client: Any, method: str, path: str, sent: Sent) -> Any:
    """The body as it is, which no client's signature has."""
    return client.generic(method.upper(), path, sent.body, content_type=sent.type, headers=sent.headers)


IGNORED = {"/refresh", "/webhook", "/resend", "/me/stars/", "/sharing/", "/mail/test"}
"""Addresses that need no body, and look at none."""


@pytest.fixture
def world() -> World:
    """See `World`."""
    cache.clear()
    return World()


def holding_everything(**more: Any) -> APIClient:
    scopes = list(ApiToken.Scope.values)
    return make.signed(APIClient(raise_request_exception=False), make.token(*scopes, **more)[1])


def leading(world: World) -> APIClient:
    lead = APIClient(raise_request_exception=False)
    lead.force_login(make.account_of(world.ada))
    return lead


TAKEN = {"UTF-16"}
"""Unusual, but said as it is."""
APPLY = "api/v1/apply"


@pytest.mark.parametrize("name", sorted(WRONG.keys() - TAKEN))
def test_the_catalogs_api_refuses_by_the_type_and_writes_nothing(world: World, name: str) -> None:
    sent, clients, before = WRONG[name], (leading(world), holding_everything()), state(world)
    for route, write in API.items():
        if route == APPLY or any(part in write.path(world) for part in IGNORED):
            continue
        for method, client in product([method for method in write.methods if method != "delete"], clients):
            path = write.path(world)
            answer = send(client, method, path, sent)
            if name == "empty" and answer.status_code == 200:
                continue  # PUT: all that is left out is as if it had never been said
            assert answer.status_code in {400, 401, 403, 404, 415}, (method, path, answer.content[:200])
            assert answer["Content-Type"] == "application/problem+json", path
            assert answer.json()["detail"] or answer.json()["errors"], path
    assert name == "empty" or state(world) == before


@pytest.mark.parametrize("name", WRONG)
def test_apply_takes_yaml_whatever_curl_calls_it_but_no_form_and_nothing_packed(world: World, name: str) -> None:
    sent, before = WRONG[name], state(world)
    answer = send(leading(world), "post", f"/{APPLY}", sent)
    refused = sent.type.startswith("multipart/") or bool(sent.encoding)
    assert answer.status_code == (415 if refused else 400 if name == "empty" else 207)
    assert state(world) == before
    if refused:
        assert answer.json()["detail"].startswith("Send the ")
    document = json.dumps(MANIFEST).encode()
    if not refused and "charset" not in sent.type:
        assert send(leading(world), "post", f"/{APPLY}", Sent(sent.type, document)).status_code == 200


def filled(route: str, world: World) -> str:
    """An address of the pattern, of something that may be there."""
    there = {"kind": "component", "namespace": "default", "name": "ci-runners", "pk": "1", "number": "1"}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: there.get(part[1], "x"), route)


EVERY = sorted(
    route
    for route, view in routes(get_resolver().url_patterns)
    if written_by(view) and not route.startswith(("^", "admin/")) and "(?" not in route
)


@pytest.mark.parametrize("name", WRONG)
def test_no_address_of_any_app_answers_a_wrong_type_with_a_5xx(world: World, name: str) -> None:
    sent, faults = WRONG[name], []
    browser = Client(raise_request_exception=False)
    browser.force_login(make.account_of(world.root))
    token = holding_everything()
    turn = list(WRONG).index(name) % 3  # each address gets a third of the types, and each type a third of the addresses
    for route in EVERY[turn::3]:
        path = filled(route, world)
        client = token if path.startswith("/api/") else browser
        for method in UNSAFE if path.startswith("/api/") else ("post",):
            answer = send(client, method, path, sent)
            if answer.status_code >= 500:
                faults.append(f"{method} {path}: {answer.status_code}")
    assert faults == []
