"""Is a board ready? What the hypervisor's discovery makes of device trees.

Runs build/lab/boards, which is that code compiled for this host, and says
what it means to somebody who wants to boot there. Must not know any board.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import subprocess
from collections import Counter
from dataclasses import dataclass
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
    `why`) or NO (cannot run guests, for the reasons in `why`)."""

    name: str
    state: str
    why: list[str]
    facts: dict[str, Any]


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
    why = []
    if not facts["console_driver"]:
        kind = facts["console_compatible"]
        why.append(f"no console driver for {kind}" if kind else
                   facts["note"] or "no console")
    cpus = facts["cpus_okay"]
    if cpus > 1 and facts["cpus_psci"] == 0:
        how = "spin table" if facts["cpus_spin_table"] else "no method known"
        why.append(f"one CPU of {cpus}: the others are started by {how}, "
                   f"not PSCI")
    return Board(name, BUT if why else READY, why, facts)


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


def table(boards: list[Board], every: bool) -> list[str]:
    """For people: a line for each board, or only for each kind of lack,
    then the sums."""
    lines = []
    if every:
        width = max(len(board.name) for board in boards)
        for board in boards:
            facts = board.facts
            text = "; ".join(board.why)
            if facts["found"]:
                ram = "RAM by the loader" if facts["ram_filled_in"] else \
                    f"{facts['ram'] >> 20} MiB"
                text = f"{ram}, {facts['cpus_okay']} CPUs, GICv" \
                    f"{facts['gic']}" + (f"; {text}" if text else "")
            lines.append(f"{board.state:5}  {board.name:{width}}  {text}")
        lines.append("")
    else:
        kinds = Counter(why for b in boards for why in b.why)
        for why, count in kinds.most_common():
            lines.append(f"{count:5}  {why}")
        lines.append("")
    states = Counter(board.state for board in boards)
    lines.append(f"{len(boards)} device trees: {states[READY]} ready, "
                 f"{states[BUT]} boot and miss something, {states[NO]} "
                 f"cannot run guests")
    return lines
