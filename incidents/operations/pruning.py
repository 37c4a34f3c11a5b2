"""What is kept for a while only."""

from datetime import datetime, timedelta

from incidents.models import Delivery, InboxMessage, Notification
from portal.lib import conf

KEEP_DELIVERIES = timedelta(days=14)
AT_ONCE = 5_000
STATE = Notification.State


def prune_deliveries(*, now: datetime) -> int:
    """Delete deliveries older than two weeks that were taken or rejected; answers how many."""
    old = Delivery.objects.filter(received_at__lt=now - KEEP_DELIVERIES).exclude(state=Delivery.State.STORED)
    count, _ = old.delete()
    return count


def prune_notifications(*, now: datetime) -> int:
    """Delete messages that PORTAL_NOTIFICATIONS_KEPT_DAYS leaves behind (0: nothing, ever), with their tries, and what
    the inboxes keep of that time; some thousand at a time. Answers how many messages.

    What is still to be sent is never deleted, however old.
    """
    days = conf.number("PORTAL_NOTIFICATIONS_KEPT_DAYS", 400)
    if not days:
        return 0
    before = now - timedelta(days=days)
    over = Notification.objects.filter(created_at__lt=before).exclude(state__in=(STATE.PENDING, STATE.LEASED))
    old = InboxMessage.objects.filter(at__lt=before).order_by("at").values("pk")
    InboxMessage.objects.filter(pk__in=old[:AT_ONCE]).delete()
    _, counted = Notification.objects.filter(pk__in=over.order_by("created_at").values("pk")[:AT_ONCE]).delete()
    return counted.get("incidents.Notification", 0)
