"""Builders of the slo app's rows."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction

from catalog.models import Component
from portal.lib.clock import db_now
from slo import ledger
from slo.counting import Bucket
from slo.ledger.members import Member, members
from slo.models import AlertPolicy, Cursor, CursorGroup, DataSource, Definition, Ledger, Objective, Standing
from slo.windows import WORKBOOK
from tests import make

MINUTE = timedelta(minutes=1)
_numbers = count(1)


def source(url: str = "http://127.0.0.1:9", *, now: datetime = make.NOW, **fields: Any) -> DataSource:
    """A data source; without a URL, one where nobody answers."""
    fields = {"name": f"source-{next(_numbers)}", "timeout": timedelta(seconds=5), **fields}
    return DataSource.objects.create(url=url, created_at=now, updated_at=now, **fields)


def policy(name: str = "workbook", *rules: Mapping[str, Any], now: datetime = make.NOW) -> AlertPolicy:
    """An alert policy; the workbook's where no rules are given."""
    written = [dict(rule) for rule in rules] or WORKBOOK
    made, _ = AlertPolicy.objects.get_or_create(
        name=name, defaults={"rules": written, "created_at": now, "updated_at": now}
    )
    return made


def objective(
    name: str = "",
    *,
    component: Component | None = None,
    source: DataSource | None = None,
    policy: AlertPolicy | None = None,
    target: str = "0.99",
    window_days: int | None = 30,
    indicator: Mapping[str, Any] | None = None,
    type: str = "events",
    now: datetime = make.NOW,
    definition: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Objective:
    """An objective with its definition and standing, and without a ledger."""
    name = name or f"objective-{next(_numbers)}"
    defined = Definition.objects.create(
        name=name,
        component=component or make.component(),
        source=source,
        type=type,
        indicator=dict(indicator or {"good": 'jobs_total{result="ok"}', "total": "jobs_total"}),
        created_at=now,
        updated_at=now,
        **(definition or {}),
    )
    made = Objective.objects.create(
        name=name,
        title=name.replace("-", " ").title(),
        definition=defined,
        target=Decimal(target),
        window_days=window_days,
        policy=policy or globals()["policy"](),
        created_at=now,
        updated_at=now,
        **fields,
    )
    Standing.objects.create(objective=made)
    return made


@transaction.atomic
def open_ledger(of: Objective, *, start: datetime, live: bool = True, now: datetime = make.NOW) -> Ledger:
    """A ledger for an objective, in force, that has been followed since `start`; `live` without history to read."""
    ledger.ensure_partitions(now.date())
    made = ledger.open_ledger(
        objective=of,
        revision=of.definition.revision,
        source_id=of.definition.source_id,
        type=of.definition.type,
        indicator=of.definition.indicator,
        start=start,
        now=now,
    )
    if live:
        CursorGroup.objects.filter(cursors=made.pk).update(filling=False)
        Ledger.objects.filter(pk=made.pk).update(filled_at=now)
    return made


@transaction.atomic
def count_up(
    into: Ledger, counts: Iterable[tuple[int, int] | None], *, carried: Mapping[int, tuple[int, int]] | None = None
) -> datetime:
    """Append one bucket a minute after the ledger's cursor: (good, total), or None for an unknown one.

    `carried` are the carried good and total by position. Answers where the cursor stands then.
    """
    since = Cursor.objects.get(ledger=into)
    begin, found = int(since.bucket.timestamp()), list(counts)
    late = carried or {}
    buckets = {
        begin + 60 * (place + 1): Bucket(*one, *late.get(place, (0, 0)))
        for place, one in enumerate(found)
        if one is not None
    }
    until = begin + 60 * len(found)
    entry = ledger.Entry(into.pk, begin, until, buckets, 0, float(max(buckets)) if buckets else None)
    ledger.ensure_partitions(db_now().date())  # as evaluation does before it appends
    ledger.append([entry])
    end = datetime.fromtimestamp(until, UTC)
    CursorGroup.objects.filter(pk=since.group_id).update(cursor=end)
    return end


def member(of: Ledger) -> Member:
    """The ledger as evaluation sees it."""
    return next(one for one in members(Cursor.objects.get(ledger=of).group_id) if one.ledger_id == of.pk)
