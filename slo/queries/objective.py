"""One objective in words and numbers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slo.models import Objective
from slo.queries.fleet import FleetRow


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


def by_name(name: str) -> Objective:
    """The objective of that name, with what it belongs to. Raises NoSuchObjective."""
    raise NotImplementedError


def detail(objective: Objective, *, now: datetime) -> ObjectiveDetail:
    """How `objective` stands."""
    raise NotImplementedError


def transitions(objective: Objective, *, limit: int = 20) -> list[TransitionRow]:
    """Its newest changes of state, newest first."""
    raise NotImplementedError


def last_evaluation() -> LastEvaluation | None:
    """When objectives were last evaluated; None: never. For the sidebar, the fleet page and /healthz."""
    raise NotImplementedError
