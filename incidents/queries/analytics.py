"""What `incidents.analytics` counts, counted by the database; the definitions stand there."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

KEPT = """(cardinality(%(teams)s::text[]) = 0
        OR {team} IN (SELECT t.id FROM catalog_team t WHERE t.ref = ANY(%(teams)s::text[])))
   AND (%(component)s = '' OR {component} = %(component)s)
   AND (%(source)s = '' OR i.source = %(source)s)
   AND (cardinality(%(severities)s::int[]) = 0 OR i.severity = ANY(%(severities)s::int[]))"""

# What never reopened has its one opening in its own row; of the others the timeline is read, in order.
# A P5 is for information (`Incident.is_information`): it pages nobody and `asks` for no answer.
# date_part answers a float, extract a numeric, which costs.
FIGURES = """
WITH wanted AS (
    SELECT i.number, i.opened_at, i.resolved_at, i.resolved_by_id, i.acknowledged_at, i.generation, i.owner_id,
           i.component_ref, i.severity, i.severity < 5 AS asks, i.source, i.people_blocked,
           i.root_id IS NOT NULL AS symptom,
           CASE WHEN i.component_id IS NOT NULL AND i.root_id IS NULL THEN i.opened_at - lag(i.opened_at) OVER (
               PARTITION BY i.component_id, i.root_id IS NULL ORDER BY i.opened_at, i.number) END AS apart
      FROM incidents_incident i
     WHERE NOT i.is_drill AND i.opened_at < %(until)s AND {kept}
), counted AS MATERIALIZED (
    SELECT w.*, width_bucket(w.opened_at, %(months)s::timestamptz[]) AS month
      FROM wanted w WHERE w.opened_at >= %(since)s
), told AS (
    SELECT c.number, c.opened_at AS at, 0::bigint AS id, 'opened' AS kind, FALSE AS by_person
      FROM counted c WHERE NOT c.symptom AND c.generation > 0
     UNION ALL
    SELECT e.incident_id, greatest(e.at, c.opened_at), e.id, e.kind, e.person_id IS NOT NULL
      FROM incidents_timelineentry e
      JOIN counted c ON c.number = e.incident_id AND NOT c.symptom AND c.generation > 0
      LEFT JOIN incidents_page p ON p.id = e.page_id AND e.kind = 'acknowledged'
     WHERE e.kind IN ('reopened', 'acknowledged', 'resolved', 'paged') AND e.at <= %(now)s
       AND (p.id IS NULL OR p.role IN ('owner', 'catch-all'))
), numbered AS (
    SELECT t.*, count(*) FILTER (WHERE t.kind IN ('opened', 'reopened'))
                    OVER (PARTITION BY t.number ORDER BY t.at, t.id) AS opening
      FROM told t
), several AS (
    SELECT n.number, n.opening,
           min(n.at) FILTER (WHERE n.kind IN ('opened', 'reopened')) AS began,
           min(n.at) FILTER (WHERE n.kind = 'acknowledged' OR n.kind = 'resolved' AND n.by_person) AS answered,
           min(n.at) FILTER (WHERE n.kind = 'resolved') AS ended,
           bool_or(n.kind = 'paged') AS paged
      FROM numbered n GROUP BY n.number, n.opening
), openings AS (
    SELECT o.number, o.opening, o.began, o.answered, o.ended, o.paged,
           coalesce(o.ended, lead(o.began) OVER (PARTITION BY o.number ORDER BY o.opening)) AS over
      FROM several o
     UNION ALL
    SELECT a.number, 1, a.opened_at, CASE WHEN a.answered IS NOT NULL THEN greatest(a.answered, a.opened_at) END,
           a.resolved_at, a.number IN (SELECT e.incident_id FROM incidents_timelineentry e WHERE e.kind = 'paged'),
           a.resolved_at
      FROM (SELECT c.number, c.opened_at, c.resolved_at,
                   least(c.acknowledged_at, CASE WHEN c.resolved_by_id IS NOT NULL THEN c.resolved_at END) AS answered
              FROM counted c WHERE NOT c.symptom AND c.generation = 0) a
), facts AS (
    SELECT c.owner_id, c.component_ref COLLATE "C" AS component_ref, c.severity, c.source COLLATE "C" AS source,
           c.month, c.symptom, c.people_blocked, coalesce(l.opening = 1, FALSE) AS first,
           l.opening IS NOT NULL AS opening,
           date_part('epoch', l.answered - l.began) AS taken,
           l.began IS NOT NULL AND l.answered IS NULL AND c.asks
               AND coalesce(l.over, c.resolved_at) IS NOT NULL AS untaken,
           l.began IS NOT NULL AND l.answered IS NULL AND c.asks
               AND coalesce(l.over, c.resolved_at) IS NULL AS waiting,
           CASE WHEN l.opening = 1 THEN date_part('epoch', c.resolved_at - c.opened_at) END AS restored,
           CASE WHEN l.opening = 1 THEN date_part('epoch', c.apart) END AS apart,
           c.resolved_at IS NULL AS still_open,
           date_part('epoch', coalesce(l.over, c.resolved_at, %(now)s) - l.began) / 60
               * c.people_blocked AS blocked,
           coalesce(l.paged AND c.asks, FALSE) AS paged,
           coalesce(l.paged AND c.asks AND l.answered IS NULL AND l.ended - l.began <= %(noise)s, FALSE) AS noisy
      FROM counted c LEFT JOIN openings l ON l.number = c.number
)
SELECT {keys},
       count(*) FILTER (WHERE f.first), count(*) FILTER (WHERE f.symptom), count(*) FILTER (WHERE f.opening),
       count(*) FILTER (WHERE f.first AND f.still_open),
       count(f.taken), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.taken),
       count(*) FILTER (WHERE f.untaken), count(*) FILTER (WHERE f.waiting),
       count(f.restored), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.restored),
       count(f.apart), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f.apart),
       sum(f.blocked), count(*) FILTER (WHERE f.first AND f.people_blocked IS NULL),
       count(*) FILTER (WHERE f.paged), count(*) FILTER (WHERE f.noisy)
  FROM facts f
 GROUP BY GROUPING SETS ({sets})
"""

ESCALATED = """
WITH asked AS (
    SELECT s.page_id, bool_or(s.step > 0 OR s.cycle > 0) AS on_its_way FROM incidents_pagestep s GROUP BY s.page_id
), beyond AS (
    SELECT DISTINCT e.page_id FROM incidents_timelineentry e
     WHERE e.page_id IS NOT NULL AND e.kind IN ('fallback', 'exhausted')
), facts AS (
    SELECT p.team_id AS owner_id, i.component_ref, i.severity, i.source,
           width_bucket(p.opened_at, %(months)s::timestamptz[]) AS month,
           a.on_its_way OR b.page_id IS NOT NULL AS past
      FROM incidents_page p
      JOIN incidents_incident i ON i.number = p.incident_id
      JOIN asked a ON a.page_id = p.id
      LEFT JOIN beyond b ON b.page_id = p.id
     WHERE NOT i.is_drill AND p.role <> 'catch-all' AND i.severity < 5
       AND p.opened_at >= %(since)s AND p.opened_at < %(until)s AND {kept}
)
SELECT {keys}, count(*), count(*) FILTER (WHERE f.past)
  FROM facts f
 GROUP BY GROUPING SETS ({sets})
"""

ITEMS = """
WITH facts AS (
    SELECT CASE WHEN a.component_id IS NULL THEN i.owner_id ELSE c.owner_id END AS owner_id,
           a.component_ref COLLATE "C" AS component_ref, i.severity, i.source COLLATE "C" AS source,
           width_bucket(a.due_on, %(days)s::date[]) AS month, a.state, a.due_on,
           (a.done_at AT TIME ZONE 'UTC')::date AS done_on
      FROM incidents_actionitem a
      JOIN incidents_incident i ON i.number = a.review_id
      LEFT JOIN catalog_component c ON c.id = a.component_id
     WHERE NOT i.is_drill AND a.due_on >= %(first_day)s AND a.due_on <= %(last_day)s AND {kept}
)
SELECT {keys},
       count(*) FILTER (WHERE f.state = 'done' OR f.state = 'open' AND f.due_on < %(today)s),
       count(*) FILTER (WHERE f.state = 'done' AND f.done_on <= f.due_on),
       count(*) FILTER (WHERE f.state = 'open' AND f.due_on < %(today)s),
       count(*) FILTER (WHERE f.state = 'dropped')
  FROM facts f
 GROUP BY GROUPING SETS ({sets})
"""

CALLS = """
SELECT n.person_id, floor(date_part('epoch', min(n.sent_at)))::bigint, min(p.team_id)
  FROM incidents_notification n
  JOIN incidents_page p ON p.id = n.page_id
  JOIN incidents_incident i ON i.number = p.incident_id
 WHERE n.kind = 'page' AND n.state = 'sent' AND NOT i.is_drill
   AND n.created_at >= %(since)s - interval '1 day' AND n.created_at < %(until)s
   AND n.sent_at >= %(since)s AND n.sent_at < %(until)s AND {kept}
 GROUP BY n.person_id, n.page_id, n.step_id
 ORDER BY 1, 2
"""

COLUMNS = ("owner_id", "component_ref", "severity", "source", "month")
GROUPS = {
    "team": "owner_id",
    "component": "component_ref",
    "severity": "severity",
    "source": "source",
    "month": "month",
}
OVERALL = "overall"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which incidents: opened in `[since, until)`, and what the filters leave; empty ones leave everything.

    `months` are the first moments of the calendar months that the stretch touches, the first not after `since`.
    """

    since: datetime
    until: datetime
    now: datetime
    months: Sequence[datetime]
    team: str = ""
    component: str = ""
    source: str = ""
    severities: Sequence[int] = field(default_factory=tuple)
    teams: Sequence[str] = field(default_factory=tuple)
    """More of them than `team`, which is asked for where it is set."""


class Called(NamedTuple):
    """Somebody was called, at that second since the epoch, for that team; None is the catch-all, or they by name."""

    person: int
    at: int
    team: int | None


@dataclass(frozen=True, slots=True)
class Grouped:
    """One row: `by` is a key of GROUPS or `overall`, `key` what it is grouped by, `values` as selected."""

    by: str
    key: Any
    values: tuple[Any, ...]


def figures(wanted: Wanted, by: Collection[str], *, noise: object) -> Iterator[Grouped]:
    """By group: incidents, symptoms, openings, still open, (count, [median, p90]) of the times to acknowledge, untaken,
    waiting, of those to restore, of those between failures, minutes blocked, of how many unknown, paged, noisy.
    """
    return _rows(FIGURES, {"team": "i.owner_id"}, by, {**_given(wanted), "noise": noise})


def escalated(wanted: Wanted, by: Collection[str]) -> Iterator[Grouped]:
    """By group: pages that were sent on their way, and those that went past step one. Its team is the one called."""
    return _rows(ESCALATED, {"team": "p.team_id"}, by, _given(wanted))


def items(wanted: Wanted, by: Collection[str]) -> Iterator[Grouped]:
    """By group: action items that were due or are done, done in time, overdue, dropped."""
    zone = wanted.months[0].tzinfo
    days = {
        "days": [month.date() for month in wanted.months],
        "first_day": wanted.since.astimezone(zone).date(),
        "last_day": wanted.until.astimezone(zone).date(),
        "today": wanted.now.astimezone(UTC).date(),
    }
    team = "CASE WHEN a.component_id IS NULL THEN i.owner_id ELSE c.owner_id END"
    return _rows(ITEMS, {"team": team, "component": "a.component_ref"}, by, {**_given(wanted), **days})


def calls(wanted: Wanted) -> list[Called]:
    """Every time somebody was called; its team is the one they were called for."""
    with connection.cursor() as cursor:
        cursor.execute(CALLS.format(kept=_kept(team="p.team_id")), _given(wanted))
        return [Called(*one) for one in cursor.fetchall()]


def _kept(*, team: str, component: str = "i.component_ref") -> str:
    return KEPT.format(team=team, component=component)


def _given(wanted: Wanted) -> dict[str, Any]:
    names = ("since", "until", "now", "component", "source")
    given = {name: getattr(wanted, name) for name in names}
    teams = [wanted.team] if wanted.team else list(wanted.teams)
    return {**given, "teams": teams, "months": list(wanted.months), "severities": list(wanted.severities)}


def _rows(statement: str, whose: dict[str, str], by: Collection[str], given: dict[str, Any]) -> Iterator[Grouped]:
    """Each column that is grouped by comes first, with a bit that says whether the row is of another."""
    names = [name for name in by if name != OVERALL]
    keys = ", ".join(f"{GROUPS[name]}, GROUPING({GROUPS[name]})" for name in names) or "NULL"
    sets = ", ".join("()" if name == OVERALL else f"({GROUPS[name]})" for name in by)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(kept=_kept(**whose), keys=keys, sets=sets), given)
        rows = cursor.fetchall()
    width = 2 * len(names) or 1
    for row in rows:
        found = next((place for place in range(len(names)) if row[2 * place + 1] == 0), None)
        key = None if found is None else row[2 * found]
        yield Grouped(OVERALL if found is None else names[found], key, tuple(row[width:]))
