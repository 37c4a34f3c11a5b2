"""PURE: an SLO as it was read, before anything it names is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from slo.openslo.alerts import Policy
from slo.openslo.metadata import Meta
from slo.openslo.slis import Sli

WORKBOOK = "workbook"
"""The policy of an SLO that names none."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One objective. `display` is its displayName as it was written, `policy` empty where the SLO's own is meant."""

    name: str
    title: str
    target: Decimal
    window: str
    time_zone: str
    policy: str
    budget_policy: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True)
class Slices:
    """What a good slice of time is, where a ratio is judged slice by slice: `op` and `target`, such as gte 0.95."""

    target: Decimal
    op: str = "gte"


@dataclass(frozen=True, slots=True)
class Slo:
    """One indicator on one component, and what is promised of it.

    `component` is a whole reference; the indicator is `sli` or `sli_ref`; `condition` is what its objectives say of a
    threshold, such as `>= 1`. `alerts` are policies by name or inline. Durations are texts such as `10m`. `start` is
    the calendar's startTime as written.
    """

    meta: Meta
    component: str
    promises: tuple[Promise, ...]
    sli: Sli | None = None
    sli_ref: str = ""
    description: str = ""
    condition: str = ""
    slices: Slices | None = None
    budgeting: str = "occurrences"
    slice_length: str = "1m"
    no_data: str = "ignore"
    blind_after: str = "10m"
    group_by: tuple[str, ...] = ()
    max_series: int | None = None
    preset: str = ""
    alerts: tuple[str | Policy, ...] = (WORKBOOK,)
    start: str = ""
    paths: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where in the document a field of a draft was read from."""


def own_policy(slo: Slo) -> str:
    """The name of the policy that its alerts make: the one they name, or one of its own."""
    return slo.alerts[0] if len(slo.alerts) == 1 and isinstance(slo.alerts[0], str) else slo.meta.name


type Json = dict[str, Any]
