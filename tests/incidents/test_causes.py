"""One cause is one page: symptoms join what broke upstream, whichever comes first; flapping; maintenance."""

from datetime import datetime, timedelta

import pytest

from catalog.access import Actor
from catalog.models import Component, MaintenanceWindow, Membership, Team
from incidents import operations, paging
from incidents.firing import Firing
from incidents.models import Alert, Incident, Notification, Page, TimelineEntry
from incidents.operations import aftermath, clear_alert, raise_alert
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def fire(component: Component | None, key: str = "", *, minutes: float = 0, **fields: object) -> Incident:
    key = key or f"{component}-is-broken"
    values: dict[str, object] = {"key": key, "source": "api", "summary": key, "component": component, **fields}
    return raise_alert(firing=Firing(**values), now=at(minutes)).incident  # type: ignore[arg-type]


def clear(component: Component, *, minutes: float) -> None:
    clear_alert(key=f"{component}-is-broken", now=at(minutes))


def words_of(incident: Incident) -> str:
    return "\n".join(incident.timeline.values_list("words", flat=True))


def paged_team() -> Team:
    return make_incidents.paged(make.team(), make_incidents.step(make_incidents.reachable()))


def owned(name: str, *, tier: int = 2, on: Component | None = None) -> Component:
    made = make.component(name, owner=paged_team(), tier=tier)
    if on is not None:
        make.dependency(made, on)
    return made


def pages_due(minutes: float) -> list[Page]:
    return list(Page.objects.filter(next_step_at__lte=at(minutes)))


# --- symptoms


def test_what_breaks_downstream_shortly_after_is_a_symptom_and_pages_nobody() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    app = owned("app", on=ci)
    cause = fire(vault)
    symptom = fire(app, minutes=3)
    assert symptom.root == cause
    assert not symptom.pages.exists()
    assert cause.label in words_of(symptom)
    assert symptom.label in words_of(cause)


def test_a_symptom_of_a_symptom_belongs_to_the_root() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    app = owned("app", on=ci)
    cause, between, last = fire(vault), fire(ci, minutes=1), fire(app, minutes=2)
    assert between.root == cause
    assert last.root == cause


def test_symptoms_that_come_first_join_when_the_cause_opens_and_their_escalations_stop() -> None:
    vault = owned("vault")
    early = fire(owned("ci", on=vault))
    paging.advance_due(now=at(0.1))
    cause = fire(vault, minutes=4)
    early.refresh_from_db()
    assert early.root == cause
    assert [page.state for page in early.pages.all()] == ["resolved"]
    assert pages_due(60) == list(cause.pages.all())
    waiting = Notification.objects.filter(incident=early, kind="page", state=Notification.State.PENDING)
    assert not waiting.exists()


def test_a_symptom_that_somebody_has_taken_stays_an_incident_of_its_own() -> None:
    vault = owned("vault")
    early = fire(owned("ci", on=vault))
    page = early.pages.get()
    operations.acknowledge(page=page, by=make.person(), via="web", now=at(1))
    fire(vault, minutes=4)
    early.refresh_from_db()
    assert early.root is None
    assert early.pages.get().state == "acknowledged"


def test_an_early_symptom_brings_its_own_symptoms_along() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    app = owned("app", on=ci)
    between, last = fire(ci), fire(app, minutes=1)
    assert last.root == between
    cause = fire(vault, minutes=2)
    for one in (between, last):
        one.refresh_from_db()
        assert one.root == cause


@pytest.mark.parametrize(
    ("severity_rule", "minutes", "joins"),
    [("page", 29, True), ("page", 31, False), ("ticket", 5, False)],
)
def test_only_a_grave_incident_that_began_lately_is_a_cause(severity_rule: str, minutes: float, joins: bool) -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    fire(vault, rule=severity_rule)
    assert (fire(ci, minutes=minutes).root_id is not None) is joins


def test_what_does_not_depend_on_it_is_no_symptom() -> None:
    vault = owned("vault")
    fire(vault)
    assert fire(owned("elsewhere"), minutes=1).root is None
    fire(owned("upstream-of-nothing"), minutes=1)


def test_the_other_direction_is_no_symptom() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    fire(ci, rule="ticket")
    assert fire(vault, minutes=1).root is None


def test_things_that_depend_on_each_other_are_one_incident_with_one_symptom() -> None:
    one = owned("one")
    other = owned("other", on=one)
    make.dependency(one, other)
    first, second = fire(one), fire(other, minutes=1)
    assert (first.root, second.root) == (None, first)


def test_a_further_alert_of_a_symptom_joins_the_symptom_and_pages_nobody() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    fire(vault)
    symptom = fire(ci, minutes=1)
    assert fire(ci, "another", minutes=2).pk == symptom.pk
    assert fire(ci, "worse", minutes=3, severity=1).pk == symptom.pk
    assert not symptom.pages.exists()


def test_a_cause_is_as_bad_as_what_it_does_elsewhere() -> None:
    vault = owned("vault", tier=2)
    cause = fire(vault)
    assert cause.severity == 2
    fire(owned("ci", tier=1, on=vault), minutes=1)
    cause.refresh_from_db()
    assert cause.severity == 1
    assert "its symptom" in cause.severity_reason


def test_when_the_cause_has_ended_and_the_symptom_still_fires_it_pages_after_the_grace() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    fire(vault)
    symptom = fire(ci, minutes=1)
    clear(vault, minutes=10)
    paging.check_again_due(now=at(14))
    assert not symptom.pages.exists()
    paging.check_again_due(now=at(15))
    symptom.refresh_from_db()
    assert symptom.root is None
    assert [page.next_step_at for page in symptom.pages.all()] == [at(15)]


def test_an_early_symptom_that_outlives_its_cause_is_paged_from_step_one() -> None:
    vault = owned("vault")
    early = fire(owned("ci", on=vault))
    fire(vault, minutes=1)
    clear(vault, minutes=10)
    paging.check_again_due(now=at(15))
    page = early.pages.get()
    assert (page.state, page.step, page.next_step_at) == ("reopened", 0, at(15))


def test_a_symptom_that_clears_within_the_grace_pages_nobody() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    fire(vault)
    symptom = fire(ci, minutes=1)
    clear(vault, minutes=10)
    clear(ci, minutes=12)
    paging.check_again_due(now=at(15))
    symptom.refresh_from_db()
    assert symptom.state == "resolved"
    assert not symptom.pages.exists()


def test_a_cause_that_comes_back_within_the_grace_keeps_its_symptoms() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    cause = fire(vault)
    symptom = fire(ci, minutes=1)
    clear(vault, minutes=10)
    fire(vault, minutes=12)
    paging.check_again_due(now=at(15))
    symptom.refresh_from_db()
    assert symptom.root == cause


def test_a_symptom_whose_cause_ended_may_be_the_symptom_of_something_else() -> None:
    vault, dns = owned("vault"), owned("dns")
    ci = owned("ci", on=vault)
    make.dependency(ci, dns)
    fire(vault)
    symptom = fire(ci, minutes=1)
    other = fire(dns, minutes=2)
    clear(vault, minutes=10)
    paging.check_again_due(now=at(15))
    symptom.refresh_from_db()
    assert symptom.root == other


def test_somebody_may_take_a_symptom_and_is_not_paged_for_it_later() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    fire(vault)
    symptom = fire(ci, minutes=1)
    ada = make.person()
    operations.acknowledge_incident(incident=symptom, by=Actor(person=ada), now=at(2))
    symptom.refresh_from_db()
    assert (symptom.state, symptom.acknowledged_by) == ("acknowledged", ada)
    clear(vault, minutes=3)
    paging.check_again_due(now=at(15))
    symptom.refresh_from_db()
    assert (symptom.root, symptom.state) == (None, "acknowledged")
    assert not symptom.pages.exists()


def test_what_a_person_declares_is_never_a_symptom() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    fire(vault)
    declared = operations.declare(title="Builds hang", by=Actor(person=make.person()), now=at(1), component=ci)
    assert declared.root is None
    assert declared.pages.exists()


def test_the_same_trouble_back_while_its_cause_is_open_is_a_symptom() -> None:
    vault = owned("vault")
    ci = owned("ci", on=vault)
    first = fire(ci)
    clear(ci, minutes=1)
    cause = fire(vault, minutes=2)
    again = fire(ci, minutes=3)
    assert (again.pk, again.root) == (first.pk, cause)
    assert [page.state for page in again.pages.all()] == ["resolved"]


def test_a_severity_raised_by_hand_collects_symptoms_too() -> None:
    vault = owned("vault")
    cause = fire(vault, rule="ticket")
    symptom = fire(owned("ci", on=vault), minutes=1)
    by = Actor(person=make.person())
    operations.change_severity(incident=cause, severity=1, reason="everybody waits", by=by, now=at(2))
    symptom.refresh_from_db()
    assert symptom.root == cause


# --- telling those it concerns


def test_at_p1_the_owners_of_what_depends_on_it_are_told_once_and_not_paged() -> None:
    vault = owned("vault", tier=1)
    ci = owned("ci", on=vault)
    owned("app", on=ci)
    incident = fire(vault)
    for minutes in (0.1, 0.2):
        paging.check_again_due(now=at(minutes))
    told = Notification.objects.filter(kind=Notification.Kind.TOLD)
    assert told.count() == 0  # members only: nobody leads these teams and they have no schedule
    assert words_of(incident).count("Nobody to tell in") == 1


def test_the_person_on_call_is_told_else_the_lead() -> None:
    vault = owned("vault", tier=1)
    lead, on_call = make_incidents.reachable("lead"), make_incidents.reachable("oncall")
    led, covered = make.team("led"), make.team("covered")
    make.member(led, lead, role=Membership.Role.LEAD)
    make_incidents.paged(covered, make_incidents.step(on_call))
    covered.paging.schedule = make_incidents.schedule(on_call, team=covered)
    covered.paging.save()
    for owner in (led, covered):
        make.dependency(make.component(f"app-of-{owner.name}", owner=owner), vault)
    incident = fire(vault)
    paging.check_again_due(now=at(0.1))
    told = Notification.objects.filter(kind=Notification.Kind.TOLD, incident=incident)
    assert {note.person.name: note.words["subject"] for note in told} == {
        "lead": f"Broken: vault (P1 {incident.label}), which affects app-of-led",
        "oncall": f"Broken: vault (P1 {incident.label}), which affects app-of-covered",
    }
    entry = incident.timeline.get(kind=TimelineEntry.Kind.TOLD)
    assert entry.words in ("Told Covered, Led.", "Told Led, Covered.")


def test_the_owner_of_a_symptom_is_told() -> None:
    vault = owned("vault")
    lead = make_incidents.reachable("lead")
    team = make.team()
    make.member(team, lead, role=Membership.Role.LEAD)
    ci = make.component("ci", owner=team)
    make.dependency(ci, vault)
    cause = fire(vault)
    fire(ci, minutes=1)
    paging.check_again_due(now=at(2))
    note = Notification.objects.get(kind=Notification.Kind.TOLD)
    assert (note.person, note.words["subject"]) == (lead, f"ci: a symptom of {cause.label}")


# --- flapping


def flap(component: Component, *, times: int, every: float = 4) -> Incident:
    incident = None
    for n in range(times):
        incident = fire(component, minutes=n * every)
        clear(component, minutes=n * every + 1)
    assert incident is not None
    incident.refresh_from_db()
    return incident


def test_what_opens_more_than_five_times_an_hour_is_paged_once_more_and_then_stays_open() -> None:
    ci = owned("ci")
    incident = flap(ci, times=6)
    assert incident.is_open
    assert incident.flapping_since == at(20)
    assert "Flapping: opened 6 times" in words_of(incident)
    generation = incident.generation
    for n in range(6, 10):
        assert fire(ci, minutes=4 * n).pk == incident.pk
        clear(ci, minutes=4 * n + 1)
    incident.refresh_from_db()
    assert incident.generation == generation


def test_five_openings_are_not_flapping() -> None:
    incident = flap(owned("ci"), times=5)
    assert (incident.state, incident.flapping_since) == ("resolved", None)


def test_flapping_ends_when_it_has_been_quiet() -> None:
    incident = flap(owned("ci"), times=6)
    assert paging.check_again_due(now=at(50)) == 0
    assert paging.check_again_due(now=at(51)) == 1
    incident.refresh_from_db()
    assert (incident.state, incident.flapping_since) == ("resolved", None)


def test_flapping_of_nothing_the_catalog_knows_stays_one_incident() -> None:
    for n in range(8):
        incident = fire(None, "stray", minutes=4 * n)
        clear_alert(key="stray", now=at(4 * n + 1))
    assert Incident.objects.count() == 1
    assert incident.generation == 5
    assert Alert.objects.filter(incident=incident).count() == 8


# --- groups


def test_alerts_of_one_group_share_an_incident_and_others_of_the_component_do_not() -> None:
    ci = owned("ci")
    first, second = fire(ci, "a", group="disk"), fire(ci, "b", group="disk")
    third = fire(ci, "c", group="network")
    assert first.pk == second.pk != third.pk


# --- maintenance windows


def window(of: Component | Team, *, start: float, end: float, **fields: object) -> MaintenanceWindow:
    what = {"component": of} if isinstance(of, Component) else {"team": of}
    values = {"title": "upgrade", "starts_at": at(start), "ends_at": at(end), "created_at": NOW, **what, **fields}
    return MaintenanceWindow.objects.create(**values)


def test_a_maintenance_window_holds_pages_until_its_end_and_then_what_fires_pages() -> None:
    ci = owned("ci")
    window(ci, start=-5, end=30)
    incident = fire(ci)
    page = incident.pages.get()
    assert (page.held_until, page.next_step_at) == (at(30), at(30))
    assert "Maintenance “upgrade” holds pages" in words_of(incident)
    assert not paging.advance_due(now=at(29))
    paging.advance_due(now=at(30))
    page.refresh_from_db()
    assert page.held_until is None
    assert Notification.objects.filter(page=page).count() == 1


def test_what_clears_during_the_window_pages_nobody() -> None:
    ci = owned("ci")
    window(ci.owner, start=-5, end=30)  # type: ignore[arg-type]
    fire(ci)
    clear(ci, minutes=10)
    paging.advance_due(now=at(30))
    assert not Notification.objects.filter(kind="page").exists()


def test_a_window_that_is_withdrawn_holds_nothing_any_more() -> None:
    ci = owned("ci")
    held = window(ci, start=-5, end=30)
    page = fire(ci).pages.get()
    held.withdrawn_at = at(10)
    held.save()
    assert paging.check_again_due(now=at(11)) == 1
    page.refresh_from_db()
    assert (page.held_until, page.next_step_at) == (None, at(11))


def test_windows_one_after_the_other_hold_on() -> None:
    ci = owned("ci")
    window(ci, start=-5, end=30)
    window(ci, start=30, end=60)
    page = fire(ci).pages.get()
    paging.advance_due(now=at(30))
    page.refresh_from_db()
    assert (page.held_until, page.next_step_at) == (at(60), at(60))
    assert not Notification.objects.filter(page=page).exists()


def test_a_worse_alert_in_the_window_does_not_page_but_somebody_who_escalates_does() -> None:
    ci = owned("ci")
    window(ci, start=-5, end=30)
    page = fire(ci, rule="ticket").pages.get()
    fire(ci, "worse", minutes=1)
    page.refresh_from_db()
    assert page.next_step_at == at(30)
    operations.escalate_now(page=page, by=Actor(person=make.person()), now=at(2))
    page.refresh_from_db()
    assert (page.held_until, page.next_step_at) == (None, at(2))


def test_a_window_that_holds_no_pages_holds_none() -> None:
    ci = owned("ci")
    window(ci, start=-5, end=30, holds_pages=False)
    assert fire(ci).pages.get().next_step_at == NOW


def test_what_a_person_declares_is_not_held() -> None:
    ci = owned("ci")
    window(ci, start=-5, end=30)
    declared = operations.declare(title="Builds hang", by=Actor(person=make.person()), now=NOW, component=ci)
    assert declared.pages.get().next_step_at == NOW


def test_responders_are_held_as_well() -> None:
    network = paged_team()
    ci = make.component("ci", owner=paged_team(), tier=1, responders=[network])
    window(ci, start=-5, end=30)
    incident = fire(ci)
    assert {page.next_step_at for page in incident.pages.all()} == {at(30)}


def test_nothing_is_left_that_outlives_its_cause() -> None:
    assert aftermath.outliving(NOW) == []
