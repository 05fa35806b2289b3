"""Runs the benchmark guests and stores what they measured.

Which bundles there are is data: bench/bundles.yaml. Must not know what any
benchmark measures, nor how a console is watched.

SPDX-License-Identifier: BSD-2-Clause
"""
import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import bundle, machine, paths, provenance, qemu, sizes, store, \
    targets
from .lava import Images, resolved
from .records import Console, Histogram
from .status import LabError, no_such

BUNDLES = paths.TOP / "bench" / "bundles.yaml"
_KEYS = {"name": str, "vms": list, "cpu": str, "smp": int, "memory": str,
         "sizes": str, "boards": bool}
_OPS = re.compile(r"\bops=(\S+)")
# What an entry may ask the size of.
_IMAGES = {"hypervisor": paths.HYPERVISOR_ELF}


@dataclass
class Entry:
    """One bundle to boot: VMs, and what they ask of the target. Or, with no
    VMs, an image to take the size of."""

    name: str
    vms: list[bundle.Vm]
    overrides: dict[str, Any] = field(default_factory=dict)
    sizes: str = ""
    boards: bool = False        # says nothing where instructions are counted


def read_entries(path: Path) -> list[Entry]:
    """The table of bundles, checked."""
    import yaml

    where = paths.shown(path)
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{where}: {error}") from None
    if not isinstance(data, list) or not data:
        raise LabError(f"{where}: wanted a list of bundles")
    entries: list[Entry] = []
    for item in data:
        if not isinstance(item, dict) or \
                not {"name"} <= set(item) <= set(_KEYS) or \
                ("vms" in item) == ("sizes" in item):
            raise LabError(f"{where}: each bundle has name and vms, and may "
                           f"have cpu, smp, memory and boards; or name "
                           f"and sizes: {item}")
        for key, value in item.items():
            if not isinstance(value, _KEYS[key]):
                raise LabError(f"{where}: {item['name']}: {key}: {value!r} "
                               f"is no {_KEYS[key].__name__}")
        if item["name"] in [entry.name for entry in entries]:
            raise LabError(f"{where}: {item['name']} is there twice")
        vms = [bundle.vm_from(vm, f"{where}: {item['name']}")
               for vm in item.get("vms", [])]
        image = item.get("sizes", "")
        if image and image not in _IMAGES:
            raise LabError(f"{where}: {item['name']}: "
                           f"{no_such('image', image, list(_IMAGES))}")
        overrides = {key: item[key] for key in ("cpu", "smp", "memory")
                     if key in item}
        entries.append(Entry(item["name"], vms, overrides, image,
                             item.get("boards", False)))
    return entries


def operations(entry: Entry) -> list[str]:
    """What its guests are asked to measure."""
    return [name for vm in entry.vms for text in _OPS.findall(vm.append)
            for name in text.split(",")]


def _only(entry: Entry, names: list[str]) -> Entry:
    """The entry with these operations alone; the other VMs as they are."""
    def cut(match: re.Match) -> str:
        return "ops=" + ",".join(name for name in match[1].split(",")
                                 if name in names)

    return replace(entry, vms=[replace(vm, append=_OPS.sub(cut, vm.append))
                               for vm in entry.vms])


def select(entries: list[Entry], names: list[str]) -> list[Entry]:
    """The entries of these names, or with the operations of these names
    alone; all of them for no names."""
    known = [name for entry in entries
             for name in [entry.name, *operations(entry)]]
    for name in names:
        if name not in known:
            raise LabError(no_such("benchmark", name, known))
    out = []
    for entry in entries:
        if not names or entry.name in names:
            out.append(entry)
        elif set(names) & set(operations(entry)):
            out.append(_only(entry, names))
    return out


def disagreements(console: Console) -> list[str]:
    """Measures that contradict the histogram they were taken from."""
    out = []
    for case in console.cases:
        name, _, what = case.name.rpartition(".")
        hist = console.histograms.get(name)
        if hist is None or case.measurement is None:
            continue
        held = {"min": hist.min, "max": hist.max}.get(what)
        if held is not None and held != case.measurement:
            out.append(f"{case.name} is {case.measurement:g}, its histogram "
                       f"says {held}")
        # Another measure (.batch) may be by another clock.
        if what in ("min", "p50", "p95", "p99", "p999", "max", "mean") and \
                case.units != hist.units:
            out.append(f"{case.name} is in {case.units}, its histogram in "
                       f"{hist.units}")
    return out


def merge(runs: list[Histogram]) -> Histogram:
    """The samples of several runs as one distribution."""
    bins: dict[int, int] = {}
    for hist in runs:
        if hist.units != runs[0].units:
            raise LabError(f"{hist.name}: {hist.units} in one run, "
                           f"{runs[0].units} in another")
        for low, count in hist.bins:
            bins[low] = bins.get(low, 0) + count
    return Histogram(runs[0].name, runs[0].units, runs[0].vm,
                     sum(h.n for h in runs), min(h.min for h in runs),
                     max(h.max for h in runs), sum(h.sum for h in runs),
                     sorted(bins.items()))


def varied(found: dict[str, list[Histogram]]) -> list[str]:
    """Benchmarks whose samples were not the same in all runs."""
    return sorted(
        name for name, runs in found.items()
        if any((h.bins, h.min, h.max, h.sum) !=
               (runs[0].bins, runs[0].min, runs[0].max, runs[0].sum)
               for h in runs))


def as_dict(hist: Histogram, entry: str) -> dict[str, Any]:
    return {"bundle": entry, "units": hist.units, "n": hist.n,
            "min": hist.min, "p50": hist.percentile(50),
            "p95": hist.percentile(95), "p99": hist.percentile(99),
            "p999": hist.percentile(99.9), "max": hist.max, "sum": hist.sum,
            "mean": round(hist.mean, 3),
            "bins": [list(pair) for pair in hist.bins]}


class Session:
    """One `apiary bench`: boots every entry `runs` times."""

    def __init__(self, target: targets.Target, entries: list[Entry],
                 runs: int, progress: Callable[[str], None],
                 by: Callable[..., qemu.Run] | None = None) -> None:
        if not paths.HYPERVISOR_IMAGE.is_file():
            raise LabError(f"no {paths.shown(paths.HYPERVISOR_IMAGE)}: "
                           f"make hypervisor")
        self.target = target
        self.entries = entries
        self.runs = runs
        self.progress = progress
        self.time = datetime.datetime.now(datetime.timezone.utc).strftime(
            "%Y-%m-%dT%H:%M:%SZ")
        self.found: dict[str, list[Histogram]] = {}
        self.by: dict[str, str] = {}            # benchmark to entry
        self.commands: dict[str, str] = {}
        self.bundles: dict[str, Path] = {}
        self.images: set[Path] = {paths.HYPERVISOR_IMAGE}
        self.cores: dict[str, str] = {}         # MIDR_EL1 by entry
        self.consoles: list[str] = []           # of every boot, in order
        self.way = by       # how to boot, if not the target's own
        self.machine = ""                       # who ran it, if no emulator
        self.retried: dict[str, list[str]] = {}     # why, by entry
        self.infrastructure: list[str] = []
        self.failed: list[str] = []
        self.skipped: list[str] = []            # more CPUs than asked for

    def target_of(self, entry: Entry) -> targets.Target:
        # A board is as it is.
        if not entry.overrides or self.target.runner == "lava":
            return self.target
        # What the caller asked for on the command line goes before.
        base = targets.load(self.target.source).data
        data = self.target.data
        merged = {key: entry.overrides[key]
                  if key in entry.overrides and data[key] == base[key]
                  else data[key] for key in ("cpu", "smp", "memory")}
        return targets.load(self.target.source, **merged)

    def told_unit(self, vm: bundle.Vm) -> bundle.Vm:
        """What no guest can find out: that time counts instructions."""
        if not self.target.data["deterministic"]:
            return vm
        return replace(vm, append=f"{vm.append} unit=insn".strip())

    def prepare(self) -> None:
        """Everything that is to be booted; keeps going over entries that
        go wrong."""
        work = paths.BUILD / "lab" / "bench" / self.target.config()
        for entry in self.entries:
            if entry.sizes:
                for hist in sizes.of(_IMAGES[entry.sizes]):
                    self.by[hist.name] = entry.name
                    self.found[hist.name] = [hist] * self.runs
                continue
            if entry.boards and self.target.data["deterministic"]:
                continue
            wanted = entry.overrides.get("smp", 1)
            if wanted > self.target.data.get("max_smp", wanted) or \
                    wanted > self.target_of(entry).data["smp"]:
                self.skipped.append(f"{entry.name} needs "
                                    f"{entry.overrides['smp']} CPUs")
                continue
            try:
                self.bundles[entry.name] = bundle.build(
                    [self.told_unit(vm) for vm in entry.vms],
                    work / f"{entry.name}.dtb")
            except LabError as error:
                self.infrastructure.append(f"{entry.name}: {error}")
                continue
            self.images.update(bundle.find_guest(vm.guest)
                               for vm in entry.vms)

    def boots(self) -> list[tuple[Entry, int]]:
        """Entry and turn of each boot, in order."""
        return [(entry, turn) for turn in range(self.runs)
                for entry in self.entries if entry.name in self.bundles]

    def run(self) -> None:
        self.prepare()
        boots = self.boots()
        for done, (entry, turn) in enumerate(boots):
            self.progress(f"[{done + 1}/{len(boots)}] {entry.name}")
            self._boot(entry, turn)
        self.progress("")

    def _boot(self, entry: Entry, turn: int) -> None:
        target = self.target_of(entry)
        log = paths.RUNS / "bench" / self.target.config() / entry.name / \
            str(turn) / "console.log"
        run = machine.boot(
            target, Images(paths.HYPERVISOR_IMAGE, self.bundles[entry.name]),
            log, qemu.Expect(len(entry.vms), hypervisor=True),
            by=self.way)
        self.take(entry, turn, run)

    def take(self, entry: Entry, turn: int, run: qemu.Run) -> None:
        """What a boot has shown."""
        self.commands[entry.name] = resolved(run.command)
        if run.machine:
            self.machine = run.machine
        if run.retried:
            self.retried.setdefault(entry.name, []).extend(run.retried)
        self.consoles.append(
            f"== {entry.name}, boot {turn + 1}: {self.commands[entry.name]}"
            f"\n{run.log.read_text(errors='replace').rstrip()}\n")
        run.infrastructure += disagreements(run.console)
        if not run.infrastructure and not run.console.histograms:
            run.infrastructure.append("no histogram was printed")
        for name in run.console.histograms:
            if self.by.setdefault(name, entry.name) != entry.name:
                run.infrastructure.append(
                    f"{name} is printed by {self.by[name]} as well")
        if run.infrastructure:
            self.infrastructure.append(f"{entry.name}:\n{qemu.explain(run)}")
            return
        self.failed += [f"{entry.name}: {case.name}"
                        for case in run.console.failed()]
        if "APIARY_CPU.MIDR" in run.console.values:
            self.cores[entry.name] = run.console.values["APIARY_CPU.MIDR"]
        for name, hist in run.console.histograms.items():
            self.found.setdefault(name, []).append(hist)

    def varied(self) -> list[str]:
        return varied(self.found)

    def result(self) -> dict[str, Any]:
        """What is stored; wants at least one benchmark that worked."""
        commit, dirty = provenance.commit()
        guests = sorted(self.images - {paths.HYPERVISOR_IMAGE})
        flags: set[str] = set()
        for image in guests:
            elf = image.with_suffix(".elf")
            if elf.is_file():
                flags.update(provenance.compiler_of(elf))
        return {
            "format": store.FORMAT, "time": self.time,
            "commit": commit, "dirty": dirty,
            "target": provenance.of_target(self.target),
            "toolchain": {
                "compiler": provenance.compiler(),
                "hypervisor": provenance.compiler_of(paths.HYPERVISOR_ELF),
                "guests": sorted(flags)},
            "emulator": self.machine or provenance.emulator(self.target),
            "images": {paths.shown(path): provenance.sha256(path)
                       for path in sorted(self.images)},
            "bundles": {name: provenance.sha256(path)
                        for name, path in self.bundles.items()},
            "commands": self.commands, "cores": self.cores,
            "device_tree": provenance.device_tree(self.target),
            "host": provenance.host(),
            "runs": self.runs, "varied": self.varied(),
            **({"retried": self.retried} if self.retried else {}),
            "benchmarks": {
                name: as_dict(merge(runs), self.by[name])
                for name, runs in self.found.items()}}


_HEAD = ["operation", "unit", "n", "min", "p50", "p99", "max", "mean",
         "recorded", "delta"]


def delta(new: int, old: int) -> str:
    if new == old:
        return "0"
    share = f" ({100 * (new - old) / old:+.1f} %)" if old else ""
    return f"{new - old:+d}{share}"


def table(result: dict[str, Any], recorded: dict[str, Any] | None) -> str:
    """This run beside the recorded one; the medians are compared."""
    rows = [_HEAD]
    before = recorded["benchmarks"] if recorded else {}
    for name, bench in result["benchmarks"].items():
        old = before.get(name)
        comparable = old is not None and old["units"] == bench["units"]
        rows.append([name, bench["units"]] +
                    [str(bench[key]) for key in
                     ("n", "min", "p50", "p99", "max")] +
                    [f"{bench['mean']:.1f}",
                     str(old["p50"]) if comparable else "-",
                     delta(bench["p50"], old["p50"]) if comparable else "-"])
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(row, widths)))
        .rstrip() for row in rows)
