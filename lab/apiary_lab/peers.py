"""The same benchmark guest under other hypervisors: columns, measured or
found among the stored results.

What is measured is data: lab/peers/columns.yaml. Each column is stored as a
result of the target `peer-NAME`. Must not know how a guest is booted, nor
what the table looks like.

SPDX-License-Identifier: BSD-2-Clause
"""
import dataclasses
import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import bench, paths, peers_boot, provenance, qemu, store
from .peers_boot import Boot, Plan
from .records import Console, Histogram
from .status import LabError, no_such

COLUMNS = paths.LAB / "peers" / "columns.yaml"
PREFIX = "peer-"
HOST = "host"               # the column of this machine's own KVM
# What the console says of the configuration: the runner, and Xen.
_SAID = (re.compile(r"^peer (?!end)([a-z_ ]+): (.*?)\r?$", re.M),
         re.compile(r"^\(XEN\) (Xen version) (\S+ \([^)]*\))", re.M),
         re.compile(r"^\(XEN\) Using (scheduler): (.*?)\r?$", re.M))


@dataclass
class Column:
    """One hypervisor as it is configured."""

    name: str
    title: str
    kind: str
    cpu: str
    note: str
    boots: list[Boot]
    skip: dict[str, str]

    @property
    def target(self) -> str:
        return PREFIX + self.name

    def figures(self) -> list[str]:
        return [name for boot in self.boots for name in boot.figures()]


@dataclass
class Plans:
    """The file: columns, and what is said of them."""

    columns: dict[str, Column]
    rows: dict[str, str]
    means: list[str]
    floor: dict[str, str]
    notes: list[str]


def read(path: Path = COLUMNS) -> Plans:
    """The columns and lines of the comparison, checked."""
    import yaml

    where = paths.shown(path)
    try:
        data = yaml.safe_load(path.read_text())
        rows = {**data["rows"], **data["floor"]}
        columns = {name: _column(name, item)
                   for name, item in data["columns"].items()}
        for name, column in columns.items():
            for figure in [*column.figures(), *column.skip]:
                if figure not in rows:
                    raise LabError(f"{where}: {name}: {figure} has no line "
                                   f"of the table")
        return Plans(columns, data["rows"], data["means"], data["floor"],
                     data["notes"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{where}: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise LabError(f"{where}: not as its head says: {error}") from None


def _column(name: str, item: dict[str, Any]) -> Column:
    boots = [Boot(**boot) for boot in item["boots"]]
    if item["kind"] not in peers_boot.KINDS:
        raise ValueError(f"{name}: no kind {item['kind']}")
    return Column(name, item["title"], item["kind"], item["cpu"],
                  item["note"], boots, item.get("skip", {}))


def host_column(plans: Plans) -> Column:
    """KVM of this machine, with the boots of the other KVM's that need no
    other kernel."""
    like = next(c for c in plans.columns.values() if c.kind == "kvm")
    boots = [dataclasses.replace(boot, host="") for boot in like.boots
             if "halt_poll" not in boot.host]
    return Column(HOST, "KVM here", "host", "host", like.note, boots, {})


def select(plans: Plans, only: list[str], names: list[str]) -> list[Column]:
    """The columns asked for, with the boots that the figures need."""
    for name in only:
        if name not in plans.columns:
            raise LabError(no_such("column", name, list(plans.columns)))
    rows = [*plans.rows, *plans.floor]
    for name in names:
        if name not in rows:
            raise LabError(no_such("figure", name, rows))
    out = []
    for column in plans.columns.values():
        if only and column.name not in only:
            continue
        boots = [boot for boot in column.boots
                 if not names or set(names) & set(boot.figures())]
        if boots:
            out.append(dataclasses.replace(column, boots=boots))
    return out


def newest(plans: Plans, warn: Callable[[str], None]) \
        -> dict[str, dict[str, Any]]:
    """The newest stored result of each column that has all its boots."""
    out = {}
    for name, column in plans.columns.items():
        for _, result in _stored(column, warn):
            if {boot.name for boot in column.boots} <= \
                    set(result["commands"]):
                out[name] = result
                break
    return out


def _stored(column: Column, warn: Callable[[str], None]) \
        -> Iterator[tuple[Path, dict[str, Any]]]:
    """Its results that can be read, the newest first."""
    folder = paths.RESULTS / "runs" / column.target
    for path in sorted(folder.glob("*.json"), reverse=True):
        try:
            yield path, store.read(path)
        except LabError as error:
            warn(f"{error}; skipped")


class Session:
    """One column, measured: each boot `runs` times."""

    def __init__(self, column: Column, runs: int,
                 progress: Callable[[str], None]) -> None:
        self.column = column
        self.runs = runs
        self.progress = progress
        self.time = datetime.datetime.now(datetime.timezone.utc).strftime(
            "%Y-%m-%dT%H:%M:%SZ")
        self.found: dict[str, list[Histogram]] = {}
        self.by: dict[str, str] = {}
        self.cores: dict[str, str] = {}
        self.skipped = dict(column.skip)
        self.said: dict[str, str] = {}
        self.consoles: list[str] = []
        self.wrong: list[str] = []
        folder = paths.BUILD / "lab" / "peers" / column.name
        self.plans = {boot.name: peers_boot.plan(
            column.kind, column.cpu, boot, folder / boot.name)
            for boot in column.boots}

    # -- what it depends on -----------------------------------------------

    def depends(self) -> dict[str, Any]:
        """The parts of a result that say what was measured with what."""
        images = {path for plan in self.plans.values()
                  for path in plan.images}
        return {
            "emulator": self._emulator(),
            "images": {paths.shown(path): provenance.sha256(path)
                       for path in sorted(images)},
            "bundles": {name: provenance.sha256(plan.bundle)
                        for name, plan in self.plans.items()
                        if plan.bundle is not None},
            "commands": {name: plan.shown()
                         for name, plan in self.plans.items()}}

    def _emulator(self) -> str:
        return "none" if self.column.kind == HOST else \
            provenance.emulator(self._first().target)

    def _first(self) -> Plan:
        return next(iter(self.plans.values()))

    def stored(self, warn: Callable[[str], None]) -> \
            tuple[Path, dict[str, Any]] | None:
        """The newest stored result of just this; what it has besides is
        of no harm."""
        wanted = self.depends()
        for path, result in _stored(self.column, warn):
            if result["emulator"] == wanted["emulator"] and \
                    result["runs"] >= self.runs and all(
                        wanted[key].items() <= result[key].items()
                        for key in ("images", "bundles", "commands")):
                return path, result
        return None

    # -- measuring --------------------------------------------------------

    def run(self) -> None:
        count, done = len(self.plans) * self.runs, 0
        for turn in range(self.runs):
            for boot in self.column.boots:
                done += 1
                self.progress(f"{self.column.name} [{done}/{count}] "
                              f"{boot.name}")
                self._boot(boot, turn)
        self.progress("")

    def _boot(self, boot: Boot, turn: int) -> None:
        plan = self.plans[boot.name]
        log = paths.RUNS / "peers" / self.column.name / boot.name / \
            str(turn) / "console.log"
        run = qemu.boot(plan.target, plan.command, log, plan.expect)
        text = log.read_text(errors="replace")
        self.consoles.append(f"== {boot.name}, boot {turn + 1}: "
                             f"{plan.shown()}\n{text.rstrip()}\n")
        run.infrastructure += bench.disagreements(run.console)
        self.wrong += [f"{boot.name}: {case.name} failed: "
                       f"{case.detail[-1] if case.detail else ''}"
                       for case in run.console.failed()
                       if case.name.endswith(".p50")]
        if run.infrastructure:
            self.wrong.append(f"{boot.name}:\n{qemu.explain(run)}")
            return
        self.take(boot, run.console, text)

    def take(self, boot: Boot, console: Console, text: str) -> None:
        """What a console says."""
        if "APIARY_CPU.MIDR" in console.values:
            self.cores[boot.name] = console.values["APIARY_CPU.MIDR"]
        for name, hist in console.histograms.items():
            name += boot.suffix
            self.by[name] = boot.name
            self.found.setdefault(name, []).append(hist)
        for case in console.cases:
            name, _, what = case.name.rpartition(".")
            if case.result == "skip" and what == "min":
                self.skipped[name + boot.suffix] = case.detail[-1] \
                    .removeprefix("skipped: ") if case.detail else "?"
        for pattern in _SAID:
            for key, value in pattern.findall(text):
                key = key.replace(" ", "_").lower()
                # Of each boot where they differ.
                if self.said.setdefault(key, value) != value:
                    self.said[f"{key}:{boot.name}"] = value

    # -- the result -------------------------------------------------------

    def result(self) -> dict[str, Any]:
        """What is stored; wants at least one figure."""
        commit, dirty = provenance.commit()
        first = self._first()
        host = self.column.kind == HOST
        data = provenance.of_target(first.target)
        data |= {"name": self.column.target, "config": self.column.target,
                 "cpu": self.column.cpu, "smp": max(
                     boot.smp for boot in self.column.boots)}
        elf = (paths.HYPERVISOR_ELF if self.column.kind == "apiary" else
               paths.BENCH / "floor.elf")
        made = provenance.compiler_of(elf) \
            if self.column.kind in ("apiary", "floor") else \
            [self.package() or "none"]
        return {
            "format": store.FORMAT, "time": self.time, "commit": commit,
            "dirty": dirty, "target": data,
            "toolchain": {
                "compiler": provenance.compiler(), "hypervisor": made,
                "guests": provenance.compiler_of(
                    paths.BENCH / "bench.elf")},
            **self.depends(), "cores": self.cores,
            "device_tree": "0" * 64 if host else
            provenance.device_tree(first.target),
            "configuration": {"note": self.column.note,
                              "package": self.package(), **self.said},
            "skipped": self.skipped, "host": provenance.host(),
            "runs": self.runs, "varied": self.varied(),
            "benchmarks": {
                name: bench.as_dict(bench.merge(runs), self.by[name])
                for name, runs in self.found.items()}}

    def package(self) -> str:
        if self.column.kind in ("kvm", "xen"):
            return peers_boot.version(self.column.kind)
        return self.said.get("version", "")

    def varied(self) -> list[str]:
        return bench.varied(self.found)


def measure(column: Column, runs: int, again: bool,
            progress: Callable[[str], None], warn: Callable[[str], None]) \
        -> tuple[dict[str, Any] | None, bool]:
    """A column's result, stored, and whether all of it went well; None
    where nothing was measured."""
    session = Session(column, runs, progress)
    kept = None if again else session.stored(warn)
    if kept is not None:
        return kept[1], True
    session.run()
    for text in session.wrong:
        warn(f"{column.name}: {text}")
    if not session.found:
        return None, False
    result = session.result()
    path = store.run_path(column.target, result["time"], result["commit"])
    store.write_log(path, "\n".join(session.consoles))
    if not session.wrong:
        store.write(path, result)
    return result, not session.wrong
