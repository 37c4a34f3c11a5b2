"""What other apps say about the health of components."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from catalog.models import ComponentHealth

# `since` moves only with the state, so that "broken since" survives many reports; an equal report writes nothing
REPORT = """
INSERT INTO catalog_componenthealth AS h (component_id, source, state, summary, since)
SELECT component, %(source)s, state, summary, %(now)s
  FROM unnest(%(components)s::bigint[], %(states)s::int[], %(summaries)s::text[]) AS said(component, state, summary)
 ORDER BY component
ON CONFLICT (component_id, source) DO UPDATE
   SET since = CASE WHEN h.state = EXCLUDED.state THEN h.since ELSE EXCLUDED.since END,
       state = EXCLUDED.state, summary = EXCLUDED.summary
 WHERE (h.state, h.summary) IS DISTINCT FROM (EXCLUDED.state, EXCLUDED.summary)
RETURNING component_id
"""
WITHDRAW = """
DELETE FROM catalog_componenthealth WHERE component_id = ANY(%(components)s) AND source = %(source)s
RETURNING component_id
"""
LOCK = "SELECT FROM catalog_component WHERE id = ANY(%(components)s) ORDER BY id FOR NO KEY UPDATE"
WORST = """
UPDATE catalog_component AS c SET worst = said.worst
  FROM (SELECT asked.id, coalesce(max(h.state), -1) AS worst
          FROM unnest(%(components)s::bigint[]) AS asked(id)
          LEFT JOIN catalog_componenthealth h ON h.component_id = asked.id
         GROUP BY asked.id) said
 WHERE c.id = said.id AND c.worst <> said.worst
"""


class Health(NamedTuple):
    """What is said of one component; without a `state` what was said is withdrawn."""

    component_id: int
    state: ComponentHealth.State | None
    summary: str = ""


def report_health(
    *, component_id: int, source: str, state: ComponentHealth.State | None, summary: str, now: datetime
) -> None:
    """Say how a component is by `source` (`slo`, `incidents`); None withdraws what that source said. Idempotent."""
    report_healths([Health(component_id, state, summary)], source=source, now=now)


@transaction.atomic
def report_healths(said: Sequence[Health], *, source: str, now: datetime) -> None:
    """As `report_health` for many components, each named once, in four statements."""
    there = [one for one in said if one.state is not None]
    gone = [one.component_id for one in said if one.state is None]
    changed: list[int] = []
    with connection.cursor() as cursor:
        if there:
            values: dict[str, list[int] | list[str]] = {
                "components": [one.component_id for one in there],
                "states": [int(one.state) for one in there if one.state is not None],
                "summaries": [one.summary[:200] for one in there],
            }
            cursor.execute(REPORT, {"source": source, "now": now, **values})
            changed += [pk for (pk,) in cursor.fetchall()]
        if gone:
            cursor.execute(WITHDRAW, {"source": source, "components": gone})
            changed += [pk for (pk,) in cursor.fetchall()]
        if changed:
            cursor.execute(LOCK, {"components": changed})  # two sources at once would each miss what the other says
            cursor.execute(WORST, {"components": changed})
