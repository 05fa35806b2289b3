"""The interrupt translation service of a VM: what Linux's driver says of it,
and the lines of the hypervisor about a wrong use.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import subprocess
import unittest

import test_linux
import test_virtio
from support import APIARY


class Reference(unittest.TestCase):
    def test_the_guest_passes_on_qemus_own(self) -> None:
        """What it asks of ours is no more than another ITS does."""
        done = subprocess.run(
            [APIARY, "test", "--target", "qemu-virt-gicv3-el1", "--filter",
             "its."], capture_output=True, text=True, timeout=120)
        self.assertIn("15 passed, 0 failed, 2 skipped", done.stdout)
        self.assertEqual(done.returncode, 0)


class Lines(test_virtio.Machine):
    def test_a_wrong_command_is_named_once(self) -> None:
        vm = {"guest": "its", "append": "only=garbage",
              "devices": {"its": True}}
        said = self.run_to_end("--vms", self.vms(a=vm))
        self.assertIn("TEST_CASE_ID=its.garbage RESULT=pass", said)
        self.assertEqual(len(re.findall(
            r"vm a: ITS: command 0x\w+ skipped: [a-z ]+ \(only the first is "
            r"named\)", said)), 1)

    def test_not_with_a_gicv2(self) -> None:
        vm = {"guest": "its", "devices": {"its": True}}
        said = self.run_to_end("--vms", self.vms(a=vm), "--target",
                               "qemu-virt-gicv2")
        self.assertIn("bundle: /vms/a/devices: its: not possible: this "
                      "machine has GICv2, whose VMs have no LPIs", said)
        self.assertNotIn("vm a: start", said)


@unittest.skipUnless(test_linux.HERE, "no Linux: fixtures/fetch-linux")
class Linux(test_virtio.Machine):
    def healthy(self, shell: test_virtio.Shell) -> None:
        said = shell("dmesg -r")
        for line in ("ITS [mem 0x08080000-0x0809ffff]",
                     "ITS: Using hypervisor restricted LPI range [512]",
                     "CPU0: using allocated LPI pending table",
                     "CPU1: using allocated LPI pending table",
                     "PCI/MSI: /intc@8000000/its@8080000 domain created"):
            self.assertIn(line, said)
        warnings = re.findall(r"<[0-4]>.*", said)
        self.assertEqual([line for line in warnings if not
                          any(text in line for text in test_linux.EXPECTED)],
                         [])

    def test_its_driver(self) -> None:
        """Both after power-on and after a reset."""
        vms = self.vms(a={"guest": "linux", "vcpus": 2,
                          "devices": {"its": True}})
        shell = test_virtio.Shell(vms, "--smp", 2)
        self.addCleanup(shell.end)
        self.healthy(shell)
        shell.child.send("reboot -f\r")
        self.assertIn("vm a: reset", shell.prompt())
        self.healthy(shell)
        self.assertEqual(shell.off(), 0)


if __name__ == "__main__":
    unittest.main()
