"""Images that QEMU does not load: trees, addresses, firmware of ours.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
import unittest
from pathlib import Path

from support import InFolder
from apiary_lab import bundle, guests, loader, paths, qemu, targets
from apiary_lab.status import LabError

BUILT = paths.HYPERVISOR_IMAGE.is_file()


def chosen(tree: Path, name: str) -> str:
    return subprocess.run(["fdtget", "-t", "x", tree, "/chosen", name],
                          check=True, capture_output=True,
                          text=True).stdout.strip()


class Trees(InFolder):
    def test_chosen(self) -> None:
        tree = self.folder / "t.dtb"
        loader.make_tree([], paths.TARGETS / "qemu-sbsa.dts", tree)
        loader.choose(tree, (0x10010000000, 0x10010000123), "a b")
        self.assertEqual(chosen(tree, "linux,initrd-start"), "100 10000000")
        self.assertEqual(chosen(tree, "linux,initrd-end"), "100 10000123")
        self.assertEqual(chosen(tree, "bootargs"), "61206200")

    def test_broken_source(self) -> None:
        source = self.folder / "x.dts"
        source.write_text("/dts-v1/; {")
        with self.assertRaisesRegex(LabError, "^dtc: .*syntax"):
            loader.make_tree([], source, self.folder / "t.dtb")

    def test_of_the_machine(self) -> None:
        target = targets.load("qemu-tfa")
        tree = self.folder / "t.dtb"
        loader.make_tree(target.machine(), None, tree)
        self.assertEqual(tree.read_bytes()[:4], b"\xd0\x0d\xfe\xed")


class Words(InFolder):
    def command(self, name: str) -> list[str]:
        initrd = self.folder / "b.dtb"
        initrd.write_bytes(b"12345")
        return targets.load(name).command(Path("/k"), initrd)

    def test_sbsa(self) -> None:
        words = self.command("qemu-sbsa")
        self.assertEqual(words[words.index("-kernel") + 1], "/k")
        self.assertNotIn("-initrd", words)
        tree = self.folder / "b-machine.dtb"
        self.assertEqual(words[-2:], ["-dtb", str(tree)])
        self.assertEqual(chosen(tree, "linux,initrd-end"), "100 10000005")

    @unittest.skipUnless(loader.FIRMWARE["shim"][0].is_file(),
                         "not built: make shim")
    def test_shim_is_told(self) -> None:
        words = self.command("qemu-shim")
        self.assertIn("loader,file=/k,addr=0x80080000,force-raw=on", words)
        self.assertNotIn("-kernel", words)
        image = Path(words[words.index("-bios") + 1]).read_bytes()
        told = [int.from_bytes(image[at:at + 8], "little")
                for at in range(8, 80, 8)]
        self.assertEqual(told, [0x80080000, 0x40000000, 0xe000000, 0x8000000,
                                0x80a0000, 0, 0, 62500000, 0])

    def test_too_many_cpus(self) -> None:
        with self.assertRaisesRegex(LabError, "1 CPU at most, not 2"):
            targets.load("qemu-sbsa", smp=2)

    def test_too_old(self) -> None:
        target = targets.load("qemu-virt-gicv3")
        target.data["qemu"]["since"] = 99
        self.assertRegex(target.missing()[0],
                         "^QEMU 99 or later, this is [0-9]+: "
                         "make deps-backports")


@unittest.skipUnless(BUILT and (paths.GUESTS / "psci.Image").is_file(),
                     "not built")
class Boots(InFolder):
    def cpus(self, name: str, smp: int) -> str:
        """Boots psci there; what the hypervisor says of the machine."""
        target = targets.load(name, smp=smp)
        if target.missing():
            self.skipTest("; ".join(target.missing()))
        point = guests.Point("psci", target, [bundle.Vm(
            guest="psci", vcpus=smp, append=target.data.get("guest_args",
                                                            ""))], 1)
        run = guests.boot(point, self.folder)
        self.assertEqual(run.infrastructure, [], qemu.explain(run))
        self.assertEqual(run.console.failed(), [])
        return next(line for line in run.log.read_text().splitlines()
                    if " CPUs, " in line)

    def test_sbsa(self) -> None:
        self.assertIn("1 CPUs, GICv3", self.cpus("qemu-sbsa", 1))

    def test_shim(self) -> None:
        self.assertIn("2 CPUs, GICv3", self.cpus("qemu-shim", 2))

    def test_shim_gicv2(self) -> None:
        self.assertIn("2 CPUs, GICv2", self.cpus("qemu-shim-gicv2", 2))

    def test_one_word_for_all(self) -> None:
        """All leave the spin table at once, and wait for their turn."""
        self.assertIn("4 CPUs, GICv3", self.cpus("qemu-shim-spin", 4))

    def test_tfa(self) -> None:
        self.assertIn("2 CPUs, GICv3", self.cpus("qemu-tfa", 2))

    def calls_of_firmware(self, name: str, only: str) -> int:
        """SMCs that the hypervisor makes while a guest runs this case."""
        target = targets.load(name)
        if target.missing():
            self.skipTest("; ".join(target.missing()))
        trace = self.folder / "int"
        target.data["qemu"]["args"] += ["-d", "int", "-D", str(trace)]
        point = guests.Point("smccc", target, [bundle.Vm(
            guest="smccc", append=f"workarounds only={only}")], 1)
        run = guests.boot(point, self.folder)
        self.assertEqual(run.infrastructure, [], qemu.explain(run))
        self.assertEqual(run.console.failed(), [])
        return trace.read_text().count("[Secure Monitor Call] on CPU 0\n"
                                       "...from EL2 to EL3\n")

    def workarounds(self, name: str) -> None:
        """Against speculation: calls of the first and the third go on to
        firmware, the second's stay here."""
        before = self.calls_of_firmware(name, "version")
        # A call more that looks at the registers, and the questions.
        self.assertEqual(self.calls_of_firmware(name, "workarounds"),
                         before + 2 * (50 + 1) + 3)

    def test_shim_workarounds(self) -> None:
        self.workarounds("qemu-shim")

    def test_tfa_workarounds(self) -> None:
        self.workarounds("qemu-tfa")

    def test_left_out(self) -> None:
        """Of the four in its spin table QEMU has one."""
        self.assertIn("1 CPUs, GICv2", self.cpus("qemu-vexpress-a57", 1))
        said = (self.folder / "console.log").read_text()
        for cpu in 1, 2, 3:
            self.assertIn(f"cpu {cpu}: does not come up, left out", said)

    def test_spin_table(self) -> None:
        self.assertIn("4 CPUs, GICv2", self.cpus("qemu-rpi4", 4))

    def test_no_uart(self) -> None:
        """The DCC takes what is said, and nobody waits for a debugger."""
        newer = targets.BACKPORTS / "qemu-system-aarch64"
        if not newer.is_file():
            self.skipTest("QEMU 7.2 has no DCC: make deps-backports")
        target = targets.load("qemu-virt-gicv3", smp=1)
        tree = self.folder / "t.dtb"
        loader.make_tree(target.machine(), None, tree)
        text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", tree],
                              check=True, capture_output=True).stdout
        subprocess.run(["dtc", "-q", "-O", "dtb", "-o", tree], check=True,
                       input=text.replace(b'"arm,pl011', b'"acme,uart'))
        words = target.command(paths.HYPERVISOR_IMAGE, bundle.build(
            [bundle.Vm(guest="psci")], self.folder / "b.dtb"))
        done = subprocess.run(
            [str(newer), *words[1:], "-dtb", str(tree)], timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True,
            env=os.environ | {"LC_ALL": "C"})
        self.assertEqual((done.returncode, done.stdout), (0, b""))


if __name__ == "__main__":
    unittest.main()
