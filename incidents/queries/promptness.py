"""How fast the pager is: from an accepted alert to its first page, handed to its channel.

Counted are openings and reopenings that call somebody at once. What waits because somebody wanted it to (maintenance,
a pause of all paging, low urgency, a person's own delay) says nothing of the pager, and neither do fire drills.
All that decides is only ever added to, so that the answer about a moment is the same whenever it is asked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from portal.lib import durations

DAYS = timedelta(days=30)
"""What the status page looks back over."""

# An opening, and what became of it until the incident opened again. A step that is due with the opening is taken by the
# very next pass, so a page whose first step was due later was held back on purpose.
CALLS = """
WITH opening AS (
    SELECT e.incident_id, e.at, e.id,
           least(e.at, coalesce((e.data ->> 'accepted_at')::timestamptz, e.at)) AS accepted,
           lead(e.at) OVER (PARTITION BY e.incident_id ORDER BY e.at, e.id) AS until
      FROM incidents_timelineentry e
     WHERE e.kind IN ('opened', 'reopened') AND e.at > %(since)s AND e.at <= %(until)s
), called AS (
    SELECT o.incident_id, o.at, o.accepted, i.component_id, i.owner_id, coalesce(said.severity, i.severity) AS severity,
           step.at AS asked, sent.at AS sent, answered.at AS answered,
           CASE WHEN step.at IS NOT NULL THEN sent.at_once
                ELSE coalesce(said.severity, i.severity) <= 3 AND EXISTS (
                     SELECT FROM incidents_page p
                      WHERE p.incident_id = o.incident_id AND p.state IN ('triggered', 'reopened')
                        AND p.next_step_at <= o.at + interval '1 second') END AS counts
      FROM opening o JOIN incidents_incident i ON i.number = o.incident_id AND NOT i.is_drill
      LEFT JOIN LATERAL (
            SELECT (t.data ->> 'severity')::int AS severity FROM incidents_timelineentry t
             WHERE t.incident_id = o.incident_id AND t.kind = 'severity' AND t.at <= o.at
             ORDER BY t.at DESC, t.id DESC LIMIT 1) said ON true
      CROSS JOIN LATERAL (
            SELECT min(s.at) AS at FROM incidents_page p JOIN incidents_pagestep s ON s.page_id = p.id
             WHERE p.incident_id = o.incident_id AND s.at >= o.at AND (o.until IS NULL OR s.at < o.until)
               AND s.at - s.late_ms * interval '1 millisecond' <= o.at + interval '1 second') step
      CROSS JOIN LATERAL (
            SELECT min(n.sent_at) AS at,
                   coalesce(bool_or(n.urgency = 'high' AND s.at = step.at AND n.due_at <= s.at), false) AS at_once
              FROM incidents_notification n JOIN incidents_pagestep s ON s.id = n.step_id
             WHERE n.incident_id = o.incident_id AND n.kind = 'page' AND s.at >= step.at
               AND (o.until IS NULL OR s.at < o.until)) sent
      CROSS JOIN LATERAL (
            SELECT min(t.at) AS at FROM incidents_timelineentry t
             WHERE t.incident_id = o.incident_id AND t.kind IN ('acknowledged', 'resolved')
               AND t.at >= o.at AND (o.until IS NULL OR t.at < o.until)) answered
)
SELECT {wanted} FROM called c
 WHERE c.counts {whose}
   AND NOT EXISTS (SELECT FROM incidents_pagingpause p
                    WHERE p.starts_at <= coalesce(c.asked, c.at) AND p.ends_at > c.accepted)
"""
FIGURES = """
    count(c.sent) AS sent,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY c.sent - c.accepted) FILTER (WHERE c.sent IS NOT NULL),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY c.sent - c.accepted) FILTER (WHERE c.sent IS NOT NULL),
    count(*) FILTER (WHERE c.sent IS NULL AND c.answered IS NULL AND c.accepted < %(until)s - interval '1 minute')
"""


@dataclass(frozen=True, slots=True)
class Promptness:
    """Over the thirty days before `until`: of how many alerts a page went out, after how long, and of how many none.

    `median` and `p95` are None where nothing was sent. Who answered before anything was sent is in neither number; nor
    is what was accepted within the last minute and not sent yet.
    """

    since: datetime
    until: datetime
    count: int
    median: timedelta | None
    p95: timedelta | None
    unsent: int

    @property
    def median_words(self) -> str:
        """To a tenth of a second below a minute."""
        return _words(self.median)

    @property
    def p95_words(self) -> str:
        """As `median_words`."""
        return _words(self.p95)


@dataclass(frozen=True, slots=True)
class Call:
    """One opening that called somebody at once: when its page was handed over, when somebody answered (None: not yet).

    `severity` is the one it opened with.
    """

    at: datetime
    accepted_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    severity: int


def promptness(*, now: datetime) -> Promptness:
    """The pager's own figures, of all teams together; one question."""
    since = now - DAYS
    with connection.cursor() as cursor:
        cursor.execute(CALLS.format(wanted=FIGURES, whose=""), {"since": since, "until": now})
        count, median, p95, unsent = cursor.fetchone()
    return Promptness(since, now, count, median, p95, unsent)


def calls(
    *, since: datetime, until: datetime, components: Collection[int] = (), owners: Collection[int] = ()
) -> list[Call]:
    """Those that opened in `(since, until]`, oldest first; of these components or owners, or of all; one question."""
    whose, given = "", dict[str, Any](since=since, until=until)
    if components:
        whose, given["components"] = "AND c.component_id = ANY(%(components)s)", list(components)
    if owners:
        whose, given["owners"] = f"{whose} AND c.owner_id = ANY(%(owners)s)", list(owners)
    wanted = "c.at, c.accepted, c.sent, c.answered, c.severity"
    with connection.cursor() as cursor:
        cursor.execute(f"{CALLS.format(wanted=wanted, whose=whose)} ORDER BY c.at", given)
        return [Call(*row) for row in cursor.fetchall()]


def _words(length: timedelta | None) -> str:
    if length is None:
        return "no data"
    seconds = length.total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else durations.words(length)
