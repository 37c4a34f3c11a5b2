"""PURE: columns and stacked bars as PNG, for letters: mail clients show no SVG and run no script.

Drawn at twice the size they are shown at, on a transparent ground, with colours that stand out on white and on black.
They carry no text: labels and numbers stand beside them in the letter, where they can be read, copied and heard.
"""

import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int, int]
ACCENT: Colour = (90, 110, 214, 255)
NIGHT: Colour = (180, 90, 60, 255)
LINE: Colour = (150, 158, 172, 140)
NOTHING: Colour = (0, 0, 0, 0)
LEVELS: Sequence[Colour] = ((214, 219, 228, 255), (154, 91, 50, 255), (132, 144, 164, 255), (196, 148, 24, 255))
"""By level of a scorecard, none to gold."""


class Canvas:
    """A grid of pixels, from the upper left."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows = [bytearray(bytes(NOTHING) * width) for _ in range(height)]

    def rect(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """Fill a rectangle; what lies outside is cut off."""
        left, right = max(0, x), min(self.width, x + width)
        if right <= left:
            return
        ink = bytes(colour) * (right - left)
        for row in self._rows[max(0, y) : max(0, min(self.height, y + height))]:
            row[4 * left : 4 * right] = ink

    def at(self, x: int, y: int) -> Colour:
        """The colour of a pixel."""
        r, g, b, a = self._rows[y][4 * x : 4 * x + 4]
        return r, g, b, a

    def png(self) -> bytes:
        """As a PNG file of 8 bits a channel with transparency."""
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 6, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self._rows), 9)
        parts = _part(b"IHDR", head) + _part(b"IDAT", pixels) + _part(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + parts


def columns(values: Sequence[Sequence[tuple[float, Colour]]], *, width: int, height: int) -> Canvas:
    """A column for each of `values`, its parts on top of each other, all to the scale of the tallest; a line below.

    Each column stands in the middle of an equal share of the width, so that cells of a table below can name them.
    """
    canvas = Canvas(width, height)
    most = max((sum(amount for amount, _ in parts) for parts in values), default=0)
    room, slot = height - 4, width / max(1, len(values))
    for place, parts in enumerate(values):
        base = height - 2
        for amount, colour in parts:
            tall = round(room * amount / most) if most else 0
            tall = max(tall, 3) if amount else 0
            base -= tall
            canvas.rect(round(place * slot + slot * 0.25), base, round(slot * 0.5), tall, colour)
    canvas.rect(0, height - 2, width, 2, LINE)
    return canvas


def shares(rows: Sequence[Sequence[tuple[float, Colour]]], *, width: int, height: int) -> Canvas:
    """One bar over the whole width for each of `rows`, in parts by their share; an empty one is left out."""
    canvas = Canvas(width, height)
    slot = height / max(1, len(rows))
    for place, parts in enumerate(rows):
        total, x = sum(amount for amount, _ in parts), 0.0
        for amount, colour in parts:
            wide = width * amount / total if total else 0
            canvas.rect(round(x), round(place * slot + slot * 0.15), max(round(wide) - 2, 0), round(slot * 0.7), colour)
            x += wide
    return canvas


def _part(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
