"""Who waits for whom: the incident first, then its pages by key. Whatever changes either takes them in this order.

Rows are locked `FOR NO KEY UPDATE`, which lets others refer to them meanwhile (timeline entries, notifications).
"""

from django.db import connection

from catalog.models import Component
from incidents.models import Incident, Page

COMPONENT_LOCKS = 0x1C1D
"""Class of the advisory locks that keep two alerts on one component from opening two incidents."""


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


def lock_component(component: Component) -> None:
    """One alert at a time decides which incident of `component` it belongs to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [COMPONENT_LOCKS, component.pk & 0x7FFFFFFF])
