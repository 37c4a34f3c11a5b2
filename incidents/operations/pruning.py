"""What is kept for a while only."""

from datetime import datetime, timedelta

from incidents.models import Delivery

KEEP_DELIVERIES = timedelta(days=14)


def prune_deliveries(*, now: datetime) -> int:
    """Delete deliveries older than two weeks that were taken or rejected; answers how many."""
    old = Delivery.objects.filter(received_at__lt=now - KEEP_DELIVERIES).exclude(state=Delivery.State.STORED)
    count, _ = old.delete()
    return count
