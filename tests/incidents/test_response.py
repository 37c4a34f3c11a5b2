"""What people do: acknowledge, take over, resolve, note, escalate, call in, declare."""

from datetime import timedelta

import pytest

from catalog.access import Actor
from catalog.models import Person, Team
from incidents import operations
from incidents.models import Incident, Notification, Page, TimelineEntry
from incidents.operations import AlreadyResolved, NobodyNamed
from incidents.operations.response import NothingToPage
from incidents.paging import advance_due, check_again_due
from portal.lib.errors import Invalid
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh")


@pytest.fixture
def team(ada: Person, linh: Person) -> Team:
    return make_incidents.paged(
        make.team("ci", ada), make_incidents.step(ada), make_incidents.step(linh), ack_timeout=timedelta(minutes=30)
    )


@pytest.fixture
def incident(team: Team) -> Incident:
    return make_incidents.incident(make.component("runners", owner=team), key="k")


def take(page: Page, by: Person, at: timedelta = MINUTE) -> Page:
    return operations.acknowledge(page=page, by=by, via="link", now=NOW + at)


def test_acknowledging_the_owners_page_acknowledges_the_incident(incident: Incident, ada: Person) -> None:
    page = take(make_incidents.page_of(incident), ada)
    incident.refresh_from_db()
    assert (page.state, page.acknowledged_by, page.acknowledged_at) == ("acknowledged", ada, NOW + MINUTE)
    assert (incident.state, incident.acknowledged_by) == ("acknowledged", ada)
    entry = incident.timeline.get(kind=TimelineEntry.Kind.ACKNOWLEDGED)
    assert (entry.words, entry.via, entry.person) == ("Ada has it", "link", ada)


def test_two_taps_are_one_acknowledgement(incident: Incident, ada: Person) -> None:
    page = take(make_incidents.page_of(incident), ada)
    again = take(page, ada, 2 * MINUTE)
    assert again.acknowledged_at == NOW + MINUTE
    assert again.generation == page.generation
    assert incident.timeline.filter(kind=TimelineEntry.Kind.ACKNOWLEDGED).count() == 1


def test_somebody_else_takes_over(incident: Incident, ada: Person, linh: Person) -> None:
    take(make_incidents.page_of(incident), ada)
    page = take(make_incidents.page_of(incident), linh, 2 * MINUTE)
    assert page.acknowledged_by == linh
    assert incident.timeline.filter(words="Linh took over from Ada").exists()


def test_what_is_unsent_is_cancelled_by_the_acknowledgement(incident: Incident, ada: Person) -> None:
    advance_due(now=NOW)
    take(make_incidents.page_of(incident), ada)
    assert Notification.objects.get().state == Notification.State.CANCELLED


def test_a_responders_acknowledgement_does_not_take_the_incident(ada: Person, linh: Person) -> None:
    owner = make_incidents.paged(make.team(), make_incidents.step(ada))
    network = make_incidents.paged(make.team(), make_incidents.step(linh))
    incident = make_incidents.incident(make.component(owner=owner, tier=1, responders=[network]))
    take(make_incidents.page_of(incident, Page.Role.RESPONDER), linh)
    incident.refresh_from_db()
    assert incident.state == "triggered"
    assert make_incidents.page_of(incident).is_untaken


def test_the_owner_answering_late_ends_the_asking_of_the_catch_all(
    incident: Incident, ada: Person, linh: Person
) -> None:
    make_incidents.catch_all(linh)
    for step in range(4):
        advance_due(now=NOW + step * 5 * MINUTE)
    assert make_incidents.page_of(incident, Page.Role.CATCH_ALL).is_untaken
    take(make_incidents.page_of(incident), ada, timedelta(hours=1))
    catch_all = make_incidents.page_of(incident, Page.Role.CATCH_ALL)
    assert (catch_all.state, catch_all.next_step_at) == ("resolved", None)


def test_acknowledging_a_resolved_incident_is_refused_and_changes_nothing(incident: Incident, ada: Person) -> None:
    page = make_incidents.page_of(incident)
    operations.resolve(incident=incident, by=Actor(person=ada), now=NOW)
    with pytest.raises(AlreadyResolved):
        take(page, ada)


def test_acknowledging_the_incident_takes_the_owners_page_and_my_teams(incident: Incident, ada: Person) -> None:
    taken = operations.acknowledge_incident(incident=incident, by=Actor(person=ada), now=NOW)
    assert [page.role for page in taken] == ["owner"]


def test_a_token_cannot_acknowledge_for_nobody(incident: Incident) -> None:
    token, _ = make.token("incidents:write")
    with pytest.raises(NobodyNamed):
        operations.acknowledge_incident(incident=incident, by=Actor(token=token, via="api"), now=NOW)


def test_resolved_by_hand_while_it_fires_it_is_paged_again_after_half_an_hour(incident: Incident, ada: Person) -> None:
    operations.resolve(incident=incident, by=Actor(person=ada), now=NOW, cause="restarted the runners")
    assert check_again_due(now=NOW + 29 * MINUTE) == 0
    assert check_again_due(now=NOW + 30 * MINUTE) == 1
    incident.refresh_from_db()
    assert (incident.state, incident.generation, incident.check_again_at) == ("triggered", 1, None)
    assert make_incidents.page_of(incident).next_step_at == NOW + 30 * MINUTE


def test_resolved_by_hand_and_quiet_since_it_stays_resolved(incident: Incident, ada: Person) -> None:
    operations.resolve(incident=incident, by=Actor(person=ada), now=NOW)
    operations.clear_alert(key="k", now=NOW + MINUTE)
    assert check_again_due(now=NOW + 30 * MINUTE) == 0
    incident.refresh_from_db()
    assert (incident.state, incident.check_again_at) == ("resolved", None)


def test_a_note_counts_as_activity(incident: Incident, ada: Person) -> None:
    take(make_incidents.page_of(incident), ada)
    operations.add_note(incident=incident, by=Actor(person=ada), text="on it", now=NOW + 20 * MINUTE)
    assert make_incidents.page_of(incident).next_step_at == NOW + 50 * MINUTE


def test_an_empty_note_is_refused(incident: Incident, ada: Person) -> None:
    with pytest.raises(Invalid):
        operations.add_note(incident=incident, by=Actor(person=ada), text="  ", now=NOW)


def test_escalating_by_hand_takes_the_next_step_at_once(incident: Incident, ada: Person, linh: Person) -> None:
    advance_due(now=NOW)
    operations.escalate_now(page=make_incidents.page_of(incident), by=Actor(person=ada), now=NOW + MINUTE)
    advance_due(now=NOW + MINUTE)
    assert list(Notification.objects.order_by("pk").values_list("person", flat=True)) == [ada.pk, linh.pk]


def test_a_person_called_in_by_name_is_paged_without_a_policy(incident: Incident, ada: Person, linh: Person) -> None:
    page = operations.engage(incident=incident, by=Actor(person=ada), person=linh, now=NOW)
    advance_due(now=NOW)
    assert page.role == Page.Role.MANUAL
    assert Notification.objects.filter(page=page, person=linh).count() == 1


def test_a_team_without_policy_cannot_be_called_in(incident: Incident, ada: Person) -> None:
    with pytest.raises(NothingToPage):
        operations.engage(incident=incident, by=Actor(person=ada), team=make.team(), now=NOW)


def test_raising_the_severity_to_p1_engages_the_responders(ada: Person, linh: Person) -> None:
    network = make_incidents.paged(make.team(), make_incidents.step(linh))
    owner = make_incidents.paged(make.team(), make_incidents.step(ada))
    incident = make_incidents.incident(make.component(owner=owner, tier=2, responders=[network]))
    operations.change_severity(incident=incident, severity=1, reason="all builds", by=Actor(person=ada), now=NOW)
    assert make_incidents.page_of(incident, Page.Role.RESPONDER).team == network


def test_a_declared_incident_pages_the_owner_and_ends_with_its_resolution(team: Team, ada: Person) -> None:
    component = make.component("argo", owner=team)
    incident = operations.declare(title="Syncs hang", component=component, by=Actor(person=ada), severity=2, now=NOW)
    assert (incident.severity, make_incidents.page_of(incident).team) == (2, team)
    resolved = operations.resolve(incident=incident, by=Actor(person=ada), now=NOW)
    assert resolved.check_again_at is None


def test_what_a_person_reports_of_a_found_incident_ends_with_it_and_they_follow(ada: Person, linh: Person) -> None:
    """Else a report that nobody clears keeps everybody awake after all is well."""
    component = make.component("argo", owner=make_incidents.paged(make.team(), make_incidents.step(ada)))
    found = make_incidents.incident(component, now=NOW, key="queue")
    reported = operations.declare(
        title="My builds do not start", component=component, by=Actor(person=linh), now=NOW + timedelta(minutes=1)
    )
    assert reported == found
    assert found.followers.filter(person=linh).exists()
    assert found.timeline.filter(words=f"{linh.label} reports it: My builds do not start").exists()
    operations.clear_alert(key="queue", now=NOW + timedelta(minutes=5))
    found.refresh_from_db()
    assert found.state == Incident.State.RESOLVED
    assert not found.alerts.filter(cleared_at=None).exists()


def test_what_a_person_opened_stays_until_somebody_ends_it(ada: Person, linh: Person) -> None:
    component = make.component("argo", owner=make_incidents.paged(make.team(), make_incidents.step(ada)))
    opened = operations.declare(title="Syncs hang", component=component, by=Actor(person=linh), now=NOW)
    make_incidents.incident(component, now=NOW + timedelta(minutes=1), key="queue")
    operations.clear_alert(key="queue", now=NOW + timedelta(minutes=5))
    opened.refresh_from_db()
    assert opened.is_open
