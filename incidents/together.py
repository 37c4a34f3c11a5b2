"""What people do together in an incident, as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.models import Person
from incidents.models import Incident, IncidentLink, IncidentRole, StatusUpdate, Task, TimelineEntry

UPDATES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role, and who has it now."""

    key: str
    title: str
    person: Person | None


@dataclass(frozen=True, slots=True)
class Together:
    """Everything of it at one moment."""

    followers: int
    following: bool
    updates: Sequence[StatusUpdate]
    roles: Sequence[RoleLine]
    tasks: Sequence[Task]
    links: Sequence[IncidentLink]
    told: TimelineEntry | None
    """That those it concerns were told that it began; asked for only while no update was written."""

    @property
    def others(self) -> int:
        """How many follow it beside the reader."""
        return self.followers - self.following

    @property
    def left(self) -> int:
        """How many tasks are still to be done."""
        return sum(task.done_at is None for task in self.tasks)

    @property
    def last(self) -> StatusUpdate | None:
        """What was said last."""
        return self.updates[0] if self.updates else None


def of(incident: Incident) -> Together:
    """Of an incident as `queries.incident_by_number` reads it for somebody; five questions at the most.

    What the incident is known not to have is not asked for.
    """
    updates = list(incident.updates.all()[:UPDATES_SHOWN])
    told = incident.timeline.filter(kind=TimelineEntry.Kind.TOLD).order_by("-at", "-pk")
    roles = incident.roles.filter(until=None).select_related("person") if _has(incident, "roles") else ()
    has = {role.role: role.person for role in roles}
    return Together(
        followers=incident.followers_count,  # type: ignore[attr-defined]  # annotated
        following=incident.following,  # type: ignore[attr-defined]  # annotated
        updates=updates,
        roles=[RoleLine(key, title, has.get(key)) for key, title in IncidentRole.Role.choices],
        tasks=list(incident.tasks.select_related("person", "done_by")) if _has(incident, "tasks") else [],
        links=list(incident.links.all()) if _has(incident, "links") else [],
        told=None if updates else told.first(),
    )


def _has(incident: Incident, name: str) -> bool:
    return bool(getattr(incident, f"has_{name}", True))  # not every reading of an incident knows


def symptoms_of(incident: Incident) -> list[Incident]:
    """What fires because of it, still open first."""
    if not _has(incident, "symptoms"):
        return []
    found = incident.symptoms.select_related("component", "owner", "acknowledged_by")
    return sorted(found, key=lambda one: (not one.is_open, -one.number))
