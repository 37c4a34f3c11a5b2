"""Who is in a cursor group: everything one evaluation needs to know of each ledger, read at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from slo.counting import Number
from slo.ledger.sums import whole_of
from slo.models import Cursor


@dataclass(frozen=True, slots=True)
class Member:
    """One ledger of a group with its objective as it is promised now, and as it stood at the last evaluation."""

    ledger_id: int
    objective_id: int
    type: str
    indicator: dict[str, Any]
    starts_at: datetime
    created_at: datetime
    filled_at: datetime | None
    surplus: Number
    last_sample: datetime | None
    in_force: int | None
    """The ledger that the objective is judged by."""
    target: Decimal
    window_days: int | None
    calendar: str
    time_zone: str
    policy_id: int
    component_id: int
    no_data: str
    blind_after: timedelta
    budgeting: str
    slice_length: timedelta
    state: int
    budget: str
    blind_since: datetime | None
    caught_up_at: datetime | None
    approximate: bool
    """Counted by increase(), whatever its type."""
    max_series: int | None
    budget_policy_id: int | None
    """Its own error-budget policy."""
    team_budget_policy_id: int | None
    """Its owner team's, where it has none of its own."""
    threshold: float | None
    """The share of the policy's lowest threshold that the budget was below."""

    @property
    def agreed_policy_id(self) -> int | None:
        """The error-budget policy it goes by: its own, else its owner team's."""
        return self.budget_policy_id or self.team_budget_policy_id


_FIELDS = (
    "ledger_id", "ledger__objective_id", "ledger__type", "ledger__indicator", "ledger__starts_at", "ledger__created_at",
    "ledger__filled_at", "surplus", "last_sample", "ledger__objective__ledger_id", "ledger__objective__target",
    "ledger__objective__window_days", "ledger__objective__calendar", "ledger__objective__time_zone",
    "ledger__objective__policy_id", "ledger__objective__definition__component_id",
    "ledger__objective__definition__no_data", "ledger__objective__definition__blind_after",
    "ledger__objective__definition__budgeting", "ledger__objective__definition__slice_length",
    "ledger__objective__standing__state", "ledger__objective__standing__budget",
    "ledger__objective__standing__blind_since", "ledger__objective__standing__caught_up_at", "ledger__approximate",
    "ledger__objective__definition__max_series",
    "ledger__objective__budget_policy_id", "ledger__objective__definition__component__owner__budget_policy__policy_id",
    "ledger__objective__standing__threshold",
)  # fmt: skip


def members(group_id: int) -> list[Member]:
    """The ledgers of a group, by id."""
    rows = Cursor.objects.filter(group=group_id).order_by("ledger_id").values_list(*_FIELDS)
    return [_member(row) for row in rows]


def _member(row: Sequence[Any]) -> Member:
    values: list[Any] = list(row)
    values[7] = whole_of(row[7])
    return Member(*values)


def filling(objective_id: int, *, now: datetime) -> tuple[float | None, datetime | None]:
    """How much of an objective's history has been read, 0 to 1, and up to when; (None, None) when all of it is."""
    found = (
        Cursor.objects.filter(ledger__objective=objective_id, ledger__filled_at=None)
        .values_list("ledger__starts_at", "bucket")
        .first()
    )
    if found is None:
        return None, None
    start, reached = found
    return min(1.0, (reached - start) / max(now - start, timedelta(seconds=1))), reached
