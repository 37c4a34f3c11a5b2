"""The only module that knows Plotly: rows in, figure JSON out, for the browser to draw.

Figures carry no colours and no look, for those depend on the theme: a trace names its role in `meta`
(`{"role": "main"}`), a shape or an annotation its tone in `name` (`bad`), and chart.js fills in what is in force.
Times are drawn as they are handed in: the caller moves them to the zone the page names.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import plotly.graph_objects as go

from portal.lib import words

Figure = dict[str, Any]
Points = Sequence[tuple[datetime, float | None]]
Spans = Sequence[tuple[datetime, datetime, str]]
"""From, to, what."""

LOWEST_BURN, HIGHEST_BURN = 0.1, 100.0  # the log axis; what is below or above is drawn at the edge
WORDS_HIGH = 0.25
"""How much of a log axis the words of a limit cover, in powers of ten."""
PLACES = ((0.0, "left"), (1.0, "right"), (0.5, "center"))
"""Where along its line the words of a limit may stand: share of the width, and which end of them."""
HALF_A_MONTH = timedelta(days=16)
A_FEW_MONTHS = 6  # as many names as a phone has room for
LONGEST_NAME = 24  # what stands beside a bar
NAME_WIDE, NAME_ROOM = 6, 14
"""How many pixels a letter of such a name takes, and what is left free around the name."""
TICK_ROOM = 28
"""And how many half of the last tick's words takes, which would not be drawn beyond the edge."""
STEPS = 3
"""About how many steps an axis of counts has."""
POINTS = ("x", "y", "text")
LAYOUT: Mapping[str, Any] = {"template": go.layout.Template()}
checked = False
"""Whether Plotly checks each property of each figure: in tests. A page of four charts would wait five milliseconds."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment, drawn as a dotted vertical: an incident with its id and what it cost."""

    at: datetime
    words: str
    tone: str = "bad"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A dotted horizontal with its words on the line: an alert rule's factor."""

    value: float
    words: str
    tone: str = "bad"


@dataclass(frozen=True, slots=True)
class Line:
    """One series: `role` is `main`, `second`, `dashed` or `faint`; None in `points` is a gap and stays one."""

    name: str
    points: Points
    role: str


@dataclass(slots=True)
class _Sheet:
    """What a figure is made of, gathered in Plotly's own words and then handed to it at once (see `_whole`)."""

    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    layout: dict[str, Any] = field(default_factory=dict)

    def add_scatter(self, **trace: Any) -> None:  # noqa: ANN401 - Plotly's own
        self.traces.append({"type": "scatter", **trace})

    def add_bar(self, **trace: Any) -> None:  # noqa: ANN401 - as above
        self.traces.append({"type": "bar", **trace})

    def add_shape(self, **shape: Any) -> None:  # noqa: ANN401 - as above
        self.shapes.append(shape)

    def add_annotation(self, **annotation: Any) -> None:  # noqa: ANN401 - as above
        self.annotations.append(annotation)

    def update_xaxes(self, **axis: Any) -> None:  # noqa: ANN401 - as above
        self.layout["xaxis"] = axis

    def update_yaxes(self, **axis: Any) -> None:  # noqa: ANN401 - as above
        self.layout["yaxis"] = axis

    def made(self) -> Figure:
        drawn = {"shapes": self.shapes, "annotations": self.annotations}
        return _whole(self.traces, **self.layout, **{name: some for name, some in drawn.items() if some})


def burn_down(points: Points, *, start: datetime, end: datetime, marks: Sequence[Mark] = ()) -> Figure:
    """Budget left (1.0 = all) over the period `[start, end)`, with the line of even spending, in per cent."""
    figure = _Sheet()
    figure.add_scatter(
        **_xy(points, scale=100), name="left", fill="tozeroy", mode="lines", meta={"role": "main", "area": True}
    )
    figure.add_scatter(
        x=[start, end],
        y=[100, 0],
        name="even spending",
        mode="lines",
        meta={"role": "dashed"},
        hoverinfo="skip",
    )
    _last_point(figure, points, scale=100, unit=" %")
    _mark(figure, marks)
    lowest = min([0.0, *(100 * y for _, y in points if y is not None)])
    figure.update_xaxes(range=[start, end])
    figure.update_yaxes(range=[lowest * 1.05, 104], ticksuffix=" %", showticksuffix="last", nticks=6)
    return figure.made()


def burn_rate(lines: Sequence[Line], *, thresholds: Sequence[Threshold] = (), marks: Sequence[Mark] = ()) -> Figure:
    """How many times too fast the budget burns, by window, on a log axis from 0.1 to 100."""
    figure = _Sheet()
    for line in lines:
        held = [(at, None if y is None else min(HIGHEST_BURN, max(LOWEST_BURN, y))) for at, y in line.points]
        said = [None if y is None else f"{words.burn(y)}×" for _, y in line.points]
        figure.add_scatter(
            **_xy(held), name=line.name, mode="lines", meta={"role": line.role}, text=said, hovertemplate="%{text}"
        )
    for threshold, place in _places(thresholds):
        _rule(figure, threshold, place)
    _mark(figure, marks)
    figure.update_yaxes(type="log", range=[-1, 2], tickvals=[0.1, 1, 10, 100], ticktext=["≤0.1×", "1×", "10×", "100×"])
    return figure.made()


def columns(points: Points, *, name: str, role: str) -> Figure:
    """A count per day (or hour) as columns; a missing one is a gap, not a zero."""
    figure = _Sheet()
    figure.add_bar(**_xy(points), name=name, meta={"role": role})
    figure.update_yaxes(nticks=3, rangemode="tozero", tickformat="~s")
    return figure.made()


def columns_over(series: Sequence[Line], *, suffix: str = "") -> Figure:
    """Counts per month as columns, each series in front of the one listed before it: all, then a part of them."""
    drawn = [{"type": "bar", **_xy(one.points), "name": one.name, "meta": {"role": one.role}} for one in series]
    upright = {**_from_zero(_values(series)), "ticksuffix": suffix, "showticksuffix": "last"}
    return _whole(drawn, xaxis=_months(series), yaxis=upright, barmode="overlay")


def lines(series: Sequence[Line], *, suffix: str) -> Figure:
    """Values over months from zero up, in the unit that `suffix` names; with points, for a month may stand alone."""
    look = {"type": "scatter", "mode": "lines+markers", "marker": {"size": 5}}
    drawn = [{**look, **_xy(one.points), "name": one.name, "meta": {"role": one.role}} for one in series]
    upright = {
        **_from_zero(_values(series)), "ticksuffix": suffix, "showticksuffix": "last", "hoverformat": ",.1f",
    }  # fmt: skip
    return _whole(drawn, xaxis=_months(series), yaxis=upright)


def bars(rows: Sequence[tuple[str, float | None]], *, name: str, role: str, suffix: str = "") -> Figure:
    """A bar for each, lying, the first on top, for things with names."""
    names = [_short(label) for label, _ in rows]
    along = {"x": [value for _, value in rows], "y": names, "orientation": "h"}
    drawn = {"type": "bar", **along, "name": name, "meta": {"role": role}, "hoverinfo": "x+y"}
    return _whole(
        [drawn],
        xaxis={**_from_zero([value for _, value in rows]), "tickformatstops": _always("~s"), "ticksuffix": suffix,
               "showticksuffix": "last"},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False, "nticks": len(rows) or 1,
               "ticklabelstandoff": 5},
        margin={"l": NAME_ROOM + NAME_WIDE * max(map(len, names), default=0), "r": TICK_ROOM}, hovermode="closest",
    )  # fmt: skip


def _whole(traces: Sequence[Mapping[str, Any]], **layout: object) -> Figure:
    """Made in one go: Plotly checks what it is given at each step, which a page of six charts would wait for.

    The points themselves are put in afterwards, for it copies each of them twice.
    """
    bare = [{name: said for name, said in trace.items() if name not in POINTS} for trace in traces]
    made: Figure = go.Figure(data=bare, layout={**LAYOUT, **layout}, _validate=checked).to_plotly_json()
    made["layout"].pop("template", None)
    for drawn, trace in zip(made["data"], traces, strict=True):
        drawn |= {name: said for name, said in trace.items() if name in POINTS}
    return made


def _values(series: Sequence[Line]) -> list[float | None]:
    return [value for one in series for _, value in one.points]


def _from_zero(values: Sequence[float | None]) -> dict[str, Any]:
    """An axis from zero to a tick at or above the greatest: 28 is read against 30, not against 20. Counts step by 1."""
    known = [value for value in values if value is not None]
    most = max(known, default=0.0)
    if most <= 0:
        return {"rangemode": "tozero", "nticks": 1 + STEPS}
    size = 10.0 ** math.floor(math.log10(most / STEPS))
    step = next(size * many for many in (1, 2, 5, 10) if size * many >= most / STEPS)
    if all(float(value).is_integer() for value in known):
        step = max(step, 1.0)
    return {"range": [0, step * math.ceil(most / step - 1e-9) * 1.02], "tick0": 0, "dtick": step}


def _months(series: Sequence[Line]) -> dict[str, Any]:
    """An axis of months: each of a few is named, of more some with their years; room for half a month at its ends."""
    months = [at for one in series for at, _ in one.points]
    if not months:
        return {}
    first, last = min(months), max(months)
    many = max(len(one.points) for one in series)
    step, form = (1, "%b") if many <= A_FEW_MONTHS else (3, "%b %Y") if many <= 2 * A_FEW_MONTHS else (6, "%b %Y")
    return {
        "range": [first - HALF_A_MONTH, last + HALF_A_MONTH], "type": "date", "hoverformat": "%b %Y", "tickangle": 0,
        "tickformatstops": _always(form), "tickmode": "linear", "dtick": f"M{step}", "tick0": first,
    }  # fmt: skip


def _always(form: str) -> list[dict[str, Any]]:
    """That form at any distance of ticks, in place of the house's for times (an empty list would not be handed on)."""
    return [{"dtickrange": [None, None], "value": form}]


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_NAME else f"{label[: LONGEST_NAME - 1]}…"


def shares(points: Points, *, goal: float, words: str) -> Figure:
    """A share of good ones (1.0 = all) over time in per cent, with the goal as a line with its words."""
    figure = _Sheet()
    figure.add_scatter(**_xy(points, scale=100), name="good", mode="lines", meta={"role": "main"})
    lowest = min([100 * goal, *(100 * y for _, y in points if y is not None)])
    room = max(100 - lowest, 1e-6)
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=100 * goal, y1=100 * goal, name="warn")
    figure.add_annotation(
        x=0, xref="paper", y=100 * goal, yref="y", text=words, name="warn", xanchor="left", yanchor="top"
    )  # fmt: skip
    figure.update_yaxes(
        range=[lowest - 0.25 * room, 100 + 0.05 * room], ticksuffix=" %", showticksuffix="last", nticks=4
    )  # fmt: skip
    return figure.made()


def timelines(rows: Sequence[tuple[str, str, Spans]], *, start: datetime, end: datetime) -> Figure:
    """What lasted from when to when, a line each: (name, role, spans with their words), the first on top."""
    figure = _Sheet()
    places = range(len(rows), 0, -1)
    for place, (name, role, spans) in zip(places, rows, strict=True):
        xs, ys, said = [], [], []
        for since, until, about in spans:
            xs += [since, until, None]
            ys += [place, place, None]
            said += [about, about, ""]
        figure.add_scatter(
            x=xs, y=ys, name=name, mode="lines+markers", meta={"role": role}, line={"width": 9},
            marker={"size": 5, "symbol": "square"}, text=said, hovertemplate="%{text}",
        )  # fmt: skip
    figure.layout |= {"margin": {"l": 92}, "hovermode": "closest"}
    figure.update_xaxes(range=[start, end], type="date")
    figure.update_yaxes(
        range=[0.4, len(rows) + 0.6], tickvals=list(places), ticktext=[name for name, *_ in rows], showgrid=False
    )
    return figure.made()


def _xy(points: Points, *, scale: float = 1) -> dict[str, list[Any]]:
    return {"x": [at for at, _ in points], "y": [None if y is None else y * scale for _, y in points]}


def _last_point(figure: _Sheet, points: Points, *, scale: float, unit: str) -> None:
    known = [(at, y) for at, y in points if y is not None]
    if not known:
        return
    at, value = known[-1]
    tone = "bad" if value < 0.1 else "accent"
    figure.add_scatter(
        x=[at],
        y=[value * scale],
        mode="markers",
        meta={"role": "bad" if tone == "bad" else "main"},
        marker={"size": 7},
        hoverinfo="skip",
    )
    figure.add_annotation(
        x=at,
        y=value * scale,
        text=f"{words.fixed(value * scale, 1)}{unit} left",
        name=tone,
        xanchor="right",
        yshift=12,
    )


def _mark(figure: _Sheet, marks: Sequence[Mark]) -> None:
    for place, mark in enumerate(marks):
        figure.add_shape(
            type="line",
            x0=mark.at,
            x1=mark.at,
            y0=0,
            y1=1,
            yref="paper",
            name=mark.tone,
        )
        figure.add_annotation(
            x=mark.at,
            y=1 - 0.09 * (place % 3),
            yref="paper",
            text=mark.words,
            name=mark.tone,
            xanchor="auto",
            yanchor="top",
        )


def _places(thresholds: Sequence[Threshold]) -> list[tuple[Threshold, int]]:
    """Each with its place in PLACES: the next one where the words of the one above would lie over its own."""
    placed: list[tuple[Threshold, int]] = []
    for one in sorted(thresholds, key=lambda threshold: -threshold.value):
        above, place = placed[-1] if placed else (None, 0)
        near = above is not None and math.log10(above.value / one.value) < WORDS_HIGH
        placed.append((one, (place + 1) % len(PLACES) if near else 0))
    return placed


def _rule(figure: _Sheet, threshold: Threshold, place: int) -> None:
    y = threshold.value
    x, anchor = PLACES[place]
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=y, y1=y, name=threshold.tone)
    figure.add_annotation(
        x=x,
        xref="paper",
        y=math.log10(y),  # on a log axis annotations, unlike shapes, are placed by the exponent
        yref="y",
        text=threshold.words,
        name=threshold.tone,
        xanchor=anchor,
        yanchor="bottom",
    )
