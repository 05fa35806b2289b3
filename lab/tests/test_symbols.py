"""Back-traces get the names of functions, with file and line.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import subprocess

from support import CROSS, InFolder
from apiary_lab import symbols, unwind
from apiary_lab.status import LabError

SOURCE = """\
int inner(int x) { return x + 1; }
int outer(int x) { return inner(x) * 2; }
void _start(void) { outer(3); }
"""


class Symbols(InFolder):
    def setUp(self) -> None:
        super().setUp()
        source = self.folder / "prog.c"
        source.write_text(SOURCE)
        self.elf = self.folder / "prog.elf"
        subprocess.run([f"{CROSS}gcc", "-g", "-O0", "-fomit-frame-pointer",
                        "-fno-unwind-tables",
                        "-fno-asynchronous-unwind-tables", "-nostdlib",
                        "-static", "-Wl,-Ttext=0x80200000,-N", "-o", self.elf,
                        source], check=True)
        names = subprocess.run([f"{CROSS}nm", self.elf], check=True,
                               capture_output=True, text=True).stdout
        base = symbols.link_base(self.elf)
        self.at = {m[2]: int(m[1], 16) - base
                   for m in re.finditer(r"(\w+) T (\w+)", names)}

    def test_frames(self) -> None:
        # The first is where it happened, the others are return addresses:
        # one that starts `outer` is a call at the end of `inner`.
        lines = symbols.symbolize(
            ["PANIC: x", f"  #0 {self.at['inner'] + 4:#x}",
             f"  #1 {self.at['outer']:#x}"], self.elf)
        self.assertEqual(lines[0], "PANIC: x")
        self.assertRegex(lines[1], r"#0 0x\w+ inner \(\S*prog\.c:1\)")
        self.assertRegex(lines[2], r"#1 0x\w+ inner \(\S*prog\.c:1\)")

    def test_callers(self) -> None:
        """Of the words on a stack only those at their callers' places."""
        table = unwind.Table(self.elf)
        base = symbols.link_base(self.elf)
        calls = [int(line.split(":")[0], 16) for line in subprocess.run(
            [f"{CROSS}objdump", "-d", self.elf], check=True, text=True,
            capture_output=True).stdout.splitlines() if "\tbl\t" in line]
        in_outer, in_start = calls
        self.assertEqual(table.row(base + self.at["outer"]),
                         unwind.Row(0, None))
        outer, start = table.row(in_outer), table.row(in_start)
        stack = [unwind.Found(in_outer + 4, 0),         # left there
                 unwind.Found(in_start + 4, outer.size + outer.link),
                 unwind.Found(in_start + 4, outer.size + start.size)]
        self.assertEqual(unwind.callers(table, in_outer, None, stack),
                         stack[1:2])
        # A function that has not begun: its return address is in x30.
        self.assertEqual(unwind.callers(table, base + self.at["inner"],
                                        in_outer + 4, stack), stack[1:2])
        self.assertEqual(unwind.callers(table, base + self.at["inner"],
                                        None, stack), [])
        self.assertEqual(unwind.callers(table, 0x10, None, stack), [])
        lines = symbols.symbolize(
            [f"  #0 {in_outer - base:#x}"] +
            [f"  #{n} {item.address - base:#x} sp+{item.at:#x}"
             for n, item in enumerate(stack, 1)], self.elf)
        self.assertRegex(lines[1], r"sp\+0x0 \? outer \(")
        self.assertRegex(lines[2], r"sp\+0x\w+ _start \(")
        self.assertRegex(lines[3], r"sp\+0x\w+ \? _start \(")

    def test_nothing_to_do(self) -> None:
        self.assertEqual(symbols.symbolize(["x"], self.folder / "none"),
                         ["x"])

    def test_bad_elf(self) -> None:
        bad = self.folder / "bad.elf"
        bad.write_bytes(b"hello")
        with self.assertRaisesRegex(LabError, "not a 64-bit ELF"):
            symbols.symbolize(["#0 0x10"], bad)
        bad.write_bytes(self.elf.read_bytes()[:70])
        with self.assertRaisesRegex(LabError, "cut short"):
            symbols.symbolize(["#0 0x10"], bad)
        with self.assertRaisesRegex(LabError, "No such file"):
            symbols.symbolize(["#0 0x10"], self.folder / "none")
