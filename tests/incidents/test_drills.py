"""Fire drills: the real chain, marked as a test, with a report; and nothing real is touched by one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from catalog.access import Actor, NotYourTeam
from catalog.models import Component, ComponentHealth, Person
from incidents import checks, operations, paging, queries, responses
from incidents.messages import bare, render
from incidents.models import ContactMethod, Drill, InboxMessage, Incident, Notification, Override, Page
from incidents.operations import drills, pausing
from incidents.operations.following import follow
from incidents.paging.outbox import bundles, lease
from incidents.queries import status
from portal.lib.errors import Invalid
from tests import make, make_incidents
from tests.fakes.smtp import MailSink
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
Outcome = Drill.Outcome


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def linh() -> Person:
    return make_incidents.reachable("linh")


@pytest.fixture
def runners(ada: Person, linh: Person) -> Component:
    """Of ci, whose pages ask Ada and five minutes later Linh."""
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada), make_incidents.step(linh))
    return make.component("runners", owner=team, tier=1)


def begin(component: Component, by: Person | None = None, at: datetime = NOW) -> Drill:
    actor = Actor(person=by) if by else Actor(system="test", via="system")
    return drills.begin_drill(component=component, by=actor, now=at).drill


def sweep(at: datetime) -> None:
    while paging.advance_due(now=at):
        pass
    drills.end_due(now=at)


def minutes(count: int) -> Iterator[datetime]:
    return (NOW + n * MINUTE for n in range(count))


def test_a_drill_reaches_the_mailbox_says_test_and_reports_who_when_and_by_which_step(
    runners: Component, ada: Person, mailbox: MailSink
) -> None:
    drill = begin(runners, ada)
    sweep(NOW + SECOND)
    paging.deliver_due(clock=lambda: NOW + 2 * SECOND)
    mail = mailbox.messages[0]
    assert mail["Subject"].startswith(f"TEST: P1 {drill.incident.label}: Fire drill of")
    for kind in ("plain", "html"):
        assert "this is a fire drill. Nothing is broken" in mail.get_body((kind,)).get_content()  # type: ignore[union-attr]
    operations.acknowledge(page=drill.incident.pages.get(), by=ada, via="link", now=NOW + MINUTE)
    sweep(NOW + MINUTE + SECOND)
    drill.refresh_from_db()
    assert (drill.outcome, drill.worked) == (Outcome.ANSWERED, True)
    (team,) = drill.report["teams"]
    assert (team["answered_by"], team["answered_after"]) == (ada.label, 60.0)
    (call,) = team["calls"]
    assert (call["ref"], call["channel"], call["step"], call["sent_after"], call["state"]) == (
        ada.ref, "email", 1, 2.0, "sent",
    )  # fmt: skip
    assert [one["ref"] for one in drill.expected[0]["calls"]] == [ada.ref, "user:default/linh"]
    incident = Incident.objects.get(pk=drill.incident_id)
    assert incident.state == Incident.State.RESOLVED
    assert not ComponentHealth.objects.exists()


def test_an_ignored_drill_escalates_through_the_whole_chain_and_says_so(
    runners: Component, ada: Person, linh: Person
) -> None:
    boss = make_incidents.reachable("boss")
    make_incidents.catch_all(boss)
    drill = begin(runners)
    for at in minutes(20):
        sweep(at)
    drill.refresh_from_db()
    assert drill.outcome == Outcome.UNANSWERED
    reached = {(call["ref"], call["due_at"]) for team in drill.report["teams"] for call in team["calls"]}
    assert reached == {(call["ref"], call["at"]) for team in drill.expected for call in team["calls"]}
    assert {ref for ref, _ in reached} == {ada.ref, linh.ref, boss.ref}
    assert drill.report["teams"][0]["exhausted_at"] == (NOW + 10 * MINUTE).isoformat()


def test_what_only_the_catch_all_answers_did_not_work(runners: Component) -> None:
    boss = make_incidents.reachable("boss")
    make_incidents.catch_all(boss)
    drill = begin(runners)
    for at in minutes(11):
        sweep(at)
    operations.acknowledge(page=drill.incident.pages.get(role="catch-all"), by=boss, via="web", now=NOW + 11 * MINUTE)
    sweep(NOW + 12 * MINUTE)
    drill.refresh_from_db()
    assert (drill.outcome, drill.worked) == (Outcome.CATCH_ALL, False)


def test_it_ends_at_its_time_and_no_message_goes_out_afterwards(runners: Component, ada: Person) -> None:
    five = timedelta(minutes=5)
    make_incidents.method(ada, "late@example.org", order=1)
    drill = drills.begin_drill(component=runners, by=Actor(system="test"), now=NOW, lasts=five).drill
    sweep(NOW)
    drills.end_due(now=NOW + five)
    drill.refresh_from_db()
    assert drill.outcome == Outcome.LATE
    assert not Notification.objects.filter(state="pending").exists()
    assert set(Page.objects.values_list("state", flat=True)) == {"resolved"}


def test_a_hole_in_the_schedule_is_named_with_its_hours_over_the_end_of_summer_time(linh: Person) -> None:
    """Nobody has it in the night in which the clocks of Berlin go back: ten hours by the clock, eleven in truth."""
    team = make.team("ci")
    rota = make_incidents.schedule(make_incidents.reachable("ada"), team=team)
    rota.time_zone = "Europe/Berlin"
    rota.save()
    since, until = datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC)
    Override.objects.create(schedule=rota, person=None, starts_at=since, ends_at=until, created_at=NOW)
    make_incidents.paged(team, make_incidents.step(rota), make_incidents.step(linh), since=since - timedelta(days=1))
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    drill = begin(make.component("runners", owner=team), at=at)
    sweep(at)
    operations.acknowledge(page=drill.incident.pages.get(), by=linh, via="web", now=at + MINUTE)
    sweep(at + MINUTE)
    drill.refresh_from_db()
    (hole,) = drill.report["holes"]
    assert (hole["schedule"], hole["step"]) == (rota.name, 1)
    assert hole["words"] == "Sat 24 Oct 22:00 CEST – Sun 25 Oct 08:00 CET"
    assert datetime.fromisoformat(hole["end"]) - datetime.fromisoformat(hole["start"]) == timedelta(hours=11)
    assert drill.outcome == Outcome.ANSWERED


def test_two_clicks_are_one_drill(runners: Component, ada: Person, client: Client) -> None:
    client.force_login(make.account_of(ada))
    answers = [client.post("/drills/begin", {"component": runners.ref}) for _ in range(2)]
    drill = Drill.objects.get()
    assert [one.url for one in answers] == [drill.get_absolute_url()] * 2  # type: ignore[attr-defined]
    assert Incident.objects.count() == 1


def test_only_the_owners_and_admins_begin_one(runners: Component) -> None:
    with pytest.raises(NotYourTeam):
        begin(runners, make.person("mallory"))
    assert begin(runners, make.person("root", admin=True))


def test_no_figure_page_or_list_knows_of_it(runners: Component, ada: Person, client: Client) -> None:
    make.dependency(make.component("app", owner=make.team("apps", make_incidents.reachable("omar"))), runners)
    drill = begin(runners, ada)
    sweep(NOW)
    paging.check_again_due(now=NOW)
    client.force_login(make.account_of(ada))
    assert queries.open_counts() == {}
    assert queries.pulse((), now=NOW).open == {}
    assert list(queries.incidents()) == []
    assert queries.incidents_beside(runners, ended=5) == ([], [])
    assert queries.sources_seen() == []
    assert status.broken_now() == []
    hour = timedelta(hours=1)
    wanted = {"moment": "acknowledged", "within": "5m", "of": "all"}
    assert responses.verdicts(wanted, runners.pk, NOW - hour, NOW + hour) == {}
    assert not ComponentHealth.objects.exists()
    assert not Notification.objects.filter(person__name="omar").exists()
    assert drill.incident.label not in client.get("/incidents").content.decode()
    assert drill.incident.label in client.get("/incidents?view=drills").content.decode()
    sweep(NOW + timedelta(hours=2))
    assert status.ended_lately(NOW) == []
    assert queries.incidents_beside(runners, ended=5) == ([], [])


def test_a_real_incident_on_the_same_component_stands_for_itself_and_goes_first(
    runners: Component, ada: Person
) -> None:
    drill = begin(runners, ada)
    real = make_incidents.incident(runners)
    assert real.pk != drill.incident_id
    assert make_incidents.incident(runners, key="another").pk == real.pk
    assert [page.incident_id for page in paging.advance.claim(now=NOW, limit=9)] == [real.pk, drill.incident_id]
    sweep(NOW)
    leased = lease(now=NOW, by="courier", limit=9)
    assert [[one.notification.incident_id for one in bundle] for bundle in bundles(leased)] == [
        [real.pk], [drill.incident_id],
    ]  # fmt: skip
    operations.acknowledge(page=drill.incident.pages.get(), by=ada, via="web", now=NOW)
    sweep(NOW)
    real.refresh_from_db()
    assert real.state == Incident.State.TRIGGERED


def test_a_real_page_does_not_wait_for_company_after_a_drill(runners: Component, ada: Person) -> None:
    begin(runners, ada)
    sweep(NOW)
    assert len(lease(now=NOW, by="courier", limit=9)) == 1
    real = make_incidents.incident(runners)
    sweep(NOW)
    assert [one.notification.incident_id for one in lease(now=NOW + SECOND, by="courier", limit=9)] == [real.pk]
    assert ContactMethod.objects.get(person=ada).last_paged_at == NOW + SECOND


def test_everything_said_of_it_begins_with_test(runners: Component, ada: Person) -> None:
    drill = begin(runners, ada)
    sweep(NOW)
    follow(incident=drill.incident, person=make_incidents.reachable("omar"), now=NOW)
    operations.acknowledge(page=drill.incident.pages.get(), by=ada, via="web", now=NOW)
    sweep(NOW)
    rows = list(Notification.objects.select_related("incident", "page", "person", "method"))
    assert sorted((row.person.name, row.kind) for row in rows) == [("ada", "page"), ("omar", "told")]
    for row in rows:
        message = render(row)
        assert message.subject.startswith("TEST: ")
        assert message.text.startswith(f"TEST: this {'was' if row.is_over else 'is'} a fire drill.")
        assert message.brief.startswith("TEST: ")
        assert "fire drill" in message.html
        assert message.data["incident"]["drill"] is True  # type: ignore[index]
        assert bare([row]).subject.startswith("TEST: ")
    assert all(one.subject.startswith("TEST: ") for one in InboxMessage.objects.all())


def test_its_severity_stays(runners: Component, ada: Person) -> None:
    drill = begin(runners, ada)
    with pytest.raises(Invalid):
        operations.change_severity(incident=drill.incident, severity=3, reason="calm", by=Actor(system="test"), now=NOW)


def test_the_scorecard_asks_for_an_answered_drill_within_ninety_days(runners: Component, ada: Person) -> None:
    assert checks.drill_worked([runners], NOW)[runners.pk].outcome is False
    drill = begin(runners, ada)
    sweep(NOW)
    assert checks.drill_worked([runners], NOW)[runners.pk].outcome is False
    operations.acknowledge(page=drill.incident.pages.get(), by=ada, via="web", now=NOW)
    sweep(NOW)
    assert checks.drill_worked([runners], NOW)[runners.pk].outcome is True
    assert checks.drill_worked([runners], NOW + timedelta(days=91))[runners.pk].outcome is False


def test_what_is_paused_is_not_drilled(runners: Component, ada: Person) -> None:
    root = Actor(person=make.person("root", admin=True))
    pausing.pause(until=NOW + timedelta(hours=1), reason="a move", by=root, now=NOW)
    with pytest.raises(drills.PagingPaused):
        begin(runners, ada)
