"""A grouped objective and its children as people meet them, and the queries an objective's page links to."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Component
from portal.lib.clock import db_now
from slo.grouping import align
from slo.models import Definition, Objective, Standing
from tests import make, make_slo
from tests.slo.test_pages import MOST, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def ci(client: Client) -> Component:
    """A component of Linh's team; she is signed in."""
    linh = make.person("linh")
    client.force_login(make.account_of(linh))
    return make.component("ci", owner=make.team("build-ci", linh))


@pytest.fixture
def group(ci: Component) -> Objective:
    """Jobs by pool."""
    source = make_slo.source("http://prometheus.example:9090/p")
    return make_slo.objective("jobs", component=ci, source=source, definition={"group_by": ["pool"]})


def test_the_group_lists_its_children_and_each_leads_back(
    client: Client, group: Objective, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert "No value yet" in text(client.get(f"/slos/{group.pk}").content)
    align(group.pk, [(f"pool-{n:02}",) for n in range(40)], now=db_now())
    Standing.objects.filter(objective__name="jobs-pool-07").update(state=Standing.State.BURNING, remaining=0.07)
    Definition.objects.update(group_error="There are 999 values; the first 200 have an objective.")
    with django_assert_max_num_queries(MOST):
        page = client.get(f"/slos/{group.pk}")
    said = text(page.content)
    assert "40 objectives" in said
    assert "There are 999 values" in said
    assert page.context["children"][0].name == "jobs-pool-07"
    child = Objective.objects.get(name="jobs-pool-07")
    seen = client.get(f"/slos/{child.pk}").content.decode()
    assert "for pool pool-07 , one of Jobs" in text(seen.encode())
    assert f'href="/slos/{group.pk}/edit"' in seen
    assert f'"/slos/{child.pk}/retire"' not in seen


def test_the_form_of_a_child_is_its_parents(client: Client, group: Objective) -> None:
    align(group.pk, [("a",)], now=db_now())
    child = Objective.objects.get(name="jobs-a")
    page = client.get(f"/slos/{child.pk}/edit", follow=True)
    assert page.redirect_chain == [(f"/slos/{group.pk}/edit", 302)]
    assert "is one of a group" in text(page.content)
    assert page.context["form"].initial["group_by"] == "pool"


def links(client: Client, objective: Objective) -> dict[str, str]:
    asked = client.get(f"/slos/{objective.pk}").context["asked"]
    assert all(url.startswith("http://prometheus.example:9090/p/graph?") for _, url in asked)
    return {name: parse_qs(urlsplit(url).query)["g0.expr"][0] for name, url in asked}


def test_a_child_links_to_the_queries_of_its_own_value(client: Client, group: Objective) -> None:
    align(group.pk, [("a",)], now=db_now())
    child = Objective.objects.get(name="jobs-a")
    book = child.ledgers.get()
    Objective.objects.filter(pk=child.pk).update(ledger=book)
    assert links(client, child)["total"] == 'sum(increase(jobs_total{pool="a"}[1h]))'
    assert links(client, group)["total"] == "sum(increase(jobs_total[1h]))"


@pytest.mark.parametrize(
    ("kind", "indicator", "asked"),
    [
        (
            "latency",
            {"histogram": "job_seconds", "threshold": "0.5"},
            {
                "good": 'sum(increase(job_seconds_bucket{le="0.5"}[1h]))',
                "total": 'sum(increase(job_seconds_bucket{le="+Inf"}[1h]))',
            },
        ),
        ("uptime", {"query": "up", "condition": ">= 1", "combine": "all"}, {"query": "up"}),
        ("promql", {"ratio": "avg_over_time(x[$window])"}, {"ratio": "avg_over_time(x[3600s])"}),
        ("response", {"moment": "restored", "within": "1h"}, {}),
    ],
)
def test_every_kind_links_to_what_it_asks(
    client: Client, ci: Component, kind: str, indicator: dict[str, Any], asked: dict[str, str]
) -> None:
    source = None if kind == "response" else make_slo.source("http://prometheus.example:9090/p")
    made = make_slo.objective("it", component=ci, source=source, type=kind, indicator=indicator)
    assert links(client, made) == asked
