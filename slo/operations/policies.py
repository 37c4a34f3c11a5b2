"""Writing alert policies: when spending too fast is worth telling somebody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, require_admin
from catalog.operations import record_audit
from portal.lib.errors import FieldError, Invalid
from slo.models import AlertPolicy
from slo.windows import BadRule, parse_rules


@transaction.atomic
def put_alert_policy(
    *, name: str, title: str, rules: Sequence[Mapping[str, Any]], actor: Actor, now: datetime
) -> AlertPolicy:
    """Make the policy `name` have these rules, for every objective that uses it; idempotent.

    Raises Invalid where a rule can't be read, Forbidden unless a platform admin asks.
    """
    require_admin(actor)
    _check(rules)
    wanted = {"title": title, "rules": [dict(rule) for rule in rules]}
    policy, created = AlertPolicy.objects.select_for_update().get_or_create(
        name=name, defaults={**wanted, "created_at": now, "updated_at": now}
    )
    before = {"title": policy.title, "rules": policy.rules}
    if not created and before == wanted:
        return policy
    policy.title, policy.rules, policy.updated_at = title, wanted["rules"], now
    policy.save(update_fields=["title", "rules", "updated_at"])
    diff = {key: (None if created else before[key], wanted[key]) for key in wanted}
    record_audit(actor=actor, action="alert-policy.put", object_ref=f"alert-policy:{name}", diff=diff, now=now)
    return policy


def _check(rules: Sequence[Mapping[str, Any]]) -> None:
    try:
        parse_rules(rules)
    except BadRule as error:
        raise Invalid(f"rules: {error}", errors=(FieldError("rules", "bad-rule", str(error)),)) from error
