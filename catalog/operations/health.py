"""What other apps say about a component's health."""

from datetime import datetime

from django.db import connection, transaction

from catalog.models import ComponentHealth

# `since` moves only with the state, so that "broken since" survives many reports; an equal report writes nothing
REPORT = """
INSERT INTO catalog_componenthealth AS h (component_id, source, state, summary, since)
VALUES (%(component)s, %(source)s, %(state)s, %(summary)s, %(now)s)
ON CONFLICT (component_id, source) DO UPDATE
   SET since = CASE WHEN h.state = EXCLUDED.state THEN h.since ELSE EXCLUDED.since END,
       state = EXCLUDED.state, summary = EXCLUDED.summary
 WHERE (h.state, h.summary) IS DISTINCT FROM (EXCLUDED.state, EXCLUDED.summary)
"""


WITHDRAW = "DELETE FROM catalog_componenthealth WHERE component_id = %(component)s AND source = %(source)s"
LOCK = "SELECT FROM catalog_component WHERE id = %(component)s FOR NO KEY UPDATE"
WORST = """
UPDATE catalog_component SET worst = said.worst
  FROM (SELECT coalesce(max(state), -1) AS worst FROM catalog_componenthealth WHERE component_id = %(component)s) said
 WHERE id = %(component)s AND catalog_component.worst <> said.worst
"""


@transaction.atomic
def report_health(
    *, component_id: int, source: str, state: ComponentHealth.State | None, summary: str, now: datetime
) -> None:
    """Say how a component is by `source` (`slo`, `incidents`); None withdraws what that source said. Idempotent."""
    said: dict[str, int | str | datetime] = {
        "component": component_id,
        "source": source,
        "state": -1 if state is None else int(state),
        "summary": summary[:200],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW if state is None else REPORT, said)
        if cursor.rowcount:
            cursor.execute(LOCK, said)  # two sources at once would each miss what the other says
            cursor.execute(WORST, said)
