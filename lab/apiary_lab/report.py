"""The report: pages to be read from files, of all stored runs.

What is on a page stands in lab/report/; the pictures come from plot.py. The
old report is there until the new one is whole. Must not know how changes are
found, nor how runs are kept.

SPDX-License-Identifier: BSD-2-Clause
"""
import base64
import datetime
import gzip
import json
import re
import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import index, paths, peers, plot, series, store
from .commits import Place
from .peers_table import Table
from .status import LabError
from .verdict import number

_PAGES = paths.LAB / "report"
_MARKER = ".apiary-report"      # a folder with it is ours to replace


def slug(name: str) -> str:
    """A file's name of any name; of two names never the same."""
    return re.sub(r"[^A-Za-z0-9_+-]", lambda m: f".{ord(m[0]):x}.", name)


@dataclass
class Figure:
    """One operation on one target."""

    name: str
    points: list[series.Point]

    def __post_init__(self) -> None:
        self.changes = series.changes(self.points)

    @property
    def last(self) -> series.Point:
        return self.points[-1]

    def shown(self) -> str:
        return f"{number(self.last.value)} {self.last.units}"


def _run_page(path: str) -> str:
    return f"runs/{slug(Path(path).parent.name)}/{slug(Path(path).stem)}.html"


def change_text(step: Any) -> str:
    """"+3 (+0.8 %)"."""
    size = step.after - step.before
    share = series.share(step)
    return f"{'+' if size > 0 else ''}{number(size)}" + \
        (f" ({share})" if share else "")


def _levels(figure: Figure) -> plot.Levels:
    first = figure.changes[0].before if figure.changes else \
        statistics.median(point.value for point in figure.points)
    return plot.Levels(
        [point.value for point in figure.points],
        [(0, first), *((step.at, step.after) for step in figure.changes)],
        figure.last.units,
        [f"{number(point.value)} {point.units}, run {Path(point.path).stem}"
         for point in figure.points],
        [point.commit[:7] for point in figure.points],
        [plot.Mark(step.at, change_text(step), abs(step.after - step.before))
         for step in figure.changes])


class Report:
    """What is said on every page, and where the pages go."""

    def __init__(self, folder: Path, places: dict[str, Place]) -> None:
        import jinja2

        self.folder = folder
        self.places = places
        made = datetime.datetime.now(datetime.timezone.utc)
        self.pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_PAGES), autoescape=True,
            undefined=jinja2.StrictUndefined, trim_blocks=True,
            lstrip_blocks=True)
        self.pages.filters.update(
            slug=slug, number=number, change=change_text, run_page=_run_page)
        self.pages.globals.update(
            made=made.strftime("%Y-%m-%d %H:%M UTC"), subject=self.subject)

    def subject(self, commit: str) -> str:
        place = self.places.get(commit)
        return place.subject if place else ""

    def write(self, name: str, template: str, **values: Any) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * name.count("/")
        path.write_text(self.pages.get_template(template).render(
            up=up, **values))

    def target(self, base: sqlite3.Connection, name: str,
               figures: list[Figure]) -> None:
        """The page of a target, and those of its figures."""
        newest = max((figure.last for figure in figures),
                     key=lambda point: point.time, default=None)
        run = json.loads((paths.RESULTS / newest.path).read_text()) \
            if newest else None
        bins = {figure.name: run["benchmarks"].get(figure.name)
                for figure in figures} if run else {}
        plots = [(f"{figure.name} over the commits", _levels(figure))
                 for figure in figures]
        spreads = [figure.name for figure in figures if bins[figure.name]
                   and len(bins[figure.name]["bins"]) > 1]
        drawn, sparks = plot.draw(
            plots + [(f"how {word} spreads", plot.Spread(
                bins[word]["bins"], bins[word]["units"]))
                for word in spreads],
            [(f"{figure.name}, small", _levels(figure))
             for figure in figures])
        spread = dict(zip(spreads, drawn[len(figures):]))
        for figure, picture in zip(figures, drawn):
            self.write(f"{slug(name)}/{slug(figure.name)}.html",
                       "figure.html", target=name, figure=figure,
                       picture=picture, spread=spread.get(figure.name),
                       bench=bins[figure.name], newest=run)
        runs = base.execute(
            'SELECT path, time, "commit", dirty, emulator FROM run '
            'WHERE target = ? ORDER BY time DESC, path DESC',
            (name,)).fetchall()
        self.write(f"{slug(name)}/index.html", "target.html", target=name,
                   figures=list(zip(figures, sparks)), runs=runs)

    def run(self, path: str) -> None:
        file = paths.RESULTS / path
        log = store.read_log(file)
        self.write(
            _run_page(path), "run.html", path=path,
            run=json.loads(file.read_text()),
            log=None if log is None else base64.b64encode(
                gzip.compress(log.encode(), mtime=0)).decode(),
            log_path=paths.shown(store.log_path(file)))


def _place(output: Path) -> None:
    """Refuses a place where something else is."""
    if output.exists() and not (output / _MARKER).is_file() and \
            (not output.is_dir() or any(output.iterdir())):
        raise LabError(f"{paths.shown(output)} is there and is no report: "
                       f"name another place with --output")


def make(output: Path, dirty: bool, places: dict[str, Place],
         warn: Callable[[str], None],
         progress: Callable[[str], None]) -> tuple[int, int]:
    """Writes the report; how many runs and pages it has."""
    _place(output)
    part = None
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=output.parent, prefix=".part-"))
        part.chmod(0o755)
        with index.opened(warn) as base:
            runs = _write(Report(part, places), base, dirty, progress)
        pages = sum(1 for _ in part.rglob("*.html"))
        (part / _MARKER).touch()
        if output.exists():
            shutil.rmtree(output)
        part.rename(output)
        part = None
        return runs, pages
    except OSError as error:
        raise LabError(f"cannot write {paths.shown(output)}: "
                       f"{error.strerror}") from None
    finally:
        progress("")
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def _write(report: Report, base: sqlite3.Connection, dirty: bool,
           progress: Callable[[str], None]) -> int:
    known = series.targets(base)
    if not known:
        raise LabError("no runs are stored: make bench")
    found: dict[str, list[Figure]] = {}
    for at, target in enumerate(known, 1):
        progress(f"[{at}/{len(known)}] {target}")
        each = [(name, series.of(base, target, name, dirty, report.places))
                for name in series.names(base, target)]
        found[target] = [Figure(name, points) for name, points in each
                         if points]
        report.target(base, target, found[target])
    runs = [row[0] for row in base.execute(
        "SELECT path FROM run ORDER BY path")]
    for at, path in enumerate(runs, 1):
        if at % 50 == 1:
            progress(f"run {at} of {len(runs)}")
        report.run(path)
    newest = {row[0]: row[1:] for row in base.execute(
        'SELECT target, COUNT(*), MAX(time), emulator FROM run '
        'GROUP BY target')}
    plans = peers.read()
    # Files that cannot be read have been named by the index.
    table = Table(plans, list(plans.columns.values()),
                  peers.newest(plans, lambda text: None), [])
    report.write("index.html", "index.html", targets=newest, total=len(runs),
                 peers=table if table.columns else None, **_newest(found))
    for name in ("style.css", "report.js"):
        shutil.copy(_PAGES / name, report.folder)
    return len(runs)


def _newest(found: dict[str, list[Figure]]) -> dict[str, Any]:
    """The newest figure of each operation on each target; other
    hypervisors have a table of their own."""
    latest = {target: {figure.name: figure for figure in figures}
              for target, figures in found.items() if figures}
    ours = [target for target in latest
            if not target.startswith(peers.PREFIX)]
    return {"latest": latest, "ours": ours, "names": sorted(
        {name for target in ours for name in latest[target]})}
