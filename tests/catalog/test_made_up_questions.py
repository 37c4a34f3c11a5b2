"""Addresses and query strings that nobody meant: every page and every list answers, none breaks."""

import base64
import json
from collections.abc import Iterator
from zlib import crc32

import pytest
from django.test import Client
from django.urls import get_resolver

from catalog.models import Claim, Location
from tests import make
from tests.catalog.test_every_write import OURS, module_of, routes

pytestmark = pytest.mark.django_db
HUGE = "9" * 40


def cursor(place: object) -> str:
    """As pages write theirs."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def of_the_api(place: str) -> str:
    """As Django REST framework writes its own."""
    return base64.b64encode(place.encode()).decode()


ODD = (
    "\x00", '"><script>\u202e', "x" * 3000, HUGE, "-1", "a:b/c/d:e", "group:", "none", "0001-01-01",
    "9999-12-31T23:59:59-14:00", "\u00b2",
)  # fmt: skip
CURSORS = (
    "!", "\x00", cursor({}), cursor(["+"]), cursor(["+", "a", int(HUGE)]), cursor(["+", 10**400, 10**400]),
    cursor(["+", "\ud800", 1]), cursor(["+", int(HUGE), "a", 1]), cursor(["+", "2026-01-01T00:00:00+00:00", int(HUGE)]),
    cursor(["+", int(HUGE)]), cursor(["+", 1, int(HUGE), "a", int(HUGE)]), cursor(["-", int(HUGE), int(HUGE)]),
    cursor(["+", "2026-01-01T00:00:00+00:00", int(HUGE), 1]), cursor(["-", "0001-01-01T00:00:00+14:00", 0, 2**63 - 1]),
    cursor(["ownedBy", "\x00"]), cursor(["\ud800", "a"]),
    base64.urlsafe_b64encode(b"[" * 200_000).decode().rstrip("="), "\u00e9",
    of_the_api("p=a"), of_the_api("p=%00"), of_the_api(f"p={HUGE}"), of_the_api("o=99999999&r=1"),
    of_the_api("p=9999-12-31T23%3A59%3A59-14%3A00"), of_the_api("p=%ed%a0%80"),
)  # fmt: skip
NAMES = (
    "q", "kind", "type", "tier", "lifecycle", "owner", "system", "tag", "health", "starred", "retired", "sort", "team",
    "trouble", "level", "check", "outcome", "actor", "object", "action", "via", "since", "until", "limit", "in", "from",
    "to", "page", "next", "component", "group", "status", "shared", "case", "depth", "view", "ref",
)  # fmt: skip
FILLED = {
    "kind": "component", "namespace": "default", "name": "platform", "pk": "1", "number": "1",
    "ref": "component:default/platform",
    "page": "index", "uidb64": "MQ", "token": "abc", "secret": "abc", "form": "csv",
}  # fmt: skip


def path_of(route: str, **more: str) -> str:
    """An address of that route."""
    path = "/" + route.replace(r"^changes\.(?P<form>csv|jsonl)$", "changes.csv")
    for name, value in {**FILLED, **more}.items():
        for kind in ("str", "int", "path", "slug"):
            path = path.replace(f"<{kind}:{name}>", value)
    return path


def readable_routes() -> Iterator[str]:
    for route, view in routes(get_resolver().url_patterns):
        known = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if module_of(view).startswith(OURS) and (known is None or hasattr(known, "get")):
            yield route


ROUTES = sorted(set(readable_routes()))


@pytest.fixture
def admin(client: Client) -> Client:
    """An admin, in a world where the names in the addresses are something."""
    ada = make.person("platform", admin=True)
    team = make.team("platform", lead=ada)
    domain = make.domain("platform", owner=team)
    system = make.system("platform", owner=team, domain=domain)
    runners = make.component("platform", owner=team, system=system)
    make.dependency(runners, "component:default/ghost")
    Location.objects.filter(pk=make.location("platform", "https://example.com/a.yaml").pk).update(error="x")
    Claim.objects.create(source="location:default/platform", ref=runners.ref, since=make.NOW, orphaned_at=make.NOW)
    client.force_login(make.account_of(ada))
    client.raise_request_exception = False
    return client


def broken(client: Client, path: str, questions: list[dict[str, str]]) -> list[object]:
    found: list[object] = []
    for question in questions:
        answer = client.get(path, question)
        if answer.status_code >= 500:
            found.append((path, question, answer.status_code))
        elif getattr(answer, "streaming", False):
            b"".join(answer)
    return found


@pytest.mark.parametrize("route", ROUTES)
def test_no_query_string_breaks_a_page(admin: Client, route: str) -> None:
    """One strange value for every name at once shows most; those that are refused early hide the rest, so also each."""
    together = [dict.fromkeys(NAMES, value) for value in ODD]
    some = NAMES[crc32(route.encode()) % 4 :: 4] if "<" not in route else ()  # lists have the filters
    each = [{name: "\x00"} for name in some]
    assert broken(admin, path_of(route), [*together, *each]) == []


LISTS = [
    "/catalog", "/catalog?sort=name", "/catalog?sort=owner", "/catalog?sort=tier", "/changes", "/catalog/queue",
    "/people", "/teams", "/systems", "/domains", "/imports", "/imports/default/platform", "/scorecards/components",
    "/maintenance", "/invitations",
    *(f"/{route}" for route in ROUTES if route.startswith("api/v1/") and "<" not in route),
    "/api/v1/locations/default/platform/files", "/api/v1/locations/default/platform/orphans",
    "/api/v1/entities/component/default/platform/relations",
]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_no_cursor_breaks_a_list(admin: Client, path: str) -> None:
    page, _, query = path.partition("?")
    sort = {"sort": query.partition("=")[2]} if query else {}
    assert broken(admin, page, [{**sort, "cursor": one} for one in CURSORS]) == []


@pytest.mark.parametrize("route", [route for route in ROUTES if "<" in route])
def test_no_name_in_an_address_breaks_a_page(admin: Client, route: str) -> None:
    found = []
    for name in ("x" * 3000, "%00", "%ed%a0%80", "..%2f..", HUGE, "%0d%0aX: y"):
        number = name if name.isdecimal() else "1"
        each = dict.fromkeys(("kind", "namespace", "name", "ref", "page", "secret", "number"), name)
        found += broken(admin, path_of(route, **each, pk=number), [{}])
    assert found == []
