"""PCI functions of the machine in a VM's hands: Linux's drivers of them, and
what is refused.

SPDX-License-Identifier: BSD-2-Clause
"""
import hashlib
import os
import unittest
from pathlib import Path
from typing import Any

import yaml

import test_linux
from apiary_lab import paths, targets
from test_virtio import Machine, Shell

DISK, NET, EDU = "0000:00:01.0", "0000:00:02.0", "0000:00:03.0"
BUT_OUTSIDE = "only=alone,bar,intx,dma_inside"
HERE = (paths.BUILD / "deps" / "linux" / "modules" /
        "virtio_pci.ko").is_file()


SMMU = not targets.load("qemu-virt-smmu").missing()
# QEMU's virtio goes by the IOMMU only if it is told so.
BEHIND = ",disable-legacy=on,iommu_platform=on"


class Pci(Machine):
    def machine(self, name: str, more: str = "") -> Path:
        """A disk at 00:01.0 and a network card at 00:02.0."""
        self.disk = self.folder / "disk"
        self.disk.write_bytes(os.urandom(1 << 20))
        return self.target(
            name, "-drive", f"file={self.disk},if=none,format=raw,id=d",
            "-device", f"virtio-blk-pci,drive=d,addr=1.0{more}",
            "-netdev", "user,id=n", "-device",
            f"virtio-net-pci,netdev=n,addr=2.0{more}")


def vm(*functions: str, **more: Any) -> dict[str, Any]:
    return {"guest": "psci", "memory": "32M",
            "devices": {"pci": list(functions), "unsafe-dma": True}, **more}


class Refused(Pci):
    """Without a Linux: a line, and the VM is not made."""

    def refused(self, line: str, **vms: dict[str, Any]) -> str:
        said = self.run_to_end("--vms", self.vms(**vms), "--target",
                               self.machine("qemu-virt-gicv3"))
        self.assertIn(line, said)
        self.assertNotIn(f"vm {max(vms)}: start", said)
        return said

    def test_without_unsafe_dma(self) -> None:
        self.refused("bundle: /vms/a: devices: pci: SMMU: there is none; so "
                     "nothing keeps DMA in bounds: not without unsafe-dma in "
                     "the VM's devices node",
                     a={"guest": "psci", "devices": {"pci": [DISK]}})

    def test_not_there(self) -> None:
        where = "bundle: /vms/a/devices: pci: "
        for name, line in (
                ("0000:00:1e.0", "0000:00:1e.0 is not there"),
                ("00:1.0", '"00:1.0" is no DOMAIN:BUS:DEVICE.FUNCTION, as '
                           '"0000:00:01.0"'),
                ("01:00.0", "01:00.0 is not on bus 00, the root of the first "
                            "host bridge: no others are passed through")):
            with self.subTest(name=name):
                self.refused(where + line, a=vm(name))
        self.refused(f"{where}00:01.0 is named twice", a=vm(DISK, "00:01.0"))
        self.refused(f"{where}not with stage2 = \"demand\"", a=vm(
            DISK, stage2="demand"))

    def test_given_twice(self) -> None:
        """The first keeps it, and goes on."""
        said = self.refused(
            f"bundle: /vms/b/devices: pci: {DISK} is given to VM a already",
            a=vm(DISK), b=vm(DISK))
        self.assertIn("vm a: off", said)

    def test_a_shared_line(self) -> None:
        """Devices 1 and 5 have the same of QEMU's four interrupts."""
        target = self.target("qemu-virt-gicv3", "-device",
                             "virtio-rng-pci,addr=1.0", "-device",
                             "virtio-rng-pci,addr=5.0")
        vms = self.vms(a=vm("00:01.0"), b=vm("00:05.0"))
        said = self.run_to_end("--vms", vms, "--target", target)
        self.assertIn("bundle: /vms/b/devices: pci: 00:05.0: interrupt: 36 "
                      "is given to VM a already", said)
        self.assertIn("vm a: off", said)
        self.assertNotIn("vm b: start", said)

    def test_the_bridge_itself(self) -> None:
        raw = {"guest": "psci", "passthrough": {
            "ecam": {"reg": [0x20000000, 0x4010000000, 0x1000]}}}
        self.refused("PA 0x4010000000: is the PCI host bridge's or its "
                     "SMMU's", a=raw)

    def test_the_its_itself(self) -> None:
        raw = {"guest": "psci", "passthrough": {
            "its": {"reg": [0x20000000, 0x8090000, 0x1000]}}}
        self.refused("PA 0x8090000: is the interrupt controller (for MSIs)",
                     a=raw)

    def test_no_bridge(self) -> None:
        said = self.run_to_end("--vms", self.vms(a=vm(DISK)), "--target",
                               "qemu-versal")
        self.assertIn(f"pci: {DISK}: no PCI host bridge with an ECAM "
                      f"(pci-host-ecam-generic) in the machine's device "
                      f"tree", said)

    def test_an_smmu_without_stage_2(self) -> None:
        """That of QEMU 7.2; with unsafe-dma it stays as it was."""
        target = self.target(
            "qemu-virt-gicv3", "-device", "edu,dma_mask=0xffffffffff,addr=3.0",
            machine=",iommu=smmuv3")
        a = {"guest": "psci", "memory": "32M", "devices": {"pci": [EDU]}}
        said = self.run_to_end("--vms", self.vms(
            a=a, b=vm(EDU, guest="pci", append=BUT_OUTSIDE)), "--target",
            target)
        self.assertIn("smmu: at 0x9050000: has no stage 2", said)
        self.assertIn("bundle: /vms/a: devices: pci: SMMU: has no stage 2; so "
                      "nothing keeps DMA in bounds: not without unsafe-dma",
                      said)
        self.assertNotIn("vm a: start", said)
        self.assertIn("pci.dma_inside RESULT=pass", said)
        self.assertIn("vm b: off", said)


class Edu(Pci):
    """A guest of ours, with QEMU's edu."""

    def test_function(self) -> None:
        for gic in (3, 2):
            with self.subTest(gic=gic):
                target = self.target(f"qemu-virt-gicv{gic}", "-device",
                                     "edu,dma_mask=0xffffffffff,addr=3.0")
                said = self.run_to_end("--vms", self.vms(a=vm(
                    EDU, guest="pci", append=BUT_OUTSIDE)), "--target",
                    target)
                for name in ("alone", "bar", "intx", "dma_inside"):
                    self.assertIn(f"pci.{name} RESULT=pass", said)
                self.assertEqual("no messages, but INTx: a GICv2m frame "
                                 "takes any of its interrupts from any "
                                 "function" in said, gic == 2)

    @unittest.skipUnless(SMMU, "QEMU 7.2 has no stage 2 in its SMMU: make "
                               "deps-backports")
    def test_confined(self) -> None:
        """The other VM's RAM is what its DMA would reach."""
        a = {"guest": "pci", "memory": "32M", "devices": {"pci": [EDU]}}
        b = {"guest": "demand", "memory": "64M"}
        said = self.run_to_end("--vms", self.vms(a=a, b=b), "--target",
                               "qemu-virt-smmu")
        self.assertIn("DMA confined by the SMMU", said)
        for name in ("alone", "bar", "intx", "dma_inside", "dma_outside"):
            self.assertIn(f"pci.{name} RESULT=pass", said)
        self.assertIn("smmu: stream 0x18 (PCI function 00:03.0): DMA to "
                      "0x42000000 blocked: nothing of the VM's", said)
        self.assertNotIn("RESULT=fail", said)


class NoMessages(Pci):
    """A line says why, and INTx it is."""

    def intx(self, target: Path, functions: list[str], line: str,
             unsafe: bool, only: str = "alone,bar,intx") -> None:
        said = self.run_to_end("--vms", self.vms(a={
            "guest": "pci", "memory": "32M", "append": f"only={only}",
            "devices": {"pci": functions, "its": True,
                        "unsafe-dma": unsafe}}), "--target", target)
        self.assertIn(f"no messages, but INTx: {line}", said)
        for name in only.split(","):
            self.assertIn(f"pci.{name} RESULT=pass", said)

    def test_without_an_smmu(self) -> None:
        target = self.target("qemu-virt-gicv3", "-device",
                             "edu,dma_mask=0xffffffffff,addr=3.0")
        self.intx(target, [EDU], "nothing leads them to the ITS without an "
                  "SMMU", True)

    @unittest.skipUnless(SMMU, "QEMU 7.2 has no stage 2 in its SMMU: make "
                               "deps-backports")
    def test_without_an_its(self) -> None:
        """QEMU's disk has no MSI then; its edu would not be there."""
        target = self.machine("qemu-virt-smmu", BEHIND)
        data = yaml.safe_load(target.read_text())
        args = data["qemu"]["args"]
        for word in [word for word in args if word.startswith(("edu",
                                                               "e1000e"))]:
            del args[args.index(word) - 1:args.index(word) + 1]
        data["qemu"]["machine"] += ",its=off"
        target.write_text(yaml.safe_dump(data))
        said = self.run_to_end("--vms", self.vms(a={
            "guest": "psci", "devices": {"pci": [DISK], "its": True}}),
            "--target", target)
        self.assertIn("00:00.0: no messages, but INTx: the host bridge has "
                      "no msi-map", said)
        self.assertIn("vm a: off", said)

    @unittest.skipUnless(SMMU, "QEMU 7.2 has no stage 2 in its SMMU: make "
                               "deps-backports")
    def test_without_a_capability(self) -> None:
        """The second has none."""
        target = self.target("qemu-virt-smmu", "-device",
                             "pci-testdev,addr=7.0")
        self.intx(target, [EDU, "0000:00:07.0"],
                  "it has neither MSI nor MSI-X", False, "intx")


class Option(Pci):
    """--pci, instead of a file."""

    @unittest.skipUnless(SMMU, "QEMU 7.2 has no stage 2 in its SMMU: make "
                               "deps-backports")
    def test_passes_it_through(self) -> None:
        said = self.run_to_end("--guest", "pci", "--memory", "32M", "--pci",
                               "00:03.0", "--pci", "00:04.0", "--append",
                               "only=bar,dma_inside", "--target",
                               "qemu-virt-smmu")
        for slot, function in enumerate((3, 4)):
            self.assertIn(f"PCI function 0000:00:{function:02x}.0 is 00:"
                          f"{slot:02x}.0", said)
        for name in ("bar", "dma_inside"):
            self.assertIn(f"pci.{name} RESULT=pass", said)

    def test_refused(self) -> None:
        here = ["--target", "qemu-virt-smmu"] if SMMU else []
        vms = self.vms(a=vm(EDU))
        for words, line in (
                (["--guest", "pci"], "apiary: --pci: qemu-virt-gicv3 has no "
                 "SMMU that would confine a function's DMA: --target "
                 "qemu-virt-smmu has, or --vms FILE with devices: {pci: "
                 "[...], unsafe-dma: true}"),
                (["--guest", "pci", "--guest", "psci", *here],
                 "--pci: a function is one VM's: --vms FILE says of several"),
                (["--vms", vms], "--vms describes the VMs"),
                (["--bundle", vms], "--bundle is the VMs"),
                (["--guest", "pci", "--target", "qemu-virt-gicv3-el1"],
                 "--pci: qemu-virt-gicv3-el1 has no hypervisor: its guest "
                 "has all functions"),
                (["--guest", "pci", "--pci", "3.0", *here],
                 "--pci: '3.0' is no function: wanted DOMAIN:BUS:DEVICE."
                 "FUNCTION")):
            with self.subTest(words=words):
                said = self.run_to_end(*words, "--pci", EDU)
                self.assertIn(line, " ".join(said.split()))
                self.assertNotIn("vm a", said)


@unittest.skipUnless(HERE, "no Linux: fixtures/fetch-linux")
class Linux(Pci):
    def passed(self, shell: Shell, chip: str = "GIC") -> None:
        self.addCleanup(shell.end)
        for turn in range(2):
            digest = hashlib.md5(self.disk.read_bytes()).hexdigest()
            self.assertEqual(shell("md5sum </dev/vda"), f"{digest}  -")
            shell("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up")
            self.assertIn(" 0% packet loss", shell("ping -c 3 10.0.2.2"))
            for name in ("virtio0", "virtio1"):
                rows = [line.split() for line in shell(
                    f"grep {name} /proc/interrupts").splitlines()]
                self.assertGreater(sum(int(row[1]) for row in rows), 0)
                for row in rows:
                    self.assertTrue(row[2].startswith(chip), row)
            self.assertEqual(
                shell("cd /sys/bus/pci/devices; echo *; cd").split(),
                ["0000:00:00.0", "0000:00:01.0"])
            text = f"written, turn {turn}"
            shell(f"echo '{text}' | dd of=/dev/vda bs=512 seek=7 conv=sync "
                  f"2>/dev/null; sync")
            self.assertTrue(self.disk.read_bytes()[7 * 512:].startswith(
                text.encode()))
            if turn == 0:               # the device does not go on
                shell.child.send("reboot -f\r")
                shell.prompt()
        self.assertEqual(shell.off(), 0)

    def unsafe(self, name: str) -> None:
        target = self.machine(name)
        shell = Shell(self.vms(a=vm(DISK, NET, guest="linux",
                                    memory="192M")), "--target", target)
        self.assertIn(f"PCI function {DISK} is 00:00.0, interrupt 36, DMA not "
                      f"confined (unsafe-dma)", shell.text)
        self.passed(shell)

    def test_disk_and_net(self) -> None:
        self.unsafe("qemu-virt-gicv3")

    @unittest.skipUnless(test_linux.FULL, "ten seconds: make test-full")
    def test_disk_and_net_gicv2(self) -> None:
        self.unsafe("qemu-virt-gicv2")

    @unittest.skipUnless(SMMU, "QEMU 7.2 has no stage 2 in its SMMU: make "
                               "deps-backports")
    def test_confined(self) -> None:
        target = self.machine("qemu-virt-smmu", BEHIND)
        shell = Shell(self.vms(a={
            "guest": "linux", "memory": "192M",
            "devices": {"pci": [DISK, NET]}}), "--target", target)
        self.assertIn(f"PCI function {DISK} is 00:00.0, interrupt 36, DMA "
                      f"confined by the SMMU", shell.text)
        self.passed(shell)
        self.assertNotIn("blocked", shell.text)

    @unittest.skipUnless(SMMU, "QEMU 7.2 has no stage 2 in its SMMU: make "
                               "deps-backports")
    def test_messages(self) -> None:
        """MSI-X by the machine's ITS and the VM's, again after a reset."""
        target = self.machine("qemu-virt-smmu", BEHIND)
        shell = Shell(self.vms(a={
            "guest": "linux", "memory": "192M",
            "devices": {"pci": [DISK, NET], "its": True}}),
            "--target", target)
        self.assertIn("its: at 0x8080000: LPIs for messages of PCI functions",
                      shell.text)
        self.passed(shell, "ITS-MSI")
        self.assertNotIn("blocked", shell.text)
