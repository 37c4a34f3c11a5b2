"""Every address of the incidents app that writes, met by those who must not; as tests/catalog/test_every_write.py.

Its lines are in writes_of_api.py and writes_of_pages.py. A new address fails
`test_every_address_that_writes_is_in_the_table` until it has one. One world does for all: each request is undone.
"""

import re
from collections.abc import Iterator, Mapping

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.urls import get_resolver
from rest_framework.test import APIClient

from tests import make
from tests.catalog.test_every_write import REFUSED, module_of, routes, written_by
from tests.incidents.outsiders_world import World, everything, guests, signed_in
from tests.incidents.writes_of_api import ALERTS, API, BY_KEY, IDLE, INCIDENTS, ONCALL, Write
from tests.incidents.writes_of_pages import LINKS, PAGES, READING

pytestmark = pytest.mark.django_db
OURS = "incidents."
DONE = {200, 201, 202, 204}


def ours() -> dict[str, set[str]]:
    found = ((route, view) for route, view in routes(get_resolver().url_patterns))
    return {route: written_by(view) for route, view in found if module_of(view).startswith(OURS) and written_by(view)}


def met(world: World, guest: APIClient, write: Write, method: str) -> int:
    """The status that this guest gets."""
    cache.clear()
    guest.raise_request_exception = False
    return int(getattr(guest, method)(write.at(world), write.said(world, method), format="json").status_code)


def let_through(
    world: World, guests_of: Mapping[str, APIClient], write: Write, before: dict[str, tuple[int, str]]
) -> Iterator[str]:
    """What is wrong when outsiders meet an address."""
    silent = [who for who in guests_of if who not in write.but or write.why.startswith(IDLE)]
    for who in sorted(guests_of, key=lambda one: one not in silent):
        wanted = DONE if who in write.but else {401} if who in {"nobody", "made up"} else REFUSED
        for method in write.methods:
            with transaction.atomic():
                code = met(world, guests_of[who], write, method)
                transaction.set_rollback(who not in silent)
            if code not in wanted:
                yield f"{who} gets {code} for {method}"
    after = everything()
    if after != before:
        yield f"changes {[name for name in after if after[name] != before[name]]}"
        before.update(after)


def test_the_api_turns_away_whoever_must_not_write() -> None:
    world = World()
    outside = {scope: guests(world, scope) for scope in (INCIDENTS, ONCALL, ALERTS)}
    before = everything()
    wrong = [
        f"{route}: {one}"
        for route, write in API.items()
        for one in let_through(world, outside[write.scope], write, before)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_table_is_about_what_its_own_people_may_do() -> None:
    """Or the refusals above would prove nothing."""
    world, wrong = World(), []
    insiders = {name: signed_in(getattr(world, name)) for name in ("ada", "ben", "root", "mallory")}
    insiders["sender"] = make.signed(APIClient(), make.token("read", ALERTS, teams=[world.build])[1])
    for route, write in API.items():
        for method in write.methods:
            with transaction.atomic():
                code = met(world, insiders[write.by], write, method)
                transaction.set_rollback(True)
            if code not in (write.only or DONE):
                wrong.append(f"{route}: {write.by} gets {code} for {method}")
    assert not wrong, "\n".join(wrong)


def test_every_address_that_writes_is_in_the_table() -> None:
    assert set(ours()) == API.keys() | BY_KEY.keys() | PAGES.keys() | LINKS.keys() | READING


def test_every_method_of_an_address_is_in_the_table() -> None:
    taken = ours()
    for route, write in (API | BY_KEY).items():
        assert set(write.methods) == taken[route], route


def test_a_wrong_key_or_link_writes_nothing() -> None:
    World()
    before, client, wrong = everything(), APIClient(), []
    for path, body in [(one.path, one.body) for one in BY_KEY.values()] + [(path, {}) for path in LINKS.values()]:
        client.credentials(HTTP_AUTHORIZATION="Bearer guessed")
        code = client.post(path, body, format="json").status_code
        if code not in REFUSED | {400, 405, 410} or everything() != before:
            wrong.append(f"{path}: {code}")
    assert not wrong, "\n".join(wrong)


def test_pages_turn_away_whoever_must_not_write() -> None:
    """Nobody and a token are sent to sign in; a form may say what is wrong (400), a button go back (302)."""
    world, wrong = World(), []
    before = everything()
    token = make.signed(APIClient(), make.token("read", INCIDENTS, ONCALL)[1])
    guests_of = {"nobody": APIClient(), "token": token, "other member": signed_in(world.mallory)}
    for route, write in PAGES.items():
        for who, guest in guests_of.items():
            with transaction.atomic():
                answer = posted(world, guest, write)
                changed = {name for name, rows in everything().items() if rows != before[name]}
                transaction.set_rollback(True)
            if who != "other member" and not answer.get("Location", "").startswith("/sign-in?"):
                wrong.append(f"{route}: {who} gets {answer.status_code}")
            if changed and who not in write.but:
                wrong.append(f"{route}: {who} changes {changed}")
    assert not wrong, "\n".join(wrong)


def test_pages_let_in_their_own_people() -> None:
    """Or the refusals above would prove nothing; `idle` where there is nothing to change in this world."""
    world, wrong = World(), []
    before = everything()
    insiders = {name: signed_in(getattr(world, name)) for name in ("ada", "ben", "root")}
    for route, write in PAGES.items():
        with transaction.atomic():
            answer = posted(world, insiders[write.by], write)
            changed = {name for name, rows in everything().items() if rows != before[name]}
            transaction.set_rollback(True)
        if answer.status_code not in (write.only or {200, 302}) or not (changed or write.only):
            wrong.append(f"{route}: {answer.status_code}, changes {changed}")
    assert not wrong, "\n".join(wrong)


def test_pages_that_only_read_write_nothing() -> None:
    world, wrong = World(), []
    before, ada = everything(), signed_in(world.ada)
    names = {"number": world.review.pk, "slug": world.schedule.slug, "pk": 1, "what": "people"}
    for route in sorted(READING):
        path = re.sub(r"<\w+:(\w+)>", lambda found: str(names[found[1]]), route)
        ada.post(f"/{path}")
        if everything() != before:
            wrong.append(route)
    assert not wrong, "\n".join(wrong)


def posted(world: World, guest: APIClient, write: Write) -> HttpResponse:
    """What a form's or button's sender gets."""
    cache.clear()
    guest.raise_request_exception = False
    answer: HttpResponse = guest.post(write.at(world), write.said(world), format="multipart")
    return answer
