"""How late we are: the watcher's own figures."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from incidents.models import Delivery, Heartbeat, Incident, Notification, Page, SweepStamp
from slo.models import AlertTransition


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds; None where nothing waits. `sweeps` is the age of each sweep's last pass, by its name."""

    oldest_timer: float | None
    oldest_notification: float | None
    oldest_delivery: float | None
    oldest_transition: float | None
    sweeps: dict[str, float]


def lateness(*, now: datetime) -> Lateness:
    """Age of the oldest overdue timer, unsent message, untaken delivery and transition, and of each sweep's pass."""
    steps = Page.objects.filter(next_step_at__lte=now).aggregate(at=Min("next_step_at"))["at"]
    again = Incident.objects.filter(check_again_at__lte=now).aggregate(at=Min("check_again_at"))["at"]
    live = Heartbeat.objects.filter(integration__retired_at=None, silent_since=None)
    beats = live.filter(due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    due = Notification.objects.filter(due_at__lte=now)
    unsent = due.filter(state__in=(Notification.State.PENDING, Notification.State.LEASED)).aggregate(at=Min("due_at"))
    stored = Delivery.objects.filter(state=Delivery.State.STORED).aggregate(at=Min("received_at"))["at"]
    unheard = AlertTransition.objects.filter(handled=None, at__lte=now).aggregate(at=Min("at"))["at"]
    return Lateness(
        oldest_timer=_age(min((at for at in (steps, again, beats) if at is not None), default=None), now),
        oldest_notification=_age(unsent["at"], now),
        oldest_delivery=_age(stored, now),
        oldest_transition=_age(unheard, now),
        sweeps={row.name: (now - row.at).total_seconds() for row in SweepStamp.objects.all()},
    )


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else (now - since).total_seconds()
