"""Dated ownership: a change of owner closes one range and opens another, in the transaction of the change."""

from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from catalog.models import Component, Ownership, Team


def hand_over(*, component: Component, ref: str, team: Team | None, now: datetime) -> None:
    """From `now` on `ref` owns the component; the empty text leaves it to nobody. Idempotent."""
    current = Ownership.objects.filter(component=component, period__upper_inf=True).first()
    if current and current.team_ref == ref:
        return
    since = _close(current, now) if current else now
    if ref:
        Ownership.objects.create(component=component, team=team, team_ref=ref, period=DateTimeTZRange(since, None))


def _close(current: Ownership, now: datetime) -> datetime:
    """End the range; one that would be empty goes. Returns when the next may begin."""
    since: datetime = current.period.lower
    if since >= now:
        current.delete()
        return since
    current.period = DateTimeTZRange(since, now)
    current.save(update_fields=["period"])
    return now
