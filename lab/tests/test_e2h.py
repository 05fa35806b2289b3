"""HCR_EL2.E2H: who decides, what is said of it, and what it costs Linux.

The test guests run in both modes by lab/matrix.yaml.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import struct
import subprocess
import unittest
from pathlib import Path

from support import CROSS, InFolder
from apiary_lab import bundle, overhead, paths, qemu, targets

IMAGE = paths.HYPERVISOR_IMAGE
HERE = (paths.BUILD / "deps" / "linux" / "initramfs.gz").is_file()
ON, OFF = "2 CPUs with E2H, GICv3", "2 CPUs, GICv3"


@unittest.skipUnless(IMAGE.is_file(), "no hypervisor: make all")
class Decision(InFolder):
    def boot(self, append: str | None = None, cpu: str = "neoverse-n1",
             kernel: Path = IMAGE) -> str:
        target = targets.load("qemu-virt-gicv3", cpu)
        made = bundle.build([bundle.vm_from({"guest": "smccc"}, "test")],
                            self.folder / "bundle.dtb")
        run = qemu.boot(target, target.command(kernel, made, append),
                        self.folder / "console.log", qemu.Expect(1, True))
        self.assertEqual(run.infrastructure, [])
        return run.log.read_text()

    def assertOption(self, append: str, line: str, said: str = "",
                     cpu: str = "neoverse-n1") -> None:
        with self.subTest(append=append, cpu=cpu):
            text = self.boot(append, cpu)
            self.assertIn(line, text)
            complaints = re.findall(r"^apiary: .*e2h.*", text, re.M)
            self.assertEqual(complaints, [f"apiary: {said}"] if said else [])

    def test_by_the_cpu(self) -> None:
        for cpu, line in (("neoverse-n1", ON), ("max", ON),
                          ("cortex-a72", OFF), ("cortex-a53", OFF)):
            with self.subTest(cpu=cpu):
                self.assertIn(line, self.boot(cpu=cpu))

    def test_by_the_command_line(self) -> None:
        self.assertOption("apiary.e2h=0", OFF)
        self.assertOption("apiary.e2h=1", ON)
        self.assertOption("quiet apiary.e2h=0 debug", OFF, cpu="max")
        self.assertOption("a apiary apiary.e2h=0", OFF)
        self.assertOption("apiary.e2h=0", OFF, cpu="cortex-a72")

    def test_another_word(self) -> None:
        self.assertOption("xapiary.e2h=0", ON)
        self.assertOption("apiary.e2=0 apiary.e2h", ON)

    def test_bad(self) -> None:
        takes = "apiary.e2h= takes 0 or 1: ignored"
        for value in ("2", "00", "no", ""):
            self.assertOption(f"apiary.e2h={value}", ON, takes)
        self.assertOption("apiary.e2h=yes", OFF, takes, "cortex-a72")
        self.assertOption("apiary.e2h= 0", ON, takes)
        self.assertOption(
            "apiary.e2h=1", OFF, "apiary.e2h=1 ignored: the CPU has no E2H "
            "(FEAT_VHE)", "cortex-a72")

    def test_a_cpu_without(self) -> None:
        """The other CPU's HCR_EL2 seems to have E2H clear."""
        out = subprocess.run(
            [f"{CROSS}objdump", "-d", "--disassemble=e2h_check",
             paths.HYPERVISOR_ELF], check=True, text=True,
            capture_output=True).stdout
        found = re.search(r"^\s*(\w+):\s+\w+\s+mrs\sx(\d+), hcr_el2", out,
                          re.M)
        assert found is not None
        image = bytearray(IMAGE.read_bytes())
        struct.pack_into("<I", image, int(found[1], 16),    # mov x<n>, #0
                         0xd2800000 | int(found[2]))
        path = self.folder / "Image"
        path.write_bytes(image)
        text = self.boot(kernel=path)
        self.assertIn("cpu 1: not capable of E2H as the boot CPU is\n", text)
        self.assertIn("cpu 1: does not come up, left out\n"
                      "1 CPUs with E2H, GICv3", text)


@unittest.skipUnless(os.environ.get("APIARY_FULL") and HERE,
                     "some minutes, and Linux: make test-full")
class Linux(InFolder):
    def test_costs_the_same(self) -> None:
        bare = targets.load("qemu-virt-gicv3-el1", "neoverse-n1", 2)
        with_e2h, without = (
            overhead.measure(bare, targets.load(name),
                             {"guest": "linux", "vcpus": 2}, ["pipes"],
                             self.folder, 300, lambda text: None)
            for name in ("qemu-virt-gicv3-e2h", "qemu-virt-gicv3-e2h0"))
        for one, other in zip(with_e2h, without):
            with self.subTest(load=one.name):
                self.assertAlmostEqual(one.guest / other.guest, 1, delta=0.01)


if __name__ == "__main__":
    unittest.main()
