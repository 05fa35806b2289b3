"""The path of an operation: found in an execution log, added up, drawn,
compared; and that of the real hypervisor, which must be as long as measured.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import re
import subprocess
import unittest
import xml.etree.ElementTree as xml

from support import APIARY, InFolder
from apiary_lab import account, explain, flame, paths
from apiary_lab.account import Account, Step
from apiary_lab.code import Frame

EL2 = range(0x1000, 0x2000)
PLACES = explain.Places(EL2, frozenset({0x1400, 0x1480}), 0x1400,
                        frozenset({0x100}), frozenset({0x110}),
                        [range(0x200, 0x210)], [range(0x300, 0x310)],
                        frozenset({0x108, 0x300}))
SWITCH = "hypervisor/arch/aarch64/switch.S"
VECTORS = "hypervisor/arch/aarch64/vectors.S"


def log(*places: int, flags: str = "ff000201", cpu: int = 0) -> list[bytes]:
    return [f"Trace {cpu}: 0x7f00 [0000000000000000/{at:016x}/00000001/"
            f"{flags}] ".encode() for at in places]


def read(*parts: list[bytes]) -> explain.Reader:
    reader = explain.Reader(PLACES)
    for part in parts:
        reader.feed(part)
    reader.end()
    return reader


class Windows(unittest.TestCase):
    def test_shot_less_the_empty_one(self) -> None:
        shot = log(0x100, 0x104, 0x108, 0x1400, 0x1404, 0x10c, 0x110)
        empty = log(0x100, 0x104, 0x10c, 0x110)
        found = explain.operation(read(shot, shot, empty))
        self.assertEqual((found.steady.kind, found.windows),
                         (explain.SHOT, 2))
        self.assertEqual([explain.pc_of(step) for step in
                          found.steady.steps],
                         [0x104, 0x108, 0x1400, 0x1404, 0x10c, 0x110])
        self.assertEqual((found.empty, found.cost(found.steady)), (3, 3))

    def test_baseline_that_exits(self) -> None:
        """It is as common, and shorter; what is rare is not shown."""
        base = log(0x100, 0x108, 0x1400, 0x110)
        shot = log(0x100, 0x108, 0x1400, 0x1404, 0x110)
        rare = log(0x100, 0x108, 0x1400, 0x1404, 0x1408, 0x110)
        found = explain.operation(read(*20 * [base], *19 * [shot], rare))
        self.assertEqual((found.steady.count, found.steady.windows), (4, 19))

    def test_trapped_counts_once(self) -> None:
        """0x104 is no call: it is begun, traps, and is done later."""
        found = explain.operation(read(
            log(0x100, 0x104, 0x1400, 0x1404, 0x108, 0x110)))
        self.assertEqual(len(found.steady.steps), 5)
        self.assertEqual(found.steady.count, 4)

    def test_not_executed(self) -> None:
        """Lines of blocks that QEMU gave up, or an interrupt came before."""
        found = explain.operation(read(
            log(0x100, 0x108, 0x1400),
            [b"Stopped execution of TB chain before 0x7f [1400]"],
            log(0x1400, 0x1404), log(0x1404, flags="ff008201"),
            log(0x110)))
        self.assertEqual([explain.pc_of(step) for step in
                          found.steady.steps],
                         [0x108, 0x1400, 0x1404, 0x110])

    def test_interrupt_and_turn(self) -> None:
        wait = explain.operation(read(
            log(0x204, 0x208, 0x1480, 0x1484, 0x110)))
        self.assertEqual((wait.steady.kind, wait.steady.count),
                         (explain.WAIT, 3))
        turn = explain.operation(read(log(0x300, 0x1400, 0x1404, 0x304)))
        self.assertEqual((turn.steady.kind, turn.steady.count),
                         (explain.TURN, 3))

    def test_noise(self) -> None:
        self.assertIsNone(explain.operation(read(log(0x500, 0x504))))
        with self.assertRaisesRegex(ValueError, "no line of an execution"):
            read([b"Trace 0: nonsense"])


def step(symbol: str, *frames: tuple[str, str], counted: bool = True) -> Step:
    return Step(0, 0x1000, "nop", counted, symbol, 0,
                tuple(Frame(*frame) for frame in frames))


def sample(extra: int = 0) -> Account:
    steps = [
        step("code_hvc_shot_pmu"), step("vector_sync", ("vector_sync",
                                                        VECTORS)),
        step("smccc_hvc", ("smccc_fid", "hypervisor/vmm/smccc.h"),
             ("smccc_hvc", "hypervisor/vmm/smccc.c")),
        *[step("switch_save_el1", ("switch_save_el1", SWITCH))
          for _ in range(2 + extra)],
        step("retry", ("retry", VECTORS), counted=False),
        step("retry", ("retry", VECTORS)),
        step("code_hvc_shot_pmu")]
    path = explain.Path(explain.SHOT, tuple(range(7 + extra)), 3)
    return Account("hc", "t", 7 + extra, 7 + extra, 3,
                   explain.Operation([path], 0), steps)


class Accounts(InFolder):
    def test_phases_and_rows(self) -> None:
        this = sample()
        self.assertEqual(
            account.phases(this.steps),
            ["guest", "save", "handle", "switch", "switch", "restore",
             "restore", "guest"])
        self.assertEqual(this.rows(), [
            ("guest", "guest", 2), ("vector_sync", "save", 1),
            ("smccc_hvc", "handle", 1), ("switch_save_el1", "switch", 2),
            ("retry", "restore", 1)])
        self.assertIn("7 instructions, as measured", this.notes()[0])
        this.p50 = 9
        self.assertIn("differ by -2", this.notes()[0])
        self.assertIn("smccc_fid in smccc_hvc", account.listing(this))

    def test_difference(self) -> None:
        base, head = sample().as_json(), sample(3).as_json()
        self.assertEqual(account.compare(base, head),
                         [("switch_save_el1", "switch", 2, 5)])
        self.assertEqual(account.difference(base, base),
                         ["the path of hc is the same: 7 instructions"])
        self.assertRegex("\n".join(account.difference(base, head)),
                         r"7 -> 10 instructions \(\+3\)\n  switch_save_el1 "
                         r" switch    2 -> 5  \(\+3\)")

    def test_picture(self) -> None:
        root = xml.fromstring(flame.svg(sample()))
        boxes = [e for e in root.iter() if e.tag.endswith("rect")][1:]
        rows: dict[str, float] = {}
        for box in boxes:
            rows[box.get("y")] = rows.get(box.get("y"), 0) + \
                float(box.get("width"))
        self.assertAlmostEqual(rows["60"], 1180, delta=1)
        self.assertAlmostEqual(rows["80"], 1180 * 5 / 7, delta=1)
        self.assertIn("switch_save_el1: 2 instructions (switch)",
                      [e.text for e in root.iter()])


@unittest.skipUnless(paths.HYPERVISOR_ELF.is_file(), "no hypervisor: make all")
class Real(InFolder):
    def here(self, *words: object) -> subprocess.CompletedProcess:
        return subprocess.run([APIARY, "explain", *map(str, words)],
                              capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)

    def test_paths_are_as_long_as_measured(self) -> None:
        for gic, name, function in (
                (3, "hypercall", "smccc_hvc"),
                (3, "stage2_fault", "stage2_fault"),
                (2, "virq_timer", "exits_irq"),
                (3, "world_switch", "switch_load_el1")):
            done = self.here(name, "--target", f"qemu-virt-gicv{gic}",
                             "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            found = json.loads(done.stdout)
            self.assertEqual(found["path"], found["p50"], name)
            self.assertIn(function, [row["function"] for row
                                     in found["functions"]])

    def test_printed_and_drawn(self) -> None:
        out = self.folder / "x.svg"
        done = self.here("hypercall", "--svg", out)
        self.assertRegex(done.stdout, r"\nsmccc_hvc +handle +\d+ +\d+\.\d %")
        self.assertIn("as measured (p50)", done.stdout)
        xml.fromstring(out.read_text())

    def test_refused(self) -> None:
        for words, text in (
                (["hypercal"], "did you mean hypercall"),
                (["boot"], "none of the guest's timed code"),
                (["hypercall", "--target", "qemu-virt-gicv3-el1"],
                 "no hypervisor to follow"),
                (["hypercall", "--svg", "/none/x.svg"], "No such file"),
                (["hypercall", "no-such-revision"], "no-such-revision"),
                (["hypercall", "HEAD", "--full"], "one path, not two")):
            done = self.here(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertTrue(re.search(text, done.stderr), done.stderr)
            self.assertNotIn("Traceback", done.stderr)
