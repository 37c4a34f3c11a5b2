"""Couriers: they take due messages from the outbox and send several at once, each channel in threads of its own.

One server that hangs fills only its own channel's threads; the others go on. Threads touch no database: the courier
leases, renders and marks, the threads only send.
"""

import os
import socket
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from incidents import messages
from incidents.channels import ChannelError, Message, channel_named
from incidents.paging.outbox import Leased, Outcome, bundles, lease
from incidents.paging.settling import settle
from portal.lib.clock import db_now

log = structlog.get_logger(__name__)

AT_ONCE = 16
"""Messages one courier sends by one channel at the same time."""
SPARE = 4
"""A channel with less room than this gets nothing new, so that the room of the others is not counted by it."""
LOOK_AGAIN = 0.2
GIVE_UP = 20.0
"""Seconds after which a courier goes home; what hangs longer than that is left to its lease."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many messages a pass handed over, and how many tries failed."""

    sent: int = 0
    failed: int = 0

    def __bool__(self) -> bool:
        return bool(self.sent or self.failed)


def deliver_due(*, clock: Callable[[], datetime] = db_now, for_seconds: float = 5.0) -> Delivered:
    """Send what is due, for about `for_seconds`; longer only while something is still being sent.

    `clock` is asked for every lease and every mark, for sending takes time.
    """
    courier = Courier(clock)
    try:
        courier.run(for_seconds)
    finally:
        courier.go_home()
    return courier.delivered


@dataclass
class Courier:
    """One pass over the outbox."""

    clock: Callable[[], datetime]
    name: str = field(default_factory=lambda: f"{socket.gethostname()[:20]}:{os.getpid()}:{uuid.uuid4().hex[:12]}")
    delivered: Delivered = field(default_factory=Delivered)
    threads: dict[str, ThreadPoolExecutor] = field(default_factory=dict)
    under_way: dict[Future[str], list[Leased]] = field(default_factory=dict)

    def run(self, for_seconds: float) -> None:
        """Lease, send, mark, until nothing is due and nothing is under way, or time is up."""
        began = time.monotonic()
        while time.monotonic() - began < GIVE_UP:
            fresh = self._start() if self.under_way or time.monotonic() - began < for_seconds else 0
            if not self.under_way:
                if fresh == 0:
                    return
                continue
            done, _ = wait(self.under_way, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED)
            self._mark(done)

    def go_home(self) -> None:
        """Wait for nobody: a try that still hangs is found by its lease."""
        for pool in self.threads.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> int:
        busy = Counter(bundle[0].notification.channel for bundle in self.under_way.values())
        full = [channel for channel, count in busy.items() if count > AT_ONCE - SPARE]
        room = AT_ONCE - max((count for channel, count in busy.items() if channel not in full), default=0)
        found = lease(now=self.clock(), by=self.name, limit=room, without=full)
        facts = messages.facts_of(one.notification.incident_id for one in found)
        for bundle in bundles(found):
            self._send(bundle, facts)
        return len(found)

    def _send(self, bundle: list[Leased], facts: messages.Facts) -> None:
        rows = [one.notification for one in bundle]
        row = rows[0]
        try:
            message = messages.render(row, facts) if len(rows) == 1 else messages.render_bundle(rows, facts)
        except Exception as error:  # words that can't be made up must not keep a page from going out
            log.exception("message could not be rendered; sending it bare", notification=row.pk, error=str(error))
            message = messages.bare(rows)
        pool = self.threads.setdefault(row.channel, ThreadPoolExecutor(AT_ONCE, thread_name_prefix=row.channel))
        self.under_way[pool.submit(_hand_over, row.channel, message, row.address)] = bundle

    def _mark(self, done: set[Future[str]]) -> None:
        outcomes = [one for future in done for one in _outcomes(future, self.under_way.pop(future))]
        settle(outcomes, now=self.clock())
        failed = sum(1 for outcome in outcomes if outcome.error)
        self.delivered = Delivered(self.delivered.sent + len(outcomes) - failed, self.delivered.failed + failed)


def _hand_over(channel: str, message: Message, address: str) -> str:
    return channel_named(channel).send(message, address)


def _outcomes(future: Future[str], bundle: list[Leased]) -> list[Outcome]:
    """What came of one message, for everything that was in it."""
    try:
        receipt = _storable(future.result())
    except ChannelError as error:
        words = _storable(str(error)) or type(error).__name__
        return [Outcome(one, error=words, permanent=error.permanent) for one in bundle]
    except Exception as error:  # a channel's bug counts as its failure, and is tried again
        log.exception("channel failed in an unforeseen way", channel=bundle[0].notification.channel)
        return [Outcome(one, error=_storable(f"{type(error).__name__}: {error}")) for one in bundle]
    return [Outcome(one, receipt=receipt) for one in bundle]


def _storable(words: str) -> str:
    """What a server said may hold anything; what can't be kept would be sent again and again."""
    return words.replace("\x00", "").encode(errors="replace").decode()
