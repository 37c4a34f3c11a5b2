"""The sums that every write keeps are what counting would find, whatever is written and however."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Component, Tally
from catalog.operations.tallying import gather_tally
from catalog.queries import ComponentFilter, count_choices
from catalog.queries.tallying import tallied, tallied_cells
from tests import make
from tests.effort import examples

pytestmark = pytest.mark.django_db

TAGS = st.lists(st.sampled_from(["go", "eu", "x" * 700]), max_size=3, unique=True)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "tags": TAGS,
        "type": st.sampled_from(["", "runner", 'of "two" parts, [and] more']),
        "lifecycle": st.sampled_from(["", "production"]),
        "tier": st.sampled_from([None, 1, 4]),
        "system_ref": st.sampled_from(["", "system:default/ci"]),
        "worst": st.integers(-1, 4),
        "retired_at": st.sampled_from([None, make.NOW]),
    },
)
WRITES = st.lists(st.tuples(st.sampled_from(["add", "change", "change all", "remove", "gather"]), FIELDS), max_size=12)


def counted_by_hand() -> dict[str, Counter[Any]]:
    """What the sums must be."""
    found: dict[str, Counter[Any]] = {"cell": Counter(), "owner": Counter(), "system": Counter(), "tag": Counter()}
    for one in Component.objects.filter(retired_at=None):
        found["cell"][one.kind, one.type, one.lifecycle, one.urgency, one.calm] += 1
        found["owner"][one.owner_id] += 1
        found["system"][one.system_ref] += 1
        found["tag"].update(one.tags)
    return found


def as_told() -> dict[str, Counter[Any]]:
    """What the sums are."""
    sums = tallied()
    assert sums.cell == tallied_cells()
    return {"cell": sums.cell, "owner": sums.owner, "system": sums.system, "tag": sums.tag}


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WRITES)
def test_after_any_writes_the_sums_are_what_counting_finds(writes: list[tuple[str, dict[str, Any]]]) -> None:
    with transaction.atomic():
        teams = [make.team(), make.team()]
        for n, (write, fields) in enumerate(writes):
            some = Component.objects.order_by("pk")
            if write == "add":
                make.component(owner=teams[n % 2] if n % 3 else None, **fields)
            elif write == "change" and (first := some.first()):
                some.filter(pk=first.pk).update(owner=teams[n % 2], **fields)
            elif write == "change all":
                some.update(owner=None, **fields)
            elif write == "remove" and (last := some.last()):
                some.filter(pk=last.pk).delete()
            elif write == "gather":
                gather_tally()
            assert as_told() == counted_by_hand()
        transaction.set_rollback(True)


def test_what_a_write_leaves_as_it_is_adds_no_row() -> None:
    made = make.component(tags=["go"])
    before = Tally.objects.count()
    Component.objects.filter(pk=made.pk).update(description="Told anew", updated_at=make.NOW)
    assert Tally.objects.count() == before


def test_gathered_each_value_has_one_row_and_what_is_nowhere_has_none() -> None:
    made = [make.component(type="runner", tags=["go"]) for _ in range(3)]
    Component.objects.filter(pk=made[0].pk).update(type="cluster", tags=[])
    before = as_told()
    gather_tally()
    rows = list(Tally.objects.values_list("field", "value"))
    assert (len(rows), as_told()) == (len(set(rows)), before)
    Component.objects.all().delete()
    gather_tally()
    assert not Tally.objects.exists()


def test_an_emptied_table_counts_for_nothing() -> None:
    make.component()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # of rows just written, else they hold the table
        cursor.execute("TRUNCATE catalog_component CASCADE")
    assert tallied_cells() == Counter()
    assert count_choices(ComponentFilter()).total == 0
