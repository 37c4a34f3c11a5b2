"""A campaign's burn-up and a component's own levels as numbers for an SVG and a table."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from catalog.models import Campaign, CampaignDay, Score, ScoreStep
from portal.lib.drawn import share

GAP = 0.1
"""Part of a day's column that stays empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """One day (SVG lengths in per cent): what was reached stands at the bottom, all that was asked for behind it."""

    x: str
    width: str
    y: str
    height: str
    all_y: str
    all_height: str
    said: str


@dataclass(frozen=True, slots=True)
class BurnUp:
    """Columns from the first day to the due one, and the even pace from how it began to all; days to come are empty."""

    first: date
    last: date
    columns: tuple[Column, ...]
    pace: tuple[str, str, str, str]
    """x1, y1, x2, y2."""
    most: int
    rows: tuple[tuple[date, int, int], ...]
    label: str


def burn_up(campaign: Campaign, days: Sequence[CampaignDay]) -> BurnUp | None:
    """The burn-up of these days, oldest first; None without any that asked for something."""
    most = max((one.total for one in days), default=0)
    if not most:
        return None
    first = days[0].day
    last = max(campaign.due_on, days[-1].day, first + timedelta(days=6))
    width = 1 / ((last - first).days + 1)
    columns = [_column(one, (one.day - first).days * width, width, most) for one in days]
    due = ((campaign.due_on - first).days + 1) * width
    pace = (share(0), share(1 - days[0].reached / most), share(due), share(1 - days[-1].total / most))
    end = days[-1]
    label = (
        f"{end.reached} of {end.total} reached on {_day(end.day)}, {days[0].reached} on {_day(first)}; "
        f"due {_day(campaign.due_on)}."
    )
    rows = tuple((one.day, one.reached, one.total) for one in reversed(days))
    return BurnUp(first, last, tuple(columns), pace, most, rows, label)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A level held from one day to another (SVG lengths in per cent)."""

    level: int
    x: str
    width: str
    said: str


@dataclass(frozen=True, slots=True)
class Levels:
    """A component's levels over time as one band, and its steps as rows, the newest first."""

    first: date
    last: date
    stretches: tuple[Stretch, ...]
    rows: tuple[tuple[date, str, int, int, int], ...]
    label: str


def levels_of(steps: Sequence[ScoreStep], *, today: date) -> Levels | None:
    """The band of these steps, oldest first, up to today; None without any."""
    if not steps:
        return None
    first = min(steps[0].day, today - timedelta(days=13))
    days = (today - first).days + 1
    ends = [*(one.day for one in steps[1:]), today + timedelta(days=1)]
    stretches = [
        Stretch(
            one.level,
            share((one.day - first).days / days),
            share(max((end - one.day).days, 0) / days),
            f"{one.get_level_display()} from {_day(one.day)}, {one.passed} of {one.passed + one.failed + one.unknown}",
        )
        for one, end in zip(steps, ends, strict=True)
    ]
    rows = tuple(
        (one.day, str(Score.Level(one.level).label), one.passed, one.failed, one.unknown) for one in reversed(steps)
    )
    label = f"{rows[0][1]} since {_day(_since(steps))}; what is known begins on {_day(steps[0].day)}."
    return Levels(first, today, tuple(stretches), rows, label)


def _since(steps: Sequence[ScoreStep]) -> date:
    """Since when the last one's level was held: steps that change only the sums lie within."""
    run = itertools.takewhile(lambda one: one.level == steps[-1].level, reversed(steps))
    return min(one.day for one in run)


def _column(one: CampaignDay, x: float, width: float, most: int) -> Column:
    height, whole = one.reached / most, one.total / most
    said = f"{_day(one.day)}: {one.reached} of {one.total}"
    return Column(
        share(x), share(width * (1 - GAP)), share(1 - height), share(height), share(1 - whole), share(whole), said
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
