"""Alerts taken in one batch become what they would have become one by one."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.access import Actor
from incidents.intake import deliveries
from incidents.models import Alert, Incident, Page, TimelineEntry
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
NAMES = ("vault", "ci", "app", "dns")


def world() -> Actor:
    team = make_incidents.paged(make.team("build"), make_incidents.step(make_incidents.reachable("ada")))
    made = {name: make.component(name, owner=team, tier=1 + n % 3) for n, name in enumerate(NAMES)}
    for over, under in pairwise(NAMES[:3]):
        make.dependency(made[under], made[over])
    token, _ = make.token("alerts:send")
    return Actor(token=token, via="api")


def outcome(steps: list[tuple[str, str, bool]], *, at_once: int) -> list[object]:
    by = world()
    for name, key, fires in steps:
        body = {"key": f"{name}-{key}", "component": name, "status": "firing" if fires else "resolved"}
        deliveries.accept(body=body, by=by, now=NOW)
    while deliveries.process_due(now=NOW + timedelta(seconds=1), limit=at_once):
        pass
    first = Incident.objects.order_by("pk").values_list("pk", flat=True).first() or 0
    found: list[object] = [
        (
            one.pk - first, one.title, one.severity, one.state, one.generation, one.root_id and one.root_id - first,
            sorted(map(str, one.alerts.values_list("key", "cleared_at", "count"))),
            sorted(Page.objects.filter(incident=one).values_list("role", "state", "generation")),
            list(TimelineEntry.objects.filter(incident=one).order_by("at", "pk").values_list("kind", flat=True)),
        )
        for one in Incident.objects.order_by("pk")
    ]  # fmt: skip
    found.append(Alert.objects.count())
    return found


STEP = st.tuples(st.sampled_from(NAMES), st.sampled_from("ab"), st.booleans())


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(STEP, min_size=1, max_size=12))
def test_a_batch_is_the_same_as_one_after_the_other(steps: list[tuple[str, str, bool]]) -> None:
    results = []
    for at_once in (1, 50):
        with transaction.atomic():
            results.append(outcome(steps, at_once=at_once))
            transaction.set_rollback(True)
    alone, together = ([str(one).replace("token", "") for one in found] for found in results)
    assert [strip(one) for one in alone] == [strip(one) for one in together]


def strip(told: str) -> str:
    """Without the keys of rows, which go on counting."""
    return re.sub(r"-\d+:", ":", told)
