"""Two samples: do they differ, and by how much?

Ranks only: nothing is assumed about how figures are distributed. Must not
know what the numbers are.

- Mann-Whitney U, two-sided. Up to EXACT_LIMIT numbers the p-value is exact,
  ties included: the share of all ways to divide these very ranks among the
  two sides that are as far from the mean as what was seen. Beyond, by the
  normal distribution with corrections for ties and continuity.
- The shift between them: Hodges and Lehmann's estimate (the median of all
  differences) and its interval, from the distribution of U.

H. B. Mann and D. R. Whitney, 1947; J. L. Hodges and E. L. Lehmann, 1963.

SPDX-License-Identifier: BSD-2-Clause
"""
import math
import statistics
from functools import lru_cache

EXACT_LIMIT = 60
# One coefficient of a polynomial kept in an int: C(60, 30) < 2^57.
_BITS = 64


def _doubled_ranks(values: list[float]) -> list[int]:
    """Twice the rank of each value; equal values share their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and \
                values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            ranks[index] = start + 1 + end
        start = end
    return ranks


@lru_cache(maxsize=256)
def _rank_sums(ranks: tuple[int, ...], size: int) -> dict[int, int]:
    """How many of the choices of `size` ranks have each sum."""
    # Coefficient s of rows[k] counts the choices of k ranks with sum s:
    # multiplying by x^rank is a shift.
    rows = [1] + [0] * size
    for rank in ranks:
        for k in range(size, 0, -1):
            rows[k] += rows[k - 1] << (rank * _BITS)
    data = rows[size].to_bytes((rows[size].bit_length() + 7) // 8 + 8,
                               "little")
    step = _BITS // 8
    return {at // step: count for at in range(0, len(data), step)
            if (count := int.from_bytes(data[at:at + step], "little"))}


def mann_whitney(a: list[float], b: list[float]) -> float:
    """The probability of a difference like this one, or a larger one, in
    either direction, if there is none."""
    both = _doubled_ranks(list(a) + list(b))
    seen, n = sum(both[:len(a)]), len(both)
    mean = len(a) * (n + 1)         # of the doubled sum, as `seen` is
    far = abs(seen - mean)
    if n <= EXACT_LIMIT:
        sums = _rank_sums(tuple(sorted(both)), len(a))
        extreme = sum(count for total, count in sums.items()
                      if abs(total - mean) >= far)
        return extreme / math.comb(n, len(a))
    ties = sum(t ** 3 - t for t in
               (both.count(rank) for rank in set(both)))
    variance = len(a) * len(b) / 12 * ((n + 1) - ties / (n * (n - 1)))
    if variance <= 0:
        return 1.0
    z = max(far / 2 - 0.5, 0) / math.sqrt(variance)
    return min(1.0, math.erfc(z / math.sqrt(2)))


def shift(a: list[float], b: list[float],
          alpha: float) -> tuple[float, float, float]:
    """By how much b lies above a: estimate, and the interval that holds it
    with probability 1 - alpha or more (all differences, if the samples are
    too small for that)."""
    differences = sorted(y - x for x in a for y in b)
    return (statistics.median(differences),
            *_interval(differences, len(a), len(b), alpha))


def _interval(differences: list[float], m: int, n: int,
              alpha: float) -> tuple[float, float]:
    if m + n <= EXACT_LIMIT:
        lowest = m * (m + 1)
        sums = _rank_sums(tuple(range(2, 2 * (m + n) + 1, 2)), m)
        tail, cut = 0.0, 0
        for total in range(lowest, lowest + 2 * m * n + 1, 2):
            tail += sums[total] / math.comb(m + n, m)
            if tail > alpha / 2:
                break
            cut += 1
    else:
        sigma = math.sqrt(m * n * (m + n + 1) / 12)
        z = statistics.NormalDist().inv_cdf(1 - alpha / 2)
        cut = int(m * n / 2 - z * sigma)
    cut = max(cut, 1)
    return differences[cut - 1], differences[-cut]
