"""Indicators that the portal answers itself, from what other apps know: no data source is asked."""

from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from slo.counting import BUCKET, Bucket, State
from slo.fetching import Counted, Fetched
from slo.ledger.members import Member
from slo.sources import registry

log = structlog.get_logger(__name__)


class Span(NamedTuple):
    """The buckets `(cursor, until]`, seconds since the epoch."""

    cursor: int
    until: int

    def ends(self) -> range:
        """The end of every bucket."""
        return range(self.cursor + BUCKET, self.until + 1, BUCKET)

    def moments(self) -> tuple[datetime, datetime]:
        """As times."""
        return datetime.fromtimestamp(self.cursor, UTC), datetime.fromtimestamp(self.until, UTC)


def answer(members: list[Member], span: Span) -> Fetched:
    """What is known of each ledger; every bucket is known, for who would know better? One that fails fails alone."""
    fetched = Fetched(state=State())
    for member in members:
        try:
            fetched.counted[member.ledger_id] = _counted(member, span)
        except Exception as error:  # what another app does wrong must not keep the other ledgers waiting
            log.exception("own_indicator_failed", ledger=member.ledger_id, type=member.type)
            fetched.failed[member.ledger_id] = f"The portal could not answer this itself: {error}"
    return fetched


def _counted(member: Member, span: Span) -> Counted:
    verdicts = registry[member.type](member.indicator, member.component_id, *span.moments())
    buckets = {end: Bucket(*verdicts.get(end, (0, 0))) for end in span.ends()}
    return Counted(buckets, 0, float(span.until), fresh=True)
