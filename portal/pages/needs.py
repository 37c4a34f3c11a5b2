"""What waits for one person: pages to take, shifts nobody has, promises nobody can see, components nobody owns."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from catalog.models import Component, Person, Team
from incidents import queries as incidents
from incidents.queries import oncall
from portal.lib import words
from slo.models import Objective

AHEAD = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class Need:
    """One line: what it is about (a state), in words, and where to deal with it."""

    state: str
    title: str
    text: str
    url: str
    action: str


def of(person: Person, teams: Collection[Team], *, now: datetime) -> list[Need]:
    """The reader's, most urgent first. Platform admins answer for what has no owner too."""
    mine = {team.pk for team in teams}
    found = [*_pages(person), *_holes(mine, person, now), *_blind(mine)]
    return [*found, *_unowned()] if person.platform_admin else found


def _pages(person: Person) -> Iterator[Need]:
    for page in incidents.untaken_pages_for(person).select_related("incident", "team")[:5]:
        incident = page.incident
        team = page.team.label if page.team else "you"
        yield Need(
            "paging", incident.title, f"{incident.label} · waits for {team}", incident.get_absolute_url(), "Take it"
        )


def _holes(mine: set[int], person: Person, now: datetime) -> Iterator[Need]:
    loaded = oncall.schedules(since=now)
    theirs = [row for row in loaded if person.platform_admin or row.team_id in mine]
    for hole in oncall.holes(theirs, now, now + AHEAD)[:3]:
        length = words.rough(hole.end - hole.start)
        start = words.moment(timezone.localtime(hole.start), now=timezone.localtime(now))
        text = f"from {start}, {length}"
        yield Need("gap", f"{hole.schedule.name}: nobody on call", text, reverse("incidents:oncall"), "Fill")


def _blind(mine: set[int]) -> Iterator[Need]:
    blind = Objective.objects.filter(
        retired_at=None, standing__blind_since__isnull=False, definition__component__owner__in=mine
    ).select_related("standing", "definition__component")
    for objective in blind[:3]:
        text = f"{objective.definition.component.label} · no data is not good news"
        yield Need("no-data", f"{objective.label} sees nothing", text, objective.get_absolute_url(), "Look")


def _unowned() -> Iterator[Need]:
    found = Component.objects.filter(retired_at=None, owner=None)
    count = found.count()
    if count:
        oldest = found.order_by("created_at")[0]
        title = f"{words.plural(count, 'component has', 'components have')} no owner"
        url = reverse("catalog:components") + "?owner=none"
        yield Need(
            "nobody", title, f"Oldest: {oldest.label}. An alert on it goes to the catch-all policy.", url, "Assign"
        )
