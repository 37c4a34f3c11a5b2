"""Scorecards: what each check says, what they add up to, and that none can take the others down."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from catalog import registries, scorecard, tasks
from catalog.access import system
from catalog.drawn import trend_of
from catalog.levels import LEVELS, Answer, add_up
from catalog.models import Component, Score, ScoreDay, Team
from catalog.operations import begin_scores, confirm_components, record_day, score_due
from catalog.registries import ScorecardCheck, Verdict
from catalog.scorecard import NEVER
from incidents.operations import acknowledge
from incidents.operations.drills import begin_drill, end_due
from portal.lib.clock import db_now
from tests import make, make_incidents, make_slo, make_trust
from tests.make import NOW

OUTCOMES = st.sampled_from([True, False, None])
ANSWERS = st.lists(st.builds(Answer, st.sampled_from(LEVELS), OUTCOMES))
database = pytest.mark.django_db


# Adding up, which knows no database


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ("", 0),
        ("b+", 3),
        ("b-", 0),
        ("b?", 0),
        ("b+ s-", 1),
        ("b+ s+ g-", 2),
        ("b+ s+ g?", 2),
        ("b+ s+ g+", 3),
        ("b- s+ g+", 0),
        ("b+ s- g+", 1),
        ("s+ g-", 2),
        ("g-", 2),
    ],
)
def test_a_level_needs_all_of_its_own_and_of_those_below(answers: str, level: int) -> None:
    names = {"b": "bronze", "s": "silver", "g": "gold"}
    outcomes = {"+": True, "-": False, "?": None}
    said = [Answer(names[one[0]], outcomes[one[1]]) for one in answers.split()]
    assert add_up(said).level == level


@given(ANSWERS, st.sampled_from(LEVELS), OUTCOMES)
def test_one_more_passed_check_never_lowers_and_one_not_passed_never_raises(
    answers: list[Answer], level: str, outcome: bool | None
) -> None:
    before, after = add_up(answers).level, add_up([*answers, Answer(level, outcome)]).level
    if outcome is True:
        assert after >= before
    elif answers:
        assert after <= before
        assert after <= LEVELS.index(level)


@given(ANSWERS.flatmap(lambda answers: st.tuples(st.just(answers), st.permutations(answers))))
def test_order_says_nothing(both: tuple[list[Answer], list[Answer]]) -> None:
    assert add_up(both[0]) == add_up(both[1])


@given(ANSWERS)
def test_every_check_is_counted_once_and_unknown_is_as_good_as_failed_for_a_level(answers: list[Answer]) -> None:
    found = add_up(answers)
    assert found.asked == len(answers)
    known = [Answer(one.level, bool(one.outcome)) for one in answers]
    assert add_up(known).level == found.level


# The checks


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> dict[str, ScorecardCheck]:
    """An empty registry for the time of a test."""
    mine: dict[str, ScorecardCheck] = {}
    monkeypatch.setattr(registries, "scorecard_checks", mine)
    return mine


def outcome(component: Component, key: str, now: datetime = NOW) -> bool | str | None:
    """What one check says of a component; `n/a` where it does not apply."""
    card = scorecard.judge([component], now=now)[component.pk]
    return next((line.verdict.outcome for line in card.lines if line.key == key), "n/a")


FIELDS: list[tuple[str, dict[str, Any], bool | str | None]] = [
    ("description", {}, False),
    ("description", {"description": "  "}, False),
    ("description", {"description": "What it is"}, True),
    ("type", {}, True),
    ("type", {"lifecycle": ""}, False),
    ("type", {"type": ""}, False),
    ("type", {"kind": "resource", "lifecycle": ""}, True),
    ("tier", {}, False),
    ("tier", {"tier": 4}, True),
    ("runbook", {}, False),
    ("runbook", {"runbook": "https://x.org"}, True),
    ("runbook", {"docs": "# What to do"}, True),
    ("docs", {"runbook": "https://x.org"}, False),
    ("docs", {"docs": "# Read"}, True),
    ("docs", {"annotations": {"backstage.io/techdocs-ref": "dir:."}}, True),
    ("dependencies", {}, False),
    ("dependencies", {"kind": "api"}, "n/a"),
    ("confirmed", {}, True),
    ("confirmed", {"now": make_trust.LONG_AGO}, False),
    ("confirmed", {"now": make_trust.LONG_AGO, "confirmed_at": NOW - timedelta(days=1)}, True),
    ("references", {}, True),
    ("references", {"system_ref": "system:default/gone"}, False),
    ("objective", {"tier": 1}, False),
    ("objective", {"tier": 2}, "n/a"),
    ("owner", {}, False),
    ("owner", {"owner_ref": "user:default/ada"}, False),
    ("escalation", {}, False),
]


@database
@pytest.mark.parametrize(("key", "fields", "said"), FIELDS)
def test_what_a_check_says(key: str, fields: dict[str, Any], said: bool | str | None) -> None:
    assert outcome(make.component("x", **fields), key) == said


@database
def test_an_owner_must_be_a_team_that_is_there() -> None:
    assert outcome(make.component(owner=make.team()), "owner") is True
    assert outcome(make.component(owner=make.team(retired_at=NOW)), "owner") is False


@database
@pytest.mark.parametrize("relation", ["dependsOn", "consumesApi"])
def test_naming_a_dependency_counts_and_naming_nothing_that_is_there_is_another_check(relation: str) -> None:
    made = make.component()
    make.dependency(made, "component:default/nothing", relation=relation)
    assert (outcome(made, "dependencies"), outcome(made, "references")) == (True, False)
    provider = make.component()
    make.dependency(provider, make.component(kind="api"), relation="providesApi")
    assert (outcome(provider, "dependencies"), outcome(provider, "references")) == (False, True)


@database
def test_a_reference_to_what_is_retired_or_a_responder_that_is_not_there_is_rotten() -> None:
    one, other = make.component(), make.component()
    make.dependency(one, make.component(retired_at=NOW))
    other.responders.create(team_ref="group:default/gone")
    assert (outcome(one, "references"), outcome(other, "references")) == (False, False)


@database
def test_a_tier_one_component_passes_with_an_objective() -> None:
    made = make.component(tier=1)
    make_slo.objective(component=made)
    assert outcome(made, "objective") is True


@database
def test_escalation_must_reach_a_person_at_every_hour() -> None:
    linh = make_incidents.reachable("linh")
    by_person = make_incidents.paged(make.team("a", linh), make_incidents.step(linh))
    covered = make_incidents.paged(make.team("b"), make_incidents.step(make_incidents.schedule(linh)))
    gap = make_incidents.paged(make.team("c"), make_incidents.step(make_incidents.schedule()))
    saved = make_incidents.paged(
        make.team("d"), make_incidents.step(make_incidents.schedule()), make_incidents.step(linh)
    )
    stranger = make.person("stranger", retired_at=NOW)
    left = make_incidents.paged(make.team("e"), make_incidents.step(make_incidents.schedule(stranger)))
    team = make_incidents.paged(make.team("f"), make_incidents.step(make.team("g", linh)))
    nobody = make_incidents.paged(make.team("h"), make_incidents.step(make.team("i")))
    said = {one.name: outcome(make.component(owner=one), "escalation") for one in Team.objects.all()}
    assert {one.name: said[one.name] for one in (by_person, covered, gap, saved, left, team, nobody)} == {
        "a": True, "b": True, "c": False, "d": True, "e": False, "f": True, "h": False,
    }  # fmt: skip
    assert said["g"] is False


@database
def test_a_well_kept_component_is_silver_for_the_catalog_and_gold_once_it_is_paged() -> None:
    linh = make_incidents.reachable("linh")
    team = make.team("build-ci", linh)
    made = make_trust.well_kept(owner=team)
    card = scorecard.judge([made], now=NOW)[made.pk]
    assert (card.sum.level, [line.key for line in card.lines if not line.verdict.outcome]) == (
        2,
        ["escalation", "drill"],
    )
    make_incidents.paged(team, make_incidents.step(linh))
    drill = begin_drill(component=made, by=system("test"), now=NOW).drill
    acknowledge(page=drill.incident.pages.get(), by=linh, via="web", now=NOW)
    end_due(now=NOW)
    assert scorecard.judge([made], now=NOW)[made.pk].sum.level == 3


def broken(_components: Sequence[Component], _now: datetime) -> Mapping[int, Verdict]:
    """A plugin with a bug."""
    raise RuntimeError("no")


def silent(_components: Sequence[Component], _now: datetime) -> Mapping[int, Verdict]:
    """A check that answers nothing."""
    return {}


def content(components: Sequence[Component], _now: datetime) -> Mapping[int, Verdict]:
    """Passes everything."""
    return {one.pk: Verdict(True, "fine") for one in components}


@database
def test_a_check_that_raises_or_says_nothing_is_unknown_and_breaks_no_other(
    checks: dict[str, ScorecardCheck], client: Client
) -> None:
    checks["fine"] = ScorecardCheck("Fine", "bronze", content)
    checks["broken"] = ScorecardCheck("Broken", "silver", broken)
    checks["silent"] = ScorecardCheck("Silent", "gold", silent)
    checks["picky"] = ScorecardCheck("Picky", "gold", content, applies=lambda one: bool(one.links[0]))
    made = make.component("x")
    card = scorecard.judge([made], now=NOW)[made.pk]
    assert {line.key: line.verdict.outcome for line in card.lines} == {
        "fine": True, "broken": None, "silent": None, "picky": None,
    }  # fmt: skip
    assert (card.sum.level, card.sum.unknown) == (1, 3)
    client.force_login(make.account("ada"))
    page = client.get(made.get_absolute_url())
    assert (page.status_code, "unknown, silver" in page.content.decode()) == (200, True)
    tasks.score()
    assert Score.objects.get().answers["broken"][0] is None


@database
def test_a_check_that_does_not_apply_counts_neither_way(checks: dict[str, ScorecardCheck]) -> None:
    checks["fine"] = ScorecardCheck("Fine", "bronze", content)
    checks["tier-1"] = ScorecardCheck("Tier 1", "gold", broken, applies=lambda one: one.tier == 1)
    low, high = make.component(tier=3), make.component(tier=1)
    cards = scorecard.judge([low, high], now=NOW)
    assert (cards[low.pk].sum.level, cards[low.pk].sum.asked) == (3, 1)
    assert (cards[high.pk].sum.level, cards[high.pk].sum.unknown) == (2, 1)


@database
def test_a_batch_asks_no_more_than_one_component(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for n in range(30):
        make_trust.well_kept(owner=make.team(f"t{n}"), tier=1)
    with django_assert_max_num_queries(9):
        scorecard.judge(list(Component.objects.all()), now=NOW)


# The sweep


@database
def test_the_sweep_scores_what_is_new_then_what_changed_then_what_is_an_hour_old() -> None:
    now = db_now()
    made = make_trust.well_kept("kept", owner=make.team(), now=now - timedelta(minutes=1))
    rest = Component.objects.count()
    assert (begin_scores(), begin_scores()) == (rest, 0)
    assert (score_due(now=now), score_due(now=now)) == (rest, 0)
    assert Score.objects.get(component=made).level == 2
    Component.objects.filter(pk=made.pk).update(tier=None, updated_at=now + timedelta(seconds=1))
    assert score_due(now=now + timedelta(seconds=2)) == 1
    score = Score.objects.get(component=made)
    assert (score.level, score.changed_at) == (0, now + timedelta(seconds=2))
    assert score_due(now=now + timedelta(minutes=59)) == 0
    assert score_due(now=now + timedelta(hours=2)) == rest
    score.refresh_from_db()
    assert (score.at, score.changed_at) == (now + timedelta(hours=2), now + timedelta(seconds=2))


@database
def test_what_is_confirmed_is_scored_at_the_next_wake_up_and_what_retires_no_more() -> None:
    made = make.component("x", owner=make.team(), now=make_trust.LONG_AGO)
    tasks.score()
    assert Score.objects.get().answers["confirmed"][0] is False
    confirm_components(refs=[made.ref], actor=system("test"), now=db_now())
    tasks.score()
    assert Score.objects.get().answers["confirmed"][0] is True
    Component.objects.update(retired_at=NOW)
    tasks.score()
    assert not Score.objects.exists()


@database
def test_the_days_sums_are_kept_once_of_all_and_of_each_team_and_only_when_all_are_scored() -> None:
    build, other = make.team("build-ci"), make.team("networking")
    make_trust.well_kept(owner=build)
    make.component("x", owner=other)
    make.component("orphan")
    begin_scores()
    assert record_day(now=NOW) is False
    score_due(now=NOW)
    assert (record_day(now=NOW), record_day(now=NOW + timedelta(hours=1))) == (True, False)
    days = {one.team: one for one in ScoreDay.objects.all()}
    assert (days[None].levels, days[build].levels, days[other].levels) == ([3, 0, 1, 0], [1, 0, 1, 0], [1, 0, 0, 0])
    assert days[None].checks["owner"] == [3, 1, 0]
    assert record_day(now=NOW + timedelta(days=1)) is True
    assert record_day(now=NOW + timedelta(days=402)) is True
    assert {one.day for one in ScoreDay.objects.all()} == {NOW.date() + timedelta(days=402)}


# What is shown


@pytest.fixture
def fleet(client: Client) -> Client:
    """Forty components of two teams, scored, with two days of sums; Ada is signed in."""
    build = make.team("build-ci")
    for n in range(20):
        make_trust.well_kept(f"kept{n:02}", owner=build, type="runner")
    Component.objects.filter(name__startswith="component").update(type="leaf")
    make.component("bad", owner=make.team("networking"), tier=1)
    now = db_now()
    begin_scores()
    score_due(now=now)
    record_day(now=now - timedelta(days=1))
    record_day(now=now)
    client.force_login(make.account("ada"))
    return client


@database
def test_the_fleet_page_adds_up_and_each_sum_leads_to_its_components(fleet: Client) -> None:
    context = fleet.get("/scorecards").context
    assert context["fleet"].levels == (21, 0, 20, 0)
    assert [(level.label, n) for level, n, _ in context["levels"]][1] == ("Silver", 20)
    told = {one["check"].title: one for one in context["checks"]}
    assert told["Has a tier"]["told"].failed == 20
    failing = fleet.get(told["Has a tier"]["failed"]).context["rows"]
    assert {score.component.type for score, *_ in failing} == {"leaf"}
    assert len(context["trend"].rows) == 2
    assert {team.name: team.none for team, _ in context["teams"]} == {"build-ci": 20, "networking": 1}


@database
@pytest.mark.parametrize(
    ("query", "n"),
    [("", 41), ("?level=none", 21), ("?tier=1", 1), ("?type=runner", 20), ("?team=networking", 1),
     ("?level=silver&type=leaf", 0), ("?check=objective", 1), ("?check=tier&outcome=passed", 21)],
)  # fmt: skip
def test_filters_combine_on_page_and_api_alike(fleet: Client, query: str, n: int) -> None:
    assert fleet.get(f"/scorecards{query}").context["fleet"].scored == n
    seen, url = 0, f"/scorecards/components{query}"
    while url:
        context = fleet.get(url).context
        seen, url = seen + len(context["rows"]), context["next"]
    assert seen == n
    api = make.signed(APIClient(), make.token("read")[1])
    assert len(api.get(f"/api/v1/scorecards{query}").json()["results"]) == n
    assert sum(api.get(f"/api/v1/scorecards/fleet{query}").json()["levels"].values()) == n


@database
@pytest.mark.parametrize("query", ["?level=x", "?tier=9", "?check=x", "?outcome=failed", "?team=a:/"])
def test_a_filter_nobody_knows_is_named(fleet: Client, query: str) -> None:
    assert fleet.get(f"/scorecards{query}").status_code == 400
    api = make.signed(APIClient(), make.token("read")[1])
    assert api.get(f"/api/v1/scorecards{query}").json()["errors"][0]["field"] in query


@database
@pytest.mark.parametrize(
    "path",
    ["/scorecards", "/scorecards?sort=name", "/scorecards?sort=gold", "/scorecards/components?sort=failed",
     "/scorecards/components?sort=-level", "/teams/default/build-ci", "/components/component/default/bad"],
)  # fmt: skip
def test_pages_ask_few_questions(
    fleet: Client, django_assert_max_num_queries: DjangoAssertNumQueries, path: str
) -> None:
    with django_assert_max_num_queries(40):
        assert fleet.get(path).status_code == 200


@database
def test_the_trend_is_of_one_team_where_one_is_chosen_and_of_nobody_with_other_filters(fleet: Client) -> None:
    assert fleet.get("/scorecards?team=networking").context["trend"].rows[0][1:] == (1, 0, 0, 0)
    assert fleet.get("/scorecards?tier=1").context["trend"] is None
    api = make.signed(APIClient(), make.token("read")[1])
    days = api.get("/api/v1/scorecards/fleet").json()["days"]
    assert [one["levels"]["silver"] for one in days] == [20, 20]


@database
def test_a_component_and_its_team_show_what_is_missing(fleet: Client) -> None:
    page = fleet.get("/components/component/default/bad").content.decode()
    assert "Nothing is promised for it." in page
    assert "Scorecard" in page
    assert "20 of 40" in fleet.get("/teams/default/build-ci").content.decode()


@database
def test_the_api_tells_each_check_of_a_component_as_it_is_now(fleet: Client) -> None:
    api = make.signed(APIClient(), make.token("read")[1])
    said = api.get("/api/v1/components/component/default/bad/scorecard").json()
    by_key = {one["check"]: one for one in said["checks"]}
    assert (said["level"], by_key["description"]["outcome"]) == ("none", "failed")
    assert by_key["objective"]["fix"] == "/slos/new?component=component:default/bad"
    assert api.get("/api/v1/components/component/default/nothing/scorecard").status_code == 404
    assert APIClient().get("/api/v1/scorecards").status_code == 401


@database
def test_a_card_of_a_phone_says_that_its_checks_failed(fleet: Client) -> None:
    page = fleet.get("/scorecards/components?sort=failed").content.decode()
    assert re.search(r'<span class="d-lg-none">[1-9]\d* of \d+ not met: </span>\S', page)


@database
def test_an_empty_portal_says_that_nothing_is_scored_yet(client: Client) -> None:
    client.force_login(make.account("ada"))
    assert "Nothing is scored yet" in client.get("/scorecards").content.decode()
    assert "Nothing is scored yet" in client.get("/scorecards/components").content.decode()


@database
def test_a_score_nobody_worked_out_yet_is_in_no_sum(client: Client) -> None:
    make.component("x")
    begin_scores()
    assert Score.objects.get().changed_at == NEVER
    client.force_login(make.account("ada"))
    assert client.get("/scorecards").context["fleet"].scored == 0


@pytest.mark.django_db
def test_a_page_shows_what_the_sweep_kept_of_a_costly_check_while_it_is_fresh(
    checks: dict[str, ScorecardCheck],
) -> None:
    checks.clear()
    checks["cheap"] = ScorecardCheck("Cheap", "bronze", content)
    checks["costly"] = ScorecardCheck("Costly", "bronze", broken, kept_fix=lambda _: "/put-right")
    component = make.component()
    score = Score.objects.create(
        component=component, level=0, passed=0, failed=2, unknown=0, at=NOW, changed_at=NOW,
        answers={"cheap": [False, "as it was"], "costly": [False, "as it was"]},
    )  # fmt: skip

    def said(now: datetime = NOW) -> list[tuple[bool | None, str]]:
        shown = scorecard.shown(Component.objects.get(), now=now)
        return [(line.verdict.outcome, line.verdict.fix) for line in shown.lines]

    asked = (None, "")  # for `broken` fails
    assert said() == [(True, ""), (False, "/put-right")]
    assert said(NOW + timedelta(hours=3))[1] == asked
    Component.objects.update(updated_at=NOW + timedelta(seconds=1))
    assert said()[1] == asked
    score.delete()
    assert said()[1] == asked


@pytest.mark.parametrize(("days", "gaps"), [(14, True), (31, True), (32, False), (60, False)])
def test_many_days_of_a_trend_stand_without_gaps(days: int, gaps: bool) -> None:
    rows = [ScoreDay(day=(NOW + timedelta(days=day)).date(), levels=[0, 0, 0, 1], checks={}) for day in range(days)]
    trend = trend_of(rows)
    assert trend is not None
    ends = [float(bar.x.rstrip("%")) + float(bar.width.rstrip("%")) for bar in trend.bars]
    starts = [float(bar.x.rstrip("%")) for bar in trend.bars]
    assert all((end < start) is gaps for end, start in zip(ends, starts[1:], strict=False))
