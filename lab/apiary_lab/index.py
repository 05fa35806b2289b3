"""All stored runs of all targets, to be asked: an SQLite file that is made
of results/runs/ when somebody asks, and is never the truth.

A file that is damaged, half written or of a newer format is reported and
left out. Must not know what is asked.

SPDX-License-Identifier: BSD-2-Clause
"""
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import paths, store
from .status import LabError

FIGURES = ("n", "min", "p50", "p95", "p99", "p999", "max", "mean")
_VERSION = 1
_TABLES = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE run (
    path TEXT PRIMARY KEY, stamp TEXT, target TEXT, time TEXT, "commit" TEXT,
    dirty INTEGER, deterministic INTEGER, compiler TEXT, emulator TEXT);
CREATE TABLE figure (
    path TEXT, name TEXT, units TEXT,
    {', '.join(f'{name} REAL' for name in FIGURES)},
    PRIMARY KEY (path, name));
"""


def path() -> Path:
    return paths.BUILD / "lab" / "results.sqlite"


def _open() -> sqlite3.Connection:
    """The file as it was left; a new one if that cannot be read."""
    path().parent.mkdir(parents=True, exist_ok=True)
    base = sqlite3.connect(path())
    try:
        if base.execute("PRAGMA user_version").fetchone() == (_VERSION,):
            return base
    except sqlite3.DatabaseError:
        pass
    base.close()
    path().unlink()
    base = sqlite3.connect(path())
    base.executescript(_TABLES)
    return base


def _add(base: sqlite3.Connection, name: str, file: Path, stamp: str) -> None:
    result = store.read(file)
    base.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (
        name, stamp, result["target"]["config"], result["time"],
        result["commit"], result["dirty"], result["target"]["deterministic"],
        result["toolchain"]["compiler"], result["emulator"]))
    for figure, bench in result["benchmarks"].items():
        base.execute(
            f"INSERT INTO figure VALUES (?, ?, ?{', ?' * len(FIGURES)})",
            (name, figure, bench["units"],
             *(bench.get(key) for key in FIGURES)))


@contextmanager
def opened(warn: Callable[[str], None]) -> Iterator[sqlite3.Connection]:
    """The index, brought up to date with the files."""
    base = None
    try:
        base = _open()
        known = dict(base.execute("SELECT path, stamp FROM run"))
        files = {str(file.relative_to(paths.RESULTS)): file for file in
                 sorted((paths.RESULTS / "runs").glob("*/*.json"))}
        for name in known.keys() - files.keys():
            _forget(base, name)
        for name, file in files.items():
            try:
                status = file.stat()
                stamp = f"{status.st_mtime_ns} {status.st_size}"
                if known.get(name) != stamp:
                    _forget(base, name)
                    _add(base, name, file, stamp)
            except (OSError, LabError) as error:
                warn(f"{error}; skipped")
        base.commit()
        yield base
    except (OSError, sqlite3.Error) as error:
        raise LabError(f"{paths.shown(path())}: {error}; it may be "
                       f"deleted") from None
    finally:
        if base is not None:
            base.close()


def _forget(base: sqlite3.Connection, name: str) -> None:
    for table in ("run", "figure"):
        base.execute(f"DELETE FROM {table} WHERE path = ?", (name,))
