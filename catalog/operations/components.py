"""Components: registered, changed, retired. Everything is visible at once; nothing is joined later by a job.

Who may: members of the owner team, platform admins, tokens with `components:write` that no team limits or that are
limited to the owner team. Naming an owner asks the same of the new one, so nobody can take from or burden another team.
What nobody owns may be claimed by naming one of one's own teams, or written by those whom no team limits.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, NotYourTeam, require, require_scope
from catalog.described import RELATIONS, component_spec, difference
from catalog.models import ApiToken, Component, Dependency, Responder, Team
from catalog.models.entity import Origin
from catalog.operations.audit import record_audit
from catalog.operations.locking import hold_refs
from catalog.operations.ownership import hand_over
from catalog.operations.references import component_ids, join_component, system_named, team_ids, team_named
from catalog.operations.written import ABSENT, Outcome, Written, expect_version
from catalog.specs import ComponentSpec, checked_component
from portal.lib.errors import Missing

SCOPE = ApiToken.Scope.COMPONENTS
COLUMNS = ("title", "description", "type", "lifecycle", "tier", "labels", "annotations", "docs", "runbook")
MERGED = ("labels", "annotations")


class ComponentGone(Missing):
    """There is no component of that name."""


@transaction.atomic
def put_component(
    *,
    spec: ComponentSpec,
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    expected_version: int | None = None,
) -> Written[Component]:
    """Make the component what `spec` says, creating or reviving it; idempotent.

    Raises Invalid, WrongScope, NotYourTeam, and VersionMismatch where `expected_version` is not the one found.
    """
    require_scope(actor, SCOPE)
    spec = checked_component(spec)
    hold_refs(written=[spec.ref], named=_named(spec))
    return _write(spec, actor=actor, now=now, origin=origin, expected=expected_version)


@transaction.atomic
def patch_component(
    *,
    ref: str,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    expected_version: int | None = None,
) -> Written[Component]:
    """Change only the named fields; in labels and annotations only the named keys, of which None goes.

    Raises ComponentGone, and all that `put_component` raises.
    """
    require_scope(actor, SCOPE)
    kind, namespace, name = _parts(ref)
    alone = merged(ComponentSpec(kind=kind, namespace=namespace, name=name), changes)
    hold_refs(written=[alone.ref], named=_named(checked_component(alone)))
    found = _locked(alone.ref)
    if found is None:
        raise ComponentGone(f"There is no {alone.ref}.")
    whole = checked_component(merged(component_spec(found), changes))
    return _write(whole, actor=actor, now=now, origin=origin, expected=expected_version)


@transaction.atomic
def retire_component(
    *, ref: str, actor: Actor, now: datetime, expected_version: int | None = None
) -> Written[Component]:
    """Take the component out of lists and blast radii; its history stays, and registering it again revives it.

    Raises ComponentGone, WrongScope, NotYourTeam, VersionMismatch. Retiring twice changes nothing.
    """
    require_scope(actor, SCOPE)
    hold_refs(written=[ref.lower()])
    component = _locked(ref.lower())
    if component is None:
        raise ComponentGone(f"There is no {ref.lower()}.")
    _may(actor, component.owner, None)
    expect_version(component.version, expected=expected_version)
    if component.retired_at:
        return Written(component, Outcome.UNCHANGED)
    component.retired_at = now
    diff: dict[str, tuple[object, object]] = {"retired": (False, True)}
    _save(component, now=now)
    hand_over(component=component, ref="", team=None, now=now)
    record_audit(actor=actor, action="component.retire", object_ref=component.ref, diff=diff, now=now)
    return Written(component, Outcome.UPDATED, diff)


def merged(spec: ComponentSpec, changes: Mapping[str, Any]) -> ComponentSpec:
    """`spec` with `changes`, of which labels and annotations are merged key by key (RFC 7396)."""
    whole = dict(changes)
    for name in MERGED:
        if name in whole:
            both = {**getattr(spec, name), **whole[name]}
            whole[name] = {key: value for key, value in both.items() if value is not None}
    return replace(spec, **whole)


def _write(
    spec: ComponentSpec, *, actor: Actor, now: datetime, origin: Origin, expected: int | None
) -> Written[Component]:
    component, owner = _locked(spec.ref), team_named(spec.owner)
    _may(actor, component.owner if component else None, owner)
    expect_version(component.version if component else ABSENT, expected=expected)
    before = component_spec(component) if component else _blank(spec)
    diff = difference(before, spec)
    revived = component is not None and component.retired_at is not None
    if revived:
        diff["retired"] = (True, False)
    if component and not diff:
        return Written(component, Outcome.UNCHANGED)
    outcome = Outcome.UPDATED if component else Outcome.CREATED
    component = component or _new(spec, now)
    _fill(component, spec, owner)
    component.origin, component.source, component.retired_at = origin, actor.ref, None
    _save(component, now=now)
    _relate(component, spec)
    hand_over(component=component, ref=spec.owner, team=owner, now=now)
    if outcome is Outcome.CREATED:
        join_component(component)
    action = "component.create" if outcome is Outcome.CREATED else "component.update"
    record_audit(actor=actor, action=action, object_ref=component.ref, diff=diff, now=now)
    return Written(component, outcome, diff)


def _may(actor: Actor, before: Team | None, after: Team | None) -> None:
    teams = {team.pk for team in (before, after) if team}
    if not teams and not actor.everywhere:
        raise NotYourTeam("Nobody owns this: name one of your own teams as its owner, or ask a platform admin.")
    require(actor, teams, scope=SCOPE)


def _locked(ref: str) -> Component | None:
    rows = Component.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    return rows.filter(ref=ref).first()


def _parts(ref: str) -> tuple[str, str, str]:
    kind, _, rest = ref.partition(":")
    namespace, _, name = rest.partition("/")
    return kind, namespace, name


def _blank(spec: ComponentSpec) -> ComponentSpec:
    return ComponentSpec(kind=spec.kind, namespace=spec.namespace, name=spec.name)


def _new(spec: ComponentSpec, now: datetime) -> Component:
    return Component(
        ref=spec.ref, kind=spec.kind, namespace=spec.namespace, name=spec.name, version=ABSENT, created_at=now
    )


def _fill(component: Component, spec: ComponentSpec, owner: Team | None) -> None:
    for name in COLUMNS:
        setattr(component, name, getattr(spec, name))
    component.tags, component.links = list(spec.tags), [dict(link) for link in spec.links]
    component.owner_ref, component.owner = spec.owner, owner
    component.system_ref, component.system = spec.system, system_named(spec.system)


def _save(component: Component, *, now: datetime) -> None:
    component.version += 1
    component.updated_at = now
    component.save()


def _relate(component: Component, spec: ComponentSpec) -> None:
    wanted = {(relation, ref) for name, relation in RELATIONS.items() for ref in getattr(spec, name)}
    had = {(d.relation, d.target_ref): d.pk for d in component.dependencies.all() if d.relation in RELATIONS.values()}
    Dependency.objects.filter(pk__in=[pk for edge, pk in had.items() if edge not in wanted]).delete()
    missing = wanted - had.keys()
    ids = component_ids([ref for _, ref in missing]) if missing else {}
    Dependency.objects.bulk_create(
        Dependency(
            holder=component, holder_ref=component.ref, relation=relation, target_ref=ref, target_id=ids.get(ref)
        )
        for relation, ref in sorted(missing)
    )
    _answer_for(component, spec)


def _answer_for(component: Component, spec: ComponentSpec) -> None:
    had = {responder.team_ref: responder.pk for responder in component.responders.all()}
    Responder.objects.filter(pk__in=[pk for ref, pk in had.items() if ref not in spec.responders]).delete()
    missing = [ref for ref in spec.responders if ref not in had]
    ids = team_ids(missing) if missing else {}
    Responder.objects.bulk_create(Responder(component=component, team_ref=r, team_id=ids.get(r)) for r in missing)


def _named(spec: ComponentSpec) -> set[str]:
    lists = (ref for name in (*RELATIONS, "responders") for ref in getattr(spec, name))
    return {ref for ref in (spec.owner, spec.system, *lists) if ref}


FIELDS = frozenset(f.name for f in fields(ComponentSpec)) - {"kind", "namespace", "name"}
"""What a client may say of a component beside its name."""
