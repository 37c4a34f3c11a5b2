"""People: registered and changed, with or without an account.

Who may: platform admins, tokens with `components:write` that no team limits, and everybody about themselves.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.crypto import get_random_string

from catalog.access import Actor, require_admin, require_scope
from catalog.described import difference, person_spec
from catalog.models import ApiToken, Person
from catalog.operations.audit import record_audit
from catalog.operations.locking import hold_refs
from catalog.operations.references import join_person
from catalog.operations.written import Outcome, Written
from catalog.specs import PersonSpec, checked_person
from portal.lib.errors import Forbidden

SCOPE = ApiToken.Scope.COMPONENTS


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
def put_person(*, spec: PersonSpec, actor: Actor, now: datetime) -> Written[Person]:
    """Make the person what `spec` says; idempotent. Raises Invalid, WrongScope, NotYourself."""
    require_scope(actor, SCOPE)
    spec = checked_person(spec)
    hold_refs(written=[spec.ref])
    if not actor.everywhere and not (actor.person and actor.person.ref == spec.ref):
        raise NotYourself
    person = Person.objects.select_for_update(no_key=True).filter(ref=spec.ref).first()
    before = person_spec(person) if person else PersonSpec(namespace=spec.namespace, name=spec.name)
    diff = difference(before, spec)
    if person and person.retired_at:
        diff["retired"] = (True, False)
    if person and not diff:
        return Written(person, Outcome.UNCHANGED)
    outcome = Outcome.UPDATED if person else Outcome.CREATED
    person = person or Person(ref=spec.ref, namespace=spec.namespace, name=spec.name, created_at=now)
    _fill(person, spec, now)
    if outcome is Outcome.CREATED:
        join_person(person)
    action = "person.create" if outcome is Outcome.CREATED else "person.update"
    record_audit(actor=actor, action=action, object_ref=person.ref, diff=diff, now=now)
    return Written(person, outcome, diff)


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


def _fill(person: Person, spec: PersonSpec, now: datetime) -> None:
    person.display_name, person.email = spec.display_name, spec.email
    person.time_zone, person.clock_24h = spec.time_zone, spec.clock_24h
    person.retired_at, person.updated_at = None, now
    person.save()
