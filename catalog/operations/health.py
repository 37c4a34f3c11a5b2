"""What other apps say about a component's health."""

from datetime import datetime

from django.db import connection

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


def report_health(
    *, component_id: int, source: str, state: ComponentHealth.State | None, summary: str, now: datetime
) -> None:
    """Say how a component is by `source` (`slo`, `incidents`); None withdraws what that source said. Idempotent."""
    if state is None:
        ComponentHealth.objects.filter(component=component_id, source=source).delete()
        return
    said: dict[str, int | str | datetime] = {
        "component": component_id,
        "source": source,
        "state": int(state),
        "summary": summary[:200],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(REPORT, said)
