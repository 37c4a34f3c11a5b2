"""Verdicts on acknowledgement and restoration, from incidents as the operations leave them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.access import Actor
from catalog.models import Component, Person, Team
from incidents import operations
from incidents.models import Incident
from incidents.operations import clear_alert
from incidents.responses import verdicts
from slo import ledger, sources
from slo.evaluation import evaluate_due
from slo.models import Standing
from tests import make, make_incidents, make_slo
from tests.make import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
ACKED: dict[str, Any] = {"moment": "acknowledged", "within": "5m"}
RESTORED: dict[str, Any] = {"moment": "restored", "within": "1h"}


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))


@pytest.fixture
def runners(team: Team) -> Component:
    return make.component("runners", owner=team)


def opened(of: Component, *, at: timedelta = timedelta(), key: str = "k", rule: str = "page") -> Incident:
    return make_incidents.incident(of, now=NOW + at, key=key, rule=rule)


def taken(incident: Incident, by: Person, *, at: timedelta) -> None:
    operations.acknowledge_incident(incident=incident, by=Actor(person=by), now=NOW + at)


def resolved(incident: Incident, by: Person, *, at: timedelta) -> None:
    operations.resolve(incident=incident, by=Actor(person=by), now=NOW + at)


def asked(of: Component, indicator: dict[str, Any] = ACKED, *, until: timedelta = timedelta(hours=3)) -> dict[int, Any]:
    """By minutes after the opening (the end of the bucket): (good, total)."""
    found = verdicts(indicator, of.pk, NOW - timedelta(hours=1), NOW + until)
    return {round((end - NOW.timestamp()) / 60): counts for end, counts in found.items()}


def test_it_is_registered_as_the_source_of_response_objectives() -> None:
    assert sources.registry["response"] is verdicts


def test_taken_in_time_is_good_in_the_minute_it_was_taken(runners: Component, ada: Person) -> None:
    taken(opened(runners), ada, at=timedelta(minutes=3, seconds=20))
    assert asked(runners) == {4: (1, 1)}


def test_exactly_at_the_limit_is_in_time(runners: Component, ada: Person) -> None:
    taken(opened(runners), ada, at=5 * MINUTE)
    assert asked(runners) == {5: (1, 1)}


def test_taken_late_is_bad_when_the_limit_passed_and_stays_so(runners: Component, ada: Person) -> None:
    incident = opened(runners)
    before = asked(runners, until=5 * MINUTE)
    taken(incident, ada, at=9 * MINUTE)
    assert before == asked(runners) == {5: (0, 1)}


def test_never_taken_is_bad_once_and_only_when_the_limit_has_passed(runners: Component) -> None:
    opened(runners)
    assert asked(runners, until=4 * MINUTE) == {}
    assert asked(runners) == {5: (0, 1)}


def test_resolved_by_a_person_without_taking_it_is_an_answer(runners: Component, ada: Person) -> None:
    resolved(opened(runners), ada, at=2 * MINUTE)
    assert asked(runners) == {2: (1, 1)}


def test_what_ends_by_itself_before_the_limit_called_on_nobody(runners: Component) -> None:
    opened(runners)
    clear_alert(key="k", now=NOW + 2 * MINUTE)
    assert asked(runners) == {}
    assert asked(runners, RESTORED) == {2: (1, 1)}


def test_a_reopened_incident_is_a_call_of_its_own_and_the_first_verdict_stays(runners: Component, ada: Person) -> None:
    incident = opened(runners)
    taken(incident, ada, at=MINUTE)
    clear_alert(key="k", now=NOW + 10 * MINUTE)
    first = asked(runners, until=15 * MINUTE)
    opened(runners, at=20 * MINUTE)
    incident.refresh_from_db()
    assert incident.generation == 1
    assert first == {1: (1, 1)}
    assert asked(runners) == {1: (1, 1), 25: (0, 1)}
    taken(incident, ada, at=50 * MINUTE)
    assert asked(runners) == {1: (1, 1), 25: (0, 1)}
    assert asked(runners, RESTORED) == {10: (1, 1), 80: (0, 1)}


def test_a_reopening_may_be_taken_though_the_first_call_ended_by_itself(runners: Component, ada: Person) -> None:
    incident = opened(runners)
    clear_alert(key="k", now=NOW + 2 * MINUTE)
    opened(runners, at=20 * MINUTE)
    incident.refresh_from_db()
    taken(incident, ada, at=22 * MINUTE)
    assert asked(runners) == {22: (1, 1)}


def test_buckets_that_are_read_apart_add_up(runners: Component, ada: Person) -> None:
    taken(opened(runners), ada, at=timedelta(minutes=3, seconds=20))
    apart: dict[int, tuple[int, int]] = {}
    for n in range(-1, 10):
        apart |= verdicts(ACKED, runners.pk, NOW + n * MINUTE, NOW + (n + 1) * MINUTE)
    assert apart == verdicts(ACKED, runners.pk, NOW - MINUTE, NOW + 10 * MINUTE)


def test_restored_within_the_limit_or_not(runners: Component, ada: Person) -> None:
    resolved(opened(runners), ada, at=40 * MINUTE)
    late = opened(runners, at=timedelta(hours=2), key="late")
    resolved(late, ada, at=timedelta(hours=5))
    assert asked(runners, RESTORED, until=timedelta(hours=6)) == {40: (1, 1), 180: (0, 1)}


def test_the_severity_is_the_one_at_the_verdict(runners: Component, ada: Person) -> None:
    incident = opened(runners, rule="ticket")
    assert incident.severity == 4
    taken(incident, ada, at=MINUTE)
    by = Actor(person=ada)
    operations.change_severity(incident=incident, severity=1, reason="worse", by=by, now=NOW + 10 * MINUTE)
    resolved(incident, ada, at=30 * MINUTE)
    assert asked(runners, ACKED | {"severity": "P4"}) == {1: (1, 1)}
    assert asked(runners, ACKED | {"severity": "P1, P2"}) == {}
    assert asked(runners, RESTORED | {"severity": "P1"}) == {30: (1, 1)}


def test_an_objective_on_it_is_counted_and_judged_as_any_other(runners: Component, ada: Person) -> None:
    """Three incidents, minute by minute through evaluation: taken in time, taken late, ended by itself."""
    begin = NOW - 30 * MINUTE
    made = make_slo.objective(
        component=runners, type="response", indicator=ACKED, target="0.6", now=begin, source=None
    )  # fmt: skip
    book = make_slo.open_ledger(made, start=begin, now=begin)
    taken(opened(runners), ada, at=3 * MINUTE)
    clear_alert(key="k", now=NOW + 4 * MINUTE)
    taken(opened(runners, at=60 * MINUTE, key="late"), ada, at=70 * MINUTE)
    clear_alert(key="late", now=NOW + 71 * MINUTE)
    opened(runners, at=120 * MINUTE, key="short")
    clear_alert(key="short", now=NOW + 121 * MINUTE)
    for minute in range(-29, 150):
        evaluate_due(now=NOW + minute * MINUTE + timedelta(seconds=31))
    sums = ledger.sums_at([(book.pk, NOW + 149 * MINUTE)])[0]
    assert (sums.good, sums.total) == (1, 2)
    counted = [(one.end, one.good, one.total) for one in ledger.buckets(book.pk, start=begin, end=NOW + 149 * MINUTE)]
    assert [one for one in counted if one[2]] == [(NOW + 3 * MINUTE, 1, 1), (NOW + 65 * MINUTE, 0, 1)]
    stood = Standing.objects.get(objective=made)
    assert stood.remaining == pytest.approx(1 - 1 / (0.4 * 2))


def test_whose_incidents_count(runners: Component, team: Team, ada: Person) -> None:
    taken(opened(runners), ada, at=MINUTE)
    sibling = make.component("cache", owner=team)
    taken(opened(sibling, key="sibling"), ada, at=MINUTE)
    opened(make.component("vault", owner=make.team("secrets")), key="other")
    assert asked(runners) == {1: (1, 1)}
    assert asked(runners, ACKED | {"of": "team"}) == {1: (2, 2)}
    assert asked(runners, ACKED | {"of": "all"}) == {1: (2, 2), 5: (0, 1)}
    assert asked(make.component("ownerless"), ACKED | {"of": "team"}) == {}


def test_a_responder_who_takes_their_own_page_does_not_answer_for_the_owner(runners: Component, ada: Person) -> None:
    incident = opened(runners)
    linh = make_incidents.reachable("linh")
    page = operations.engage(incident=incident, by=Actor(person=ada), person=linh, now=NOW + MINUTE)
    operations.acknowledge(page=page, by=linh, via="link", now=NOW + 2 * MINUTE)
    assert asked(runners) == {5: (0, 1)}


def test_the_questions_do_not_grow_with_the_incidents(
    runners: Component, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        at = timedelta(minutes=2 * n)
        opened(runners, at=at, key=f"k{n}")
        clear_alert(key=f"k{n}", now=NOW + at + MINUTE)
    with django_assert_max_num_queries(3):
        verdicts(
            RESTORED | {"of": "team"},
            runners.pk,
            NOW - MINUTE,
            datetime.fromtimestamp(NOW.timestamp() + 9000, NOW.tzinfo),
        )
