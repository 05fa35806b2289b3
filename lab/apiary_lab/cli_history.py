"""`apiary history`, `report` and `export`: what all stored runs say.

Must not know how runs are kept, nor how changes are found.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from . import commits, export, index, paths, report, series
from .status import GOOD, LabError, no_such
from .terminal import emit, progress, warn
from .verdict import number


def cmd_history(args: argparse.Namespace) -> int:
    with index.opened(warn) as base:
        known = series.targets(base)
        if args.target not in known:
            raise LabError(no_such("target with stored runs", args.target,
                                   known) if known else
                           "no runs are stored: make bench")
        names = series.names(base, args.target)
        for name in args.names:
            if name not in names:
                raise LabError(no_such("figure", name, names))
        places = commits.places()
        found = {name: series.of(base, args.target, name, args.dirty, places)
                 for name in args.names or names}
    if args.json:
        emit({"target": args.target, "figures": {
            name: [{"time": points[step.at].time,
                    "commit": points[step.at].commit,
                    "before": step.before, "after": step.after, "p": step.p}
                   for step in series.changes(points)]
            for name, points in found.items() if points}})
        return GOOD
    for name, points in found.items():
        if points:
            _print(name, points)
    return GOOD


def _print(name: str, points: list[series.Point]) -> None:
    changes = series.changes(points)
    print(f"{name}: {number(points[0].value)} -> {number(points[-1].value)} "
          f"{points[-1].units} in {len(points)} runs, {len(changes)} "
          f"change{'s' * (len(changes) != 1)}")
    for step in changes:
        point, share = points[step.at], series.share(step)
        print(f"  {point.time[:16].replace('T', ' ')}  {point.commit[:12]}  "
              f"{number(step.before)} -> {number(step.after)}"
              f"{f' ({share})' if share else ''}")


def cmd_report(args: argparse.Namespace) -> int:
    output = Path(args.output) if args.output else paths.RESULTS / "report"
    runs, pages = report.make(output, args.dirty, commits.places(), warn,
                              progress)
    print(f"{runs} runs, {pages} pages: {paths.shown(output / 'index.html')}")
    return GOOD


def cmd_export(args: argparse.Namespace) -> int:
    with index.opened(warn) as base:
        text = export.FORMATS[args.format](base, args.target)
    sys.stdout.write(text)
    return GOOD


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Adds the sub-commands to the parser of cli.py."""
    sub = command("history", cmd_history, "when each figure changed, over "
                  "all stored runs")
    sub.add_argument("names", metavar="NAME", nargs="*")
    sub.add_argument("--target", default="qemu-virt-gicv3", metavar="T",
                     help="as runs are stored (default: %(default)s)")
    sub.add_argument("--dirty", action="store_true",
                     help="runs of trees that were no commit, too")
    sub = command("report", cmd_report, "pages to read in a browser: every "
                  "figure over the commits, every run", json_too=False)
    sub.add_argument("--output", metavar="DIR",
                     help="where (default: results/report)")
    sub.add_argument("--dirty", action="store_true",
                     help="runs of trees that were no commit, too")
    sub = command("export", cmd_export, "all stored runs, for other programs",
                  json_too=False)
    sub.add_argument("--format", choices=sorted(export.FORMATS),
                     default="csv", help="csv: a row for each figure "
                     "(default); hunter: a row for each run; lnt: reports")
    sub.add_argument("--target", metavar="T")
