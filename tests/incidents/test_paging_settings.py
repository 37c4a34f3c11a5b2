"""Team paging, the catch-all and the severity table: who may set them, on pages and over the API."""

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import AuditEntry, Person, Team
from incidents import severity
from incidents.models import CatchAll, EscalationPolicy, SeverityRule, TeamPaging
from incidents.operations import severities
from portal.lib.errors import Forbidden
from tests import make, make_incidents
from tests.incidents.test_policy_pages import signed_in
from tests.make import NOW

pytestmark = pytest.mark.django_db
RULES = "/severity-rules"


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return make.team("ci", ada)


@pytest.fixture
def root() -> Person:
    return make.person("root", admin=True)


@pytest.fixture
def policy(ada: Person, team: Team) -> EscalationPolicy:
    return make_incidents.policy(make_incidents.step(ada), team=team)


def line(**fields: Any) -> severity.Line:
    return severity.Line(**{"severity": 2, **fields})


def lines() -> list[tuple[int, str]]:
    return [(row.severity, row.rule) for row in SeverityRule.objects.all()]


def test_a_member_says_which_policy_the_teams_pages_walk(ada: Person, team: Team, policy: EscalationPolicy) -> None:
    client, schedule = signed_in(ada), make_incidents.schedule(ada, team=team)
    assert "go to the catch-all" in client.get("/teams/default/ci/paging").content.decode()
    client.post("/teams/default/ci/paging", {"policy": policy.pk, "schedule": schedule.pk})
    paging = TeamPaging.objects.get(team=team)
    assert (paging.policy, paging.schedule) == (policy, schedule)
    assert policy.name in client.get(team.get_absolute_url()).content.decode()
    outsider = signed_in(make.person("olga"))
    assert outsider.post("/teams/default/ci/paging", {"policy": ""}).status_code == 403


def test_only_a_platform_admin_sets_the_catch_all(ada: Person, root: Person, policy: EscalationPolicy) -> None:
    assert "Only platform admins change it" in signed_in(ada).get("/catch-all").content.decode()
    assert signed_in(ada).post("/catch-all", {"policy": policy.pk}).status_code == 403
    admin = signed_in(root)
    assert admin.post("/catch-all", {"policy": policy.pk}).status_code == 302
    assert CatchAll.objects.get().policy == policy
    assert "No catch-all" not in admin.get("/incidents").content.decode()


def test_a_missing_catch_all_is_told_where_incidents_are(ada: Person, policy: EscalationPolicy) -> None:
    assert "No catch-all is set." in signed_in(ada).get("/incidents").content.decode()
    make_incidents.catch_all(ada)
    assert "No catch-all is set." not in signed_in(ada).get("/incidents").content.decode()


def test_the_first_change_begins_with_the_default_table(root: Person) -> None:
    severities.add_rule(line=line(rule="ticket", severity=3), at=0, by=Actor(person=root), now=NOW)
    assert lines() == [(3, "ticket"), *[(one.severity, one.rule) for one in severity.DEFAULT]]
    assert AuditEntry.objects.filter(action="severity-rules.edit").count() == 1


def test_lines_move_change_and_go(root: Person) -> None:
    by = Actor(person=root)
    severities.put_rules(lines=[line(severity=1, rule="page"), line(severity=4)], by=by, now=NOW)
    severities.move_rule(place=1, up=True, by=by, now=NOW)
    assert lines() == [(4, ""), (1, "page")]
    severities.move_rule(place=0, up=True, by=by, now=NOW)
    severities.change_rule(place=0, line=line(severity=5, rule="info"), by=by, now=NOW)
    assert lines() == [(5, "info"), (1, "page")]
    severities.delete_rule(place=1, by=by, now=NOW)
    with pytest.raises(severities.LastLine):
        severities.delete_rule(place=0, by=by, now=NOW)
    with pytest.raises(severities.LineGone):
        severities.delete_rule(place=7, by=by, now=NOW)
    severities.put_rules(lines=(), by=by, now=NOW)
    assert lines() == []


def test_nobody_but_a_platform_admin_touches_the_table(ada: Person) -> None:
    with pytest.raises(Forbidden):
        severities.put_rules(lines=[line()], by=Actor(person=ada), now=NOW)
    client = signed_in(ada)
    assert "Restore" not in client.get(RULES).content.decode()
    for path, sent in (
        ("add", {"severity": 1}),
        ("restore", {}),
        ("1", {"severity": 1}),
        ("1/move", {}),
        ("1/delete", {}),
    ):
        assert client.post(f"{RULES}/{path}", sent).status_code == 403
    assert not SeverityRule.objects.exists()


def test_the_table_is_edited_on_its_page(root: Person) -> None:
    admin = signed_in(root)
    admin.post(f"{RULES}/add", {"severity": 1, "source": "pagerduty", "at": "0"})
    assert lines()[0] == (1, "")
    admin.post(f"{RULES}/1/move", {"direction": "down"})
    admin.post(f"{RULES}/2", {"severity": 2, "source": "pagerduty"})
    assert SeverityRule.objects.get(source="pagerduty").severity == 2
    admin.post(f"{RULES}/2/delete")
    assert len(lines()) == len(severity.DEFAULT)
    admin.post(f"{RULES}/restore")
    assert lines() == []


def test_the_page_tells_what_an_alert_would_get_and_why(ada: Person, team: Team) -> None:
    make.component("runners", owner=team, tier=1)
    page = signed_in(ada).get(f"{RULES}?rule=page&component=runners").content.decode()
    assert "A page rule fired on a tier 1 component" in page
    assert "P1: " not in page, "the badge says it"
    assert re.search(r"From <a[^>]*>runners</a>: tier 1, 0 teams blocked\.", page)
    assert "decides" in page
    assert (
        "There is no component called “nope”."
        in signed_in(ada).get(f"{RULES}?rule=page&component=nope").content.decode()
    )


def test_a_line_that_another_always_comes_before_is_pointed_out(root: Person) -> None:
    table = (line(severity=1, rule="page"), line(rule="page", tier=2), line(teams_blocked=5), line(teams_blocked=9))
    assert severity.shadowed(table) == {1: 0, 3: 2}
    severities.put_rules(lines=table, by=Actor(person=root), now=NOW)
    assert "never reached" in signed_in(root).get(RULES).content.decode()


@pytest.fixture
def admin_api(api: APIClient, root: Person) -> APIClient:
    api.force_login(make.account_of(root))
    return api


def test_the_api_sets_the_whole_table_and_asks_it(admin_api: APIClient) -> None:
    read = admin_api.get("/api/v1/severity-rules").json()
    assert read["default"] is True
    changed = {"rules": [{"severity": "P3", "rule": "page", "tier": 1}, {"severity": "P5"}]}
    answer = admin_api.put("/api/v1/severity-rules", changed, format="json")
    assert (answer.status_code, answer.json()["default"], lines()) == (200, False, [(3, "page"), (5, "")])
    assert admin_api.put("/api/v1/severity-rules", answer.json(), format="json").status_code == 200
    said = admin_api.post("/api/v1/severity-rules/what-if", {"rule": "page", "tier": 1}, format="json").json()
    assert (said["severity"], said["line"]) == ("P3", 1)
    wrong = admin_api.put("/api/v1/severity-rules", {"rules": [{"severity": "P9"}]}, format="json")
    assert [one["field"] for one in wrong.json()["errors"]] == ["rules[0].severity"]


def test_the_api_sets_the_catch_all_and_team_paging(admin_api: APIClient, policy: EscalationPolicy, team: Team) -> None:
    assert admin_api.get("/api/v1/catch-all").json() == {"policy": None}
    assert admin_api.put("/api/v1/catch-all", {"policy": policy.slug}, format="json").status_code == 200
    sent = {"policy": policy.slug, "schedule": None}
    assert admin_api.put("/api/v1/teams/default/ci/paging", sent, format="json").json() == {"team": team.ref, **sent}
    assert admin_api.get("/api/v1/teams/default/ci/reach").json()["always"] is True


def test_a_token_without_the_scope_sets_nothing(api: APIClient, policy: EscalationPolicy, team: Team) -> None:
    make.signed(api, make.token("read")[1])
    assert api.put("/api/v1/teams/default/ci/paging", {"policy": None, "schedule": None}).status_code == 403
    assert api.put("/api/v1/catch-all", {"policy": policy.slug}).status_code == 403
    assert api.put("/api/v1/severity-rules", {"rules": []}).status_code == 403


def test_doctor_warns_when_nothing_is_caught(ada: Person, policy: EscalationPolicy) -> None:
    from portal.management.commands import doctor  # noqa: PLC0415

    assert "none is set yet" in doctor.catch_all()
    make_incidents.catch_all(ada)
    assert "catches" in doctor.catch_all()


def test_a_client_of_the_table_page_may_be_nobody_known(client: Client) -> None:
    assert client.get(RULES).status_code == 302
