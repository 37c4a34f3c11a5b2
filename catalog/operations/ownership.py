"""Dated ownership: a change of owner closes one range and opens another, in the transaction of the change."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from catalog.models import Ownership
from portal.lib import records

CLOSE = """
UPDATE catalog_ownership SET period = tstzrange(lower(period), %(now)s) WHERE id = ANY(%(ids)s)
"""
OPEN = """
INSERT INTO catalog_ownership (component_id, team_ref, team_id, period)
SELECT component, ref, team, tstzrange(since, NULL)
  FROM unnest(%(components)s::bigint[], %(refs)s::text[], %(teams)s::bigint[], %(since)s::timestamptz[])
    AS opened(component, ref, team, since)
"""
type NewOwner = tuple[str, int | None]
"""The reference, and the id of the team where that is there."""


def hand_over(owners: Mapping[int, NewOwner], *, now: datetime, new: Collection[int] = frozenset()) -> None:
    """From `now` on these own those components (by id); the empty reference leaves one to nobody. Idempotent.

    The `new` ones were never owned, so nothing is read of them.

    A range that would be empty goes, and one that began or ended later than `now` (a clock that went back, or a writer
    who came first and waited longer for the lock) is taken over or followed.
    """
    late = Q(period__upper_inf=True) | Q(period__endswith__gt=now)
    found = list(Ownership.objects.filter(late, component__in=[pk for pk in owners if pk not in new]))
    current = {one.component_id: one for one in found if one.period.upper is None}
    ended = {pk: one for pk, one in current.items() if one.team_ref != owners[pk][0]}
    since = {pk: max(one.period.lower, now) for pk, one in ended.items()}
    for one in found:
        if one.component_id not in current:
            since[one.component_id] = max(since.get(one.component_id, now), one.period.upper)
    Ownership.objects.filter(pk__in=[one.pk for one in ended.values() if one.period.lower >= now]).delete()
    _close([one.pk for one in ended.values() if one.period.lower < now], now)
    _open(
        [
            (pk, ref, team, since.get(pk, now))
            for pk, (ref, team) in owners.items()
            if ref and (pk in ended or pk not in current)
        ]
    )


def _open(ranges: list[tuple[int, str, int | None, datetime]]) -> None:
    if ranges:
        components, refs, teams, since = (list(column) for column in zip(*ranges, strict=True))
        said: dict[str, Any] = {"components": components, "refs": records.text_array(refs)}
        with connection.cursor() as cursor:
            cursor.execute(OPEN, {**said, "teams": teams, "since": since})


def _close(ids: list[int], now: datetime) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(CLOSE, {"ids": ids, "now": now})
