"""Campaigns: which there are, how far each is, who is behind, and which are near enough to remind of."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import F, Q, QuerySet

from catalog.campaigning import COUNTED
from catalog.models import Campaign, CampaignDay, Component, Membership, Person, Score, ScoreStep, Team
from catalog.queries.scores import ScoreFilter, scores, team_scores
from portal.lib.errors import Missing

CAMPAIGN_STATES = ("running", "over", "all")
CAMPAIGN_ORDER = ("due_on", "pk")
BEHIND_ORDER = ("-behind", "called", "pk")
FURTHEST_ORDER = ("level", "-open", "pk")
REMINDED_BEFORE = timedelta(days=30)
HISTORY = timedelta(days=400)
NAMES = ("none", "bronze", "silver", "gold")


@dataclass(frozen=True, slots=True)
class Reached:
    """How many of the components that a campaign names have the level."""

    reached: int = 0
    total: int = 0

    @property
    def missing(self) -> int:
        """Components still below it."""
        return self.total - self.reached

    @property
    def share(self) -> float | None:
        """0 to 1; None where it names no component."""
        return self.reached / self.total if self.total else None

    @property
    def done(self) -> bool:
        """Whether all have it."""
        return self.total > 0 and self.reached == self.total


@dataclass(frozen=True, slots=True)
class Lagging:
    """A team with `behind` of `total` components below the level of a campaign, and who leads it."""

    team: Team
    behind: int
    total: int
    leads: tuple[Person, ...]


def campaigns(state: str, *, now: datetime) -> QuerySet[Campaign]:
    """Those that `running`, that are `over` (past their day, or ended), or all."""
    rows = Campaign.objects.select_related("owner")
    over = ~Q(ended_at=None) | Q(due_on__lt=now.date())
    return {"running": rows.exclude(over), "over": rows.filter(over), "all": rows}[state]


def campaign_by_id(pk: int) -> Campaign:
    """One campaign with its owner. Raises Missing."""
    row = Campaign.objects.select_related("owner").filter(pk=pk).first()
    if row is None:
        raise Missing("There is no such campaign.")
    return row


def reached_by(campaign_ids: Collection[int]) -> Mapping[int, Reached]:
    """How far each is now; one question for all of them. An ended one is as far as it was on its last day."""
    with connection.cursor() as cursor:
        cursor.execute(f"{COUNTED} WHERE k.id = ANY (%s) AND k.ended_at IS NULL GROUP BY k.id", [list(campaign_ids)])
        found = {pk: Reached(reached, total) for pk, reached, total in cursor.fetchall()}
    ended = CampaignDay.objects.filter(campaign__in=set(campaign_ids) - found.keys()).order_by("day")
    return found | {one.campaign_id: Reached(one.reached, one.total) for one in ended}


def named_by(campaign: Campaign) -> ScoreFilter:
    """The components it asks for, as scorecards are filtered."""
    return ScoreFilter(tier=tuple(campaign.tiers), type=tuple(campaign.types), team=tuple(campaign.teams))


def behind(campaign: Campaign) -> QuerySet[Score]:
    """Scores of components below its level, with how many checks are `open` (failed, or unknown); not ordered."""
    return scores(named_by(campaign)).filter(level__lt=campaign.level).annotate(open=F("failed") + F("unknown"))


def teams_behind(campaign: Campaign) -> QuerySet[Team]:
    """Teams that own such components, with `behind` and `scored`; not ordered."""
    below: F | object = F(NAMES[0])
    for name in NAMES[1 : campaign.level]:
        below = below + F(name)  # type: ignore[operator]  # expressions add up to one
    return team_scores(named_by(campaign)).annotate(behind=below).filter(behind__gt=0)


def days_of(campaign: Campaign) -> Sequence[CampaignDay]:
    """How far it was, day by day, oldest first."""
    return list(CampaignDay.objects.filter(campaign=campaign).order_by("day"))


def to_remind_of(*, now: datetime) -> list[Campaign]:
    """Running campaigns that are due within a month, the soonest first."""
    return list(campaigns("running", now=now).filter(due_on__lte=now.date() + REMINDED_BEFORE).order_by("due_on", "pk"))


def lagging(campaign: Campaign) -> list[Lagging]:
    """Every team that is behind, with those of its leads who are still there."""
    teams = list(teams_behind(campaign).order_by(*BEHIND_ORDER))
    leads: dict[int, list[Person]] = {team.pk: [] for team in teams}
    rows = Membership.objects.filter(team__in=teams, role=Membership.Role.LEAD, person__retired_at=None)
    for row in rows.exclude(person=None).select_related("person").order_by("person_ref"):
        if row.person is not None and row.team_id is not None:
            leads[row.team_id].append(row.person)
    return [
        Lagging(team, getattr(team, "behind"), getattr(team, "scored"), tuple(leads[team.pk]))  # noqa: B009  # annotated
        for team in teams
    ]


def steps_of(component: Component, *, now: datetime) -> Sequence[ScoreStep]:
    """How a component's scorecard went, oldest first; the first one may be older than what is shown."""
    since = now.date() - HISTORY
    rows = ScoreStep.objects.filter(component=component).order_by("day")
    first = rows.filter(day__lte=since).last()
    return [*([first] if first else []), *rows.filter(day__gt=since)]


def moved(since: date) -> Mapping[str, int]:
    """How many components have a higher (`up`) or lower (`down`) level than at the end of `since`; new ones neither."""
    found = moved_by_owner(since).values()
    return {way: sum(one[way] for one in found) for way in ("up", "down")}


def moved_by_owner(since: date, *, owners: Collection[int] | None = None) -> Mapping[int | None, Mapping[str, int]]:
    """The same by the key of the team that owns them, None for what nobody does; of all, or of these teams."""
    held = Component.objects.filter(retired_at=None)
    held = held if owners is None else held.filter(owner__in=owners)
    rows = ScoreStep.objects.filter(day__lte=since, component__in=held).order_by("component_id", "-day")
    then = rows.distinct("component_id").values_list("component__owner", "level", "component__score__level")
    found: dict[int | None, dict[str, int]] = defaultdict(lambda: {"up": 0, "down": 0})
    for owner, was, now in then:
        if now is not None:
            found[owner]["up"] += now > was
            found[owner]["down"] += now < was
    return found
