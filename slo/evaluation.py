"""One batch at a time: plan, fetch, append, decide, record. The only orchestration.

A batch is a cursor group: ledgers of one source that stand at one bucket. It is leased, asked for outside any
transaction, and everything that follows from the answer is written in one; dying anywhere before its commit leaves
nothing behind, and whoever comes next counts the same samples again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from django.db import transaction

from portal.lib import garbage
from portal.lib.crypto import CannotUnseal
from slo import answering, crowds, ledger, planning, recording, sources
from slo.counting import State
from slo.fetching import Fetch, Fetched, own_state
from slo.judging import Seen, judge
from slo.ledger.groups import ANY_SOURCE, AnySource, drop_empty, hold
from slo.ledger.members import Member, members
from slo.models import DataSource, Standing, Sweep
from slo.prometheus import QueryTooHeavy, SourceUnreachable

log = structlog.get_logger(__name__)

BUCKET = timedelta(seconds=60)
USUAL_INTERVAL = 15.0
"""Scrape interval assumed when it is decided how much to ask for at once, seconds."""
LONGEST_WAIT = timedelta(minutes=10)
OWN_DELAY = timedelta(seconds=5)
"""How long after its end a bucket closes that the portal answers for itself."""
OWN_STEP = timedelta(days=2)
"""How much history the portal reads of itself at once."""
PATIENCE = timedelta(hours=2)
"""For so long a stretch of partial answers is asked for again as a whole; then it stays as it is, marked."""
OUTAGE = 3 * BUCKET
"""A pass that spans more was a catch-up, which the page says."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What one batch took and did; `error` says why it did nothing. `seconds` are of both, fetching and writing."""

    ledgers: int = 0
    rows: int = 0
    queries: int = 0
    samples: int = 0
    seconds: float = 0.0
    writing: float = 0.0
    error: str = ""


def evaluate_due(*, now: datetime, source: int | AnySource | None = ANY_SOURCE) -> Pass | None:
    """Evaluate one batch that is due, of one `source` where given; None when there is none.

    Safe to run any number of times at once. A source is named by its primary key; None is the portal itself.
    """
    return _next(now=now, filling=False, source=source)


def fill_due(*, now: datetime, source: int | AnySource | None = ANY_SOURCE) -> Pass | None:
    """Read one stretch of history of one batch that has some to read; None when there is none."""
    return _next(now=now, filling=True, source=source)


def closed_until(now: datetime, delay: timedelta) -> datetime:
    """The end of the newest bucket that is closed: it ended at least `delay` ago."""
    seconds = int((now - delay).timestamp())
    return datetime.fromtimestamp(seconds - seconds % 60, UTC)


def _next(*, now: datetime, filling: bool, source: int | AnySource | None) -> Pass | None:
    group = ledger.lease_due(now=now, filling=filling, source=source)
    if group is None:
        return None
    begun = monotonic()
    try:
        with garbage.put_off():
            done = _Batch(group, now).run()
    except ledger.LeaseLost:
        return Pass(error="taken over by another worker")
    except Exception as error:  # one batch that can't be evaluated must not keep the others waiting
        log.exception("evaluation_failed", group=group.pk)
        ledger.postpone(group, next_due_at=now + _patience(group.failures), error=f"{type(error).__name__}: {error}")
        done = Pass(error=str(error))
    _stamp(done, filling, now, monotonic() - begun)
    return done


def _patience(failures: int) -> timedelta:
    """How long to wait after so many failures in a row before this one."""
    return min(LONGEST_WAIT, timedelta(seconds=15 * 2 ** min(failures, 6)))


def _stamp(done: Pass, filling: bool, now: datetime, seconds: float) -> None:
    """Leave a trace of the sweep, for the sidebar and the watchdog; one that evaluated nothing leaves none."""
    if not done.ledgers:
        return
    Sweep.objects.update_or_create(
        name="fill" if filling else "evaluate",
        defaults={
            "at": now,
            "ledgers": done.ledgers,
            "queries": done.queries,
            "samples": done.samples,
            "seconds": seconds,
        },
    )


def note_idle(*, now: datetime, begun: datetime | None = None) -> None:
    """Leave a trace of a sweep that `begun` then and found nothing more to do: somebody is looking.

    Its seconds are for how long there has been one sweep after the other.
    """
    since = watched_since(now=begun or now) or begun or now
    Sweep.objects.update_or_create(name="idle", defaults={"at": now, "seconds": (now - since).total_seconds()})


def watched_since(*, now: datetime) -> datetime | None:
    """Since when the portal has looked without a pause: `now` where it was off until now; None where it never looked.

    What it could not see because it was off itself is no silence of anybody else's.
    """
    seen = Sweep.objects.filter(name="idle").first()
    if seen is None:
        return None
    return now if now - seen.at > OUTAGE else min(now, seen.at - timedelta(seconds=seen.seconds))


class _Batch:
    """A leased group on its way through one pass."""

    def __init__(self, group: ledger.LeasedGroup, now: datetime) -> None:
        self.group, self.now = group, now
        self.source = DataSource.objects.get(pk=group.source_id) if group.source_id else None
        self.delay = self.source.effective_delay if self.source else OWN_DELAY
        self.newest = closed_until(now, self.delay)
        self.members: list[Member] = []
        self.watched = watched_since(now=now)

    @property
    def next_due_at(self) -> datetime:
        """When the bucket after the newest one closes."""
        return self.newest + BUCKET + self.delay

    def run(self) -> Pass:
        """Plan, fetch, append, decide, record."""
        if drop_empty(self.group):
            return Pass()
        if self.newest <= self.group.cursor:
            return self._wait()
        ledger.ensure_partitions(self.now.date())
        self.members = members(self.group.pk)
        state = ledger.load_state(self.group.pk)
        until = min(self.newest, self.group.cursor + self._step(len(state or ())))
        begun = monotonic()
        try:
            fetched = self._fetch(state, answering.Span(_seconds(self.group.counted_until), _seconds(until)))
        except (SourceUnreachable, CannotUnseal) as error:
            return self._unreachable(str(error))
        except QueryTooHeavy as error:
            return self._too_heavy(until - self.group.cursor, error)
        if self.source:
            sources.note_success(self.source, now=self.now)
        if fetched.partial and self.group.filling:
            return self._partial(fetched.partial)
        answered = monotonic()
        rows = self._write(fetched, until)
        done = monotonic()
        return Pass(len(fetched.counted), rows, fetched.queries, fetched.samples, done - begun, done - answered)

    def _fetch(self, state: State | None, span: answering.Span) -> Fetched:
        if self.source is None:
            return answering.answer(self.members, span)
        return Fetch(sources.client(self.source), self.members, span.cursor, span.until).run(state)

    def _step(self, series: int) -> timedelta:
        """How much to ask for at once."""
        if self.source is None:
            return OWN_STEP
        usual = timedelta(seconds=planning.fetch_range(max(series, len(self.members)), USUAL_INTERVAL))
        return min(usual, self.group.step or usual)

    def _wait(self) -> Pass:
        if self.group.filling:
            with transaction.atomic():
                hold(self.group)
                ledger.finish_filling(self.group, now=self.now)
        ledger.postpone(self.group, next_due_at=self.next_due_at)
        return Pass()

    @transaction.atomic
    def _write(self, fetched: Fetched, until: datetime) -> int:
        """Everything that follows from the answer, or nothing."""
        hold(self.group)
        base = self.group.counted_until
        if base < self.group.cursor:
            ledger.rewind([member.ledger_id for member in self.members], to=base)
        provisional = self._provisional(fetched, until)
        done = ledger.append(self._entries(fetched, until, provisional=provisional))
        if fetched.partial:
            ledger.mark_provisional(list(done), since=base)
        ledger.store_state(self.group.pk, fetched.before if provisional else fetched.state)
        self._set_apart(fetched, fetched.before if provisional else fetched.state)
        if fetched.downsampled:
            ledger.note_downsampled(fetched.downsampled, until=until)
        if fetched.crowded:
            crowds.fall_back(fetched.crowded, now=self.now)
        if fetched.replicas and self.source and not provisional and not self.group.filling:
            sources.note_replicas(self.source, fetched.replicas, now=self.now)
        caught_up = until == self.newest
        if caught_up and self.group.filling:
            ledger.finish_filling(self.group, now=self.now)
        if caught_up:
            seen = [
                self._seen(member, done[member.ledger_id], fetched)
                for member in self.members
                if member.ledger_id in done
            ]
            recording.record(judge(seen, until=until, now=self.now, watched=self.watched), now=self.now)
        ledger.advance(
            self.group,
            until=until,
            next_due_at=self.next_due_at if caught_up else self.now,
            provisional_from=base if provisional else None,
        )
        return sum(one.rows for one in done.values())

    def _provisional(self, fetched: Fetched, until: datetime) -> bool:
        """Whether this stretch is to be counted again: a part of it was missing, and not for too long already."""
        if not fetched.partial:
            return False
        if self.source:
            sources.note_warning(self.source, warning=fetched.partial)
        return until - self.group.counted_until <= PATIENCE

    def _entries(self, fetched: Fetched, until: datetime, *, provisional: bool) -> list[ledger.Entry]:
        """What is carried forward stays where it was as long as the stretch is to be counted again."""
        since, end = _seconds(self.group.counted_until), _seconds(until)
        surplus = {member.ledger_id: member.surplus for member in self.members}
        return [
            ledger.Entry(
                ledger_id, since, end, one.buckets, surplus[ledger_id] if provisional else one.surplus, one.last_sample
            )
            for ledger_id, one in sorted(fetched.counted.items())
        ]

    def _seen(self, member: Member, appended: ledger.Appended, fetched: Fetched) -> Seen:
        return Seen(
            member=member,
            sums=appended.sums,
            known=fetched.counted[member.ledger_id].fresh,
            last_sample=appended.last_sample,
            in_force=self.group.filling or member.in_force == member.ledger_id,
            partial_since=self.group.counted_until if fetched.partial else None,
            partial=fetched.partial,
            caught_up=not self.group.filling and self.newest - self.group.cursor > OUTAGE,
        )

    def _set_apart(self, fetched: Fetched, state: State) -> None:
        """Ledgers whose query is refused wait by themselves, so that they hold up nobody."""
        apart = {m.ledger_id: m for m in self.members if m.ledger_id in fetched.failed}
        if not apart:
            return
        states = {ledger_id: own_state(state, member) for ledger_id, member in apart.items()}
        wait = self.now + _patience(self.group.failures)
        ledger.eject(self.group, fetched.failed, states=states, next_due_at=wait)
        for member in apart.values():
            error = fetched.failed[member.ledger_id]
            recording.record_silence(
                [member], data=Standing.Data.ERROR, error=error, now=self.now, watched=self.watched
            )

    def _unreachable(self, error: str) -> Pass:
        """One fact about the source; its objectives are unseen, not bad."""
        if self.source:
            sources.note_failure(self.source, error=error, now=self.now)
        return self._unseen(error)

    def _partial(self, warning: str) -> Pass:
        """History can wait: the stretch is asked for again until the answer is whole."""
        if self.source:
            sources.note_warning(self.source, warning=warning)
        return self._unseen(f"The answer is partial: {warning}")

    def _unseen(self, error: str) -> Pass:
        with transaction.atomic():
            recording.record_silence(
                self.members, data=Standing.Data.UNREACHABLE, error=error, now=self.now, watched=self.watched
            )
        wait = min(_patience(self.group.failures), BUCKET)
        ledger.postpone(self.group, next_due_at=self.now + wait, error=error)
        return Pass(error=error)

    def _too_heavy(self, asked: timedelta, error: QueryTooHeavy) -> Pass:
        half = max(BUCKET, asked / 2 // BUCKET * BUCKET)
        ledger.set_step(self.group, step=half, next_due_at=self.now)
        return Pass(error=str(error))


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
