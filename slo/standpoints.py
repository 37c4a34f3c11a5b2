"""A promise at one bucket: what is the same for all objectives that promise the same, worked out once for all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from slo.exclusions import unit_of
from slo.ledger.members import Member
from slo.promises import SLOW, Promise, promise, rules_of

type Name = timedelta | Literal["period"]
"""A window: its length, or the period."""


@dataclass(frozen=True, slots=True, eq=False)
class Standpoint:
    """What an objective is judged by, for windows that end at `until`."""

    promised: Promise
    until: datetime
    starts: Mapping[Name, datetime]
    unit: timedelta
    """How much time one row of the ledger makes known: a bucket's, or a slice's."""
    units: Mapping[Name, int]
    """How many of them each window has, when nothing is excluded."""
    period: timedelta
    """How long the period is as a whole."""
    shortest: timedelta
    """The shortest of the short windows."""
    seconds: tuple[float, ...]
    """How long the long window of each rule is."""


def standpoints(members: Iterable[Member], until: datetime) -> list[Standpoint]:
    """One for each member, in their order; members that promise the same share theirs."""
    mine = list(members)
    rules = rules_of({member.policy_id for member in mine})
    made: dict[tuple[object, ...], Standpoint] = {}
    found: list[Standpoint] = []
    for m in mine:
        key = (m.policy_id, m.window_days, m.calendar, m.time_zone, m.target, m.type, m.slice_length)
        if key not in made:
            promised = promise(
                rules=rules[m.policy_id],
                window_days=m.window_days,
                calendar=m.calendar,
                time_zone=m.time_zone,
                target=m.target,
            )
            made[key] = _standpoint(promised, until, timedelta(seconds=unit_of(m.type, m.slice_length)))
        found.append(made[key])
    return found


def _standpoint(promised: Promise, until: datetime, unit: timedelta) -> Standpoint:
    starts = promised.edges(until)
    return Standpoint(
        promised=promised,
        until=until,
        starts=starts,
        unit=unit,
        units={name: (until - start) // unit for name, start in starts.items()},
        period=promised.period.length(until),
        shortest=min((window.short for window in promised.windows), default=SLOW),
        seconds=tuple(window.long.total_seconds() for window in promised.windows),
    )
