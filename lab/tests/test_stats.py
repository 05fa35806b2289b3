"""Statistics against published values, brute force, and known truth.

Random numbers are seeded: what passes once passes always.

SPDX-License-Identifier: BSD-2-Clause
"""
import itertools
import random
import unittest
from collections.abc import Callable

import support  # noqa: F401  (finds apiary_lab)
from apiary_lab import stats, verdict
from apiary_lab.bench import as_dict
from apiary_lab.records import Histogram

ROUNDS = 3000
Draw = Callable[[random.Random, int], float]    # a boot, by its place


def brute_force(a: list[float], b: list[float]) -> float:
    """The same p by trying every division of the numbers."""
    both = a + b

    def ranks_of(some: tuple[int, ...]) -> float:
        return sum(sum(x < both[i] for x in both)
                   + (sum(x == both[i] for x in both) + 1) / 2 for i in some)

    mean = len(a) * (len(both) + 1) / 2
    far = abs(ranks_of(tuple(range(len(a)))) - mean)
    ways = list(itertools.combinations(range(len(both)), len(a)))
    return sum(abs(ranks_of(way) - mean) >= far for way in ways) / len(ways)


class MannWhitney(unittest.TestCase):
    def test_smallest_p(self) -> None:
        """2 / C(2n, n): why four boots a side cannot give a verdict."""
        for n, p in ((3, 0.1), (4, 2 / 70), (5, 2 / 252)):
            self.assertAlmostEqual(stats.mann_whitney(
                list(range(n)), list(range(n, 2 * n))), p)
        self.assertLess(2 / 252, verdict.ALPHA)
        self.assertGreater(2 / 70, verdict.ALPHA)

    def test_brute_force(self) -> None:
        source = random.Random(1)
        for _ in range(40):
            values = [[float(source.randrange(6)) for _ in range(n)]
                      for n in (source.randrange(1, 6), 4)]
            self.assertAlmostEqual(stats.mann_whitney(*values),
                                   brute_force(*values), msg=str(values))

    def test_equal(self) -> None:
        self.assertEqual(stats.mann_whitney([3.0] * 5, [3.0] * 6), 1)
        self.assertEqual(stats.mann_whitney([3.0] * 50, [3.0] * 60), 1)

    def test_large_samples_agree_with_exact_ones(self) -> None:
        source = random.Random(2)
        for mean in (0, 0.3, 0.6):
            a = [source.gauss(0, 1) for _ in range(30)]
            b = [source.gauss(mean, 1) for _ in range(30)]
            exact = stats.mann_whitney(a, b)
            limit, stats.EXACT_LIMIT = stats.EXACT_LIMIT, 10
            try:
                self.assertAlmostEqual(stats.mann_whitney(a, b), exact,
                                       delta=0.005)
            finally:
                stats.EXACT_LIMIT = limit

    def test_both_ways_round(self) -> None:
        a, b = [1.0, 2, 2, 5, 9], [2.0, 3, 7, 7]
        self.assertAlmostEqual(stats.mann_whitney(a, b),
                               stats.mann_whitney(b, a))


class Shift(unittest.TestCase):
    def test_estimate(self) -> None:
        self.assertEqual(stats.shift([1, 2, 3, 4, 5],
                                     [11, 12, 13, 14, 15], 0.01),
                         (10, 6, 14))

    def test_interval_holds_the_truth(self) -> None:
        source = random.Random(3)
        for n, alpha in ((5, 0.01), (10, 0.01), (10, 0.05), (40, 0.05)):
            held = 0
            for _ in range(600):
                a = [source.gauss(100, 2) for _ in range(n)]
                b = [source.gauss(103, 2) for _ in range(n)]
                _, low, high = stats.shift(a, b, alpha)
                held += low <= 3 <= high
            self.assertGreater(held / 600, 1 - alpha - 0.012, (n, alpha))

    def test_interval_and_p_agree(self) -> None:
        source = random.Random(4)
        for _ in range(300):
            a = [source.gauss(100, 2) for _ in range(8)]
            b = [source.gauss(103, 2) for _ in range(8)]
            _, low, high = stats.shift(a, b, verdict.ALPHA)
            self.assertEqual(stats.mann_whitney(a, b) < verdict.ALPHA,
                             low > 0 or high < 0)


def steady(source: random.Random, _boot: int) -> float:
    return source.gauss(1000, 15)


def bimodal(source: random.Random, _boot: int) -> float:
    """Each boot falls into one of two states, as with page colours."""
    return source.gauss(1000 if source.random() < 0.7 else 1080, 8)


def heavy(source: random.Random, _boot: int) -> float:
    """Most boots are quiet; now and then one is far off."""
    return 1000 + 10 * abs(source.gauss(0, 1) / (source.random() + 1e-3))


def drift(source: random.Random, boot: int) -> float:
    """The board warms up: 3 % over twenty boots."""
    return source.gauss(1000 + 1.5 * boot, 15)


def steps(source: random.Random, _boot: int) -> float:
    """A counter of few ticks: many boots are equal."""
    return round(source.gauss(1000, 15) / 16) * 16


def rate(draw: Draw, boots: int, slower: float, seed: int) -> float:
    """The share of interleaved comparisons that give a verdict, where one
    side is slower by this much."""
    source, found = random.Random(seed), 0
    for _ in range(ROUNDS):
        values = [draw(source, boot) for boot in range(2 * boots)]
        table = verdict.rows(*([as_run(value + more)
                                for value in values[side::2]]
                               for side, more in ((0, 0), (1, slower))))
        found += table[0].verdict in (verdict.SLOWER, verdict.FASTER)
    return found / ROUNDS


def as_run(value: float) -> dict:
    # Hundredths, so that rounding is not part of the experiment.
    value = round(value * 100)
    return {"target": {"deterministic": False}, "benchmarks": {"x": {
        "units": "ns", "n": 1, "min": value, "p50": value, "max": value,
        "sum": value, "bins": [[value, 1]]}}}


class Truth(unittest.TestCase):
    """Known distributions, known shifts."""

    def test_false_alarms(self) -> None:
        # 1 % is the bound for the test itself; what 3,000 rounds show may
        # lie above by chance, by less than three standard deviations.
        for boots in (5, 10):
            for seed, draw in enumerate((steady, bimodal, heavy, drift,
                                         steps)):
                found = rate(draw, boots, 0, seed)
                self.assertLess(found, 0.0145, (draw.__name__, boots))

    def test_false_alarms_in_the_long_run(self) -> None:
        """Exactly: the largest p that counts has that probability."""
        for boots in (5, 6, 8, 10, 20):
            ranks = tuple(range(2, 4 * boots + 1, 2))
            sums = stats._rank_sums(ranks, boots)
            mean, total = boots * (2 * boots + 1), sum(sums.values())
            tails = {abs(s - mean) for s in sums}
            alarm = max((p for p in (
                sum(c for s, c in sums.items() if abs(s - mean) >= far)
                / total for far in tails) if p < verdict.ALPHA), default=0)
            self.assertTrue(0.003 < alarm < 0.01, (boots, alarm))

    def test_three_percent_is_found(self) -> None:
        """CV 1.5 %, ten boots a side: 90.7 % in the long run."""
        self.assertGreater(rate(steady, 10, 30, 1), 0.90)

    def test_what_else_is_found(self) -> None:
        """Seven percent by five boots; four while the board warms up."""
        self.assertGreater(rate(steady, 5, 70, 2), 0.90)
        self.assertGreater(rate(drift, 10, 40, 3), 0.90)


class Middle(unittest.TestCase):
    """One boot's figure, from its histogram."""

    def bench(self, samples: list[int], cut: int) -> dict:
        bins: dict[int, int] = {}
        for value in samples:
            shift = max(value.bit_length() - cut, 0)
            low = value >> shift << shift
            bins[low] = bins.get(low, 0) + 1
        hist = Histogram("x", "ns", "", len(samples), min(samples),
                         max(samples), sum(samples), sorted(bins.items()))
        return as_dict(hist, "x")

    def test_lossless(self) -> None:
        samples = [96, 96, 96, 128, 300]
        self.assertEqual(verdict.middle(self.bench(samples, 64)), 96)

    def test_cut_to_leading_bits(self) -> None:
        """A bin of 3 % must not hide a shift of 1 %."""
        source = random.Random(5)
        middles = []
        for mean in (20000, 20200):
            samples = [round(source.gauss(mean, 900)) for _ in range(4000)]
            middles.append(verdict.middle(self.bench(samples, 6)))
            self.assertAlmostEqual(middles[-1], mean, delta=60)
        self.assertGreater(middles[1] - middles[0], 100)


class Table(unittest.TestCase):
    """What is printed keeps to its width, whatever the figures."""

    def run_of(self, factor: float, exact: bool) -> dict:
        benches = {}
        for index, name in enumerate(("x" * 40, "world_switch_fp", "boot")):
            value = round(factor * 10 ** (3 + 3 * index))
            benches[name] = {"units": "cycles", "n": 1, "min": value,
                             "p50": value, "max": value, "sum": value,
                             "bins": [[value, 1]]}
        return {"target": {"deterministic": exact}, "benchmarks": benches}

    def test_sizes_are_not_slow(self) -> None:
        one, two = self.run_of(1, True), self.run_of(2, True)
        for run in (one, two):
            run["benchmarks"]["boot"]["units"] = "bytes"
        table = verdict.rows([one], [two], 1.0)
        self.assertRegex(verdict.text(table), r"boot +bytes .* larger")
        self.assertEqual(verdict.summary(table), "1 larger, 2 slower")
        self.assertEqual(verdict.summary(verdict.rows([two], [one], 1.0)),
                         "1 smaller, 2 faster")

    def test_width(self) -> None:
        for exact in (True, False):
            for factor in (0.001, 0.7, 1, 3.7, 900):
                for boots in (1, 5):
                    one = [self.run_of(1 + i / 1000, exact)
                           for i in range(boots)]
                    two = [self.run_of(factor * (1 + i / 1000), exact)
                           for i in range(boots)]
                    table = verdict.rows(one, two, 1.0)
                    lines = verdict.text(table).splitlines()
                    self.assertEqual(len(lines), 4)
                    self.assertLessEqual(max(map(len, lines)),
                                         verdict.WIDTH, lines)
                    for row, line in zip(table, lines[1:]):
                        self.assertIn(row.verdict, line)
