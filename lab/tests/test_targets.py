"""Targets: the files are well formed, the command lines are what they say.

SPDX-License-Identifier: BSD-2-Clause
"""
import unittest
from pathlib import Path

from support import InFolder
from apiary_lab import paths, targets
from apiary_lab.status import LabError

GOOD = (paths.TARGETS / "qemu-virt-gicv3.yaml").read_text()


class Targets(unittest.TestCase):
    def test_all_load(self) -> None:
        self.assertIn(targets.DEFAULT, targets.names())
        for name in targets.names():
            self.assertEqual(targets.load(name).name, name)

    def test_command(self) -> None:
        target = targets.load("qemu-virt-gicv2", "max", 4, "1G")
        words = target.command(Path("k"), Path("i"), "hello")
        text = " ".join(words)
        for part in ("gic-version=2", "virtualization=on",
                     "dtb-randomness=off", "-cpu max,pauth-impdef=on",
                     "-smp 4", "-m 1G", "-icount shift=0,sleep=off",
                     "-kernel k", "-initrd i", "-append hello"):
            self.assertIn(part, text)

    def test_el1_has_no_virtualization(self) -> None:
        text = " ".join(targets.load("qemu-virt-gicv3-el1")
                        .command(Path("k")))
        self.assertIn("virtualization=off", text)
        self.assertNotIn("-initrd", text)

    def test_config_names_what_is_overridden(self) -> None:
        self.assertEqual(targets.load("qemu-virt-gicv3").config(),
                         "qemu-virt-gicv3")
        self.assertEqual(
            targets.load("qemu-virt-gicv3", "max", 4, "1G").config(),
            "qemu-virt-gicv3+max+smp4+1G")

    def test_unknown(self) -> None:
        with self.assertRaisesRegex(LabError, "there are: .*gicv2"):
            targets.load("pdp11")


class BadFiles(InFolder):
    def assertRefused(self, text: str, error: str) -> None:
        path = self.folder / "t.yaml"
        path.write_text(text)
        with self.assertRaisesRegex(LabError, error):
            targets.load(str(path))

    def test_good_one_elsewhere(self) -> None:
        path = self.folder / "mine.yaml"
        path.write_text(GOOD)
        self.assertEqual(targets.load(str(path)).name, "mine")
        self.assertEqual(targets.load(str(path), smp=3).config(),
                         "mine+smp3")

    def test_refused(self) -> None:
        self.assertRefused(GOOD.replace("smp: 2", "smp: two"), "smp: .two.")
        self.assertRefused(GOOD.replace("smp: 2", "smp: 0"), "smp: 0 is less")
        self.assertRefused(GOOD.replace("gic: 3", "gic: 4"), "gic: 4")
        self.assertRefused(GOOD + "colour: blue\n", "'colour' was unexp")
        self.assertRefused(GOOD.replace("memory: 512M", ""), "'memory' is a")
        self.assertRefused("a: [", "not YAML")
        self.assertRefused("", "None is not of type 'object'")
