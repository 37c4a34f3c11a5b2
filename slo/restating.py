"""An objective's standing after its ledger was changed: what the period holds, at once, without deciding anything.

Rules keep their states and nothing fires or clears for what lies in the past; the next evaluation decides on the newest
bucket as always. The caller holds the ledger's cursor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, cast

from django.db import transaction
from django.db.models import Q

from slo import agreements, exclusions, recording
from slo.burnrate import BudgetName, Reading, budget, burn_rate, exhaustion
from slo.exclusions import Spans
from slo.judging import standing_state
from slo.ledger import NOTHING, Sums, hold, sums_at
from slo.models import AlertTransition, Objective, Standing, TeamBudgetPolicy
from slo.promises import SLOW, Promise, left_out, promise, rules_of
from slo.thresholds import Threshold


@dataclass(frozen=True, slots=True)
class Figures:
    """What an objective's page says of its budget; None is unknown."""

    good: Decimal | None
    total: Decimal | None
    remaining: float | None


@dataclass(frozen=True, slots=True)
class Restated:
    """What became of one objective."""

    objective: Objective
    before: Figures
    after: Figures


def restate(ledger_id: int, *, reason: str, now: datetime) -> Restated | None:
    """Bring the standing in line with the ledger; None where no objective is judged by it, or none was yet.

    A budget that crosses an edge by that is told as any other, with `reason`.
    """
    objectives = Objective.objects.select_related("definition__component__owner", "policy")
    objective = objectives.filter(ledger=ledger_id, retired_at=None).first()
    stood = Standing.objects.select_for_update().filter(objective=objective).first() if objective else None
    if objective is None or stood is None or stood.bucket is None:
        return None
    before, state = _figures(stood), stood.state
    _set(objective, stood, _Read.of(objective, ledger_id, stood.bucket), reason, now)
    stood.save()
    if stood.state != state:
        recording.report({objective.definition.component_id}, now=now)
    return Restated(objective, before, _figures(stood))


def restate_soon(objectives: Iterable[Objective], *, now: datetime) -> None:
    """`restate` these and what stands below them once the transaction has said what they promise now.

    Not within it: evaluation takes a ledger before an objective, whoever writes an objective has that already. What
    fails here, or dies before it, the next evaluation puts right.
    """
    ids = [one.pk for one in objectives]
    if ids:
        transaction.on_commit(partial(_restate_now, ids, now), robust=True)


def _restate_now(ids: Sequence[int], now: datetime) -> None:
    those = Objective.objects.filter(Q(pk__in=ids) | Q(parent__in=ids), retired_at=None, ledger__isnull=False)
    for ledger_id in those.order_by("pk").values_list("ledger_id", flat=True):
        with transaction.atomic():
            if ledger_id is not None and hold(ledger_id):
                restate(ledger_id, reason="The promise is another one", now=now)


def _figures(stood: Standing) -> Figures:
    return Figures(stood.good, stood.total, stood.remaining)


@dataclass(frozen=True, slots=True)
class _Read:
    """What the windows of an objective hold that end at `until`."""

    promised: Promise
    until: datetime
    spans: Spans
    sums: dict[datetime, Sums]
    unit: timedelta

    @classmethod
    def of(cls, objective: Objective, ledger_id: int, until: datetime) -> "_Read":
        promised = promise(
            rules=rules_of([objective.policy_id])[objective.policy_id],
            window_days=objective.window_days,
            calendar=objective.calendar,
            time_zone=objective.time_zone,
            target=objective.target,
        )
        spans = left_out([ledger_id], [promised], until).get(ledger_id, exclusions.NONE)
        definition = objective.definition
        unit = timedelta(seconds=exclusions.unit_of(definition.type, definition.slice_length))
        moments = [until, *{*promised.edges(until).values()}]
        found = sums_at([(ledger_id, at) for at in moments])
        return cls(promised, until, spans, dict(zip(moments, found, strict=True)), unit)

    def window(self, length: timedelta | None, *, carried: bool = True) -> Reading:
        """The last `length`; None is the period so far."""
        start = self.promised.period.bounds(self.until)[0] if length is None else self.until - length
        minutes = exclusions.counted(self.spans, start, self.until) // self.unit
        return self.sums[self.until].since(self.sums.get(start, NOTHING), minutes=minutes, carried=carried)


def _set(objective: Objective, stood: Standing, read: _Read, reason: str, now: datetime) -> None:
    period, target, definition = read.window(None), objective.target, objective.definition
    slices = None
    if definition.budgeting == "timeslices":
        slices = exclusions.slices(read.promised.period, read.until, definition.slice_length, read.spans)
    left = budget(period, target=target, slices=slices)
    stood.remaining = left.remaining if left else None
    stood.good, stood.total = (Decimal(period.good), Decimal(period.total)) if period.known else (None, None)
    stood.coverage = period.coverage if period.minutes else None
    stood.readings = [_reading(one, read, target) for one in stood.readings]
    stood.burn = stood.readings[0].get("burn_long") if stood.readings else stood.burn
    stood.burn_slow = burn_rate(read.window(SLOW), target=target)
    stood.exhausts_at = None
    if stood.remaining is not None:
        length = read.promised.period.length(read.until)
        stood.exhausts_at = exhaustion(remaining=stood.remaining, burn=stood.burn_slow, period=length, now=now)
    if stood.state != Standing.State.BUILDING:
        stood.state = standing_state(firing=stood.firing, remaining=stood.remaining, data=stood.data)
    _tell_budget(objective, stood, period, reason, now)


def _reading(one: dict[str, Any], read: _Read, target: Decimal) -> dict[str, Any]:
    """The reading of a rule that the objective still has; of one that it lost, as it was."""
    window = next((window for window in read.promised.windows if window.rule.name == one.get("rule")), None)
    if window is None:
        return one
    long, short = read.window(window.long), read.window(window.short, carried=False)
    return {
        **one,
        "burn_long": burn_rate(long, target=target),
        "burn_short": burn_rate(short, target=target),
        "good": float(long.good),
        "bad": float(long.bad),
        "coverage": long.coverage,
    }


def _tell_budget(objective: Objective, stood: Standing, period: Reading, reason: str, now: datetime) -> None:
    if stood.remaining is None:
        return
    before, had, agreed = cast("BudgetName", stood.budget), stood.threshold, _agreed(objective)
    told, crossed = agreements.standing(agreed, stood.remaining, before=before, had=had)
    now_below = crossed.remaining if crossed else None
    if told == before and (not agreed or now_below == had):
        return
    stood.budget, stood.threshold = told, now_below
    recording.tell(
        [
            AlertTransition(
                objective=objective,
                kind=AlertTransition.Kind.BUDGET,
                rule=agreements.edge(had, now_below) if agreed else "",
                severity="info",
                from_state=before,
                to_state=told,
                at=now,
                bucket=stood.bucket,
                budget_remaining=stood.remaining,
                good=period.good,
                bad=period.bad,
                reason=f"{reason}: {agreements.left(stood.remaining, agreed, had, crossed)}",
            )
        ]
    )


def _agreed(objective: Objective) -> tuple[Threshold, ...]:
    """The thresholds of its error-budget policy, or of its team's."""
    policy = objective.budget_policy_id
    if policy is None:
        owner = objective.definition.component.owner_id
        policy = TeamBudgetPolicy.objects.filter(team=owner or 0).values_list("policy_id", flat=True).first()
    return agreements.thresholds_of([policy]).get(policy or 0, ())
