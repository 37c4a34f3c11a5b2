"""What changed, for lists and for the pages of components and incidents."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from catalog.graph import upstream_ids
from catalog.models import Component, Person
from incidents.models import Change, Incident

BEFORE = timedelta(hours=24)
"""How long before an incident's opening changes may have caused it."""
BESIDE = 20


def changes(
    *,
    component: str = "",
    team: str = "",
    kind: str = "",
    source: str = "",
    text: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Change]:
    """Newest first, filtered. `component` and `team` (its owner) are references, `text` is looked for in titles."""
    given: dict[str, object] = {
        "component_ref": component,
        "component__owner__ref": team,
        "kind": kind,
        "source": source,
        "title__icontains": text.strip(),
        "at__gte": since,
        "at__lt": until,
    }
    found = Change.objects.filter(**{name: value for name, value in given.items() if value})
    return found.select_related("component__owner").order_by("-at", "-pk")


def told(rows: Iterable[Change]) -> list[Change]:
    """The same, each with the person whose short name its source says it was made by. One question, if any."""
    found = list(rows)
    refs = {f"user:default/{change.actor.lower()}" for change in found if change.actor}
    people = {person.ref: person for person in Person.objects.filter(ref__in=refs)} if refs else {}
    for change in found:
        change.by = people.get(f"user:default/{change.actor.lower()}")
    return found


def changes_of(component: Component, *, most: int) -> list[Change]:
    """The last few of a component."""
    return told(component.changes.order_by("-at", "-pk")[:most])


def changes_before(incident: Incident, *, now: datetime) -> Sequence[Change]:
    """What changed in the component and in what it depends on, from a day before it opened to its end; newest first."""
    if incident.component_id is None:
        return []
    concerned = Q(component=incident.component_id) | Q(component__in=upstream_ids(incident.component_id))
    found = Change.objects.filter(concerned, at__gte=incident.opened_at - BEFORE, at__lte=incident.resolved_at or now)
    return told(found.select_related("component").order_by("-at", "-pk")[:BESIDE])
