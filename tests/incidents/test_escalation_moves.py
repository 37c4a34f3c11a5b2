"""The moves of an escalation, written down."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from incidents.escalation import (
    MAX_FALLBACKS,
    Action,
    Condition,
    Idle,
    Move,
    MoveKind,
    NotAllowed,
    Policy,
    Progress,
    State,
    Step,
    Target,
    TargetKind,
    acknowledged,
    active,
    advance,
    after_unreachable,
    allowed,
    escalated_now,
    forecast,
    next_move,
    opened,
    reopened,
    resolved,
    snoozed,
    state_after,
    taken_over,
)
from tests.incidents.rotation_by_minutes import utc

T0 = utc(2026, 11, 19, 13)
ON_CALL = Target(TargetKind.SCHEDULE, "primary")
LEAD = Target(TargetKind.PERSON, "lin")
ALL = Target(TargetKind.TEAM, "networking")
POLICY = Policy((Step((ON_CALL,), timedelta(minutes=5)), Step((LEAD, ALL), timedelta(minutes=10))))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def story(policy: Policy, progress: Progress | None = None, now: datetime = T0) -> list[str]:
    """Everything still to come as `minute kind targets`."""
    return [told(move) for move in forecast(progress or opened(now=now), policy, now=now)]


def told(move: Move) -> str:
    words = [f"{(move.at - T0) / minutes(1):g}", move.kind, *(target.ref for target in move.targets)]
    return " ".join(words)


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        (State.TRIGGERED, {Action.ACKNOWLEDGE, Action.ESCALATE, Action.EXHAUST, Action.RESOLVE}),
        (State.REOPENED, {Action.ACKNOWLEDGE, Action.ESCALATE, Action.EXHAUST, Action.RESOLVE}),
        (State.ACKNOWLEDGED, {Action.TAKE_OVER, Action.ESCALATE, Action.TIME_OUT, Action.RESOLVE}),
        (State.EXHAUSTED, {Action.ACKNOWLEDGE, Action.ESCALATE, Action.RESOLVE}),
        (State.RESOLVED, {Action.REOPEN}),
    ],
)
def test_each_state_allows_exactly_these_actions(state: State, possible: set[Action]) -> None:
    assert {action for action in Action if allowed(state, action)} == possible


def test_an_impossible_action_is_refused_in_words() -> None:
    with pytest.raises(NotAllowed, match="acknowledge: not possible while it is resolved"):
        state_after(State.RESOLVED, Action.ACKNOWLEDGE)


def test_each_step_is_taken_once_and_the_end_is_said_aloud() -> None:
    assert story(POLICY) == ["0 take-step primary", "5 take-step lin networking", "15 exhausted"]


def test_a_policy_with_two_repeats_runs_three_times() -> None:
    assert story(replace(POLICY, repeat=2)) == [
        "0 take-step primary",
        "5 take-step lin networking",
        "15 retry-cycle primary",
        "20 take-step lin networking",
        "30 retry-cycle primary",
        "35 take-step lin networking",
        "45 exhausted",
    ]


def test_a_step_with_two_repeats_is_taken_three_times_before_the_next() -> None:
    policy = Policy((Step((ON_CALL,), minutes(5), repeat=2), Step((LEAD,), minutes(10))), repeat=1)
    assert story(policy) == [
        "0 take-step primary",
        "5 take-step primary",
        "10 take-step primary",
        "15 take-step lin",
        "25 retry-cycle primary",
        "30 take-step primary",
        "35 take-step primary",
        "40 take-step lin",
        "50 exhausted",
    ]


def test_the_fallback_comes_after_the_last_step_and_is_due_at_once() -> None:
    policy = replace(POLICY, fallback="catch-all")
    last = list(forecast(opened(now=T0), policy, now=T0))[-1]
    assert (last.kind, last.fallback, last.next_at) == (MoveKind.FALLBACK, "catch-all", T0 + minutes(15))
    assert (last.after.cycle, last.after.step, last.after.generation) == (0, 0, 1)
    first = next_move(last.after, Policy((Step((LEAD,), minutes(1)),)), now=T0 + minutes(15))
    assert told(first) == "15 take-step lin"


def test_policies_that_name_each_other_come_to_an_end() -> None:
    ring = replace(POLICY, fallback="itself")
    progress, falls = opened(now=T0), 0
    while (last := list(forecast(progress, ring, now=T0))[-1]).kind is MoveKind.FALLBACK:
        progress, falls = last.after, falls + 1
    assert (last.kind, falls) == (MoveKind.EXHAUSTED, MAX_FALLBACKS)


def test_a_policy_without_steps_is_exhausted_at_once() -> None:
    assert story(Policy(())) == ["0 exhausted"]


def test_round_robin_takes_another_target_from_page_to_page_and_from_time_to_time() -> None:
    policy = Policy((Step((ON_CALL, LEAD, ALL), minutes(5), repeat=1, round_robin=True),), repeat=1)
    assert story(policy, opened(now=T0, turn=1)) == [
        "0 take-step lin",
        "5 take-step networking",
        "10 retry-cycle primary",
        "15 take-step lin",
        "20 exhausted",
    ]


def test_a_step_outside_its_hours_is_passed_over_and_the_next_taken_at_once() -> None:
    office = Condition("Europe/Berlin", frozenset(range(5)), time(9), time(17))
    policy = Policy((replace(POLICY.steps[0], condition=office), POLICY.steps[1]))
    saturday = utc(2026, 11, 21, 12)
    move = next_move(opened(now=saturday), policy, now=saturday)
    assert (move.kind, move.step, move.passed_over) == (MoveKind.TAKE_STEP, 1, (0,))
    assert next_move(opened(now=T0), policy, now=T0).step == 0


def test_a_policy_whose_hours_are_all_over_is_exhausted_at_once_and_names_the_steps() -> None:
    night = Condition("Europe/Berlin", start=time(22), end=time(6))
    policy = Policy(tuple(replace(step, condition=night) for step in POLICY.steps), repeat=3)
    move = next_move(opened(now=T0), policy, now=T0)
    assert (move.kind, move.passed_over) == (MoveKind.EXHAUSTED, (0, 1))


def test_a_sweep_three_hours_late_takes_one_step_now_and_plans_the_next_from_now() -> None:
    first = next_move(opened(now=T0), POLICY, now=T0)
    late = T0 + timedelta(hours=3)
    move = next_move(first.after, POLICY, now=late)
    assert (move.step, move.late_by, move.next_at) == (1, minutes(175), late + minutes(10))
    assert next_move(move.after, POLICY, now=late).why is Idle.NOT_DUE


def test_an_older_generation_does_nothing() -> None:
    progress = snoozed(opened(now=T0), until=T0)
    move = next_move(progress, POLICY, now=T0, generation=0)
    assert (move.kind, move.why, move.after) == (MoveKind.NOTHING, Idle.STALE, progress)
    assert next_move(progress, POLICY, now=T0, generation=1).takes_step


def test_nothing_is_due_a_second_too_early() -> None:
    first = next_move(opened(now=T0), POLICY, now=T0)
    early = T0 + minutes(5) - timedelta(seconds=1)
    assert next_move(first.after, POLICY, now=early).why is Idle.NOT_DUE


@pytest.mark.parametrize("ending", [lambda p: resolved(p), lambda p: acknowledged(p, POLICY, now=T0)])
def test_a_page_that_is_taken_or_over_has_nothing_planned(ending: Callable[[Progress], Progress]) -> None:
    progress = ending(opened(now=T0))
    move = next_move(progress, POLICY, now=T0 + timedelta(days=1))
    assert (move.kind, move.next_at, progress.generation) == (MoveKind.NOTHING, None, 1)


def test_a_step_that_reaches_nobody_hands_on_at_once() -> None:
    policy = Policy((Step((ON_CALL,), minutes(5), repeat=3), POLICY.steps[1]))
    first = next_move(opened(now=T0), policy, now=T0)
    second = after_unreachable(first.after, policy, now=T0)
    assert (second.step, second.repeat, second.next_at) == (1, 0, T0 + minutes(10))


def test_when_nobody_at_all_is_reachable_the_end_comes_in_the_same_moment() -> None:
    policy = replace(POLICY, repeat=1)
    moves = list(advance(opened(now=T0), policy, now=T0, reach=lambda move: False))
    assert [told(move) for move in moves] == [
        "0 take-step primary",
        "0 take-step lin networking",
        "0 retry-cycle primary",
        "0 take-step lin networking",
        "0 exhausted",
    ]


def test_a_gap_at_the_first_step_pages_the_second_and_waits_for_its_delay() -> None:
    moves = list(advance(opened(now=T0), POLICY, now=T0, reach=lambda move: LEAD in move.targets))
    assert [told(move) for move in moves] == ["0 take-step primary", "0 take-step lin networking"]
    assert moves[-1].next_at == T0 + minutes(10)


def test_an_acknowledgement_that_won_the_race_leaves_nobody_to_hand_on_to() -> None:
    taken = acknowledged(next_move(opened(now=T0), POLICY, now=T0).after, POLICY, now=T0)
    assert after_unreachable(taken, POLICY, now=T0).kind is MoveKind.NOTHING


def test_silence_after_an_acknowledgement_asks_first_and_then_escalates_from_step_one() -> None:
    policy = replace(POLICY, ack_timeout=minutes(30), answer_within=minutes(10))
    taken = acknowledged(opened(now=T0), policy, now=T0)
    assert story(policy, taken) == [
        "30 ask-responder",
        "40 ack-timeout",
        "40 take-step primary",
        "45 take-step lin networking",
        "55 exhausted",
    ]


def test_the_responders_answer_starts_the_ack_timeout_anew() -> None:
    policy = replace(POLICY, ack_timeout=minutes(30))
    asked = next_move(acknowledged(opened(now=T0), policy, now=T0), policy, now=T0 + minutes(30)).after
    answered = active(asked, policy, now=T0 + minutes(32))
    assert (answered.asked, answered.due_at) == (False, T0 + minutes(62))


def test_activity_on_a_page_nobody_has_does_not_delay_its_escalation() -> None:
    progress = opened(now=T0)
    assert active(progress, replace(POLICY, ack_timeout=minutes(30)), now=T0) == progress


def test_taking_over_needs_somebody_to_take_it_from() -> None:
    taken = acknowledged(opened(now=T0), POLICY, now=T0)
    assert taken_over(taken, POLICY, now=T0).generation == 2
    with pytest.raises(NotAllowed):
        taken_over(opened(now=T0), POLICY, now=T0)


def test_an_exhausted_page_can_still_be_taken() -> None:
    ended = list(forecast(opened(now=T0), POLICY, now=T0))[-1].after
    assert ended.state is State.EXHAUSTED
    assert acknowledged(ended, POLICY, now=T0).state is State.ACKNOWLEDGED


def test_escalate_now_takes_the_waiting_step_and_keeps_its_place() -> None:
    waiting = next_move(opened(now=T0), POLICY, now=T0).after
    pressed = escalated_now(waiting, now=T0 + minutes(1))
    assert story(POLICY, pressed, T0 + minutes(1)) == ["1 take-step lin networking", "11 exhausted"]


def test_escalate_now_starts_a_taken_page_from_step_one() -> None:
    taken = acknowledged(next_move(opened(now=T0), POLICY, now=T0).after, POLICY, now=T0)
    pressed = escalated_now(taken, now=T0 + minutes(1))
    assert (pressed.state, pressed.step, pressed.due_at) == (State.TRIGGERED, 0, T0 + minutes(1))


def test_reopening_starts_from_step_one_in_a_new_generation() -> None:
    halfway = next_move(opened(now=T0), POLICY, now=T0).after
    again = reopened(resolved(halfway), now=T0 + minutes(9))
    assert again == Progress(state=State.REOPENED, generation=2, due_at=T0 + minutes(9))


def test_a_snoozed_page_goes_on_where_it_was() -> None:
    waiting = next_move(opened(now=T0), POLICY, now=T0).after
    asleep = snoozed(waiting, until=T0 + timedelta(hours=2))
    assert story(POLICY, asleep) == ["120 take-step lin networking", "130 exhausted"]


def test_a_page_without_a_plan_cannot_be_snoozed() -> None:
    with pytest.raises(NotAllowed, match="nothing is planned while it is resolved"):
        snoozed(resolved(opened(now=T0)), until=T0)
