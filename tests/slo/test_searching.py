"""Objectives as one search finds them."""

import pytest

from catalog import queries
from slo.models import Objective
from tests import make, make_slo

pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    """Names of the objectives a search finds, best first."""
    return [hit.ref for hit in queries.search(text, limit=20, now=make.NOW, only=["objective"])]


def test_an_objective_is_found_by_its_name_its_title_and_its_component() -> None:
    component = make.component("ci-runners", title="CI runners")
    make_slo.objective("queue-wait", component=component)
    Objective.objects.filter(name="queue-wait").update(title="Jobs start soon")
    make_slo.objective("sync-success", component=make.component("argo-cd"))
    for text in ("queue", "queue-wait", "start soon", "ci-runners", "qeue-wait"):
        assert found(text) == ["objective:queue-wait"], text
    assert found("nothing-like-it") == []
