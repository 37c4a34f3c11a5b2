"""Writing objectives."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, NotYourTeam, require, require_scope
from catalog.models import ApiToken, Component
from catalog.operations import record_audit
from catalog.operations.locking import hold_refs
from catalog.refs import BadReference
from catalog.refs import parse as parse_ref
from portal.lib.errors import Expected, FieldError, Invalid, PreconditionFailed
from slo import grouping, recording
from slo.drafts import Checked, ObjectiveDraft, checked
from slo.indicators import kinds
from slo.models import (
    AlertPolicy,
    BudgetPolicy,
    DataSource,
    Definition,
    Objective,
    Standing,
)
from slo.opening import begin
from slo.operations.looking_up import absent
from slo.operations.sources import POLICIES, default_policy
from slo.restating import restate_soon

SCOPE = ApiToken.Scope.SLOS


class ChangedMeanwhile(PreconditionFailed):
    """Somebody else changed the objective since you read it; read it again and repeat your change."""


class OneOfAGroup(Expected):
    """It is one of a group: what is promised of it is written at the grouped objective."""


class NameTaken(Expected):
    """An objective of that name belongs to another component; choose another name."""


type Diff = dict[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a draft; `warnings` are for people to read, such as that a metric is not there yet."""

    objective: Objective
    created: bool
    changed: bool
    warnings: tuple[str, ...] = ()


def require_author(actor: Actor) -> None:
    """Raise WrongScope or NotYourTeam unless `actor` could write an objective of some team.

    For what a source tells beside the objectives that are there: names of metrics say more than its readers need.
    """
    require_scope(actor, SCOPE)
    if not actor.everywhere and not actor.team_ids():
        raise NotYourTeam("Names of metrics are shown to members of a team, who write its objectives.")


def save_objective(
    *,
    draft: ObjectiveDraft,
    actor: Actor,
    now: datetime,
    look_up: bool = True,
    expected_version: int | None = None,
) -> Saved:
    """Create or change the objective `draft.name`; the same draft twice changes nothing.

    A changed indicator or source gets a new ledger, built aside and switched to when its history is read; a changed
    target, window or policy keeps the ledger. `look_up` asks the data source whether the metrics are there, for
    warnings. Raises Invalid with a FieldError per field, WrongScope, NotYourTeam, NameTaken, ChangedMeanwhile.
    """
    require_scope(actor, SCOPE)
    meant = checked(draft)
    named = named_by(draft, now)
    require(actor, [named.component.owner_id], scope=SCOPE)
    warnings = absent(draft, named.source, now) if look_up else ()
    with transaction.atomic():
        hold_refs(written=[f"slo:{draft.name}"])
        objective, created, diff = _write(draft, meant, named, expected_version, actor, now)
        if diff:
            record_audit(
                actor=actor,
                action="objective.create" if created else "objective.update",
                object_ref=f"slo:{draft.name}",
                diff=diff,
                now=now,
            )
            recording.report({named.component.pk}, now=now)
    return Saved(objective, created, bool(diff), warnings)


@dataclass(frozen=True, slots=True)
class Named:
    """What a draft names, found in the database."""

    component: Component
    source: DataSource | None
    policy: AlertPolicy
    budget_policy: BudgetPolicy | None


def named_by(draft: ObjectiveDraft, now: datetime) -> Named:
    """What the draft names. Raises Invalid for what isn't there."""
    component = _component(draft.component)
    source = _source(draft.source) if kinds[draft.type].asks_a_source else None
    ours = None if kinds[draft.type].asks_a_source else "none"
    budget_policy = BudgetPolicy.objects.filter(name=draft.budget_policy).first()
    policy = AlertPolicy.objects.filter(name=draft.policy).first()
    if policy is None and draft.policy in POLICIES:
        policy = default_policy(draft.policy, now=now)
    missing = {
        "component": (component, "there is no such component; register it first, or write kind:namespace/name"),
        "source": (
            source or ours,
            "there is no such data source" if draft.source else "there is no default data source yet",
        ),
        "policy": (policy, "there is no alert policy of that name"),
        "budget_policy": (budget_policy or not draft.budget_policy or None, "there is no budget policy of that name"),
    }
    errors = tuple(FieldError(name, "missing", words) for name, (found, words) in missing.items() if found is None)
    if component is None or policy is None or errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)
    return Named(component, source, policy, budget_policy)


def _component(text: str) -> Component | None:
    try:
        ref = str(parse_ref(text, kind="component"))
    except BadReference as error:
        raise Invalid(str(error), errors=(FieldError("component", "format", str(error)),)) from error
    return Component.objects.filter(ref=ref, retired_at=None).first()


def _source(name: str) -> DataSource | None:
    found = DataSource.objects.filter(retired_at=None)
    return found.filter(name=name).first() if name else found.filter(is_default=True).first()


def _write(
    draft: ObjectiveDraft, meant: Checked, named: Named, expected: int | None, actor: Actor, now: datetime
) -> tuple[Objective, bool, Diff]:
    found = _locked(draft.name)
    if expected is not None and expected != (found.version if found else 0):
        raise ChangedMeanwhile
    if found is None:
        if Definition.objects.filter(name=draft.name).exists():  # an SLO of several objectives, none of this name
            raise NameTaken(f"{draft.name} is the name of an SLO with several objectives; choose another name.")
        return _create(draft, meant, named, now), True, {"name": (None, draft.name)}
    _no_child(found)
    may_move(found.definition, named, actor, live=found.retired_at is None)
    return found, False, _change(found, draft, meant, named, now)


def _locked(name: str) -> Objective | None:
    found = Objective.objects.select_for_update(of=("self", "definition"))
    return found.select_related("definition__component", "parent").filter(name=name).first()


def _no_child(found: Objective) -> None:
    if found.parent is not None:
        raise OneOfAGroup(f"It is one of the objectives of {found.parent.name}; change or retire that one.")


def may_move(found: Definition, named: Named, actor: Actor, *, live: bool) -> None:
    """An objective belongs to its component; only those who may write both move it, and nobody takes over a name."""
    if found.component_id != named.component.pk:
        require(actor, [found.component.owner_id], scope=SCOPE)
        if live and not actor.everywhere:
            raise NameTaken


def _create(draft: ObjectiveDraft, meant: Checked, named: Named, now: datetime) -> Objective:
    definition = Definition.objects.create(
        name=draft.name, created_at=now, **definition_columns(draft, meant, named, now)
    )  # fmt: skip
    return create_objective(definition, draft, meant, named, now)


def create_objective(
    definition: Definition, draft: ObjectiveDraft, meant: Checked, named: Named, now: datetime
) -> Objective:
    """One more promise of `definition`, whose history is read from now on."""
    objective = Objective.objects.create(
        name=draft.name, definition=definition, created_at=now, **objective_columns(draft, meant, named, now)
    )
    Standing.objects.create(objective=objective)
    begin(objective, now=now)
    return objective


def _change(objective: Objective, draft: ObjectiveDraft, meant: Checked, named: Named, now: datetime) -> Diff:
    definition = objective.definition
    before = counts(definition)
    columns = definition_columns(draft, meant, named, now)
    if definition.name != objective.name:  # one of several: what people call the whole is not said here
        del columns["title"]
    diff = assign(definition, columns)
    if before != counts(definition):
        definition.sli, definition.extra = None, {key: one for key, one in definition.extra.items() if key != "slices"}
    revived = revive(objective)
    diff |= assign(objective, objective_columns(draft, meant, named, now))
    if diff:
        objective.version += 1
        keep(
            definition, [objective], anew=before != counts(definition), revived=[objective] if revived else [], now=now
        )
    return diff


def counts(definition: Definition) -> tuple[object, ...]:
    """What decides what is counted; another one is another revision."""
    return (
        definition.type,
        dict(definition.indicator),
        definition.source_id,
        definition.slice_length,
        list(definition.group_by),
    )


def revive(objective: Objective) -> bool:
    """Make a retired objective begin anew; whether it was one."""
    if objective.retired_at is None:
        return False
    objective.ledger = None
    Standing.objects.filter(objective=objective).update(state=Standing.State.BUILDING, data=Standing.Data.WAITING)
    return True


def keep(
    definition: Definition, changed: list[Objective], *, anew: bool, revived: list[Objective], now: datetime
) -> None:
    """Save them. What counts anew gets ledgers of its own: all objectives of a changed indicator, or those revived."""
    definition.revision += anew or bool(revived)
    definition.save()
    for one in changed:
        one.save()
    others = list(definition.objectives.exclude(pk__in=[one.pk for one in changed])) if anew else []
    for one in [*changed, *others] if anew else revived:
        if one.retired_at is None and one.parent_id is None:
            one.definition = definition
            begin(one, now=now)
    for pattern in [*changed, *others]:
        if pattern.parent_id is None:
            grouping.refresh(pattern, now=now, counts_anew=anew)
    if not anew:
        restate_soon(changed, now=now)


def assign(row: Any, columns: dict[str, Any]) -> Diff:  # noqa: ANN401
    """Assign what differs; answers it. The time of the change alone is no change."""
    diff = {
        name: (_plain(getattr(row, name)), _plain(value))
        for name, value in columns.items()
        if name != "updated_at" and getattr(row, name) != value
    }
    for name, value in columns.items():
        setattr(row, name, value)
    return diff


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | dict | list | None) else str(value)


def definition_columns(draft: ObjectiveDraft, meant: Checked, named: Named, now: datetime) -> dict[str, Any]:
    """A definition's columns as the draft has them."""
    return {
        "title": draft.title,
        "description": draft.description,
        "component": named.component,
        "source": named.source,
        "type": draft.type,
        "indicator": meant.indicator,
        "budgeting": draft.budgeting,
        "no_data": draft.no_data,
        "blind_after": meant.blind_after,
        "labels": dict(draft.labels),
        "slice_length": meant.slice_length,
        "group_by": list(draft.group_by),
        "max_series": draft.max_series,
        "preset": draft.preset,
        "updated_at": now,
        "retired_at": None,
    }


def objective_columns(draft: ObjectiveDraft, meant: Checked, named: Named, now: datetime) -> dict[str, Any]:
    """An objective's columns as the draft has them."""
    return {
        "title": draft.title,
        "target": meant.target,
        "window_days": meant.period.days,
        "calendar": meant.period.calendar or "",
        "time_zone": draft.time_zone,
        "policy": named.policy,
        "budget_policy": named.budget_policy,
        "updated_at": now,
        "retired_at": None,
    }


@transaction.atomic
def retire_objective(*, objective: Objective, actor: Actor, now: datetime) -> None:
    """Stop evaluating it; what was counted stays. Its firing rules end, with a transition each."""
    found = _locked(objective.name)
    if found is None or found.retired_at is not None:
        return
    require(actor, [found.definition.component.owner_id], scope=SCOPE)
    _no_child(found)
    end_objective(found, actor=actor, now=now)
    left = Objective.objects.filter(definition=found.definition_id, retired_at=None)
    if not left.exists():
        Definition.objects.filter(pk=found.definition_id).update(retired_at=now, updated_at=now)


def end_objective(found: Objective, *, actor: Actor, now: datetime) -> None:
    """Retire one that is locked, its definition aside."""
    component = found.definition.component
    for one in [*found.children.filter(retired_at=None), found]:
        grouping.retire(one, now=now, reason="The objective was retired.")
    recording.report({component.pk}, now=now)
    ref = f"slo:{found.name}"
    record_audit(actor=actor, action="objective.retire", object_ref=ref, diff={"retired_at": (None, str(now))}, now=now)
