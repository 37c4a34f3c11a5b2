"""Where the boxes of a component's dependency graph stand: what it needs at the left, what needs it at the right.

Six at a side; the list beside it holds them all. Coordinates are those of the drawing's own 648 wide box.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.models import Component
from catalog.queries import Beside
from portal.pages.catalog import worst_key

WIDTH, BOX, SELF_BOX, STEP, TOP, MOST = 648, 190, 180, 58, 26, 6
SELF_X = (WIDTH - SELF_BOX) // 2
BEND = 28
"""How far a curve runs level before it turns."""
ICONS = {
    "bad": "circle-x",
    "exhausted": "circle-x",
    "at-risk": "alert-triangle",
    "no-data": "eye-off",
    "healthy": "circle-check",
}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A component, or what is named and not there; `health` is a key of the design language."""

    ref: str
    component: Component | None
    health: str
    relation: str

    @property
    def icon(self) -> str:
        """The icon of its health."""
        return ICONS.get(self.health, "circle-dashed")

    @property
    def owner(self) -> str:
        """Whose it is, in a word or two; a person may own too."""
        return owner_words(self.component) if self.component else "not registered"


def owner_words(component: Component) -> str:
    """The owner team's label; of another owner (a person, or one that is not there) the name."""
    if component.owner:
        return component.owner.label
    return component.owner_ref.rpartition("/")[2] or "no owner"


def neighbour(one: Beside) -> Neighbour:
    """With its health as the design language names it."""
    return Neighbour(one.ref, one.component, worst_key(one.component.worst if one.component else -1), one.relation)


@dataclass(frozen=True, slots=True)
class Node:
    """A box with the curve that joins it to the middle."""

    neighbour: Neighbour
    x: int
    y: int
    edge: str

    @property
    def icon_x(self) -> int:
        """Left of the icon."""
        return self.x + 12

    @property
    def icon_y(self) -> int:
        """Top of the icon."""
        return self.y + 14

    @property
    def text_x(self) -> int:
        """Left of both lines of text."""
        return self.x + 38

    @property
    def name_y(self) -> int:
        """Baseline of the name."""
        return self.y + 20

    @property
    def sub_y(self) -> int:
        """Baseline of the second line."""
        return self.y + 35


@dataclass(frozen=True, slots=True)
class Drawing:
    """All boxes of one component's graph."""

    left: tuple[Node, ...]
    right: tuple[Node, ...]
    height: int
    middle: int

    @property
    def self_y(self) -> int:
        """Top of the box in the middle."""
        return self.middle - 26

    @property
    def foot(self) -> int:
        """Baseline of the last line."""
        return self.height - 3


def draw(needs: Sequence[Neighbour], needed_by: Sequence[Neighbour]) -> Drawing:
    """The graph of one component."""
    rows = max(min(len(needs), MOST), min(len(needed_by), MOST), 1)
    height = TOP + rows * STEP + 6
    middle = TOP + (rows * STEP - 14) // 2
    right_x, self_right = WIDTH - BOX, SELF_X + SELF_BOX
    to_self = f"M{BOX} {{y}}C{BOX + BEND} {{y}} {SELF_X - BEND} {middle} {SELF_X} {middle}"
    from_self = f"M{self_right} {middle}C{self_right + BEND} {middle} {right_x - BEND} {{y}} {right_x} {{y}}"
    left, right = _column(needs, 0, to_self, rows), _column(needed_by, right_x, from_self, rows)
    return Drawing(left, right, height, middle)


def _column(neighbours: Sequence[Neighbour], x: int, curve: str, rows: int) -> tuple[Node, ...]:
    shown = neighbours[:MOST]
    top = TOP + (rows - len(shown)) * STEP // 2  # the shorter side stands in the middle
    ys = [top + place * STEP for place in range(len(shown))]
    return tuple(Node(one, x, y, curve.replace("{y}", str(y + 22))) for one, y in zip(shown, ys, strict=True))
