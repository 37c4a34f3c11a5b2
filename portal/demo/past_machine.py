"""The demo's past, moved on: steps are taken and messages count as sent at their moment, and none is really sent."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from incidents import paging
from incidents.paging.outbox import Leased, Outcome, lease
from incidents.paging.settling import settle

COURIER = "demo-past"
AT_ONCE = 200
NEXT = """
SELECT (SELECT min(next_step_at) FROM incidents_page),
       (SELECT min(next_attempt_at) FROM incidents_notification WHERE state = 'pending'),
       (SELECT least(min(inform_at), min(check_again_at)) FROM incidents_incident)
"""
FLAKY = 0.02
REFUSED = "421 4.3.2 Service not available, closing transmission channel"


@dataclass(slots=True)
class Machine:
    """What beat, workers and couriers did until `at`."""

    at: datetime
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def until(self, moment: datetime) -> datetime:
        """Do all that was due until `moment`, each at its time, and answer the moment that it is now."""
        while (due := _next_due()).at is not None and max(due.at, self.at) <= moment:
            self.at = max(due.at, self.at) + self._seconds(0.1, 0.9)
            self._sweep(due)
        self.at = max(self.at, moment)
        return self.at

    def _sweep(self, due: "Due") -> None:
        """What is due and nothing else: two months are looked at some hundred times."""
        now = self.at
        if _past(due.again, now):
            paging.check_again_due(now=now)
        if _past(due.step, now) or _past(due.again, now):
            paging.advance_due(now=now, limit=AT_ONCE)
        if _past(due.message, now):
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


@dataclass(frozen=True, slots=True)
class Due:
    """When the next step, message and second look are due; None where none is planned."""

    step: datetime | None
    message: datetime | None
    again: datetime | None

    @property
    def at(self) -> datetime | None:
        """The first of them."""
        return min((one for one in (self.step, self.message, self.again) if one is not None), default=None)


def _next_due() -> Due:
    with connection.cursor() as cursor:
        cursor.execute(NEXT)
        return Due(*cursor.fetchone())


def _past(due: datetime | None, now: datetime) -> bool:
    return due is not None and due <= now
