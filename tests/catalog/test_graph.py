"""What breaks when something breaks, and whose it is."""

from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.graph import blast_radius, narrow_blast_radius
from catalog.models import Component
from tests import make
from tests.effort import examples

pytestmark = pytest.mark.django_db


def depths(component: Component) -> dict[str, int]:
    """Names of what is hurt, with how far away it is."""
    names = dict(Component.objects.values_list("pk", "name"))
    return {names[hurt.component_id]: hurt.depth for hurt in blast_radius(component.pk).components}


def test_nothing_depends_on_a_lonely_component() -> None:
    radius = blast_radius(make.component("alone").pk)
    assert (radius.components, radius.team_ids, radius.people_count) == ((), (), 0)


def test_what_depends_indirectly_is_hurt_too_and_the_shortest_way_counts() -> None:
    runners, argo, shop = make.component("runners"), make.component("argo"), make.component("shop")
    make.dependency(argo, runners)
    make.dependency(shop, argo)
    make.dependency(shop, runners)
    assert depths(runners) == {"argo": 1, "shop": 1}
    assert depths(argo) == {"shop": 1}


def test_a_cycle_ends_and_nobody_hurts_themselves() -> None:
    a, b, c = make.component("a"), make.component("b"), make.component("c")
    make.dependency(b, a)
    make.dependency(c, b)
    make.dependency(a, c)
    assert depths(a) == {"b": 1, "c": 2}
    assert depths(b) == {"c": 1, "a": 2}


def test_an_api_breaks_with_its_provider_and_takes_its_consumers_along() -> None:
    provider, api, consumer = make.component("orders"), make.component("orders-api", kind="api"), make.component("shop")
    make.dependency(provider, api, relation="providesApi")
    make.dependency(consumer, api, relation="consumesApi")
    assert depths(provider) == {"orders-api": 1, "shop": 2}
    assert depths(consumer) == {}


def test_being_part_of_something_does_not_break_it() -> None:
    part, whole = make.component("part"), make.component("whole")
    make.dependency(part, whole, relation="subcomponentOf")
    assert depths(part) == {}
    assert depths(whole) == {}


def test_what_is_retired_neither_breaks_nor_passes_it_on() -> None:
    base, gone, near = make.component("base"), make.component("gone", retired_at=make.NOW), make.component("near")
    shop = make.component("shop", owner=make.team("shop", make.person("ada")))
    make.dependency(gone, base)
    make.dependency(shop, gone)
    make.dependency(near, base)
    assert depths(base) == {"near": 1}
    assert (blast_radius(base.pk).team_ids, blast_radius(base.pk).people_count) == ((), 0)


def test_somebody_in_two_hurt_teams_is_counted_once() -> None:
    ada, ben, cyd = make.person("ada"), make.person("ben"), make.person("cyd")
    one, two = make.team("one", ada, ben), make.team("two", ben, cyd)
    base = make.component("base")
    make.dependency(make.component("x", owner=one), base)
    make.dependency(make.component("y", owner=two), base)
    radius = blast_radius(base.pk)
    assert (set(radius.team_ids), radius.people_count) == ({one.pk, two.pk}, 3)


def test_the_path_says_by_which_way_it_reaches_somebody() -> None:
    a, b, c = make.component("a"), make.component("b"), make.component("c")
    make.dependency(b, a)
    make.dependency(c, b)
    assert blast_radius(a.pk).paths()[c.pk] == (a.pk, b.pk, c.pk)


def test_diamonds_of_any_depth_stay_cheap() -> None:
    layers = [[make.component(f"l{i}-{j}") for j in range(4)] for i in range(12)]
    for below, above in pairwise(layers):
        for holder in above:
            for target in below:
                make.dependency(holder, target)
    found = depths(layers[0][0])  # 4^11 paths; a walk along paths would not come back
    assert len(found) == 44
    assert found["l11-3"] == 11


KEYS = st.integers(0, 9)
RELATIONS = st.sampled_from(["dependsOn", "consumesApi", "providesApi"])
EDGES = st.tuples(KEYS, KEYS, RELATIONS).filter(lambda edge: edge[0] != edge[1])


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edges=st.lists(EDGES, max_size=30),
    retired=st.sets(KEYS, max_size=4),
    most=st.integers(1, 12),
)
def test_whatever_the_edges_it_is_what_a_walk_step_by_step_finds(
    edges: list[tuple[int, int, str]], retired: set[int], most: int
) -> None:
    with transaction.atomic():
        rows = [make.component(f"c{n}", retired_at=make.NOW if n in retired else None) for n in range(10)]
        for holder, target, relation in set(edges):
            make.dependency(rows[holder], rows[target], relation=relation)
        for start in range(10):
            depths_by_hand = walked_by_hand(start, edges, retired)
            radius = blast_radius(rows[start].pk)
            assert [(hurt.component_id, hurt.depth) for hurt in radius.components] == sorted(
                ((rows[n].pk, depth) for n, depth in depths_by_hand.items()), key=lambda one: (one[1], one[0])
            )
            narrow = narrow_blast_radius(rows[start].pk, most=most)
            assert narrow == (radius if len(depths_by_hand) < most - 1 else None)
        transaction.set_rollback(True)


def walked_by_hand(start: int, edges: list[tuple[int, int, str]], retired: set[int]) -> dict[int, int]:
    """By number of what breaks how many steps away it is."""
    breaks = {(target, holder) if relation != "providesApi" else (holder, target) for holder, target, relation in edges}
    found, level, depth = {start: 0}, {start}, 0
    while level:
        depth += 1
        level = {hurt for broken, hurt in breaks if broken in level and hurt not in found and hurt not in retired}
        found |= dict.fromkeys(level, depth)
    return {n: depth for n, depth in found.items() if n != start}
