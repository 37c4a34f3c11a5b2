"""Accepting an invitation: the account, its person, their team, in one transaction.

The name somebody chooses must be nobody's: a person of that name would be taken over, and so would be whatever a
manifest or a team says of somebody who is not there yet.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from catalog import rules
from catalog.access import Actor, system
from catalog.authentication import digest
from catalog.described import person_spec
from catalog.models import Component, Domain, Invitation, Membership, Person, System
from catalog.operations.audit import Diff, record_audit
from catalog.operations.invitations import NotYoursToInvite, require_may_invite
from catalog.operations.locking import hold_refs
from catalog.operations.people import link_account, put_person
from catalog.operations.teams import set_member
from catalog.specs import PersonSpec
from portal.lib.errors import FieldError, Invalid, Missing

NAMESPACE = "default"


class InvitationOver(Missing):
    """This invitation was used, revoked or is older than a week. Ask whoever invited you for a new one."""

    title = "This invitation is over"


@dataclass(frozen=True, slots=True)
class Joined:
    """Who came in."""

    person: Person
    account: AbstractBaseUser


def open_invitation(*, secret: str, now: datetime) -> Invitation:
    """The invitation that a link holds. Raises InvitationOver."""
    rows = Invitation.objects.select_related("team", "person", "created_by").filter(digest=digest(secret))
    row = rows.filter(accepted_at=None, revoked_at=None, expires_at__gt=now).first()
    if row is None or (row.person and row.person.account_id is not None) or not _still_meant(row):
        raise InvitationOver
    return row


@transaction.atomic
def accept_invitation(*, secret: str, username: str, password: str, display_name: str, now: datetime) -> Joined:
    """Make the account `username` and let it be the invited person, in their team.

    A person known by the address is joined, never one that can sign in already. Raises InvitationOver, Invalid.
    """
    meant = open_invitation(secret=secret, now=now)
    username = username.strip()
    ref = meant.person.ref if meant.person else f"user:{NAMESPACE}/{username.lower()}"
    hold_refs(written=[ref, *([meant.team.ref] if meant.team else [])])
    Invitation.objects.select_for_update().get(pk=meant.pk)
    meant = open_invitation(secret=secret, now=now)  # again, for a second tap may have been faster
    person = meant.person or _new_person(username, display_name, meant.email, now=now)
    if person.retired_at:
        put_person(spec=person_spec(person), actor=system("invitation"), now=now)
    account = _new_account(username, password, meant.email)
    link_account(person=person, account=account, actor=system("invitation"), now=now)
    if meant.team and meant.team.retired_at is None:
        _enrol(meant, person, now=now)
    Invitation.objects.filter(pk=meant.pk).update(accepted_at=now, person=person)
    person.refresh_from_db()
    diff: Diff = {"accepted": (False, True), "person": ("", person.ref)}
    record_audit(
        actor=Actor(person=person, via="link"),
        action="invitation.accept",
        object_ref=f"invitation:{meant.pk}",
        diff=diff,
        now=now,
        owner_ref=meant.team.ref if meant.team else "",
    )
    return Joined(person, account)


def _still_meant(row: Invitation) -> bool:
    """Whether whoever invited still may; rights come and go within a week."""
    if row.created_by is None:
        return False
    try:
        require_may_invite(Actor(person=row.created_by), row.team, row.person)
    except NotYoursToInvite:
        return False
    return True


def _new_person(username: str, display_name: str, email: str, *, now: datetime) -> Person:
    name = username.lower()
    if not rules.is_name(name):
        raise _wrong("username", f"{username!r}: {rules.NAME_HELP}.")
    ref = f"user:{NAMESPACE}/{name}"
    named = any(model._default_manager.filter(owner_ref=ref).exists() for model in (Component, System, Domain))
    if named or Person.objects.filter(ref=ref).exists() or Membership.objects.filter(person_ref=ref).exists():
        raise _wrong("username", f"{username!r} is somebody's already; choose another name.")
    spec = PersonSpec(namespace=NAMESPACE, name=name, display_name=display_name.strip(), email=email)
    return put_person(spec=spec, actor=system("invitation"), now=now).row


def _new_account(username: str, password: str, email: str) -> AbstractBaseUser:
    """By whatever model the site has. Raises Invalid for a name that is taken or that the model refuses."""
    model = get_user_model()
    key, address = model.USERNAME_FIELD, model.get_email_field_name()
    account = model(**{key: email if key == address else username})
    if address != key and hasattr(account, address):
        setattr(account, address, email)
    account.set_password(password)
    try:
        account.full_clean()
        with transaction.atomic():
            account.save()
    except ValidationError as error:
        raise _refused(error, key) from error
    except IntegrityError as error:  # somebody took it a moment ago
        raise _wrong("username", f"{username!r} is taken; choose another name.") from error
    return account


def _enrol(meant: Invitation, person: Person, *, now: datetime) -> None:
    """Into the team, but nobody who leads it becomes a mere member by it."""
    already = Membership.objects.filter(team=meant.team, person=person).first()
    if meant.team and (already is None or meant.role == Membership.Role.LEAD):
        actor = system("invitation")
        set_member(ref=meant.team.ref, person_ref=person.ref, role=meant.role, actor=actor, now=now)


def _refused(error: ValidationError, key: str) -> Invalid:
    found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    faults = tuple(
        FieldError("username" if field == key else field, "invalid", text)
        for field, texts in found.items()
        for text in texts
    )
    return Invalid("; ".join(fault.message for fault in faults), errors=faults)


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, "unusable", message),))
