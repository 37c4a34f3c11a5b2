"""What is broken and touches somebody: their teams' own incidents, and those of what their teams can't work without."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q

from catalog.graph import waiting_for
from catalog.models import Component, Team
from incidents import queries as incidents
from incidents.models import Incident, StatusUpdate
from incidents.models.incident import WORST_TOLD

AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Touching:
    """An open incident. Of what waits for it the reader's teams own `waiting`, by name; `said` is the last update."""

    incident: Incident
    own: bool
    """Whether one of the reader's teams owns what is broken."""
    waiting: tuple[Component, ...]
    said: StatusUpdate | None


def touching(teams: Collection[Team], owned: Sequence[Component]) -> list[Touching]:
    """The loudest first, the longest open first among equals, own ones whatever their severity; three questions.

    Others' are told from P3 on, as on the status page, and not where they are a symptom of another.
    """
    if not teams:
        return []
    told = StatusUpdate.objects.filter(public=True).order_by("-at", "-pk")
    mine = Q(owner__in=teams) | Q(component__in=owned)
    others = Q(severity__lte=WORST_TOLD, root=None, component__isnull=False)
    found = incidents.incidents(state="open").filter(mine | others)
    loudest = found.order_by("severity", "opened_at").prefetch_related(Prefetch("updates", told, to_attr="said"))
    return list(_touching(list(loudest[:AT_MOST]), {team.pk for team in teams}, owned))


def _touching(burning: Sequence[Incident], teams: Collection[int], owned: Sequence[Component]) -> Iterator[Touching]:
    loud = {one.component_id for one in burning if one.component_id and one.is_told_to_all}
    own = {component.pk for component in owned}
    waits = waiting_for(loud, among=own) if loud and own else {}
    for one in burning:
        is_own = one.owner_id in teams or one.component_id in own
        theirs = waits.get(one.component_id or 0, frozenset()) if one.component_id in loud else frozenset()
        if is_own or theirs:
            named = sorted((each for each in owned if each.pk in theirs), key=lambda each: each.label.lower())
            said: list[StatusUpdate] = one.said  # type: ignore[attr-defined]  # prefetched
            yield Touching(one, is_own, tuple(named), said[0] if said else None)


def waited_for(found: Sequence[Touching]) -> dict[int, Incident]:
    """By component of the reader's the loudest incident that it waits for."""
    told: dict[int, Incident] = {}
    for one in found:
        for component in one.waiting:
            told.setdefault(component.pk, one.incident)
    return told
