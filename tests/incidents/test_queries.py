"""Questions about incidents."""

from datetime import timedelta

import pytest

from incidents import operations, queries
from incidents.models import Incident, Page, SweepStamp
from incidents.paging import advance_due
from incidents.queries import NoSuchIncident
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
FIVE = timedelta(minutes=5)


def test_an_unknown_number_is_said_to_be_unknown() -> None:
    with pytest.raises(NoSuchIncident):
        queries.incident_by_number(404)


def test_the_list_is_filtered_by_state_severity_team_component_and_text() -> None:
    ci = make.team("ci")
    make_incidents.incident(make.component("dns", tier=1), summary="DNS is slow", key="dns")
    runs = make_incidents.incident(make.component("runners", owner=ci), rule="ticket", summary="Runs wait")
    operations.clear_alert(key="dns", now=NOW)

    def titles(**asked: object) -> list[str]:
        return [one.title for one in queries.incidents(**asked)]  # type: ignore[arg-type]

    assert titles() == ["Runs wait", "DNS is slow"]
    assert titles(state="open") == titles(severities=[4]) == titles(team=ci.ref) == titles(text="RUNS") == ["Runs wait"]
    assert titles(state="resolved") == titles(component="component:default/dns") == ["DNS is slow"]
    assert queries.open_counts() == {4: 1}
    assert runs.component
    assert queries.open_incidents_of(runs.component) == [runs]


def test_what_comes_next_is_told_with_names_and_times() -> None:
    ada, linh = make_incidents.reachable("ada"), make_incidents.reachable("linh")
    team = make_incidents.paged(
        make.team(), make_incidents.step(ada), make_incidents.step(make_incidents.schedule(linh))
    )
    incident = make_incidents.incident(make.component(owner=team))
    advance_due(now=NOW)
    coming = queries.next_moves(make_incidents.page_of(incident), now=NOW)
    assert [(move.at - NOW, move.words) for move in coming] == [
        (FIVE, "step 2: Linh"),
        (2 * FIVE, "everybody was asked: the catch-all is paged"),
    ]


def test_my_untaken_pages_are_those_of_my_teams_and_those_sent_to_me() -> None:
    ada, linh, outsider = (make_incidents.reachable(name) for name in ("ada", "linh", "olu"))
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(linh))
    incident = make_incidents.incident(make.component(owner=team))
    advance_due(now=NOW)
    assert [queries.untaken_pages_for(person).count() for person in (ada, linh, outsider)] == [1, 1, 0]
    operations.acknowledge(page=make_incidents.page_of(incident), by=linh, via="web", now=NOW)
    assert queries.untaken_pages_for(ada).count() == 0


def test_pages_come_with_their_messages_and_whom_they_asked_in_a_fixed_number_of_queries(
    django_assert_max_num_queries: object,
) -> None:
    teams = [make_incidents.paged(make.team(), make_incidents.step(make_incidents.reachable())) for _ in range(4)]
    incident = make_incidents.incident(make.component(owner=teams[0], tier=1, responders=teams[1:]))
    advance_due(now=NOW)
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        pages = queries.pages_of(incident)
        assert [len(page.notifications.all()) for page in pages] == [1, 1, 1, 1]
        assert all(page.asked_last == [note.person.ref] for page in pages for note in page.notifications.all())  # type: ignore[attr-defined]


def test_the_timeline_tells_it_in_order() -> None:
    incident = make_incidents.incident(make.component())
    kinds = [entry.kind for entry in queries.timeline_of(incident)]
    assert kinds[:2] == ["opened", "severity"]
    assert Incident.objects.get().pages.get().role == Page.Role.CATCH_ALL


def test_the_frame_is_told_what_is_open_and_when_the_slower_sweep_came_by() -> None:
    make_incidents.incident(make.component())
    SweepStamp.objects.update_or_create(name="slow", defaults={"at": NOW})
    SweepStamp.objects.update_or_create(name="fast", defaults={"at": NOW + FIVE})
    told = queries.pulse(["slow", "fast"], now=NOW)
    assert (told.open, told.swept_at) == (queries.open_counts(), NOW)
    assert queries.pulse(["never"], now=NOW).swept_at is None


def test_what_is_open_and_what_ended_last_comes_at_once() -> None:
    component = make.component()
    still = make_incidents.incident(component)
    over = [make_incidents.incident(make.component()) for _ in range(3)]
    ids = [one.pk for one in over]
    Incident.objects.filter(pk__in=ids).update(component=component, state=Incident.State.RESOLVED, resolved_at=NOW)
    make_incidents.incident(make.component())
    assert queries.incidents_beside(component, ended=2) == ([still], [over[2], over[1]])
