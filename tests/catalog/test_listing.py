"""The catalog as a list: filters, orders, pages however deep, and counts."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog import queries
from catalog.filters import component_filter, kept_query
from catalog.models import Component, ComponentHealth, Person, System, Team
from catalog.operations import report_health
from catalog.queries import SORTS, ComponentFilter, counting
from portal.lib.kept import Kept
from tests import make
from tests.effort import examples

pytestmark = pytest.mark.django_db


def names(**wanted: object) -> list[str]:
    """What a filter leaves, by name."""
    return sorted(queries.components(ComponentFilter(**wanted)).values_list("name", flat=True))  # type: ignore[arg-type]


@pytest.fixture
def reader(api: APIClient) -> APIClient:
    """A client that may read."""
    return make.signed(api, make.token("read")[1])


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ci run", ["ci-runners"]),
        ("RUNNERS", ["ci-runners"]),
        ("hosted", ["ci-runners"]),
        ("linux", ["ci-runners"]),
        ("build-cluster", ["ci-runners"]),
        ("spot", ["ci-runners"]),
        ("playbook", ["ci-runners"]),
        ("github.com/project", ["ci-runners"]),
        ("xyzq", []),
        ("ci vault", []),
        ("bucket", ["myBucketStore"]),
        ("", ["ci-runners", "myBucketStore", "vault"]),
        ("  ", ["ci-runners", "myBucketStore", "vault"]),
        ("???", []),
    ],
)
def test_every_word_begins_one_of_names_tags_labels_or_texts(q: str, found: list[str]) -> None:
    make.component(
        "ci-runners",
        title="CI runners",
        description="Self-hosted",
        tags=["linux"],
        labels={"pool": "build-cluster"},
        docs="# Spot\nthe playbook",
        annotations={"github.com/project-slug": "x/y"},
    )
    make.component("vault")
    make.component("myBucketStore")
    assert names(q=component_filter(QueryDict(f"q={q}")).q) == found


@pytest.mark.parametrize("q", ["ci-runers", "ci-runnesr", "runnners", "rumners ci"])
def test_slips_are_forgiven_where_nothing_is_called_so(q: str) -> None:
    make.component("ci-runners")
    make.component("vault")
    assert names(q=q) == ["ci-runners"]


def test_what_is_called_so_hides_what_only_nearly_is() -> None:
    make.component("vault")
    make.component("vaults-of-old")
    make.component("valut")
    assert names(q="valut") == ["valut"]


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_searched_for_without_an_error(text: str) -> None:
    query = QueryDict(mutable=True)
    query["q"] = text
    wanted = component_filter(query)
    assert list(queries.components(wanted)) == []
    assert queries.count_choices(wanted).total == 0


def test_tags_must_all_be_there_and_be_whole() -> None:
    make.component("a", tags=["cloud-native", "go"])
    make.component("b", tags=["cloud-native"])
    make.component("c", tags=["cloud", "native"])
    make.component("d", tags=["c++", "+"])
    assert names(tag=("cloud-native",)) == ["a", "b"]
    assert names(tag=("cloud-native", "go")) == ["a"]
    assert names(tag=("+",)) == ["d"]
    assert names(tag=("c",)) == []


@pytest.mark.parametrize("sort", SORTS)
def test_pages_in_every_order_show_each_component_once_forwards_and_back(sort: str) -> None:
    team = make.team("build-ci")
    for n in range(23):
        made = make.component(f"c{n:02}", tier=n % 5 or None, owner=team if n % 3 else None, type=f"t{n % 4}")
        if n % 2:
            state = ComponentHealth.State(n % 4)
            report_health(component_id=made.pk, source="slo", state=state, summary="", now=make.NOW)
    rows, order = queries.components(ComponentFilter()), SORTS[sort]
    whole = list(rows.order_by(*order))
    seen: list[Component] = []
    page = queries.page(rows, order, size=5)
    while True:
        seen += page.rows
        if not page.next:
            break
        page = queries.page(rows, order, cursor=page.next, size=5)
    assert seen == whole
    for _ in range(4):
        page = queries.page(rows, order, cursor=page.previous, size=5)
    assert list(page.rows) == whole[:5]


@pytest.mark.parametrize("sort", SORTS)
def test_a_deep_page_begins_at_its_place_in_an_index(sort: str) -> None:
    row, order = make.component("m"), SORTS[sort]
    rows = queries.components(ComponentFilter())
    cursor = queries.page(rows, order, size=1)
    assert cursor.next == ""
    from_there = queries.page(rows, order, cursor=queries.keyset.cursor_after(row, order))
    assert from_there.rows == ()
    with connection.cursor() as asked:
        asked.execute("SET LOCAL enable_seqscan = off")
        asked.execute("SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off")
        asked.execute("SET LOCAL enable_bitmapscan = off")
        beyond = rows.filter(queries.keyset._beyond(list(order), [getattr(row, f) for f in order])).order_by(*order)
        sql, given_ = beyond[:50].query.sql_with_params()
        asked.execute(f"EXPLAIN (FORMAT JSON) {sql}", given_)
        plan = json.loads(json.dumps(asked.fetchone()[0]))[0]["Plan"]["Plans"][0]
    assert plan["Node Type"].startswith("Index")
    assert "ROW(" in plan["Index Cond"]


@pytest.mark.parametrize("place", ["[1, 2, 3, 4]", '["x", 1, "a", 1]', '[true, 1, "a", 1]', '[0, 1, "a\\u0000", 1]'])
def test_a_cursor_of_other_kinds_of_values_is_the_first_page(place: str) -> None:
    make.component("a")
    rows = queries.components(ComponentFilter())
    cursor = base64.urlsafe_b64encode(f'["+", {place[1:]}'.encode()).decode()
    assert len(queries.page(rows, SORTS["health"], cursor=cursor).rows) == 1


def by_hand(wanted: ComponentFilter, field: str, value: Callable[[Component], list[object]]) -> dict[str, int]:
    """Counts of one facet the slow way."""
    found: dict[str, int] = {}
    others = wanted if field == "tag" else replace(wanted, **{field: ()})  # type: ignore[arg-type]
    for component in queries.components(others):
        for one in value(component):
            found[str(one)] = found.get(str(one), 0) + 1
    return found


HEALTHS = {n: key for key, n in queries.Healths.KEYS.items()}
VALUES: dict[str, Callable[[Component], list[object]]] = {
    "kind": lambda c: [c.kind],
    "type": lambda c: [c.type] if c.type else [],
    "lifecycle": lambda c: [c.lifecycle] if c.lifecycle else [],
    "tier": lambda c: [c.tier] if c.tier else [],
    "health": lambda c: [HEALTHS[c.worst]],
    "owner": lambda c: [c.owner.ref if c.owner else "none"],
    "system": lambda c: [c.system_ref] if c.system_ref else [],
    "tag": lambda c: list(c.tags),
}


@pytest.fixture
def many() -> Team:
    """Components of which every field differs somewhere, some with more tags than an index takes."""
    teams = [make.team("build-ci"), make.team("networking")]
    make_system("ci")
    for n in range(40):
        made = make.component(
            f"c{n:02}",
            kind=("component", "api")[n % 5 == 0],
            type=f"t{n % 3}" if n % 7 else "",
            lifecycle=("production", "", "deprecated")[n % 3],
            tier=n % 5 or None,
            owner=teams[n % 2] if n % 3 else None,
            system_ref=f"system:default/{('ci', 'net', 'gone')[n % 3]}" if n % 4 else "",
            tags=[f"tag-{k}" for k in range(n % 3)]
            + ([f"long-tag-number-{k:04}" for k in range(60)] if n == 7 else []),
        )
        if n % 2:
            state = ComponentHealth.State(n % 4)
            report_health(component_id=made.pk, source="slo", state=state, summary="", now=make.NOW)
    return teams[0]


def make_system(name: str) -> System:
    """A system."""
    ref = f"system:default/{name}"
    return System.objects.create(ref=ref, name=name, title=name.upper(), created_at=make.NOW, updated_at=make.NOW)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "tier=1",
        "type=t1&type=t2",
        "health=bad",
        "health=none&q=c0",
        "tier=2&tag=tag-0&owner=networking",
        "tier=1&tier=2&type=t1",
        "health=bad&kind=api",
        "owner=build-ci",
        "owner=none&tier=1",
        "system=ci",
        "system=ci&owner=networking&lifecycle=production",
        "tag=tag-0",
        "tag=tag-0&tag=tag-1&type=t2",
        "q=c0",
        "q=c0&owner=build-ci&health=none",
        "owner=nobody-we-know",
        "q=nothing-like-it",
    ],
)
def test_counts_are_what_each_choice_would_leave(many: Team, asked: str) -> None:
    wanted = component_filter(QueryDict(asked))
    counted = queries.count_choices(wanted)
    assert counted.total == queries.components(wanted).count()
    for field, value in VALUES.items():
        expected = by_hand(wanted, field, value)
        shown = {one.value: one.count for one in counted.facets[field]}
        assert {key: n for key, n in shown.items() if n} == {key: n for key, n in expected.items() if key in shown}, (
            field
        )
        assert len(shown) >= min(len(expected), counting.MOST), field


@pytest.mark.parametrize("asked", ["tier=1", "type=t1&type=t2", "health=bad&q=c0", "kind=api", "tier=1&type=t2"])
def test_counts_from_what_is_kept_are_those_counted_anew(
    many: Team, asked: str, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    wanted = component_filter(QueryDict(asked))
    anew = queries.count_choices(wanted)
    monkeypatch.setattr(counting, "LARGE", 1)
    try:
        queries.count_choices(replace(wanted, kind=(), type=(), tier=(), health=()))
        with django_assert_max_num_queries(6):
            assert queries.count_choices(wanted) == anew
    finally:
        counting.forget_counts()


def test_hundreds_that_are_nearly_called_so_are_asked_for_by_one_parameter(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(30):
        make.component(f"gateway-{n}")
    with django_assert_max_num_queries(4) as asked:
        assert queries.components(ComponentFilter(q="gatewya")).count() == 30
    assert "ANY (" in asked.captured_queries[-1]["sql"]


def test_a_choice_that_leaves_nothing_stays_to_be_taken_back(many: Team) -> None:
    facets = queries.facets(component_filter(QueryDict("type=no-such&system=nowhere&owner=nobody&tag=none-has-it")))
    for field in ("type", "system", "owner", "tag"):
        assert [one.count for one in facets[field] if one.chosen] == [0], field


def test_small_catalogs_are_counted_anew_and_large_ones_may_be_seconds_old(monkeypatch: pytest.MonkeyPatch) -> None:
    make.component("a")
    assert queries.count_choices(ComponentFilter()).total == 1
    make.component("b")
    assert queries.count_choices(ComponentFilter()).total == 2
    monkeypatch.setattr(counting, "LARGE", 1)
    try:
        assert queries.count_choices(ComponentFilter()).total == 2
        make.component("c")
        assert queries.count_choices(ComponentFilter()).total == 2
        assert queries.counts({"All": ComponentFilter()}) == {"All": 3}  # the sums of the whole are never old
        make.component("d")
        assert queries.counts({"All": ComponentFilter()}) == {"All": 3}
    finally:
        counting.forget_counts()


def test_what_is_kept_is_forgotten_after_its_time_and_the_oldest_goes_first() -> None:
    now = [0.0]
    kept: Kept[int] = Kept(seconds=10, most=2, clock=lambda: now[0])
    kept.put("a", 1)
    now[0] = 9
    assert kept.get("a") == 1
    kept.put("b", 2)
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b")) == (None, 2)
    now[0] = 19
    assert kept.get("b") is None


def test_facets_over_the_api_are_those_of_the_page(
    reader: APIClient, many: Team, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(12):
        answer = reader.get("/api/v1/components/facets?tier=1&owner=build-ci&tag=tag-0&system=ci")
    assert answer.status_code == 200
    body = answer.json()
    assert (
        body["total"]
        == queries.components(component_filter(QueryDict("tier=1&owner=build-ci&tag=tag-0&system=ci"))).count()
    )
    assert [one["value"] for one in body["tier"] if one["chosen"]] == ["1"]


@pytest.mark.parametrize("path", ["/api/v1/components/facets", "/api/v1/search?q=x"])
def test_strangers_count_and_search_nothing(api: APIClient, path: str) -> None:
    assert api.get(path).status_code == 401


def test_a_wrong_filter_is_named(reader: APIClient) -> None:
    answer = reader.get("/api/v1/components/facets?tier=9")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "tier")


def test_a_view_keeps_the_filters_and_neither_the_place_nor_what_is_empty_or_unknown() -> None:
    assert kept_query("?tier=1&tier=2&cursor=abc&q=&owner=&evil=1&sort=name") == "tier=1&tier=2&sort=name"


CALLED = {"k8s": "Kubernetes", "zz": "API gateway", "alpha": "", "mid": "cart", "a-last": "Cart"}
"""Titles by name; the list reads alpha, API gateway, cart, Cart, Kubernetes."""


@pytest.mark.parametrize("sort", SORTS)
def test_a_list_is_in_the_order_of_what_people_read_however_they_write_it(sort: str) -> None:
    for name, title in CALLED.items():
        make.component(name, title=title)
    read, cursor = [], ""
    while True:
        page = queries.page(queries.components(ComponentFilter()), SORTS[sort], cursor=cursor, size=2)
        read += [row.label for row in page.rows]
        if not (cursor := page.next):
            break
    assert read == ["alpha", "API gateway", "cart", "Cart", "Kubernetes"]


def test_people_and_teams_too() -> None:
    for name, title in {"zoe": "Ada Okafor", "ada": "linh", "bob": ""}.items():
        make.person(name, display_name=title)
        make.team(f"team-{name}", title=title)
    assert [one.label for one in Person.objects.all()] == ["Ada Okafor", "bob", "linh"]
    assert [one.label for one in Team.objects.all()] == ["Ada Okafor", "linh", "team-bob"]
