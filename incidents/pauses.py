"""Whether all paging is paused, asked by whoever pages and by every page's frame."""

from datetime import datetime

from incidents.models import Notification, PagingPause

WAITS = (Notification.Kind.PAGE, Notification.Kind.ASK)
"""What is not sent meanwhile; what people are told, codes and tests are."""


def pause_at(now: datetime) -> PagingPause | None:
    """The pause in force; None while pages go out."""
    return PagingPause.objects.select_related("begun_by").filter(starts_at__lte=now, ends_at__gt=now).first()
