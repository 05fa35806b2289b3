"""Names for the addresses of a hypervisor's back-trace.

The hypervisor prints `  #0 0x<offset>`, relative to the start of its image,
for where it was, `  lr 0x<offset>` for the link register, and
`  #N 0x<offset> sp+0x<place>` for what is on its stack and follows a call.
Of these the ones that no caller has put there get a `?` before the name.
Must not know how a run is made or judged.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import struct
import subprocess
from pathlib import Path

from . import paths, unwind
from .status import LabError

_FRAME = re.compile(r"(#\d+|\blr) 0x([0-9a-fA-F]+)"
                    r"(?: sp\+0x([0-9a-fA-F]+))?")
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


def _doubtful(frames: list[re.Match], base: int, elf: Path) -> set[int]:
    """Which of the frames are not those of callers, by index."""
    place = next((int(m[2], 16) for m in frames if m[1] == "#0"), None)
    link = next((base + int(m[2], 16) for m in frames if m[1] == "lr"), None)
    found = {at: unwind.Found(base + int(m[2], 16), int(m[3], 16))
             for at, m in enumerate(frames) if m[3] is not None}
    if place is None or not found:
        return set()
    chain = unwind.callers(unwind.Table(elf), base + place, link,
                           list(found.values()))
    return {at for at, item in found.items() if item not in chain}


def symbolize(lines: list[str], elf: Path) -> list[str]:
    """The lines, with function, file and line after every frame."""
    frames = [m for line in lines for m in _FRAME.finditer(line)]
    if not frames:
        return list(lines)
    base = link_base(elf)
    doubtful = _doubtful(frames, base, elf)
    tool = os.environ.get("CROSS", "aarch64-linux-gnu-") + "addr2line"
    # A return address is that of the instruction after the call, which may
    # belong to the next line or, after a noreturn call, the next function.
    asked = [base + int(m[2], 16) - (4 if m[1] != "#0" else 0)
             for m in frames]
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
    done = iter(("? " if at in doubtful else "") + " in ".join(chain)
                for at, chain in enumerate(names))
    return [_FRAME.sub(lambda m: f"{m.group(0)} {next(done)}", line)
            for line in lines]
