"""What stands at an address of an ELF file: instruction, function, what was
inlined into it, source line. Asks nm, objdump and addr2line.

Must not know why it is asked.

SPDX-License-Identifier: BSD-2-Clause
"""
import bisect
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import paths
from .status import LabError

_LINE = re.compile(r"^ *([0-9a-f]+):\t(.*)$")
# Parts that the compiler makes of one function.
_SUFFIX = re.compile(r"\.(part|isra|constprop|cold)\b.*")
# What comes after a comment sign is objdump's, not the instruction's.
_REMARK = re.compile(r"\s*//.*$")
_ROOMS = ("hypervisor", "guests", "bench")


@dataclass(frozen=True)
class Frame:
    """A function, and the line of it that an instruction belongs to."""

    function: str
    file: str = ""      # from the top of the tree; "": not known
    line: int = 0


def plain(name: str) -> str:
    return _SUFFIX.sub("", name)


def _in_tree(file: str) -> str:
    """A file as compiled, wherever the tree was then."""
    words = file.split("/")
    for room in _ROOMS:
        if room in words:
            at = len(words) - 1 - words[::-1].index(room)
            return "/".join(words[at:])
    return "" if file.startswith("?") else file


class Code:
    """An ELF file; addresses are those it is linked at. `extra` names what
    stands so far behind a symbol and has no symbol of its own."""

    def __init__(self, elf: Path, extra: dict[tuple[str, int], str]
                 | None = None) -> None:
        self.elf = elf
        self.extra = extra or {}
        if not elf.is_file():
            raise LabError(f"no {paths.shown(elf)}: make hypervisor "
                           f"bench-guests")

    def _tool(self, name: str, *words: str, text: str = "") -> list[str]:
        tool = os.environ.get("CROSS", "aarch64-linux-gnu-") + name
        try:
            return subprocess.run([tool, *words], input=text, check=True,
                                  capture_output=True,
                                  text=True).stdout.splitlines()
        except (OSError, subprocess.CalledProcessError) as error:
            raise LabError(f"{tool}: {paths.shown(self.elf)}: "
                           f"{error}") from None

    @cached_property
    def symbols(self) -> list[tuple[int, str]]:
        """Address and name of all code, ascending."""
        rows = (line.split() for line in
                self._tool("nm", "-n", "--defined-only", str(self.elf)))
        found = [(int(row[0], 16), row[-1]) for row in rows
                 if row[-2] in "tT"]
        where = {name: at for at, name in found}
        return sorted(found + [(where[name] + offset, text)
                               for (name, offset), text in self.extra.items()
                               if name in where])

    def address(self, name: str) -> int:
        for at, symbol in self.symbols:
            if symbol == name:
                return at
        raise LabError(f"{paths.shown(self.elf)} has no {name}")

    @cached_property
    def instructions(self) -> dict[int, str]:
        """Text by address: mnemonic, tab, operands."""
        found = (_LINE.match(line) for line in self._tool(
            "objdump", "-d", "--no-show-raw-insn", str(self.elf)))
        return {int(m[1], 16): _REMARK.sub("", m[2]) for m in found if m}

    def symbol_at(self, at: int) -> tuple[str, int]:
        """The symbol at or before the address, and its address."""
        index = bisect.bisect_right(self.symbols, (at, "\x7f")) - 1
        if index < 0:
            return "", 0
        return self.symbols[index][1], self.symbols[index][0]

    def frames(self, places: Iterable[int]) -> dict[int, list[Frame]]:
        """For each address the function it is in, after those inlined
        there: innermost first. Assembly has the symbol before it."""
        out: dict[int, list[Frame]] = {}
        wanted = sorted(set(places))
        lines = self._tool("addr2line", "-a", "-i", "-f", "-e",
                           str(self.elf),
                           text="".join(f"{at:#x}\n" for at in wanted))
        here: list[str] = []
        chains: dict[int, list[str]] = {}
        for line in lines:
            if line.startswith("0x"):
                here = chains.setdefault(int(line, 16), [])
            else:
                here.append(line)
        for at in wanted:
            words, chain = chains[at], []
            for name, place in zip(words[::2], words[1::2]):
                file, _, number = place.split(" ")[0].rpartition(":")
                chain.append(Frame(plain(name), _in_tree(file),
                                   int(number) if number.isdigit() else 0))
            last = chain[-1] if chain else Frame("??")
            if last.function == "??" or last.file.endswith(".S"):
                name, _ = self.symbol_at(at)
                chain = [Frame(plain(name), last.file, last.line)]
            out[at] = chain
        return out
