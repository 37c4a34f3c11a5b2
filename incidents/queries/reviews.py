"""Reviews and action items, as pages, the API and other apps ask for them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When, Window

from catalog.models import Component, Membership, Person, Team
from incidents.models import ActionItem, Alert, Incident, Review
from portal.lib.errors import Missing
from slo.models import Objective
from slo.queries.fleet import FOLLOWED

RELATED = ("incident__component", "incident__owner", "saved_by", "published_by")
ITEM_RELATED = ("owner", "component__owner", "review__incident__owner", "closed_by")
ALIKE = 0.35
"""Share of trigrams (0..1) from which on two titles are alike."""
MOST_OFFERED = 60
AS_FAR_BACK = timedelta(days=2 * 366)


class NoSuchReview(Missing):
    """This incident has no review."""


class NoSuchItem(Missing):
    """There is no such action item."""


def review_by_number(number: int) -> Review:
    """The review of an incident. Raises NoSuchReview."""
    found = Review.objects.select_related(*RELATED).filter(pk=number).first()
    if found is None:
        raise NoSuchReview(f"INC-{number} has no review.")
    return found


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The review of an incident, if it has one; `may_begin`: the reader may begin one now."""

    review: Review | None
    may_begin: bool


def reviewed(incident: Incident, *, may_work: bool) -> Reviewed:
    """For the page of an incident; what never ended is not asked for."""
    if incident.is_open and not incident.generation:
        return Reviewed(None, may_begin=False)
    review = Review.objects.filter(pk=incident.pk).first()
    reviewable = not (incident.is_open or incident.is_drill or incident.root_id)
    return Reviewed(review, may_begin=review is None and reviewable and may_work)


def reviews(
    *,
    state: str = "",
    text: str = "",
    team: str = "",
    component: str = "",
    severities: Sequence[int] = (),
    teams: Collection[int] | None = None,
) -> QuerySet[Review]:
    """Of the newest incident first, with `items` and `items_open` counted. `team` (the owner) and `component` are
    references, `text` is looked for in titles and in what is written; `teams` leaves those of incidents of theirs.
    """
    given: dict[str, object] = {
        "state": state,
        "incident__owner__ref": team,
        "incident__component_ref": component,
        "incident__severity__in": list(severities),
    }
    found = Review.objects.filter(**{name: value for name, value in given.items() if value})
    for word in text.split():
        found = found.filter(
            Q(incident__title__icontains=word) | Q(summary__icontains=word) | Q(causes__icontains=word)
        )
    if teams is not None:
        found = found.filter(incident__owner__in=teams)
    counted = {
        "items": Count("action_items"),
        "items_open": Count("action_items", filter=Q(action_items__state="open")),
    }
    return found.select_related(*RELATED).annotate(**counted).order_by("-pk")


def item_by_pk(pk: int) -> ActionItem:
    """With its owner, component, objectives and incident. Raises NoSuchItem."""
    found = ActionItem.objects.select_related(*ITEM_RELATED).prefetch_related("objectives").filter(pk=pk).first()
    if found is None:
        raise NoSuchItem
    return found


def action_items(
    *,
    state: str = "",
    overdue: bool | None = None,
    team: str = "",
    teams: Collection[int] | None = None,
    owner: str = "",
    component: str = "",
    objective: str = "",
    review: int | None = None,
    text: str = "",
    now: datetime,
) -> QuerySet[ActionItem]:
    """The first due first. Those of a team are about its components, or from its incidents and about none.

    `team`, `owner` and `component` are references, `objective` a name, `review` the number of an incident.
    """
    given: dict[str, object] = {
        "state": state,
        "owner_ref": owner,
        "component_ref": component,
        "objectives__name": objective,
        "review": review,
        "title__icontains": text.strip(),
    }
    found = ActionItem.objects.filter(**{name: value for name, value in given.items() if value})
    if team:
        found = found.filter(_of(Q(component__owner__ref=team), Q(review__incident__owner__ref=team)))
    if teams is not None:
        found = found.filter(_of(Q(component__owner__in=teams), Q(review__incident__owner__in=teams)))
    if overdue is not None:
        late = Q(state=ActionItem.State.OPEN, due_on__lt=today(now))
        found = found.filter(late) if overdue else found.exclude(late)
    return found.select_related(*ITEM_RELATED).order_by("due_on", "pk")


def _of(about: Q, without: Q) -> Q:
    return about | (Q(component=None) & without)


def today(now: datetime) -> date:
    """The day it is, in UTC: what is due on an earlier one is overdue."""
    return now.astimezone(UTC).date()


def overdue_of(components: Collection[Component], *, now: datetime) -> Mapping[int, int]:
    """By component, how many of its action items are overdue, for those that have any."""
    late = ActionItem.objects.filter(component__in=components, state=ActionItem.State.OPEN, due_on__lt=today(now))
    return dict(late.order_by().values_list("component").annotate(n=Count("pk")))


def items_waiting_for(person: Person, *, now: datetime, within: timedelta) -> QuerySet[ActionItem]:
    """Open items of this person that are overdue or due soon."""
    mine = ActionItem.objects.filter(owner=person, state=ActionItem.State.OPEN, due_on__lte=today(now) + within)
    return mine.select_related("review__incident").order_by("due_on", "pk")


def drafts_waiting_for(person: Person) -> QuerySet[Review]:
    """Drafts of incidents that this person took, or that nobody took and whose owner's team they lead."""
    leads = Membership.objects.filter(person=person, role=Membership.Role.LEAD).values("team")
    mine = Q(incident__acknowledged_by=person) | Q(incident__acknowledged_by=None, incident__owner__in=leads)
    return Review.objects.filter(mine, state=Review.State.DRAFT).select_related("incident").order_by("-pk")


@dataclass(frozen=True, slots=True)
class TeamItems:
    """The first few open items of a team, the first due first; how many there are, and how many of them are overdue."""

    first: Sequence[ActionItem]
    count: int
    late: int


def items_of_team(team: Team, *, most: int, now: datetime) -> TeamItems:
    """One question."""
    found = action_items(teams=[team.pk], state=ActionItem.State.OPEN, now=now)
    late = Count("pk", filter=Q(due_on__lt=today(now)))
    rows = list(found.annotate(all_open=Window(Count("pk")), all_late=Window(late))[:most])
    counted = vars(rows[0]) if rows else {}
    return TeamItems(rows, counted.get("all_open", 0), counted.get("all_late", 0))


def items_helping(objective: Objective, *, most: int) -> list[ActionItem]:
    """Items that are to help it but dropped ones: open ones, the first due first, then the newest that are done."""
    helping = ActionItem.objects.filter(objectives=objective).exclude(state=ActionItem.State.DROPPED)
    rows = helping.select_related(*ITEM_RELATED).order_by(F("done_at").desc(nulls_first=True), "due_on", "pk")
    return list(rows[:most])


def similar(incident: Incident, *, most: int = 5) -> list[Incident]:
    """Earlier incidents like it: of the same component, or of the same owner with a title that is alike; newest first
    among those of the component. No drills, no symptoms, none older than two years.
    """
    same = Q(component=incident.component_id) if incident.component_id else Q(pk=None)
    akin = Q(owner=incident.owner_id, alike__gte=ALIKE) if incident.owner_id else Q(alike__gte=ALIKE, owner=None)
    earlier = Incident.objects.filter(
        opened_at__lt=incident.opened_at, opened_at__gt=incident.opened_at - AS_FAR_BACK, is_drill=False, root=None
    ).exclude(pk=incident.pk)
    near = Case(When(same, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = earlier.annotate(alike=TrigramSimilarity("title", incident.title), far=near).filter(same | akin)
    return list(found.select_related("component", "review").order_by("far", "-alike", "-opened_at")[:most])


def objectives_offered(incident: Incident, item: ActionItem | None = None) -> list[Objective]:
    """What an action item may be to help: objectives of the components concerned, those that raised the incident,
    those it names already.
    """
    components = {incident.component_id, item.component_id if item else None} - {None}
    chosen = item.objectives.values("pk") if item else Objective.objects.none().values("pk")
    raised = Alert.objects.filter(incident=incident, objective__isnull=False).values("objective")
    living = Q(definition__component__in=components) | Q(pk__in=raised)
    found = Objective.objects.filter(Q(living, FOLLOWED, retired_at=None) | Q(pk__in=chosen))
    return list(found.select_related("definition").order_by("name")[:MOST_OFFERED])
