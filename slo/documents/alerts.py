"""AlertPolicy and AlertCondition documents, and the policy that an SLO's own alerts make."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog import registries
from catalog.access import Actor
from catalog.manifest import Document
from portal.lib.errors import FieldError, Invalid
from slo import openslo
from slo.documents.common import answered, kept_of, meta_of, name_of, named, read, refuse
from slo.models import AlertCondition, AlertPolicy, Objective
from slo.openslo import Condition, Faults, Meta, Policy
from slo.openslo.slos import read_alerts
from slo.operations import policies
from slo.operations.policies import PolicyDraft

type Rules = list[dict[str, Any]]


def write_condition(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Make the condition; policies that name it follow."""
    found, faults = read(openslo.read_condition, document)
    meta = found.meta
    row, created, diff = policies.put_condition(
        name=meta.name,
        rule=found.rule,
        title=meta.title,
        description=found.description,
        extra=kept_of(meta, labels=dict(meta.labels), kept=dict(found.kept)),
        actor=actor,
        now=now,
    )
    if diff:
        follow(actor=actor, now=now)
    return answered(f"alertcondition:{row.name}", created=created, diff=diff, faults=faults)


def write_policy(document: Document, actor: Actor, now: datetime) -> registries.KindWritten:
    """Make the policy; what is judged by it follows."""
    found, faults = read(openslo.read_policy, document)
    rules = composed(found, "spec", faults)
    refuse(faults)
    row, created, diff = policies.put_policy(draft=_draft(found, rules), actor=actor, now=now)
    if diff:
        follow(actor=actor, now=now)
    return answered(f"alertpolicy:{row.name}", created=created, diff=diff, faults=faults)


def write_target(document: Document, _actor: Actor, _now: datetime) -> registries.KindWritten:
    """Nothing is kept of it, and that is said."""
    meta, faults = read(openslo.read_target, document)
    return answered(f"alertnotificationtarget:{meta.name}", created=False, diff={}, faults=faults)


def _draft(found: Policy, rules: Rules) -> PolicyDraft:
    meta = found.meta
    items = openslo.write_policy(found)["spec"]["conditions"] if found.items else []
    extra = kept_of(meta, labels=dict(meta.labels), kept=dict(found.kept), items=items)
    return PolicyDraft(meta.name, rules, meta.title, found.description, extra)


def composed(policy: Policy, path: str, faults: Faults) -> Rules:
    """The rules of a policy, with those of the conditions it names."""
    if policy.rules:
        return [dict(rule) for rule in policy.rules]
    names = [item for item in policy.items if isinstance(item, str)]
    there = {row.name: row.rule for row in AlertCondition.objects.filter(name__in=names)}
    rules: Rules = []
    for place, item in enumerate(policy.items):
        if isinstance(item, str) and item not in there:
            at = f"{path}.conditions[{place}].conditionRef"
            faults.error(at, "missing", f"there is no alert condition {item}; add it to the same files")
            continue
        rules.append(_alone(dict(there[item] if isinstance(item, str) else item.rule), rules, policy.meta.name))
    return rules


def _alone(rule: dict[str, Any], others: Sequence[Mapping[str, Any]], of: str) -> dict[str, Any]:
    """The rule under a name that none of the others has."""
    taken = {one["name"] for one in others}
    names = [rule["name"], f"{of}-{rule['name']}", *(f"{rule['name']}-{n}" for n in range(2, 100))]
    return {**rule, "name": next(name for name in names if name not in taken)}


def of_several(alerts: Sequence[str | Policy], path: str, faults: Faults) -> Rules:
    """The rules of several policies together, by name or inline."""
    names = [one for one in alerts if isinstance(one, str)]
    there = {row.name: row.rules for row in AlertPolicy.objects.filter(name__in=names)}
    rules: Rules = []
    for place, one in enumerate(alerts):
        if isinstance(one, str) and one not in there:
            at = f"{path}[{place}].alertPolicyRef"
            faults.error(at, "missing", f"there is no alert policy {one}; add it to the same files")
            continue
        of = one if isinstance(one, str) else one.meta.name
        found = there[one] if isinstance(one, str) else composed(one, f"{path}[{place}].spec", faults)
        for rule in found:
            rules.append(_alone(dict(rule), rules, of))
    return rules


def put_own(
    *, slo: str, alerts: Sequence[str | Policy], items: Sequence[Mapping[str, Any]], faults: Faults, actor: Actor,
    now: datetime,
) -> bool:  # fmt: skip
    """The policy that an SLO's own alerts make, under its name; whether that changed."""
    rules = of_several(alerts, "spec.alertPolicies", faults)
    refuse(faults)
    extra = {"slo": slo, "items": [dict(one) for one in items]}
    try:
        _, _, diff = policies.put_policy(draft=PolicyDraft(slo, rules, extra=extra), actor=actor, now=now)
    except policies.PolicyTaken as error:
        words = f"there is an alert policy {slo} already, and these alerts would make one of that name; {error}"
        raise Invalid(words, errors=(FieldError("spec.alertPolicies", "taken", words),)) from error
    return bool(diff)


def drop_own(slo: str, *, actor: Actor, now: datetime) -> None:
    """An SLO's own policy that judges nothing any more."""
    row = AlertPolicy.objects.filter(name=slo, extra__slo=slo).first()
    if row is not None and not Objective.objects.filter(policy=row).exists():
        policies.delete_policy(name=slo, actor=actor, now=now)


@transaction.atomic
def save_policy(
    *, name: str, rules: Sequence[Mapping[str, Any]], actor: Actor, now: datetime, title: str = "",
    description: str | None = None,
) -> AlertPolicy:  # fmt: skip
    """As `slo.operations.save_policy`; what SLOs put together from this policy follows, as after `apply`."""
    row = policies.save_policy(
        name=name, rules=rules, title=title, description=description, actor=actor, now=now
    )  # fmt: skip
    follow(actor=actor, now=now)
    return row


def follow(*, actor: Actor, now: datetime) -> None:
    """Put together again what is made of parts, after one of them changed: policies first, then SLOs' own."""
    rows = list(AlertPolicy.objects.filter(extra__has_key="items").order_by("pk"))
    for row in sorted(rows, key=lambda one: bool(one.extra.get("slo"))):
        rules = rules_of_parts(row)
        if rules and rules != row.rules:
            draft = PolicyDraft(row.name, rules, row.title, row.description, row.extra)
            policies.put_policy(draft=draft, actor=actor, now=now)


def rules_of_parts(row: AlertPolicy) -> Rules | None:
    """The rules that the parts of a policy make now; None where a part is missing."""
    faults = Faults()
    if row.extra.get("slo"):
        found = of_several(parts(row), "", faults)
    else:
        found = composed(_policy(row, exact=False), "", faults)
    return None if faults.errors else found


def parts(row: AlertPolicy) -> tuple[str | Policy, ...]:
    """What an SLO's own policy was put together from."""
    return read_alerts(row.extra.get("items", []))


def _policy(row: AlertPolicy, *, exact: bool) -> Policy:
    """The row as a document has it; `exact` by its rules, else by its parts."""
    extra = row.extra
    meta = meta_of(row.name, row.title, extra)
    if exact:
        return Policy(meta, row.description, rules=tuple(row.rules), kept=extra.get("kept", {}))
    spec = {"conditions": extra["items"], "notificationTargets": []}
    value = {"apiVersion": openslo.API_VERSION, "kind": "AlertPolicy", "metadata": {"name": "parts"}, "spec": spec}
    found = openslo.read_policy(value, Faults())
    return Policy(meta, row.description, found.items if found else (), kept=extra.get("kept", {}))


def exported_policies() -> Iterator[Mapping[str, object]]:
    """Every policy but those that SLOs write out themselves."""
    for row in AlertPolicy.objects.order_by("name"):
        made = rules_of_parts(row) if "items" in row.extra else None
        if row.extra.get("slo"):
            if made != row.rules:  # no longer what its SLO says; then that one names it
                yield openslo.write_policy(Policy(Meta(row.name, row.title), row.description, rules=tuple(row.rules)))
        else:
            yield openslo.write_policy(_policy(row, exact=made != row.rules))


def exported_conditions() -> Iterator[Mapping[str, object]]:
    """Every shared condition."""
    for row in AlertCondition.objects.order_by("name"):
        meta = meta_of(row.name, row.title, row.extra)
        yield openslo.write_condition(Condition(meta, row.description, row.rule, row.extra.get("kept", {})))


def _forget(_ref: str, _actor: Actor, _now: datetime) -> None:
    """Nothing was kept."""


def alerts_of(row: AlertPolicy, slo: str) -> tuple[str | Policy, ...]:
    """An objective's policy as its SLO says it: written out where it is that SLO's own and still made of its parts."""
    if row.extra.get("slo") == slo and rules_of_parts(row) == row.rules:
        return parts(row)
    return (row.name,)


KINDS = {
    "AlertCondition": registries.ApplyKind(
        write=write_condition,
        ref_of=named("AlertCondition"),
        exported=exported_conditions,
        retire=lambda ref, actor, now: policies.delete_condition(name=name_of(ref), actor=actor, now=now),
        order=210,
    ),
    "AlertNotificationTarget": registries.ApplyKind(
        write=write_target, ref_of=named("AlertNotificationTarget"), retire=_forget, order=215
    ),
    "AlertPolicy": registries.ApplyKind(
        write=write_policy,
        ref_of=named("AlertPolicy"),
        exported=exported_policies,
        retire=lambda ref, actor, now: policies.delete_policy(name=name_of(ref), actor=actor, now=now),
        order=220,
    ),
}
