"""How bad it is at this moment: what an alert rule counted last, and what an uptime indicator measures now, such
as how many jobs wait, which is asked of its source, for eyes only.

What is judged is in the ledger; this is what somebody who is woken up wants to see beside it. However many look, a
source is asked once in a few seconds, and a source that does not answer is left alone for longer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

import structlog
from django.core.cache import cache

from portal.lib.crypto import CannotUnseal
from slo import sources
from slo.models import Objective
from slo.prometheus import PrometheusError
from slo.queries.outlook import window_of

log = structlog.get_logger(__name__)
KEPT, LEFT_ALONE = 10, 60
"""Seconds for which an answer holds, and for which a source that gave none is not asked again."""


@dataclass(frozen=True, slots=True)
class Current:
    """The lowest and the highest value of its series, and the condition under which one is good, such as `<= 12`."""

    lowest: float
    highest: float
    series: int
    condition: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Of the long window of an alert rule, as last read; None is not known."""

    rule: str
    window: timedelta
    factor: float
    bad: float | None
    total: float | None
    burn: float | None


def counted(objective: Objective, rules: Collection[str] = ()) -> Counted | None:
    """Of an objective of `fleet`, by `window_of` its `rules`; asks nothing further. None where it has no rule."""
    first = window_of(objective, rules)
    if first is None:
        return None
    readings: list[dict[str, Any]] = objective.standing.readings
    read = next((one for one in readings if one.get("rule") == first.rule.name), {})
    good, bad = (None if read.get(name) is None else float(read[name]) for name in ("good", "bad"))
    return Counted(
        rule=first.rule.title,
        window=first.long,
        factor=float(first.factor),
        bad=bad,
        total=None if good is None or bad is None else good + bad,
        burn=read.get("burn_long"),
    )


def current(objective: Objective, *, now: datetime) -> Current | None:
    """Of an objective of `fleet`, with its ledger joined; None for what is no such indicator, or can't be told now."""
    book, source = objective.ledger, objective.definition.source
    if book is None or book.type != "uptime" or source is None or source.down_since is not None:
        return None
    key = f"slo-current-{book.pk}"
    values: list[float] | None = cache.get(key)
    if values is None:
        values, seconds = [], LEFT_ALONE
        try:
            answer = sources.client(source).instant(str(book.indicator["query"]), at=now.timestamp()).series
            values, seconds = [float(one.samples[-1][1]) for one in answer if one.samples], KEPT
        except (PrometheusError, CannotUnseal) as error:
            log.info("no_current_value", objective=objective.name, error=str(error))
        cache.set(key, values, seconds)
    told = [value for value in values if isfinite(value)]
    if not told:
        return None
    return Current(min(told), max(told), len(told), str(book.indicator["condition"]))
