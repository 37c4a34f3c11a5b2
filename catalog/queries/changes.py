"""The change log: every write by anyone, filtered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from catalog.models import AuditEntry
from catalog.queries.called import called, refs_called
from catalog.worded import refs_in

NEWEST = ("-at", "-pk")
VIAS = ("web", "api", "cli", "link", "system")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilter:
    """Which changes: all that are given must fit; `[since, until)`."""

    actor: str = ""
    kind: str = ""
    object: str = ""
    words: str = ""
    """In the name or title of what was written, or of who wrote."""
    team: str = ""
    action: str = ""
    via: str = ""
    since: datetime | None = None
    until: datetime | None = None


def changes(wanted: ChangeFilter) -> QuerySet[AuditEntry]:
    """What `wanted` leaves, newest first. A team's are its own and those of what it owned at that time."""
    rows = AuditEntry.objects.order_by(*NEWEST).select_related("person")
    exact = {"actor_ref": wanted.actor, "via": wanted.via}
    rows = rows.filter(**{field: value for field, value in exact.items() if value})
    if wanted.words:
        named = refs_called(wanted.words)
        rows = rows.filter(Q(object_ref__in=named) | Q(actor_ref__in=named))
    if wanted.object:
        rows = rows.filter(object_ref__in={wanted.object, wanted.object.lower()})  # tokens keep their case
    if wanted.kind:
        rows = rows.filter(object_ref__startswith=f"{wanted.kind}:")
    if wanted.action:
        rows = rows.filter(Q(action=wanted.action) | Q(action__endswith=f".{wanted.action}"))
    if wanted.team:
        rows = rows.filter(Q(owner_ref=wanted.team) | Q(object_ref=wanted.team))
    if wanted.since:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(at__lt=wanted.until)
    return rows


def names_in(rows: Iterable[AuditEntry], *also: str) -> dict[str, str]:
    """By reference the title of all that these changes were made to, that their differences name, and of `also`."""
    return called([*also, *(ref for row in rows for ref in (row.object_ref, *refs_in(row.diff)))])


def change_json(row: AuditEntry) -> dict[str, Any]:
    """The entry as API and exports tell it."""
    return {
        "id": row.pk,
        "at": row.at,
        "actor": row.actor_ref,
        "actor_name": row.actor_name,
        "via": row.via,
        "action": row.action,
        "object": row.object_ref,
        "owner": row.owner_ref,
        "diff": row.diff,
    }
