"""Writing shared indicators (SLIs)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.access import Actor, require, require_scope
from catalog.operations import record_audit
from portal.lib.errors import FieldError, Invalid
from slo.indicators import UPTIME, kinds
from slo.models import DataSource, Definition, Indicator
from slo.operations.objectives import SCOPE, Diff, assign


class IndicatorInUse(Invalid):
    """Objectives are counted by it."""


@dataclass(frozen=True, slots=True)
class IndicatorDraft:
    """A shared indicator. An uptime may leave its condition to the objectives; `source` empty is the default one."""

    name: str
    type: str
    indicator: Mapping[str, str]
    title: str = ""
    description: str = ""
    source: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def save_indicator(*, draft: IndicatorDraft, actor: Actor, now: datetime) -> tuple[Indicator, bool, Diff]:
    """Create or change it: the row, whether it is new, what changed. Who counts by it is not touched here.

    One that nobody uses is anybody's with the scope. Raises Invalid, WrongScope, NotYourTeam.
    """
    require_scope(actor, SCOPE)
    source = _checked(draft)
    row = Indicator.objects.select_for_update().filter(name=draft.name).first()
    created = row is None
    row = row or Indicator(name=draft.name, created_at=now, type=draft.type, indicator={})
    columns = {
        "title": draft.title,
        "description": draft.description,
        "source": source,
        "type": draft.type,
        "indicator": dict(draft.indicator),
        "labels": dict(draft.labels),
        "extra": dict(draft.extra),
        "updated_at": now,
    }
    diff = assign(row, columns)
    if created:
        diff = {"name": (None, draft.name)}
    if diff:
        require(actor, _owners(draft.name), scope=SCOPE)
        row.save()
        action = "indicator.create" if created else "indicator.update"
        record_audit(actor=actor, action=action, object_ref=f"sli:{draft.name}", diff=diff, now=now)
    return row, created, diff


def _checked(draft: IndicatorDraft) -> DataSource | None:
    if draft.type not in kinds:
        words = f"use one of {', '.join(kinds)}"
        raise Invalid(words, errors=(FieldError("type", "choice", words),))
    lax = draft.type == UPTIME.type and not draft.indicator.get("condition")
    faults = [
        FieldError(f"indicator.{one.key}" if one.key else "indicator", one.code, one.message)
        for one in kinds[draft.type].errors(draft.indicator)
        if not (lax and one.key == "condition")
    ]
    source = DataSource.objects.filter(name=draft.source, retired_at=None).first() if draft.source else None
    if draft.source and source is None:
        faults.append(FieldError("source", "missing", "there is no such data source"))
    if faults:
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in faults), errors=tuple(faults))
    return source


def _owners(name: str) -> list[int | None]:
    users = Definition.objects.filter(sli__name=name, retired_at=None)
    return list(users.values_list("component__owner_id", flat=True).distinct())


@transaction.atomic
def retire_indicator(*, name: str, actor: Actor, now: datetime) -> None:
    """Delete one that nobody counts by any more. Raises IndicatorInUse, WrongScope."""
    require_scope(actor, SCOPE)
    row = Indicator.objects.select_for_update().filter(name=name).first()
    if row is None:
        return
    if Definition.objects.filter(sli=row, retired_at=None).exists():
        raise IndicatorInUse
    Definition.objects.filter(sli=row).update(sli=None)
    row.delete()
    record_audit(
        actor=actor, action="indicator.delete", object_ref=f"sli:{name}", diff={"name": (name, None)}, now=now
    )  # fmt: skip
