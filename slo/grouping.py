"""One definition, an objective for each value of some labels: found as values appear, retired when they are gone.

The objective that was written is the parent: it is a pattern and counts nothing itself. Its children share its
definition, and each has a ledger for the indicator narrowed to its values.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from portal.lib.crypto import CannotUnseal
from portal.lib.hints import nudge
from slo import ledger, recording
from slo.indicators import kinds
from slo.models import AlertTransition, Definition, Objective, RuleState, Standing
from slo.opening import begin
from slo.prometheus import Prometheus, PrometheusError
from slo.promql import render
from slo.sources import client

log = structlog.get_logger(__name__)

MOST = 200
"""Values of one definition that get an objective."""
EVERY = timedelta(minutes=1)
GONE_AFTER = "1d"
"""Values that had no sample for so long are gone."""
LONGEST_NAME = 63
FOLLOWING = ("target", "window_days", "calendar", "time_zone", "policy_id", "budget_policy_id")
"""What a child has from its parent."""

type Values = tuple[str, ...]
"""A value for each label of `group_by`, in its order."""


def discover_due(*, now: datetime) -> int:
    """Bring the children of every grouped objective in line with what its source has; answers how many changed."""
    due = Q(definition__grouped_at=None) | Q(definition__grouped_at__lte=now - EVERY)
    parents = Objective.objects.filter(due, parent=None, retired_at=None).exclude(definition__group_by=[])
    changed = 0
    for parent in parents.select_related("definition__source").order_by(
        F("definition__grouped_at").asc(nulls_first=True)
    ):
        changed += discover(parent, now=now)
    return changed


def discover(parent: Objective, *, now: datetime) -> int:
    """Look for values now; one that can't be asked for is said on the parent's page, and nothing is retired."""
    definition = parent.definition
    source = definition.source
    if source is None:
        return 0
    try:
        found = _values(client(source), definition, at=now.timestamp())
    except (PrometheusError, CannotUnseal) as error:
        Definition.objects.filter(pk=definition.pk).update(grouped_at=now, group_error=str(error))
        return 0
    with transaction.atomic():
        return align(parent.pk, found, now=now)


def _values(asked: Prometheus, definition: Definition, *, at: float) -> list[Values]:
    """The values that had a sample lately, sorted; series that lack one of the labels belong to no objective."""
    labels = list(definition.group_by)
    counted = kinds[definition.type].selectors(definition.indicator)
    selector = counted.get("total") or counted["good"]
    query = f"group by ({', '.join(labels)}) (last_over_time({render(selector)}[{GONE_AFTER}]))"
    series = asked.instant(query, at=at).series
    found = {tuple(one.labels.get(label, "") for label in labels) for one in series}
    return sorted(values for values in found if all(values))


def align(parent_id: int, found: Sequence[Values], *, now: datetime) -> int:
    """Make the children those of `found`, in the caller's transaction; answers how many came, came back or went."""
    parents = Objective.objects.select_for_update(of=("self", "definition")).select_related("definition")
    parent = parents.get(pk=parent_id)
    definition = parent.definition
    kept = list(found[:MOST])
    error = f"There are {len(found):,} values; the first {MOST} have an objective." if len(found) > MOST else ""
    Definition.objects.filter(pk=definition.pk).update(grouped_at=now, group_error=error)
    if parent.retired_at or not definition.group_by:
        return 0
    there = {tuple(child.group_values.values()): child for child in parent.children.all()}
    changed = 0
    for values in kept:
        child = there.get(values)
        if child is None or child.retired_at is not None:
            _follow(parent, child or _named(parent, values, now), now)
            changed += 1
    for values, child in there.items():
        if values not in kept and child.retired_at is None:
            retire(child, now=now, reason="Its values have no samples any more.")
            changed += 1
    if changed:
        recording.report({definition.component_id}, now=now)
    return changed


def refresh(parent: Objective, *, now: datetime, counts_anew: bool) -> None:
    """Hand on to the children what was changed of the parent; `counts_anew` when what is counted has changed."""
    if not parent.children.exists() and not parent.definition.group_by:
        return
    if counts_anew:  # other labels make other children
        labels = list(parent.definition.group_by)
        for child in parent.children.filter(retired_at=None):
            if list(child.group_values) != labels:
                retire(child, now=now, reason="It is grouped by other labels now.")
    for child in parent.children.filter(retired_at=None):
        _follow(parent, child, now, counts_anew=counts_anew)
    Definition.objects.filter(pk=parent.definition_id).update(grouped_at=None)
    nudge("slo.discover_groups")


def _named(parent: Objective, values: Values, now: datetime) -> Objective:
    return Objective(
        definition=parent.definition,
        parent=parent,
        group_values=dict(zip(parent.definition.group_by, values, strict=True)),
        name=_name(parent, values),
        created_at=now,
    )


def _name(parent: Objective, values: Values) -> str:
    """The parent's name and the values; with a hash where that is too long, ambiguous or taken."""
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(values).lower()).strip("-")
    plain = f"{parent.name}-{slug}"
    exact = slug == "-".join(values)
    if exact and len(plain) <= LONGEST_NAME and not Objective.objects.filter(name=plain).exists():
        return plain
    mark = hashlib.sha256("\x00".join((parent.name, *values)).encode()).hexdigest()[:8]
    return f"{plain[: LONGEST_NAME - 9].rstrip('-._')}-{mark}"


def _follow(parent: Objective, child: Objective, now: datetime, *, counts_anew: bool = False) -> None:
    """Make a child what its parent says, and count for it."""
    for name in FOLLOWING:
        setattr(child, name, getattr(parent, name))
    begins = child.pk is None or child.retired_at is not None
    child.title = f"{parent.label}: {', '.join(child.group_values.values())}"[:200]
    child.updated_at, child.retired_at = now, None
    child.version = parent.version if child.pk is None else child.version + 1
    if begins:
        child.ledger = None
    child.save()
    if begins:
        Standing.objects.update_or_create(
            objective=child, defaults={"state": Standing.State.BUILDING, "data": Standing.Data.WAITING}
        )
    if begins or counts_anew:
        begin(child, now=now)


def retire(objective: Objective, *, now: datetime, reason: str) -> None:
    """Stop evaluating an objective; its firing rules and its blindness end, with a transition each.

    In the caller's transaction. What was counted stays.
    """
    objective.retired_at = objective.updated_at = now
    objective.version += 1
    objective.save()
    ledger.retire_ledgers(objective_id=objective.pk, now=now)
    recording.tell([*_ended(objective, now, reason), *_seeing(objective, now, reason)])


def _ended(objective: Objective, now: datetime, reason: str) -> list[AlertTransition]:
    firing = RuleState.objects.filter(objective=objective, state=RuleState.State.FIRING)
    moves = ("firing", "inactive")
    ended = [
        _transition(objective, now, reason, moves=moves, kind="burn", rule=row.rule, severity=row.severity)
        for row in firing
    ]
    firing.delete()
    return ended


def _seeing(objective: Objective, now: datetime, reason: str) -> list[AlertTransition]:
    if not Standing.objects.filter(objective=objective, blind_since__isnull=False).update(blind_since=None):
        return []
    return [_transition(objective, now, reason, kind="blind", severity="info", moves=("blind", "seeing"))]


def _transition(
    objective: Objective, now: datetime, reason: str, *, moves: tuple[str, str], **columns: Any  # noqa: ANN401
) -> AlertTransition:  # fmt: skip
    return AlertTransition(
        objective=objective, at=now, from_state=moves[0], to_state=moves[1], reason=reason, **columns
    )  # fmt: skip


def group_words(values: Mapping[str, str]) -> str:
    """`pipeline build, branch main`."""
    return ", ".join(f"{label} {value}" for label, value in values.items())
