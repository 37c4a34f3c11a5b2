"""Scorecards as last worked out: of one team, of the fleet, over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Max, Q, QuerySet

from catalog.models import Score, ScoreDay, Team
from catalog.scorecard import NEVER

OUTCOMES: Mapping[str, bool | None] = {"passed": True, "failed": False, "unknown": None}
TREND_DAYS = 90
SAME_FOR = 60
"""Seconds for which sums are kept."""
SCORE_SORTS: Mapping[str, tuple[str, ...]] = {
    "level": ("level", "pk"),
    "-level": ("-level", "pk"),
    "failed": ("-failed", "pk"),
}
"""Orders of `scores`: the lowest or highest level first, most failures first."""
TEAM_SORTS: Mapping[str, tuple[str, ...]] = {
    "none": ("-none", "called", "pk"),
    "gold": ("-gold", "called", "pk"),
    "scored": ("-scored", "called", "pk"),
    "name": ("called", "pk"),
}
"""Orders of `team_scores`: most without level first, most gold first, most components first, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFilter:
    """Within a field any of the values, across fields all. `check` with `outcome` is one check's answer."""

    tier: tuple[int, ...] = ()
    type: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    level: tuple[int, ...] = ()
    check: str = ""
    outcome: str = ""

    @property
    def empty(self) -> bool:
        """Whether it leaves everything in."""
        return self == ScoreFilter()


@dataclass(frozen=True, slots=True)
class Told:
    """How a check went: how many components passed, failed, or could not be answered about."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def asked(self) -> int:
        """Components it applies to."""
        return self.passed + self.failed + self.unknown


@dataclass(frozen=True, slots=True)
class Fleet:
    """Components by level, 0 to 3, and how each check went."""

    levels: tuple[int, int, int, int] = (0, 0, 0, 0)
    checks: Mapping[str, Told] = field(default_factory=dict)

    @property
    def scored(self) -> int:
        """Components in all."""
        return sum(self.levels)


def scores(wanted: ScoreFilter) -> QuerySet[Score]:
    """Scores of living components that were worked out, not ordered, with component and owner."""
    rows = Score.objects.filter(_matching(wanted)).order_by()
    return rows.select_related("component__owner")


def fleet(wanted: ScoreFilter) -> Fleet:
    """What the scores that `wanted` leaves add up to; but of teams the same until the next sweep, or a minute."""
    if wanted.team:  # so few that keeping the answer would cost more than it does
        return _added_up(wanted)
    newest = Score.objects.aggregate(at=Max("at"))
    key = f"catalog.fleet:{blake2b(repr((wanted, newest)).encode(), digest_size=16).hexdigest()}"
    found: Fleet | None = cache.get(key)  # a pass over all answers takes most of a second with 100,000 of them
    if found is None:
        found = _added_up(wanted)
        cache.set(key, found, timeout=SAME_FOR)
    return found


def team_scores(wanted: ScoreFilter) -> QuerySet[Team]:
    """Teams that own anything scored, with `scored` and how many reach `none`, `bronze`, `silver`, `gold`."""
    matching = _matching(wanted, prefix="components__score__")
    names = {0: "none", 1: "bronze", 2: "silver", 3: "gold"}
    counts = {name: Count("pk", filter=Q(components__score__level=level)) for level, name in names.items()}
    rows = Team.objects.order_by().filter(matching, retired_at=None)
    return rows.annotate(scored=Count("pk"), **counts)


def trend(team: Team | None = None, *, now: datetime, days: int = TREND_DAYS) -> Sequence[ScoreDay]:
    """The daily sums of one team, or of all, oldest first; a day without is a gap."""
    since = now.date() - timedelta(days=days)
    return list(ScoreDay.objects.filter(team=team, day__gt=since).order_by("day"))


def _matching(wanted: ScoreFilter, *, prefix: str = "") -> Q:
    def said(name: str, value: object) -> Q:
        return Q(**{f"{prefix}{name}": value})

    found = said("component__retired_at", None) & said("changed_at__gt", NEVER)
    pairs: dict[str, tuple[Any, ...]] = {
        "component__tier__in": wanted.tier,
        "component__type__in": wanted.type,
        "component__owner__ref__in": wanted.team,
        "level__in": wanted.level,
    }
    for name, values in pairs.items():
        if values:
            found &= said(name, values)
    if wanted.check:
        outcomes = [OUTCOMES[wanted.outcome]] if wanted.outcome else list(OUTCOMES.values())
        one_of = Q()
        for outcome in outcomes:
            one_of |= said("answers__contains", {wanted.check: [outcome]})
        found &= one_of
    return found


def _added_up(wanted: ScoreFilter) -> Fleet:
    rows = Score.objects.filter(_matching(wanted)).order_by()
    levels = dict(rows.values_list("level").annotate(n=Count("pk")))
    return Fleet((levels.get(0, 0), levels.get(1, 0), levels.get(2, 0), levels.get(3, 0)), _told(rows))


def _told(rows: QuerySet[Score]) -> Mapping[str, Told]:
    """Of each check how many passed, failed, unknown: one pass over the answers, without their reasons."""
    inner, params = rows.values("answers").query.sql_with_params()
    sql = f"""
    SELECT key, count(*) FILTER (WHERE value->0 = 'true'), count(*) FILTER (WHERE value->0 = 'false'),
           count(*) FILTER (WHERE value->0 = 'null')
      FROM ({inner}) scored, jsonb_each(scored.answers) GROUP BY key
    """  # noqa: S608  # the inner query is the ORM's, its values are parameters
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return {key: Told(passed, failed, unknown) for key, passed, failed, unknown in cursor.fetchall()}
