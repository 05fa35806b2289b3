"""The readiness check: the hypervisor's discovery on device trees.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import TOP, InFolder
from apiary_lab import boards, paths, qemu, targets
from apiary_lab.boards import BUT, NO, READY, judge
from apiary_lab.status import LabError

TREES = TOP / "fixtures" / "dt"


@unittest.skipUnless(boards.program().is_file(), "not built: make boards")
class Boards(InFolder):
    def tree(self, name: str, *replace: tuple[str, str]) -> Path:
        text = (TREES / f"{name}.dts").read_text()
        for old, new in replace:
            self.assertTrue(old in text, old)
            text = text.replace(old, new)
        out = self.folder / f"{name}.dtb"
        subprocess.run(["dtc", "-q", "-o", out], input=text, text=True,
                       check=True, cwd=TREES)
        return out

    def look(self, *files: Path) -> list[boards.Board]:
        return boards.look(list(files))

    def test_virt_is_ready(self) -> None:
        board, = self.look(self.tree("qemu-virt-gicv3-cpu4-512M"))
        self.assertEqual((board.state, board.why), (READY, []))
        self.assertEqual(board.facts["ram"], 512 << 20)
        self.assertEqual(board.facts["cpus_psci"], 4)
        self.assertEqual(board.facts["gic"], 3)
        self.assertFalse(board.facts["ram_filled_in"])

    def test_no_gic(self) -> None:
        board, = self.look(self.tree("rpi3"))
        self.assertEqual(board.state, NO)
        self.assertIn("no supported interrupt controller", board.why[0])

    def test_ram_is_left_to_the_loader(self) -> None:
        board, = self.look(self.tree(
            "zcu102", ('device_type = "memory"', 'unused = "memory"')))
        self.assertTrue(board.facts["ram_filled_in"])
        self.assertNotEqual(board.state, NO, board.why)

    def test_no_driver(self) -> None:
        board, = self.look(self.tree(
            "qemu-virt-gicv2-cpu1-512M", ('"arm,pl011', '"acme,uart')))
        self.assertEqual(board.state, BUT)
        self.assertEqual(board.why, ["no console driver for acme,uart"])
        self.assertEqual(board.provided, [boards.BY_DEBUGGER])

    def test_no_console(self) -> None:
        tree = self.tree("qemu-virt-gicv2-cpu1-512M",
                         ("stdout-path", "no-path"), ('"arm,pl011', '"x'))
        board, = self.look(tree)
        self.assertEqual((board.state, board.why), (READY, []))
        self.assertEqual(board.provided, [boards.BY_DEBUGGER])
        self.assertIn("DCC, untested on silicon",
                      "\n".join(boards.table([board], True)))

    def test_spin_table(self) -> None:
        facts = self.look(self.tree("qemu-virt-gicv3-cpu4-512M"))[0].facts
        board = judge(facts | {"cpus_psci": 0, "cpus_spin_table": 4}, "x")
        self.assertEqual((board.state, board.why), (READY, []))
        self.assertIn("spin table", boards.table([board], True)[0])

    def test_cpus_without_method(self) -> None:
        facts = self.look(self.tree("qemu-virt-gicv3-cpu4-512M"))[0].facts
        facts |= {"cpus_psci": 0, "cpus_spin_table": 0}
        board = judge(facts, "x")
        self.assertEqual(board.state, BUT)
        self.assertIn("one CPU of 4", board.why[0])
        # Where the boot loader is known to say it, it need not be here.
        board = judge(facts | {"compatible": "acme,x fsl,ls1028a"}, "x")
        self.assertEqual((board.state, board.why), (READY, []))
        self.assertEqual(board.provided, [boards.BY_LOADER_CPUS])

    def test_command(self) -> None:
        good, bad = self.tree("zcu102"), self.tree("rpi3")
        from apiary_lab import cli
        self.assertEqual(cli.main(["boards", str(good)]), 0)
        self.assertEqual(cli.main(["boards", str(good), str(bad)]), 1)

    def test_not_a_tree(self) -> None:
        file = self.folder / "x.dtb"
        file.write_bytes(b"hello")
        board, = self.look(file)
        self.assertEqual(board.state, NO)
        self.assertIn("device tree: there is none", board.why[0])

    def test_no_file(self) -> None:
        with self.assertRaisesRegex(LabError, "nosuch: No such file"):
            self.look(self.folder / "nosuch")

    def test_broken_trees(self) -> None:
        """Mangled in many ways: an answer for each, under ASan."""
        dice = random.Random(1)
        files = []
        for name in ("zcu102", "qemu-virt-gicv3-cpu4-512M", "dw-uart"):
            whole = self.tree(name).read_bytes()
            for number in range(150):
                data = bytearray(whole)
                for _ in range(dice.randint(1, 8)):
                    data[dice.randrange(len(data))] = dice.choice(
                        [0, 1, 0xff, dice.randrange(256)])
                if dice.random() < 0.2:
                    del data[dice.randrange(len(data)):]
                file = self.folder / f"{name}-{number}.dtb"
                file.write_bytes(data)
                files.append(file)
        found = self.look(*files)
        self.assertEqual(len(found), len(files))
        for board in found:
            self.assertTrue(board.state == READY or board.why[0],
                            json.dumps(board.facts))


class Refused(InFolder):
    """On a board that cannot do: one line, and an end."""

    def test_no_gic(self) -> None:
        target = targets.load("qemu-rpi3")
        if target.missing() or not paths.HYPERVISOR_IMAGE.is_file():
            self.skipTest("; ".join(target.missing()) or "not built")
        run = qemu.boot(target, target.command(paths.HYPERVISOR_IMAGE),
                        self.folder / "run" / "console.log",
                        qemu.Expect(1, True))
        self.assertIn("apiary: no supported interrupt controller: found "
                      "brcm,bcm2836-l1-intc", run.log.read_text())
        self.assertTrue(run.console.halted)
        self.assertLess(run.seconds, 5)
        self.assertTrue(run.infrastructure)


@unittest.skipUnless(list(boards.TREES.rglob("*.dtb"))
                     and boards.program().is_file(),
                     "no device trees: fixtures/fetch-dtbs")
class Debian(unittest.TestCase):
    """The boards that Debian's kernel knows."""

    def test_all(self) -> None:
        found = boards.look(boards.all_trees())
        self.assertGreater(len(found), 500)
        ready = [board for board in found if board.state == READY]
        self.assertGreaterEqual(len(ready) / len(found), 0.95)
        for board in found:
            self.assertEqual(board.state == READY, not board.why, board.name)
            self.assertTrue(all(board.why), board.name)

    def test_mangled(self) -> None:
        """Every eighth of them, mangled: an answer for each, under ASan."""
        dice = random.Random(2)
        files = []
        with tempfile.TemporaryDirectory() as folder:
            for number, tree in enumerate(boards.all_trees()[::8]):
                data = bytearray(tree.read_bytes())
                for _ in range(dice.randint(1, 40)):
                    data[dice.randrange(40, len(data))] = dice.choice(
                        [0, 1, 2, 0xff, dice.randrange(256)])
                files.append(Path(folder) / f"{number}.dtb")
                files[-1].write_bytes(data)
            found = boards.look(files)
        self.assertEqual(len(found), len(files))
        for board in found:
            self.assertEqual(board.state == READY, not board.why, board.name)
