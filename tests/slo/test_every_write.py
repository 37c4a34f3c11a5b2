"""Every address of the slo app that writes, met by those who must not; as tests/catalog/test_every_write.py.

A new address fails `test_every_address_that_writes_is_in_the_table` until it has a line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import ApiToken, AuditEntry
from slo.models import BudgetPolicy, Exclusion
from slo.operations import save_policy
from slo.windows import WORKBOOK
from tests import make, make_slo
from tests.catalog.test_every_write import ALL, REFUSED, counted, module_of, routes, written_by

pytestmark = pytest.mark.django_db
OURS = "slo."


class World:
    """Build & CI, which Ada leads, owns ci-runners and its objective; Mallory is in Networking, Root an admin."""

    def __init__(self) -> None:
        self.ada, self.mallory = make.person("ada"), make.person("mallory")
        self.root = make.person("root", admin=True)
        self.build, self.networking = make.team("build-ci", lead=self.ada), make.team("networking", self.mallory)
        self.runners = make.component("ci-runners", owner=self.build)
        self.source = make_slo.source(name="main", is_default=True)
        self.spare = make_slo.source(name="spare")
        self.objective = make_slo.objective("jobs", component=self.runners, source=self.source)
        make_slo.open_ledger(self.objective, start=make.NOW - timedelta(hours=1))
        self.policy = save_policy(name="ours", rules=WORKBOOK, actor=Actor(person=self.root), now=make.NOW)
        times = {"created_at": make.NOW, "updated_at": make.NOW}
        self.agreed = BudgetPolicy.objects.create(
            name="strict", thresholds=[{"remaining": 0.1, "action": "Look", "holds": False}], **times
        )
        self.exclusion = Exclusion.objects.create(
            title="w",
            component=self.runners,
            starts_at=make.NOW,
            ends_at=make.NOW + timedelta(hours=1),
            created_at=make.NOW,
        )
        for somebody in (self.ada, self.mallory, self.root):
            make.account_of(somebody)

    def rows(self) -> list[Any]:
        """What the attacks are after, to the last column."""
        found: list[Any] = [
            self.source, self.spare, self.objective, self.objective.definition, self.objective.policy, self.agreed,
            self.exclusion, self.build,
        ]  # fmt: skip
        return [type(row)._default_manager.filter(pk=row.pk).values().get() for row in found]


@dataclass(frozen=True)
class Write:
    """How an address is asked; `but` are those whom it may let in after all."""

    path: str | Callable[[World], str]
    body: Mapping[str, Any] = field(default_factory=dict)
    methods: tuple[str, ...] = ("post",)
    but: frozenset[str] = frozenset()
    why: str = ""

    def at(self, world: World) -> str:
        """The address in this world."""
        return self.path if isinstance(self.path, str) else self.path(world)


OBJECTIVE = {
    "component": "component:default/ci-runners", "type": "promql", "target": 0.9, "source": "main",
    "indicator": {"ratio": "sum(rate(x[$window]))"},
}  # fmt: skip
AN_HOUR = {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T01:00:00Z"}
READS = frozenset({"wrong scope", "other team", "other member"})
RULES = [{"name": "page", "title": "Page", "factor": "10", "long": "1h", "short": "5m", "severity": "page"}]
API: dict[str, Write] = {
    "api/v1/slos/<str:name>": Write("/api/v1/slos/jobs", OBJECTIVE, ("put", "patch", "delete")),
    "api/v1/slos/<str:name>/backtest": Write(
        "/api/v1/slos/jobs/backtest", {"target": 0.9}, but=READS, why="it writes nothing; whoever reads may ask"
    ),
    "api/v1/slos/<str:name>/rebuild": Write(
        "/api/v1/slos/jobs/rebuild", {"start": (make.NOW - timedelta(minutes=30)).isoformat()}
    ),
    "api/v1/slos/preview": Write("/api/v1/slos/preview", {"name": "new", **OBJECTIVE}),
    "api/v1/exclusions": Write("/api/v1/exclusions", {"title": "Mine", "component": "ci-runners", **AN_HOUR}),
    "api/v1/exclusions/<int:pk>": Write(
        lambda world: f"/api/v1/exclusions/{world.exclusion.pk}",
        {"title": "Mine"},
        ("patch", "delete"),
    ),
    "api/v1/teams/<str:namespace>/<str:name>/budget-policy": Write(
        "/api/v1/teams/default/build-ci/budget-policy", {"policy": "strict"}, ("put",)
    ),
    "api/v1/budget-policies/<str:name>": Write(
        "/api/v1/budget-policies/strict",
        {"thresholds": [{"remaining": 0.5, "action": "Look", "holds": False}]},
        ("put", "delete"),
    ),
    "api/v1/alert-policies/<slug:name>": Write("/api/v1/alert-policies/ours", {"rules": RULES}, ("put", "delete")),
    "api/v1/sources/<slug:name>/test": Write("/api/v1/sources/spare/test"),
    "api/v1/sources/<slug:name>": Write(
        "/api/v1/sources/spare", {"url": "https://evil.example.org"}, ("put", "patch", "delete")
    ),
}
PAGES: dict[str, Write] = {
    "slos/new": Write("/slos/new", {"component": "component:default/ci-runners", "name": "x"}),
    "slos/<int:pk>/edit": Write(lambda world: f"/slos/{world.objective.pk}/edit", {"target": "50"}),
    "slos/<int:pk>/retire": Write(lambda world: f"/slos/{world.objective.pk}/retire"),
    "slos/exclusions/new": Write("/slos/exclusions/new?component=component:default/ci-runners", {"title": "x"}),
    "slos/exclusions/<int:pk>/edit": Write(lambda world: f"/slos/exclusions/{world.exclusion.pk}/edit"),
    "slos/exclusions/<int:pk>/withdraw": Write(lambda world: f"/slos/exclusions/{world.exclusion.pk}/withdraw"),
    "budget-policies/new": Write("/budget-policies/new", {"name": "mine"}),
    "budget-policies/<slug:name>/edit": Write("/budget-policies/strict/edit", {"title": "Mine"}),
    "budget-policies/<slug:name>/delete": Write("/budget-policies/strict/delete"),
    "budget-policies/<slug:name>/team": Write("/budget-policies/strict/team", {"team": "group:default/build-ci"}),
    "alert-policies/new": Write("/alert-policies/new", {"name": "mine"}),
    "alert-policies/<slug:name>/edit": Write("/alert-policies/ours/edit", {"title": "Mine"}),
    "alert-policies/<slug:name>/delete": Write("/alert-policies/ours/delete"),
    "settings/sources/new": Write("/settings/sources/new", {"name": "mine", "url": "https://evil.example.org"}),
    "settings/sources/<slug:name>/edit": Write("/settings/sources/spare/edit", {"url": "https://evil.example.org"}),
    "settings/sources/<slug:name>/test": Write("/settings/sources/spare/test"),
    "settings/sources/<slug:name>/retire": Write("/settings/sources/spare/retire"),
}
READING = {
    "slos", "slos/<int:pk>/backtest", "slos/exclusions", "slos/suggestions", "budget-policies",
    "budget-policies/<slug:name>", "alert-policies", "alert-policies/<slug:name>", "settings/sources",
}  # fmt: skip
"""Pages that only read: function views that don't look at the method, so a POST there is a GET."""


def ours() -> dict[str, set[str]]:
    found = ((route, view) for route, view in routes(get_resolver().url_patterns))
    return {route: written_by(view) for route, view in found if module_of(view).startswith(OURS) and written_by(view)}


def test_every_address_that_writes_is_in_the_table() -> None:
    assert set(ours()) == API.keys() | PAGES.keys() | READING


def test_every_method_of_an_address_is_in_the_table() -> None:
    taken = ours()
    for route, write in API.items():
        assert set(write.methods) == taken[route], route


def guests(world: World) -> dict[str, APIClient]:
    def holding(*scopes: str, **more: Any) -> APIClient:
        return make.signed(APIClient(), make.token(*scopes, **more)[1])

    member = APIClient()
    member.force_login(make.account_of(world.mallory))
    return {
        "nobody": APIClient(),
        "made up": make.signed(APIClient(), "portico_guessed"),
        "wrong scope": holding(*(scope for scope in ApiToken.Scope.values if scope != ApiToken.Scope.SLOS)),
        "other team": holding("slos:write", teams=[world.networking]),
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
    before, rows, log = counted(), world.rows(), AuditEntry.objects.count()
    for method in write.methods:
        code = getattr(guest, method)(write.at(world), write.body, format="json").status_code
        assert code in ({401} if who in {"nobody", "made up"} else REFUSED), (method, code)
    assert (counted(), world.rows(), AuditEntry.objects.count()) == (before, rows, log)


@pytest.mark.parametrize("who", ["nobody", "other member"])
@pytest.mark.parametrize("route", PAGES)
def test_pages_turn_away_whoever_must_not_write(world: World, route: str, who: str) -> None:
    write, guest = PAGES[route], Client()
    if who != "nobody":
        guest.force_login(make.account_of(world.mallory))
    before, rows, log = counted(), world.rows(), AuditEntry.objects.count()
    answer = guest.post(write.at(world), write.body)
    if who == "nobody":
        assert (answer.status_code, answer["Location"].startswith("/sign-in?")) == (302, True)
    else:
        # a form says what is wrong (400), a button goes back to its page with a message (302)
        assert answer.status_code in REFUSED | {200, 302, 400}
    assert (counted(), world.rows(), AuditEntry.objects.count()) == (before, rows, log)


@pytest.mark.parametrize("route", PAGES)
def test_pages_take_no_token(world: World, route: str) -> None:
    before, rows = counted(), world.rows()
    _, text = make.token("slos:write")
    answer = make.signed(APIClient(), text).post(PAGES[route].at(world), PAGES[route].body)
    assert answer.status_code == 302
    assert (world.rows(), counted() | {"ApiToken": 0}) == (rows, before | {"ApiToken": 0})


@pytest.mark.parametrize("route", API)
def test_the_table_is_about_what_its_own_people_may_do(world: World, route: str) -> None:
    """Or the refusals above would prove nothing. Nothing is counted yet, so there is nothing to count again."""
    write, owner = API[route], APIClient()
    admins = ("budget-policies/", "alert-policies/", "sources/")
    person = world.root if route.removeprefix("api/v1/").startswith(admins) else world.ada
    owner.force_login(make.account_of(person))
    for method in write.methods:
        answer = getattr(owner, method)(write.at(world), write.body, format="json")
        wanted = {400} if route.endswith("/rebuild") else {200, 201, 202, 204}
        assert answer.status_code in wanted, (method, answer.status_code, answer.content)
