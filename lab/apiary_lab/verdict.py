"""From the runs of two sides to a verdict on each figure, and a table.

Where both sides are deterministic, figures are facts: any difference is one,
and the whole distribution is looked at. Elsewhere a boot is one observation,
the median of its samples, and Mann-Whitney decides. All figures are costs:
less is better. Must not know how runs are obtained.

SPDX-License-Identifier: BSD-2-Clause
"""
import statistics
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from . import stats
from .status import GOOD, NOT_ENOUGH_DATA, TEST_FAILED

ALPHA = 0.01
MIN_BOOTS = 5           # a side: 4 and 4 cannot get below ALPHA
WIDTH = 100
_NAME = 22

SAME, SLOWER, FASTER = "same", "slower", "faster"
# The median is the same, the rest of the distribution is not.
TAIL_SLOWER, TAIL_FASTER, TAIL_OTHER = "slower tail", "faster tail", \
    "other tail"
NEW, GONE, UNITS, NO_DATA = "new", "gone", "other units", "too few runs"
_WORSE, _BETTER = (SLOWER, TAIL_SLOWER), (FASTER, TAIL_FASTER)


@dataclass
class Row:
    """One figure on both sides."""

    name: str
    unit: str
    verdict: str
    base: float | None = None
    head: float | None = None
    delta: float | None = None
    percent: float | None = None
    low: float | None = None        # of the interval of delta, in percent
    high: float | None = None
    p: float | None = None
    counts: bool = True             # whether it is worth a status of its own
    note: str = ""


def middle(bench: dict[str, Any]) -> float:
    """The median of one boot. Where values were cut to their leading bits
    to fit a histogram, it is interpolated within its bin."""
    bins = bench["bins"]
    if sum(low * count for low, count in bins) == bench["sum"]:
        return bench["p50"]
    kept = max(low.bit_length() - ((low & -low).bit_length() - 1)
               for low, _ in bins if low)
    seen, half = 0, bench["n"] / 2
    for low, count in bins:
        if seen + count >= half:
            width = 1 << max(low.bit_length() - kept, 0)
            return max(low + width * (half - seen) / count, bench["min"])
        seen += count
    return bench["max"]


def _percent(delta: float, base: float) -> float | None:
    return 100 * delta / base if base else None


def _exact(name: str, base: dict[str, Any], head: dict[str, Any]) -> Row:
    row = Row(name, head["units"], SAME, base["p50"], head["p50"],
              head["p50"] - base["p50"])
    row.percent = _percent(row.delta, row.base)
    if row.delta:
        row.verdict = SLOWER if row.delta > 0 else FASTER
    elif base["bins"] != head["bins"] or base["sum"] != head["sum"]:
        # Means, since the number of samples may be another one.
        one, two = (side["sum"] / side["n"] for side in (base, head))
        row.verdict = TAIL_SLOWER if two > one else \
            TAIL_FASTER if two < one else TAIL_OTHER
        if base["n"] != head["n"] and one == two and \
                (base["min"], base["max"]) == (head["min"], head["max"]):
            row.verdict = SAME
        row.percent = _percent(two - one, one)
        row.note = f"mean {one:g} -> {two:g}, max {base['max']} -> " \
            f"{head['max']}"
    return row


def _statistical(name: str, base: list[dict[str, Any]],
                 head: list[dict[str, Any]]) -> Row:
    one, two = ([middle(side) for side in sides] for sides in (base, head))
    row = Row(name, head[0]["units"], NO_DATA, statistics.median(one),
              statistics.median(two))
    delta, low, high = stats.shift(one, two, ALPHA)
    row.delta, row.percent = delta, _percent(delta, row.base)
    if min(len(one), len(two)) < MIN_BOOTS:
        row.note = f"{len(one)} and {len(two)} boots, wanted {MIN_BOOTS} " \
            f"a side"
        return row
    row.low, row.high = _percent(low, row.base), _percent(high, row.base)
    row.p = stats.mann_whitney(one, two)
    row.verdict = SAME
    if row.p < ALPHA and delta:
        row.verdict = SLOWER if delta > 0 else FASTER
    return row


def rows(base: list[dict[str, Any]], head: list[dict[str, Any]],
         threshold: float = 0.0) -> list[Row]:
    """A row for each figure of either side; every run is one boot. What is
    slower by `threshold` percent or less does not count."""
    exact = all(run["target"]["deterministic"] for run in (*base, *head))
    names = sorted({name for run in (*base, *head)
                    for name in run["benchmarks"]})
    out = []
    for name in names:
        one, two = ([run["benchmarks"][name] for run in side
                     if name in run["benchmarks"]] for side in (base, head))
        units = {bench["units"] for bench in (*one, *two)}
        if not one or not two:
            row = Row(name, units.pop(), GONE if one else NEW)
            row.base = one[-1]["p50"] if one else None
            row.head = two[-1]["p50"] if two else None
        elif len(units) > 1:
            row = Row(name, "?", UNITS, note=" | ".join(sorted(units)))
        elif exact:
            row = _exact(name, one[-1], two[-1])
        else:
            row = _statistical(name, one, two)
        row.counts = not threshold or row.percent is None or \
            abs(row.percent) > threshold
        out.append(row)
    return out


def status(table: list[Row]) -> int:
    """Something got worse, or could not be told, or all is good."""
    if any(row.verdict in _WORSE and row.counts for row in table):
        return TEST_FAILED
    if any(row.verdict in (NO_DATA, UNITS) for row in table):
        return NOT_ENOUGH_DATA
    return GOOD


def withhold(table: list[Row]) -> None:
    """Figures of different machines or tools: shown, not judged."""
    for row in table:
        if row.verdict not in (NEW, GONE, UNITS):
            row.verdict = "-"
            row.low = row.high = row.p = None


def _word(row: Row) -> str:
    """The verdict, in words that suit the unit."""
    sizes = {SLOWER: "larger", FASTER: "smaller"}
    return sizes.get(row.verdict, row.verdict) if row.unit == "bytes" \
        else row.verdict


def summary(table: list[Row]) -> str:
    """One line: how many of each verdict, the bad ones first."""
    order = (*_WORSE, TAIL_OTHER, *_BETTER, NO_DATA, UNITS, GONE, NEW, SAME,
             "-")
    counts = Counter(_word(row) for row in sorted(
        table, key=lambda row: order.index(row.verdict)))
    return ", ".join(f"{count} {'without verdict' if word == '-' else word}"
                     for word, count in counts.items())


def as_json(table: list[Row]) -> list[dict[str, Any]]:
    return [asdict(row) for row in table]


# -- text -----------------------------------------------------------------

def number(value: float | None) -> str:
    """At most ten characters, and no digits that say nothing."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.1f}" if abs(value) < 1e6 else f"{value:.4g}"


def _delta(row: Row, exact: bool) -> str:
    if row.delta is None:
        return "-"
    if not row.delta and row.verdict not in (TAIL_SLOWER, TAIL_FASTER):
        return "0"
    sign = "+" if row.delta >= 0 else ""
    share = "" if row.percent is None else f"{row.percent:+.2f} %"
    if not exact:
        return share or sign + number(row.delta)
    if not row.delta:
        return f"mean {share}"
    return sign + number(row.delta) + (f" ({share})" if share else "")


def _cells(table: list[Row],
           sides: tuple[str, str]) -> list[list[str]]:
    exact = not any(row.p is not None or row.verdict == NO_DATA
                    for row in table)
    head = ["operation", "unit", *sides, "delta"]
    head += ["verdict"] if exact else [f"{100 * (1 - ALPHA):g} % interval",
                                       "p", "verdict"]
    out = [head]
    for row in table:
        cells = [row.name, row.unit, number(row.base), number(row.head),
                 _delta(row, exact)]
        if not exact:
            cells += ["-" if row.low is None else
                      f"[{row.low:+.2f}, {row.high:+.2f}] %",
                      "-" if row.p is None else f"{row.p:.4f}"]
        out.append(cells + [_word(row) + ("" if row.counts or row.verdict
                                          not in _WORSE else " (allowed)")])
    return out


def text(table: list[Row],
         sides: tuple[str, str] = ("base", "head")) -> str:
    """The table for a terminal, within WIDTH columns."""
    cells = _cells(table, sides)
    for line in cells:
        if len(line[0]) > _NAME:
            line[0] = line[0][:_NAME - 1] + "~"
    last = len(cells[0]) - 1
    widths = [max(len(line[i]) for line in cells) for i in range(last + 1)]
    gap = "  " if sum(widths) + 2 * last <= WIDTH else " "
    return "\n".join(
        gap.join(cell.ljust(width) if i in (0, 1, last) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths)))
        .rstrip()[:WIDTH] for line in cells)


def markdown(table: list[Row]) -> str:
    """The table for a merge request."""
    cells = _cells(table, ("base", "head"))
    rule = [":--" if i in (0, 1, len(cells[0]) - 1) else "--:"
            for i in range(len(cells[0]))]
    return "\n".join("| " + " | ".join(
        cell.replace("|", "\\|") for cell in line) + " |"
        for line in (cells[0], rule, *cells[1:]))
