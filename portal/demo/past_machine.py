"""The demo's past, moved on: steps are taken and messages count as sent at their moment, and none is really sent."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Min, Q, QuerySet

from incidents import paging
from incidents.models import Incident, Notification, Page
from incidents.paging.outbox import Leased, Outcome, lease
from incidents.paging.settling import settle

COURIER = "demo-past"
AT_ONCE = 200
FLAKY = 0.02
REFUSED = "421 4.3.2 Service not available, closing transmission channel"


@dataclass(slots=True)
class Machine:
    """What beat, workers and couriers did until `at`."""

    at: datetime
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def until(self, moment: datetime) -> datetime:
        """Do all that was due until `moment`, each at its time, and answer the moment that it is now."""
        while (due := _next_due()) is not None and max(due, self.at) <= moment:
            self.at = max(due, self.at) + self._seconds(0.1, 0.9)
            self._sweep()
        self.at = max(self.at, moment)
        return self.at

    def _sweep(self) -> None:
        now = self.at
        if Incident.objects.filter(Q(inform_at__lte=now) | Q(check_again_at__lte=now)).exists():
            paging.check_again_due(now=now)
        paging.advance_due(now=now, limit=AT_ONCE)
        if _waiting().filter(next_attempt_at__lte=now).exists():
            self._deliver()

    def _deliver(self) -> None:
        leased = lease(now=self.at, by=COURIER, limit=AT_ONCE)
        if leased:
            self.at += self._seconds(0.3, 1.9)
            settle(list(self._outcomes(leased)), now=self.at)

    def _outcomes(self, leased: Iterable[Leased]) -> Iterable[Outcome]:
        """Now and then a mail server is busy, and the second try gets through."""
        for one in leased:
            refused = one.number == 1 and self.rng.random() < FLAKY
            yield Outcome(one, error=REFUSED) if refused else Outcome(one, receipt="250 OK")

    def _seconds(self, least: float, most: float) -> timedelta:
        return timedelta(seconds=self.rng.uniform(least, most))


def _waiting() -> QuerySet[Notification]:
    return Notification.objects.filter(state=Notification.State.PENDING)


def _next_due() -> datetime | None:
    """When something is to be done next; None when nothing is planned."""
    incidents = Incident.objects.aggregate(Min("inform_at"), Min("check_again_at"))
    planned = [
        Page.objects.aggregate(at=Min("next_step_at"))["at"],
        _waiting().aggregate(at=Min("next_attempt_at"))["at"],
        *incidents.values(),
    ]
    return min((moment for moment in planned if moment is not None), default=None)
