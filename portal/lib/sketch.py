"""A chart's first paint: its main series as plain SVG, with the ends of its axes and the limits that stand in it.

There before the chart library is, and where no script runs.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.lib import words
from portal.lib.drawn import stretches

WIDTH, HEIGHT = 1000, 100
MOST = 200
"""Points of a sketch; of more, each stands for several."""
ROOM = 5
"""Characters of a label beside the plot that the usual margin holds."""
MONTHS = 6
"""Months at most that are each named under a plot."""
TONES = {"bad": "bad", "main": "accent", "good": "good"}

A_FEW_DAYS, A_SEASON = timedelta(days=2), timedelta(days=100)

type Values = Sequence[float | None]


def sketch(figure: object) -> SafeString:
    """The main series of a Plotly figure, line or columns, in the space of its plot; empty for any other figure.

    Other lines over the same moments lie thin beneath it.
    """
    series, form = _series(figure)
    if not series:
        return SafeString()
    trace = series[0]
    axis = form.get("yaxis") or {}
    values, *beneath = (_thinned([_placed(y, axis) for y in one["y"]]) for one in series)
    low, high = _edges([y for some in (values, *beneath) for y in some], axis)

    def height(y: float) -> float:
        return HEIGHT * (high - min(max(y, low), high)) / (high - low)

    def heights(of: Values) -> list[float | None]:
        return [None if y is None else height(y) for y in of]

    path = _columns(heights(values)) if trace.get("type") == "bar" else _line(heights(values))
    if not path:
        return SafeString()
    limits = "".join(f"M0 {height(y):.1f}H{WIDTH}" for y in _limits(form, axis) if low <= y <= high)
    drawn = format_html('<path class="sketch-limit" d="{}"/>', limits) if limits else ""
    lines = format_html_join(
        "",
        '<path class="sketch-beside{}" d="{}"/>',
        ((_dashes(one), _line(heights(ys))) for one, ys in zip(series[1:], beneath, strict=True)),
    )
    ends = list(_ends(trace, axis, low, high))
    roomy = any(place in ("high", "low") and len(said) > ROOM for place, said in ends)
    return format_html(
        '<svg class="sketch is-{}{}{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '{}<path d="{}"/>{}</svg>{}',
        TONES.get(trace.get("meta", {}).get("role", "main"), "none"),
        " sketch-solid" if trace.get("type") == "bar" else "",
        " sketch-roomy" if roomy else "",
        WIDTH,
        HEIGHT,
        lines,
        path,
        drawn,
        format_html_join("", '<span class="sketch-end sketch-{}">{}</span>', ends),
    )


def _series(figure: object) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """What is drawn, the main one first, and the layout."""
    if not isinstance(figure, dict):
        return [], {}
    found = [trace for trace in figure.get("data") or () if _drawable(trace)]
    found.sort(key=lambda trace: (trace.get("meta") or {}).get("role", "main") != "main")
    main = found[:1]
    beside = [one for one in found[1:] if _is_line(one) and _is_line(main[0]) and len(one["y"]) == len(main[0]["y"])]
    return [*main, *beside], figure.get("layout") or {}


def _drawable(trace: Mapping[str, Any]) -> bool:
    upright = trace.get("type", "scatter") in ("scatter", "bar") and trace.get("orientation") != "h"
    return (
        upright
        and isinstance(trace.get("y"), list | tuple)
        and all(isinstance(y, int | float | None) for y in trace["y"])
        and any(y is not None for y in trace["y"])
    )


def _dashes(trace: Mapping[str, Any]) -> str:
    return " is-dashed" if (trace.get("meta") or {}).get("role") == "dashed" else ""


def _is_line(trace: Mapping[str, Any]) -> bool:
    return trace.get("type", "scatter") == "scatter" and "lines" in trace.get("mode", "lines")


def _placed(value: float | None, axis: Mapping[str, Any]) -> float | None:
    """On a log axis places are exponents."""
    if axis.get("type") == "log":
        return math.log10(value) if value else None
    return value


def _limits(form: Mapping[str, Any], axis: Mapping[str, Any]) -> Iterator[float]:
    """Where the horizontal lines across the plot lie: thresholds and goals."""
    for shape in form.get("shapes") or ():
        if shape.get("xref") == "paper" and shape.get("y0") == shape.get("y1"):
            at = _placed(shape["y0"], axis)
            if at is not None:
                yield at


def _ends(
    trace: Mapping[str, Any], axis: Mapping[str, Any], low: float, high: float
) -> Iterator[tuple[str, str | SafeString]]:
    """What stands at the ends of the axes, by place."""
    yield "high", _value(high, axis)
    yield "low", _value(low, axis)
    moments = [x for x in trace.get("x") or () if isinstance(x, datetime)]
    if 1 < len(moments) <= MONTHS and all(x.day == 1 and x.hour == 0 for x in moments):
        under = "columns" if trace.get("type") == "bar" else "points"
        yield f"months is-{under}", format_html_join("", "<span>{}</span>", ((f"{x:%b}",) for x in moments))
    elif moments:
        whole = moments[-1] - moments[0]
        form = "%H:%M" if whole < A_FEW_DAYS else "%-d %b" if whole < A_SEASON else "%b %Y"
        yield "from", f"{moments[0]:{form}}"
        yield "to", f"{moments[-1]:{form}}"


def _value(place: float, axis: Mapping[str, Any]) -> str:
    value = 10**place if axis.get("type") == "log" else place
    named = zip(axis.get("tickvals") or (), axis.get("ticktext") or (), strict=False)
    said = next((text for at, text in named if math.isclose(at, value)), None)
    return said or f"{words.compact(value)}{axis.get('ticksuffix') or ''}"


def _thinned(values: Values) -> list[float | None]:
    """At most MOST values: of each stretch the largest, for what stands out must not be lost."""
    size = math.ceil(len(values) / MOST)
    return [max((y for y in some if y is not None), default=None) for some in batched(values, size or 1)]


def _edges(values: Values, axis: Mapping[str, Any]) -> tuple[float, float]:
    """Bottom and top of the plot."""
    known = [y for y in values if y is not None]
    low, high = axis.get("range") or (min([0.0, *known]), max([0.0, *known]))
    return (low, high) if high > low else (low, low + 1)


def _line(heights: Values) -> str:
    step = WIDTH / max(1, len(heights) - 1)
    runs = (" ".join(f"{place * step:.0f} {y:.1f}" for place, y in run) for run in stretches(heights))
    return "".join(f"M{points}{'h1' if points.count(' ') == 1 else ''}" for points in runs)


def _columns(heights: Values) -> str:
    wide = WIDTH / max(1, len(heights))
    return "".join(
        f"M{(place + 0.11) * wide:.0f} {HEIGHT}V{y:.1f}h{0.78 * wide:.0f}V{HEIGHT}z"
        for place, y in enumerate(heights)
        if y is not None
    )
