"""Alerts taken in one batch become what they would have become one by one."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from catalog.access import Actor
from incidents.intake import deliveries
from incidents.intake.batch import Batch
from incidents.models import Alert, Delivery, Incident, Page, TimelineEntry
from portal.lib.errors import Forbidden
from tests import make, make_incidents
from tests.effort import examples
from tests.make import NOW

pytestmark = pytest.mark.django_db
NAMES = ("vault", "ci", "app", "dns")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch ends where it ends, and not because the machine is busy."""
    monkeypatch.setattr(deliveries, "A_MOMENT", 600.0)


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


@pytest.mark.usefixtures("patient")
@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
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


def accepted(by: Actor, *bodies: dict[str, str]) -> None:
    for body in bodies:
        deliveries.accept(body=body, by=by, now=NOW)


@pytest.mark.usefixtures("patient")
def test_what_opens_alone_is_written_together(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    by = world()
    make_incidents.paged(team := make.team("many"), make_incidents.step(make_incidents.reachable("ben")))
    for number in range(40):
        make.component(f"lone-{number}", owner=team)
    accepted(by, *({"key": f"lone-{number}", "component": f"lone-{number}"} for number in range(40)))
    with django_assert_max_num_queries(45):
        assert deliveries.process_due(now=NOW, limit=40) == 40
    assert (Incident.objects.count(), Alert.objects.filter(incident=None).count(), Page.objects.count()) == (40, 0, 40)
    assert not Alert.objects.filter(outcome="").exists()


@pytest.mark.usefixtures("patient")
def test_one_that_is_refused_takes_back_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    by = world()
    accepted(by, *({"key": key, "component": "dns"} for key in ("a", "b", "c")))
    take = deliveries.TAKERS["own"]

    def refusing(row: Delivery, batch: Batch) -> tuple[Alert | None, str]:
        taken = take(row, batch)
        if row.key.endswith("b"):
            raise Forbidden
        return taken

    monkeypatch.setitem(deliveries.TAKERS, "own", refusing)
    deliveries.process_due(now=NOW)
    taken = Delivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(taken) == ["done", "rejected", "done"]
    assert sorted(key[-1] for key in Alert.objects.exclude(source="portico").values_list("key", flat=True)) == [
        "a",
        "c",
    ]


@pytest.mark.usefixtures("patient")
def test_what_repeats_itself_uses_up_no_numbers() -> None:
    by = world()
    accepted(by, {"key": "first", "component": "dns"})
    deliveries.process_due(now=NOW)
    accepted(by, *({"key": "first", "component": "dns"} for _ in range(30)))
    deliveries.process_due(now=NOW)
    accepted(by, {"key": "second", "component": "ci"})
    deliveries.process_due(now=NOW)
    first, second = Incident.objects.order_by("pk").values_list("pk", flat=True)
    assert second == first + 1
