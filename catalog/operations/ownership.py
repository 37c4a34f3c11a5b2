"""Dated ownership: a change of owner closes one range and opens another, in the transaction of the change."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from catalog.models import Ownership

CLOSE = """
UPDATE catalog_ownership SET period = tstzrange(lower(period), %(now)s) WHERE id = ANY(%(ids)s)
"""
type NewOwner = tuple[str, int | None]
"""The reference, and the id of the team where that is there."""


def hand_over(owners: Mapping[int, NewOwner], *, now: datetime) -> None:
    """From `now` on these own those components (by id); the empty reference leaves one to nobody. Idempotent.

    A range that would be empty goes, and one that began or ended later than `now` (a clock that went back, or a writer
    who came first and waited longer for the lock) is taken over or followed.
    """
    late = Q(period__upper_inf=True) | Q(period__endswith__gt=now)
    found = list(Ownership.objects.filter(late, component__in=owners))
    current = {one.component_id: one for one in found if one.period.upper is None}
    ended = {pk: one for pk, one in current.items() if one.team_ref != owners[pk][0]}
    since = {pk: max(one.period.lower, now) for pk, one in ended.items()}
    for one in found:
        if one.component_id not in current:
            since[one.component_id] = max(since.get(one.component_id, now), one.period.upper)
    Ownership.objects.filter(pk__in=[one.pk for one in ended.values() if one.period.lower >= now]).delete()
    _close([one.pk for one in ended.values() if one.period.lower < now], now)
    Ownership.objects.bulk_create(
        Ownership(component_id=pk, team_id=team, team_ref=ref, period=DateTimeTZRange(since.get(pk, now), None))
        for pk, (ref, team) in owners.items()
        if ref and (pk in ended or pk not in current)
    )


def _close(ids: list[int], now: datetime) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(CLOSE, {"ids": ids, "now": now})
