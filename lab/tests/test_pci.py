"""PCI functions of the machine in a VM's hands: Linux's drivers of them, and
what is refused.

SPDX-License-Identifier: BSD-2-Clause
"""
import hashlib
import os
import unittest
from pathlib import Path
from typing import Any

import test_linux
from apiary_lab import paths
from test_virtio import Machine, Shell

DISK, NET = "0000:00:01.0", "0000:00:02.0"
HERE = (paths.BUILD / "deps" / "linux" / "modules" /
        "virtio_pci.ko").is_file()


class Pci(Machine):
    def machine(self, name: str) -> Path:
        """A disk at 00:01.0 and a network card at 00:02.0."""
        self.disk = self.folder / "disk"
        self.disk.write_bytes(os.urandom(1 << 20))
        return self.target(
            name, "-drive", f"file={self.disk},if=none,format=raw,id=d",
            "-device", "virtio-blk-pci,drive=d,addr=1.0",
            "-netdev", "user,id=n", "-device",
            "virtio-net-pci,netdev=n,addr=2.0")


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
        self.refused("bundle: /vms/a: devices: pci: nothing here keeps DMA in "
                     "bounds: not without unsafe-dma in the VM's devices "
                     "node",
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
        self.refused("PA 0x4010000000: is the PCI host bridge's", a=raw)

    def test_no_bridge(self) -> None:
        said = self.run_to_end("--vms", self.vms(a=vm(DISK)), "--target",
                               "qemu-versal")
        self.assertIn(f"pci: {DISK}: no PCI host bridge with an ECAM "
                      f"(pci-host-ecam-generic) in the machine's device "
                      f"tree", said)


@unittest.skipUnless(HERE, "no Linux: fixtures/fetch-linux")
class Linux(Pci):
    def passed(self, shell: Shell) -> None:
        self.addCleanup(shell.end)
        for turn in range(2):
            digest = hashlib.md5(self.disk.read_bytes()).hexdigest()
            self.assertEqual(shell("md5sum </dev/vda"), f"{digest}  -")
            shell("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up")
            self.assertIn(" 0% packet loss", shell("ping -c 3 10.0.2.2"))
            for name in ("virtio0", "virtio1"):
                counts = shell(f"grep {name} /proc/interrupts").split()
                self.assertGreater(int(counts[1]), 0)
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
