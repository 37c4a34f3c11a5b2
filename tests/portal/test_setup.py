"""The setup checklist: what ticks a step off, where each leads, and who sees it."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import Team
from incidents.models import CatchAll, ContactMethod, Drill, EscalationPolicy, TeamPaging
from portal.lib.clock import db_now
from portal.pages import setup
from slo.models import DataSource
from tests import make, make_incidents, make_slo
from tests.portal.test_docs import leads_nowhere

pytestmark = pytest.mark.django_db


def left() -> list[str]:
    return [step.key for step in setup.steps() if not step.done]


def test_each_step_has_its_section_in_getting_started() -> None:
    assert {part.docs.partition("#")[0] for part in setup.PARTS} == {"getting-started"}
    assert [part.docs for part in setup.PARTS if leads_nowhere(f"/docs/{part.docs}", "")] == []


def test_each_step_ticks_itself_off_and_no_other() -> None:
    everything = [part.key for part in setup.PARTS]
    now = db_now()
    assert left() == everything
    ada = make.person("ada")
    team = make.team("build-ci", ada)
    assert left() == everything[1:]
    component = make.component("runners", owner=team)
    assert left() == everything[2:]
    source = make_slo.source()
    DataSource.objects.update(reachable=False)
    assert "source" in left()
    DataSource.objects.update(reachable=True)
    assert left() == everything[3:]
    make_slo.objective(component=component, source=source)
    assert left() == everything[4:]
    method = ContactMethod.objects.create(person=ada, channel="email", address="ada@example.org", created_at=now)
    assert "contact" in left(), "an address that nobody confirmed reaches nobody"
    ContactMethod.objects.filter(pk=method.pk).update(confirmed_at=now)
    assert left() == everything[5:]
    make_incidents.schedule(ada, team=team)
    assert left() == everything[6:]
    make_incidents.paged(team, make_incidents.step(ada))
    assert TeamPaging.objects.filter(policy__isnull=False).exists()
    assert left() == everything[7:]
    CatchAll.objects.create(pk=1, policy=EscalationPolicy.objects.get())
    assert left() == ["drill"]
    drill = Drill.objects.create(
        incident=make_incidents.incident(component, now=now), component=component, component_ref=component.ref,
        team=team, begun_at=now, begun_name="Ada", ends_by=now + timedelta(hours=1),
    )  # fmt: skip
    Drill.objects.filter(pk=drill.pk).update(outcome=Drill.Outcome.LATE, ended_at=now)
    assert left() == ["drill"], "a drill that nobody answered proves nothing"
    Drill.objects.filter(pk=drill.pk).update(outcome=Drill.Outcome.ANSWERED)
    assert left() == []


def test_a_component_may_be_filled_in_or_pasted(client: Client) -> None:
    client.force_login(make.account("ada"))
    html = client.get("/setup").content.decode()
    assert 'href="/components/new" aria-label="New component: A component"' in html
    assert 'aria-label="Paste YAML: A component"' in html


def test_the_next_forms_begin_with_what_is_there(client: Client) -> None:
    ada = make.person("ada", admin=True)
    make.component("elsewhere", owner=make.team("first-of-all"))
    team = make.team("build-ci", ada)
    component = make.component("runners", owner=team)
    schedule = make_incidents.schedule(ada, team=team)
    TeamPaging.objects.update_or_create(team=team, defaults={"schedule": schedule})
    client.force_login(make.account_of(ada))
    html = client.get("/setup").content.decode()
    assert "Set up, step by step</h2>" in html
    assert f"/slos/new?component={component.ref.replace(':', '%3A').replace('/', '%2F')}" in html
    assert f'value="{component.ref}"' in html
    assert f"/escalation-policies/new?team={team.pk}" in html
    form = client.get(f"/escalation-policies/new?team={team.pk}").content.decode()
    assert f"{schedule.name} (schedule:{schedule.slug})" in form
    assert f'name="name" value="{team.label}"' in form.replace("  ", " ")
    form = client.get(f"/on-call/new?team={team.pk}").content.decode()
    assert "(user:default/ada)" in form
    for odd in ("x", "-1", "9" * 40, "0"):
        assert client.get("/on-call/new", {"team": odd}).status_code == 200
        assert client.get("/escalation-policies/new", {"team": odd}).status_code == 200


def test_it_asks_little_and_the_api_says_the_same(
    client: Client, api: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ada = make.person("ada", admin=True)
    make.team("build-ci", ada)
    client.force_login(make.account_of(ada))
    with django_assert_max_num_queries(16):
        assert client.get("/setup").status_code == 200
    assert api.get("/api/v1/setup").status_code == 401
    told = make.signed(api, make.token("read")[1]).get("/api/v1/setup").json()
    assert told["done"] == 1
    assert told["next"] == "component"
    assert [step["key"] for step in told["steps"]] == [part.key for part in setup.PARTS]
    assert Team.objects.count() == 1


def test_an_outsider_is_asked_to_sign_in(client: Client) -> None:
    assert client.get("/setup")["Location"].startswith("/sign-in")
