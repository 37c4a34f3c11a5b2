"""Systems and domains: registered, changed, retired. Who may is as for components, by their owner."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, Owner, require_admin, require_scope, rights_of
from catalog.described import difference, domain_spec, system_spec
from catalog.models import ApiToken, Component, Domain, System
from catalog.models.entity import Origin
from catalog.operations.audit import record_audit
from catalog.operations.circles import refuse_domain
from catalog.operations.locking import hold_refs
from catalog.operations.merging import merged
from catalog.operations.references import domain_named, team_named
from catalog.operations.written import ABSENT, Outcome, Written, expect_version, remove
from catalog.refs import no_such
from catalog.specs import DomainSpec, SystemSpec, checked_domain, checked_system
from portal.lib.errors import Missing

SCOPE = ApiToken.Scope.COMPONENTS
COLUMNS = ("title", "description", "type", "labels", "annotations", "extra")


class SystemGone(Missing):
    """There is no system of that name."""


class DomainGone(Missing):
    """There is no domain of that name."""


@transaction.atomic
def put_system(
    *,
    spec: SystemSpec,
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    source: str = "",
    expected_version: int | None = None,
) -> Written[System]:
    """Make the system what `spec` says, creating or reviving it; idempotent. Raises as `put_component`."""
    require_scope(actor, SCOPE)
    spec = checked_system(spec)
    hold_refs(written=[spec.ref], named=_named(spec.owner, spec.domain))
    return _write_system(spec, actor=actor, now=now, origin=origin, source=source, expected=expected_version)


def _write_system(
    spec: SystemSpec, *, actor: Actor, now: datetime, origin: Origin, expected: int | None, source: str = ""
) -> Written[System]:
    """By whoever holds its name; what it goes on naming need not be held, for its row is locked before that is read."""
    row = System.objects.select_for_update(no_key=True).filter(ref=spec.ref).first()
    before = system_spec(row) if row else SystemSpec(namespace=spec.namespace, name=spec.name)
    row = row or System(ref=spec.ref, namespace=spec.namespace, name=spec.name, version=ABSENT, created_at=now)
    written = _written(row, spec, before, actor=actor, now=now, expected=expected)
    if written.changed:
        row.domain_ref, row.domain = spec.domain, domain_named(spec.domain)
        _save(row, spec, actor=actor, now=now, origin=origin, source=source)
    if written.outcome is Outcome.CREATED:
        Component.objects.filter(system_ref=row.ref, system=None).update(system=row)
    _record(written, actor, now)
    return written


@transaction.atomic
def put_domain(
    *,
    spec: DomainSpec,
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    source: str = "",
    expected_version: int | None = None,
) -> Written[Domain]:
    """Make the domain what `spec` says, creating or reviving it; idempotent. Raises as `put_component`."""
    require_scope(actor, SCOPE)
    spec = checked_domain(spec)
    hold_refs(written=[spec.ref], named=_named(spec.owner, spec.parent))
    return _write_domain(spec, actor=actor, now=now, origin=origin, source=source, expected=expected_version)


def _write_domain(
    spec: DomainSpec, *, actor: Actor, now: datetime, origin: Origin, expected: int | None, source: str = ""
) -> Written[Domain]:
    """By whoever holds its name; what it goes on naming need not be held, for its row is locked before that is read."""
    row = Domain.objects.select_for_update(no_key=True).filter(ref=spec.ref).first()
    before = domain_spec(row) if row else DomainSpec(namespace=spec.namespace, name=spec.name)
    row = row or Domain(ref=spec.ref, namespace=spec.namespace, name=spec.name, version=ABSENT, created_at=now)
    written = _written(row, spec, before, actor=actor, now=now, expected=expected)
    if written.changed:
        refuse_domain(spec, before)
        row.parent_ref, row.parent = spec.parent, domain_named(spec.parent)
        _save(row, spec, actor=actor, now=now, origin=origin, source=source)
    if written.outcome is Outcome.CREATED:
        System.objects.filter(domain_ref=row.ref, domain=None).update(domain=row)
        Domain.objects.filter(parent_ref=row.ref, parent=None).exclude(pk=row.pk).update(parent=row)
    _record(written, actor, now)
    return written


@transaction.atomic
def patch_system(
    *,
    ref: str,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    expected_version: int | None = None,
) -> Written[System]:
    """Change only the named fields, as `patch_component` does. Raises SystemGone, and all that `put_system` raises."""
    require_scope(actor, SCOPE)
    namespace, name = _name(ref)
    alone = checked_system(merged(SystemSpec(namespace=namespace, name=name), changes))
    hold_refs(written=[alone.ref], named=_named(alone.owner, alone.domain))
    found = System.objects.filter(ref=alone.ref).first()
    if found is None:
        raise SystemGone(no_such(alone.ref))
    whole = checked_system(merged(system_spec(found), changes))
    return _write_system(whole, actor=actor, now=now, origin=origin, expected=expected_version)


@transaction.atomic
def patch_domain(
    *,
    ref: str,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    expected_version: int | None = None,
) -> Written[Domain]:
    """Change only the named fields, as `patch_component` does. Raises DomainGone, and all that `put_domain` raises."""
    require_scope(actor, SCOPE)
    namespace, name = _name(ref)
    alone = checked_domain(merged(DomainSpec(namespace=namespace, name=name), changes))
    hold_refs(written=[alone.ref], named=_named(alone.owner, alone.parent))
    found = Domain.objects.filter(ref=alone.ref).first()
    if found is None:
        raise DomainGone(no_such(alone.ref))
    whole = checked_domain(merged(domain_spec(found), changes))
    return _write_domain(whole, actor=actor, now=now, origin=origin, expected=expected_version)


@transaction.atomic
def retire_group[M: (System, Domain)](
    *, model: type[M], ref: str, actor: Actor, now: datetime, expected_version: int | None = None
) -> Written[M]:
    """Take a system or a domain out of lists; what names it keeps naming it. Retiring twice changes nothing.

    Raises SystemGone or DomainGone, WrongScope, NotYourTeam, VersionMismatch.
    """
    require_scope(actor, SCOPE)
    row = _held(model, ref)
    rights_of(actor).require_ownership(Owner(row.owner_ref, row.owner_id))
    expect_version(row.version, expected=expected_version)
    if row.retired_at:
        return Written(row, Outcome.UNCHANGED)
    row.retired_at = row.updated_at = now
    row.version += 1
    row.save(update_fields=["retired_at", "updated_at", "version"])
    diff: dict[str, tuple[object, object]] = {"retired": (False, True)}
    action = f"{_kind(row)}.retire"
    record_audit(actor=actor, action=action, object_ref=row.ref, diff=diff, now=now, owner_ref=row.owner_ref)
    return Written(row, Outcome.UPDATED, diff)


@transaction.atomic
def delete_group[M: (System, Domain)](*, model: type[M], ref: str, actor: Actor, now: datetime) -> None:
    """Remove it for good; references to it dangle from now on. Raises Forbidden unless a platform admin asks."""
    require_admin(actor)
    row = _held(model, ref)
    action, diff = f"{_kind(row)}.delete", {"deleted": (False, True)}
    remove(row)
    record_audit(actor=actor, action=action, object_ref=row.ref, diff=diff, now=now, owner_ref=row.owner_ref)


def _held[M: (System, Domain)](model: type[M], ref: str) -> M:
    hold_refs(written=[ref.lower()])
    row = model._default_manager.select_for_update(no_key=True).filter(ref=ref.lower()).first()
    if row is None:
        raise (SystemGone if model is System else DomainGone)(no_such(ref))
    return row


def _written[M: (System, Domain)](
    row: M,
    spec: SystemSpec | DomainSpec,
    before: SystemSpec | DomainSpec,
    *,
    actor: Actor,
    now: datetime,
    expected: int | None,
) -> Written[M]:
    """What is to happen to `row`, which is not saved yet."""
    team = team_named(spec.owner)
    rights_of(actor).require_ownership(_asked(row), Owner(spec.owner, team.pk if team else None))
    expect_version(row.version, expected=expected)
    diff = difference(before, spec)
    if row.retired_at:
        diff["retired"] = (True, False)
    row.owner = team
    if row.pk is None:
        return Written(row, Outcome.CREATED, diff)
    return Written(row, Outcome.UPDATED if diff else Outcome.UNCHANGED, diff)


def _save(
    row: System | Domain, spec: SystemSpec | DomainSpec, *, actor: Actor, now: datetime, origin: Origin, source: str
) -> None:
    for name in COLUMNS:
        setattr(row, name, getattr(spec, name))
    row.tags, row.links, row.owner_ref = list(spec.tags), [dict(link) for link in spec.links], spec.owner
    row.origin, row.source, row.retired_at = origin, source or actor.ref, None
    row.version, row.updated_at = row.version + 1, now
    row.save()


def _record(written: Written[System] | Written[Domain], actor: Actor, now: datetime) -> None:
    if written.changed:
        row = written.row
        action = f"{_kind(row)}.{'create' if written.outcome is Outcome.CREATED else 'update'}"
        record_audit(
            actor=actor, action=action, object_ref=row.ref, diff=written.diff, now=now, owner_ref=row.owner_ref
        )


def _kind(row: System | Domain) -> str:
    return row.ref.partition(":")[0]


def _named(*refs: str) -> set[str]:
    return {ref for ref in refs if ref}


def _name(ref: str) -> tuple[str, str]:
    namespace, _, name = ref.partition(":")[2].partition("/")
    return namespace, name


def _asked(row: System | Domain) -> Owner:
    """Whose it was; what a dissolved team leaves behind may be claimed like what is nobody's."""
    return Owner() if row.owner and row.owner.retired_at else Owner(row.owner_ref, row.owner_id)
