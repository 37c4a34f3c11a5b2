"""How bad it is: a table of rules over the alert, how much its component matters and how many teams it blocks.

Pure. The first line all of whose conditions hold decides; the reason is kept in words (incidents.md §2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when the alert comes; `teams_blocked` is None where the blast radius is not known."""

    rule: str
    source: str
    tier: int | None = None
    teams_blocked: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; what is empty fits anything, `teams_blocked` means at least so many."""

    severity: int
    rule: str = ""
    tier: int | None = None
    teams_blocked: int | None = None
    source: str = ""

    def fits(self, facts: Facts) -> bool:
        """Whether all conditions hold."""
        return (
            self.rule in ("", facts.rule)
            and self.source in ("", facts.source)
            and self.tier in (None, facts.tier)
            and (self.teams_blocked is None or (facts.teams_blocked or 0) >= self.teams_blocked)
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Severity 1 to 5, and why."""

    severity: int
    reason: str

    @property
    def why(self) -> str:
        """The reason without its severity, for beside a badge that says it."""
        return self.reason.partition(": ")[2]


DEFAULT = (
    Line(1, rule="page", tier=1),
    Line(1, rule="page", teams_blocked=5),
    Line(3, rule="page", tier=4),
    Line(2, rule="page"),
    Line(4, rule="ticket"),
    Line(5),
)


def decide(facts: Facts, table: Sequence[Line] = DEFAULT) -> Verdict:
    """The severity by the first line that fits; P5 where none does."""
    line = next((line for line in table if line.fits(facts)), Line(5))
    return Verdict(line.severity, f"P{line.severity}: {_why(line, facts)}")


def deciding(facts: Facts, table: Sequence[Line] = DEFAULT) -> int | None:
    """The place (from 0) of the line that decides; None where none fits."""
    return next((place for place, line in enumerate(table) if line.fits(facts)), None)


def shadowed(table: Sequence[Line]) -> dict[int, int]:
    """Lines that never decide, by place, each with the place of the line above that always does before it."""
    found: dict[int, int] = {}
    for place, line in enumerate(table):
        above = next((other for other in range(place) if _covers(table[other], line)), None)
        if above is not None:
            found[place] = above
    return found


def _covers(wider: Line, line: Line) -> bool:
    return (
        wider.rule in ("", line.rule)
        and wider.source in ("", line.source)
        and wider.tier in (None, line.tier)
        and (wider.teams_blocked is None or (line.teams_blocked or 0) >= wider.teams_blocked)
    )


def conditions(line: Line) -> str:
    """`a page rule, on tier 1, from alertmanager, 5 teams or more blocked`; `anything` where there are none."""
    parts = [f"a {line.rule} rule"] if line.rule else []
    if line.tier is not None:
        parts.append(f"on tier {line.tier}")
    if line.source:
        parts.append(f"from {line.source}")
    if line.teams_blocked is not None:
        parts.append(f"{line.teams_blocked} teams or more blocked")
    return ", ".join(parts) or "anything"


def _why(line: Line, facts: Facts) -> str:
    parts = [f"a {facts.rule} rule fired" if facts.rule in ("page", "ticket") else "sent for information"]
    if line.source:
        parts.append(f"from {facts.source}")
    if line.tier is not None:
        parts.append(f"on a tier {facts.tier} component")
    if line.teams_blocked is not None:
        parts.append(f"and {facts.teams_blocked} teams are blocked")
    return " ".join(parts)
