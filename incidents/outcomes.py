"""Did it help: budgets and incidents before and after what was to be mended was done."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import ActionItem, Incident
from slo.models import Objective
from slo.queries import Spent, spent_between

SPAN = timedelta(days=30)
"""How far is looked to both sides; after it less, while that has not passed yet."""


@dataclass(frozen=True, slots=True)
class Helped:
    """An objective that an item is to help; shares are None where nothing is known."""

    objective: Objective
    before: Spent
    after: Spent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came after an item was done. `after` is how much of the 30 days has passed.

    Incidents are those of its component (of the incident's component where it names none) but drills and symptoms;
    None without a component.
    """

    after: timedelta
    incidents_before: int | None
    incidents_after: int | None
    objectives: Sequence[Helped]

    @property
    def whole(self) -> bool:
        """Whether all of the time after it has passed."""
        return self.after >= SPAN


def outcomes_of(
    items: Collection[ActionItem], *, now: datetime, helping: Sequence[Objective] | None = None
) -> Mapping[int, Outcome]:
    """By item, for those that are done; two questions beside their objectives, which should be prefetched.

    `helping`: what all of these items are to help, where nothing else is to be told of.
    """
    done = [(item, item.done_at) for item in items if item.done_at is not None]
    if not done:
        return {}
    openings = _openings([(_component(item), at) for item, at in done], now=now)
    wanted = [
        (objective, start, end)
        for item, at in done
        for objective in _helped(item, helping)
        for start, end in ((at - SPAN, at), (at, min(now, at + SPAN)))
    ]
    spent = iter(spent_between(wanted))
    found: dict[int, Outcome] = {}
    for item, at in done:
        helped = [Helped(objective, next(spent), next(spent)) for objective in _helped(item, helping)]
        component = _component(item)
        begun = openings.get(component, ()) if component is not None else None
        found[item.pk] = Outcome(
            after=min(SPAN, max(timedelta(), now - at)),
            incidents_before=None if begun is None else sum(at - SPAN <= one < at for one in begun),
            incidents_after=None if begun is None else sum(at <= one < at + SPAN for one in begun),
            objectives=helped,
        )
    return found


def _helped(item: ActionItem, helping: Sequence[Objective] | None) -> Sequence[Objective]:
    return list(item.objectives.all()) if helping is None else helping


def _component(item: ActionItem) -> int | None:
    return item.component_id or item.review.incident.component_id


def _openings(done: Sequence[tuple[int | None, datetime]], *, now: datetime) -> Mapping[int | None, list[datetime]]:
    components = {pk for pk, _ in done if pk is not None}
    if not components:
        return {}
    first = min(at for _, at in done) - SPAN
    theirs = Incident.objects.filter(
        component__in=components, opened_at__gte=first, opened_at__lte=now, is_drill=False, root=None
    )
    found: dict[int | None, list[datetime]] = defaultdict(list)
    for component, at in theirs.order_by().values_list("component", "opened_at"):
        found[component].append(at)
    return found
