"""One objective in words and numbers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from portal.lib.durations import words
from portal.lib.errors import Missing
from slo.counting import Number
from slo.expressed import one_bad_takes
from slo.indicators import kinds
from slo.ledger import filling
from slo.models import AlertTransition, CursorGroup, Definition, Objective, RuleState, Standing, Sweep
from slo.promises import Promise
from slo.queries.fleet import FleetRow, row
from slo.queries.history import slices_of
from slo.queries.outlook import promise_of
from slo.windows import LATE_PAGE, BurnWindow, outage_pages_after


class NoSuchObjective(Missing):
    """There is no objective of that name."""


@dataclass(frozen=True, slots=True)
class RuleReading:
    """One alert rule of an objective as last read. Burns are None where the window had no traffic or no data."""

    name: str
    title: str
    severity: str
    long: timedelta
    short: timedelta
    factor: float
    capped: bool
    """The factor was lowered, so that a total outage still fires it."""
    min_bad: int
    burn_long: float | None
    burn_short: float | None
    good: int | float | None
    """In the long window, as are `bad` and `coverage`."""
    bad: int | float | None
    coverage: float | None
    """Share of the long window's minutes that are known."""
    state: str
    """`inactive` or `firing`."""
    since: datetime | None
    held: str
    """`no_traffic`, `no_data` or empty."""


@dataclass(frozen=True, slots=True)
class ObjectiveDetail:
    """Everything the head of an objective's page says. Counts are of the period; None is unknown."""

    row: FleetRow
    objective: Objective
    description: str
    indicator: dict[str, Any]
    budgeting: str
    period_start: datetime | None
    period_end: datetime | None
    """Of a calendar period; for a rolling one it is the time of evaluation."""
    good: int | float | None
    total: int | float | None
    bad: int | float | None
    allowed: float | None
    """How many bad ones the budget of the period allows, as things stand."""
    left: float | None
    """How many of those are left; may be negative."""
    burn_slow: float | None
    """In the last 6 hours; `row.exhausts_at` is at this pace."""
    known_minutes: int | None
    period_minutes: int
    rules: list[RuleReading]
    outage_pages_after: timedelta | None
    """How long a total outage lasts before a page rule fires; None: it never does."""
    source_name: str
    source_down_since: datetime | None
    source_error: str
    fill_share: float | None
    """How much of the history is read, 0 to 1; None when all of it is."""
    fill_at: datetime | None
    """How far the reading of history has come."""
    known_at: datetime | None
    caught_up_at: datetime | None
    notes: list[str]
    """Sentences the page shall say: capped factors, min_bad, late pages, baselines, …"""


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """A change of state, in words."""

    at: datetime
    kind: str
    rule_title: str
    severity: str
    from_state: str
    to_state: str
    burn_long: float | None
    burn_short: float | None
    reason: str
    tone: str
    """`bad`, `warn` or `good`: what became of it."""


@dataclass(frozen=True, slots=True)
class LastEvaluation:
    """What the newest sweep of evaluation did."""

    at: datetime
    ledgers: int
    queries: int
    samples: int
    seconds: float


_RELATED = ("definition__component__owner", "definition__source", "policy", "standing", "ledger")


def by_name(name: str) -> Objective:
    """The objective of that name, with what it belongs to, retired or not. Raises NoSuchObjective."""
    found = Objective.objects.select_related(*_RELATED).filter(name=name).first()
    if found is None:
        raise NoSuchObjective(f"There is no objective {name}.")
    return found


def detail(objective: Objective, *, now: datetime) -> ObjectiveDetail:
    """How `objective` stands."""
    stood, promised, definition = objective.standing, promise_of(objective), objective.definition
    slices = slices_of(objective, stood.bucket or now) if definition.budgeting == "timeslices" else None
    share, at = filling(objective.pk, now=now)
    start, end = promised.period.bounds(now)
    allowed, left = _allowance(objective, slices)
    minutes = int(((stood.bucket or now) - (stood.period_start or start)) / timedelta(minutes=1))
    return ObjectiveDetail(
        row=row(objective),
        objective=objective,
        description=definition.description,
        indicator=dict(definition.indicator),
        budgeting=definition.budgeting,
        period_start=stood.period_start or start,
        period_end=(stood.bucket or end) if objective.window_days else end,
        good=_shown(stood.good),
        total=_shown(stood.total),
        bad=_shown(stood.total - stood.good) if stood.good is not None and stood.total is not None else None,
        allowed=allowed,
        left=left,
        burn_slow=stood.burn_slow,
        known_minutes=None if stood.coverage is None else round(stood.coverage * minutes),
        period_minutes=minutes,
        rules=_rules(objective, promised),
        outage_pages_after=outage_pages_after(promised.windows, one_bad=_one_bad(definition)),
        source_name=definition.source.name if definition.source else "",
        source_down_since=definition.source.down_since if definition.source else None,
        source_error=definition.source.error if definition.source else "",
        fill_share=share,
        fill_at=at,
        known_at=stood.known_at,
        caught_up_at=stood.caught_up_at,
        notes=[
            *_notes(promised, stood, definition),
            *_counting_notes(objective),
            *_replica_notes(objective, now),
        ],
    )


def _shown(value: Number | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def _allowance(objective: Objective, slices: int | None) -> tuple[float | None, float | None]:
    stood = objective.standing
    if stood.remaining is None or stood.total is None or stood.good is None:
        return None, None
    total = slices if slices is not None else stood.total
    allowed = float(1 - objective.target) * float(total)
    return allowed, allowed - float(stood.total - stood.good)


def _rules(objective: Objective, promised: Promise) -> list[RuleReading]:
    read = {reading["rule"]: reading for reading in objective.standing.readings}
    states = {state.rule: state for state in RuleState.objects.filter(objective=objective)}
    return [_rule(window, read.get(window.rule.name, {}), states.get(window.rule.name)) for window in promised.windows]


def _rule(window: BurnWindow, read: dict[str, Any], state: RuleState | None) -> RuleReading:
    return RuleReading(
        name=window.rule.name,
        title=window.rule.title,
        severity=window.rule.severity,
        long=window.long,
        short=window.short,
        factor=float(window.factor),
        capped=window.capped,
        min_bad=window.rule.min_bad,
        burn_long=read.get("burn_long"),
        burn_short=read.get("burn_short"),
        good=_shown(read.get("good")),
        bad=_shown(read.get("bad")),
        coverage=read.get("coverage"),
        state=state.state if state else RuleState.State.INACTIVE,
        since=state.since if state else None,
        held=state.held if state else "",
    )


def _one_bad(definition: Definition) -> timedelta | None:
    return one_bad_takes(definition.type, definition.indicator, slice_length=definition.slice_length)


def _notes(promised: Promise, stood: Standing, definition: Definition) -> list[str]:
    return [*_rule_notes(promised, definition), *_data_notes(stood)]


def _rule_notes(promised: Promise, definition: Definition) -> list[str]:
    notes = [
        f"{window.rule.title}: its factor is lowered to {float(window.factor):.4g}×, so that a total outage fires it."
        for window in promised.windows
        if window.capped
    ]
    least = max((window.rule.min_bad for window in promised.windows), default=0)
    one_bad = _one_bad(definition)
    time = "slices of time" if kinds[definition.type].sliced else "minutes"
    of, one = (time, "bad one") if one_bad else ("events", "failure")
    if least > 1:
        notes.append(f"A rule needs at least {least} bad {of}, so a single {one} pages nobody.")
    after = outage_pages_after(promised.windows, one_bad=one_bad)
    if after is None:
        notes.append("No rule of its alert policy pages anybody.")
    elif after > LATE_PAGE:
        rest = "an alert policy that takes outages at once would page after 9 min."
        notes.append(f"A total outage pages only after {words(after)}; {rest}")
    return notes


def _data_notes(stood: Standing) -> list[str]:
    notes = []
    if stood.coverage is not None and stood.coverage < 0.99:
        notes.append(f"{stood.coverage:.0%} of the period is known; the budget speaks of that part.")
    if stood.caught_up_at:
        notes.append("A gap was filled after the fact: its minutes count, but no alert was decided on them.")
    return notes


def _counting_notes(objective: Objective) -> list[str]:
    ledger = objective.ledger
    if ledger is None:
        return []
    notes = []
    if ledger.approximate and ledger.fallback:
        notes.append(f"Its counts are approximate for now: {ledger.fallback}")
    elif ledger.approximate:
        notes.append("Its counts are approximate: the source extrapolates them, nothing is counted event by event.")
    if ledger.downsampled_until:
        day = timezone.localtime(ledger.downsampled_until)
        notes.append(
            f"Before {day:%-d %b %Y, %H:%M} the source keeps only downsampled data, from which no events can be"
            " counted; those minutes are unknown."
        )
    return notes


_REPLICAS_FOR = timedelta(days=7)


def _replica_notes(objective: Objective, now: datetime) -> list[str]:
    """Which replica its source went over to lately; where there are no replicas, nothing is asked."""
    source = objective.definition.source
    if source is None or not source.external_labels or objective.ledger is None:
        return []
    newest = source.replica_changes.filter(at__gte=max(now - _REPLICAS_FOR, objective.ledger.starts_at)).first()
    if newest is None:
        return []
    at = timezone.localtime(newest.at)
    return [
        f"Since {at:%-d %b, %H:%M} {source.name} is counted from the replica {newest.after}; before, from"
        f" {newest.before}."
    ]


_TONES = {"firing": "bad", "blind": "warn", "exhausted": "bad", "at-risk": "warn"}


def transitions(objective: Objective, *, limit: int = 20) -> list[TransitionRow]:
    """Its newest changes of state, newest first."""
    titles = {window.rule.name: window.rule.title for window in promise_of(objective).windows}
    words_of = {AlertTransition.Kind.BLIND: "Sight", AlertTransition.Kind.BUDGET: "Budget"}
    return [
        TransitionRow(
            at=one.at,
            kind=one.kind,
            rule_title=words_of.get(AlertTransition.Kind(one.kind), titles.get(one.rule, one.rule)),
            severity=one.severity,
            from_state=one.from_state,
            to_state=one.to_state,
            burn_long=one.burn_long,
            burn_short=one.burn_short,
            reason=one.reason,
            tone=_TONES.get(one.to_state, "good"),
        )
        for one in AlertTransition.objects.filter(objective=objective).order_by("-at", "-pk")[:limit]
    ]


def last_evaluation() -> LastEvaluation | None:
    """What the newest evaluation did, and when a sweep last ran; None: never. For the sidebar, pages and /healthz.

    Where there is nothing to evaluate, it is the last time somebody looked.
    """
    swept = {sweep.name: sweep for sweep in Sweep.objects.filter(name__in=["evaluate", "idle"])}
    did, idle = swept.get("evaluate"), swept.get("idle")
    if did is None or (idle and not CursorGroup.objects.filter(filling=False).exists()):
        return LastEvaluation(idle.at, 0, 0, 0, 0.0) if idle else None
    return LastEvaluation(did.at, did.ledgers, did.queries, did.samples, did.seconds)
