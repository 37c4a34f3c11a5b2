"""What is kept for a while only."""

from datetime import datetime, timedelta

from incidents.models import Delivery
from portal.lib import conf

KEPT_DAYS = 14
AT_ONCE = 2_000


def kept_for() -> timedelta:
    """How long deliveries are kept: PORTAL_DELIVERIES_KEPT_DAYS, at least a day."""
    return timedelta(days=max(1, conf.number("PORTAL_DELIVERIES_KEPT_DAYS", KEPT_DAYS)))


def prune_deliveries(*, now: datetime, limit: int = 1_000_000) -> int:
    """Delete older deliveries that were taken or rejected, some thousand a time; answers how many.

    A request goes with its parts, and stays while one of them waits.
    """
    count = 0
    waiting = Delivery.objects.filter(state=Delivery.State.STORED, part_of__isnull=False).values("part_of")
    old = Delivery.objects.filter(received_at__lt=now - kept_for(), part_of=None)
    old = old.exclude(state=Delivery.State.STORED).exclude(pk__in=waiting).order_by("received_at")
    while count < limit and (some := list(old.values_list("pk", flat=True)[:AT_ONCE])):
        deleted, _ = Delivery.objects.filter(pk__in=some).delete()
        count += deleted
    return count
