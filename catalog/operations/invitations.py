"""Invitations: a letter lets somebody make their account, once.

Who may: platform admins anybody, leads into the teams they lead. Whoever invites may see the link, so a lead can't
invite somebody who has rights that the lead has not: it would be a way to become them. Tokens invite nobody.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from catalog.access import Actor
from catalog.authentication import digest
from catalog.models import Invitation, Membership, Person, Team
from catalog.operations.audit import Diff, record_audit
from catalog.operations.locking import hold_invitations
from portal.lib.errors import FieldError, Forbidden, Invalid, Missing

LASTS = timedelta(days=7)


class TokensInviteNobody(Forbidden):
    """A token can't invite people; sign in for that."""


class NotYoursToInvite(Forbidden):
    """Platform admins invite anybody, leads into the teams they lead."""


class NoSuchInvitation(Missing):
    """There is no such invitation, or it is not yours, or it was accepted already."""


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation; `secret` goes into the link and is kept nowhere."""

    row: Invitation
    secret: str


@transaction.atomic
def invite(
    *, email: str, team: Team | None, role: str, actor: Actor, now: datetime, person: Person | None = None
) -> Invited:
    """Invite whoever reads `email`, into `team` when one is given, as `person` where they are known without an account.

    An earlier invitation of the same address into the same team ends. Raises Invalid, Forbidden.
    """
    if actor.token:
        raise TokensInviteNobody
    email = email.strip()
    errors = tuple(_faults(email, team, role))
    if errors:
        raise Invalid("; ".join(e.message for e in errors), errors=errors)
    hold_invitations(email)
    person = person or _known(email)
    if person and person.account_id is not None:
        raise _taken(person)
    require_may_invite(actor, team, person)
    _pending().filter(email__iexact=email, team=team).update(revoked_at=now)
    secret = secrets.token_urlsafe(32)
    row = Invitation.objects.create(
        email=email,
        person=person,
        team=team,
        role=role,
        digest=digest(secret),
        created_by=actor.person,
        created_at=now,
        expires_at=now + LASTS,
    )
    diff: Diff = {"email": ("", email), "team": ("", team.ref if team else ""), "role": ("", role)}
    _record("invitation.create", row, diff, actor=actor, now=now)
    return Invited(row, secret)


@transaction.atomic
def renew_invitation(*, invitation_id: int, actor: Actor, now: datetime) -> Invited:
    """The invitation with a new link for another week; the old link ends. Raises NoSuchInvitation, Forbidden."""
    row = _mine(invitation_id, actor)
    if row.revoked_at:
        raise NoSuchInvitation("This invitation was revoked; make a new one.")
    require_may_invite(actor, row.team, row.person)
    secret, before = secrets.token_urlsafe(32), row.expires_at
    row.digest, row.expires_at = digest(secret), now + LASTS
    row.created_by = actor.person  # whoever sends it vouches for it
    row.save(update_fields=["digest", "expires_at", "created_by"])
    diff: Diff = {"expires_at": (before.isoformat(), row.expires_at.isoformat())}
    _record("invitation.renew", row, diff, actor=actor, now=now)
    return Invited(row, secret)


@transaction.atomic
def revoke_invitation(*, invitation_id: int, actor: Actor, now: datetime) -> Invitation:
    """End the invitation's link at once; idempotent. Raises NoSuchInvitation, TokensInviteNobody."""
    row = _mine(invitation_id, actor)
    if row.revoked_at is None:
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        _record("invitation.revoke", row, {"revoked": (False, True)}, actor=actor, now=now)
    return row


def require_may_invite(actor: Actor, team: Team | None, person: Person | None) -> None:
    """Raise NotYoursToInvite unless `actor` may invite into `team`, and gets no right of `person`'s by it."""
    if actor.everywhere:
        return
    mine = led_by(actor)
    if team is None or team.pk not in mine:
        raise NotYoursToInvite
    if person is None:
        return
    elsewhere = Membership.objects.filter(person=person).exclude(team__in=mine)
    if person.platform_admin or elsewhere.exists():
        raise NotYoursToInvite(f"{person.label} has rights beyond your teams; ask a platform admin to invite them.")


def led_by(actor: Actor) -> frozenset[int]:
    """The teams that `actor` leads."""
    if actor.person is None:
        return frozenset()
    rows = Membership.objects.filter(person=actor.person, role=Membership.Role.LEAD, team__retired_at=None)
    return frozenset(rows.exclude(team=None).values_list("team_id", flat=True))


def visible_invitations(actor: Actor) -> QuerySet[Invitation]:
    """Those `actor` may know of: admins all, leads those into their teams, others what they made."""
    rows = Invitation.objects.select_related("team", "person", "created_by")
    if actor.everywhere:
        return rows
    if actor.person is None:
        return rows.none()
    return rows.filter(team__in=led_by(actor)) | rows.filter(created_by=actor.person)


def _faults(email: str, team: Team | None, role: str) -> Iterator[FieldError]:
    try:
        validate_email(email)
    except ValidationError:
        yield FieldError("email", "invalid", "Write one whole e-mail address, such as ada@example.org.")
    if role not in Membership.Role.values:
        yield FieldError("role", "unknown", f"{role!r}: use one of {', '.join(Membership.Role.values)}.")
    if team and team.retired_at:
        yield FieldError("team", "retired", f"{team.label} was dissolved; choose another team, or none.")


def _known(email: str) -> Person | None:
    """Who has that address. Raises Invalid where several do."""
    found = list(Person.objects.filter(email__iexact=email, retired_at=None)[:2])
    if len(found) > 1:
        message = "Several people have this address; invite the right one from their own page."
        raise Invalid(message, errors=(FieldError("email", "ambiguous", message),))
    return found[0] if found else None


def _taken(person: Person) -> Invalid:
    message = f"{person.label} ({person.ref}) can sign in already; put them into the team on its page."
    return Invalid(message, errors=(FieldError("email", "has_account", message),))


def _pending() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None)


def _mine(invitation_id: int, actor: Actor) -> Invitation:
    if actor.token:
        raise TokensInviteNobody
    row = Invitation.objects.select_for_update(of=("self",)).select_related("team", "person").filter(pk=invitation_id)
    found = row.first()
    if found is None or found.accepted_at or not visible_invitations(actor).filter(pk=invitation_id).exists():
        raise NoSuchInvitation
    return found


def _record(action: str, row: Invitation, diff: Diff, *, actor: Actor, now: datetime) -> None:
    owner = row.team.ref if row.team else ""
    record_audit(actor=actor, action=action, object_ref=f"invitation:{row.pk}", diff=diff, now=now, owner_ref=owner)
