"""Query strings that nobody meant, at every page and list of incidents and SLOs; as tests/catalog does for its own."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver

from tests import make
from tests.catalog.test_every_write import module_of, routes
from tests.catalog.test_made_up_questions import CURSORS, ODD
from tests.incidents.outsiders_world import World as Incidents
from tests.slo.test_every_write import World as Slos

pytestmark = pytest.mark.django_db
ASKED = re.compile(r"""(?:GET|query_params)(?:\.get|\.getlist)?[(\[]"(\w+)\"""")
NAMED = re.compile(r"""OpenApiParameter\(\s*"(\w+)\"|^\s+"(\w+)": request\.GET""", re.MULTILINE)
LATER = ("since", "until", "severity", "severities", "limit", "months", "at", "range", "start", "days", "cursor")
PARTS = 3
"""So that workers share them."""
HERE = Path(__file__).parent.parent.parent


def names_of(app: str) -> tuple[str, ...]:
    """What the app's own code asks a query string for."""
    texts = [path.read_text() for path in (HERE / app).rglob("*.py")]
    found = {name for text in texts for name in ASKED.findall(text)}
    found |= {one or other for text in texts for one, other in NAMED.findall(text)}
    return tuple(sorted(found | set(LATER)))


def readable(app: str) -> Iterator[tuple[str, str]]:
    """Each route, and the code of its module."""
    for route, view in routes(get_resolver().url_patterns):
        known = getattr(view, "cls", None) or getattr(view, "view_class", None)
        if module_of(view).startswith(f"{app}.") and (known is None or hasattr(known, "get")):
            yield route, (HERE / f"{module_of(view).rstrip('.').replace('.', '/')}.py").read_text()


def of_incidents(world: Any) -> Mapping[str, object]:
    """What stands in addresses below each beginning, the most exact first."""
    return {
        "drills/plans": world.plan.pk, "drill-plans": world.plan.pk, "drills": world.drill.pk,
        "integrations": world.integration.pk, "deliveries": world.delivery.pk, "actions": world.item.pk,
        "action-items": world.item.pk, "reviews": world.review.pk, "methods": world.method.pk, "swaps": world.swap.pk,
        "escalation-policies": world.spare.slug, "schedules": world.schedule.slug, "on-call": world.schedule.slug,
        "inbox": world.message.pk, "pages": world.page.pk, "incidents": world.incident.pk,
        "people": "ada", "teams": "build-ci", "urgency": "high", "what": "people",
    }  # fmt: skip


def of_slos(world: Any) -> Mapping[str, object]:
    return {
        "exclusions": world.exclusion.pk, "budget-policies": "strict", "alert-policies": "ours", "sources": "main",
        "api/v1/slos": "jobs", "slos": world.objective.pk, "teams": "build-ci",
    }  # fmt: skip


def filled(route: str, known: Mapping[str, object]) -> str:
    """An address of that route, of things that are there."""

    def fill(found: re.Match[str]) -> str:
        name, before = found[1], route[: found.start()]
        if name == "namespace":
            return "default"
        if name in known:
            return str(known[name])
        return next((str(value) for begin, value in known.items() if begin in before), "1")

    return "/" + re.sub(r"<\w+:(\w+)>", fill, route)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(
    ("app", "make_world", "known"), [("incidents", Incidents, of_incidents), ("slo", Slos, of_slos)]
)
def test_no_query_string_breaks_a_page(app: str, make_world: Any, known: Any, part: int, client: Client) -> None:
    """A strange value for every name at once; and each name with a few, for what is refused early hides the rest."""
    world, names = make_world(), names_of(app)
    client.force_login(make.account_of(world.root))
    client.raise_request_exception = False
    few, odd = ("\x00", "9999-12-31T23:59:59-14:00"), (ODD[0], ODD[3], ODD[9])
    wrong, there, said_by = [], 0, dict(readable(app))
    routes_asked = sorted(said_by)[part::PARTS]
    for route in routes_asked:
        path = filled(route, known(world))
        cache.clear()
        there += client.get(path).status_code == 200
        together = [dict.fromkeys(names, value) for value in odd]
        apart = [{name: value} for name in names if f'"{name}"' in said_by[route] for value in few]
        for question in [*together, *apart, *({"cursor": one} for one in CURSORS[::6])]:
            answer = client.get(path, question)
            if answer.status_code >= 500:
                wrong.append(
                    (path, question if len(question) < 3 else next(iter(question.values())), answer.status_code)
                )
    assert not wrong, "\n".join(map(str, wrong))
    assert there > len(routes_asked) * 0.4, "or nothing was asked of what is there"
