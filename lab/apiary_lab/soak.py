"""Several VMs on one machine for a long time: two Linux, a benchmark on a CPU
of its own, and a hostile guest beside them.

A soak is a row of boots, each of which ends by itself: guests are told how
many seconds of their clock they have. The first is short, and tells how fast
that clock runs here. What is looked for: is everybody well at the end, and are
the benchmark's figures those it has when it is alone. Must not know how it is
shown.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import bundle, machine, paths, qemu
from .lava import Images
from .records import Console
from .targets import Target

CPUS = 4
MEMORY = "1G"
# Figures of one CPU's own instructions. Not those that ask the clock or wait
# for a deadline: on an emulator that counts, time is everybody's instructions.
OPS = ("baseline,hypercall,hypercall_psci,hypercall_smc,sysreg_trap,"
       "vm_exit_ctx,mmio_vgic,mmio_vgic_write,mmio_uart,mmio_null,vsgi,"
       "virq_busy,virq_ack,virq_eoi")
BOUND = 1.0         # percent that a median may move
FIRST = 3           # seconds of the guests' clock, in the first boot
LONGEST = 900.0     # seconds of ours, of one boot
LINUX = ("linux1", "linux2")
# What Debian's kernel warns of on bare QEMU, too (lab/tests/test_linux.py
# compares): it hands over no seed either; and where the clock is the host's,
# which is busy, handlers seem to take long.
EXPECTED = ("KASLR disabled due to lack of seed", "hrtimer: interrupt took")
_LINE = re.compile(r"^\[([\w.+-]+)\] (.*)")
_SOAK = re.compile(r"soak: turns (\d+) errors (\d+)$")
_BAD = re.compile(r"rcu: |RCU stall|Oops|BUG: |Call trace|soft lockup|"
                  r"hung_task|blocked for more than|Kernel panic")


def vms(seconds: int, alone: bool) -> list[bundle.Vm]:
    """The benchmark on CPU 0; the others share what is left."""
    unit = f"unit=insn ops={OPS}"
    out = [bundle.vm_from({
        "name": "bench", "guest": "bench", "cpus": [0], "append":
        unit if alone else f"{unit} seconds={seconds}"}, "soak")]
    if alone:
        return out
    for name in LINUX:
        out.append(bundle.vm_from({
            "name": name, "guest": "linux", "vcpus": 2, "cpus": [1, 2],
            "append": f"soak={seconds}"}, "soak"))
    out.append(bundle.vm_from({
        "name": "hostile", "guest": "hostile", "vcpus": 2, "cpus": [2, 3],
        "append": f"seconds={seconds}"}, "soak"))
    return out


@dataclass
class Found:
    """What the consoles have told so far, over all boots."""

    figures: dict[str, list[int]] = field(default_factory=dict)     # medians
    lives: int = 0              # of the hostile guest
    turns: dict[str, int] = field(default_factory=dict)     # of each Linux
    notes: list[str] = field(default_factory=list)      # that may well be
    wrong: list[str] = field(default_factory=list)


class Listener:
    """Takes the console of one boot as it comes; a file to write to."""

    def __init__(self, found: Found, told: Callable[[], None]) -> None:
        self.found = found
        self.told = told
        self.rest = b""
        self.ended: set[str] = set()        # VMs, by themselves
        self.fine: set[str] = set()         # Linux guests that said so
        self.lives: dict[str, Console] = {}     # of our own guests

    def write(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self._line(line.decode("utf-8", "replace").rstrip("\r"))
        self.told()

    def flush(self) -> None:
        pass

    def _line(self, text: str) -> None:
        match = _LINE.match(text)
        if match is None:
            self._of_hypervisor(text)
        elif match[1] in LINUX:
            self._of_linux(match[1], match[2])
        else:
            self._of_ours(match[1], match[2])

    def _of_hypervisor(self, text: str) -> None:
        match = re.match(r"vm (\S+): (.*)", text)
        if match and match[2] == "off":
            self.ended.add(match[1])
        elif match and match[1] == "hostile" and \
                match[2].startswith("stopped"):
            self.ended.add("hostile")       # alone: that is as it should be
            self.found.notes.append(text)
        elif match and match[2].startswith("stopped") or "PANIC" in text:
            self.found.wrong.append(text)

    def _of_linux(self, vm: str, text: str) -> None:
        if "soak: turn " in text:
            self.found.turns[vm] = self.found.turns.get(vm, 0) + 1
        elif match := _SOAK.search(text):
            if match[2] == "0" and match[1] != "0":
                self.fine.add(vm)
        elif "soak: warning: " in text and any(
                known in text for known in EXPECTED):
            self.found.notes.append(f"{vm}: {text}")
        elif "soak: " in text or _BAD.search(text):
            self.found.wrong.append(f"{vm}: {text}")

    def _of_ours(self, vm: str, text: str) -> None:
        if "<APIARY_GUEST " in text:
            self._life_ends(vm)
            self.lives[vm] = Console()
        if vm in self.lives:
            self.lives[vm].feed(text)
            if "<APIARY_DONE " in text:
                self._life_ends(vm)

    def _life_ends(self, vm: str) -> None:
        life = self.lives.pop(vm, None)
        if life is None:
            return
        self.found.wrong += [f"{vm}: {text}" for text in
                             life.infrastructure()]
        self.found.wrong += [f"{vm}: {case.name} failed: "
                             f"{' / '.join(case.detail[-2:])}"
                             for case in life.failed()]
        self.found.lives += vm == "hostile"
        for name, hist in life.histograms.items():
            self.found.figures.setdefault(name, []).append(
                hist.percentile(50))

    def end(self, wanted: list[bundle.Vm]) -> None:
        """The machine has ended, or was ended."""
        for vm in wanted:
            if vm.name in LINUX and vm.name not in self.fine:
                self.found.wrong.append(f"{vm.name} did not end its work")
            elif vm.name not in self.ended:
                self.found.wrong.append(f"{vm.name} did not end by itself")


@dataclass
class Change:
    """Of one figure."""

    name: str
    alone: int
    together: float             # median of the medians
    least: int
    most: int
    lives: int

    @property
    def percent(self) -> float:
        return 100 * (self.together - self.alone) / self.alone \
            if self.alone else 100.0 * (self.together != 0)

    @property
    def moved(self) -> bool:
        return abs(self.percent) > BOUND and \
            abs(self.together - self.alone) > 1


class Soak:
    """One `apiary soak`; what it has found so far can be asked at any time."""

    def __init__(self, target: Target, seconds: float, folder: Path,
                 progress: Callable[[str], None]) -> None:
        self.target = target
        self.seconds = seconds
        self.folder = folder
        self.progress = progress
        self.alone = Found()
        self.together = Found()
        self.boots = 0
        self.clock = 0              # seconds of the guests', of whole boots
        self.started = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def run(self) -> None:
        self._boot(self.alone, 0, True)
        self.started = time.monotonic()
        length, spent = FIRST, 0.0
        while not self.together.wrong:
            before = self.elapsed
            self._boot(self.together, length, False)
            spent = self.elapsed - before
            left = min(self.seconds - self.elapsed, LONGEST)
            # As long as the last one, and with it to the end.
            length = max(FIRST, int(length * left / spent))
            if left < spent / 2 or self.together.wrong:
                break

    def _boot(self, found: Found, length: int, alone: bool) -> None:
        name = "alone" if alone else f"boot{self.boots + 1}"
        wanted = vms(length, alone)
        made = bundle.build(wanted, self.folder / f"{name}.dtb")
        listener = Listener(found, self._told)
        self._told()
        run = machine.boot(
            self.target, Images(paths.HYPERVISOR_IMAGE, made),
            self.folder / name / "console.log", qemu.Expect(0, True),
            echo=listener, timeout=2 * max(self.seconds, 60.0) + 60)
        found.wrong += run.infrastructure
        # A VM alone has no name before its lines, and no end but the last.
        if alone:
            found.wrong += run.console.infrastructure()
            found.figures = {
                name: [hist.percentile(50)]
                for name, hist in run.console.histograms.items()}
            return
        listener.end(wanted)
        if not run.console.all_off:
            found.wrong.append("the machine did not end by itself")
        self.boots += 1
        self.clock += length

    def _told(self) -> None:
        turns = ", ".join(f"{name} {n} turns" for name, n in
                          sorted(self.together.turns.items()))
        self.progress(f"[{self.elapsed:.0f}/{self.seconds:.0f} s] boot "
                      f"{self.boots + 1}: {turns or 'starting'}; hostile "
                      f"{self.together.lives} lives; "
                      f"{len(self.together.wrong)} wrong")

    def changes(self) -> list[Change]:
        return [Change(name, self.alone.figures[name][0],
                       statistics.median(values), min(values), max(values),
                       len(values))
                for name, values in self.together.figures.items()
                if name in self.alone.figures]

    def wrong(self) -> list[str]:
        """All that is not as it should be; of a soak cut short, so far."""
        out = self.alone.wrong + self.together.wrong
        for change in self.changes():
            if change.moved:
                out.append(f"{change.name} moved: {change.alone} alone, "
                           f"{change.together:g} beside the others")
        return out

    def result(self, whole: bool) -> dict[str, Any]:
        return {"whole": whole, "seconds": round(self.elapsed, 1),
                "boots": self.boots, "guest_seconds": self.clock,
                "target": self.target.config(),
                "figures": {c.name: {**vars(c), "percent": c.percent}
                            for c in self.changes()},
                "turns": self.together.turns,
                "hostile_lives": self.together.lives,
                "notes": self.together.notes,
                "wrong": self.wrong()}
