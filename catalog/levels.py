"""PURE: from the answers of checks to a level."""

from collections.abc import Iterable
from dataclasses import dataclass

LEVELS = ("bronze", "silver", "gold")
"""From the lowest; a level's number is its place from 1, and 0 is none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one applicable check of a level said: True, False or None (unknown)."""

    level: str
    outcome: bool | None


@dataclass(frozen=True, slots=True)
class Sum:
    """The level reached (0 to 3), and how many checks passed, failed, or could not be answered."""

    level: int
    passed: int
    failed: int
    unknown: int

    @property
    def asked(self) -> int:
        """How many checks apply."""
        return self.passed + self.failed + self.unknown


def add_up(answers: Iterable[Answer]) -> Sum:
    """The highest level of which, and of all below it, every check passed; unknown is not passed.

    A level without applicable checks stops nobody; where no check applies at all, no level is reached.
    """
    found = list(answers)
    missed = {answer.level for answer in found if answer.outcome is not True}
    level = next((place for place, name in enumerate(LEVELS) if name in missed), len(LEVELS)) if found else 0
    outcomes = [answer.outcome for answer in found]
    return Sum(level, outcomes.count(True), outcomes.count(False), outcomes.count(None))
