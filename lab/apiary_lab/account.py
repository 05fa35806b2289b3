"""The path of an operation, added up: by phase, by function; and two of them
side by side. Must not know how a path is found nor how it is drawn.

SPDX-License-Identifier: BSD-2-Clause
"""
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from . import explain
from .code import Frame

# What a source file of the hypervisor does in the life of an exit
# (hypervisor/README.md); the first that fits.
_PHASES = (
    ("hypervisor/arch/aarch64/switch", "switch"),
    ("hypervisor/arch/aarch64/fp", "switch"),
    ("hypervisor/arch/aarch64/lazy", "switch"),
    ("hypervisor/arch/aarch64/vcpu", "switch"),
    ("hypervisor/vgic/", "vGIC"), ("hypervisor/gic/", "GIC"),
    ("hypervisor/mm/", "stage 2"),
    ("hypervisor/arch/aarch64/arch_mem", "stage 2"),
    ("hypervisor/vdev/", "device"), ("hypervisor/vtimer/", "timer"),
    ("hypervisor/vmm/sched", "schedule"), ("hypervisor/vmm/vcpu", "schedule"),
    ("hypervisor/vmm/run", "schedule"),
    ("hypervisor/vmm/smccc", "handle"), ("hypervisor/vmm/psci", "handle"),
    ("hypervisor/vmm/hypercall", "handle"),
    ("hypervisor/vmm/", "decode"), ("hypervisor/", "other"))
_ENTRY = "hypervisor/arch/aarch64/vectors"
GUEST = "guest"


@dataclass(frozen=True)
class Step:
    """One instruction of a path."""

    cpu: int
    at: int                     # address that it is linked at
    text: str                   # mnemonic, tab, operands
    counted: bool               # else: it trapped before it was executed
    symbol: str
    offset: int                 # from the symbol
    chain: tuple[Frame, ...]    # innermost first; empty: a guest's


def _file_phase(step: Step) -> str:
    """Of the file that the instruction is from, whoever it is inlined to;
    what any room may have inlined belongs to who called it."""
    for frame in step.chain:
        if frame.file.startswith(_ENTRY):
            return ""
        if frame.file.endswith(".h") and frame is not step.chain[-1] and \
                not frame.file.startswith(("hypervisor/vgic", "hypervisor/gic",
                                           "hypervisor/arch/aarch64/arch_m")):
            continue
        for start, phase in _PHASES:
            if frame.file.startswith(start):
                return phase
    return "other"


def phases(steps: list[Step]) -> list[str]:
    """For each step. The vectors save until something else is called and
    restore afterwards."""
    out: list[str] = []
    called: dict[int, bool] = {}        # by CPU: since the exception
    for step in steps:
        if not step.chain:
            called[step.cpu] = False
            out.append(GUEST)
            continue
        phase = _file_phase(step)
        if not phase:
            phase = "restore" if called.get(step.cpu) else "save"
        else:
            called[step.cpu] = True
        out.append(phase)
    return out


@dataclass
class Account:
    """An operation, its figure and its path."""

    name: str
    config: str                 # of the target
    p50: int                    # as `apiary bench` prints it
    traced_p50: int             # in the very run that was logged
    n: int
    found: explain.Operation
    steps: list[Step]

    @property
    def cost(self) -> int:
        """Instructions of the path beyond those of the measuring code."""
        return self.found.cost(self.found.steady)

    def rows(self) -> list[tuple[str, str, int]]:
        """Function, phase, instructions, in the order they begin."""
        count: Counter[tuple[str, str]] = Counter()
        for step, phase in zip(self.steps, phases(self.steps)):
            if step.counted:
                where = GUEST if phase == GUEST else \
                    step.chain[-1].function
                count[where, phase] += 1
        return [(function, phase, number)
                for (function, phase), number in count.items()]

    def runs(self) -> list[tuple[str, int]]:
        """Phases as they follow each other, and their instructions."""
        pairs = [(phase, step.counted) for step, phase
                 in zip(self.steps, phases(self.steps))]
        return [(phase, sum(counted for _, counted in part))
                for phase, part in ((phase, list(part)) for phase, part
                                    in groupby(pairs, lambda pair: pair[0]))]

    def notes(self) -> list[str]:
        """What a reader must know to trust the figures."""
        out = []
        if self.cost == self.p50:
            out.append(f"the path has {self.cost} instructions, as measured "
                       f"(p50)")
        elif self.found.steady.kind == explain.TURN:
            out.append(f"one exit of the loop has {self.cost} instructions; "
                       f"measured (p50): {self.p50}, by a clock around many, "
                       f"less those of the loop")
        else:
            out.append(f"the path has {self.cost} instructions, p50 is "
                       f"{self.p50}: they differ by "
                       f"{self.cost - self.p50:+d}")
        if self.traced_p50 != self.p50:
            out.append(f"by blocks of one instruction, as it was logged, "
                       f"p50 is {self.traced_p50}: else QEMU also counts what "
                       f"is left of a block that an MRS traps in")
        if self.found.empty:
            out.append(f"{self.found.empty} of the guest's instructions are "
                       f"those of the measuring code")
        others = len(self.found.paths) - 1
        if others:
            out.append(f"{self.found.steady.windows} of "
                       f"{self.found.windows} times; {others} other paths")
        return out

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "target": self.config, "p50": self.p50,
                "path": self.cost, "empty": self.found.empty,
                "notes": self.notes(),
                "functions": [
                    {"function": function, "phase": phase, "insn": number}
                    for function, phase, number in self.rows()],
                "instructions": [
                    {"cpu": step.cpu, "at": step.at, "text": step.text,
                     "counted": step.counted, "phase": phase,
                     "symbol": step.symbol, "offset": step.offset,
                     "frames": [[frame.function, frame.file, frame.line]
                                for frame in step.chain]}
                    for step, phase in zip(self.steps,
                                           phases(self.steps))]}


def text(this: Account) -> str:
    """The table for a terminal."""
    rows = this.rows()
    total = sum(number for _, _, number in rows)
    width = max(len(function) for function, _, _ in rows)
    out = [f"{this.name} on {this.config}", ""]
    out += [f"{function:<{width}}  {phase:<8}  {number:>6}  "
            f"{100 * number / total:5.1f} %"
            for function, phase, number in rows]
    out += [f"{'':<{width}}  {'':<8}  {total:>6}", ""]
    out.append("  ".join(f"{phase} {number}"
                         for phase, number in this.runs()))
    return "\n".join(out + this.notes())


def listing(this: Account) -> str:
    """Instruction by instruction."""
    out, before = [], ""
    for step, phase in zip(this.steps, phases(this.steps)):
        where = f"{phase}: " + (" in ".join(
            frame.function for frame in step.chain) or step.symbol)
        if where != before:
            out.append(f"-- {where}")
            before = where
        place = step.chain[0] if step.chain else Frame("")
        mark = " " if step.counted else "*"
        at = f"{place.file}:{place.line}" if place.line else ""
        out.append(f"{mark} {step.at:8x}  "
                   f"{step.text.expandtabs(8):<40} {at}".rstrip())
    return "\n".join(out)


def compare(base: dict[str, Any], head: dict[str, Any]) \
        -> list[tuple[str, str, int, int]]:
    """Function, phase, instructions on both sides (of as_json()), where
    they differ; the largest change first."""
    sides = [{(row["function"], row["phase"]): row["insn"]
              for row in side["functions"]} for side in (base, head)]
    keys = list(dict.fromkeys([*sides[0], *sides[1]]))
    rows = [(*key, sides[0].get(key, 0), sides[1].get(key, 0))
            for key in keys]
    return sorted((row for row in rows if row[2] != row[3]),
                  key=lambda row: -abs(row[3] - row[2]))


def difference(base: dict[str, Any], head: dict[str, Any]) -> list[str]:
    """The lines that tell it."""
    rows = compare(base, head)
    if not rows:
        return [f"the path of {head['name']} is the same: "
                f"{head['path']} instructions"]
    width = max(len(row[0]) for row in rows)
    return [f"the path of {head['name']}: {base['path']} -> {head['path']} "
            f"instructions ({head['path'] - base['path']:+d})",
            *(f"  {function:<{width}}  {phase:<8}  {one} -> {two}  "
              f"({two - one:+d})" for function, phase, one, two in rows)]
