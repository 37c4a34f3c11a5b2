"""Every objective in one list, as the fleet table shows it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, When

from catalog.models import Component
from catalog.models.entity import called
from slo.models import Objective, Standing
from slo.queries.outlook import ahead, burn_window, gone_at


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
    component_title: str
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
    exhausts_over: str
    """Of how long the pace is that `exhausts_at` is reckoned by, such as `6 h`."""
    gone_at: datetime | None
    """`exhausts_at` within the period; None where the budget lasts for it, or is gone."""
    coverage: float | None
    blind_since: datetime | None
    evaluated_at: datetime | None
    error: str
    url: str
    threshold: float | None = None
    """The share of the lowest threshold of its error-budget policy that its budget is below."""

    @property
    def overspent(self) -> float | None:
        """By how much of the budget more than all of it is spent; None where it is not."""
        return -self.remaining if self.remaining is not None and self.remaining < 0 else None

    @property
    def absence(self) -> str | None:
        """Why a number of it is missing, as `absent` takes it: all is known and nothing came, or there is no data."""
        return "no-traffic" if self.data == Standing.Data.QUIET else None


@dataclass(frozen=True, slots=True)
class FleetTotals:
    """How many objectives are in each state; `burning_fast` are those that spent too fast in the last 6 hours."""

    objectives: int
    components: int
    burning: int
    exhausted: int
    at_risk: int
    no_data: int
    building: int
    healthy: int
    median_remaining: float | None
    """Of those whose budget is known, which are `known`."""
    burning_fast: int
    blind_since: datetime | None
    known: int = 0

    @property
    def settled(self) -> bool:
        """Whether so much history is read that a median of what is known says something of the rest."""
        return self.known > self.building


_RELATED = ("definition__component__owner", "definition__source", "policy", "standing", "ledger")

_BY_WHAT_IS_LEFT = (Standing.State.EXHAUSTED, Standing.State.AT_RISK)
_LEFT = Case(When(standing__state__in=_BY_WHAT_IS_LEFT, then=F("standing__remaining")))

CALLED = called("title")
"""What people read, in small letters."""

SORTS: dict[str, tuple[Any, ...]] = {
    "-state": (
        F("standing__state").desc(),
        _LEFT.asc(nulls_last=True),
        F("standing__burn").desc(nulls_last=True),
    ),
    "remaining": (F("standing__remaining").asc(nulls_last=True),),
    "-remaining": (F("standing__remaining").desc(nulls_last=True),),
    "-burn": (F("standing__burn").desc(nulls_last=True),),
    "burn": (F("standing__burn").asc(nulls_last=True),),
    "exhausts": (F("standing__exhausts_at").asc(nulls_last=True),),
    "target": ("target",),
    "-target": ("-target",),
    "name": (),
    "-name": (CALLED.desc(),),
}
"""What a list may be sorted by; unknown values come last, and what they are called decides between equals.

Within a state the fastest burn comes first; of those exhausted or at risk, that with the least left.
"""

STATES = {state.name.lower(): state for state in Standing.State}


FOLLOWED = Q(definition__group_by=[]) | Q(parent__isnull=False)
"""Objectives that are evaluated: all but the patterns that groups are made by."""


def fleet(wanted: FleetFilter = FleetFilter()) -> QuerySet[Objective]:  # frozen
    """The objectives wanted, sorted, with everything a row needs joined; page over it and hand each to `row`."""
    found = Objective.objects.filter(_where(wanted), retired_at=None).select_related(*_RELATED)
    return found.order_by(*SORTS.get(wanted.sort, SORTS["-state"]), CALLED, "pk")


def _where(wanted: FleetFilter) -> Q:
    conditions = {
        "definition__component__owner__ref": wanted.team,
        "definition__component__ref": wanted.component,
        "definition__type": wanted.type,
    }
    where = FOLLOWED & Q(**{field: value for field, value in conditions.items() if value})
    if wanted.state:
        state = STATES.get(wanted.state)
        where &= Q(standing__state=state) if state is not None else Q(pk__in=[])
    if wanted.window:
        days = wanted.window.removesuffix("d")
        where &= Q(window_days=int(days)) if days.isdecimal() and len(days) <= 4 else Q(calendar=wanted.window)
    for word in wanted.text.split():
        where &= Q(title__icontains=word) | Q(name__icontains=word) | _of_component(word)
    return where


def _of_component(word: str) -> Q:
    return Q(definition__component__name__icontains=word) | Q(definition__component__title__icontains=word)


def children_of(parent: Objective) -> list[FleetRow]:
    """The objectives of a grouped one that are followed now, loudest first."""
    found = Objective.objects.filter(parent=parent, retired_at=None).select_related(*_RELATED)
    return [row(one) for one in found.order_by(*SORTS["-state"], CALLED, "pk")]


def row(objective: Objective) -> FleetRow:
    """One objective of `fleet` as read model; asks the database nothing that `fleet` has joined."""
    stood, component = objective.standing, objective.definition.component
    state = Standing.State(stood.state)
    exhausts_at, exhausts_over = ahead(objective)
    return FleetRow(
        pk=objective.pk,
        name=objective.name,
        title=objective.label,
        component_ref=component.ref,
        component_title=component.label,
        component_url=component.get_absolute_url(),
        owner_title=component.owner.label if component.owner else "",
        owner_url=component.owner.get_absolute_url() if component.owner else "",
        type=objective.definition.type,
        approximate=bool(objective.ledger and objective.ledger.approximate),
        window=window_words(objective),
        target=float(objective.target),
        current=float(stood.good / stood.total) if stood.good is not None and stood.total else None,
        remaining=stood.remaining,
        burn=stood.burn,
        burn_window=burn_window(objective),
        state=state.name.lower(),
        state_label=str(state.label),
        firing=stood.firing,
        data=stood.data,
        exhausts_at=exhausts_at,
        exhausts_over=exhausts_over,
        gone_at=gone_at(objective, now=stood.evaluated_at) if stood.evaluated_at else None,
        coverage=stood.coverage,
        blind_since=stood.blind_since,
        evaluated_at=stood.evaluated_at,
        error=stood.error,
        url=objective.get_absolute_url(),
        threshold=stood.threshold,
    )


def window_words(objective: Objective) -> str:
    """`30 d`, `month`, …"""
    return f"{objective.window_days} d" if objective.window_days else str(objective.calendar)


def fleet_totals(wanted: FleetFilter = FleetFilter()) -> FleetTotals:  # frozen
    """The counts above the table, in one query."""
    found = Objective.objects.filter(_where(wanted), retired_at=None).values_list(
        "standing__state",
        "standing__remaining",
        "standing__burn_slow",
        "standing__blind_since",
        "definition__component",
    )
    rows = list(found)
    states = [state for state, *_ in rows]
    left = [remaining for _, remaining, *_ in rows if remaining is not None]
    return FleetTotals(
        objectives=len(rows),
        components=len({component for *_, component in rows}),
        **{name: states.count(state) for name, state in STATES.items()},
        median_remaining=median(left) if left else None,
        burning_fast=sum(burn is not None and burn > 1 for _, _, burn, *_ in rows),
        blind_since=min((since for *_, since, _ in rows if since), default=None),
        known=len(left),
    )


def objectives_of(components: Collection[Component]) -> Mapping[int, int]:
    """How many objectives each of these components has, for those that have any."""
    rows = Objective.objects.filter(FOLLOWED, definition__component__in=components, retired_at=None).order_by()
    return dict(rows.values_list("definition__component").annotate(n=Count("pk")))


def of_component(component_id: int) -> list[FleetRow]:
    """A component's objectives, loudest first."""
    found = Objective.objects.filter(FOLLOWED, definition__component=component_id, retired_at=None)
    found = found.select_related(*_RELATED)
    return [row(objective) for objective in found.order_by(*SORTS["-state"], CALLED, "pk")]


def of_team(team_id: int, *, most: int) -> list[FleetRow]:
    """At most so many objectives of what a team owns, loudest first."""
    found = Objective.objects.filter(FOLLOWED, definition__component__owner=team_id, retired_at=None)
    found = found.select_related(*_RELATED)
    return [row(objective) for objective in found.order_by(*SORTS["-state"], CALLED, "pk")[:most]]
