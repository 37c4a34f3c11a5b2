"""Whatever is stored, wherever it is shown, it stays text: every page of a portal whose every text is an attack."""

import json
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import models
from django.test import Client
from django.urls import Resolver404, resolve

from catalog.access import Actor
from catalog.models import Component, Team
from catalog.operations import ViewSpec, save_view, star
from catalog.operations.windows import WindowSpec, declare_window
from portal.demo.seed import seed
from tests import make, make_incidents, make_trust
from tests.portal.markup import ADDRESSES, MARK, MARKUP, Page

pytestmark = pytest.mark.django_db
NOW = datetime.now(tz=UTC)
OF_EACH = 3
"""Pages looked at of one address."""
PEOPLES_JSON = {"tags", "labels", "annotations", "links", "extra", "details", "body", "problems"}
MACHINES = {
    "namespace", "name", "source", "digest", "prefix", "via", "action", "object_ref", "time_zone", "rrule", "key",
    "channel", "page", "query", "request", "rule", "severity", "state", "from_state", "to_state", "type", "group",
    "fingerprint", "etag", "preset", "secret", "auth_sealed", "hook_sealed", "role", "idempotency_key", "leased_by",
    "by", "kind", "ref", "unit", "headers", "value", "held", "firing", "version", "slug", "urgency", "email",
}  # fmt: skip
"""Fields that only programs write, or that take names of few signs: their values decide what a page does."""
NAMED = {"apitoken", "savedview", "schedule", "escalationpolicy", "integration", "layerversion"}
"""Whose name is any text."""
OURS = {"star", "visit"}
"""Whose address is the portal's own."""


def is_peoples(field: "models.Field[Any, Any]") -> bool:
    """Whether people write what they like into it."""
    if field.name == "name":
        return field.model._meta.model_name in NAMED
    if isinstance(field, models.JSONField):
        return field.name in PEOPLES_JSON
    if field.name == "url" and field.model._meta.model_name in OURS:
        return False
    written = isinstance(field, (models.CharField, models.TextField)) and not isinstance(field, models.SlugField)
    machines = field.choices or field.unique or field.generated or field.name.endswith("_ref")
    return written and not machines and field.name not in MACHINES


def payload(field: "models.Field[Any, Any]", text: Iterator[str], address: Iterator[str]) -> Any:
    """An attack of the field's shape."""
    if isinstance(field, models.JSONField):
        some = [next(text) for _ in range(6)]
        shapes: dict[str, Any] = {
            "tags": some[:2],
            "links": [{"url": next(address), "title": one, "icon": one} for one in some],
            "problems": [{"message": one, "field": one, "level": "error", "line": 1, "column": 1} for one in some],
            "extra": {"spec": {some[0]: some[1]}},
        }
        return shapes.get(field.name, {some[0]: some[1], some[2]: some[3]})
    if isinstance(field, models.URLField) or field.name in {"runbook", "picture", "url", "address", "file"}:
        return next(address)
    long = field.max_length is None
    found = "\n\n".join(MARKUP + ADDRESSES) if long else next(text)
    return found if long else found[: field.max_length]


def poison() -> int:
    """An attack in every text of every row; how many."""
    text, address, done = cycle(MARKUP), cycle(ADDRESSES), 0
    for label in ("catalog", "slo", "incidents"):
        for model in apps.get_app_config(label).get_models():
            fields = [field for field in model._meta.concrete_fields if is_peoples(field)]
            for pk in model._default_manager.values_list("pk", flat=True) if fields else ():
                said = {field.name: payload(field, text, address) for field in fields}
                model._default_manager.filter(pk=pk).update(**said)
                done += len(said)
    return done


@pytest.fixture
def poisoned() -> Client:
    """A platform admin in a portal of every kind of thing, all of whose texts are attacks."""
    cache.clear()
    seed(pace="story", prometheus_url="http://127.0.0.1:1", now=NOW)
    root = make.person("root", admin=True)
    actor = Actor(person=root)
    team, runners = Team.objects.get(name="build-ci"), Component.objects.get(name="ci-runners")
    make.member(team, root)
    make.dependency(runners, "component:default/ghost")
    location = make.location("platform", team=team, now=NOW)
    make_trust.claim(runners.ref, source=location.ref, orphaned_at=NOW)
    make.token("read", by=root)
    star(ref=runners.ref, actor=actor, now=NOW)
    save_view(spec=ViewSpec(name="Ours", query="tier=1", team=team.ref), actor=actor, now=NOW)
    spec = WindowSpec(title="w", starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1))
    declare_window(spec=spec, target=runners, actor=actor, now=NOW)
    make_incidents.incident(runners, now=NOW)
    make_incidents.incident(Component.objects.get(name="cart-api"), now=NOW)
    client = Client(raise_request_exception=False)
    client.force_login(make.account_of(root))
    client.get(runners.get_absolute_url())  # a visit
    assert poison() > 500
    return client


def route_of(path: str) -> str:
    """The pattern an address is of; the empty text where it is none of ours."""
    try:
        return resolve(path).route
    except Resolver404:
        return ""


def crawl(client: Client, *starts: str) -> Iterator[tuple[str, Any]]:
    """Every address that links lead to, a few of each pattern, with what was answered."""
    waiting, seen, of_each = deque(starts), set(starts), Counter[str]()
    while waiting:
        here = waiting.popleft()
        answer = client.get(here, follow=False)
        yield here, answer
        if not answer["Content-Type"].startswith("text/html"):
            continue
        for link in Page(answer.content.decode()).links:
            parts = urlsplit(link)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            if parts.netloc or parts.scheme or not path.startswith("/") or path in seen:
                continue
            route = route_of(parts.path)
            pattern = f"{route}?{'&'.join(sorted(part.partition('=')[0] for part in parts.query.split('&')))}"
            if not route or of_each[pattern] >= OF_EACH:
                continue
            of_each[pattern] += 1
            seen.add(path)
            waiting.append(path)


def test_no_page_makes_markup_or_a_link_of_what_anybody_wrote(poisoned: Client) -> None:
    faults, routes, shown = list[str](), set[str](), 0
    for here, answer in crawl(
        poisoned, "/", "/search?q=ci", "/changes", "/catalog/queue", "/imports", "/settings/tokens"
    ):
        routes.add(route_of(urlsplit(here).path))
        if answer.status_code >= 500:
            faults.append(f"{here} answered {answer.status_code}")
        if answer["X-Content-Type-Options"] != "nosniff":
            faults.append(f"{here} may be taken for another type")
        if answer["Content-Type"].startswith("text/html"):
            text = answer.content.decode()
            shown += MARK in text
            faults += [f"{here}: {fault}" for fault in dict.fromkeys(Page(text).faults)]
    assert faults == [], "\n".join(faults)
    assert shown > 30
    assert {
        "catalog",
        "changes",
        "catalog/queue",
        "imports",
        "slos",
        "incidents",
        "on-call",
        "teams",
        "people",
    } <= routes


@pytest.mark.parametrize("name", ["component:default/ci-runners", "group:default/build-ci", "user:default/root"])
def test_the_palette_and_the_api_say_it_as_text(poisoned: Client, name: str) -> None:
    answer = poisoned.get(f"/search?q={name.rpartition('/')[2]}", headers={"HX-Request": "true"})
    assert Page(answer.content.decode()).faults == []
    found = poisoned.get("/api/v1/search?q=" + name.rpartition("/")[2])
    assert (found["Content-Type"], found["X-Content-Type-Options"]) == ("application/json", "nosniff")
    assert json.loads(found.content)["results"]
