"""From ledgers to verdicts: what each window holds, what each rule does, how each objective stands. Writes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from portal.lib.durations import words
from slo import agreements, exclusions
from slo.burnrate import (
    AT_RISK,
    INACTIVE,
    BudgetName,
    Decision,
    Memory,
    Reading,
    budget,
    burning,
    decide,
    exhaustion,
)
from slo.exclusions import Spans
from slo.ledger import NOTHING, Sums, sums_by_moment
from slo.ledger.members import Member
from slo.models import AlertTransition, RuleState, Standing
from slo.promises import SLOW, left_out
from slo.standpoints import Name, Standpoint, standpoints
from slo.thresholds import Threshold
from slo.windows import BurnWindow

Data, State = Standing.Data, Standing.State
UNSEEN = frozenset({Data.ABSENT, Data.STALE, Data.PARTIAL, Data.UNREACHABLE, Data.ERROR})


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pass found for one ledger: its sums at the newest bucket, whether that is known, and its newest sample."""

    member: Member
    sums: Sums
    known: bool
    last_sample: datetime | None
    in_force: bool
    caught_up: bool = False
    """A gap was filled just now."""
    partial_since: datetime | None = None
    """Since when a part of the data is missing; then nothing begins to fire."""
    partial: str = ""
    """What the source says of that."""


@dataclass(slots=True)
class Verdict:
    """How one objective stands now, and what changed: `standing` are columns of Standing, `memories` of RuleState."""

    objective_id: int
    component_id: int
    before: int
    standing: dict[str, Any] = field(default_factory=dict)
    memories: list[RuleState] = field(default_factory=list)
    transitions: list[AlertTransition] = field(default_factory=list)


def judge(seen: Sequence[Seen], *, until: datetime, now: datetime, watched: datetime | None = None) -> list[Verdict]:
    """Decide on the newest bucket, the one that ends at `until`, for every ledger that is in force.

    `watched` says since when the portal has looked without a pause; None where that is as good as always.
    """
    mine = [one for one in seen if one.in_force]
    members = [one.member for one in mine]
    stood = standpoints(members, until)
    sums = _sums_before(members, stood)
    states = _states(member.objective_id for member in members)
    agreed = agreements.thresholds_of({member.agreed_policy_id for member in members})
    out = left_out([member.ledger_id for member in members], {one.promised for one in {*stood}}, until)
    return [
        _Judgement(
            one,
            standpoint,
            before,
            states.get(one.member.objective_id, {}),
            out.get(one.member.ledger_id, exclusions.NONE),
            now,
            agreed.get(one.member.agreed_policy_id or 0, ()),
            watched,
        ).verdict()
        for one, standpoint, before in zip(mine, stood, sums, strict=True)
    ]


def _sums_before(members: Sequence[Member], stood: Sequence[Standpoint]) -> list[dict[Name, Sums]]:
    """The running sums where each window begins. Before a ledger's first bucket there is nothing to look up."""
    asked: dict[datetime, list[int]] = {}
    for standpoint, places in _alike(stood).items():
        for at in {*standpoint.starts.values()}:
            asked.setdefault(at, []).extend(places)
    later = {at: [place for place in places if at > members[place].starts_at] for at, places in asked.items()}
    found = sums_by_moment({at: [members[place].ledger_id for place in places] for at, places in later.items()})
    known = {at: dict(zip(later[at], sums, strict=True)) for at, sums in found.items()}
    before: list[dict[Name, Sums]] = [{} for _ in members]
    for standpoint, places in _alike(stood).items():
        for name, at in standpoint.starts.items():
            here = known.get(at, {})
            for place in places:
                before[place][name] = here.get(place, NOTHING)
    return before


def _alike(stood: Sequence[Standpoint]) -> dict[Standpoint, list[int]]:
    places: dict[Standpoint, list[int]] = {}
    for place, one in enumerate(stood):
        places.setdefault(one, []).append(place)
    return places


def _states(objectives: Iterable[int]) -> dict[int, dict[str, RuleState]]:
    states: dict[int, dict[str, RuleState]] = {}
    for state in RuleState.objects.filter(objective__in=list(objectives)):
        states.setdefault(state.objective_id, {})[state.rule] = state
    return states


class _Judgement:
    """One objective on one bucket."""

    def __init__(
        self,
        seen: Seen,
        standpoint: Standpoint,
        sums: Mapping[Name, Sums],
        states: Mapping[str, RuleState],
        out: Spans,
        now: datetime,
        agreed: Sequence[Threshold] = (),
        watched: datetime | None = None,
    ) -> None:
        self.seen, self.member, self.standpoint, self.sums = seen, seen.member, standpoint, sums
        self.promised, self.until = standpoint.promised, standpoint.until
        self.states, self.out, self.now, self.agreed = states, out, now, agreed
        self.watched = watched
        self.made = Verdict(self.member.objective_id, self.member.component_id, self.member.state)
        self.remaining: float | None = None
        self.allowed = float(1 - self.member.target)

    def verdict(self) -> Verdict:
        """Everything about it."""
        period = self._read("period", carried=True)
        left = budget(period, target=self.member.target, slices=self._slices())
        self.remaining = left.remaining if left else None
        readings = [
            self._rule(window, seconds)
            for window, seconds in zip(self.promised.windows, self.standpoint.seconds, strict=True)
        ]
        self._end_forgotten_rules()
        data = self._data()
        blind_since = self._sight(data)
        told, threshold = self._budget(period)
        slow = burning(self._read(SLOW, carried=True), self.allowed)
        firing = self._firing()
        self.made.standing = {
            "objective_id": self.member.objective_id,
            "state": standing_state(
                firing=firing, remaining=None if self.seen.partial_since else self.remaining, data=data
            ),
            "data": data,
            "firing": firing,
            "budget": told,
            "threshold": threshold,
            "bucket": self.until,
            "period_start": self.standpoint.starts["period"],
            "good": str(period.good) if period.known else None,
            "total": str(period.total) if period.known else None,
            "remaining": self.remaining,
            "burn": readings[0]["burn_long"] if readings else None,
            "burn_slow": slow,
            "exhausts_at": self._exhaustion(slow),
            "coverage": period.coverage if period.minutes else None,
            "readings": readings,
            "known_at": self.seen.last_sample,
            "blind_since": blind_since,
            "error": self.seen.partial,
            "caught_up_at": self.now if self.seen.caught_up else self.member.caught_up_at,
            "evaluated_at": self.now,
        }
        return self.made

    def _read(self, window: Name, *, carried: bool) -> Reading:
        units = self.standpoint.units[window]
        if self.out:
            start = self.standpoint.starts[window]
            units = exclusions.counted(self.out, start, self.until) // self.standpoint.unit
        return self.seen.sums.since(self.sums[window], minutes=units, carried=carried)

    def _slices(self) -> int | None:
        if self.member.budgeting != "timeslices":
            return None
        return exclusions.slices(self.promised.period, self.until, self.member.slice_length, self.out)

    def _rule(self, window: BurnWindow, seconds: float) -> dict[str, Any]:
        long, short = self._read(window.long, carried=True), self._read(window.short, carried=False)
        row = self.states.get(window.rule.name)
        memory = Memory(cast("Any", row.state), row.quiet_since, row.held) if row else INACTIVE
        decision = decide(window, memory, long=long, short=short, bucket=self.until)
        if self.seen.partial_since:  # which part is missing nobody knows: it may be the good one
            held = replace(memory, held="no_data") if memory.state == "firing" else memory
            decision = Decision(held)
        reading = {
            "rule": window.rule.name,
            "long_s": seconds,
            "burn_long": burning(long, self.allowed),
            "burn_short": burning(short, self.allowed),
            "good": float(long.good),
            "bad": float(long.bad),
            "coverage": long.coverage,
        }
        if decision.changed or (decision.memory is not memory and decision.memory != memory):
            self._remember(window, row, decision)
        if decision.changed:
            self._burned(window, decision, long, reading)
        return reading

    def _remember(self, window: BurnWindow, row: RuleState | None, decision: Decision) -> None:
        state = row or RuleState(objective_id=self.member.objective_id, rule=window.rule.name, since=self.now)
        state.severity, state.state = window.rule.severity, decision.memory.state
        state.quiet_since, state.held = decision.memory.quiet_since, decision.memory.held
        if decision.changed:
            state.since = self.now
        self.made.memories.append(state)

    def _burned(self, window: BurnWindow, decision: Decision, long: Reading, reading: Mapping[str, Any]) -> None:
        fires = decision.memory.state == "firing"
        self._transition(
            kind=AlertTransition.Kind.BURN,
            rule=window.rule.name,
            severity=window.rule.severity,
            from_state="inactive" if fires else "firing",
            to_state=decision.memory.state,
            burn_long=reading["burn_long"],
            burn_short=reading["burn_short"],
            good=long.good,
            bad=long.bad,
            reason=_why(window, decision, reading),
        )

    def _end_forgotten_rules(self) -> None:
        """A firing rule that the policy doesn't have any more ends."""
        there = {window.rule.name for window in self.promised.windows}
        for row in self.states.values():
            if row.state == RuleState.State.FIRING and row.rule not in there:
                row.state, row.since, row.held, row.quiet_since = RuleState.State.INACTIVE, self.now, "", None
                self.made.memories.append(row)
                self._transition(
                    kind=AlertTransition.Kind.BURN,
                    rule=row.rule,
                    severity=row.severity,
                    from_state="firing",
                    to_state="inactive",
                    reason="The rule was taken out of the alert policy.",
                )

    def _firing(self) -> str:
        now = {**self.states, **{row.rule: row for row in self.made.memories}}
        severities = {row.severity for row in now.values() if row.state == RuleState.State.FIRING}
        return "page" if "page" in severities else "ticket" if severities else ""

    def _data(self) -> str:
        if self.seen.partial_since:
            return Data.PARTIAL
        if self.seen.known:
            shortest = self._read(self.standpoint.shortest, carried=False)
            return Data.FLOWING if shortest.total else Data.QUIET
        return Data.STALE if self.seen.last_sample else Data.ABSENT

    def _sight(self, data: str) -> datetime | None:
        """Since when the objective is blind; a change of that is told."""
        known_at = self.seen.partial_since or self.seen.last_sample
        since = (
            blind_since(self.member, known_at=known_at, now=self.until, watched=self.watched)
            if data in UNSEEN
            else None
        )
        if since and not self.member.blind_since:
            self.made.transitions.append(
                blinded(
                    self.member.objective_id,
                    since=since,
                    data=data,
                    error=self.seen.partial,
                    remaining=self.remaining,
                    now=self.now,
                )
            )
        if self.member.blind_since and data not in UNSEEN:
            reason = f"Data is back after {words(self.now - self.member.blind_since)}."
            self._transition(
                kind=AlertTransition.Kind.BLIND, severity="info", from_state="blind", to_state="seeing", reason=reason
            )
        return (self.member.blind_since or since) if data in UNSEEN else None

    def _budget(self, period: Reading) -> tuple[str, float | None]:
        """What people are told of the budget, and the lowest threshold of its policy that it is below."""
        before, had = cast("BudgetName", self.member.budget), self.member.threshold
        if self.remaining is None or self.seen.partial_since:
            return before, had
        told, crossed = agreements.standing(self.agreed, self.remaining, before=before, had=had)
        now = crossed.remaining if crossed else None
        if told != before or (self.agreed and now != had):
            self._transition(
                kind=AlertTransition.Kind.BUDGET,
                rule=agreements.edge(had, now) if self.agreed else "",
                severity="info",
                from_state=before,
                to_state=told,
                good=period.good,
                bad=period.bad,
                reason=agreements.left(self.remaining, self.agreed, had, crossed),
            )
        return told, now

    def _exhaustion(self, burn: float | None) -> datetime | None:
        if self.remaining is None:
            return None
        return exhaustion(remaining=self.remaining, burn=burn, period=self.standpoint.period, now=self.now)

    def _transition(self, **columns: Any) -> None:  # noqa: ANN401
        self.made.transitions.append(
            AlertTransition(
                objective_id=self.member.objective_id,
                at=self.now,
                bucket=self.until,
                budget_remaining=self.remaining,
                **columns,
            )
        )


def standing_state(*, firing: str, remaining: float | None, data: str) -> int:
    """The one word for an objective. What can't be seen is never called healthy."""
    if firing == "page":
        return State.BURNING
    if remaining is not None and remaining <= 0:
        return State.EXHAUSTED
    if remaining is None or data in UNSEEN:
        return State.NO_DATA
    return State.AT_RISK if firing or remaining < AT_RISK else State.HEALTHY


def blind_since(
    member: Member, *, known_at: datetime | None, now: datetime, watched: datetime | None = None
) -> datetime | None:
    """Since when nothing is known, where we have looked in vain for longer than the objective allows; else None.

    The objective's patience begins anew when the portal has been off: a source that came up with it has had no time.
    """
    last = max(known_at or member.created_at, member.created_at)
    return last if now - max(last, watched or last) > member.blind_after else None


def blinded(
    objective_id: int, *, since: datetime, data: str, error: str, remaining: float | None, now: datetime
) -> AlertTransition:
    """The transition to blind, with the reason in words; it happens when that is noticed, which may be long after."""
    reason = {
        Data.PARTIAL: "The answers are partial",
        Data.UNREACHABLE: "The data source can't be reached",
        Data.ABSENT: "The metric is absent",
        Data.ERROR: "The query is refused",
    }.get(Data(data), "No fresh sample has arrived")
    said = f"{reason}: {error.rstrip('.')}" if error else reason
    return AlertTransition(
        objective_id=objective_id,
        kind=AlertTransition.Kind.BLIND,
        severity="info",
        from_state="seeing",
        to_state="blind",
        at=now,
        budget_remaining=remaining,
        reason=f"{said}. There had been no data for {words(now - since)} when this was noticed.",
    )


def _why(window: BurnWindow, decision: Decision, reading: Mapping[str, Any]) -> str:
    if decision.reason == "no_traffic":
        return f"No traffic for {words(window.long)}."
    over, short = float(window.factor), reading["burn_short"] or 0.0
    if decision.memory.state == "inactive":
        return f"For {words(window.short)} it has not burned faster than {over:.4g}×; now {short:.1f}×."
    long = f"{reading['burn_long']:.1f}× over {words(window.long)}"
    return f"{long} and {short:.1f}× over {words(window.short)}, more than {over:.4g}×."
