"""API tokens: made once, shown once, revoked.

Who may: everybody signed in, limited to their own teams; platform admins without limit. Tokens make no tokens.
"""

import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog import rules
from catalog.access import Actor, NotYourTeam
from catalog.authentication import digest
from catalog.models import ApiToken, Team
from catalog.operations.audit import Diff, record_audit
from portal.lib.errors import FieldError, Forbidden, Invalid, Missing

PREFIX = "portico_"


class TokensMakeNoTokens(Forbidden):
    """A token can't make or revoke tokens; sign in for that."""


class NoSuchToken(Missing):
    """There is no such token, or it is not yours."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token; `text` is what the client sends and is kept nowhere."""

    row: ApiToken
    text: str


@transaction.atomic
def create_token(
    *,
    name: str,
    scopes: Collection[str],
    teams: Collection[Team],
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> Minted:
    """Make a token with `scopes`, limited to `teams` (none: everywhere, which only platform admins may).

    Raises Invalid, NotYourTeam, TokensMakeNoTokens.
    """
    if actor.token:
        raise TokensMakeNoTokens
    errors = tuple(_faults(name.strip(), scopes, expires_at, now))
    if errors:
        raise Invalid("; ".join(e.message for e in errors), errors=errors)
    if not actor.everywhere and (not teams or not {team.pk for team in teams} <= actor.team_ids()):
        raise NotYourTeam("Limit the token to teams of your own; only platform admins make tokens for all teams.")
    text = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        name=name.strip(),
        prefix=text[:12],
        digest=digest(text),
        scopes=sorted(set(scopes)),
        limited=bool(teams),
        created_by=actor.person,
        created_at=now,
        expires_at=expires_at,
    )
    row.teams.set(teams)
    diff: Diff = {"scopes": ([], row.scopes), "teams": ([], sorted(team.ref for team in teams))}
    record_audit(actor=actor, action="token.create", object_ref=f"token:{row.name}", diff=diff, now=now)
    return Minted(row, text)


@transaction.atomic
def revoke_token(*, token_id: int, actor: Actor, now: datetime) -> None:
    """End a token at once; its maker and platform admins may. Raises NoSuchToken, TokensMakeNoTokens; idempotent."""
    if actor.token:
        raise TokensMakeNoTokens
    row = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    if row is None or not (actor.everywhere or (actor.person and row.created_by_id == actor.person.pk)):
        raise NoSuchToken
    if row.revoked_at:
        return
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    diff = {"revoked": (False, True)}
    record_audit(actor=actor, action="token.revoke", object_ref=f"token:{row.name}", diff=diff, now=now)


def _faults(name: str, scopes: Collection[str], expires_at: datetime | None, now: datetime) -> Iterator[FieldError]:
    if not name or len(name) > 100:
        yield FieldError("name", "required", "Say in 1 to 100 characters what the token is for.")
    if not scopes:
        yield FieldError("scopes", "required", "Choose at least one scope.")
    for scope in scopes:
        if scope not in ApiToken.Scope.values:
            known = ", ".join(ApiToken.Scope.values)
            yield FieldError("scopes", "unknown_scope", f"{scope!r}: use some of {known}.")
    yield from rules.future("expires_at", expires_at, now=now)
