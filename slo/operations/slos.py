"""Writing SLOs whole: a definition with all its objectives, as documents say them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, require, require_scope
from catalog.operations import record_audit
from portal.lib.errors import FieldError, Invalid
from slo import recording
from slo.drafts import Checked, ObjectiveDraft, checked
from slo.models import Definition, Indicator, Objective
from slo.operations.objectives import (
    SCOPE,
    Diff,
    Named,
    NameTaken,
    assign,
    counts,
    create_objective,
    definition_columns,
    end_objective,
    keep,
    may_move,
    named_by,
    objective_columns,
    revive,
)


@dataclass(frozen=True, slots=True)
class SloDraft:
    """A definition `name` and what is promised of it: drafts that differ only in name, title, target and the like.

    `sli` is the shared indicator that they are a copy of, `extra` what a document said that nothing here means.
    """

    name: str
    title: str
    drafts: Sequence[ObjectiveDraft]
    sli: Indicator | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedSlo:
    """What became of it."""

    definition: Definition
    created: bool
    diff: Diff


@transaction.atomic
def save_slo(*, draft: SloDraft, actor: Actor, now: datetime) -> SavedSlo:
    """Make the definition and its objectives what `draft` says; objectives it no longer has are retired.

    Saying it again changes nothing. Raises Invalid with a FieldError per field, WrongScope, NotYourTeam, NameTaken.
    """
    require_scope(actor, SCOPE)
    meant = [checked(one) for one in draft.drafts]
    named = [named_by(one, now) for one in draft.drafts]
    require(actor, [named[0].component.owner_id], scope=SCOPE)
    _not_anothers(draft)
    found = Definition.objects.select_for_update(of=("self",)).select_related("component").filter(name=draft.name)
    definition = found.first()
    created = definition is None
    if definition is None:
        definition = _create(draft, meant, named, now)
        diff: Diff = {"name": (None, draft.name)}
    else:
        may_move(definition, named[0], actor, live=definition.retired_at is None)
        diff = _change(definition, draft, meant, named, actor, now)
    if diff:
        action = "objective.create" if created else "objective.update"
        record_audit(actor=actor, action=action, object_ref=f"slo:{draft.name}", diff=diff, now=now)
        recording.report({definition.component_id}, now=now)
    return SavedSlo(definition, created, diff)


def _not_anothers(draft: SloDraft) -> None:
    names = [one.name for one in draft.drafts]
    others = Objective.objects.filter(name__in=names).exclude(definition__name=draft.name)
    taken = others.values_list("name", flat=True).first()
    if taken:
        words = f"{taken} is the name of an objective of another SLO; choose another name."
        raise NameTaken(words, errors=(FieldError("name", "taken", words),))


def _create(draft: SloDraft, meant: Sequence[Checked], named: Sequence[Named], now: datetime) -> Definition:
    definition = Definition.objects.create(name=draft.name, created_at=now, **_columns(draft, meant, named, now))
    for one, means, names in zip(draft.drafts, meant, named, strict=True):
        create_objective(definition, one, means, names, now)
    return definition


def _columns(draft: SloDraft, meant: Sequence[Checked], named: Sequence[Named], now: datetime) -> dict[str, Any]:
    columns = definition_columns(draft.drafts[0], meant[0], named[0], now)
    return {**columns, "title": draft.title, "sli": draft.sli, "extra": dict(draft.extra)}


def _change(
    definition: Definition,
    draft: SloDraft,
    meant: Sequence[Checked],
    named: Sequence[Named],
    actor: Actor,
    now: datetime,
) -> Diff:
    before = counts(definition)
    diff = assign(definition, _columns(draft, meant, named, now))
    there = Objective.objects.select_for_update(of=("self",)).select_related("definition__component", "policy")
    rows = {one.name: one for one in there.filter(definition=definition, parent=None)}
    several = len(draft.drafts) > 1
    changed: list[Objective] = []
    revived: list[Objective] = []
    new: list[tuple[ObjectiveDraft, Checked, Named]] = []
    for one, means, names in zip(draft.drafts, meant, named, strict=True):
        row = rows.pop(one.name, None)
        if row is None:
            new.append((one, means, names))
            diff[f"objectives.{one.name}"] = (None, str(means.target))
            continue
        if revive(row):
            revived.append(row)
        said = assign(row, objective_columns(one, means, names, now))
        if said:
            row.version += 1
            changed.append(row)
            diff |= {f"objectives.{one.name}.{key}" if several else key: pair for key, pair in said.items()}
    gone = [row for row in rows.values() if row.retired_at is None]
    diff |= {f"objectives.{row.name}": (str(row.target), None) for row in gone}
    if diff:
        for row in gone:
            end_objective(row, actor=actor, now=now)
        keep(definition, changed, anew=before != counts(definition), revived=revived, now=now)
        for one, means, names in new:
            create_objective(definition, one, means, names, now)
    return diff


@transaction.atomic
def retire_slo(*, name: str, actor: Actor, now: datetime) -> None:
    """Retire all objectives of the definition `name`; what was counted stays. Raises WrongScope, NotYourTeam."""
    locked = Definition.objects.select_for_update(of=("self",)).select_related("component")
    definition = locked.filter(name=name, retired_at=None).first()
    if definition is None:
        return
    require(actor, [definition.component.owner_id], scope=SCOPE)
    rows = Objective.objects.select_for_update(of=("self",)).select_related("definition__component")
    for row in rows.filter(definition=definition, parent=None, retired_at=None):
        end_objective(row, actor=actor, now=now)
    definition.retired_at = definition.updated_at = now
    definition.save()


@transaction.atomic
def follow_indicator(
    *,
    definition: Definition,
    type: str,
    indicator: Mapping[str, str],
    source_id: int | None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Count what its shared indicator has become; whether that is something else. Raises WrongScope, NotYourTeam."""
    before = counts(definition)
    columns = {"type": type, "indicator": dict(indicator), "source_id": source_id, "updated_at": now}
    diff = assign(definition, columns)
    if not diff:
        return False
    require(actor, [definition.component.owner_id], scope=SCOPE)
    if definition.budgeting == Definition.Budgeting.TIMESLICES and type != Definition.Type.UPTIME:
        words = f"{definition.name} budgets time slices, which {type} does not have"
        raise Invalid(words, errors=(FieldError("spec", "budgeting", words),))
    keep(definition, [], anew=before != counts(definition), revived=[], now=now)
    record_audit(
        actor=actor, action="objective.update", object_ref=f"slo:{definition.name}", diff=diff, now=now
    )  # fmt: skip
    return True
