"""Writing alert policies, and the conditions that several of them share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, require_admin
from catalog.operations import record_audit
from catalog.operations.locking import hold_refs
from portal.lib.errors import Expected, FieldError, Invalid
from slo.models import AlertCondition, AlertPolicy, Objective
from slo.operations.objectives import Diff, assign
from slo.windows import BadRule, parse_rules


class PolicyTaken(Expected):
    """There is an alert policy of that name already; refer to it, or choose another name."""


class PolicyInUse(Invalid):
    """Objectives are judged by it; give them another alert policy first."""


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """An alert policy. `extra["items"]` is what its rules were put together from, `extra["slo"]` whose own it is."""

    name: str
    rules: Sequence[Mapping[str, Any]]
    title: str = ""
    description: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def save_policy(
    *, name: str, rules: Sequence[Mapping[str, Any]], actor: Actor, now: datetime, title: str = "",
    description: str | None = None,
) -> AlertPolicy:  # fmt: skip
    """Create or change the alert policy `name`; platform admins only. The objectives that use it follow at once.

    A rule is `{name, title, fraction | factor | ratio, long, short, severity, min_events, min_bad}`; windows are whole
    minutes such as `4m`. None for `description` keeps it. An SLO's own policy stays its own. Raises Invalid, Forbidden.
    """
    require_admin(actor)
    before = AlertPolicy.objects.filter(name=name).first()
    kept = (before.description if before else "") if description is None else description
    whose = {key: text for key, text in before.extra.items() if key == "slo"} if before else {}
    draft = PolicyDraft(name, rules, title, kept, whose)
    return put_policy(draft=draft, actor=actor, now=now)[0]


@transaction.atomic
def put_policy(*, draft: PolicyDraft, actor: Actor, now: datetime) -> tuple[AlertPolicy, bool, Diff]:
    """The policy, whether it is new, what changed. Only admins change one, but for an SLO's own, which goes with it.

    Raises Invalid, Forbidden, PolicyTaken.
    """
    check_rules(draft.rules)
    hold_refs(written=[f"alertpolicy:{draft.name}"])
    row = AlertPolicy.objects.select_for_update().filter(name=draft.name).first()
    own = draft.extra.get("slo", "")
    if row is not None and own and row.extra.get("slo", "") != own:  # an admin may make an SLO's own one everybody's
        raise PolicyTaken
    created = row is None
    row = row or AlertPolicy(name=draft.name, created_at=now, rules=[])
    columns = {
        "title": draft.title,
        "description": draft.description,
        "rules": [dict(rule) for rule in draft.rules],
        "extra": dict(draft.extra),
        "updated_at": now,
    }
    diff = assign(row, columns)
    if diff:
        if not own:
            require_admin(actor)
        row.save()
        ref = f"alert-policy:{draft.name}"
        record_audit(actor=actor, action="policy.save", object_ref=ref, diff=diff, now=now)
    return row, created, diff


def check_rules(rules: Sequence[Mapping[str, Any]]) -> None:
    """Raises Invalid for rules that can't be used."""
    try:
        parse_rules([dict(rule) for rule in rules])
    except BadRule as error:
        raise Invalid(str(error), errors=(FieldError("rules", "invalid", str(error)),)) from error


@transaction.atomic
def put_condition(
    *, name: str, rule: Mapping[str, Any], title: str, description: str, extra: Mapping[str, Any], actor: Actor,
    now: datetime,
) -> tuple[AlertCondition, bool, Diff]:  # fmt: skip
    """Create or change a shared condition; only admins change one. Raises Invalid, Forbidden."""
    check_rules([rule])
    row = AlertCondition.objects.select_for_update().filter(name=name).first()
    created = row is None
    row = row or AlertCondition(name=name, created_at=now, rule={})
    columns = {"title": title, "description": description, "rule": dict(rule), "extra": dict(extra), "updated_at": now}
    diff = assign(row, columns)
    if diff:
        require_admin(actor)
        row.save()
        ref = f"alert-condition:{name}"
        record_audit(actor=actor, action="condition.save", object_ref=ref, diff=diff, now=now)
    return row, created, diff


@transaction.atomic
def delete_policy(*, name: str, actor: Actor, now: datetime) -> None:
    """Delete a policy that judges nothing any more. Raises PolicyInUse, Forbidden."""
    row = AlertPolicy.objects.select_for_update().filter(name=name).first()
    if row is None:
        return
    if not row.extra.get("slo"):
        require_admin(actor)
    if Objective.objects.filter(policy=row).exists():
        raise PolicyInUse
    row.delete()
    ref = f"alert-policy:{name}"
    record_audit(actor=actor, action="policy.delete", object_ref=ref, diff={"name": (name, None)}, now=now)


@transaction.atomic
def delete_condition(*, name: str, actor: Actor, now: datetime) -> None:
    """Delete a shared condition; policies keep the rules they have. Raises Forbidden."""
    require_admin(actor)
    if AlertCondition.objects.filter(name=name).delete()[0]:
        ref = f"alert-condition:{name}"
        record_audit(actor=actor, action="condition.delete", object_ref=ref, diff={"name": (name, None)}, now=now)
