"""The series of one metric on one target, counted in the order of time: rules 2 to 5 and 7 of slo.md §3."""

from collections import defaultdict
from collections.abc import Mapping
from math import ceil

from slo.counting.constants import BUCKET
from slo.counting.flags import Flag
from slo.counting.health import Health
from slo.counting.lines import Increment, Line, Span
from slo.counting.samples import Number, number
from slo.counting.state import Group

_RATE_SLOT = 300

type Row = tuple[Line, Number]


class Target:
    """One walk over the samples of siblings. `lines` are the series of the answer, by identity."""

    def __init__(self, before: Group, lines: Mapping[str, Line], health: Health, span: Span) -> None:
        self.before = before
        self.lines = lines
        self.health = health
        self.span = span
        self.rules = span.rules
        self.seen, self.fell, self.start = before.seen, before.fell, before.start
        self.rates = dict(before.rates)
        self.steps: dict[float, list[Row]] = {}

    def walk(self) -> Group:
        """Count every sample that is new, and answer where the siblings stand afterwards."""
        self.steps = self._new_samples()
        for at in sorted(self.steps):
            self._step(at, self.steps[at])
        if not self.steps:
            return self.before
        tails = {**self.before.tails, **{name: line.tail() for name, line in self.lines.items() if line.last}}
        return Group(tails, self.seen, self.fell, self.start, self.rates, self.before.replica)

    def _new_samples(self) -> dict[float, list[Row]]:
        """The new samples by time, and the times of successful scrapes that lacked them all."""
        steps: dict[float, list[Row]] = defaultdict(list)
        until = self.span.until
        for line in self.lines.values():
            last = line.last
            for at, text in line.series.samples:
                if last < at <= until:
                    value = int(text) if text.isdecimal() else number(text)
                    if value is not None:
                        steps[at].append((line, value))
        for at in self.health.scraped or ():
            if self.before.seen < at <= until:
                steps.setdefault(at, [])
        return steps

    def _step(self, at: float, rows: list[Row]) -> None:
        restarted = self._note_start(at)
        resets = self._resets(rows)
        if resets:
            self.fell = max(self.fell, at)
        busiest = self._count_rows(at, rows, resets)
        self._count_births(at, rows, restarted)
        self._note_rate(at, busiest)
        self._move(at, rows)
        if self._is_scrape(at, rows):
            self.seen = max(self.seen, at)  # a sample may arrive late

    def _count_rows(self, at: float, rows: list[Row], resets: set[int]) -> float:
        """Count the series that had a sample before; answers the busiest rate among them, events a second.

        This loop sees every sample: the usual case is written out, the odd ones are told apart in `_odd`.
        """
        fell, bucket, busiest = self.fell, self.span.bucket(at), 0.0
        latest_gap, open_now = at - self.rules.gap_floor, at > self.span.cursor
        for line, value in rows:
            last = line.last
            if fell <= last and value >= line.value and last >= latest_gap and open_now and not line.dip:
                amount = value - line.value
                if amount:
                    line.value = value
                    line.plain[bucket] = line.plain.get(bucket, 0) + amount
                    rate = float(amount) / (at - last)
                    busiest = rate if rate > busiest else busiest
            elif last:
                busiest = max(busiest, self._count_odd(line, value, at, resets))
        return busiest

    def _count_odd(self, line: Line, value: Number, at: float, resets: set[int]) -> float:
        """Count one sample with something special to it; answers the rate, events a second."""
        amount, flags = self._odd(line, value, at, resets)
        span = at - line.last
        if at <= self.span.cursor:
            if line.fresh:  # what a series did before the ledger first saw it belongs to nobody
                return 0.0
            flags |= Flag.LATE.value
            line.known |= 1
        if span > max(self.rules.gap_floor, self.rules.gap_intervals * line.interval):
            flags |= Flag.CARRIED.value
        if amount or flags & Flag.REBASED.value:
            line.marked.append(Increment(self.span.bucket(at), amount, flags, None))
        return float(amount) / span

    def _odd(self, line: Line, value: Number, at: float, resets: set[int]) -> tuple[Number, int]:
        """A series that fell, is in a dip, or whose siblings fell since its last sample."""
        before = line.value
        if id(line) in resets:
            amount, flags = value, Flag.RESET.value
        elif value < before:
            return self._dip(line, value, at)
        elif self._reset_unseen(line, at):
            amount, flags = value, Flag.HIDDEN_RESET.value
        else:
            amount, flags = value - before, 0
        line.value, line.dip = value, 0.0
        return amount, flags

    def _dip(self, line: Line, value: Number, at: float) -> tuple[Number, int]:
        """A fall that is no reset counts nothing and keeps the old value, until it has lasted too long (rule 3)."""
        line.dip = line.dip or at
        if at - line.dip < self.rules.dip_patience:
            return 0, 0
        line.value, line.dip = value, 0.0
        return 0, Flag.REBASED.value

    def _resets(self, rows: list[Row]) -> set[int]:
        """The series that start again here, by `id`: what fell far, and the rest of its histogram (rule 3)."""
        fallen = [(line, value) for line, value in rows if value < line.value and self._fell_far(line.value, value)]
        if not fallen:
            return set()
        found = {id(line) for line, _ in fallen}
        histograms = {_histogram(line) for line, _ in fallen} - {None}
        if histograms:
            found |= {id(line) for line, _ in rows if line.last and _histogram(line) in histograms}
        return found

    def _fell_far(self, before: Number, value: Number) -> bool:
        if float(before - value) <= self.rules.float_noise * float(before):
            return False
        return before < self.rules.small_counter or float(value) <= float(before) * self.rules.reset_share

    def _reset_unseen(self, line: Line, at: float) -> bool:
        """Whether the counter started again and has passed its old value since (rule 4)."""
        if not line.last < self.fell <= at:
            return False
        missed_a_scrape = line.last < self.seen < at and self._is_shared(at)
        return missed_a_scrape or (self.start > line.last and self.fell >= self.start)

    def _count_births(self, at: float, rows: list[Row], restarted: bool) -> None:
        """First values: counted where nothing speaks against it, else a baseline (rule 5)."""
        newborn = [(line, value) for line, value in rows if not line.last]
        limit = self._largest_birth(at, rows, restarted) if newborn else 0.0
        for line, value in newborn:
            line.value = value
            if at <= self.span.cursor or not value:
                continue
            if line.series.labels.get("instance") and value <= limit:
                gap = Flag.CARRIED.value if at - self.seen > self.rules.gap_floor else 0
                line.marked.append(Increment(self.span.bucket(at), value, Flag.BIRTH.value | gap, self.seen))
            else:
                line.marked.append(Increment(self.span.bucket(at), 0, Flag.BASELINE.value, None))

    def _largest_birth(self, at: float, rows: list[Row], restarted: bool) -> float:
        """The largest first value that counts at this scrape; 0 where none does."""
        if not 0 < self.seen < at or not self._is_shared(at) or (self._someone_vanished(rows) and not restarted):
            return 0.0
        slots = [rate for slot, rate in self.rates.items() if slot >= self._oldest_slot(at)]
        return max(self.rules.small_counter, self.rules.birth_factor * max(slots, default=0.0) * (at - self.seen))

    def _someone_vanished(self, rows: list[Row]) -> bool:
        """Whether a sibling of the scrape before is missing now: then a newcomer may be the same series renamed."""
        here = {id(line) for line, _ in rows}
        if any(line.last == self.seen and id(line) not in here for line in self.lines.values()):
            return True
        return any(tail.last == self.seen and name not in self.lines for name, tail in self.before.tails.items())

    def _is_scrape(self, at: float, rows: list[Row]) -> bool:
        return bool(rows) if self.health.scraped is None else at in self.health.scraped

    def _is_shared(self, at: float) -> bool:
        """Whether a sample's time is that of a scrape; exporters may write times of their own, which tell nothing."""
        if self.health.scraped is None:
            return len(self.steps[at]) > 1
        return at in self.health.scraped

    def _note_start(self, at: float) -> bool:
        """Take over the process start reported at this scrape; answers whether it is another process than before."""
        start = self.health.starts.get(at)
        if start is None:
            return False
        before, self.start = self.start, start
        return bool(before) and abs(start - before) > self.rules.start_tolerance

    def _note_rate(self, at: float, rate: float) -> None:
        slot, oldest = int(at // _RATE_SLOT), self._oldest_slot(at)
        if rate > self.rates.get(slot, 0.0):
            self.rates[slot] = rate
        self.rates = {slot: rate for slot, rate in self.rates.items() if slot >= oldest}

    def _oldest_slot(self, at: float) -> int:
        return int((at - self.rules.busy_memory) // _RATE_SLOT)

    def _move(self, at: float, rows: list[Row]) -> None:
        """Every series here was seen at `at`, which makes its bucket known (rule 8)."""
        bucket = ceil(at / BUCKET) * BUCKET
        own, bucket_before = self.span.bits(bucket, at + BUCKET), bucket - BUCKET
        for line, _ in rows:
            last = line.last
            if last and last <= bucket_before - BUCKET:
                line.known |= line.visible(self.span, before=bucket)
            if last and at - last != line.interval:
                line.interval = _interval(at - last, line.interval)
            line.last = at
            line.known |= own


def _interval(span: float, usual: float) -> float:
    """The distance to expect after one of `span`: an odd one moves it little, a lasting change soon."""
    return min(max(span, usual / 2), usual * 1.25) if usual else span


def _histogram(line: Line) -> tuple[tuple[str, str], ...] | None:
    """The histogram a bucket series belongs to; None for anything else."""
    labels = line.series.labels
    if "le" not in labels:
        return None
    return tuple(sorted((name, value) for name, value in labels.items() if name != "le"))
