"""Who waits for whom: the alerts, then the incident, then its pages by key. Whatever changes them takes this order.

One at a time decides what becomes of alerts, for whatever fires may be the cause or a symptom of what else does; it may
hold several incidents. Everybody else holds one incident at a time and never waits for the alerts while holding it.

Rows are locked `FOR NO KEY UPDATE`, which lets others refer to them meanwhile (timeline entries, notifications).
"""

from django.db import connection

from incidents.models import Incident, Page

ALERTS_LOCK = (0x1C1D, 1)
"""The advisory lock of whoever decides what becomes of alerts."""


def locked_incident(number: int) -> Incident:
    """The incident, held until the end of the transaction."""
    return (
        Incident.objects.select_for_update(no_key=True, of=("self",))
        .select_related("component", "owner")
        .get(pk=number)
    )


def locked_pages(incident: Incident) -> list[Page]:
    """All pages of a held incident, held too."""
    return list(
        incident.pages.select_for_update(no_key=True, of=("self",))
        .select_related("policy_version", "person", "team")
        .order_by("pk")
    )


def lock_alerts() -> None:
    """Decide alone what becomes of alerts, until the end of the transaction. To be taken before any row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", ALERTS_LOCK)
