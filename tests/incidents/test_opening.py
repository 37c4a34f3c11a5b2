"""From alert to incident: which incident, how severe, who is paged, and why."""

from datetime import timedelta

import pytest

from catalog.models import ComponentHealth
from incidents.firing import Firing
from incidents.models import Alert, Incident, Page, SeverityRule, TimelineEntry
from incidents.operations import clear_alert, raise_alert
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db


def fire(key: str = "k", *, minutes: float = 0, **fields: object) -> Incident:
    values: dict[str, object] = {"key": key, "source": "api", "summary": "Runs don't start", **fields}
    return raise_alert(firing=Firing(**values), now=NOW + timedelta(minutes=minutes)).incident  # type: ignore[arg-type]


def words_of(incident: Incident) -> str:
    return "\n".join(incident.timeline.values_list("words", flat=True))


def test_an_alert_opens_an_incident_and_pages_the_owner_by_its_policy() -> None:
    ada = make_incidents.reachable("ada")
    team = make_incidents.paged(make.team("ci"), make_incidents.step(ada))
    incident = fire(component=make.component("runners", owner=team))
    page = incident.pages.get()
    assert (page.role, page.team, page.state, page.next_step_at) == ("owner", team, "triggered", NOW)
    assert "Ci owns runners; its policy “" in words_of(incident)


def test_the_same_key_counts_up_and_opens_nothing_twice() -> None:
    first, second = fire(), fire(minutes=1)
    assert first == second
    alert = Alert.objects.get()
    assert (alert.count, alert.last_seen_at) == (2, NOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("rule", "tier", "severity"),
    [("page", 1, 1), ("page", 2, 2), ("page", None, 2), ("page", 4, 3), ("ticket", 1, 4), ("info", 1, 5)],
)  # fmt: skip
def test_severity_follows_rule_and_tier(rule: str, tier: int | None, severity: int) -> None:
    incident = fire(component=make.component(tier=tier), rule=rule)
    assert incident.severity == severity
    assert incident.severity_reason.startswith(f"P{severity}: ")


def test_what_blocks_five_teams_is_a_p1_whatever_its_tier() -> None:
    dns = make.component("dns", tier=3)
    for number in range(5):
        make.dependency(make.component(f"app-{number}", owner=make.team(f"team-{number}", make.person())), dns)
    incident = fire(component=dns)
    assert incident.severity == 1
    assert incident.severity_reason == "P1: a page rule fired and 5 teams are blocked"
    assert (incident.teams_blocked, incident.people_blocked) == (5, 5)


def test_the_table_can_be_edited() -> None:
    SeverityRule.objects.create(position=1, source="api", severity=3)
    assert fire(component=make.component(tier=1)).severity == 3


def test_a_second_alert_on_the_component_joins_and_a_worse_one_raises_the_severity() -> None:
    ada = make_incidents.reachable()
    component = make.component(owner=make_incidents.paged(make.team(), make_incidents.step(ada)), tier=2)
    first = fire("slow", component=component, rule="ticket")
    second = fire("fast", component=component, minutes=1)
    assert first.pk == second.pk
    second.refresh_from_db()
    assert second.severity == 2
    assert "P4 → P2" in words_of(second)
    assert second.pages.get().next_step_at == NOW + timedelta(minutes=1)


def test_a_lesser_alert_changes_no_severity() -> None:
    component = make.component(tier=2)
    fire("fast", component=component)
    assert fire("slow", component=component, rule="ticket", minutes=1).severity == 2


def test_without_an_owner_the_catch_all_is_paged() -> None:
    make_incidents.catch_all(make_incidents.reachable())
    incident = fire(component=make.component("orphan"))
    assert incident.pages.get().role == Page.Role.CATCH_ALL
    assert "orphan has no owner; the catch-all policy “" in words_of(incident)


def test_an_owner_without_a_policy_leads_to_the_catch_all() -> None:
    make_incidents.catch_all(make_incidents.reachable())
    incident = fire(component=make.component("runners", owner=make.team("ci")))
    assert incident.pages.get().role == Page.Role.CATCH_ALL
    assert "Ci owns runners and has no escalation policy; the catch-all" in words_of(incident)


def test_without_a_catch_all_the_incident_says_in_red_that_nobody_can_be_paged() -> None:
    incident = fire(component_ref="component:default/unknown")
    page = incident.pages.get()
    assert (page.state, page.next_step_at) == ("exhausted", None)
    assert incident.timeline.filter(kind=TimelineEntry.Kind.EXHAUSTED, words__contains="no catch-all policy").exists()


def test_at_p1_the_responders_are_engaged_at_once_each_with_a_page_of_its_own() -> None:
    owner, network = (make_incidents.paged(make.team(), make_incidents.step(make_incidents.reachable())) for _ in "ab")
    component = make.component(owner=owner, tier=1, responders=[network])
    incident = fire(component=component)
    assert {(page.role, page.team) for page in incident.pages.all()} == {("owner", owner), ("responder", network)}


def test_below_p1_the_responders_are_left_alone_until_it_becomes_one() -> None:
    owner, network = (make_incidents.paged(make.team(), make_incidents.step(make_incidents.reachable())) for _ in "ab")
    component = make.component(owner=owner, tier=1, responders=[network])
    incident = fire("slow", component=component, rule="ticket")
    assert incident.pages.count() == 1
    fire("fast", component=component)
    assert incident.pages.filter(role=Page.Role.RESPONDER).count() == 1


def test_the_last_alert_to_clear_resolves_the_incident() -> None:
    component = make.component(tier=2)
    incident = fire("one", component=component)
    fire("two", component=component)
    clear_alert(key="one", now=NOW + timedelta(minutes=3))
    incident.refresh_from_db()
    assert incident.is_open
    clear_alert(key="two", now=NOW + timedelta(minutes=4))
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_at) == ("resolved", NOW + timedelta(minutes=4))
    assert set(incident.pages.values_list("state", "next_step_at")) == {("resolved", None)}


def test_what_fires_again_within_half_an_hour_reopens_and_is_paged_from_step_one() -> None:
    ada = make_incidents.reachable()
    component = make.component(owner=make_incidents.paged(make.team(), make_incidents.step(ada)))
    incident = fire(component=component)
    clear_alert(key="k", now=NOW + timedelta(minutes=5))
    again = fire(component=component, minutes=30)
    assert (again.pk, again.generation, again.state) == (incident.pk, 1, "triggered")
    page = again.pages.get()
    assert (page.state, page.step, page.next_step_at) == ("reopened", 0, NOW + timedelta(minutes=30))
    assert Alert.objects.filter(incident=incident).count() == 2


def test_what_fires_again_later_is_another_incident() -> None:
    incident = fire()
    clear_alert(key="k", now=NOW + timedelta(minutes=5))
    assert fire(minutes=36).pk != incident.pk


def test_clearing_what_never_fired_changes_nothing() -> None:
    assert clear_alert(key="never", now=NOW) is None


def test_the_catalog_is_told_while_it_lasts() -> None:
    component = make.component(tier=2)
    fire(component=component)
    assert ComponentHealth.objects.get(component=component, source="incidents").state == ComponentHealth.State.BAD
    clear_alert(key="k", now=NOW)
    assert not ComponentHealth.objects.filter(component=component, source="incidents").exists()


def test_what_is_for_information_puts_no_component_at_risk() -> None:
    component = make.component(tier=2)
    incident = fire(component=component, severity=5)
    assert incident.is_information
    assert not ComponentHealth.objects.filter(component=component, source="incidents").exists()


def test_how_long_until_somebody_took_it_is_never_negative() -> None:
    opened = Incident(opened_at=NOW)
    assert opened.taken_after is None
    opened.acknowledged_at = NOW + timedelta(minutes=4)
    assert opened.taken_after == timedelta(minutes=4)
    opened.reopened_at = NOW + timedelta(minutes=30)  # and nobody has taken it since
    assert opened.taken_after == timedelta(minutes=4)
    opened.acknowledged_at = NOW + timedelta(minutes=31)
    assert opened.taken_after == timedelta(minutes=1)
