"""People: registered and changed, with or without an account.

Who may: platform admins, tokens with `components:write` that no team limits, and everybody about themselves.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.crypto import get_random_string

from catalog.access import Actor, NotYourTeam, require_admin, require_scope
from catalog.described import difference, person_spec
from catalog.models import ApiToken, Person, Team
from catalog.models.entity import Origin
from catalog.operations.addresses import require_own_address
from catalog.operations.audit import record_audit
from catalog.operations.locking import hold_refs
from catalog.operations.memberships import join_teams
from catalog.operations.merging import merged
from catalog.operations.references import join_person
from catalog.operations.written import ABSENT, Outcome, Written, expect_version, remove
from catalog.refs import no_such
from catalog.specs import PersonSpec, checked_person
from portal.lib.errors import Forbidden, Missing

SCOPE = ApiToken.Scope.COMPONENTS
COLUMNS = (
    "title", "description", "labels", "annotations", "extra",
    "display_name", "email", "picture", "time_zone", "clock_24h",
)  # fmt: skip


class PersonGone(Missing):
    """There is no person of that name."""


class NotYourself(Forbidden):
    """Only the person, platform admins and tokens that no team limits may change this."""


class AccountTaken(Forbidden):
    """That account belongs to somebody else already."""


@dataclass(frozen=True, slots=True)
class Admin:
    """A platform admin; `password` is set only where one was made or given."""

    person: Person
    password: str


@transaction.atomic
def put_person(
    *,
    spec: PersonSpec,
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    source: str = "",
    expected_version: int | None = None,
) -> Written[Person]:
    """Make the person what `spec` says; idempotent. `member_of` None leaves their teams alone.

    Raises Invalid, also for somebody else's address, WrongScope, NotYourself, NotYourTeam for a team that `actor` could
    not put them into, and VersionMismatch where `expected_version` is not the one found.
    """
    require_scope(actor, SCOPE)
    spec = checked_person(spec)
    hold_refs(written=[spec.ref], named=spec.member_of or ())
    return _write(spec, actor=actor, now=now, origin=origin, source=source, expected=expected_version)


def _write(
    spec: PersonSpec, *, actor: Actor, now: datetime, origin: Origin, expected: int | None, source: str = ""
) -> Written[Person]:
    """By whoever holds their name, and those of teams they newly name."""
    if not actor.everywhere and not (actor.person and actor.person.ref == spec.ref):
        raise NotYourself
    person = Person.objects.select_for_update(no_key=True).filter(ref=spec.ref).first()
    expect_version(person.version if person else ABSENT, expected=expected)
    before = person_spec(person) if person else PersonSpec(namespace=spec.namespace, name=spec.name, member_of=())
    spec = spec if spec.member_of is not None else replace(spec, member_of=before.member_of)
    _may_join(actor, before.member_of or (), spec.member_of or ())
    diff = difference(before, spec)
    if person and person.retired_at:
        diff["retired"] = (True, False)
    if person and not diff:
        return Written(person, Outcome.UNCHANGED)
    if spec.email and (spec.email.lower() != before.email.lower() or "retired" in diff):
        require_own_address(spec.email, holder=spec.ref)
    outcome = Outcome.UPDATED if person else Outcome.CREATED
    person = person or Person(ref=spec.ref, namespace=spec.namespace, name=spec.name, version=ABSENT, created_at=now)
    person.origin, person.source = origin, source or actor.ref
    _fill(person, spec, now)
    if outcome is Outcome.CREATED:
        join_person(person)
    join_teams(person, spec.member_of or ())
    action = "person.create" if outcome is Outcome.CREATED else "person.update"
    record_audit(actor=actor, action=action, object_ref=person.ref, diff=diff, now=now)
    return Written(person, outcome, diff)


@transaction.atomic
def patch_person(
    *,
    ref: str,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    expected_version: int | None = None,
) -> Written[Person]:
    """Change only the named fields, as `patch_component` does. Raises PersonGone, and all that `put_person` raises."""
    require_scope(actor, SCOPE)
    found = _held(ref, named=changes.get("member_of") or ())
    whole = checked_person(merged(person_spec(found), changes))
    return _write(whole, actor=actor, now=now, origin=origin, expected=expected_version)


@transaction.atomic
def retire_person(*, ref: str, actor: Actor, now: datetime, expected_version: int | None = None) -> Written[Person]:
    """Somebody left: they leave lists, and their account can't sign in any more; their history stays.

    Raises PersonGone, WrongScope, NotYourself unless `actor` is limited by no team, VersionMismatch; idempotent.
    """
    require_scope(actor, SCOPE)
    if not actor.everywhere:
        raise NotYourself("Only platform admins and tokens that no team limits may say that somebody left.")
    person = _held(ref)
    expect_version(person.version, expected=expected_version)
    if person.retired_at:
        return Written(person, Outcome.UNCHANGED)
    person.retired_at = person.updated_at = now
    person.version += 1
    person.save(update_fields=["retired_at", "updated_at", "version"])
    _let_out(person)
    diff: dict[str, tuple[object, object]] = {"retired": (False, True)}
    record_audit(actor=actor, action="person.retire", object_ref=person.ref, diff=diff, now=now)
    return Written(person, Outcome.UPDATED, diff)


@transaction.atomic
def delete_person(*, ref: str, actor: Actor, now: datetime) -> None:
    """Remove the person for good; what names them dangles. Raises Forbidden unless an admin asks, StillNeeded."""
    require_admin(actor)
    person = _held(ref)
    join_teams(person, ())
    remove(person)
    diff = {"deleted": (False, True)}
    record_audit(actor=actor, action="person.delete", object_ref=person.ref, diff=diff, now=now)


@transaction.atomic
def grant_admin(*, person: Person, granted: bool, actor: Actor, now: datetime) -> None:
    """Make the person a platform admin, or no longer one. Raises Forbidden unless a platform admin asks; idempotent."""
    require_admin(actor)
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.platform_admin == granted:
        return
    person.platform_admin = granted
    person.updated_at = now
    person.save(update_fields=["platform_admin", "updated_at"])
    diff = {"platform_admin": (not granted, granted)}
    record_audit(actor=actor, action="person.admin", object_ref=person.ref, diff=diff, now=now)


@transaction.atomic
def link_account(*, person: Person, account: AbstractBaseUser, actor: Actor, now: datetime) -> None:
    """Let the account sign in as the person; idempotent. Raises Forbidden unless an admin asks, AccountTaken."""
    require_admin(actor)
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.account_id == account.pk:
        return
    if Person.objects.filter(account_id=account.pk).exists():
        raise AccountTaken
    person.account_id = account.pk
    person.updated_at = now
    person.save(update_fields=["account", "updated_at"])
    diff = {"account": ("", account.get_username())}
    record_audit(actor=actor, action="person.account", object_ref=person.ref, diff=diff, now=now)


@transaction.atomic
def ensure_admin(*, name: str, email: str, password: str, actor: Actor, now: datetime) -> Admin:
    """A platform admin with an account of that name; a password is made where the account is new and none is given.

    Idempotent: an account that is there keeps its password unless one is given. Raises Invalid, Forbidden.
    """
    require_admin(actor)
    spec = PersonSpec(namespace="default", name=name, display_name=name.title(), email=email)
    known = Person.objects.filter(ref=spec.ref).first()
    person = known or put_person(spec=spec, actor=actor, now=now).row
    account, password = _account(name, email, password)
    link_account(person=person, account=account, actor=actor, now=now)
    grant_admin(person=person, granted=True, actor=actor, now=now)
    person.refresh_from_db()
    return Admin(person, password)


def _account(name: str, email: str, password: str) -> tuple[AbstractBaseUser, str]:
    model = get_user_model()
    account = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if account is None:
        password = password or get_random_string(16)
        account = model(**{model.USERNAME_FIELD: name})
    address = model.get_email_field_name()
    if email and address != model.USERNAME_FIELD and hasattr(account, address):
        setattr(account, address, email)
    for flag in ("is_staff", "is_superuser"):  # the admin site, where the host's accounts know such a thing
        if hasattr(account, flag):
            setattr(account, flag, True)
    if password:
        account.set_password(password)
    account.save()
    return account, password


def _held(ref: str, named: Collection[str] = ()) -> Person:
    hold_refs(written=[ref.lower()], named=[name.lower() for name in named])
    person = Person.objects.select_for_update(no_key=True).filter(ref=ref.lower()).first()
    if person is None:
        raise PersonGone(no_such(ref))
    return person


def _may_join(actor: Actor, before: Collection[str], after: Collection[str]) -> None:
    """A membership gives rights, so who says it must be able to give them; leaving is free."""
    joined = set(after) - set(before)
    if actor.everywhere or not joined:
        return
    mine = set(Team.objects.filter(pk__in=actor.team_ids()).values_list("ref", flat=True))
    if not joined <= mine:
        raise NotYourTeam(f"Only its members add people to {', '.join(sorted(joined - mine))}.")


def account_closed(person: Person) -> bool:
    """Whether they have an account that can't sign in, as of somebody who left and was registered again."""
    return person.account is not None and not getattr(person.account, "is_active", True)


@transaction.atomic
def reopen_account(*, ref: str, actor: Actor, now: datetime) -> Person:
    """Let somebody who is back sign in again, by a password they choose anew; what was signed in then stays out.

    Registering them again does not do so by itself, for a manifest gives nobody a way in. Raises Forbidden unless a
    platform admin asks, PersonGone also for somebody who left; idempotent.
    """
    require_admin(actor)
    person = _held(ref)
    if person.retired_at:
        raise PersonGone(f"{person.ref} left; register them again first.")
    account = person.account
    if account is None or not account_closed(person):
        return person
    account.is_active = True
    account.set_unusable_password()
    account.save()
    diff: dict[str, tuple[object, object]] = {"account": ("closed", "open")}
    record_audit(actor=actor, action="person.reopen", object_ref=person.ref, diff=diff, now=now)
    return person


def _let_out(person: Person) -> None:
    account = person.account
    if account is not None and hasattr(account, "is_active"):
        account.is_active = False
        account.save(update_fields=["is_active"])


def _fill(person: Person, spec: PersonSpec, now: datetime) -> None:
    for name in COLUMNS:
        setattr(person, name, getattr(spec, name))
    person.tags, person.links = list(spec.tags), [dict(link) for link in spec.links]
    person.retired_at, person.version, person.updated_at = None, person.version + 1, now
    person.save()
