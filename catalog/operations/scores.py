"""The sweep of scorecards: claims what was longest not looked at, asks all checks, keeps answers and the day's sums.

A claim moves `at` and commits; the checks run outside any transaction, so one that is slow holds nothing up. A worker
that dies between claim and answer leaves the old answers until the next turn.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction

from catalog import scorecard
from catalog.models import Component, Score, ScoreDay
from catalog.operations.campaigns import record_campaigns
from catalog.operations.locking import hold_refs
from catalog.scorecard import NEVER, Scorecard

AGAIN_AFTER = timedelta(hours=1)
KEPT_FOR = timedelta(days=400)

# By owner, so that what is asked of a team is asked for many of its components at once
BEGIN = """
INSERT INTO catalog_score (component_id, level, passed, failed, unknown, answers, at, changed_at)
SELECT c.id, 0, 0, 0, 0, '{}', %(never)s, %(never)s FROM catalog_component c
 WHERE c.retired_at IS NULL AND NOT EXISTS (SELECT FROM catalog_score s WHERE s.component_id = c.id)
 ORDER BY c.owner_id, c.id LIMIT %(limit)s
ON CONFLICT (component_id) DO NOTHING
"""
END = """
DELETE FROM catalog_score s USING catalog_component c WHERE c.id = s.component_id AND c.retired_at IS NOT NULL
"""
CLAIM = """
UPDATE catalog_score s SET at = %(now)s
  FROM (SELECT due.id FROM catalog_score due JOIN catalog_component c ON c.id = due.component_id
         WHERE c.retired_at IS NULL AND {due} LIMIT %(limit)s FOR UPDATE OF due SKIP LOCKED) claimed
 WHERE s.id = claimed.id RETURNING s.component_id
"""
STALE = CLAIM.format(due="due.at <= %(before)s ORDER BY due.at")
CHANGED = CLAIM.format(due="c.updated_at > due.at AND c.updated_at > %(before)s AND c.updated_at <= %(now)s")
KEEP = """
WITH v AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(levels)s::int[], %(passed)s::int[], %(failed)s::int[],
                         %(unknown)s::int[], %(answers)s::jsonb[])
             AS told(component_id, level, passed, failed, unknown, answers)
), stepped AS (
    INSERT INTO catalog_scorestep (component_id, day, level, passed, failed, unknown)
    SELECT v.component_id, %(day)s, v.level, v.passed, v.failed, v.unknown
      FROM v JOIN catalog_score s ON s.component_id = v.component_id
     WHERE s.changed_at = %(never)s
        OR (s.level, s.passed, s.failed, s.unknown) IS DISTINCT FROM (v.level, v.passed, v.failed, v.unknown)
    ON CONFLICT (component_id, day) DO UPDATE
       SET level = excluded.level, passed = excluded.passed, failed = excluded.failed, unknown = excluded.unknown
)
UPDATE catalog_score s
   SET level = v.level, passed = v.passed, failed = v.failed, unknown = v.unknown, answers = v.answers,
       changed_at = CASE WHEN s.answers IS DISTINCT FROM v.answers THEN %(now)s ELSE s.changed_at END
  FROM v WHERE s.component_id = v.component_id
"""
OLD_STEPS = """
DELETE FROM catalog_scorestep old
 WHERE old.day < %(before)s AND EXISTS (
     SELECT FROM catalog_scorestep newer
      WHERE newer.component_id = old.component_id AND newer.day > old.day AND newer.day <= %(before)s)
"""
DAY = """
WITH scored AS (
    SELECT s.level, s.answers, c.owner_id FROM catalog_score s JOIN catalog_component c ON c.id = s.component_id
     WHERE c.retired_at IS NULL AND s.changed_at > %(never)s
), levels AS (
    SELECT owner_id AS team, grouping(owner_id) AS every, jsonb_build_array(
               count(*) FILTER (WHERE level = 0), count(*) FILTER (WHERE level = 1),
               count(*) FILTER (WHERE level = 2), count(*) FILTER (WHERE level = 3)) AS levels
      FROM scored GROUP BY ROLLUP (owner_id)
), told AS (
    SELECT owner_id AS team, grouping(owner_id) AS every, key, jsonb_build_array(
               count(*) FILTER (WHERE value->0 = 'true'), count(*) FILTER (WHERE value->0 = 'false'),
               count(*) FILTER (WHERE value->0 = 'null')) AS counts
      FROM scored, jsonb_each(answers) GROUP BY GROUPING SETS ((owner_id, key), (key))
), checks AS (
    SELECT team, every, jsonb_object_agg(key, counts) AS checks FROM told GROUP BY team, every
)
INSERT INTO catalog_scoreday (day, team_id, levels, checks)
SELECT %(day)s, levels.team, levels.levels, coalesce(checks.checks, '{}')
  FROM levels LEFT JOIN checks ON checks.every = levels.every AND checks.team IS NOT DISTINCT FROM levels.team
 WHERE levels.every = 1 OR levels.team IS NOT NULL
ON CONFLICT DO NOTHING
"""


def begin_scores(*, limit: int = 10_000) -> int:
    """Make room for components that have no score yet, and drop those of retired ones; answers for how many."""
    with connection.cursor() as cursor:
        cursor.execute(END)
        cursor.execute(BEGIN, {"never": NEVER, "limit": limit})
        return int(cursor.rowcount)


def score_due(*, now: datetime, limit: int = 500) -> int:
    """Score the stalest components, then those that changed since; two sweepers never take the same ones."""
    ids = _claim(STALE, now=now, limit=limit) or _claim(CHANGED, now=now, limit=limit)
    if ids:
        score(Component.objects.filter(pk__in=ids).select_related("owner"), now=now)
    return len(ids)


def score(components: Iterable[Component], *, now: datetime) -> None:
    """Ask all checks about these components, and keep the answers in their scores."""
    cards = scorecard.judge(list(components), now=now)
    if cards:
        with connection.cursor() as cursor:
            cursor.execute(KEEP, {"now": now, "day": now.date(), "never": NEVER, **_columns(cards)})


def record_day(*, now: datetime) -> bool:
    """Keep the day's sums of all, of each team and of each campaign, and drop those too old; says whether it did.

    Once a day, and not before every component was worked out: half a sum would be a dent in the trend.
    """
    day = now.date()
    if ScoreDay.objects.filter(day=day, team=None).exists() or Score.objects.filter(at=NEVER).exists():
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        hold_refs(written=["portico:scoreday"])  # so that of two sweepers the second finds the day done
        cursor.execute(DAY, {"day": day, "never": NEVER})
        made = bool(cursor.rowcount)
        record_campaigns(day)
        ScoreDay.objects.filter(day__lt=day - KEPT_FOR).delete()
        cursor.execute(OLD_STEPS, {"before": day - KEPT_FOR})  # what held on that day stays
    return made


def _claim(due: str, *, now: datetime, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(due, {"now": now, "before": now - AGAIN_AFTER, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def _columns(cards: Mapping[int, Scorecard]) -> dict[str, list[object]]:
    sums = [card.sum for card in cards.values()]
    return {
        "ids": list(cards),
        "levels": [one.level for one in sums],
        "passed": [one.passed for one in sums],
        "failed": [one.failed for one in sums],
        "unknown": [one.unknown for one in sums],
        "answers": [json.dumps(card.answers) for card in cards.values()],
    }
