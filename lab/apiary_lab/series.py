"""One figure of one target over all stored runs, in the order of the
commits, and where its level changed.

A run of a commit that the repository does not know stands at the time when
it was made. Must not know who asks, nor how changes are found.

SPDX-License-Identifier: BSD-2-Clause
"""
import datetime
import sqlite3
from dataclasses import dataclass

from . import change
from .commits import Place


@dataclass(frozen=True)
class Point:
    """One run of it."""

    path: str           # of the result, below results/
    time: str           # UTC, ISO 8601
    commit: str
    value: float        # the median
    units: str
    deterministic: bool


def _order(point: Point, places: dict[str, Place]) -> tuple:
    place = places.get(point.commit)
    if place is not None:
        return place.time, place.at, point.time, point.path
    made = datetime.datetime.fromisoformat(point.time.replace("Z", "+00:00"))
    return int(made.timestamp()), len(places), point.time, point.path


def of(base: sqlite3.Connection, target: str, name: str, dirty: bool,
       places: dict[str, Place]) -> list[Point]:
    """Oldest commit first; with runs of trees that were no commit, or not."""
    rows = base.execute(
        'SELECT path, time, "commit", p50, units, deterministic FROM run '
        'JOIN figure USING (path) WHERE target = ? AND name = ? '
        'AND (? OR NOT dirty)', (target, name, dirty))
    return sorted((Point(*row) for row in rows),
                  key=lambda point: _order(point, places))


def targets(base: sqlite3.Connection) -> list[str]:
    return [row[0] for row in base.execute(
        "SELECT DISTINCT target FROM run ORDER BY 1")]


def names(base: sqlite3.Connection, target: str) -> list[str]:
    """The figures that this target has."""
    return [row[0] for row in base.execute(
        "SELECT DISTINCT name FROM run JOIN figure USING (path) "
        "WHERE target = ? ORDER BY 1", (target,))]


def changes(points: list[Point]) -> list[change.Change]:
    values = [point.value for point in points]
    return change.exact(values) if all(
        point.deterministic for point in points) else change.noisy(values)


def share(step: change.Change) -> str:
    """"+1.2 %", or nothing where there is nothing to compare with."""
    return f"{100 * (step.after - step.before) / step.before:+.1f} %" \
        if step.before else ""
