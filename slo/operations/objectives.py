"""Writing objectives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from catalog.access import Actor
from slo.models import Objective


@dataclass(frozen=True, slots=True)
class ObjectiveDraft:
    """A definition and its objective as somebody wrote them, before anything is checked.

    `window` is `30d` or `week`, `month`, `quarter`, `year` (then in `time_zone`); `target` a share such as 0.995;
    `source` a data source's name (empty: the default one); durations such as `10m`.
    `indicator` by `type`: events `{good, bad, total}` (two of them, counter selectors); uptime `{query, condition, combine}`.
    """

    name: str
    component: str
    type: str
    indicator: Mapping[str, Any]
    target: Decimal
    window: str = "30d"
    time_zone: str = "UTC"
    title: str = ""
    description: str = ""
    source: str = ""
    policy: str = "workbook"
    budgeting: str = "occurrences"
    no_data: str = "ignore"
    blind_after: str = "10m"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a draft; `warnings` are for people to read, such as that a metric is not there yet."""

    objective: Objective
    created: bool
    changed: bool
    warnings: tuple[str, ...] = ()


def save_objective(*, draft: ObjectiveDraft, actor: Actor, now: datetime, look_up: bool = True) -> Saved:
    """Create or change the objective `draft.name`; the same draft twice changes nothing.

    A changed indicator or source gets a new ledger, built aside and switched to when its history is read; a changed
    target, window or policy keeps the ledger. `look_up` asks the data source whether the metrics are there, for warnings.
    Raises Invalid with a FieldError per field, WrongScope, NotYourTeam.
    """
    raise NotImplementedError


def retire_objective(*, objective: Objective, actor: Actor, now: datetime) -> None:
    """Stop evaluating it; what was counted stays. Its firing rules end, with a transition each."""
    raise NotImplementedError
