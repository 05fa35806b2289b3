"""Pictures by gnuplot, as SVG to be put into a page.

A point's words are its <title>: a reader without script sees them as a
tooltip. Must not know of results, nor of pages.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from .status import LabError

_LINE, _PALE, _MARK, _INK = "#2b6cb0", "#b9cfe6", "#c0392b", "#444444"
_NAMED = 12             # the largest changes get their words


@dataclass(frozen=True)
class Mark:
    """A change of level before point `at`."""

    at: int
    text: str
    size: float         # for which ones get their words


@dataclass(frozen=True)
class Levels:
    """Values in a row, the same distance apart, and the level they keep."""

    values: list[float]
    levels: list[tuple[int, float]]     # from which value on, first at 0
    units: str
    words: list[str]            # of each value, for who points at it
    ticks: list[str]            # of each value, for the axis
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True)
class Spread:
    """How often each value was seen."""

    bins: list[tuple[int, int]]
    units: str


def _quoted(text: str) -> str:
    """A string of gnuplot's that stands for itself."""
    return "'" + re.sub(r"[\n\\]", " ", text).replace("'", "''") + "'"


def _rows(rows: list[tuple[float, float, str]]) -> list[str]:
    """$d: x, y, words; these without what would end them, or a tag."""
    return ["$d << EOD", *(
        f'{x} {y} "' + re.sub(r"[^\w .,:/+()-]", " ", words) + '"'
        for x, y, words in rows), "EOD"]


def _range(values: list[float]) -> str:
    low, high = min(values), max(values)
    pad = 0.12 * (high - low) or max(abs(high) * 0.1, 1)
    return f"[{low - pad}:{high + pad}]"


def _steps(plot: Levels) -> list[str]:
    """$l: the levels, as one line."""
    ends = [at for at, _ in plot.levels[1:]] + [len(plot.values)]
    return ["$l << EOD", *(
        f"{start - 0.5} {level}\n{end - 0.5} {level}"
        for (start, level), end in zip(plot.levels, ends)), "EOD"]


def _spark(plot: Levels) -> list[str]:
    return [
        "set terminal svg size 240,40 dynamic",
        "unset border; unset tics; set margins 1,1,0.3,0.3",
        f"set xrange [-0.5:{len(plot.values) - 0.5}]",
        f"set yrange {_range(plot.values)}",
        *_rows([(at, value, "") for at, value in enumerate(plot.values)]),
        *_steps(plot),
        f"plot $d using 1:2 with lines lw 0.5 lc rgb '{_PALE}', "
        f"$l using 1:2 with lines lw 1.5 lc rgb '{_LINE}'"]


def _levels(plot: Levels) -> list[str]:
    size = len(plot.values)
    step = max(1, -(-size // 8))
    ticks = ", ".join(f"{_quoted(plot.ticks[at])} {at}"
                      for at in range(0, size, step))
    out = [
        "set terminal svg size 900,320 dynamic font 'sans-serif,13'",
        f"set border 3 lc rgb '{_INK}'; set tics nomirror",
        f"set xrange [-0.5:{size - 0.5}]",
        f"set yrange {_range(plot.values)}",
        f"set xtics ({ticks})", "set format y '%.10g'",
        f"set ylabel {_quoted(plot.units)}",
        "set grid ytics lc rgb '#dddddd'",
        f"set tmargin {4 if plot.marks else 1}"]
    row = 0         # those beside each other are not on one line
    named = sorted(plot.marks, key=lambda mark: -mark.size)[:_NAMED]
    for mark in plot.marks:
        where = f"{mark.at - 0.5}"
        out.append(f"set arrow from {where}, graph 0 to {where}, graph 1 "
                   f"nohead dt 2 lc rgb '{_MARK}'")
        if mark in named:
            side = "right" if mark.at > size / 2 else "left"
            row += 1
            out.append(f"set label {_quoted(mark.text)} at {where}, graph "
                       f"{1.04 + 0.07 * (row % 3)} {side} "
                       f"tc rgb '{_MARK}' noenhanced")
    return [
        *out, *_rows([(at, value, words) for at, (value, words)
                      in enumerate(zip(plot.values, plot.words))]),
        *_steps(plot),
        f"plot $l using 1:2 with lines lw 1.5 lc rgb '{_LINE}', "
        f"$d using 1:2:3 with labels hypertext point pt 7 ps 0.4 "
        f"lc rgb '{_LINE}'"]


def _spread(plot: Spread) -> list[str]:
    values = [float(value) for value, _ in plot.bins]
    return [
        "set terminal svg size 900,260 dynamic font 'sans-serif,13'",
        f"set border 3 lc rgb '{_INK}'; set tics nomirror",
        f"set xrange {_range(values)}", "set yrange [0.5:*]",
        "set logscale y", "set format x '%.10g'", "set format y '%.10g'",
        f"set xlabel {_quoted(plot.units)}", "set ylabel 'samples'",
        "set grid ytics lc rgb '#dddddd'",
        *_rows([(value, count, f"{value} {plot.units}: {count} samples")
                for value, count in plot.bins]),
        f"plot $d using 1:2 with impulses lw 2 lc rgb '{_LINE}', "
        f"$d using 1:2:3 with labels hypertext point pt 7 ps 0.4 "
        f"lc rgb '{_LINE}'"]


# A point with words, as gnuplot writes it for its own script.
_POINT = re.compile(
    r"<g onmousemove=\"gnuplot_svg\.showHypertext\(evt,'(.*?)'\)\"[^>]*>"
    r"<title> </title>\s*<use xlink:href='#gpPt6' transform='translate\("
    r"([\d.-]+),([\d.-]+)\) scale\([\d.]+\)' color='[^']*'/></g>", re.S)
_WRAPPED = re.compile(r"<g [^>]*>\s*(<circle[^\n]*>)\s*</g>\s*")
_EMPTY = re.compile(r"<g [^>]*>\s*</g>\s*")


def _slim(svg: str, label: str) -> str:
    """Without what says nothing, nor what collides with other pictures of
    the page: prolog, script, symbols, empty groups."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<defs>.*?</defs>", "", svg, flags=re.S)
    svg = re.sub(r"<title>.*?</title>\s*<desc>.*?</desc>", "", svg,
                 count=1, flags=re.S)
    svg = re.sub(r' (?:id|xmlns:xlink)="[^"]*"', "", svg)
    svg = _POINT.sub(
        r'<circle cx="\2" cy="\3" r="2.5"><title>\1</title></circle>', svg)
    # Other symbols are left out with their definitions, but for a dot.
    svg = re.sub(
        r"<use xlink:href='#gpPt6' transform='translate\(([\d.-]+),"
        r"([\d.-]+)\)[^>]*/>", r'<circle cx="\1" cy="\2" r="2.5"/>', svg)
    svg = _WRAPPED.sub(r"\1\n", svg)
    last = ""
    while svg != last:
        last, svg = svg, _EMPTY.sub("", svg)
    return svg.replace(
        "<svg", f'<svg fill="{_LINE}" role="img" '
        f'aria-label="{escape(label)}"', 1)


def _script(plots: list[tuple[str, list[str]]]) -> str:
    return "\n".join(
        f"reset; set output '{at}.svg'; set key off\n" + "\n".join(lines)
        + "\nunset output" for at, (_, lines) in enumerate(plots)) + "\n"


def draw(plots: list[tuple[str, "Levels | Spread"]],
         sparks: list[tuple[str, Levels]]) -> tuple[list[str], list[str]]:
    """Pictures of both kinds, in order; each with the words for those who
    do not see it."""
    made = [(label, _levels(plot) if isinstance(plot, Levels)
             else _spread(plot)) for label, plot in plots]
    made += [(label, _spark(plot)) for label, plot in sparks]
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                ["gnuplot"], input=_script(made), cwd=folder, text=True,
                capture_output=True)
        except OSError as error:
            raise LabError(f"gnuplot: {error.strerror}: "
                           f"make deps") from None
        if done.returncode:
            raise LabError(f"gnuplot: {done.stderr.strip()[-300:]}")
        drawn = [_slim((Path(folder) / f"{at}.svg").read_text(), label)
                 for at, (label, _) in enumerate(made)]
    return drawn[:len(plots)], drawn[len(plots):]
