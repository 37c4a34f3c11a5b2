"""What waits for one person: pages to take, shifts nobody has, promises nobody can see, components nobody owns."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from catalog import queries as catalog
from catalog.models import Component, Membership, Person, Team
from incidents import queries as incidents
from incidents.item_lines import SOON, lines
from incidents.models import Schedule
from incidents.queries import oncall, reviews
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


def of(
    person: Person, teams: Collection[Team], schedules: Collection[Schedule], *, blind: int, unowned: int, now: datetime
) -> list[Need]:
    """The reader's, most urgent first; `schedules` are all there are.

    `blind` and `unowned`, how many there are in all, save the questions after them where there are none.

    Platform admins answer for what nobody owns.
    """
    mine = {team.pk for team in teams}
    theirs = [one for one in schedules if person.platform_admin or one.team_id in mine]
    found = [
        *_pages(person), *_holes(theirs, now), *(_blind(mine) if blind else ()), *_items(person, now),
        *_drafts(person), *_unconfirmed(person, now),
    ]  # fmt: skip
    if not person.platform_admin:
        return found
    return [*found, *(_unowned(unowned) if unowned else ()), *_care(now)]


def _pages(person: Person) -> Iterator[Need]:
    for page in incidents.untaken_pages_for(person).select_related("incident", "team")[:5]:
        incident = page.incident
        team = page.team.label if page.team else "you"
        if incident.is_information:
            look, text, action = "waiting", f"{incident.label} · for information, to {team}", "Look"
        else:
            look, text, action = "paging", f"{incident.label} · waits for {team}", "Take it"
        yield Need(look, incident.title, text, incident.get_absolute_url(), action)


def _holes(theirs: Collection[Schedule], now: datetime) -> Iterator[Need]:
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


def _items(person: Person, now: datetime) -> Iterator[Need]:
    """What the reader is to mend after incidents, overdue or due within a week."""
    for line in lines(reviews.items_waiting_for(person, now=now, within=SOON)[:3], now=now):
        item = line.item
        text = f"Due {line.due}, after {item.review.incident.label}"
        yield Need(line.state, item.title, text, item.get_absolute_url(), "Look")


def _drafts(person: Person) -> Iterator[Need]:
    for review in reviews.drafts_waiting_for(person)[:3]:
        title = f"Review of {review.incident.label} to write"
        yield Need("draft", title, review.incident.title, review.get_absolute_url(), "Write")


def _unconfirmed(person: Person, now: datetime) -> Iterator[Need]:
    """Twice a year leads are asked whether what is said of their teams' components is still right."""
    leads = Team.objects.filter(memberships__person=person, memberships__role=Membership.Role.LEAD, retired_at=None)
    due = catalog.due_for_confirmation(now).filter(owner__in=leads).order_by("owner__called")
    counts = due.values("owner__name", "owner__title", "owner__namespace").annotate(n=Count("pk"))
    for one in counts[:3]:
        title = f"{words.plural(one['n'], 'component')} of {one['owner__title'] or one['owner__name']} to confirm"
        url = reverse("catalog:team", args=[one["owner__namespace"], one["owner__name"]])
        yield Need("unconfirmed", title, "Nobody said for half a year that it is still right.", url, "Look through")


def _care(now: datetime) -> Iterator[Need]:
    if count := sum(catalog.trouble_counts(catalog.QueueFilter(), now=now).values()):
        title = f"{words.plural(count, 'entry', 'entries')} of the catalog need care"
        text = "Unowned, dangling, not confirmed, dropped by its source"
        yield Need("at-risk", title, text, reverse("catalog:queue"), "Put right")


def _unowned(count: int) -> Iterator[Need]:
    oldest = Component.objects.filter(retired_at=None, owner=None).order_by("created_at").first()
    if oldest:
        title = f"{words.plural(count, 'component has', 'components have')} no owner"
        url = reverse("catalog:queue") + "?trouble=no-owner&trouble=owner-missing&trouble=owner-person"
        yield Need(
            "nobody", title, f"Oldest: {oldest.label}. An alert on it goes to the catch-all policy.", url, "Assign"
        )
