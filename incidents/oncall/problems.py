"""PURE: what is wrong with schedules in a time to come: gaps, people twice, not to be reached, or away.

People and schedules are opaque keys. What happens again and again (a gap every night) is one problem with many spans.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations

from incidents.oncall.rotation import Gap, Schedule, Shift, Stretch, stretches

WEEK = timedelta(weeks=1)
SLACK = timedelta(hours=1)
"""By how much what comes again a week later may differ: summer time."""


class Kind(StrEnum):
    """What is wrong, the worst first."""

    GAP = "gap"
    UNREACHABLE = "unreachable"
    AWAY = "away"
    TWICE = "twice"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`[start, end)`, clipped to what was looked at."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """`person` ("" for a gap) on `schedules` (in order; two for `twice`) at `spans`, soonest first, at least one.

    `lasting`: its last span goes on beyond what was looked at.
    """

    kind: Kind
    schedules: tuple[str, ...]
    person: str
    spans: tuple[Span, ...]
    lasting: bool

    @property
    def key(self) -> str:
        """Names it, whenever it is looked for: `away:ci:user:default/ada`."""
        return ":".join([self.kind, "+".join(self.schedules), self.person]).rstrip(":")

    @property
    def first(self) -> Span:
        """Its first span."""
        return self.spans[0]


def find(
    rotas: Mapping[str, Schedule],
    start: datetime,
    end: datetime,
    *,
    reachable: Collection[str],
    away: Mapping[str, Sequence[Span]],
) -> list[Problem]:
    """All problems of the schedules in `[start, end)`: by kind, the worst first, then soonest first.

    `reachable` are people with a confirmed contact method; `away` says by person when they are absent. A gap that
    somebody decided on by an override is none.
    """
    held = {key: stretches(rota, start, end) for key, rota in rotas.items()}
    found: dict[tuple[Kind, tuple[str, ...], str], list[Span]] = defaultdict(list)
    for key, walked in held.items():
        for span in _gaps(walked):
            found[Kind.GAP, (key,), ""].append(span)
        for person, span in _shifts(walked):
            if person not in reachable:
                found[Kind.UNREACHABLE, (key,), person].append(span)
            for absent in away.get(person, ()):
                found[Kind.AWAY, (key,), person] += _common(span, absent)
    for pair, person, span in _twice(held):
        found[Kind.TWICE, pair, person].append(span)
    problems = [
        Problem(kind, schedules, person, joined, joined[-1].end >= end)
        for (kind, schedules, person), spans in found.items()
        if (joined := tuple(_joined(spans)))
    ]
    order = list(Kind)
    return sorted(problems, key=lambda one: (order.index(one.kind), one.first, one.schedules, one.person))


def is_news(problem: Problem, told: Sequence[Span], seen_until: datetime) -> bool:
    """Whether it has become more than what was told, when one could look until `seen_until`.

    What has shrunk or passed is no news, nor is the same again a week or up to four later, nor what only came into
    sight as the end of a span that was cut off. That somebody can't be reached is told once, whatever the shifts.
    """
    if problem.kind is Kind.UNREACHABLE:
        return False
    return any(not _known(span, told, seen_until) for span in problem.spans)


def _known(span: Span, told: Sequence[Span], seen_until: datetime) -> bool:
    for one in told:
        open_end = one.end >= seen_until
        for weeks in range(5):
            since, until = span.start - weeks * WEEK, span.end - weeks * WEEK
            slack = SLACK if weeks else timedelta(0)
            if since >= one.start - slack and (open_end or until <= one.end + slack) and since <= one.end + slack:
                return True
    return False


def _gaps(walked: Sequence[Stretch]) -> Iterator[Span]:
    for one in walked:
        if isinstance(one, Gap) and one.override is None and one.start is not None and one.end is not None:
            yield Span(one.start, one.end)


def _shifts(walked: Sequence[Stretch]) -> Iterator[tuple[str, Span]]:
    for one in walked:
        if isinstance(one, Shift) and one.start is not None and one.end is not None:
            yield one.person, Span(one.start, one.end)


def _twice(held: Mapping[str, Sequence[Stretch]]) -> Iterator[tuple[tuple[str, ...], str, Span]]:
    """Whoever has two schedules at once, by pairs of schedules."""
    by_person: dict[str, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for key, walked in held.items():
        for person, span in _shifts(walked):
            by_person[person][key].append(span)
    for person, theirs in by_person.items():
        for one, other in combinations(sorted(theirs), 2):
            for span in _both(theirs[one], theirs[other]):
                yield (one, other), person, span


def _both(some: Sequence[Span], others: Sequence[Span]) -> Iterator[Span]:
    """Where two ordered lists of spans overlap, in one walk."""
    first = second = 0
    while first < len(some) and second < len(others):
        yield from _common(some[first], others[second])
        if some[first].end <= others[second].end:
            first += 1
        else:
            second += 1


def _common(one: Span, other: Span) -> list[Span]:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return [Span(start, end)] if start < end else []


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
