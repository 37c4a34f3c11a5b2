"""What an open incident's page says is measured now: the promise's counts, its indicator's value, an alert's number."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Component, Person
from incidents import operations
from incidents.breaches import rules_of
from incidents.firing import Firing
from incidents.measuring import measured
from incidents.models import Alert, Incident
from portal.lib.clock import db_now
from slo.counting import Series
from slo.models import Objective
from slo.prometheus import Answer, SourceUnreachable
from tests import make, make_incidents, make_slo
from tests.make import NOW

pytestmark = pytest.mark.django_db
RULE = "page-fast"


class Source:
    """Answers every question with these values; counts them. Without values it is down."""

    def __init__(self, *values: str) -> None:
        self.values, self.asked = values, 0

    def instant(self, query: str, *, at: float) -> Answer:
        self.asked += 1
        if not self.values:
            raise SourceUnreachable("nobody answers")
        return Answer([Series({"n": str(n)}, [(at, value)]) for n, value in enumerate(self.values)])


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    cache.clear()


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def runners(ada: Person) -> Component:
    team = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))
    return make.component("ci-runners", owner=team, tier=2)


@pytest.fixture
def queue(runners: Component) -> Objective:
    made = make_slo.objective(
        "queue-stays-short", component=runners, source=make_slo.source(), type="uptime",
        indicator={"query": "jobs", "condition": "<= 12", "combine": "all"},
    )  # fmt: skip
    make_slo.open_ledger(made, start=NOW - timedelta(hours=1))
    made.refresh_from_db()
    made.standing.readings = [{"rule": RULE, "good": "57", "bad": "3", "burn_long": 5.0, "long_s": 3600}]
    made.standing.save()
    return made


@pytest.fixture
def incident(runners: Component, queue: Objective) -> Incident:
    firing = Firing(
        key="slo:1", source="slo", summary="The queue burns too fast", component=runners, objective_id=queue.pk
    )
    return operations.raise_alert(firing=firing, now=db_now()).incident


def answering(monkeypatch: pytest.MonkeyPatch, source: Source) -> Source:
    monkeypatch.setattr("slo.queries.current.sources.client", lambda _: source)
    return source


def page(who: Person, incident: Incident, name: str) -> str:
    client = Client()
    client.force_login(make.account_of(who))
    return client.get(reverse(f"incidents:{name}", args=[incident.number])).content.decode()


def test_the_page_says_what_was_counted_and_its_part_what_is_measured_now(
    ada: Person, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = answering(monkeypatch, Source("170"))
    counted = "3 of 60 minutes bad in the last 1 h"
    whole = page(ada, incident, "incident")
    assert counted in whole
    assert source.asked == 0, "the page waits for no source"
    part = page(ada, incident, "measured")
    assert "170</b> now · good while at most 12" in part
    assert counted in part
    assert "burns 5.0×, “Page, fast” fires above" in part
    page(ada, incident, "measured")
    assert source.asked == 1, "however many look, it is asked once in a while"


def test_of_several_series_the_lowest_and_the_highest_are_told(
    queue: Objective, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, Source("3", "170", "NaN"))
    (one,) = measured(list(incident.alerts.all()), {queue.pk: queue}, now=NOW, ask=True)
    assert one.value == "3 to 170"


def test_a_source_that_is_down_takes_nothing_down_and_is_left_alone(
    ada: Person, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = answering(monkeypatch, Source())
    for _ in range(2):
        part = page(ada, incident, "measured")
        assert "3 of 60 minutes bad" in part
        assert "now" not in part
    assert source.asked == 1


@pytest.mark.parametrize(
    ("details", "value"),
    [
        ({"value": 0.93}, "0.93"), ({"annotations": {"value": " 81 % "}}, "81 %"), ({"labels": {"current": "9"}}, "9"),
        ({"value": True}, None), ({"value": ""}, None), ({"annotations": "81"}, None), ({}, None),
    ],
)  # fmt: skip
def test_an_alert_that_came_with_a_number_shows_it(details: dict[str, Any], value: str | None) -> None:
    alert = Alert(summary="Disk is full", details=details)
    assert [one.value for one in measured([alert], {}, now=NOW)] == ([value] if value else [])
    alert.cleared_at = NOW
    assert not measured([alert], {}, now=NOW)


def test_an_incident_of_a_ticket_rule_shows_the_burn_of_that_rule(
    ada: Person, runners: Component, queue: Objective
) -> None:
    slow = {"rule": "ticket-slow", "good": "4200", "bad": "120", "burn_long": 1.4, "long_s": 3 * 86400}
    queue.standing.readings.append(slow)
    queue.standing.save()
    details: dict[str, object] = {"rule": "ticket-slow"}
    firing = Firing(
        key="slo:1", source="slo", summary="Burns slowly", component=runners, objective_id=queue.pk, details=details
    )
    whole = page(ada, operations.raise_alert(firing=firing, now=db_now()).incident, "incident")
    assert "120 of 4,320 minutes bad in the last 3 d" in whole
    assert "burns 1.4×, “Ticket, slow” fires above" in whole
    assert "over 3 d</span>" in whole
    assert "Page, fast" not in whole


@pytest.mark.parametrize(
    ("alerts", "rules"),
    [
        ([("page-fast", True), ("ticket-slow", False)], {"page-fast"}),
        ([("page-fast", False), ("ticket-slow", False)], {"page-fast", "ticket-slow"}),
        ([("", False)], {""}),
    ],
)
def test_rules_that_fire_come_before_those_that_did(alerts: list[tuple[str, bool]], rules: set[str]) -> None:
    told = [Alert(objective_id=7, details={"rule": rule}, cleared_at=None if on else NOW) for rule, on in alerts]
    assert rules_of(told) == {7: rules}


def test_what_is_over_or_unknown_says_nothing(ada: Person, incident: Incident, queue: Objective) -> None:
    queue.standing.readings = []
    queue.standing.save()
    assert "minutes bad" not in page(ada, incident, "measured")
    operations.clear_alert(key="slo:1", now=db_now())
    assert "measured" not in page(ada, incident, "incident").partition("<main")[2]


def test_the_line_costs_the_page_no_question(ada: Person, incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as counted:
            page(ada, incident, "incident")
        return len(counted)

    page(ada, incident, "incident")
    plain = questions()
    monkeypatch.setattr("incidents.views.pages.measured", lambda *_, **__: [])
    assert questions() == plain


def test_what_opened_this_minute_has_not_cost_anything_that_was_counted_yet(ada: Person, incident: Incident) -> None:
    assert "not counted yet" in page(ada, incident, "incident")
    Incident.objects.update(opened_at=db_now() - timedelta(hours=2))
    later = page(ada, incident, "incident")
    assert "not counted yet" not in later
    assert "nothing is known of that time" in later
