"""What breaks when something breaks, and whose it is."""

from itertools import pairwise

import pytest

from catalog.graph import blast_radius
from catalog.models import Component
from tests import make

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
    base, gone, shop = make.component("base"), make.component("gone", retired_at=make.NOW), make.component("shop")
    make.dependency(gone, base)
    make.dependency(shop, gone)
    assert depths(base) == {}


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
