"""A budget that is gone is said so in the catalog, and is neither "at risk" nor "broken"."""

import importlib

import pytest
from django.db import connection
from django.test import Client

from catalog import queries
from catalog.models import Component, ComponentHealth
from slo.models import Objective, Standing
from slo.recording import report
from tests import make, make_slo

pytestmark = pytest.mark.django_db
State = ComponentHealth.State
exhausted_migration = importlib.import_module("catalog.migrations.0008_exhausted")


def stood(objective: Objective, state: Standing.State) -> None:
    Standing.objects.update_or_create(objective=objective, defaults={"state": state})
    report({objective.definition.component_id}, now=make.NOW)


@pytest.mark.parametrize(
    ("promise", "health"),
    [
        (Standing.State.AT_RISK, State.AT_RISK),
        (Standing.State.EXHAUSTED, State.EXHAUSTED),
        (Standing.State.BURNING, State.BAD),
    ],
)
def test_the_catalog_says_what_the_promise_says(promise: Standing.State, health: State) -> None:
    component = make.component("vault")
    stood(make_slo.objective(component=component), promise)
    assert queries.health_of([component.pk]) == {component.pk: health}


def test_the_exhausted_stand_between_the_broken_and_those_at_risk(client: Client) -> None:
    for name, state in (
        ("a-risky", Standing.State.AT_RISK),
        ("b-spent", Standing.State.EXHAUSTED),
        ("c-broken", Standing.State.BURNING),
    ):
        stood(make_slo.objective(component=make.component(name)), state)
    client.force_login(make.account("ada"))
    page = client.get("/catalog?sort=health")
    assert [line.health for line in page.context["lines"]] == ["burning", "exhausted", "at-risk"]
    assert not any(line.said.endswith((": burning", ": exhausted", ": at risk")) for line in page.context["lines"])
    page = client.get("/catalog?health=exhausted")
    assert [line.component.name for line in page.context["lines"]] == ["b-spent"]
    assert "Exhausted" in page.content.decode()


def test_what_older_portals_kept_is_told_apart_and_comes_back_together() -> None:
    said = {"a": (3, ""), "b": (2, "Vault answers: exhausted"), "c": (2, "Vault answers: at risk"), "d": (0, "")}
    for name, (state, summary) in said.items():
        component = make.component(name)
        ComponentHealth.objects.create(component=component, source="slo", state=state, summary=summary, since=make.NOW)
        Component.objects.filter(pk=component.pk).update(worst=state)
    with connection.cursor() as cursor:
        cursor.execute(exhausted_migration.APART)
    assert _kept() == {"a": (4, 4), "b": (3, 3), "c": (2, 2), "d": (0, 0)}
    with connection.cursor() as cursor:
        cursor.execute(exhausted_migration.TOGETHER)
    assert _kept() == {"a": (3, 3), "b": (2, 2), "c": (2, 2), "d": (0, 0)}


def _kept() -> dict[str, tuple[int, int]]:
    rows = ComponentHealth.objects.values_list("component__name", "state", "component__worst")
    return {name: (state, worst) for name, state, worst in rows}
