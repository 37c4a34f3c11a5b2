"""Badges as SVG, twenty pixels high: what it is about, and how it is. Pure; nothing people typed becomes markup.

An SVG of somebody else's page can't load a font, so the text is measured by the table below (DejaVu Sans, which is as
wide as Verdana) and every text says how long it is to be: other fonts are stretched to it.
"""

import unicodedata
from xml.sax.saxutils import escape

WIDTHS = (
    35, 44, 51, 92, 70, 105, 86, 30, 43, 43, 55, 92, 35, 40, 35, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 37, 37,
    92, 92, 92, 58, 110, 75, 75, 77, 85, 70, 63, 85, 83, 32, 32, 72, 61, 95, 82, 87, 66, 87, 76, 70, 67, 81, 75, 109,
    75, 67, 75, 43, 37, 43, 92, 55, 55, 67, 70, 60, 70, 68, 39, 70, 70, 31, 31, 64, 31, 107, 70, 67, 70, 70, 45, 57,
    43, 70, 65, 90, 65, 65, 58, 70, 37, 70, 92,
)  # fmt: skip
"""Of the characters from space to tilde at 11 px, in tenths of a pixel."""

OTHERS = {"\xa0": 35, "·": 35, "×": 92, "ß": 69, "–": 55, "—": 110, "’": 35, "…": 110, "−": 92, "ł": 31, "Ł": 62}
USUAL, WIDE = 75, 115
LONGEST = 48
"""Characters of one side; what is longer ends in an ellipsis, and its title says it whole."""

COLOURS = {"good": "#0a705e", "warn": "#8a5200", "bad": "#b3261e", "none": "#5a6475", "accent": "#3b53c4"}
"""By tone; white on each of them has a contrast above 4.5."""

PAD = 6
BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" viewBox="0 0 {width} 20" role="img" '
    'aria-label="{title}"><title>{title}</title>'
    '<clipPath id="r"><rect width="{width}" height="20" rx="4"/></clipPath>'
    '<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3a4252"/>'
    '<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
    '<rect x=".5" y=".5" width="{inner}" height="19" rx="3.5" fill="none" stroke="#fff" stroke-opacity=".18"/>'
    '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" aria-hidden="true">'
    '<text x="{pad}" y="14" textLength="{label_width}" lengthAdjust="spacingAndGlyphs">{label}</text>'
    '<text x="{value_x}" y="14" textLength="{value_width}" lengthAdjust="spacingAndGlyphs">{value}</text></g></svg>\n'
)


def badge(label: str, value: str, *, tone: str = "none") -> str:
    """The whole file. `tone` is a key of COLOURS; others are grey. Never raises, whatever the texts hold."""
    label, value = clean(label), clean(value)
    shown = [shortened(text) for text in (label, value)]
    widths = [measured(text) for text in shown]
    left, right = (round(width + 2 * PAD) for width in widths)
    return BADGE.format(
        width=left + right,
        inner=left + right - 1,
        left=left,
        right=right,
        pad=PAD,
        value_x=left + PAD,
        label_width=round(widths[0], 1),
        value_width=round(widths[1], 1),
        colour=COLOURS.get(tone, COLOURS["none"]),
        title=quoted(f"{label}: {value}"),
        label=quoted(shown[0]),
        value=quoted(shown[1]),
    )


def clean(text: str) -> str:
    """On one line, without what XML can't hold, and without signs that turn the direction of the text round."""
    kept = (" " if unicodedata.category(sign) in ("Zl", "Zp", "Cc") else sign for sign in text)
    whole = "".join(sign for sign in kept if unicodedata.category(sign) not in ("Cf", "Cs", "Cn", "Co"))
    return " ".join(whole.split()) or "–"


def shortened(text: str) -> str:
    """At most LONGEST characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def measured(text: str) -> float:
    """Its width in pixels."""
    return sum(_width(sign) for sign in text) / 10


def quoted(text: str) -> str:
    """For text and for attributes."""
    return escape(text, {'"': "&quot;", "'": "&#39;"})


def _width(sign: str) -> int:
    if " " <= sign <= "~":
        return WIDTHS[ord(sign) - 32]
    if sign in OTHERS:
        return OTHERS[sign]
    if unicodedata.combining(sign):
        return 0
    base = unicodedata.normalize("NFKD", sign)[0]
    if base != sign and " " <= base <= "~":
        return WIDTHS[ord(base) - 32]
    return WIDE if unicodedata.east_asian_width(sign) in ("W", "F") or ord(sign) > 0xFFFF else USUAL
