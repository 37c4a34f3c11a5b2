"""One definition, an objective for each value of a label: as values appear and vanish, against a real Prometheus."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from catalog.access import Actor
from catalog.models import ComponentHealth
from slo import grouping, queries
from slo.models import AlertTransition, DataSource, Definition, Ledger, Objective, RuleState, Standing
from slo.operations import ObjectiveDraft, retire_objective, save_objective
from slo.operations.objectives import OneOfAGroup
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import MINUTES, POOLS, Past
from tests.slo.test_crowds import caught_up
from tests.slo.test_evaluation import held

ME = Actor(system="test")


@pytest.fixture
def draft(db: None) -> ObjectiveDraft:
    """Jobs succeed, in each pool."""
    component = make.component("ci")
    return ObjectiveDraft(
        name="jobs", title="Jobs succeed", component=component.ref, type="events", target=Decimal("0.99"), window="1d",
        indicator={"bad": 'jobs_total{result="bad"}', "total": "jobs_total"}, group_by=("pool",),
    )  # fmt: skip


@pytest.mark.live
@needs_prometheus
def test_each_value_has_an_objective_of_its_own(past: Past, draft: ObjectiveDraft) -> None:
    make_slo.source(past.url, is_default=True)
    parent = save_objective(draft=draft, actor=ME, now=past.at(100)).objective
    assert parent.ledger is None
    assert grouping.discover_due(now=past.at(100)) == len(POOLS)
    assert grouping.discover_due(now=past.at(100)) == 0, "it has just been looked"
    children = {child.group_values["pool"]: child for child in parent.children.all()}
    assert set(children) == set(POOLS)
    steady = children["steady"]
    assert (steady.name, steady.title) == ("jobs-steady", "Jobs succeed: steady")
    book = Ledger.objects.get(objective=steady)
    assert book.indicator == {
        "bad": 'jobs_total{pool="steady",result="bad"}', "total": 'jobs_total{pool="steady"}',
    }  # fmt: skip
    caught_up(past, 150)
    before, after = past.at(100), past.at(150)
    for pool, child in children.items():
        if pool != "gone":
            counted = held(child, after).total - held(child, before).total
            assert counted == past.sums(pool, 100, 150).total, pool
    fleet = [one.name for one in queries.fleet()]
    assert sorted(fleet) == sorted(f"jobs-{pool}" for pool in POOLS), "the pattern is in no list of what is promised"
    assert queries.fleet_totals().objectives == len(POOLS)


@pytest.mark.live
@needs_prometheus
def test_values_that_have_no_samples_for_a_day_are_retired_and_come_back(past: Past, draft: ObjectiveDraft) -> None:
    make_slo.source(past.url, is_default=True)
    parent = save_objective(draft=draft, actor=ME, now=past.at(100)).objective
    grouping.discover_due(now=past.at(100))
    late = past.at(MINUTES) + timedelta(days=2)
    assert grouping.discover_due(now=late) == len(POOLS)
    assert not parent.children.filter(retired_at=None).exists()
    assert grouping.discover_due(now=past.at(200) + timedelta(minutes=5)) == 0, "it was looked later than that"
    Definition.objects.update(grouped_at=None)
    assert grouping.discover_due(now=past.at(210)) == len(POOLS)
    assert parent.children.filter(retired_at=None).count() == parent.children.count() == len(POOLS)
    assert Standing.objects.filter(objective__parent=parent, state=Standing.State.BUILDING).count() == len(POOLS)


def _grouped(draft: ObjectiveDraft, *found: tuple[str, ...], source: DataSource | None = None) -> Objective:
    if source is None:
        make_slo.source(is_default=True)
    parent = save_objective(draft=draft, actor=ME, now=make.NOW, look_up=False).objective
    align(parent, *found)
    return parent


def align(parent: Objective, *found: tuple[str, ...]) -> int:
    with transaction.atomic():
        return grouping.align(parent.pk, list(found), now=make.NOW)


def test_a_change_of_the_promise_reaches_every_child_and_keeps_its_counts(draft: ObjectiveDraft) -> None:
    parent = _grouped(draft, ("a",), ("b",))
    books = set(Ledger.objects.values_list("pk", flat=True))
    save_objective(draft=replace(draft, target=Decimal("0.9"), window="7d"), actor=ME, now=make.NOW, look_up=False)
    assert {(one.target, one.window_days) for one in parent.children.all()} == {(Decimal("0.9"), 7)}
    assert set(Ledger.objects.filter(retired_at=None).values_list("pk", flat=True)) == books


def test_another_indicator_is_counted_anew_in_every_child(draft: ObjectiveDraft) -> None:
    parent = _grouped(draft, ("a",), ("b",))
    other = {"bad": 'runs_total{result="bad"}', "total": "runs_total"}
    save_objective(draft=replace(draft, indicator=other), actor=ME, now=make.NOW, look_up=False)
    live = Ledger.objects.filter(objective__parent=parent, retired_at=None).exclude(pk__in=_in_force(parent))
    assert {one.indicator["total"] for one in live} == {'runs_total{pool="a"}', 'runs_total{pool="b"}'}
    assert not Ledger.objects.filter(objective=parent).exists()


def _in_force(parent: Objective) -> list[int]:
    return [one.ledger_id for one in parent.children.all() if one.ledger_id]


def test_grouping_by_another_label_retires_the_children_there_were(draft: ObjectiveDraft) -> None:
    parent = _grouped(draft, ("a",), ("b",))
    save_objective(draft=replace(draft, group_by=("pool", "region")), actor=ME, now=make.NOW, look_up=False)
    assert not parent.children.filter(retired_at=None).exists()
    align(parent, ("a", "east"), ("a", "west"))
    assert {one.name for one in parent.children.filter(retired_at=None)} == {"jobs-a-east", "jobs-a-west"}


def test_grouping_can_be_given_up_and_begun(draft: ObjectiveDraft) -> None:
    parent = _grouped(draft, ("a",))
    save_objective(draft=replace(draft, group_by=()), actor=ME, now=make.NOW, look_up=False)
    assert Objective.objects.get(pk=parent.pk).ledger is not None
    assert not parent.children.filter(retired_at=None).exists()
    save_objective(draft=draft, actor=ME, now=make.NOW, look_up=False)
    assert Objective.objects.get(pk=parent.pk).ledger is None
    assert not Ledger.objects.filter(objective=parent, retired_at=None).exists()


def test_names_of_children_are_short_plain_and_never_the_same(draft: ObjectiveDraft) -> None:
    long = "x" * 80
    parent = _grouped(draft, ("a/b",), ("a-b",), ("A B",), (long,), ("Ärger",), ("☂",))
    names = [one.name for one in parent.children.all()]
    assert len(set(names)) == 6
    assert all(len(name) <= 63 for name in names)
    assert "jobs-a-b" in names


def test_more_values_than_anybody_reads_are_cut_and_that_is_said(
    draft: ObjectiveDraft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MOST", 3)
    parent = _grouped(draft, *((f"p{n}",) for n in range(5)))
    assert parent.children.count() == 3
    assert Definition.objects.get().group_error == "There are 5 values; the first 3 have an objective."


def test_a_source_that_does_not_answer_retires_nobody(draft: ObjectiveDraft) -> None:
    parent = _grouped(draft, ("a",))
    parent.refresh_from_db()
    grouping.discover(Objective.objects.select_related("definition__source").get(pk=parent.pk), now=make.NOW)
    assert parent.children.filter(retired_at=None).count() == 1
    assert "can't be reached" in Definition.objects.get().group_error


def test_a_child_is_changed_and_retired_at_its_parent_only(draft: ObjectiveDraft) -> None:
    parent = _grouped(draft, ("a",))
    child = parent.children.get()
    with pytest.raises(OneOfAGroup, match="one of the objectives of jobs"):
        save_objective(draft=replace(draft, name=child.name, group_by=()), actor=ME, now=make.NOW, look_up=False)
    with pytest.raises(OneOfAGroup):
        retire_objective(objective=child, actor=ME, now=make.NOW)


def test_retiring_the_parent_ends_what_its_children_fire_and_their_health(draft: ObjectiveDraft) -> None:
    parent = _grouped(draft, ("a",))
    child = parent.children.get()
    RuleState.objects.create(objective=child, rule="page-fast", severity="page", state="firing", since=make.NOW)
    Standing.objects.filter(objective=child).update(state=Standing.State.BURNING, blind_since=make.NOW)
    retire_objective(objective=parent, actor=ME, now=make.NOW)
    ended = AlertTransition.objects.filter(objective=child).values_list("kind", "to_state")
    assert set(ended) == {("burn", "inactive"), ("blind", "seeing")}
    assert not ComponentHealth.objects.filter(source="slo").exists()
    assert not Objective.objects.filter(retired_at=None).exists()


def test_only_what_is_counted_can_be_grouped(draft: ObjectiveDraft) -> None:
    uptime = replace(draft, type="uptime", indicator={"query": "up", "condition": ">= 1"}, budgeting="timeslices")
    with pytest.raises(Exception, match="uptime can't be grouped"):
        save_objective(draft=uptime, actor=ME, now=make.NOW, look_up=False)
