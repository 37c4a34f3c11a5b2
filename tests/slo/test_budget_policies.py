"""Error-budget policies: thresholds, what crossing one says and to whom, and the gate that CI asks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import AuditEntry, Component, Person
from incidents.intake.slo import take_transitions
from incidents.models import Incident, Notification, TimelineEntry
from portal.lib.errors import Forbidden, Invalid
from slo import ledger
from slo.judging import Seen, judge
from slo.models import AlertTransition, BudgetPolicy, Objective, Standing, TeamBudgetPolicy
from slo.operations import BudgetPolicyDraft, save_budget_policy, set_team_policy
from slo.recording import record
from slo.thresholds import BadThreshold, Threshold, in_force, lowest_crossed, parse_thresholds
from tests import make, make_incidents, make_slo

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HALF, QUARTER = {"remaining": 0.5, "action": "Look at it"}, {"remaining": 0.25, "action": "Only fixes"}
NONE = {"remaining": 0, "action": "No deployments", "holds": True}
AGREED = [QUARTER, NONE, HALF]


# Thresholds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remaining", "before", "after"),
    [
        (0.9, None, None), (0.5, None, None), (0.4999, None, 0.5), (0.2, None, 0.25), (0.0, 0.5, 0.0), (-3, None, 0.0),
        (0.505, 0.5, 0.5), (0.511, 0.5, None), (0.005, 0.0, 0.0), (0.02, 0.0, 0.25), (0.7, 0.0, None),
        (0.255, 0.0, 0.25), (0.3, 0.3, 0.5),
    ],
)  # fmt: skip
def test_the_lowest_threshold_crossed(remaining: float, before: float | None, after: float | None) -> None:
    found = lowest_crossed(parse_thresholds(AGREED), remaining, before=before)
    assert (found.remaining if found else None) == after


def test_what_is_agreed_on_now_is_all_above_the_lowest() -> None:
    agreed = parse_thresholds(AGREED)
    assert [one.remaining for one in in_force(agreed, 0.25)] == [0.5, 0.25]
    assert in_force(agreed, None) == ()
    assert agreed[-1] == Threshold(0, "No deployments", holds=True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "1 to 10"),
        ([{"remaining": 1, "action": "x"}], "below 1"),
        ([{"remaining": "0.5", "action": "x"}], "share left"),
        ([{"remaining": True, "action": "x"}], "share left"),
        ([{"remaining": float("nan"), "action": "x"}], "share left"),
        ([{"remaining": 0.5, "action": "  "}], "what is to be done"),
        ([{"remaining": 0.5, "action": "x", "holds": "yes"}], "true or false"),
        ([{"remaining": 0.5, "action": "x", "hold": True}], "unknown hold"),
        ([HALF, HALF], "of its own"),
    ],
)
def test_bad_thresholds_say_what_to_write(given: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(BadThreshold, match=words):
        parse_thresholds(given)


# Crossing one -------------------------------------------------------------------------------------------------------


@pytest.fixture
def katrin(db: None) -> Actor:
    return Actor(person=make.person("katrin", admin=True))


@pytest.fixture
def ada(db: None) -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def runners(ada: Person) -> Component:
    return make.component("runners", owner=make.team("ci", lead=ada))


@pytest.fixture
def policy(katrin: Actor) -> BudgetPolicy:
    draft = BudgetPolicyDraft("hold-at-zero", AGREED, title="Hold at zero")
    return save_budget_policy(draft=draft, actor=katrin, now=NOW)[0]


@pytest.fixture
def objective(runners: Component, policy: BudgetPolicy) -> Objective:
    """A target of 90 % that has counted 1,000 events, all good: 100 may be bad."""
    made = make_slo.objective("jobs", component=runners, target="0.9", budget_policy=policy, window_days=7)
    start = NOW - timedelta(hours=1)
    make_slo.count_up(make_slo.open_ledger(made, start=start, now=NOW), [(1000, 1000)])
    return made


def spend(objective: Objective, *, bad: int, good: int = 0) -> list[tuple[str, str, str]]:
    """One minute more, decided on; what is told of the budget: (from, to, threshold)."""
    book = Objective.objects.get(pk=objective.pk).ledger
    assert book
    seen = AlertTransition.objects.count()
    end = make_slo.count_up(book, [(good, good + bad)])
    sums = ledger.sums_at([(book.pk, end)])[0]
    record(judge([Seen(make_slo.member(book), sums, True, end, True)], until=end, now=end), now=end)
    rows = AlertTransition.objects.filter(kind="budget").order_by("pk")[seen:]
    return [(row.from_state, row.to_state, row.rule) for row in rows]


def stands(objective: Objective) -> tuple[str, float | None]:
    stood = Standing.objects.get(objective=objective)
    return stood.budget, stood.threshold


pytestmark = pytest.mark.django_db
QUIET = {"name": "never", "ratio": "1", "long": "3d", "short": "3d", "severity": "ticket", "min_bad": 10**6}


def test_each_crossing_is_one_transition_with_what_is_agreed_on(objective: Objective) -> None:
    objective.policy = make_slo.policy("quiet", QUIET)
    objective.save()
    assert spend(objective, bad=40) == []
    assert spend(objective, bad=20) == [("ok", "at-risk", "0.5")]
    assert spend(objective, bad=1) == []
    assert spend(objective, bad=25) == [("at-risk", "at-risk", "0.25")]
    assert spend(objective, bad=40) == [("at-risk", "exhausted", "0")]
    assert stands(objective) == ("exhausted", 0.0)
    reason = AlertTransition.objects.filter(kind="budget").last()
    assert reason
    assert "Agreed on below 0%: No deployments. Deployments are held." in reason.reason
    assert spend(objective, bad=0, good=5000) == [("exhausted", "ok", "0")]
    assert stands(objective) == ("ok", None)


def test_falling_through_several_at_once_is_told_once(objective: Objective) -> None:
    objective.policy = make_slo.policy("quiet", QUIET)
    objective.save()
    assert spend(objective, bad=300) == [("ok", "exhausted", "0")]


def test_the_teams_policy_holds_where_there_is_none_of_its_own(
    objective: Objective, runners: Component, policy: BudgetPolicy, ada: Person
) -> None:
    objective.policy, objective.budget_policy = make_slo.policy("quiet", QUIET), None
    objective.save()
    assert runners.owner
    set_team_policy(team=runners.owner, policy=policy.name, actor=Actor(person=ada), now=NOW)
    assert spend(objective, bad=60) == [("ok", "at-risk", "0.5")]


def test_without_a_policy_the_words_are_what_they_were(objective: Objective) -> None:
    objective.policy, objective.budget_policy = make_slo.policy("quiet", QUIET), None
    objective.save()
    assert spend(objective, bad=60) == []
    assert spend(objective, bad=27) == [("ok", "at-risk", "")]
    assert stands(objective) == ("at-risk", None)


def test_the_owner_is_told_and_the_open_incident_says_it(objective: Objective, runners: Component, ada: Person) -> None:
    objective.policy = make_slo.policy("quiet", QUIET)
    objective.save()
    incident = make_incidents.incident(runners, now=NOW)
    spend(objective, bad=60)
    assert take_transitions(now=NOW) == 1
    (told,) = Notification.objects.filter(kind="told")
    assert (told.person, told.incident) == (ada, incident)
    assert "Look at it" in told.words["text"]
    assert "Look at it" in incident.timeline.get(kind=TimelineEntry.Kind.BUDGET).words


# Writing ------------------------------------------------------------------------------------------------------------


def test_only_admins_write_policies_and_the_same_again_changes_nothing(katrin: Actor, ada: Person) -> None:
    draft = BudgetPolicyDraft("p", AGREED)
    with pytest.raises(Forbidden):
        save_budget_policy(draft=draft, actor=Actor(person=ada), now=NOW)
    _, created = save_budget_policy(draft=draft, actor=katrin, now=NOW)
    again, anew = save_budget_policy(draft=draft, actor=katrin, now=NOW + MINUTE)
    assert (created, anew, again.updated_at) == (True, False, NOW)
    assert [one["remaining"] for one in again.thresholds] == [0.5, 0.25, 0]
    assert AuditEntry.objects.filter(object_ref="budget-policy:p").count() == 1


def test_a_team_goes_by_what_there_is_and_only_its_own_people_say_so(
    policy: BudgetPolicy, runners: Component, ada: Person
) -> None:
    team = runners.owner
    assert team
    with pytest.raises(Forbidden):
        set_team_policy(team=team, policy=policy.name, actor=Actor(person=make.person("mallory")), now=NOW)
    with pytest.raises(Invalid):
        set_team_policy(team=team, policy="ghost", actor=Actor(person=ada), now=NOW)
    set_team_policy(team=team, policy=policy.name, actor=Actor(person=ada), now=NOW)
    assert TeamBudgetPolicy.objects.get().policy == policy
    set_team_policy(team=team, policy="", actor=Actor(person=ada), now=NOW)
    assert not TeamBudgetPolicy.objects.exists()


# The gate -----------------------------------------------------------------------------------------------------------

GATE = "/api/v1/components/component/default/runners/gate"


@pytest.fixture
def ci(runners: Component) -> APIClient:
    return make.signed(APIClient(), make.token("slos:write")[1])


def test_the_gate_is_open_until_a_threshold_that_holds_is_crossed(objective: Objective, ci: APIClient) -> None:
    assert ci.get(GATE).json()["allow"] is True
    Standing.objects.filter(objective=objective).update(threshold=0.25, remaining=0.2, budget="at-risk")
    body = ci.get(GATE).json()
    assert (body["allow"], body["reasons"]) == (True, [])
    assert [one["action"] for one in body["objectives"][0]["crossed"]] == ["Look at it", "Only fixes"]
    Standing.objects.filter(objective=objective).update(threshold=0, remaining=-0.1, budget="exhausted")
    body = ci.get(GATE).json()
    assert body["allow"] is False
    assert body["reasons"] == ["Jobs: below 0% of the error budget (-10.0% left): No deployments"]
    assert body["objectives"][0]["holds"] is True


def test_an_open_incident_of_its_own_holds_unless_it_is_left_out(runners: Component, ci: APIClient) -> None:
    incident = make_incidents.incident(runners)
    Incident.objects.filter(pk=incident.pk).update(severity=2)
    assert ci.get(GATE).json()["reasons"] == [f"P2 {incident.label} is open: {incident.title}"]
    assert ci.get(f"{GATE}?incidents=false").json()["allow"] is True
    assert ci.get(f"{GATE}?incidents=perhaps").status_code == 400
    Incident.objects.filter(pk=incident.pk).update(severity=3)
    assert ci.get(GATE).json()["allow"] is True


def test_the_gate_is_cheap(
    objective: Objective, runners: Component, ci: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(5):
        make_slo.objective(f"more-{n}", component=runners)
    ci.get(GATE)
    with django_assert_max_num_queries(6):
        assert len(ci.get(GATE).json()["objectives"]) == 6


def test_there_is_no_gate_of_what_is_not_there(ci: APIClient) -> None:
    assert ci.get("/api/v1/components/component/default/ghost/gate").status_code == 404
    assert APIClient().get(GATE).status_code == 401
