"""Writing error-budget policies, and which team goes by which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, require, require_admin
from catalog.models import ApiToken, Team
from catalog.operations import record_audit
from catalog.operations.locking import hold_refs
from portal.lib.errors import FieldError, Invalid
from slo.agreements import NoSuchBudgetPolicy
from slo.drafts import NAME
from slo.models import BudgetPolicy, TeamBudgetPolicy
from slo.thresholds import BadThreshold, parse_thresholds, stored


@dataclass(frozen=True, slots=True)
class BudgetPolicyDraft:
    """A policy as somebody wrote it. `thresholds` are `{remaining, action, holds}` in any order."""

    name: str
    thresholds: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    title: str = ""
    text: str = ""


@transaction.atomic
def save_budget_policy(*, draft: BudgetPolicyDraft, actor: Actor, now: datetime) -> tuple[BudgetPolicy, bool]:
    """Create or change the policy `draft.name`; answers it and whether it is new. The same draft changes nothing.

    Platform admins only, for it binds everybody who goes by it; the objectives follow at their next evaluation.
    Raises Forbidden, Invalid.
    """
    require_admin(actor)
    written = {"title": draft.title.strip(), "text": draft.text.strip(), "thresholds": _checked(draft)}
    hold_refs(written=[f"budget-policy:{draft.name}"])
    found = BudgetPolicy.objects.select_for_update().filter(name=draft.name).first()
    policy = found or BudgetPolicy(name=draft.name, created_at=now)
    before = {name: getattr(policy, name) if found else None for name in written}
    diff: dict[str, tuple[object, object]] = {
        name: (before[name], value) for name, value in written.items() if before[name] != value
    }
    if not diff:
        return policy, False
    for name, value in written.items():
        setattr(policy, name, value)
    policy.updated_at = now
    policy.save()
    action = "budget-policy.update" if found else "budget-policy.create"
    record_audit(actor=actor, action=action, object_ref=f"budget-policy:{policy.name}", diff=diff, now=now)
    return policy, found is None


def _checked(draft: BudgetPolicyDraft) -> list[dict[str, Any]]:
    errors = []
    if not NAME.fullmatch(draft.name) or "." in draft.name:
        errors.append(FieldError("name", "format", "use 1 to 63 of a–z, 0–9, '-' and '_', such as hold-at-zero"))
    thresholds: list[dict[str, Any]] = []
    try:
        thresholds = stored(parse_thresholds(draft.thresholds))
    except BadThreshold as error:
        errors.append(FieldError("thresholds", "invalid", str(error)))
    if errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=tuple(errors))
    return thresholds


@transaction.atomic
def delete_budget_policy(*, name: str, actor: Actor, now: datetime) -> None:
    """Delete it; whoever went by it goes by the team's, or by none. Raises Forbidden, NoSuchBudgetPolicy."""
    require_admin(actor)
    found = BudgetPolicy.objects.select_for_update().filter(name=name).first()
    if found is None:
        raise NoSuchBudgetPolicy(f"There is no budget policy {name}.")
    diff: dict[str, tuple[object, object]] = {"name": (name, None), "thresholds": (found.thresholds, None)}
    found.delete()
    record_audit(actor=actor, action="budget-policy.delete", object_ref=f"budget-policy:{name}", diff=diff, now=now)


@transaction.atomic
def set_team_policy(*, team: Team, policy: str, actor: Actor, now: datetime) -> None:
    """All objectives of `team` without a policy of their own go by the one named; empty: by none.

    Raises WrongScope, NotYourTeam, Invalid where there is no such policy.
    """
    require(actor, [team], scope=ApiToken.Scope.SLOS)
    wanted = BudgetPolicy.objects.filter(name=policy).first() if policy else None
    if policy and wanted is None:
        words = "there is no budget policy of that name"
        raise Invalid(f"policy: {words}", errors=(FieldError("policy", "missing", words),))
    Team.objects.select_for_update().get(pk=team.pk)
    had = TeamBudgetPolicy.objects.filter(team=team).select_related("policy").first()
    before = had.policy.name if had else ""
    if before == policy:
        return
    if wanted:
        TeamBudgetPolicy.objects.update_or_create(team=team, defaults={"policy": wanted})
    elif had:
        had.delete()
    diff: dict[str, tuple[object, object]] = {"budget_policy": (before, policy)}
    record_audit(actor=actor, action="team.budget-policy", object_ref=team.ref, diff=diff, now=now)
