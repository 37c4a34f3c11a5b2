"""The analytics as they are drawn and exported: charts with their tables, and the columns of the CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.analytics import Escalations, Figures, FollowUp, Load, People, Spread, month_words
from incidents.queries.analytics import Wanted
from portal.lib import words
from slo import charts

UNITS = ((3 * 86400, 86400, "d"), (2 * 3600, 3600, "h"), (0, 60, "min"))
SHOWN_BARS = 12
FIGURES = (
    "incidents", "symptoms", "openings", "still_open",
    "time_to_acknowledge_count", "time_to_acknowledge_median_s", "time_to_acknowledge_p90_s", "unanswered", "waiting",
    "time_to_restore_count", "time_to_restore_median_s", "time_to_restore_p90_s",
    "time_between_failures_count", "time_between_failures_median_s", "time_between_failures_p90_s",
    "blocked_minutes", "blocked_unknown", "paged", "noisy", "noise",
)  # fmt: skip
ESCALATIONS = ("pages", "past_step_one", "share")
ITEMS = ("due", "in_time", "late", "overdue", "dropped", "share")
LOADS = ("pages", "at_night", "nights", "at_weekends", "weekends")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart, its sentence and its table; `figure` is None where there is nothing to draw."""

    id: str
    title: str
    note: str
    label: str
    figure: charts.Figure | None
    table: dict[str, Any]
    keys: tuple[tuple[str, str, bool], ...] = ()
    """Words, class and whether dashed, of what is drawn, where it is more than one thing."""


def figure_values(one: Figures) -> tuple[Any, ...]:
    """As `FIGURES` names them; seconds and minutes exactly, None where there is none."""
    spreads = [(spread.count, spread.median, spread.p90) for spread in (one.taken, one.restored, one.apart)]
    return (
        one.incidents, one.symptoms, one.openings, one.still_open, *spreads[0], one.untaken, one.waiting, *spreads[1],
        *spreads[2], one.blocked, one.blocked_unknown, one.paged, one.noisy, one.noise,
    )  # fmt: skip


def escalation_values(one: Escalations) -> tuple[Any, ...]:
    """As `ESCALATIONS` names them."""
    return one.pages, one.past, one.share


def item_values(one: FollowUp) -> tuple[Any, ...]:
    """As `ITEMS` names them."""
    return tuple(getattr(one, name) for name in ITEMS)


def load_values(one: Load) -> tuple[Any, ...]:
    """As `LOADS` names them."""
    return tuple(getattr(one.disturbed, name) for name in LOADS)


def overview(months: Sequence[Figures], asked: Wanted) -> list[Drawn]:
    """By month: how many, how fast taken and restored, how far apart, how many hours blocked."""
    return [
        _counts(months, asked),
        _times("taken", "Time to acknowledge", "from an opening to somebody's answer", months, asked),
        _times("restored", "Time to restore", "from the opening to the last resolution", months, asked),
        _times("apart", "Time between failures", "of one component, opening to opening", months, asked),
        _blocked(months, asked),
        noise(months, asked),
    ]


def noise(months: Sequence[Figures], asked: Wanted) -> Drawn:
    """Openings that paged somebody, and those of them for nothing."""
    series = [
        charts.Line("paged somebody", _points(asked, [one.paged for one in months]), "all"),
        charts.Line("noise", _points(asked, [one.noisy for one in months]), "bad"),
    ]
    rows = [[one.label, one.paged, one.noisy, _percent(one.noise)] for one in months]
    said = f"{sum(one.noisy for one in months)} of {sum(one.paged for one in months)} openings that paged were noise"
    return Drawn(
        "noise", "Noise", "over by itself within 5 minutes", said, charts.columns_over(series) if months else None,
        _table(["Month", "Paged somebody", "Noise", "Share"], rows),
        (("paged", "key-bar key-3", False), ("noise", "key-bar is-bad", False)),
    )  # fmt: skip


def groups(rows: Sequence[Figures], thing: str) -> list[Drawn]:
    """The first dozen teams or components: how many incidents, how many hours blocked."""
    many = sorted(rows, key=lambda one: -one.incidents)[:SHOWN_BARS]
    blocking = sorted((one for one in rows if one.blocked), key=lambda one: -(one.blocked or 0))[:SHOWN_BARS]
    return [
        Drawn(
            "incidents", "Incidents", _first_of(len(rows), thing),
            _first_words(many, "incidents", lambda one: one.incidents),
            charts.bars([(one.label, one.incidents) for one in many], name="incidents", role="main") if many else None,
            _table([thing.capitalize(), "Incidents"], [[one.label, one.incidents] for one in many]),
        ),
        Drawn(
            "blocked", "Developer-hours blocked", _first_of(len(rows), thing),
            _first_words(blocking, "hours blocked", lambda one: round(one.blocked_hours or 0)),
            charts.bars([(one.label, one.blocked_hours) for one in blocking], name="hours", role="bad", suffix=" h")
            if blocking else None,
            _table([thing.capitalize(), "Hours"], [[one.label, _number(one.blocked_hours)] for one in blocking]),
        ),
    ]  # fmt: skip


def people(found: People, asked: Wanted) -> list[Drawn]:
    """Calls by month, and the dozen people with the most disturbed nights."""
    series = [
        charts.Line("calls", _points(asked, [one.pages for one in found.months]), "all"),
        charts.Line("at night", _points(asked, [one.at_night for one in found.months]), "bad"),
    ]
    months = [[month_words(one.month), one.pages, one.at_night] for one in found.months]
    most = sorted((one for one in found.loads if one.disturbed.nights), key=lambda one: -one.disturbed.nights)
    named = [(one.person.label, one.disturbed) for one in most[:SHOWN_BARS]]
    return [
        Drawn(
            "calls", "Calls by month", "people called, nights by their own clocks",
            f"{found.pages} calls, {found.at_night} of them at night", charts.columns_over(series),
            _table(["Month", "Calls", "At night"], months),
            (("calls", "key-bar key-3", False), ("at night", "key-bar is-bad", False)),
        ),
        Drawn(
            "nights", "Nights disturbed", "by person, most first",
            ", ".join(f"{name}: {one.nights}" for name, one in named[:3]) or "No night was disturbed",
            charts.bars([(name, one.nights) for name, one in named], name="nights", role="bad") if named else None,
            _table(["Person", "Nights", "Calls"], [[name, one.nights, one.pages] for name, one in named]),
        ),
    ]  # fmt: skip


def follow_up(months: Sequence[FollowUp], asked: Wanted) -> list[Drawn]:
    """Action items by the month they were due in: all, and those not done in time."""
    missed = [one.late + one.overdue for one in months]
    series = [
        charts.Line("due", _points(asked, [one.due for one in months]), "all"),
        charts.Line("not in time", _points(asked, missed), "bad"),
    ]
    rows = [[one.label, one.due, one.in_time, one.late, one.overdue, one.dropped] for one in months]
    return [
        Drawn(
            "items", "Action items", "by the month they were due",
            f"{sum(missed)} of {sum(one.due for one in months)} not in time", charts.columns_over(series),
            _table(["Month", "Due", "In time", "Late", "Overdue", "Dropped"], rows),
            (("due", "key-bar key-3", False), ("not in time", "key-bar is-bad", False)),
        )
    ]  # fmt: skip


def past_step_one(rows: Sequence[Escalations]) -> Drawn:
    """The dozen teams with the most pages, the largest share first: in how many of them step one was not enough."""
    most = sorted([one for one in rows if one.past][:SHOWN_BARS], key=lambda one: (-(one.share or 0), -one.past))
    bars = [(one.label, None if one.share is None else 100 * one.share) for one in most]
    return Drawn(
        "past", "Past step one", "share of a team's pages, largest first",
        ", ".join(f"{one.label}: {one.past} of {one.pages}" for one in most[:3]) or "Step one was always enough",
        charts.bars(bars, name="past step one", role="bad", suffix=" %") if most else None,
        _table(["Team", "Pages", "Past step one"], [[one.label, one.pages, one.past] for one in most]),
    )  # fmt: skip


def _counts(months: Sequence[Figures], asked: Wanted) -> Drawn:
    points = _points(asked, [one.incidents for one in months])
    rows = [[one.label, one.incidents, one.openings, one.symptoms] for one in months]
    said = f"{sum(one.incidents for one in months)} incidents in {len(months)} months"
    return Drawn(
        "incidents", "Incidents", "opened, symptoms not counted", said,
        charts.columns_over([charts.Line("incidents", points, "main")]),
        _table(["Month", "Incidents", "Openings", "Symptoms"], rows),
    )  # fmt: skip


def _times(name: str, title: str, note: str, months: Sequence[Figures], asked: Wanted) -> Drawn:
    spreads: list[Spread] = [getattr(one, name) for one in months]
    size, unit = _unit([one.p90 for one in spreads])
    half, most = ([_divided(value, size) for value in values] for values in _both(spreads))
    series = [charts.Line("median", _points(asked, half), "main"), charts.Line("p90", _points(asked, most), "dashed")]
    rows = [
        [one.label, spread.count, _number(first), _number(last)]
        for one, spread, first, last in zip(months, spreads, half, most, strict=True)
    ]
    known = [(one.label, value) for one, value in zip(months, half, strict=True) if value is not None]
    ends = f"{known[0][1]:.1f} {unit} in {known[0][0]}, {known[-1][1]:.1f} in {known[-1][0]}" if known else "none"
    table = _table(["Month", "Count", f"Median, {unit}", f"90 %, {unit}"], rows)
    keys = (("median", "", False), ("90 %", "is-none", True))
    figure = charts.lines(series, suffix=f" {unit}") if known else None
    return Drawn(name, title, note, f"{title}, median {ends}", figure, table, keys)


def _blocked(months: Sequence[Figures], asked: Wanted) -> Drawn:
    hours = [one.blocked_hours for one in months]
    rows = [[one.label, _number(value), one.blocked_unknown] for one, value in zip(months, hours, strict=True)]
    known = [value for value in hours if value is not None]
    return Drawn(
        "blocked", "Developer-hours blocked", "people blocked × time open", f"{sum(known):.0f} hours in all",
        charts.columns_over([charts.Line("hours", _points(asked, hours), "bad")], suffix=" h") if known else None,
        _table(["Month", "Hours", "Of unknown radius"], rows),
    )  # fmt: skip


def _both(spreads: Sequence[Spread]) -> tuple[list[float | None], list[float | None]]:
    return [one.median for one in spreads], [one.p90 for one in spreads]


def _points(asked: Wanted, values: Sequence[float | None]) -> list[tuple[datetime, float | None]]:
    return list(zip(asked.months, values, strict=True))


def _unit(values: Sequence[float | None]) -> tuple[int, str]:
    """The unit in which the largest of these seconds reads well."""
    largest = max((value for value in values if value is not None), default=0.0)
    return next((size, unit) for least, size, unit in UNITS if largest >= least)


def _divided(value: float | None, size: int) -> float | None:
    return None if value is None else value / size


def _number(value: float | None) -> str | None:
    return None if value is None else words.fixed(value, 1)


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{words.percent(value)} %"


def _table(head: list[str], rows: list[list[Any]]) -> dict[str, Any]:
    return {"head": head, "rows": rows}


def _first_of(many: int, thing: str) -> str:
    """That not all of them are drawn is said."""
    return f"{SHOWN_BARS} of {many} {thing}s, most first" if many > SHOWN_BARS else f"by {thing}, most first"


def _first_words(rows: Sequence[Figures], what: str, of: Callable[[Figures], float]) -> str:
    return ", ".join(f"{one.label}: {of(one)} {what}" for one in rows[:3]) or "None"
