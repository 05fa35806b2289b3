"""Names for the addresses of a hypervisor's back-trace.

The hypervisor prints `  #N 0x<offset>`, relative to the start of its image,
and `  lr 0x<offset>` for the link register.
Must not know how a run is made or judged.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import struct
import subprocess
from pathlib import Path

from . import paths
from .status import LabError

_FRAME = re.compile(r"(#\d+|\blr) 0x([0-9a-fA-F]+)")
_PT_LOAD = 1


def link_base(elf: Path) -> int:
    """The lowest address that the ELF file is linked at."""
    try:
        data = elf.read_bytes()
    except OSError as error:
        raise LabError(f"{paths.shown(elf)}: {error.strerror}") from None
    if data[:5] != b"\x7fELF\x02" or len(data) < 64:
        raise LabError(f"{paths.shown(elf)}: not a 64-bit ELF file")
    phoff, = struct.unpack_from("<Q", data, 32)
    phentsize, phnum = struct.unpack_from("<HH", data, 54)
    loads = []
    for index in range(phnum):
        at = phoff + index * phentsize
        if at + 56 > len(data):
            raise LabError(f"{paths.shown(elf)}: cut short")
        kind, = struct.unpack_from("<I", data, at)
        vaddr, = struct.unpack_from("<Q", data, at + 16)
        if kind == _PT_LOAD:
            loads.append(vaddr)
    if not loads:
        raise LabError(f"{paths.shown(elf)}: nothing to load in it")
    return min(loads)


def symbolize(lines: list[str], elf: Path) -> list[str]:
    """The lines, with function, file and line after every frame."""
    offsets = [(m.group(1), int(m.group(2), 16))
               for line in lines for m in _FRAME.finditer(line)]
    if not offsets:
        return list(lines)
    base = link_base(elf)
    tool = os.environ.get("CROSS", "aarch64-linux-gnu-") + "addr2line"
    # A return address is that of the instruction after the call, which may
    # belong to the next line or, after a noreturn call, the next function.
    asked = [base + offset - (4 if which != "#0" else 0)
             for which, offset in offsets]
    try:
        out = subprocess.run(
            [tool, "-a", "-i", "-f", "-e", str(elf)]
            + [hex(a) for a in asked],
            capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"{tool}: {error}") from None
    # For each its address, then function and place, innermost inlined first.
    names: list[list[str]] = []
    for line in out:
        if line.startswith("0x"):
            names.append([])
        elif names[-1] and not names[-1][-1].endswith(")"):
            place = line.split(" ")[0].replace(f"{paths.TOP}/", "")
            names[-1][-1] += f" ({place})"
        else:
            names[-1].append(line)
    done = iter(" in ".join(chain) for chain in names)
    return [_FRAME.sub(lambda m: f"{m.group(0)} {next(done)}", line)
            for line in lines]
