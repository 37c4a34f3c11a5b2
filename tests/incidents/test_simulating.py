"""What would happen: the code that pages says it, and nothing is kept or sent."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog.models import ComponentHealth, MaintenanceWindow, Person
from incidents import paging
from incidents.firing import Firing
from incidents.models import Alert, Incident, Notification, Page, Schedule, TimelineEntry
from incidents.simulating import simulate
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def firing(**fields: object) -> Firing:
    return Firing(**{"key": "", "source": "api", "summary": "Runs hang", **fields})  # type: ignore[arg-type]


def nothing_kept() -> bool:
    return not any(model.objects.exists() for model in (Alert, Incident, Page, Notification, TimelineEntry))


def test_the_whole_chain_with_its_times_and_nothing_is_kept() -> None:
    ada, linh, boss = (make_incidents.reachable(name) for name in ("ada", "linh", "boss"))
    make_incidents.catch_all(boss)
    team = make_incidents.paged(make.team("ci"), make_incidents.step(ada), make_incidents.step(linh))
    found = simulate(firing=firing(component=make.component("runners", owner=team, tier=1)), at=NOW)
    assert found.severity == 1
    owner, catch_all = found.engaged
    assert [(call.at - NOW, call.person_ref) for call in owner.calls] == [
        (timedelta(0), "user:default/ada"),
        (5 * MINUTE, "user:default/linh"),
    ]
    assert owner.exhausted_at == NOW + 10 * MINUTE
    assert [(call.at - NOW, call.person_ref) for call in catch_all.calls] == [(10 * MINUTE, "user:default/boss")]
    assert nothing_kept()
    assert not ComponentHealth.objects.exists()


def test_it_says_what_the_sweeps_do() -> None:
    ada, linh = (make_incidents.reachable(name) for name in ("ada", "linh"))
    team = make_incidents.paged(make.team("ci"), make_incidents.step(ada), make_incidents.step(linh), repeat=1)
    component = make.component("runners", owner=team)
    said = simulate(firing=firing(component=component), at=NOW)
    make_incidents.incident(component)
    for minute in range(60):
        while paging.advance_due(now=NOW + minute * MINUTE):
            pass
    paged = Notification.objects.filter(kind="page").order_by("due_at", "pk")
    assert [(call.at, call.person_ref) for call in said.engaged[0].calls] == [
        (note.due_at, note.person.ref) for note in paged
    ]


def test_a_long_chain_asks_no_more_than_a_short_one() -> None:
    ada, linh = (make_incidents.reachable(name) for name in ("ada", "linh"))
    rota = make_incidents.schedule(ada, linh)

    def asked(name: str, *targets: Person | Schedule, repeat: int) -> tuple[int, int]:
        team = make_incidents.paged(make.team(name), *map(make_incidents.step, targets), repeat=repeat)
        component = make.component(name, owner=team)
        with CaptureQueriesContext(connection) as queries:
            found = simulate(firing=firing(component=component), at=NOW)
        return len(found.engaged[0].calls), len(queries)

    few, many = asked("short", rota, linh, repeat=0), asked("long", rota, linh, ada, rota, repeat=9)
    assert (few[0], many[0]) == (2, 40)
    assert many[1] == few[1] <= 70


def test_a_policy_that_changes_and_an_override_that_begins_meanwhile_are_seen_at_their_time() -> None:
    ada, linh, ben = (make_incidents.reachable(name) for name in ("ada", "linh", "ben"))
    team = make.team("ci")
    rota = make_incidents.schedule(ada, team=team)
    last = make_incidents.policy(make_incidents.step(ada))
    make_incidents.version(last, [make_incidents.step(ben)], number=2, since=NOW + 3 * MINUTE)
    make_incidents.paged(team, make_incidents.step(rota), make_incidents.step(rota), fallback=last)
    rota.overrides.create(person=linh, starts_at=NOW + 4 * MINUTE, ends_at=NOW + 9 * MINUTE, created_at=NOW)
    found = simulate(firing=firing(component=make.component("runners", owner=team)), at=NOW)
    assert [(call.at - NOW, call.person_ref) for call in found.engaged[0].calls] == [
        (timedelta(0), "user:default/ada"),
        (5 * MINUTE, "user:default/linh"),
        (10 * MINUTE, "user:default/ben"),
    ]
    assert [(at - NOW, words.partition(";")[2]) for at, words in found.engaged[0].handed] == [
        (10 * MINUTE, f" on to “{last.name}”")
    ], "another policy takes over then, and its people are asked, too"


def test_at_another_moment_another_person_has_it_and_maintenance_holds() -> None:
    ada, linh = (make_incidents.reachable(name) for name in ("ada", "linh"))
    team = make.team("ci")
    rota = make_incidents.schedule(ada, linh, team=team, since=NOW)
    make_incidents.paged(team, make_incidents.step(rota))
    component = make.component("runners", owner=team)
    week = timedelta(days=7)
    MaintenanceWindow.objects.create(
        component=component, title="upgrade", starts_at=NOW + week, ends_at=NOW + week + 2 * timedelta(hours=1),
        created_at=NOW,
    )  # fmt: skip
    now = simulate(firing=firing(component=component), at=NOW + MINUTE)
    then = simulate(firing=firing(component=component), at=NOW + week + MINUTE)
    assert [call.person_ref for call in now.engaged[0].calls] == ["user:default/ada"]
    assert [call.person_ref for call in then.engaged[0].calls] == ["user:default/linh"]
    assert then.engaged[0].calls[0].at == NOW + week + 2 * timedelta(hours=1)


def test_what_is_open_now_is_left_out_unless_asked_for() -> None:
    team = make_incidents.paged(make.team("ci"), make_incidents.step(make_incidents.reachable()))
    component = make.component("runners", owner=team)
    there = make_incidents.incident(component)
    assert simulate(firing=firing(component=component), at=NOW).engaged
    joined = simulate(firing=firing(component=component), at=NOW, alone=False)
    assert (joined.joined, joined.engaged) == (there.label, [])
    downstream = make.component("app", owner=team)
    make.dependency(downstream, component)
    assert simulate(firing=firing(component=downstream), at=NOW, alone=False).symptom_of == str(there)
    assert Incident.objects.count() == 1


def test_over_the_api() -> None:
    person = make.person(admin=True)
    _, text = make.token("read", "incidents:write", by=person)
    client = make.signed(APIClient(), text)
    team = make_incidents.paged(make.team("ci"), make_incidents.step(make_incidents.reachable("ada")))
    make.component("runners", owner=team)
    body = {"component": "component:default/runners", "at": NOW.isoformat()}
    answer = client.post("/api/v1/incidents/simulate", body, format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["engaged"][0]["calls"] == [
        {"at": NOW.isoformat().replace("+00:00", "Z"), "person": "user:default/ada", "name": "Ada", "channel": "email"}
    ]
    assert nothing_kept()
    wrong = client.post("/api/v1/incidents/simulate", {"component": "component:default/none"}, format="json")
    assert wrong.status_code == 400


def test_on_its_page(client: Client) -> None:
    client.force_login(make.account("linh"))
    team = make_incidents.paged(make.team("ci"), make_incidents.step(make_incidents.reachable("ada")))
    make.component("runners", owner=team)
    assert client.get("/incidents/simulate").status_code == 200
    page = client.get("/incidents/simulate?component=component:default/runners&rule=page&alone=on")
    assert page.status_code == 200
    said = page.content.decode()
    assert "Ada" in said
    assert "A page rule fired.</p>" in said
    assert '<span class="sev sev-2">P2</span><h2 class="card-title" id="outcome">runners</h2>' in said
    assert ("<td>E-mail</td>" in said, "<td>email</td>" in said) == (True, False)
    catch_all = client.get("/incidents/simulate?rule=page&component=&alone=on").content.decode()
    assert catch_all.count(">Catch-all</") <= 1
    assert said.index("<td>Ada") < said.index("everybody whom the policy names has been asked")
    assert "notice is-bad" not in said
    assert client.get("/incidents/simulate?component=component:default/none&rule=page").status_code == 400
    assert nothing_kept()
