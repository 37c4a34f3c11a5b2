"""The change log: one row for every write by anyone, in the transaction of the write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from catalog.access import Actor
from catalog.models import AuditEntry
from portal.lib import conf, records

Diff = Mapping[str, tuple[object, object]]
LONGEST = 20_000
"""Characters kept of one text in a diff; an API's definition may have millions."""

AT_ONCE = 5_000
KEEP = """
INSERT INTO catalog_auditentry (at, actor_ref, actor_name, person_id, token_id, via,
                                action, object_ref, owner_ref, diff)
SELECT %(at)s, %(ref)s, %(name)s, %(person)s, %(token)s, %(via)s, action, object_ref, owner_ref, diff
  FROM jsonb_to_recordset(%(changes)s::jsonb) AS given(action text, object_ref text, owner_ref text, diff jsonb)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write: `action` (`component.update`) to `object_ref`, owned by `owner_ref` then."""

    action: str
    object_ref: str
    diff: Diff = field(default_factory=dict)
    owner_ref: str = ""


def record_audit(*, actor: Actor, action: str, object_ref: str, diff: Diff, now: datetime, owner_ref: str = "") -> None:
    """Keep that `actor` did `action` (`component.update`) to `object_ref`; `diff` is {field: (before, after)}."""
    change = Change(action=action, object_ref=object_ref, diff=diff, owner_ref=owner_ref)
    record_changes([change], actor=actor, now=now)


def record_changes(changes: Iterable[Change], *, actor: Actor, now: datetime) -> None:
    """Keep several writes of one actor at once."""
    rows = [
        {
            "action": change.action,
            "object_ref": change.object_ref,
            "owner_ref": change.owner_ref,
            "diff": {name: [_kept(before), _kept(after)] for name, (before, after) in change.diff.items()},
        }
        for change in changes
    ]
    if not rows:
        return
    by = {
        "ref": actor.ref, "name": actor.name, "via": actor.via,
        "person": actor.person.pk if actor.person else None, "token": actor.token.pk if actor.token else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {**by, "at": now, "changes": records.as_json(rows)})


def _kept(value: object) -> object:
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]} … ({len(value):,} characters)"
    return value


def prune_changes(*, now: datetime) -> int:
    """Delete what PORTAL_CHANGES_KEPT_DAYS leaves behind (0: nothing, ever), some thousand a time; answers how many."""
    days = conf.number("PORTAL_CHANGES_KEPT_DAYS", 0)
    if not days:
        return 0
    old = AuditEntry.objects.filter(at__lt=now - timedelta(days=days)).order_by("at").values("pk")
    count, _ = AuditEntry.objects.filter(pk__in=old[:AT_ONCE]).delete()
    return count
