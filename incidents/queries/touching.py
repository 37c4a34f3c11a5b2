"""What is broken and touches somebody: their teams' own incidents, and those of what their teams can't work without."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Case, Q, When

from catalog.graph import waiting_for
from catalog.models import Component, Team
from incidents.models import Incident, StatusUpdate
from incidents.queries.incidents import incidents
from incidents.queries.said import last_said, with_said

AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Touching:
    """An open incident; of what relies on it the reader's teams own `waiting`, by name. `said` is the last update."""

    incident: Incident
    own: bool
    """Whether one of the reader's teams owns what is broken."""
    waiting: tuple[Component, ...]
    said: StatusUpdate | None


def touching(teams: Collection[Team], owned: Sequence[Component]) -> tuple[list[Touching], list[Incident]]:
    """The open incidents that touch `teams`, and the others, each with `said`; three questions.

    The loudest first, the longest open first among equals. `owned` is what the teams own. Own incidents are told
    whatever their severity; others touch from P3 on, as on the status page, and not as symptoms of another.
    """
    mine = Case(When(Q(owner__in=teams) | Q(component__in=owned), then=0), default=1)
    burning = list(with_said(incidents(state="open")).order_by(mine, "severity", "opened_at")[:AT_MOST])
    burning.sort(key=lambda one: (one.severity, one.opened_at))
    waits, numbers, keys = waiting(burning, owned), {team.pk for team in teams}, {one.pk for one in owned}
    touched = [
        Touching(one, own, waits.get(one.pk, ()), last_said(one))
        for one in burning
        if (own := one.owner_id in numbers or one.component_id in keys) or one.pk in waits
    ]
    told = {one.incident.pk for one in touched}
    return touched, [one for one in burning if one.pk not in told]


def waiting(burning: Sequence[Incident], owned: Sequence[Component]) -> dict[int, tuple[Component, ...]]:
    """By incident that everybody is told of, which of `owned` can't work without what is broken, by name; one question.

    Where nothing of theirs does, it is left out.
    """
    loud = {one.pk: one.component_id for one in burning if one.component_id and one.is_told_to_all}
    if not loud or not owned:
        return {}
    found = waiting_for(set(loud.values()), among=[one.pk for one in owned])
    named = sorted(owned, key=lambda one: one.label.lower())
    return {
        incident: tuple(one for one in named if one.pk in found[component])
        for incident, component in loud.items()
        if component in found
    }


def waited_for(found: Sequence[Touching]) -> Mapping[int, Incident]:
    """By component of the reader's the loudest incident that it waits for."""
    told: dict[int, Incident] = {}
    for one in found:
        for component in one.waiting:
            told.setdefault(component.pk, one.incident)
    return told
