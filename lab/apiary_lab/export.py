"""Stored runs as other programs read them: CSV with a row for each figure,
CSV with a row for each run (Hunter's), JSON for LNT.

LNT: docs/importing_data, format version 2. Hunter: its CSV importer. Must
not know how runs are kept.

SPDX-License-Identifier: BSD-2-Clause
"""
import csv
import io
import json
import sqlite3
from typing import Any

from .index import FIGURES

_RUN = ("time", "commit", "dirty", "target", "compiler", "emulator")


def _rows(base: sqlite3.Connection, target: str | None) -> list[tuple]:
    columns = ", ".join(f'run."{name}"' for name in _RUN)
    return base.execute(
        f"SELECT {columns}, name, units, {', '.join(FIGURES)} "
        f"FROM run JOIN figure USING (path) "
        f"WHERE ? IS NULL OR run.target = ? "
        f"ORDER BY run.target, run.time, run.path, name",
        (target, target)).fetchall()


def _plain(value: Any) -> Any:
    """Counts as whole numbers; what a run does not have as nothing."""
    if value is None:
        return ""
    return int(value) if isinstance(value, float) and \
        value.is_integer() else value


def _csv(rows: list[list[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def as_csv(base: sqlite3.Connection, target: str | None) -> str:
    return _csv([[*_RUN, "name", "units", *FIGURES],
                 *([_plain(value) for value in row]
                   for row in _rows(base, target))])


def _runs(base: sqlite3.Connection, target: str | None) \
        -> dict[tuple, dict[str, tuple]]:
    found: dict[tuple, dict[str, tuple]] = {}
    for row in _rows(base, target):
        found.setdefault(row[:len(_RUN)], {})[row[len(_RUN)]] = \
            row[len(_RUN) + 1:]
    return found


def as_hunter(base: sqlite3.Connection, target: str | None) -> str:
    """A column for each figure: its median."""
    runs = _runs(base, target)
    names = sorted({name for figures in runs.values() for name in figures})
    at = 1 + FIGURES.index("p50")
    return _csv([["time", "commit", "target", *names],
                 *([run[0], run[1], run[3],
                    *(_plain(figures[name][at]) if name in figures else ""
                      for name in names)]
                   for run, figures in runs.items())])


def as_lnt(base: sqlite3.Connection, target: str | None) -> str:
    """A list of reports, a run each: what `lnt submit` takes one by one."""
    at = 1 + FIGURES.index("p50")
    return json.dumps([
        {"format_version": "2",
         "machine": {"name": run[3], "compiler": run[4],
                     "emulator": run[5]},
         "run": {"start_time": run[0][:19], "end_time": run[0][:19],
                 "llvm_project_revision": run[1]},
         "tests": [{"name": f"apiary.{name}",
                    "execution_time": figures[name][at]}
                   for name in sorted(figures)]}
        for run, figures in _runs(base, target).items()], indent=1) + "\n"


FORMATS = {"csv": as_csv, "hunter": as_hunter, "lnt": as_lnt}
