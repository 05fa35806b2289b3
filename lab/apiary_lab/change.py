"""Where in a series of figures the level changed.

Where runs are deterministic every difference is a change. Elsewhere
E-divisive with means (Matteson and James, 2014) finds where two parts are
furthest apart by their energy distance, and goes on in both; whether a part
of its own begins there is decided by Mann-Whitney, not by permutations, so
that the same series has the same answer. Must not know what was measured.

SPDX-License-Identifier: BSD-2-Clause
"""
import statistics
from dataclasses import dataclass

from . import stats

# Of no change: the place is the best of many. So low, one steady series in a
# hundred shows a change (lab/tests/test_history.py).
ALPHA = 0.0003
# Values a side: 8 and 8 can reach ALPHA.
SHORTEST = 8


@dataclass(frozen=True)
class Change:
    """From `at` on the level is another one."""

    at: int
    before: float
    after: float
    p: float | None = None      # None: a fact


def exact(values: list[float]) -> list[Change]:
    """Every difference between neighbours."""
    return [Change(at, one, two) for at, (one, two)
            in enumerate(zip(values, values[1:]), 1) if one != two]


def _furthest(values: list[float]) -> tuple[int, float]:
    """The place of the largest energy distance, and that distance."""
    size = len(values)
    # Sums of distances: within the first part, within the second, in all.
    left, right = 0.0, sum(abs(a - b) for at, a in enumerate(values)
                           for b in values[at + 1:])
    total, best, place = right, 0.0, 0
    for at in range(1, size):
        new = values[at - 1]
        left += sum(abs(new - value) for value in values[:at - 1])
        right -= sum(abs(new - value) for value in values[at:])
        m, n = at, size - at
        if m < SHORTEST or n < SHORTEST:
            continue
        between = 2 * (total - left - right) / (m * n)
        energy = between - 2 * left / (m * (m - 1)) - \
            2 * right / (n * (n - 1))
        distance = energy * m * n / size
        if distance > best:
            best, place = distance, at
    return place, best


def noisy(values: list[float], start: int = 0) -> list[Change]:
    """Changes of level, first to last."""
    if len(values) < 2 * SHORTEST:
        return []
    at, distance = _furthest(values)
    if not distance:
        return []
    p = stats.mann_whitney(values[:at], values[at:])
    if p > ALPHA:
        return []
    before, after = noisy(values[:at], start), \
        noisy(values[at:], start + at)
    # The levels of the parts that meet here.
    one = values[before[-1].at - start if before else 0:at]
    two = values[at:after[0].at - start if after else len(values)]
    return [*before, Change(start + at, statistics.median(one),
                            statistics.median(two), p), *after]
