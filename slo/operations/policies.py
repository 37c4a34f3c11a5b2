"""Writing alert policies."""

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
def save_policy(
    *, name: str, rules: Sequence[Mapping[str, Any]], actor: Actor, now: datetime, title: str = ""
) -> AlertPolicy:
    """Create or change the alert policy `name`; platform admins only. The objectives that use it follow at once.

    A rule is `{name, title, fraction | factor | ratio, long, short, severity, min_events, min_bad}`; windows are whole
    minutes such as `4m`. Raises Invalid, Forbidden.
    """
    require_admin(actor)
    written = [dict(rule) for rule in rules]
    try:
        parse_rules(written)
    except BadRule as error:
        raise Invalid(str(error), errors=(FieldError("rules", "invalid", str(error)),)) from error
    before = AlertPolicy.objects.select_for_update().filter(name=name).first()
    if before and before.rules == written and before.title == title:
        return before
    policy = before or AlertPolicy(name=name, created_at=now)
    diff: dict[str, tuple[object, object]] = {"rules": (before.rules if before else None, written)}
    policy.title, policy.rules, policy.updated_at = title, written, now
    policy.save()
    record_audit(actor=actor, action="policy.save", object_ref=f"alert-policy:{name}", diff=diff, now=now)
    return policy
