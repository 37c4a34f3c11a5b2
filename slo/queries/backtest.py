"""What another target or alert policy would have done with what an objective has counted (slo.md §6)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.lib.errors import FieldError, Invalid
from slo import exclusions, happened
from slo.backtest import LONGEST, Backtest, Happening, replay
from slo.drafts import target_errors
from slo.indicators import kinds
from slo.ledger.minutes import minutes_of
from slo.minutes import MINUTE
from slo.models import AlertPolicy, AlertTransition, Objective
from slo.promises import rules_of
from slo.queries.outlook import promise_of
from slo.replaying import RuleFiring
from slo.windows import BadRule, BurnWindow, Period, Rule, burn_windows, parse_rules

AT_ONCE = 10
"""So many ledgers are held in memory at once: a month of one takes some megabytes."""
MOST_RULES = 20


@dataclass(frozen=True, slots=True)
class Question:
    """What to try; what is None stays as it is. `policy` names one, `rules` are written as in an alert policy."""

    start: datetime
    end: datetime
    target: Decimal | None = None
    policy: str = ""
    rules: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A question with its answer, and what really happened meanwhile."""

    objective: Objective
    target: Decimal
    policy: str
    """The name of the policy; empty where rules were written out."""
    windows: tuple[BurnWindow, ...]
    found: Backtest
    happened: tuple[Happening, ...]
    fired: tuple[RuleFiring, ...]
    """The rules that really fired, by start."""


def backtest(objective: Objective, asked: Question, *, now: datetime, points: int = 0) -> Tried:
    """Replay what is asked over the ledger in force. `points`: how many moments of the budget left are wanted.

    Raises Invalid with an error for every field that is wrong.
    """
    return next(backtests([objective], asked, now=now, points=points))


def backtests(
    objectives: Sequence[Objective], asked: Question, *, now: datetime, points: int = 0
) -> Iterator[Tried]:  # fmt: skip
    """`backtest` of many, in their order; each with its own period. Reads some dozens of ledgers at once."""
    start, end = _stretch(asked, now)
    rules, policy = _rules(asked)
    _check_target(asked)
    for place in range(0, len(objectives), AT_ONCE):
        some = objectives[place : place + AT_ONCE]
        yield from _some(some, asked, rules, policy, start, end, points)


def _some(
    objectives: Sequence[Objective],
    asked: Question,
    rules: tuple[Rule, ...] | None,
    policy: str,
    start: datetime,
    end: datetime,
    points: int,
) -> Iterator[Tried]:
    promises = {one.pk: promise_of(one) for one in objectives}
    tried = {one.pk: _windows(one, asked, rules, promises[one.pk].period) for one in objectives}
    since = min(_needed(promises[one.pk].period, tried[one.pk], start) for one in objectives)
    counted = minutes_of([one.ledger_id for one in objectives if one.ledger_id], start=since, end=end)
    longest = max(end, *(promises[one.pk].period.bounds(end)[1] for one in objectives))
    out = exclusions.in_force([one.ledger_id for one in objectives if one.ledger_id], since, longest)
    beside = happened.to(objectives, since=start, until=end)
    fired = _fired(objectives, start, end)
    for one in objectives:
        target, definition = asked.target or one.target, one.definition
        if one.ledger_id is None:
            raise Invalid(f"{one.name} has counted nothing yet: its history is still to be read.")
        found = replay(
            counted.pop(one.ledger_id),
            windows=tried[one.pk],
            period=promises[one.pk].period,
            target=target,
            start=start,
            end=end,
            slice_length=definition.slice_length if definition.budgeting == "timeslices" else None,
            unit=definition.slice_length if kinds[definition.type].sliced else MINUTE,
            left_out=_left_out(out.get(one.ledger_id, exclusions.NONE)),
            happened=beside[one.pk],
            points=points,
        )
        yield Tried(
            objective=one,
            target=target,
            policy=policy or ("" if rules else one.policy.name),
            windows=tried[one.pk],
            found=found,
            happened=tuple(beside[one.pk]),
            fired=tuple(fired.get(one.pk, ())),
        )


def _left_out(spans: exclusions.Spans) -> Callable[[datetime, datetime], timedelta]:
    return lambda start, end: timedelta(seconds=exclusions.seconds_in(spans, start, end))


def _windows(
    objective: Objective, asked: Question, rules: tuple[Rule, ...] | None, period: Period
) -> tuple[BurnWindow, ...]:
    mine = rules or rules_of([objective.policy_id])[objective.policy_id]
    return burn_windows(mine, period=period, target=asked.target or objective.target)


def _needed(period: Period, windows: Sequence[BurnWindow], start: datetime) -> datetime:
    """How far back the minutes must reach."""
    return min(period.bounds(start)[0], *(start - window.long for window in windows))


def _stretch(asked: Question, now: datetime) -> tuple[datetime, datetime]:
    """Whole minutes, none of the future."""
    start, end = (at.astimezone(UTC).replace(second=0, microsecond=0) for at in (asked.start, min(asked.end, now)))
    if not start < end <= start + LONGEST:
        words = f"write a time before `to`, by {LONGEST // timedelta(days=1)} days at most; `to` is not after now"
        raise Invalid(f"from: {words}", errors=(FieldError("from", "range", words),))
    return start, end


def _rules(asked: Question) -> tuple[tuple[Rule, ...] | None, str]:
    if asked.rules is not None:
        if asked.policy:
            words = "give a policy's name or rules, not both"
            raise Invalid(f"rules: {words}", errors=(FieldError("rules", "both", words),))
        return _written(asked.rules), ""
    if not asked.policy:
        return None, ""
    found = AlertPolicy.objects.filter(name=asked.policy).first()
    if found is None:
        words = "there is no alert policy of that name"
        raise Invalid(f"policy: {words}", errors=(FieldError("policy", "missing", words),))
    return rules_of([found.pk])[found.pk], found.name


def _written(rules: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    try:
        if len(rules) > MOST_RULES:
            raise BadRule(f"a policy has at most {MOST_RULES} rules")
        parsed = parse_rules(rules)
        longest = max(rule.long for rule in parsed)
        if longest > LONGEST:
            raise BadRule(f"a window is at most {LONGEST // timedelta(days=1)} days long")
    except BadRule as error:
        raise Invalid(f"rules: {error}", errors=(FieldError("rules", "invalid", str(error)),)) from error
    return parsed


def _check_target(asked: Question) -> None:
    errors = () if asked.target is None else tuple(target_errors(asked.target))
    if errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


def _fired(objectives: Sequence[Objective], start: datetime, end: datetime) -> dict[int, list[RuleFiring]]:
    """By objective, what its rules really did: their transitions, in pairs."""
    rows = AlertTransition.objects.filter(
        objective__in=[one.pk for one in objectives], kind=AlertTransition.Kind.BURN, at__lte=end
    ).order_by("objective_id", "rule", "at", "pk")
    found: dict[int, list[RuleFiring]] = {}
    begun: AlertTransition | None = None
    for row in rows.iterator():
        if begun is not None and (begun.objective_id, begun.rule) != (row.objective_id, row.rule):
            found.setdefault(begun.objective_id, []).append(_firing(begun, None))
            begun = None
        if row.to_state == "firing":
            begun = begun or row
        elif begun is not None:
            if row.at >= start:
                found.setdefault(begun.objective_id, []).append(_firing(begun, row))
            begun = None
    if begun is not None:
        found.setdefault(begun.objective_id, []).append(_firing(begun, None))
    for mine in found.values():
        mine.sort(key=lambda one: one.start)
    return found


def _firing(begun: AlertTransition, ended: AlertTransition | None) -> RuleFiring:
    return RuleFiring(
        rule=begun.rule,
        title=begun.rule,
        severity="page" if begun.severity == "page" else "ticket",
        start=begun.bucket or begun.at,
        end=(ended.bucket or ended.at) if ended else None,
        reason=ended.reason if ended else "",
        good=float(begun.good or 0),
        bad=float(begun.bad or 0),
        burn_long=begun.burn_long or 0.0,
        burn_short=begun.burn_short or 0.0,
    )


def default_question(*, now: datetime, days: int = 30, **changes: Any) -> Question:  # noqa: ANN401  # Question's fields
    """The last `days` days, as promised now."""
    end = now.replace(second=0, microsecond=0)
    return Question(start=end - timedelta(days=days), end=end, **changes)
