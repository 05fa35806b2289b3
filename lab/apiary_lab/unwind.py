"""Which return addresses on a stack are those of the callers.

The hypervisor keeps no frame records; after a panic it prints every word of
its stack that follows a call instruction. The unwind tables of the ELF file
(DWARF 5, 6.4) say where each caller's really is. Must not know names.

SPDX-License-Identifier: BSD-2-Clause
"""
import bisect
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .status import LabError

_FUNCTION = re.compile(r"^[0-9a-f]+ .* FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)")
_ROW = re.compile(r"^([0-9a-f]{16}) (.*)$")


@dataclass(frozen=True)
class Row:
    """From an address on: the caller's sp less ours, and where from there
    the return address is; None: still in x30."""

    size: int
    link: int | None


@dataclass(frozen=True)
class Found:
    """A return address on the stack, `at` bytes above the stack pointer."""

    address: int
    at: int


def _row(columns: dict[str, str]) -> Row | None:
    """None where a frame's size is not known from sp alone."""
    size, link = columns["CFA"], columns.get("ra", "u")
    if not size.startswith("sp+"):
        return None
    return Row(int(size[3:]), int(link[1:]) if link.startswith("c-")
               else None)


class Table:
    """The unwind tables of an ELF file, by address."""

    def __init__(self, elf: Path) -> None:
        tool = os.environ.get("CROSS", "aarch64-linux-gnu-") + "objdump"
        try:
            out = subprocess.run(
                [tool, "--dwarf=frames-interp", str(elf)], check=True,
                capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise LabError(f"{tool}: {paths.shown(elf)}: {error}") from None
        rows: dict[int, Row | None] = {}
        columns: list[str] = []
        inside = False          # a function, not what is common to them
        for line in out.splitlines():
            if match := _FUNCTION.match(line):
                rows.setdefault(int(match[2], 16), None)
                inside = True
            elif line.lstrip().startswith("LOC"):
                columns = line.split()[1:]
            elif inside and (match := _ROW.match(line)):
                rows[int(match[1], 16)] = _row(
                    dict(zip(columns, match[2].split())))
        self.starts = sorted(rows)
        self.rows = [rows[start] for start in self.starts]

    def row(self, address: int) -> Row | None:
        index = bisect.bisect_right(self.starts, address) - 1
        return self.rows[index] if index >= 0 else None


def callers(table: Table, place: int, link: int | None,
            found: list[Found]) -> list[Found]:
    """Of these the callers of `place`, innermost first, as far as the
    tables go. `link` is what x30 held, if that is known."""
    chain: list[Found] = []
    by_place = {item.at: item for item in found}
    stack, pc = 0, place
    while (row := table.row(pc)) is not None:
        stack += row.size
        if row.link is None:
            # Only the innermost may have its return address in x30.
            if link is None or chain:
                break
            pc, link = link - 4, None
            continue
        item = by_place.get(stack + row.link)
        if item is None:
            break
        chain.append(item)
        pc, link = item.address - 4, None
    return chain
