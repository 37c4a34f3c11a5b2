"""What objectives are judged by: their period, the windows of their alert rules, and what is left out of both."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, cast

from slo import exclusions
from slo.exclusions import Spans
from slo.models import AlertPolicy
from slo.windows import BurnWindow, Calendar, Period, Rule, burn_windows, parse_rules

SLOW = timedelta(hours=6)
"""The window whose pace the exhaustion is reckoned with."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What an objective is judged by."""

    period: Period
    windows: tuple[BurnWindow, ...]

    def edges(self, until: datetime) -> dict[timedelta | Literal["period"], datetime]:
        """Where each window begins that ends at `until`."""
        lengths = {SLOW, *(w.long for w in self.windows), *(w.short for w in self.windows)}
        return {"period": self.period.bounds(until)[0], **{length: until - length for length in lengths}}


def promise(
    *, rules: tuple[Rule, ...], window_days: int | None, calendar: str, time_zone: str, target: Any  # noqa: ANN401
) -> Promise:  # fmt: skip
    """The period and burn windows of an objective."""
    return _promise(rules, window_days, calendar, time_zone, target)


@lru_cache(maxsize=20_000)
def _promise(rules: tuple[Rule, ...], days: int | None, calendar: str, zone: str, target: Any) -> Promise:  # noqa: ANN401
    period = Period(days, cast("Calendar", calendar) if calendar else None, zone)
    return Promise(period, burn_windows(rules, period=period, target=target))


@lru_cache(maxsize=1_000)
def _rules(policy_id: int, changed: datetime, written: str) -> tuple[Rule, ...]:
    return parse_rules(AlertPolicy.objects.get(pk=policy_id).rules)


def rules_of(policies: Iterable[int]) -> dict[int, tuple[Rule, ...]]:
    """The rules of policies, by primary key; read again only when a policy has changed."""
    found = AlertPolicy.objects.filter(pk__in=set(policies)).values_list("pk", "updated_at", "name")
    return {pk: _rules(pk, changed, name) for pk, changed, name in found}


def left_out(ledgers: Sequence[int], promised: Collection[Promise], until: datetime) -> Mapping[int, Spans]:
    """What is excluded of each ledger in any window of these that ends at `until`, and in the rest of their periods."""
    if not ledgers:
        return {}
    first = min(at for one in promised for at in one.edges(until).values())
    last = max(one.period.bounds(until)[1] for one in promised)
    return exclusions.in_force(ledgers, first, last)
