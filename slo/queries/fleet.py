"""Every objective in one list, as the fleet table shows it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from slo.models import Objective


@dataclass(frozen=True, slots=True)
class FleetFilter:
    """What to keep; empty keeps everything. `state` is a name of Standing.State in lower case, such as `burning`."""

    text: str = ""
    team: str = ""
    component: str = ""
    type: str = ""
    state: str = ""
    window: str = ""
    sort: str = "-state"


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One objective as listed. Every number that is None is unknown; `data` says why (Standing.Data)."""

    pk: int
    name: str
    title: str
    component_ref: str
    component_name: str
    component_url: str
    owner_title: str
    owner_url: str
    type: str
    approximate: bool
    window: str
    """`30 d`, `month`, …"""
    target: float
    current: float | None
    """Share of good events in the period."""
    remaining: float | None
    burn: float | None
    burn_window: str
    """Which window `burn` is of, such as `1 h`."""
    state: str
    """burning, exhausted, at_risk, no_data, building or healthy."""
    state_label: str
    firing: str
    """`page`, `ticket` or empty."""
    data: str
    exhausts_at: datetime | None
    coverage: float | None
    blind_since: datetime | None
    evaluated_at: datetime | None
    error: str
    url: str


@dataclass(frozen=True, slots=True)
class FleetTotals:
    """How many objectives are in each state; `burning_fast` are those spending faster than sustainable."""

    objectives: int
    components: int
    burning: int
    exhausted: int
    at_risk: int
    no_data: int
    building: int
    healthy: int
    median_remaining: float | None
    burning_fast: int
    blind_since: datetime | None


def fleet(wanted: FleetFilter = FleetFilter()) -> QuerySet[Objective]:
    """The objectives wanted, sorted, with everything a row needs joined; page over it and hand each to `row`."""
    raise NotImplementedError


def row(objective: Objective) -> FleetRow:
    """One objective of `fleet` as read model; asks the database nothing."""
    raise NotImplementedError


def fleet_totals(wanted: FleetFilter = FleetFilter()) -> FleetTotals:
    """The counts above the table, in one query."""
    raise NotImplementedError


def of_component(component_id: int) -> list[FleetRow]:
    """A component's objectives, loudest first."""
    raise NotImplementedError
