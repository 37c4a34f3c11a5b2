"""PURE: how much work arrives when, and how much of it ends how."""

import math
import random

_HOUR = 3600.0
_QUIET = 0.7  # people in three time zones: it never gets really quiet, and the demo has to burn at night too


def busy(at: float) -> float:
    """Share of the busiest minute's work that arrives at `at` (seconds since the epoch), between 0.7 and 1."""
    hour = at % (24 * _HOUR) / _HOUR
    midday = max(0.0, math.cos((hour - 13) / 24 * 2 * math.pi))
    weekday = int(at // (24 * _HOUR) + 3) % 7  # the epoch was a Thursday
    return _QUIET + (1 - _QUIET) * midday * (0.15 if weekday >= 5 else 1.0)


def arrivals(rng: random.Random, mean: float) -> int:
    """How many of independent events happen where `mean` are expected (Poisson; its normal limit from 50 on)."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def among(rng: random.Random, count: int, share: float) -> int:
    """How many of `count` have a property that each has with probability `share` (binomial; nearly, when large)."""
    if count <= 20:
        return sum(rng.random() < share for _ in range(count))
    if share > 0.5:
        return count - among(rng, count, 1 - share)
    return min(count, arrivals(rng, count * share))
