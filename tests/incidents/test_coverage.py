"""When a P1 reaches nobody: by closed form, against the pager itself walked hour by hour."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Team
from incidents.coverage import coverage
from incidents.escalation import Condition, Step
from incidents.firing import Firing
from incidents.models import ContactMethod, EscalationPolicy, Override, Schedule
from incidents.oncall.stretches import common, joined, without
from incidents.queries.coverage import ORDER, fleet, uncovered_by_team
from incidents.simulating import simulate
from tests import make, make_incidents
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def gap(rota: Schedule, start: datetime, end: datetime) -> None:
    Override.objects.create(schedule=rota, person=None, starts_at=start, ends_at=end, created_at=NOW)


def policy_of(team: Team) -> EscalationPolicy:
    return team.paging.policy  # type: ignore[return-value]


def holes(team: Team, **asked: Any) -> tuple[tuple[datetime, datetime], ...]:
    policy = policy_of(team)
    return coverage([policy.pk], now=NOW).of(policy.pk, **asked)


def test_sets_of_time() -> None:
    at = [NOW + n * HOUR for n in range(10)]
    some, others = [(at[0], at[2]), (at[3], at[6])], [(at[1], at[4]), (at[5], at[9])]
    assert common(some, others) == [(at[1], at[2]), (at[3], at[4]), (at[5], at[6])]
    assert joined([(at[4], at[5]), (at[1], at[2]), (at[2], at[3]), (at[7], at[7])]) == [(at[1], at[3]), (at[4], at[5])]
    assert without((at[1], at[8]), some) == [(at[2], at[3]), (at[6], at[8])]
    assert without((at[0], at[2]), some) == []


def test_a_hole_that_every_step_has_is_one_and_the_catch_all_fills_it() -> None:
    team, other = make.team("ci"), make.team("net")
    ada, boss = make_incidents.reachable("ada"), make_incidents.reachable("boss")
    first, second = make_incidents.schedule(ada, team=team), make_incidents.schedule(ada, team=other)
    gap(first, NOW + HOUR, NOW + 5 * HOUR)
    gap(second, NOW + 3 * HOUR, NOW + 9 * HOUR)
    make_incidents.paged(team, make_incidents.step(first), make_incidents.step(second))
    assert holes(team) == ((NOW + 3 * HOUR, NOW + 5 * HOUR),)
    make_incidents.catch_all(boss)
    assert holes(team) == ()
    assert holes(team, counting_catch_all=False) == ((NOW + 3 * HOUR, NOW + 5 * HOUR),)


def test_a_fallback_counts_as_often_as_pages_follow_it() -> None:
    ada = make_incidents.reachable("ada")
    last = make_incidents.policy(make_incidents.step(ada))
    for _ in range(3):
        last = make_incidents.policy(make_incidents.step(make_incidents.schedule()), fallback=last)
    team, further = make.team("ci"), make.team("net")
    make_incidents.paged(team, make_incidents.step(make_incidents.schedule()), fallback=last.versions.get().fallback)
    make_incidents.paged(further, make_incidents.step(make_incidents.schedule()), fallback=last)
    assert holes(team) == ()
    assert holes(further) == ((NOW, NOW + 4 * WEEK),)


def test_who_has_no_confirmed_method_or_has_left_is_nobody() -> None:
    ada, gone = make_incidents.reachable("ada"), make_incidents.reachable("gone", retired_at=NOW)
    team = make_incidents.paged(make.team("ci"), make_incidents.step(ada, gone))
    assert holes(team) == ()
    ContactMethod.objects.filter(person=ada).update(confirmed_at=None)
    assert holes(team) == ((NOW, NOW + 4 * WEEK),)


def test_round_robin_reaches_somebody_only_where_it_does_whoevers_turn_it_is() -> None:
    ada, dumb = make_incidents.reachable("ada"), make.person("dumb")
    one = make_incidents.step(ada, dumb)
    robin = Step(one.targets, one.delay, round_robin=True)
    team, again = make.team("ci"), make.team("net")
    make_incidents.paged(team, robin)
    make_incidents.paged(again, robin, repeat=1)
    assert holes(team) == ((NOW, NOW + 4 * WEEK),)
    assert holes(again) == ()


def test_a_condition_over_the_end_of_summer_time_is_by_the_clock() -> None:
    now = datetime(2026, 10, 24, 12, tzinfo=UTC)
    ada = make_incidents.reachable("ada")
    one = make_incidents.step(ada)
    night = Condition("Europe/Berlin", start=time(8), end=time(2, 30))
    policy = make_incidents.policy(Step(one.targets, one.delay, condition=night), since=now - WEEK)
    found = coverage([policy.pk], now=now, ahead=timedelta(days=1)).of(policy.pk)
    assert found == ((datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC)),)


def test_it_says_what_the_pager_does_at_every_hour() -> None:
    """Two schedules with holes, a condition, a fallback: an alert simulated at each of two days' hours agrees."""
    now = datetime(2026, 10, 24, 6, 30, tzinfo=UTC)
    ada, linh = make_incidents.reachable("ada"), make_incidents.reachable("linh")
    team, other = make.team("ci"), make.team("net")
    first, second = make_incidents.schedule(ada, team=team), make_incidents.schedule(linh, team=other)
    gap(first, now + 4 * HOUR, now + 30 * HOUR)
    gap(second, now + 10 * HOUR, now + 20 * HOUR)
    office = Condition("Europe/Berlin", frozenset({5}), time(7), time(18))
    plain = make_incidents.step(linh)
    fallback = make_incidents.policy(make_incidents.step(second), since=now - WEEK)
    make_incidents.paged(
        team, make_incidents.step(first), Step(plain.targets, plain.delay, condition=office),
        fallback=fallback, since=now - WEEK,
    )  # fmt: skip
    component = make.component("runners", owner=team, tier=1)
    policy = policy_of(team)
    empty = coverage([policy.pk], now=now, ahead=timedelta(days=2)).of(policy.pk)
    assert empty
    for hour in range(0, 48, 3):
        at = now + hour * HOUR
        firing = Firing(key="", source="api", summary="Down", component=component)
        reached = any(one.calls for one in simulate(firing=firing, at=at).engaged)
        assert reached is not any(start <= at < end for start, end in empty), at


def test_the_fleet_by_team_and_tier_with_those_without_owner() -> None:
    ada = make_incidents.reachable("ada")
    covered = make_incidents.paged(make.team("fine"), make_incidents.step(ada))
    bad = make_incidents.paged(make.team("bad"), make_incidents.step(make_incidents.schedule()))
    make.component("a", owner=covered, tier=1)
    make.component("b", owner=bad, tier=1)
    make.component("c", owner=bad, tier=3)
    make.component("d")
    found = fleet(now=NOW)
    assert [one.name for one in found.components().order_by(*ORDER)] == ["b", "c", "d"]
    assert [one.name for one in found.components(team=bad.ref, tier=3)] == ["c"]
    row = found.row(found.components().get(name="b"))
    assert (row.first, row.hours, row.always) == ((NOW, NOW + 4 * WEEK), 672.0, True)
    assert uncovered_by_team(now=NOW) == {covered.ref: 0, bad.ref: 2, "": 1}


def test_more_components_and_policies_ask_no_more_questions() -> None:
    ada = make_incidents.reachable("ada")

    def cost(count: int) -> int:
        for n in range(count):
            team = make.team(f"t{count}-{n}")
            rota = make_incidents.schedule(ada, team=team)
            make.component(f"c{count}-{n}", owner=make_incidents.paged(team, make_incidents.step(rota)))
        with CaptureQueriesContext(connection) as asked:
            fleet(now=NOW)
        return len(asked)

    assert cost(1) == cost(5) <= 12
