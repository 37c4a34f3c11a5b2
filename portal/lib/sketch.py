"""A chart's first paint: its first series as plain SVG, there before the chart library is, and where no script runs."""

import math
from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.lib.drawn import stretches

WIDTH, HEIGHT = 1000, 100
MOST = 200
"""Points of a sketch; of more, each stands for several."""
TONES = {"bad": "bad", "main": "accent", "good": "good"}

type Values = Sequence[float | None]


def sketch(figure: object) -> SafeString:
    """The first series of a Plotly figure, line or columns, in the space of its plot; empty for any other figure."""
    trace, form = _first(figure)
    if trace is None or form is None:
        return SafeString()
    axis = form.get("yaxis") or {}
    values = _thinned([_placed(y, axis) for y in trace["y"]])
    low, high = _edges(values, axis)
    heights = [None if y is None else HEIGHT * (high - min(max(y, low), high)) / (high - low) for y in values]
    path = _columns(heights) if trace.get("type") == "bar" else _line(heights)
    if not path:
        return SafeString()
    return format_html(
        '<svg class="sketch is-{}{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="{}"/></svg>',
        TONES.get(trace.get("meta", {}).get("role", "main"), "none"),
        " sketch-solid" if trace.get("type") == "bar" else "",
        WIDTH,
        HEIGHT,
        path,
    )


def _first(figure: object) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """The series to draw, and the layout."""
    if not isinstance(figure, dict):
        return None, None
    for trace in figure.get("data") or ():
        upright = trace.get("type", "scatter") in ("scatter", "bar") and trace.get("orientation") != "h"
        numbers = isinstance(trace.get("y"), list | tuple) and all(
            isinstance(y, int | float | None) for y in trace["y"]
        )
        if upright and numbers and any(y is not None for y in trace["y"]):
            return trace, figure.get("layout") or {}
    return None, None


def _placed(value: float | None, axis: Mapping[str, Any]) -> float | None:
    """On a log axis places are exponents."""
    if axis.get("type") == "log":
        return math.log10(value) if value else None
    return value


def _thinned(values: Values) -> list[float | None]:
    """At most MOST values: of each stretch the largest, for what stands out must not be lost."""
    size = math.ceil(len(values) / MOST)
    return [max((y for y in some if y is not None), default=None) for some in batched(values, size or 1)]


def _edges(values: Values, axis: Mapping[str, Any]) -> tuple[float, float]:
    """Bottom and top of the plot."""
    known = [y for y in values if y is not None]
    low, high = axis.get("range") or (min([0.0, *known]), max([0.0, *known]) * 1.05)
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
