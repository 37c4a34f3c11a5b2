"""Small drawings as SVG, and moments. Numbers go into attributes, colours come from classes, for the strictest CSP."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.lib import words
from portal.lib.moments import local

FLOOR = -0.25  # the budget bar's left end; what is overspent further is cut, the number beside it is not
SPAN = 1 - FLOOR
HEAT_STEPS = (0.01, 0.04, 0.08, 0.20)
SPARK_WIDTH, SPARK_HEIGHT = 96.0, 20.0


def timed(at: datetime, text: str, extra: str = "", css: str = "") -> SafeString:
    """Words for a moment, with the exact one in the reader's zone on hover."""
    here = local(at)
    return format_html(
        '<time{} datetime="{}" title="{}"{}>{}</time>',
        format_html(' class="{}"', css) if css else "",
        here.isoformat(timespec="seconds"),
        words.exact_moment(here),
        format_html(" {}", SafeString(extra)) if extra else "",
        text,
    )


def share(part: float) -> str:
    """A part of the width (0..1) as an SVG length in per cent."""
    return f"{100 * part:.2f}%"


def budget_bar(left: float | None, *, tone: str, known: bool = True, size: str = "") -> SafeString:
    """What is left of an error budget (1 = all, below 0 = overspent), with a tick at zero.

    Overspent ones all fill what is left of the tick: there is no length for −400 % beside one for −25 %.
    `known=False` hatches the bar: `left` is then the last value seen. `left=None` draws the empty track.
    """
    zero = -FLOOR / SPAN
    ink = SafeString("")
    if left is not None:
        held = min(1.0, float(left)) if left >= 0 else FLOOR
        start, width = min(zero, (held - FLOOR) / SPAN), abs(held) / SPAN
        shade = "ink" if known else "unsure"
        ink = format_html(
            '<rect class="{}" x="{}" y="1" width="{}" height="6" rx="1"/>', shade, share(start), share(width)
        )
    said = "no budget known" if left is None else f"{words.percent(left)} % of the budget left"
    return format_html(
        '<svg class="bar is-{tone}{size}" height="8" role="img" aria-label="{said}{late}">'
        '<rect class="track" x="{zero}" y="1" width="{rest}" height="6" rx="1"/>{ink}'
        '<line class="zero" x1="{zero}" x2="{zero}" y1="0" y2="8"/></svg>',
        tone=tone,
        size=f" {size}" if size else "",
        said=said,
        late="" if known or left is None else ", last known",
        zero=share(zero),
        rest=share(1 - zero),
        ink=ink,
    )


def meter(part: float, *, tone: str = "none", label: str = "") -> SafeString:
    """A plain share (0..1) as a bar over the whole width."""
    held = min(1.0, max(0.0, float(part)))
    return format_html(
        '<svg class="bar bar-wide is-{}" height="8" role="img" aria-label="{}">'
        '<rect class="track" y="1" width="100%" height="6" rx="1"/>'
        '<rect class="ink" y="1" width="{}" height="6" rx="1"/></svg>',
        tone,
        label or f"{words.percent(part)} %",
        share(held),
    )


def stretches(values: Sequence[float | None]) -> Iterable[list[tuple[int, float]]]:
    """Runs of known values with their places; a gap stays a gap."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate(values):
        if value is not None:
            run.append((place, float(value)))
        elif run:
            yield run
            run = []
    if run:
        yield run


def sparkline(values: Sequence[float | None], *, tone: str = "", label: str = "") -> SafeString:
    """Budget left over time (1 = all), oldest first, `None` where unknown; dashed zero line; grey without a tone."""
    known = [float(v) for v in values if v is not None]
    top, low = max([1.0, *known]), min([0.0, *known])
    step = SPARK_WIDTH / max(1, len(values) - 1)

    def y(value: float) -> float:
        return 1 + (SPARK_HEIGHT - 2) * (top - value) / (top - low)

    runs = (" ".join(f"{place * step:.1f} {y(value):.1f}" for place, value in run) for run in stretches(values))
    path = "".join(f"M{points}{'h.01' if points.count(' ') == 1 else ''}" for points in runs)
    said = label or (f"Budget left, {words.percent(known[-1])} % at the end" if known else "No data")
    return format_html(
        '<svg class="spark{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="goal" d="M0 {}H{}"/><path d="{}"/></svg>',
        f" is-{tone}" if tone else "",
        int(SPARK_WIDTH),
        int(SPARK_HEIGHT),
        said,
        f"{y(0.0):.1f}",
        int(SPARK_WIDTH),
        path,
    )


def heat_step(value: float | None) -> str:
    """The class of a heat cell: `d0`…`d4` by share of the period's budget, `dx` for no data."""
    return "dx" if value is None else f"d{sum(value >= step for step in HEAT_STEPS)}"


def heat(cells: Sequence[tuple[str, float | None]], *, label: str) -> SafeString:
    """One row of days: (what the cell is called, share of the whole period's budget spent in it or None)."""
    width = 1 / max(1, len(cells))
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}" width="{}" height="18" rx="1"><title>{}: {}</title></rect>',
        (
            (
                heat_step(v),
                share(i * width),
                share(width * 0.94),
                name,
                "no data" if v is None else f"{words.percent(v)} %",
            )
            for i, (name, v) in enumerate(cells)
        ),
    )
    return format_html('<svg class="heat" role="img" aria-label="{}">{}</svg>', label, rects)


def days(cells: Sequence[tuple[str, str]], *, label: str) -> SafeString:
    """A status history: (what happened, `ok`, `part`, `down` or `nil`) a day, oldest first."""
    width = 1 / max(1, len(cells))
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}" width="{}" height="28" rx="1"><title>{}</title></rect>',
        ((state, share(i * width), share(width * 0.72), name) for i, (name, state) in enumerate(cells)),
    )
    return format_html('<svg class="days" role="img" aria-label="{}">{}</svg>', label, rects)


def stacked(parts: Sequence[tuple[str, float, str]], *, label: str) -> SafeString:
    """One bar in parts: (tone, amount, name), such as objectives by state; nothing for nothing."""
    total = sum(amount for _, amount, _ in parts)
    rects, x = [], 0.0
    for tone, amount, name in parts:
        if not amount:
            continue
        shade = "unsure" if tone == "none" else "ink"
        rects.append((tone, shade, share(x), share(amount / total - 0.003), name))
        x += amount / total
    body = format_html_join(
        "", '<g class="is-{}"><rect class="{}" x="{}" width="{}" height="10" rx="1"><title>{}</title></rect></g>', rects
    )
    return format_html('<svg class="bar bar-wide bar-t" height="10" role="img" aria-label="{}">{}</svg>', label, body)
