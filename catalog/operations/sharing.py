"""Sharing a thing beyond the sign-in, and ending it; each by those whose it is."""

import secrets
from datetime import datetime

from django.db import transaction

from catalog.access import Actor, Owner, require_scope, rights_of
from catalog.models import Sharing
from catalog.operations.audit import record_audit


@transaction.atomic
def share(*, ref: str, owner: Owner, scope: str, actor: Actor, now: datetime) -> Sharing:
    """Let links of `ref`, which `owner` owns, work; where they do already, nothing changes.

    Raises WrongScope, NotYourTeam; what belongs to nobody is for those whom no team limits.
    """
    _require(actor, owner, scope)
    made, created = Sharing.objects.get_or_create(
        ref=ref, defaults={"nonce": secrets.token_urlsafe(18), "created_by": actor.person, "created_at": now}
    )
    if created:
        record_audit(actor=actor, action="sharing.begin", object_ref=ref, diff={"shared": (False, True)}, now=now)
    return made


@transaction.atomic
def unshare(*, ref: str, owner: Owner, scope: str, actor: Actor, now: datetime) -> bool:
    """End all links of `ref` at once; answers whether there were any. Raises as `share`."""
    _require(actor, owner, scope)
    count, _ = Sharing.objects.filter(ref=ref).delete()
    if count:
        record_audit(actor=actor, action="sharing.end", object_ref=ref, diff={"shared": (True, False)}, now=now)
    return bool(count)


def _require(actor: Actor, owner: Owner, scope: str) -> None:
    require_scope(actor, scope)
    rights_of(actor).require_ownership(owner)
