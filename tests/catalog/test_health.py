"""What other apps say about a component's health."""

from datetime import timedelta

import pytest

from catalog import queries
from catalog.models import ComponentHealth
from catalog.operations import report_health
from portal.pages.catalog import health_key
from tests import make

pytestmark = pytest.mark.django_db
State = ComponentHealth.State
LATER = make.NOW + timedelta(hours=1)


def test_since_moves_with_the_state_but_not_with_the_words() -> None:
    component = make.component()
    for state, summary, now in ((State.BAD, "7 % left", make.NOW), (State.BAD, "5 % left", LATER)):
        report_health(component_id=component.pk, source="slo", state=state, summary=summary, now=now)
    said = component.health.get()
    assert (said.summary, said.since) == ("5 % left", make.NOW)
    report_health(component_id=component.pk, source="slo", state=State.GOOD, summary="", now=LATER)
    assert component.health.get().since == LATER


def test_the_worst_of_all_sources_is_the_health() -> None:
    component, silent = make.component(), make.component()
    report_health(component_id=component.pk, source="slo", state=State.GOOD, summary="", now=make.NOW)
    report_health(component_id=component.pk, source="incidents", state=State.BAD, summary="P1", now=make.NOW)
    assert queries.health_of([component.pk, silent.pk]) == {component.pk: State.BAD}


def test_a_source_can_withdraw_what_it_said() -> None:
    component = make.component()
    report_health(component_id=component.pk, source="slo", state=State.BAD, summary="", now=make.NOW)
    report_health(component_id=component.pk, source="slo", state=None, summary="", now=make.NOW)
    assert queries.health_of([component.pk]) == {}


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({}, "no-slo"),
        ({"slo": State.BAD}, "burning"),
        ({"incidents": State.BAD}, "bad"),
        ({"slo": State.BAD, "incidents": State.BAD}, "bad"),
        ({"slo": State.BAD, "incidents": State.AT_RISK}, "burning"),
        ({"slo": State.EXHAUSTED, "incidents": State.AT_RISK}, "exhausted"),
    ],
)
def test_a_promise_burns_and_an_incident_breaks(said: dict[str, ComponentHealth.State], key: str) -> None:
    component = make.component()
    for source, state in said.items():
        report_health(component_id=component.pk, source=source, state=state, summary="", now=make.NOW)
    assert health_key(queries.health_said([component.pk]).get(component.pk)) == key
    assert health_key(queries.whole_component(component.ref).said) == key
