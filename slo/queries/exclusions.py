"""Exclusions: listed, those that touch a stretch, and what one would do before it is declared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db.models import Q, QuerySet

from catalog.models import Component, MaintenanceWindow, Team
from catalog.queries.windows import budget_windows
from slo import exclusions
from slo.burnrate import Reading, budget
from slo.counting import Number
from slo.exclusions import Spans
from slo.ledger import sums_at
from slo.models import Exclusion, Objective
from slo.promises import left_out
from slo.queries.history import shown
from slo.queries.outlook import promise_of

MOST_PREVIEWED = 100
"""Objectives of a component or a team that a preview speaks of."""

type Target = Objective | Component | Team

_RELATED = (
    "objective__definition__component__owner", "component__owner", "team", "created_by", "withdrawn_by", "applied",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExclusionFilter:
    """What to keep, by name or reference; empty keeps everything. `start` and `end` bound a stretch that it touches."""

    objective: str = ""
    component: str = ""
    team: str = ""
    start: datetime | None = None
    end: datetime | None = None
    withdrawn: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """An exclusion or a maintenance window that touches a stretch, with the parts of the stretch in which it holds."""

    title: str
    of: str
    """`objective`, `component` or `team`: how far it reaches."""
    stretches: Sequence[tuple[datetime, datetime]]
    exclusion: Exclusion | None
    window: MaintenanceWindow | None

    @property
    def start(self) -> datetime:
        """When it holds first."""
        return self.stretches[0][0]

    @property
    def end(self) -> datetime:
        """When it has held for the last time."""
        return self.stretches[-1][1]


@dataclass(frozen=True, slots=True)
class Effect:
    """What an exclusion would do to the budget of one objective, as things stand. None is unknown."""

    objective: Objective
    good: int | float
    """Given back, as is `bad`: events of the period that would count no more."""
    bad: int | float
    before: float | None
    """Share of the budget left, as is `after`."""
    after: float | None


def exclusions_of(wanted: ExclusionFilter = ExclusionFilter()) -> QuerySet[Exclusion]:  # frozen
    """Those wanted, with what they are for joined; unordered. A repeated one touches all that comes after its start."""
    rows = Exclusion.objects.select_related(*_RELATED).order_by()
    if wanted.objective:
        rows = rows.filter(objective__name=wanted.objective)
    if wanted.component:
        mine = Q(component__ref=wanted.component) | Q(objective__definition__component__ref=wanted.component)
        rows = rows.filter(mine)
    if wanted.team:
        owned = Q(component__owner__ref=wanted.team) | Q(objective__definition__component__owner__ref=wanted.team)
        rows = rows.filter(Q(team__ref=wanted.team) | owned)
    if wanted.end:
        rows = rows.filter(starts_at__lt=wanted.end)
    if wanted.start:
        rows = rows.filter(~Q(rrule="") | Q(ends_at__gt=wanted.start))
    return rows if wanted.withdrawn else rows.filter(withdrawn_at=None)


def exclusion_by_id(pk: int) -> Exclusion | None:
    """With what it is for."""
    return Exclusion.objects.select_related(*_RELATED).filter(pk=pk).first()


def touching(objective: Objective, start: datetime, end: datetime) -> list[Held]:
    """What is left out of an objective's budget within `[start, end)`, by start; maintenance windows too."""
    definition = objective.definition
    component, owner = definition.component_id, definition.component.owner_id
    mine = Q(objective__in=[pk for pk in (objective.pk, objective.parent_id) if pk]) | Q(component=component)
    ours = exclusions_of(ExclusionFilter(start=start, end=end, withdrawn=False))
    found = [
        _held(row, exclusions.stretches_of(row, start, end))
        for row in ours.select_related(None).filter(mine | Q(team=owner) if owner else mine)
    ]
    found += [
        _held(row, exclusions.stretches_of(row, start, end))
        for row in budget_windows(start, end)
        if row.component_id == component or (owner and row.team_id == owner)
    ]
    return sorted((one for one in found if one.stretches), key=lambda one: one.start)


def of_period(objective: Objective, *, now: datetime) -> list[Held]:
    """What is left out of the period as it stands; of a calendar period, of the rest of it too."""
    until = objective.standing.bucket or now
    start, end = promise_of(objective).period.bounds(until)
    return touching(objective, start, max(end, now))


def _held(row: Exclusion | MaintenanceWindow, stretches: Sequence[tuple[datetime, datetime]]) -> Held:
    of = "component" if row.component_id else "team" if row.team_id else "objective"
    if isinstance(row, Exclusion):
        return Held(row.title, of, stretches, row, None)
    return Held(row.title, of, stretches, None, row)


def objectives_under(target: Target) -> QuerySet[Objective]:
    """The objectives whose budgets an exclusion for `target` reaches."""
    rows = Objective.objects.filter(retired_at=None).order_by("name")
    rows = rows.select_related("definition__component__owner", "policy", "standing", "ledger")
    if isinstance(target, Objective):
        return rows.filter(Q(pk=target.pk) | Q(parent=target))
    if isinstance(target, Component):
        return rows.filter(definition__component=target)
    return rows.filter(definition__component__owner=target)


def preview(target: Target, declared: Exclusion, *, now: datetime) -> list[Effect]:
    """What `declared` (a row that need not be saved) would do, for the first objectives it reaches; writes nothing."""
    found = []
    for objective in objectives_under(target)[:MOST_PREVIEWED]:
        until = objective.standing.bucket
        if objective.ledger_id is not None and until is not None:
            found.append(_effect(objective, objective.ledger_id, declared, until))
    return found


def _effect(objective: Objective, ledger_id: int, declared: Exclusion, until: datetime) -> Effect:
    promised = promise_of(objective)
    start, end = promised.period.bounds(until)
    unit = exclusions.unit_of(objective.definition.type, objective.definition.slice_length)
    new = exclusions.spans_of(exclusions.stretches_of(declared, start, end), unit=unit)
    counted = exclusions.clipped(new, int(start.timestamp()), int(until.timestamp()))
    lost, whole = _within(ledger_id, counted), _within(ledger_id, ((int(start.timestamp()), int(until.timestamp())),))
    left = Reading(whole.good - lost.good, whole.total - lost.total, whole.known - lost.known, whole.minutes)
    held = left_out([ledger_id], [promised], until).get(ledger_id, exclusions.NONE)
    before, after = (
        budget(period, target=objective.target, slices=_slices(objective, until, spans))
        for period, spans in ((whole, held), (left, exclusions.joined([*held, *new])))
    )
    return Effect(
        objective,
        shown(lost.good),
        shown(lost.bad),
        before.remaining if before else None,
        after.remaining if after else None,
    )


def _within(ledger_id: int, spans: Spans) -> Reading:
    """What still counts within spans: what is excluded already has left the sums."""
    edges = [(ledger_id, exclusions.moment(edge)) for span in spans for edge in span]
    good: Number = 0
    total: Number = 0
    known = 0
    for place, (before, after) in enumerate(pairwise(sums_at(edges))):
        if place % 2 == 0:
            held = after.since(before, minutes=0, carried=True)
            good, total, known = good + held.good, total + held.total, known + held.known
    return Reading(good, total, known, sum(until - since for since, until in spans) // 60)


def _slices(objective: Objective, until: datetime, spans: Spans) -> int | None:
    definition = objective.definition
    if definition.budgeting != "timeslices":
        return None
    return exclusions.slices(promise_of(objective).period, until, definition.slice_length, spans)
