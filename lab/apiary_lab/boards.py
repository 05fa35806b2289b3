"""Is a board ready? What the hypervisor's discovery makes of device trees.

Runs build/lab/boards, which is that code compiled for this host, and says what
it means to somebody who wants to boot there. Must not know any board: what
no tree tells is in lab/boards/known.yaml.

SPDX-License-Identifier: BSD-2-Clause
"""
import functools
import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import paths
from .status import LabError

READY, BUT, NO = "ready", "but", "no"
_AT_ONCE = 200      # files for one run of the program
TREES = paths.BUILD / "deps" / "dtb"


@dataclass
class Board:
    """One device tree. `state`: READY, BUT (boots, and misses something: see
    `why`) or NO (cannot run guests, for the reasons in `why`). `provided`:
    what has to be there that the tree does not show."""

    name: str
    state: str
    why: list[str]
    facts: dict[str, Any]
    provided: list[str] = field(default_factory=list)


BY_LOADER_RAM = "the boot loader fills in RAM, as usual"
BY_LOADER_CPUS = "the boot loader says how CPUs are started"
BY_DEBUGGER = "the console is the DCC: a debugger shows it"


@functools.cache
def known() -> dict[str, Any]:
    import yaml
    return yaml.safe_load((paths.LAB / "boards" / "known.yaml").read_text())


def program() -> Path:
    return paths.BUILD / "lab" / "boards"


def all_trees() -> list[Path]:
    """What fixtures/fetch-dtbs has brought."""
    found = sorted(TREES.rglob("*.dtb"))
    if not found:
        raise LabError(f"no device trees in {paths.shown(TREES)}: "
                       f"fixtures/fetch-dtbs brings those of Debian's kernel")
    return found


def judge(facts: dict[str, Any], name: str) -> Board:
    """From what discovery found to what it means."""
    if not facts["found"]:
        return Board(name, NO, [facts["error"]], facts)
    why, provided = [], []
    if facts["ram_filled_in"]:
        provided.append(BY_LOADER_RAM)
    if not facts["console_driver"]:
        kind = facts["console_compatible"]
        provided.append(BY_DEBUGGER)
        if kind:
            why.append(f"no console driver for {kind}")
    cpus = facts["cpus_okay"]
    able = facts["cpus_psci"] + facts["cpus_spin_table"]
    if cpus > 1 and able == 0:
        if any(word.startswith(tuple(known()["cpus_by_loader"]))
               for word in facts["compatible"].split()):
            provided.append(BY_LOADER_CPUS)
        else:
            why.append(f"one CPU of {cpus}: the tree does not say how the "
                       f"others are started")
    return Board(name, BUT if why else READY, why, facts, provided)


def look(files: list[Path]) -> list[Board]:
    """Every tree, in the order given; files that cannot be read raise."""
    if not program().is_file():
        raise LabError(f"no {paths.shown(program())}: make boards")
    out: list[Board] = []
    for first in range(0, len(files), _AT_ONCE):
        some = files[first:first + _AT_ONCE]
        done = subprocess.run([program(), *map(str, some)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise LabError(done.stderr.strip().removeprefix("boards: ") or
                           f"{paths.shown(program())} ended with "
                           f"{done.returncode}")
        for path, line in zip(some, done.stdout.splitlines(), strict=True):
            name = str(path.relative_to(TREES)) \
                if path.is_relative_to(TREES) else str(path)
            out.append(judge(json.loads(line), name))
    return out


def _console(facts: dict[str, Any]) -> str:
    """Which console, and what is known of its driver."""
    kind = facts["console_compatible"]
    if not facts["console_driver"]:
        return "DCC, untested on silicon"
    qemu = ", speaks under QEMU" \
        if kind in known()["consoles_on_qemu"] else ""
    return f"{kind}{qemu}, untested on silicon"


def _line(board: Board) -> str:
    facts = board.facts
    if not facts["found"]:
        return "; ".join(board.why)
    ram = "RAM by the loader" if facts["ram_filled_in"] else \
        f"{facts['ram'] >> 20} MiB"
    how = "PSCI by " + facts["psci"].upper() if facts["cpus_psci"] else \
        "spin table" if facts["cpus_spin_table"] else \
        "by the loader" if BY_LOADER_CPUS in board.provided else "no method"
    cpus = facts["cpus_okay"]
    return "; ".join([
        f"{ram}, {cpus} CPU{'s' * (cpus != 1)} ({how}), GICv{facts['gic']}, "
        f"{_console(facts)}", *board.why])


def table(boards: list[Board], every: bool) -> list[str]:
    """For people: a line for each board, or only for each kind of lack,
    then the sums."""
    lines = []
    if every:
        width = max(len(board.name) for board in boards)
        lines += [f"{board.state:5}  {board.name:{width}}  {_line(board)}"
                  for board in boards]
    else:
        consoles = Counter(_console(b.facts) for b in boards
                           if b.facts["found"])
        lines += [f"{count:5}  console: {what}"
                  for what, count in consoles.most_common()]
        lines.append("")
        kinds = Counter(f"{b.state}: {why}" for b in boards for why in b.why)
        lines += [f"{count:5}  {why}" for why, count in kinds.most_common()]
    lines.append("")
    states = Counter(board.state for board in boards)
    lines.append(f"{len(boards)} device trees: {states[READY]} ready, "
                 f"{states[BUT]} boot and miss something, {states[NO]} "
                 f"cannot run guests")
    needs = Counter(what for b in boards if b.state == READY
                    for what in b.provided)
    lines += [f"  of the ready, {count}: {what}"
              for what, count in needs.most_common()]
    return lines
