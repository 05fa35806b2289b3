"""`apiary history` and `apiary export`: what all stored runs say.

Must not know how runs are kept, nor how changes are found.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from . import change, export, index
from .status import GOOD, LabError, no_such
from .terminal import emit, warn
from .verdict import number


def _series(base: sqlite3.Connection, target: str, name: str,
            dirty: bool) -> list[tuple[str, str, float, str, bool]]:
    """Time, commit, median, unit, whether deterministic; oldest first."""
    return base.execute(
        'SELECT time, "commit", p50, units, deterministic FROM run '
        'JOIN figure USING (path) WHERE target = ? AND name = ? '
        'AND (? OR NOT dirty) ORDER BY time, path',
        (target, name, dirty)).fetchall()


def _column(base: sqlite3.Connection, text: str, *values: object) \
        -> list[str]:
    return [row[0] for row in base.execute(text, values)]


def _changes(rows: list[tuple[str, str, float, str, bool]]) \
        -> list[change.Change]:
    values = [row[2] for row in rows]
    return change.exact(values) if all(row[4] for row in rows) else \
        change.noisy(values)


def cmd_history(args: argparse.Namespace) -> int:
    with index.opened(warn) as base:
        known = _column(base, "SELECT DISTINCT target FROM run ORDER BY 1")
        if args.target not in known:
            raise LabError(no_such("target with stored runs", args.target,
                                   known) if known else
                           "no runs are stored: make bench")
        names = _column(base, "SELECT DISTINCT name FROM run JOIN figure "
                        "USING (path) WHERE target = ? ORDER BY 1",
                        args.target)
        for name in args.names:
            if name not in names:
                raise LabError(no_such("figure", name, names))
        found = {name: _series(base, args.target, name, args.dirty)
                 for name in args.names or names}
    if args.json:
        emit({"target": args.target, "figures": {
            name: [{"time": rows[step.at][0], "commit": rows[step.at][1],
                    "before": step.before, "after": step.after, "p": step.p}
                   for step in _changes(rows)]
            for name, rows in found.items() if rows}})
        return GOOD
    for name, rows in found.items():
        _print(name, rows)
    return GOOD


def _print(name: str, rows: list[Any]) -> None:
    if not rows:
        return
    changes = _changes(rows)
    unit = rows[-1][3]
    print(f"{name}: {number(rows[0][2])} -> {number(rows[-1][2])} {unit} in "
          f"{len(rows)} runs, {len(changes)} changes")
    for step in changes:
        time, commit = rows[step.at][:2]
        share = f" ({100 * (step.after - step.before) / step.before:+.1f} %)" \
            if step.before else ""
        print(f"  {time[:16].replace('T', ' ')}  {commit[:12]}  "
              f"{number(step.before)} -> {number(step.after)}{share}")


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
    sub = command("export", cmd_export, "all stored runs, for other programs",
                  json_too=False)
    sub.add_argument("--format", choices=sorted(export.FORMATS),
                     default="csv", help="csv: a row for each figure "
                     "(default); hunter: a row for each run; lnt: reports")
    sub.add_argument("--target", metavar="T")
