"""Components written many at once: the one mechanism behind PUT, PATCH, bulk, forms and manifests.

A thousand cost about as many statements as one. Each is refused or written by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from catalog.access import Actor, Owner, Rights, rights_of
from catalog.described import component_spec, difference, forget_relations, with_relations
from catalog.models import Component, Team
from catalog.models.entity import Origin
from catalog.operations import edges
from catalog.operations.audit import Change, record_changes
from catalog.operations.circles import circles_of_parts
from catalog.operations.ownership import hand_over
from catalog.operations.references import system_ids, team_ids
from catalog.operations.written import ABSENT, Outcome, Written, expect_version
from catalog.specs import ComponentSpec
from portal.lib import records
from portal.lib.errors import Expected

type Result = Written[Component] | Expected
NOTHING = ComponentSpec(kind="", namespace="", name="")
COPIED = ("type", "lifecycle", "tier", "docs", "runbook", "definition")
METADATA = ("title", "description", "labels", "annotations", "extra")
AS_SAID = (*COPIED, *METADATA)
READ = attrgetter(*AS_SAID)
COLUMNS = (
    *AS_SAID, "tags", "links", "owner_ref", "owner", "system_ref", "system",
    "origin", "source", "retired_at", "version", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """By whom, when and from where a batch is written; `expected` are versions by reference, as ETags said."""

    actor: Actor
    now: datetime
    origin: Origin = Origin.API
    source: str = ""
    expected: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(slots=True)
class Step:
    """One component of the batch on its way."""

    spec: ComponentSpec
    row: Component | None
    diff: dict[str, tuple[object, object]]
    result: Result | None = None


def write_components(specs: Sequence[ComponentSpec], writing: Writing) -> list[Result]:
    """Write checked `specs`, each named once, whose references are held; answers in their order."""
    found = _locked([spec.ref for spec in specs])
    teams = team_ids({spec.owner for spec in specs} - {""})
    rights = rights_of(writing.actor)
    steps = [Step(spec, found.get(spec.ref), {}) for spec in specs]
    dissolved = _dissolved(steps)
    for step in steps:
        before = _asked(step, dissolved)
        step.result = _decided(step, before, teams, rights, writing.expected.get(step.spec.ref))
    due = [step for step in steps if step.result is None]
    circles = circles_of_parts([step.spec for step in due if "subcomponent_of" in step.diff])
    for step in due if circles else ():
        step.result = circles.get(step.spec.ref)
    due = [step for step in due if step.result is None]
    if due:
        _write(due, teams, writing)
    return [step.result for step in steps if step.result is not None]


def _locked(refs: list[str]) -> dict[str, Component]:
    rows = Component.objects.select_for_update(no_key=True, of=("self",)).filter(ref__in=refs).order_by("pk")
    return {row.ref: row for row in with_relations(rows)}


def _dissolved(steps: Sequence[Step]) -> frozenset[int]:
    """Teams that are no more, of those that own what is to go to somebody else."""
    rows = [step.row for step in steps if step.row and step.spec.owner != step.row.owner_ref]
    owners = {row.owner_id for row in rows if row.owner_id is not None}
    gone = Team.objects.filter(pk__in=owners, retired_at__isnull=False)
    return frozenset(gone.values_list("pk", flat=True)) if owners else frozenset()


def _asked(step: Step, dissolved: frozenset[int]) -> Owner:
    """Whose it was; what a dissolved team leaves behind may be claimed like what is nobody's."""
    row = step.row
    return Owner() if row is None or row.owner_id in dissolved else Owner(row.owner_ref, row.owner_id)


def _decided(
    step: Step, before: Owner, teams: Mapping[str, int], rights: Rights, expected: int | None
) -> Result | None:
    """The answer where nothing is to be written; fills the step's diff."""
    row, spec = step.row, step.spec
    try:
        rights.require_ownership(before, Owner(spec.owner, teams.get(spec.owner)))
        expect_version(row.version if row else ABSENT, expected=expected)
    except Expected as refusal:
        return refusal
    step.diff = difference(component_spec(row) if row else NOTHING, spec)
    if row and row.retired_at:
        step.diff["retired"] = (True, False)
    return Written(row, Outcome.UNCHANGED) if row and not step.diff else None


def _write(steps: Sequence[Step], teams: Mapping[str, int], writing: Writing) -> None:
    specs = [step.spec for step in steps]
    systems = system_ids({spec.system for spec in specs} - {""})
    new = {step.spec.ref for step in steps if step.row is None}
    rows = [_filled(step, teams, systems, writing) for step in steps]
    records.upsert(rows, by="ref", update=COLUMNS)
    edges.restate(specs, ids={row.ref: row.pk for row in rows}, new=new)
    owners = {row.pk: (row.owner_ref, row.owner_id) for row in rows}
    hand_over(owners, now=writing.now, new={row.pk for row in rows if row.ref in new})
    if new:
        edges.join_components(new)
    record_changes(_changes(steps, new), actor=writing.actor, now=writing.now)
    for step, row in zip(steps, rows, strict=True):
        forget_relations(row)
        step.result = Written(row, Outcome.CREATED if step.spec.ref in new else Outcome.UPDATED, step.diff)


def _filled(step: Step, teams: Mapping[str, int], systems: Mapping[str, int], writing: Writing) -> Component:
    spec, row, now = step.spec, step.row, writing.now
    said: dict[str, Any] = dict(zip(AS_SAID, READ(spec), strict=True))
    said |= {"tags": list(spec.tags), "links": [dict(link) for link in spec.links]}
    said |= {"owner_ref": spec.owner, "owner_id": teams.get(spec.owner)}
    said |= {"system_ref": spec.system, "system_id": systems.get(spec.system)}
    said |= {"origin": writing.origin, "source": writing.source or writing.actor.ref, "retired_at": None}
    said |= {"version": (row.version if row else ABSENT) + 1, "updated_at": now}
    if row is None:
        return Component(ref=spec.ref, kind=spec.kind, namespace=spec.namespace, name=spec.name, created_at=now, **said)
    for name, value in said.items():
        setattr(row, name, value)
    return row


def _changes(steps: Sequence[Step], new: set[str]) -> Iterator[Change]:
    for step in steps:
        action = "component.create" if step.spec.ref in new else "component.update"
        yield Change(action=action, object_ref=step.spec.ref, diff=step.diff, owner_ref=step.spec.owner)
