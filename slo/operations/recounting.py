"""Counting a stretch of a ledger again, from what the source still has; what is excluded stays so.

In slices: each is fetched outside any transaction and written in one of its own, so that evaluation goes on meanwhile
and dying costs only what was not written yet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import inf
from time import monotonic

from django.db import transaction

from catalog.access import Actor, require_owned
from catalog.models import ApiToken
from catalog.operations import record_audit
from portal.lib.errors import Expected, FieldError, Invalid
from slo import answering, exclusions, ledger, sources
from slo.counting import BUCKET, Bucket, Number, State
from slo.fetching import Counted, Fetch, Fetched, sides
from slo.indicators import kinds
from slo.ledger.members import Member, members
from slo.models import Cursor, DataSource, Objective
from slo.operations.exclusions import note_restated
from slo.prometheus import PrometheusError, QueryTooHeavy
from slo.restating import restate

SCOPE = ApiToken.Scope.SLOS
SLICE = timedelta(hours=6)


class CannotRecount(Expected):
    """This can't be counted again now."""


class SourceForgot(CannotRecount):
    """The source no longer has all of it, so counting again would lose what the ledger knows."""


class OnlyDownsampled(CannotRecount):
    """The source keeps the stretch only downsampled, from which no events can be counted."""


@dataclass(slots=True)
class DayChange:
    """What a day (UTC) of the stretch held before and after; excluded minutes are in neither."""

    good: Number = 0
    total: Number = 0
    known: int = 0
    new_good: Number = 0
    new_total: Number = 0
    new_known: int = 0

    @property
    def changed(self) -> bool:
        """Whether counting again found anything else."""
        return (self.good, self.total, self.known) != (self.new_good, self.new_total, self.new_known)


@dataclass(slots=True)
class Recounted:
    """What counting again found, by day."""

    days: dict[date, DayChange] = field(default_factory=dict)
    queries: int = 0
    written: bool = False
    reached: datetime | None = None
    """Up to where it is counted; before the end of the stretch where the time was up first."""
    share: float = 0.0
    """How much of the stretch that is, 0 to 1."""

    def total(self) -> DayChange:
        """All days together."""
        found = DayChange()
        for day in self.days.values():
            for name in DayChange.__dataclass_fields__:
                setattr(found, name, getattr(found, name) + getattr(day, name))
        return found


type Progress = Callable[[datetime, float], None]
"""Told how far it is counted, and which share of the stretch that is, 0 to 1."""


def recount(
    *,
    objective: Objective,
    start: datetime,
    end: datetime,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = lambda _at, _share: None,
    seconds: float = inf,
) -> Recounted:
    """Count the minutes that end in `(start, end]` again and put them in the place of what was there.

    Raises Invalid where the ledger has not counted them, SourceForgot where the source has not all of what it had,
    OnlyDownsampled where it has nothing else, CannotRecount where it can't be asked, WrongScope, NotYourTeam. What was
    written before that stays written. Begins no further slice after `seconds`; going on from `reached` does the rest.
    """
    late = monotonic() + seconds
    owner = objective.definition.component.owner
    require_owned(actor, [owner], scope=SCOPE)
    run = _Run(objective, _member(objective), start, end, now, dry_run)
    try:
        while not run.done and (run.reached == run.start or monotonic() < late):
            run.step()
            progress(run.reached, run.share)
    except PrometheusError as error:
        raise CannotRecount(str(error)) from error
    if not dry_run:
        run.finish(actor)
    run.found.reached, run.found.share = run.reached, run.share
    return run.found


def _member(objective: Objective) -> Member:
    cursor = Cursor.objects.filter(ledger=objective.ledger_id).first() if objective.ledger_id else None
    if cursor is None:
        raise CannotRecount(f"{objective.name} is followed no more.")
    return next(one for one in members(cursor.group_id) if one.ledger_id == objective.ledger_id)


class _Run:
    """One stretch on its way."""

    def __init__(
        self, objective: Objective, member: Member, start: datetime, end: datetime, now: datetime, dry_run: bool
    ) -> None:
        self.objective, self.now, self.dry_run = objective, now, dry_run
        self.member = replace(member, surplus=0)
        source_id = objective.ledger.source_id if objective.ledger else None
        self.source = DataSource.objects.filter(pk=source_id or 0).first()
        self.start, self.end = self._checked(start, end)
        self.reached, self.slice = self.start, SLICE
        self.state: State | None = None
        self.seen = False
        self.found = Recounted()

    def _checked(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        start, end = (at.astimezone(UTC).replace(second=0, microsecond=0) for at in (start, end))
        first = max(self.member.starts_at, self.now - exclusions.KEPT)
        last = Cursor.objects.values_list("bucket", flat=True).get(ledger=self.member.ledger_id)
        if start >= end:
            raise _invalid("to", "It must be after `from`.")
        if start < first or end > last:
            words = f"The ledger has counted from {first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%dT%H:%MZ}."
            raise _invalid("from" if start < first else "to", words)
        return start, end

    @property
    def done(self) -> bool:
        """Whether all of it is counted."""
        return self.reached >= self.end

    @property
    def share(self) -> float:
        """How much of it is counted."""
        return (self.reached - self.start) / (self.end - self.start)

    def step(self) -> None:
        """Count one slice, or find that it has to be shorter."""
        until = min(self.end, self.reached + self.slice)
        try:
            fetched = self._fetched(until)
        except QueryTooHeavy:
            if until - self.reached <= timedelta(seconds=BUCKET):
                raise
            minutes = (until - self.reached) // timedelta(seconds=BUCKET)
            self.slice = timedelta(seconds=BUCKET) * max(1, minutes // 2)
            return
        one = fetched.counted[self.member.ledger_id]
        self._compare(until, one.buckets)
        if not self.dry_run:
            self._write(until, one.buckets)
        self.state, self.reached = fetched.state, until
        self.member = replace(self.member, surplus=one.surplus)

    def _fetched(self, until: datetime) -> Fetched:
        fetched = self._ask(self.member, until)
        if not self.seen:
            bare = fetched
            if self.member.no_data != "ignore":  # what the policy says of minutes without data is no data
                bare = self._ask(replace(self.member, no_data="ignore"), until)
            self._look(until, bare.counted[self.member.ledger_id])
        return fetched

    def _ask(self, member: Member, until: datetime) -> Fetched:
        cursor, end = int(self.reached.timestamp()), int(until.timestamp())
        if self.source is None:
            fetched = answering.answer([member], answering.Span(cursor, end))
        else:
            fetched = Fetch(sources.client(self.source), [member], cursor, end).run(self.state)
        self.found.queries += fetched.queries
        if fetched.partial:
            raise CannotRecount(f"The source answers with a part only, so nothing is written: {fetched.partial}")
        if member.ledger_id in fetched.failed:
            raise CannotRecount(f"The source refuses the query: {fetched.failed[member.ledger_id]}")
        return fetched

    def _look(self, until: datetime, one: Counted) -> None:
        """Before its first sample the source has forgotten whatever the ledger knows."""
        had = [int(row.end.timestamp()) for row in self._rows(until)]
        first = min(one.buckets, default=None)
        if first is None or first - BUCKET > int(self.reached.timestamp()):
            self._refuse_downsampled(until if first is None else exclusions.moment(first - BUCKET))
        if had and (first is None or had[0] < first):
            words = "has nothing" if first is None else f"begins at {exclusions.moment(first - BUCKET):%Y-%m-%dT%H:%MZ}"
            raise SourceForgot(
                f"From {self.reached:%Y-%m-%dT%H:%MZ} to {until:%Y-%m-%dT%H:%MZ} the source {words}, and the ledger"
                f" knows minutes from {exclusions.moment(had[0] - BUCKET):%H:%MZ} on: choose a later beginning."
            )
        self.seen = first is not None

    def _refuse_downsampled(self, until: datetime) -> None:
        """Of a stretch without a sample, say where it is there in a form that can't be counted."""
        if self.source is None or not kinds[self.member.type].counted:
            return
        asked, span = sources.client(self.source), int((until - self.reached).total_seconds())
        for selector in sides(self.member).values():
            if asked.downsampled(str(selector), at=until.timestamp(), range_s=span):
                raise OnlyDownsampled(
                    f"From {self.reached:%Y-%m-%dT%H:%MZ} to {until:%Y-%m-%dT%H:%MZ} {self.source.name} keeps"
                    f" {selector.metric} only downsampled: in sums of five minutes or an hour, from which no events can"
                    " be counted. Choose a later beginning."
                )

    def _rows(self, until: datetime) -> list[ledger.BucketRow]:
        return ledger.buckets(self.member.ledger_id, start=self.reached, end=until)

    def _compare(self, until: datetime, new: Mapping[int, Bucket]) -> None:
        held = exclusions.in_force([self.member.ledger_id], self.reached, until)
        out = set(exclusions.ends_in(held.get(self.member.ledger_id, exclusions.NONE)))
        for row in self._rows(until):
            if not row.excluded:
                day = self._day(int(row.end.timestamp()))
                day.good += row.good + row.carried_good
                day.total += row.total + row.carried_total
                day.known += 1
        for end, bucket in new.items():
            if end not in out:
                day = self._day(end)
                day.new_good += bucket.good + bucket.carried_good
                day.new_total += bucket.total + bucket.carried_total
                day.new_known += 1

    def _day(self, end: int) -> DayChange:
        return self.found.days.setdefault(exclusions.moment(end - BUCKET).date(), DayChange())

    @transaction.atomic
    def _write(self, until: datetime, new: Mapping[int, Bucket]) -> None:
        held = ledger.hold(self.member.ledger_id)
        if held is None:
            raise CannotRecount(f"{self.objective.name} got another ledger meanwhile.")
        stretch = ledger.Stretch(int(self.reached.timestamp()), int(until.timestamp()))
        ledger.recount(held, stretch, new, now=self.now)
        self.found.written = True

    @transaction.atomic
    def finish(self, actor: Actor) -> None:
        """Say what it came to."""
        ledger.hold(self.member.ledger_id)
        owner, total = self.objective.definition.component.owner, self.found.total()
        restated = restate(self.member.ledger_id, reason="Minutes were counted again", now=self.now)
        if restated:
            note_restated(restated, because="recount", actor=actor, now=self.now)
        record_audit(
            actor=actor,
            action="ledger.rebuild",
            object_ref=f"slo:{self.objective.name}",
            diff={
                "stretch": ("", f"{self.start:%Y-%m-%dT%H:%MZ}/{self.reached:%Y-%m-%dT%H:%MZ}"),
                "good": (str(total.good), str(total.new_good)),
                "total": (str(total.total), str(total.new_total)),
                "known": (total.known, total.new_known),
            },
            now=self.now,
            owner_ref=owner.ref if owner else "",
        )


def _invalid(field_name: str, message: str) -> Invalid:
    return Invalid(f"{field_name}: {message}", errors=(FieldError(field_name, "invalid", message),))
