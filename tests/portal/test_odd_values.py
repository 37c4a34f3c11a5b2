"""Each field of each address that writes, with what no database keeps or no calendar has: refused, never a fault.

The addresses and their bodies are those of the three `test_every_write`; every request is undone.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from rest_framework.test import APIClient

from tests import make
from tests.catalog import test_every_write as of_catalog
from tests.incidents import writes_of_api, writes_of_pages
from tests.incidents.outsiders_world import World as Incidents
from tests.slo import test_every_write as of_slo

pytestmark = pytest.mark.django_db
SENT_AS_JSON: tuple[object, ...] = ("a\x00b", "\ud800", "9999-12-31T23:59:59-14:00", None, [], {}, 10**40)
SENT_AS_FORM = ("a\x00b", "9999-12-31T23:59", "0001-01-01", "١٢", "9" * 40, "-1")


def bodies(body: Mapping[str, Any], odd: tuple[object, ...]) -> Iterator[Mapping[str, Any]]:
    """The body with one field odd, for each and each; and once more inside of what it holds."""
    for name, held in body.items():
        for value in odd:
            yield {**body, name: value}
            if isinstance(held, list) and held:
                inner = [{**held[0], key: value} for key in held[0]] if isinstance(held[0], Mapping) else [value]
                yield from ({**body, name: [one]} for one in inner)
            if isinstance(held, Mapping):
                yield from ({**body, name: {**held, key: value}} for key in held)


def faults(
    client: APIClient, path: str, method: str, body: Mapping[str, Any], odd: tuple[object, ...], form: str
) -> list[str]:
    """What answers 5xx, or leaves the database in a state that can't be asked."""
    found = []
    for one in bodies(body, odd):
        cache.clear()
        with transaction.atomic():
            code = sent(client, method, path, one, form)
            transaction.set_rollback(True)
        if code >= 500:
            found.append(f"{method} {path} {one!r}: {code}")
    return found


def sent(client: APIClient, method: str, path: str, body: Mapping[str, Any], form: str) -> int:
    """The status; JSON is sent as ASCII, for half a surrogate pair goes no other way."""
    if form == "json":
        return int(client.generic(method.upper(), path, json.dumps(body), content_type="application/json").status_code)
    return int(getattr(client, method)(path, body, format=form).status_code)


def signed_in(world: Any, name: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_login(make.account_of(getattr(world, name)))
    return client


def addresses(
    world: Any, table: Mapping[str, Any], who: Callable[[str, Any], str]
) -> Iterator[tuple[APIClient, str, str, Any]]:
    for route, write in table.items():
        path = write.path if isinstance(write.path, str) else write.path(world)
        path = path.format(w=world) if "{w." in path else path
        for method in write.methods:
            said = getattr(write, "said", None)
            body = write.body if said is None else said(world)
            yield signed_in(world, who(route, write)), path, method, body


def asked_by(_: str, write: Any) -> str:
    name = getattr(write, "by", "root")
    return "root" if name == "sender" else name


TABLES: dict[str, tuple[Callable[[], Any], Mapping[str, Any], Mapping[str, Any]]] = {
    "catalog": (of_catalog.World, of_catalog.API, of_catalog.PAGES),
    "slo": (of_slo.World, of_slo.API, of_slo.PAGES),
    "incidents": (Incidents, writes_of_api.API, writes_of_pages.PAGES),
}


@pytest.mark.parametrize("app", TABLES)
@pytest.mark.parametrize(
    ("which", "form", "odd"), [(1, "json", SENT_AS_JSON), (2, "multipart", SENT_AS_FORM)], ids=["api", "pages"]
)
def test_no_odd_value_of_a_field_is_a_fault(app: str, which: int, form: str, odd: tuple[object, ...]) -> None:
    make_world, *tables = TABLES[app]
    world = make_world()
    found = [
        one
        for client, path, method, body in addresses(world, tables[which - 1], asked_by)
        for one in faults(client, path, method, body, odd, form)
    ]
    assert not found, "\n".join(found)
