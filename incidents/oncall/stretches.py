"""PURE: sets of time as lists of stretches `[start, end)`, in order, none touching another."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

Stretch = tuple[datetime, datetime]


def joined(found: Iterable[Stretch]) -> list[Stretch]:
    """In order, with those that overlap or touch as one; empty ones are left out."""
    together: list[Stretch] = []
    for start, end in sorted(one for one in found if one[0] < one[1]):
        if together and start <= together[-1][1]:
            together[-1] = (together[-1][0], max(together[-1][1], end))
        else:
            together.append((start, end))
    return together


def common(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """Where both are; walks through both once."""
    found, here, there = [], 0, 0
    while here < len(some) and there < len(others):
        start = max(some[here][0], others[there][0])
        end = min(some[here][1], others[there][1])
        if start < end:
            found.append((start, end))
        if some[here][1] <= others[there][1]:
            here += 1
        else:
            there += 1
    return found


def without(whole: Stretch, taken: Iterable[Stretch]) -> list[Stretch]:
    """What is left of `whole`."""
    found, since = [], whole[0]
    for start, end in joined(taken):
        if since < start:
            found.append((since, min(start, whole[1])))
        since = max(since, end)
        if since >= whole[1]:
            return [one for one in found if one[0] < one[1]]
    return [*[one for one in found if one[0] < one[1]], (since, whole[1])]


def length(found: Iterable[Stretch]) -> timedelta:
    """Together."""
    return sum((end - start for start, end in found), timedelta(0))
