"""Components: registered, changed, retired. Everything is visible at once; nothing is joined later by a job.

Who may: members of the owner team, the person named as owner, platform admins, tokens with `components:write` that no
team limits or that are limited to the owner team. Naming an owner asks the same of the new one, so nobody can take from
or burden another team. What nobody owns, or a team that is dissolved, may be claimed by naming one of one's own teams,
or written by those whom no team limits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, Owner, require_admin, require_scope, rights_of
from catalog.described import RELATIONS, component_spec
from catalog.models import ApiToken, Component
from catalog.models.entity import Origin
from catalog.operations import edges
from catalog.operations.audit import record_audit
from catalog.operations.locking import hold_refs
from catalog.operations.merging import merged
from catalog.operations.ownership import hand_over
from catalog.operations.registering import Result, Writing, write_components
from catalog.operations.written import Outcome, Written, expect_version, remove
from catalog.refs import no_such
from catalog.specs import ComponentSpec, checked_component
from portal.lib.errors import Expected, FieldError, Invalid, Missing

SCOPE = ApiToken.Scope.COMPONENTS
LISTS = (*RELATIONS, "dependency_of", "responders")


class ComponentGone(Missing):
    """There is no component of that name."""


class Refused(Invalid):
    """Some items can't be taken, so none was written."""


@transaction.atomic
def put_component(
    *,
    spec: ComponentSpec,
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    source: str = "",
    expected_version: int | None = None,
) -> Written[Component]:
    """Make the component what `spec` says, creating or reviving it; idempotent.

    Raises Invalid, WrongScope, NotYourTeam, and VersionMismatch where `expected_version` is not the one found.
    """
    require_scope(actor, SCOPE)
    spec = checked_component(spec)
    hold_refs(written=[spec.ref], named=named_by(spec))
    expected = {spec.ref: expected_version}
    return _one(spec, Writing(actor=actor, now=now, origin=origin, source=source, expected=expected))


@transaction.atomic
def put_components(
    *,
    specs: Sequence[ComponentSpec],
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    source: str = "",
    all_or_nothing: bool = False,
) -> list[Result]:
    """Make many components what `specs` say; for each what happened or why not, in order. Idempotent.

    Raises WrongScope, and Refused where `all_or_nothing` is asked and one of them can't be written.
    """
    require_scope(actor, SCOPE)
    answers: list[Result | None] = [None] * len(specs)
    checked: dict[str, tuple[int, ComponentSpec]] = {}
    for place, spec in enumerate(specs):
        try:
            whole = checked_component(spec)
            _once(whole, checked)
        except Expected as refusal:
            answers[place] = refusal
        else:
            checked[whole.ref] = (place, whole)
    taken = [spec for _, spec in checked.values()]
    hold_refs(written=checked, named={ref for spec in taken for ref in named_by(spec)})
    writing = Writing(actor=actor, now=now, origin=origin, source=source)
    for spec, answer in zip(taken, write_components(taken, writing), strict=True):
        answers[checked[spec.ref][0]] = answer
    found = [answer for answer in answers if answer is not None]
    if all_or_nothing:
        _refuse_all(found)
    return found


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
    kind, namespace, name = parts(ref)
    alone = checked_component(merged(ComponentSpec(kind=kind, namespace=namespace, name=name), changes))
    hold_refs(written=[alone.ref], named=named_by(alone))
    found = Component.objects.filter(ref=alone.ref).first()  # the lock on its name keeps it as it is
    if found is None:
        raise ComponentGone(no_such(alone.ref))
    whole = checked_component(merged(component_spec(found), changes))
    return _one(whole, Writing(actor=actor, now=now, origin=origin, expected={whole.ref: expected_version}))


@transaction.atomic
def retire_component(
    *, ref: str, actor: Actor, now: datetime, expected_version: int | None = None
) -> Written[Component]:
    """Take the component out of lists and blast radii; its history stays, and registering it again revives it.

    Raises ComponentGone, WrongScope, NotYourTeam, VersionMismatch. Retiring twice changes nothing.
    """
    require_scope(actor, SCOPE)
    hold_refs(written=[ref.lower()])
    component = _locked(ref)
    rights_of(actor).require_ownership(Owner(component.owner_ref, component.owner_id))
    expect_version(component.version, expected=expected_version)
    if component.retired_at:
        return Written(component, Outcome.UNCHANGED)
    component.retired_at = component.updated_at = now
    component.version += 1
    component.save(update_fields=["retired_at", "updated_at", "version"])
    hand_over({component.pk: ("", None)}, now=now)
    return _recorded(component, "component.retire", actor, now)


@transaction.atomic
def delete_component(*, ref: str, actor: Actor, now: datetime) -> None:
    """Remove the component with all that belongs to it, for good; the change log keeps what it was called.

    Raises Forbidden unless a platform admin asks, ComponentGone, StillNeeded.
    """
    require_admin(actor)
    hold_refs(written=[ref.lower()])
    component = _locked(ref)
    edges.withdraw(component.ref)
    remove(component)
    diff = {"deleted": (False, True)}
    record_audit(
        actor=actor, action="component.delete", object_ref=component.ref, diff=diff, now=now,
        owner_ref=component.owner_ref,
    )  # fmt: skip


def parts(ref: str) -> tuple[str, str, str]:
    """Kind, namespace and name of a whole reference."""
    kind, _, rest = ref.partition(":")
    namespace, _, name = rest.partition("/")
    return kind, namespace, name


def named_by(spec: ComponentSpec) -> set[str]:
    """What a checked spec names, and so must not appear or vanish while it is written."""
    lists = (ref for name in LISTS for ref in getattr(spec, name))
    return {ref for ref in (spec.owner, spec.system, spec.subcomponent_of, *lists) if ref}


def _one(spec: ComponentSpec, writing: Writing) -> Written[Component]:
    (answer,) = write_components([spec], writing)
    if isinstance(answer, Expected):
        raise answer
    return answer


def _once(spec: ComponentSpec, taken: Mapping[str, tuple[int, ComponentSpec]]) -> None:
    if spec.ref in taken:
        message = f"{spec.ref} is item {taken[spec.ref][0]} already; say it once."
        raise Invalid(message, errors=(FieldError("name", "twice", message),))


def _refuse_all(answers: Sequence[Result]) -> None:
    faults = [(place, answer) for place, answer in enumerate(answers) if isinstance(answer, Expected)]
    if not faults:
        return
    errors = tuple(
        FieldError(f"items[{place}].{fault.field}".rstrip("."), fault.code, fault.message)
        for place, refusal in faults
        for fault in refusal.errors or (FieldError("", "refused", str(refusal)),)
    )
    raise Refused(f"{len(faults)} of {len(answers)} can't be taken, so none was written.", errors=errors[:200])


def _locked(ref: str) -> Component:
    found = Component.objects.select_for_update(no_key=True).filter(ref=ref.lower()).first()
    if found is None:
        raise ComponentGone(no_such(ref))
    return found


def _recorded(component: Component, action: str, actor: Actor, now: datetime) -> Written[Component]:
    diff: dict[str, tuple[object, object]] = {"retired": (False, True)}
    record_audit(
        actor=actor, action=action, object_ref=component.ref, diff=diff, now=now, owner_ref=component.owner_ref
    )
    return Written(component, Outcome.UPDATED, diff)
