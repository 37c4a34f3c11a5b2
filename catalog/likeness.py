"""PURE: how well a text that was typed fits a name, and which part of the name it is."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

WORD = re.compile(r"[^\W_]+")
EXACT, BEGINS, NAMED, INSIDE, LIKE = 1.0, 0.9, 0.8, 0.5, 0.4
"""Best scores: the whole name, its beginning, its words, a text about the thing, a name that is spelt nearly so."""
ALIKE = 0.6
SHORTEST = 4
"""Letters a word needs before a slip in it is forgiven: shorter ones are like too many others."""


def words_of(text: str) -> list[str]:
    """The words of a text, lower-cased, as search compares them."""
    return [word.lower() for word in WORD.findall(text)]


def score(words: Sequence[str], names: Iterable[str], *, inside: bool = False) -> float:
    """How well `words` fit the best of `names`, 0 to 1; `inside` says that a text about the thing holds them."""
    split = [words_of(name) for name in names]
    best = max((_fit(words, name) for name in split), default=0.0)
    if best or inside:
        return max(best, INSIDE)
    return LIKE * max((_likeness(words, name) for name in split), default=0.0)


def marks(words: Sequence[str], name: str, *, forgiving: bool = False) -> list[tuple[int, int]]:
    """The parts of `name` that were typed, as `[start, end)` in order, never overlapping."""
    found = []
    for match in WORD.finditer(name):
        word = match[0].lower()
        begun = max((len(typed) for typed in words if word.startswith(typed)), default=0)
        if begun and len(word) == len(match[0]):
            found.append((match.start(), match.start() + begun))
        elif forgiving and any(alike(typed, word) for typed in words):
            found.append(match.span())
    return found


def alike(typed: str, word: str) -> bool:
    """Whether `word` may be meant by `typed`."""
    return min(len(typed), len(word)) >= SHORTEST and _ratio(typed, word) >= ALIKE


def slips(word: str) -> Iterator[str]:
    """What may have been meant by a word with two letters exchanged, or one too many."""
    if len(word) < SHORTEST:
        return
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    for at in range(1, len(word)):
        yield word[:at] + word[at + 1 :]


def _fit(words: Sequence[str], name: Sequence[str]) -> float:
    if not words or not name:
        return 0.0
    typed, whole = " ".join(words), " ".join(name)
    length = 0.05 * min(1.0, len(typed) / len(whole))  # among equals the shorter name is the nearer
    if typed == whole or "".join(words) == "".join(name):
        return EXACT
    if whole.startswith(typed):
        return BEGINS + length
    if all(any(word.startswith(one) for word in name) for one in words):
        return NAMED + length
    return 0.0


def _likeness(words: Sequence[str], name: Sequence[str]) -> float:
    """How alike the least alike of `words` is to some word of the name."""
    return min((max((_ratio(one, word) for word in name), default=0.0) for one in words), default=0.0)


@lru_cache(maxsize=4096)
def _ratio(typed: str, word: str) -> float:
    """1 where `word` begins with `typed`, else how alike they are; a longer word may go on after what was typed."""
    if word.startswith(typed):
        return 1.0
    return max(SequenceMatcher(None, typed, part).ratio() for part in {word, word[: len(typed) + 1]})
