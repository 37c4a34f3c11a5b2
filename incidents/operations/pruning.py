"""What is kept for a while only."""

from datetime import datetime, timedelta

from incidents.models import Delivery, InboxMessage, Notification
from portal.lib import conf

KEPT_DAYS = 14
AT_ONCE = 2_000
STATE = Notification.State


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
