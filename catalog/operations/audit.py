"""The change log: one row for every write by anyone, in the transaction of the write."""

from collections.abc import Mapping
from datetime import datetime

from catalog.access import Actor
from catalog.models import AuditEntry

Diff = Mapping[str, tuple[object, object]]


def record_audit(*, actor: Actor, action: str, object_ref: str, diff: Diff, now: datetime) -> None:
    """Keep that `actor` did `action` (`component.update`) to `object_ref`; `diff` is {field: (before, after)}."""
    AuditEntry.objects.create(
        at=now,
        actor_ref=actor.ref,
        actor_name=actor.name,
        person=actor.person,
        token=actor.token,
        via=actor.via,
        action=action,
        object_ref=object_ref,
        diff={field: [before, after] for field, (before, after) in diff.items()},
    )
