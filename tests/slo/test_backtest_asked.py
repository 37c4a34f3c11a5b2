"""Backtests as they are asked for: over the API and as a page, out of real ledgers, beside real incidents."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.models import AuditEntry, Component
from portal.lib.clock import db_now
from slo.models import AlertTransition, Objective, RuleState
from slo.queries.backtest import backtest, default_question
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LENGTH = 8 * 1440
OUTAGE = range(LENGTH - 700, LENGTH - 670)
SLIP = range(LENGTH - 3000, LENGTH - 2980)
PAGE = {"name": "page", "title": "Page", "factor": "14.4", "long": "1h", "short": "5m", "severity": "page"}


@pytest.fixture
def now(db: None) -> datetime:
    return db_now().replace(second=0, microsecond=0)


@pytest.fixture
def runners() -> Component:
    return make.component("runners", owner=make.team("ci", lead=make.person("ada")))


@pytest.fixture
def objective(runners: Component, now: datetime) -> Objective:
    """Eight days, folded and not: a total outage of half an hour, and two days before 20 minutes that were half bad."""
    made = make_slo.objective("jobs", component=runners, window_days=28)
    counts = [(10, 10)] * LENGTH
    for place in OUTAGE:
        counts[place] = (0, 10)
    for place in SLIP:
        counts[place] = (5, 10)
    book = make_slo.open_ledger(made, start=now - LENGTH * MINUTE, now=now)
    make_slo.count_up(book, counts)
    return made


@pytest.fixture
def client(objective: Objective) -> APIClient:
    return make.signed(APIClient(), make.token("slos:write")[1])


def tried(client: APIClient, **body: Any) -> Any:
    response = client.post("/api/v1/slos/jobs/backtest", body)
    assert response.status_code == 200, response.content
    return response.json()


def refused(client: APIClient, **body: Any) -> dict[str, str]:
    response = client.post("/api/v1/slos/jobs/backtest", body)
    assert response.status_code == 400, response.content
    return {one["field"]: one["message"] for one in response.json()["errors"]}


def test_as_it_is_promised_now(client: APIClient) -> None:
    body = tried(client)
    assert (body["target"], body["policy"], body["pages"]) == (0.99, "workbook", 2)
    assert [(one["outage"], one["for_nothing"]) for one in body["alerts"] if one["severity"] == "page"] == [
        (False, True),
        (True, False),
    ]
    assert body["known"] == pytest.approx(8 / 30, abs=0.01)


def test_another_target_and_written_rules_are_tried_and_nothing_is_changed(client: APIClient, now: datetime) -> None:
    strict = tried(client, target=0.9, rules=[PAGE | {"factor": "9"}])
    assert (strict["target"], strict["policy"], strict["pages"]) == (0.9, "", 0)
    loose = tried(client, rules=[PAGE | {"factor": "1"}])
    assert loose["pages"] == 2
    assert not RuleState.objects.exists()
    assert not AlertTransition.objects.exists()
    assert not AuditEntry.objects.filter(object_ref="slo:jobs").exists()


def test_a_named_policy_and_a_stretch(client: APIClient, now: datetime) -> None:
    make_slo.policy("quiet", PAGE | {"min_bad": 10**6})
    assert tried(client, policy="quiet")["alerts"] == []
    late = tried(client, **{"from": now - timedelta(hours=20), "to": now})
    assert late["pages"] == 1
    assert late["end"] == now.isoformat().replace("+00:00", "Z")


def test_incidents_stand_beside_the_alerts(client: APIClient, runners: Component, now: datetime) -> None:
    begun = now - (LENGTH - OUTAGE.start) * MINUTE
    elsewhere = make_incidents.incident(runners, now=now - timedelta(days=20), key="old")
    type(elsewhere).objects.filter(pk=elsewhere.pk).update(
        state="resolved", resolved_at=now - timedelta(days=19), acknowledged_at=now - timedelta(days=19)
    )
    made = make_incidents.incident(runners, now=begun + 20 * MINUTE)
    body = tried(client, rules=[PAGE])
    alert = body["alerts"][-1]
    assert alert["incidents"] == [made.label]
    assert alert["early_s"] > 0
    assert [one["label"] for one in body["missed"]] == [elsewhere.label]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"target": 1}, "target"),
        ({"target": 0}, "target"),
        ({"policy": "ghost"}, "policy"),
        ({"rules": []}, "rules"),
        ({"rules": [{**PAGE, "factor": None}]}, "rules[0].factor"),
        ({"rules": [{**PAGE, "ratio": "0.5"}]}, "rules"),
        ({"rules": [{**PAGE, "long": "100d"}]}, "rules"),
        ({"rules": [PAGE], "policy": "workbook"}, "rules"),
        ({"rules": [{**PAGE, "colour": "red"}]}, "rules[0].colour"),
        ({"from": "2026-01-01T00:00:00Z"}, "from"),
        ({"from": "2999-01-01T00:00:00Z"}, "from"),
        ({"from": "soon"}, "from"),
        ({"window": "7d"}, "window"),
    ],
)
def test_what_can_not_be_tried_is_refused_with_its_field(client: APIClient, body: dict[str, Any], field: str) -> None:
    assert field in refused(client, **body)


def test_only_who_is_signed_in_asks(objective: Objective) -> None:
    assert APIClient().post("/api/v1/slos/jobs/backtest", {}).status_code == 401


def test_an_objective_that_has_counted_nothing_says_so(client: APIClient) -> None:
    make_slo.objective("young")
    response = client.post("/api/v1/slos/young/backtest", {})
    assert response.status_code == 400
    assert "counted nothing yet" in response.json()["detail"]


def test_the_questions_are_few(
    objective: Objective, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fresh = Objective.objects.select_related("definition", "policy", "standing").get(pk=objective.pk)
    with django_assert_max_num_queries(14):
        backtest(fresh, default_question(now=now), now=now)


def text(page: bytes) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode())))


def test_the_page_tries_what_the_form_says_and_leads_to_the_edit_form(objective: Objective, client: APIClient) -> None:
    make_slo.policy("quiet", PAGE | {"min_bad": 10**6})
    browser = Client()
    browser.force_login(make.account_of(objective.definition.component.owner.memberships.get().person))  # type: ignore[union-attr, arg-type]
    at = f"/slos/{objective.pk}/backtest"
    page = browser.get(at)
    assert page.status_code == 200
    said = text(page.content)
    assert "total outage" in said
    assert "for nothing" in said
    assert "Use this goal and policy" not in said
    other = browser.get(f"{at}?target=99.9&policy=quiet&days=7").content.decode()
    assert "Nobody would have been sent anything" in other
    link = re.search(r'href="(/slos/\d+/edit\?[^"]+)"', other)
    assert link
    form = browser.get(html.unescape(link[1])).content.decode()
    assert 'value="99.9' in form
    assert "its owner’s to change" not in other
    browser.force_login(make.account_of(make.person("outsider")))
    first = text(browser.get(at).content)
    assert first.index("Try what you would propose") < first.index("Try it"), "before anything is tried"
    tried = re.search(r"(\d+ \w+ \d\d:\d\d) UTC to \w+ (\d+ \w+ \d\d:\d\d) UTC", first)
    assert tried
    assert tried[1] != tried[2]
    assert "The goal is its owner’s to change" in text(browser.get(f"{at}?target=99.9&policy=quiet&days=7").content)
    assert '<option value="quiet" selected' in form


@pytest.mark.parametrize("query", ["target=200", "target=x", "policy=ghost", "days=12", "days=%00", "target=100"])
def test_a_made_up_question_is_refused_on_the_page(objective: Objective, query: str) -> None:
    browser = Client()
    browser.force_login(make.account_of(make.person("somebody")))
    assert browser.get(f"/slos/{objective.pk}/backtest?{query}").status_code == 400
