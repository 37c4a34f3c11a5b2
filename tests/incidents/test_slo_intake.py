"""What objectives say, taken exactly once and in order."""

from datetime import timedelta

import pytest

from catalog.models import Component
from incidents import breaches
from incidents.intake import slo
from incidents.intake.slo import take_transitions
from incidents.models import Alert, HandledTransition, Incident, TimelineEntry
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def component() -> Component:
    return make.component("runners", tier=2)


def test_a_burning_objective_opens_an_incident_and_its_end_resolves_it(component: Component) -> None:
    objective = make_incidents.objective(component)
    make_incidents.transition(objective)
    assert take_transitions(now=NOW) == 1
    incident = Incident.objects.get()
    assert (incident.severity, incident.component, incident.alerts.get().objective) == (2, component, objective)
    assert incident.title == f"runners: “{objective.label}” is not kept"
    assert incident.alerts.get().summary == f"{incident.title} (rule “Page, fast”)"
    opened = incident.timeline.get(kind=TimelineEntry.Kind.OPENED).words
    assert opened.endswith("is not kept (rule “Page, fast”). Burn rate: 14.6×."), "figures are of a moment"
    make_incidents.transition(objective, "inactive", at=NOW + MINUTE)
    assert take_transitions(now=NOW + MINUTE) == 1
    incident.refresh_from_db()
    assert incident.state == "resolved"
    cleared = incident.timeline.get(kind=TimelineEntry.Kind.ALERT_CLEARED).words
    assert "is kept again (rule “Page, fast”)" in cleared
    assert "page-fast" not in cleared


def test_a_title_names_what_is_broken_as_people_do_and_holds_no_figure() -> None:
    objective = make_incidents.objective(make.component("runners", title="CI runners"))
    objective.title = "Build queue stays short"
    for burn in (14.6, 25.0):
        transition = make_incidents.transition(objective, burn_long=burn)
        said = (breaches.title(objective), breaches.summary(objective, transition))
        assert said[0] == "CI runners: “Build queue stays short” is not kept"
        assert not any(letter.isdigit() for letter in "".join(said))
    assert breaches.title(objective, blind=True) == "CI runners: no data for “Build queue stays short”"
    assert breaches.rule_title(objective, "taken-out") == "taken-out", "a rule that is not there any more"


def test_a_transition_is_taken_once(component: Component) -> None:
    make_incidents.transition(make_incidents.objective(component))
    assert [take_transitions(now=NOW) for _ in "12"] == [1, 0]
    assert Alert.objects.get().count == 1


def test_transitions_are_taken_in_the_order_of_their_time_whatever_their_ids(component: Component) -> None:
    objective = make_incidents.objective(component)
    make_incidents.transition(objective, "inactive", at=NOW + MINUTE)
    make_incidents.transition(objective, "firing", at=NOW)
    assert take_transitions(now=NOW + 2 * MINUTE) == 2
    assert Incident.objects.get().state == "resolved"


def test_a_page_rule_over_a_ticket_rule_raises_the_same_incident(component: Component) -> None:
    objective = make_incidents.objective(component)
    make_incidents.transition(objective, rule="ticket", severity="ticket")
    take_transitions(now=NOW)
    make_incidents.transition(objective, at=NOW + MINUTE)
    take_transitions(now=NOW + MINUTE)
    incident = Incident.objects.get()
    assert (incident.severity, incident.alerts.count()) == (2, 2)


def test_a_blind_objective_is_told_once_at_low_severity(component: Component) -> None:
    make_incidents.transition(make_incidents.objective(component), "blind", kind="blind", rule="", severity="info")
    take_transitions(now=NOW)
    assert Incident.objects.get().severity == 5


def test_a_budget_that_crosses_a_line_is_said_where_somebody_deals_with_it(component: Component) -> None:
    objective = make_incidents.objective(component)
    make_incidents.transition(objective)
    make_incidents.transition(objective, "at-risk", kind="budget", rule="", severity="info", at=NOW + MINUTE)
    assert take_transitions(now=NOW + MINUTE) == 2
    said = "is at risk, it was healthy."
    assert said in Incident.objects.get().timeline.get(kind=TimelineEntry.Kind.BUDGET).words


def test_a_budget_alone_opens_nothing_and_is_ticked_off(component: Component) -> None:
    make_incidents.transition(make_incidents.objective(component), "at-risk", kind="budget", rule="", severity="info")
    assert take_transitions(now=NOW) == 1
    assert not Incident.objects.exists()
    assert HandledTransition.objects.count() == 1


def test_what_fails_is_neither_lost_nor_half_taken_and_holds_up_no_other(
    component: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = make_incidents.objective(component), make_incidents.objective(make.component())
    make_incidents.transition(bad)
    make_incidents.transition(good)
    sound = slo._details
    monkeypatch.setattr(slo, "_details", lambda one: sound(one) if one.objective_id == good.pk else 1 / 0)
    assert take_transitions(now=NOW) == 1
    assert Incident.objects.count() == 1
    monkeypatch.undo()
    assert take_transitions(now=NOW) == 0, "it rests for a moment"
    assert take_transitions(now=NOW + slo.PAUSE) == 1
    assert Incident.objects.count() == 2


def test_however_many_fail_the_others_have_their_turn(component: Component, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = [make_incidents.objective(component) for _ in range(3)]
    good = make_incidents.objective(make.component())
    for age, objective in enumerate([*bad, good]):
        make_incidents.transition(objective, at=NOW + age * timedelta(seconds=1))
    sound = slo._details
    monkeypatch.setattr(slo, "_details", lambda one: sound(one) if one.objective_id == good.pk else 1 / 0)
    later = NOW + MINUTE
    assert [take_transitions(now=later, limit=3) for _ in "12"] == [0, 1]
    assert Alert.objects.get().objective == good


def test_the_longest_waiting_objective_comes_first(component: Component) -> None:
    young, old = make_incidents.objective(component), make_incidents.objective(make.component())
    make_incidents.transition(young, at=NOW)
    make_incidents.transition(old, at=NOW - MINUTE)
    take_transitions(now=NOW, limit=1)
    assert Alert.objects.get().objective == old
