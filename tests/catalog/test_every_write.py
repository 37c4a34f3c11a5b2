"""Every address of the catalog and of portal.pages that writes, met by those who must not.

The table below has a line for each. A new address fails `test_every_address_that_writes_is_in_the_table` until it has
one: add the route's pattern with whom it is for, where to send what, in a world of one team and its things.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import ApiToken, AuditEntry, Claim, Domain, System
from catalog.operations import ViewSpec, invite, save_view, star
from catalog.operations.campaigns import CampaignSpec, begin_campaign
from catalog.operations.locations import rotate_hook
from catalog.operations.windows import WindowSpec, declare_window
from portal.lib.clock import db_now
from tests import make

pytestmark = pytest.mark.django_db
UNSAFE = ("post", "put", "patch", "delete")
OURS = ("catalog.", "portal.pages.")
REFUSED = {401, 403, 404}
SOON = datetime.now(tz=UTC).date() + timedelta(days=60)
TARGET = "https://github.com/acme/platform/blob/main/catalog-info.yaml"


class World:
    """Build & CI owns ci-runners; Ada leads it. Mallory is in Networking, Root is a platform admin."""

    def __init__(self) -> None:
        self.ada, self.mallory = make.person("ada"), make.person("mallory")
        self.root = make.person("root", admin=True)
        self.build, self.networking = make.team("build-ci", lead=self.ada), make.team("networking", self.mallory)
        self.runners = make.component("ci-runners", owner=self.build)
        self.dangling = make.dependency(self.runners, "component:default/ghost")
        named = {"owner": self.build, "owner_ref": self.build.ref, "created_at": make.NOW, "updated_at": make.NOW}
        self.system = System.objects.create(ref="system:default/build", name="build", **named)
        self.domain = Domain.objects.create(ref="domain:default/delivery", name="delivery", **named)
        self.token, _ = make.token("read", by=self.ada, name="theirs")
        spec = WindowSpec(title="w", starts_at=make.NOW, ends_at=make.NOW.replace(year=2027))
        self.window = declare_window(spec=spec, target=self.runners, actor=Actor(person=self.ada), now=make.NOW)
        invited = invite(
            email="carol@example.org", team=self.build, role="member", actor=Actor(person=self.ada), now=make.NOW
        )
        self.invitation = invited.row
        self.imported = make.location("platform", TARGET, team=self.build)
        rotate_hook(ref=self.imported.ref, actor=Actor(person=self.ada), now=make.NOW)
        Claim.objects.create(
            source=self.imported.ref, ref=self.runners.ref, file=TARGET, since=make.NOW, orphaned_at=make.NOW
        )
        star(ref=self.runners.ref, actor=Actor(person=self.ada), now=make.NOW)
        spec_of_view = ViewSpec(name="Ours", query="tier=1", team=self.build.ref)
        self.view = save_view(spec=spec_of_view, actor=Actor(person=self.ada), now=make.NOW).row
        asked = CampaignSpec(name="Gold", level="gold", due_on=SOON)
        self.campaign = begin_campaign(spec=asked, actor=Actor(person=self.root), now=db_now())
        for somebody in (self.ada, self.mallory, self.root):
            make.account_of(somebody)


Path = Callable[[World], str]
ALL = frozenset({"nobody", "made up", "wrong scope", "other team", "other member"})


@dataclass(frozen=True)
class Write:
    """How an address is asked: by which methods, where, with what; `but` are those whom it may let in after all.

    `by` is who may. `each` are further statuses of addresses that refuse item by item; nothing may be written all the
    same.
    """

    path: Path
    body: dict[str, Any] | Callable[["World"], dict[str, Any]] = field(default_factory=dict)
    methods: tuple[str, ...] = ("post",)
    by: str = "ada"
    but: frozenset[str] = frozenset()
    each: frozenset[int] = frozenset()
    why: str = ""

    def said(self, world: "World") -> dict[str, Any]:
        """The body in this world."""
        return self.body(world) if callable(self.body) else self.body


def at(path: str) -> Path:
    """An address that depends on nothing."""
    return lambda _: path


COMPONENT, TEAM = "components/component/default/ci-runners", "teams/default/build-ci"
SYSTEM, DOMAIN = "systems/default/build", "domains/default/delivery"
IMPORT = "/imports/default/platform"
LOCATION = "/api/v1/locations/default/platform"
A_LOCATION = {"type": "url", "targets": [TARGET], "team": "build-ci", "title": "Mine"}
ONESELF = frozenset({"other member"})
MANIFEST: dict[str, Any] = {  # JSON is YAML
    "apiVersion": "backstage.io/v1alpha1",
    "kind": "Component",
    "metadata": {"name": "ci-runners", "title": "Mine"},
    "spec": {"type": "service", "lifecycle": "production", "owner": "build-ci"},
}
API: dict[str, Write] = {
    "api/v1/components/<str:kind>/<str:namespace>/<str:name>": Write(
        at(f"/api/v1/{COMPONENT}"), {"owner": "build-ci", "title": "Mine"}, ("put", "patch", "delete")
    ),
    "api/v1/settings/mail/test": Write(
        at("/api/v1/settings/mail/test"), but=ONESELF, why="everybody may write to themselves"
    ),
    "api/v1/components/bulk": Write(
        at("/api/v1/components/bulk"),
        {"items": [{"name": "ci-runners", "owner": "build-ci", "title": "Mine"}]},
        each=frozenset({207}),
    ),
    "api/v1/systems/<str:namespace>/<str:name>": Write(
        at("/api/v1/systems/default/build"), {"owner": "build-ci", "title": "Mine"}, ("put", "patch", "delete")
    ),
    "api/v1/domains/<str:namespace>/<str:name>": Write(
        at("/api/v1/domains/default/delivery"), {"owner": "build-ci", "title": "Mine"}, ("put", "patch", "delete")
    ),
    "api/v1/components/confirm": Write(at("/api/v1/components/confirm"), {"refs": ["component:default/ci-runners"]}),
    "api/v1/apply": Write(at("/api/v1/apply"), MANIFEST, each=frozenset({207})),
    "api/v1/teams/<str:namespace>/<str:name>": Write(
        at(f"/api/v1/{TEAM}"), {"title": "Mine"}, ("put", "patch", "delete")
    ),
    "api/v1/people/<str:namespace>/<str:name>": Write(
        at("/api/v1/people/default/ada"), {"display_name": "Mine"}, ("put", "patch", "delete")
    ),
    "api/v1/maintenance-windows": Write(
        at("/api/v1/maintenance-windows"),
        {
            "title": "Mine",
            "component": "ci-runners",
            "starts_at": "2030-01-01T00:00:00Z",
            "ends_at": "2030-01-01T01:00:00Z",
        },
    ),
    "api/v1/maintenance-windows/<int:pk>": Write(
        lambda world: f"/api/v1/maintenance-windows/{world.window.pk}", {"title": "Mine"}, ("patch", "delete")
    ),
    "api/v1/campaigns": Write(
        at("/api/v1/campaigns"), lambda _: {"name": "Mine", "level": "gold", "due_on": f"{SOON:%Y-%m-%d}"}, by="root"
    ),
    "api/v1/campaigns/<int:pk>": Write(
        lambda world: f"/api/v1/campaigns/{world.campaign.pk}", {"name": "Mine"}, ("patch", "delete"), by="root"
    ),
    "api/v1/invitations": Write(
        at("/api/v1/invitations"), {"email": "mallory@example.com", "team": "build-ci", "role": "lead"}
    ),
    "api/v1/invitations/<int:pk>": Write(
        lambda world: f"/api/v1/invitations/{world.invitation.pk}", methods=("delete",)
    ),
    "api/v1/invitations/<int:pk>/resend": Write(lambda world: f"/api/v1/invitations/{world.invitation.pk}/resend"),
    "api/v1/locations/<str:namespace>/<str:name>": Write(at(LOCATION), A_LOCATION, ("put", "patch", "delete")),
    "api/v1/locations/preview": Write(at("/api/v1/locations/preview"), {"name": "platform", **A_LOCATION}),
    "api/v1/locations/<str:namespace>/<str:name>/refresh": Write(at(f"{LOCATION}/refresh")),
    "api/v1/locations/<str:namespace>/<str:name>/webhook": Write(at(f"{LOCATION}/webhook"), methods=("post", "delete")),
    "api/v1/me/stars/<path:ref>": Write(
        at("/api/v1/me/stars/component:default/ci-runners"),
        methods=("put", "delete"),
        but=ONESELF,
        why="everybody signed in stars what they like; it touches their own list only",
    ),
    "api/v1/sharing/<path:ref>": Write(at("/api/v1/sharing/component:default/ci-runners"), methods=("put", "delete")),
    "api/v1/me/views": Write(at("/api/v1/me/views"), {"name": "Mine", "query": "tier=1", "team": "build-ci"}),
    "api/v1/me/views/<str:number>": Write(lambda world: f"/api/v1/me/views/{world.view.pk}", methods=("delete",)),
}
TIMES = {"starts_at": "2030-01-01T00:00", "ends_at": "2030-01-01T01:00", "time_zone": "UTC"}
PAGES: dict[str, Write] = {
    "components/new": Write(at("/components/new"), {"kind": "component", "namespace": "default", "name": "x"}),
    "components/<str:kind>/<str:namespace>/<str:name>/edit": Write(at(f"/{COMPONENT}/edit"), {"title": "Mine"}),
    "components/<str:kind>/<str:namespace>/<str:name>/retire": Write(at(f"/{COMPONENT}/retire")),
    "components/<str:kind>/<str:namespace>/<str:name>/confirm": Write(at(f"/{COMPONENT}/confirm")),
    "teams/<str:namespace>/<str:name>/confirm": Write(at(f"/{TEAM}/confirm")),
    "catalog/import": Write(at("/catalog/import"), {"text": json.dumps(MANIFEST), "apply": "1"}),
    "catalog/queue/fix": Write(
        at("/catalog/queue/fix"), lambda world: {"fix": "remove", "case": f"target:{world.dangling.pk}"}
    ),
    "systems/new": Write(at("/systems/new"), {"namespace": "default", "name": "x", "owner": "group:default/build-ci"}),
    "systems/<str:namespace>/<str:name>/edit": Write(at(f"/{SYSTEM}/edit"), {"title": "Mine"}),
    "systems/<str:namespace>/<str:name>/retire": Write(at(f"/{SYSTEM}/retire")),
    "domains/new": Write(at("/domains/new"), {"namespace": "default", "name": "x", "owner": "group:default/build-ci"}),
    "domains/<str:namespace>/<str:name>/edit": Write(at(f"/{DOMAIN}/edit"), {"title": "Mine"}),
    "domains/<str:namespace>/<str:name>/retire": Write(at(f"/{DOMAIN}/retire")),
    "teams/new": Write(
        at("/teams/new"),
        {"namespace": "default", "name": "new"},
        but=frozenset({"other member"}),
        why="anybody signed in may make a team as its lead",
    ),
    "teams/<str:namespace>/<str:name>/edit": Write(at(f"/{TEAM}/edit"), {"title": "Mine"}),
    "teams/<str:namespace>/<str:name>/members": Write(at(f"/{TEAM}/members"), {"person": "mallory", "role": "lead"}),
    "people/<str:namespace>/<str:name>/edit": Write(
        at("/people/default/ada/edit"), {"display_name": "Mine", "time_zone": "UTC"}
    ),
    "settings/mail/test": Write(at("/settings/mail/test"), but=ONESELF, why="everybody may write to themselves"),
    "settings/sources/test": Write(at("/settings/sources/test")),
    "settings/token": Write(at("/settings/token"), {"token": "portico_guessed"}),
    "sharing/<path:ref>/begin": Write(at("/sharing/component:default/ci-runners/begin")),
    "sharing/<path:ref>/end": Write(at("/sharing/component:default/ci-runners/end")),
    "settings/tokens": Write(at("/settings/tokens"), {"name": "Mine", "scopes": ["components:write"]}),
    "settings/tokens/<int:pk>/revoke": Write(lambda world: f"/settings/tokens/{world.token.pk}/revoke"),
    "maintenance/new": Write(
        at("/maintenance/new?component=component:default/ci-runners"), {"title": "Mine", "repeats": "", **TIMES}
    ),
    "maintenance/<int:pk>/edit": Write(
        lambda world: f"/maintenance/{world.window.pk}/edit", {"title": "Mine", "repeats": "", **TIMES}
    ),
    "maintenance/<int:pk>/withdraw": Write(lambda world: f"/maintenance/{world.window.pk}/withdraw"),
    "scorecards/campaigns/new": Write(
        at("/scorecards/campaigns/new"), lambda _: {"name": "Mine", "level": "gold", "due_on": f"{SOON:%Y-%m-%d}"}
    ),
    "scorecards/campaigns/<int:pk>/edit": Write(
        lambda world: f"/scorecards/campaigns/{world.campaign.pk}/edit",
        lambda _: {"name": "Mine", "level": "gold", "due_on": f"{SOON:%Y-%m-%d}"},
    ),
    "scorecards/campaigns/<int:pk>/end": Write(lambda world: f"/scorecards/campaigns/{world.campaign.pk}/end"),
    "invitations": Write(
        at("/invitations"), {"email": "mallory@example.com", "team": "group:default/build-ci", "role": "lead"}
    ),
    "invitations/<int:pk>/resend": Write(lambda world: f"/invitations/{world.invitation.pk}/resend"),
    "invitations/<int:pk>/revoke": Write(lambda world: f"/invitations/{world.invitation.pk}/revoke"),
    "catalog/bulk": Write(
        at("/catalog/bulk"),
        {"ref": "component:default/ci-runners", "action": "owner", "owner": "group:default/networking"},
    ),
    "catalog/views": Write(at("/catalog/views"), {"name": "Mine", "query": "tier=1", "team": "group:default/build-ci"}),
    "catalog/views/<int:pk>/delete": Write(lambda world: f"/catalog/views/{world.view.pk}/delete"),
    "stars": Write(
        at("/stars"),
        {"ref": "component:default/ci-runners"},
        but=ONESELF,
        why="everybody signed in stars what they like; it touches their own list only",
    ),
    "imports/new": Write(
        at("/imports/new"),
        {"name": "x", "namespace": "default", "type": "url", "targets": TARGET, "team": "build-ci", "every": "1h"},
    ),
    "imports/<str:namespace>/<str:name>/edit": Write(
        at(f"{IMPORT}/edit"),
        {"title": "Mine", "type": "url", "targets": TARGET, "team": "group:default/build-ci", "every": "1h"},
    ),
    "imports/<str:namespace>/<str:name>/refresh": Write(at(f"{IMPORT}/refresh")),
    "imports/<str:namespace>/<str:name>/retire": Write(at(f"{IMPORT}/retire")),
    "imports/<str:namespace>/<str:name>/webhook": Write(at(f"{IMPORT}/webhook")),
    "imports/<str:namespace>/<str:name>/orphans": Write(
        at(f"{IMPORT}/orphans"), {"ref": "component:default/ci-runners"}
    ),
    "people/<str:namespace>/<str:name>/reopen": Write(at("/people/default/ada/reopen")),
    "sign-out/everywhere": Write(at("/sign-out/everywhere"), {"password": "guess"}),
    "password": Write(at("/password"), {"old_password": "guess", "new_password1": "x" * 12, "new_password2": "x" * 12}),
}
OPEN = {
    "sign-in": "it is how one gets in; tests/portal/test_sign_in.py",
    "sign-out": "it ends one's own session only",
    "password/forgotten": "it sends a letter to whom it concerns; tests/portal/test_new_password.py",
    "password/new/<str:uidb64>/<str:token>": "its link is the key; tests/portal/test_new_password.py",
    "hooks/locations/<str:namespace>/<str:name>": "its signature is the key; tests/catalog/test_location_hooks.py",
    "welcome/<str:secret>": "its link is the key; tests/portal/test_inviting.py",
}
"""Addresses that write for people nobody knows yet, and where that is looked at."""

READING = {
    "", "home", "docs", "docs/<path:page>", "catalog", "changes", "people", "teams", "maintenance", "healthz", "readyz",
    "settings", "setup",
    "metrics", "api/", "api/v1/", "_style", "slos/<int:pk>", "slos/<int:pk>/live", "teams/<str:namespace>/<str:name>",
    "slos/<int:pk>/costs.csv",
    "components/<str:kind>/<str:namespace>/<str:name>", "people/<str:namespace>/<str:name>",
    r"^changes\.(?P<form>csv|jsonl)$", "catalog/queue", "scorecards", "scorecards/components", "systems", "domains",
    "systems/<str:namespace>/<str:name>", "domains/<str:namespace>/<str:name>",
    "components/<str:kind>/<str:namespace>/<str:name>/blast-radius.csv",
    "components/<str:kind>/<str:namespace>/<str:name>/blast-radius/cell",
    "scorecards/campaigns", "scorecards/campaigns/<int:pk>",
    "components/<str:kind>/<str:namespace>/<str:name>/scorecard",
    "badge/<path:ref>/<slug:what>.svg", "embed/<path:ref>/<slug:what>", "sharing", "sharing/<path:ref>",
    "settings/plugins",
    "search", "catalog/export.csv", "imports", "imports/<str:namespace>/<str:name>",
}  # fmt: skip
"""Pages that only read: function views that don't look at the method, so a POST there is a GET."""


def routes(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from routes(pattern.url_patterns, here)
        else:
            yield here, pattern.callback


def module_of(view: Any) -> str:
    known = getattr(view, "cls", None) or getattr(view, "view_class", None) or view
    return f"{known.__module__}."


def written_by(view: Any) -> set[str]:
    """The unsafe methods an address takes; of a plain function nobody can tell, so it counts."""
    known = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return {"post"} if known is None else {method for method in UNSAFE if hasattr(known, method)}


def ours() -> dict[str, set[str]]:
    django = ("django.contrib.auth.",)
    found = ((route, view) for route, view in routes(get_resolver().url_patterns))
    return {
        route: written_by(view)
        for route, view in found
        if module_of(view).startswith((*OURS, *django)) and written_by(view)
    }


def test_every_address_that_writes_is_in_the_table() -> None:
    known = API.keys() | PAGES.keys() | OPEN.keys() | READING
    assert {route for route in ours() if route not in known} == set()


def test_every_method_of_an_address_is_in_the_table() -> None:
    taken = ours()
    for route, write in API.items():
        assert set(write.methods) == taken[route], route


def test_the_table_names_only_what_is_there() -> None:
    assert (API.keys() | PAGES.keys() | OPEN.keys()) - ours().keys() == set()


def counted() -> dict[str, int]:
    """Rows of every table of ours; what a session or a sign-in leaves is no write of the catalog."""
    labels = ("catalog", "slo", "incidents")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return {model.__name__: model._default_manager.count() for model in models}


def state(world: World) -> list[Any]:
    """What the attacks are after, to the last column."""
    rows: list[Any] = [
        world.system,
        world.domain,
        world.ada,
        world.build,
        world.runners,
        world.window,
        world.invitation,
        world.token,
        world.imported,
        world.view,
        world.campaign,
    ]
    return [type(row)._default_manager.filter(pk=row.pk).values().get() for row in rows]


def guests(world: World) -> dict[str, APIClient]:
    def holding(*scopes: str, **more: Any) -> APIClient:
        return make.signed(APIClient(), make.token(*scopes, **more)[1])

    wrong = [scope for scope in ApiToken.Scope.values if scope != ApiToken.Scope.COMPONENTS]
    member = APIClient()
    member.force_login(make.account_of(world.mallory))
    return {
        "nobody": APIClient(),
        "made up": make.signed(APIClient(), "portico_guessed"),
        "wrong scope": holding(*wrong),
        "other team": holding("components:write", teams=[world.networking]),
        "other member": member,
    }


@pytest.fixture
def world() -> World:
    """See `World`."""
    cache.clear()
    return World()


@pytest.mark.parametrize("who", sorted(ALL))
@pytest.mark.parametrize("route", API)
def test_the_api_turns_away_whoever_must_not_write(world: World, route: str, who: str) -> None:
    write, guest = API[route], guests(world)[who]
    if who in write.but:
        pytest.skip(write.why)
    before, rows, log = counted(), state(world), AuditEntry.objects.count()
    for method in write.methods:
        code = getattr(guest, method)(write.path(world), write.said(world)).status_code
        wanted = {401} if who in {"nobody", "made up"} else REFUSED | write.each
        assert code in wanted, (method, code)
    assert (counted(), state(world), AuditEntry.objects.count()) == (before, rows, log)


@pytest.mark.parametrize("who", ["nobody", "other member"])
@pytest.mark.parametrize("route", PAGES)
def test_pages_turn_away_whoever_must_not_write(world: World, route: str, who: str) -> None:
    write, guest = PAGES[route], Client()
    if who in write.but:
        pytest.skip(write.why)
    if who != "nobody":
        guest.force_login(make.account_of(world.mallory))
    before, rows, log = counted(), state(world), AuditEntry.objects.count()
    answer = guest.post(write.path(world), write.said(world))
    if who == "nobody":
        assert (answer.status_code, answer["Location"].startswith("/sign-in?")) == (302, True)
    else:
        # a form says what is wrong (400), a button goes back to its page with a message (302)
        assert answer.status_code in REFUSED | {200, 302, 400}
    assert (counted(), state(world), AuditEntry.objects.count()) == (before, rows, log)
    world.mallory.refresh_from_db()
    assert make.account_of(world.mallory).check_password(make.PASSWORD)


@pytest.mark.parametrize("route", PAGES)
def test_pages_take_no_token(world: World, route: str) -> None:
    before, rows = counted(), state(world)
    _, text = make.token("components:write")
    answer = make.signed(APIClient(), text).post(PAGES[route].path(world), PAGES[route].said(world))
    assert answer.status_code == 302
    assert (state(world), counted() | {"ApiToken": 0}) == (rows, before | {"ApiToken": 0})


@pytest.mark.parametrize("route", sorted(API.keys() - {"api/v1/people/<str:namespace>/<str:name>"}))
def test_the_table_is_about_what_its_own_people_may_do(world: World, route: str) -> None:
    """Or the refusals above would prove nothing."""
    write, lead = API[route], APIClient()
    lead.force_login(make.account_of(getattr(world, write.by)))
    for method in write.methods:
        code = getattr(lead, method)(write.path(world), write.said(world)).status_code
        assert code in {200, 201, 202, 204}, (method, code)
