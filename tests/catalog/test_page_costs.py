"""What whole pages cost in questions to the database, the frame around them included, with nothing kept from before."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from catalog.access import Actor
from catalog.models import Component, ComponentHealth
from catalog.operations import report_health, star
from catalog.operations.campaigns import CampaignSpec, begin_campaign
from catalog.operations.scores import begin_scores, score_due
from portal.lib.clock import db_now
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db
COMPONENT, ANY = 20, 30
TABS = ("overview", "dependencies", "blast-radius", "docs", "definition", "relations", "changes", "yaml")
TEAM = "/teams/default/build-ci"
ON_CALL = ("/on-call", "/on-call/problems", "/on-call/fairness", "/people/default/ada/absences")


@pytest.fixture
def full(client: Client) -> Component:
    """A component with all that a page can show, looked at by a lead of its team who has stars."""
    ada, ben = make_incidents.reachable("ada"), make_incidents.reachable("ben")
    team, other = make.team("build-ci", ben, lead=ada), make.team("delivery", make.person("cyd"))
    domain = make.domain("ci", owner=team)
    system = make.system("build", owner=team, domain=domain)
    made = make.component(
        "ci-runners", owner=team, tier=1, docs="# Docs", definition="openapi: 3.1.0", runbook="https://example.org/run",
        responders=[other], system=system, system_ref=system.ref,
    )  # fmt: skip
    schedule = make_incidents.schedule(ada, ben, team=team)
    make_incidents.paged(team, make_incidents.step(schedule))
    make_incidents.paged(other, make_incidents.step(make_incidents.schedule(ben, team=other)))
    make_slo.objective(component=made)
    report_health(component_id=made.pk, source="slo", state=ComponentHealth.State.BAD, summary="", now=make.NOW)
    make_incidents.incident(component=made)
    for n in range(8):
        make.dependency(make.component(f"d{n}", owner=other), made)
        make.dependency(made, make.component(f"n{n}", owner=other))
        star(ref=f"component:default/d{n}", actor=Actor(person=ada), now=make.NOW)
    star(ref=made.ref, actor=Actor(person=ada), now=make.NOW)
    begin_scores()
    score_due(now=db_now())
    client.force_login(make.account_of(ada))
    return made


def cost(client: Client, url: str) -> int:
    """How many questions the page asks, its reader's first visit being noted."""
    with CaptureQueriesContext(connection) as asked, capture_logs() as logged:
        assert client.get(url).status_code == 200
    assert logged == []  # a part that failed asks little, and is no part that costs little
    return len(asked)


@pytest.mark.parametrize("tab", TABS)
def test_the_page_of_a_component_asks_at_most_twenty_questions(client: Client, full: Component, tab: str) -> None:
    assert cost(client, f"{full.get_absolute_url()}?tab={tab}") <= COMPONENT


def test_a_component_of_a_team_the_reader_is_not_in_costs_no_more(client: Client, full: Component) -> None:
    ben = make.person("dan")
    make.team("elsewhere", ben)
    client.force_login(make.account_of(ben))
    assert cost(client, full.get_absolute_url()) <= COMPONENT


LEARNING = ("/drills", "/coverage", "/coverage?catch_all=no")
LETTERS = ("/digest", "/digest?team=platform")
"""A whole letter is made for the preview."""
LETTER = 40
ANALYTICS = tuple(f"/analytics{name}" for name in ("", "/teams", "/components", "/people", "/noise", "/action-items"))
LEARNED = (*ANALYTICS, *LEARNING)


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/catalog",
        TEAM,
        f"{TEAM}?tab=relations",
        f"{TEAM}?tab=yaml",
        "/teams",
        "/settings",
        *ON_CALL,
        *ANALYTICS,
        *LEARNING,
    ],
)
def test_other_pages_ask_at_most_thirty(client: Client, full: Component, url: str) -> None:
    assert cost(client, url) <= ANY


@pytest.mark.parametrize("url", LETTERS)
def test_the_preview_of_a_letter_asks_at_most_forty(client: Client, full: Component, url: str) -> None:
    assert cost(client, url) <= LETTER


@pytest.mark.parametrize("url", ["/scorecards/campaigns", "/scorecards/campaigns/{pk}", "{component}/scorecard"])
def test_campaigns_ask_at_most_thirty(client: Client, full: Component, url: str) -> None:
    spec = CampaignSpec(name="Gold", level="gold", due_on=db_now().date())
    row = begin_campaign(spec=spec, actor=Actor(person=make.person("root", admin=True)), now=db_now())
    assert cost(client, url.format(pk=row.pk, component=full.get_absolute_url())) <= ANY


def test_the_frame_by_itself_asks_at_most_nine(client: Client, full: Component) -> None:
    assert cost(client, "/docs") <= 9


def test_all_of_it_is_still_on_the_page(client: Client, full: Component) -> None:
    page = client.get(full.get_absolute_url())
    said = page.content.decode()
    assert [lead.label for lead in page.context["leads"]] == ["Ada"]
    assert page.context["duty"].person.label in {"Ada", "Ben"}
    assert (page.context["health"], page.context["owned_since"]) == ("bad", make.NOW)
    assert [one.team.label for one in page.context["responders"] if one.team] == ["Delivery"]
    assert "Runs don&#x27;t start" in said or "Runs don't start" in said
    assert "every hour of the next four weeks" in said  # the check of escalation, as the last sweep kept it
    assert 'title="On call for my teams: ' in said
    assert page.context["shell"].open_incidents["count"] == 1
