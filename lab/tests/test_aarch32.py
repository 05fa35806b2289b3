"""VMs whose EL1 is of 32 bits: Debian's armhf Linux, unmodified; beside one of
64 bits on one CPU; and refused by a CPU that has no such EL1.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
import unittest
from typing import Any

import yaml

import test_linux
from support import APIARY, InFolder
from apiary_lab import paths

FULL = bool(os.environ.get("APIARY_FULL"))
HERE = (paths.BUILD / "deps" / "linux-armhf" / "initramfs.gz").is_file()
GUEST = paths.GUESTS / "armv7.zImage"
BUILT = GUEST.is_file() and paths.HYPERVISOR_IMAGE.is_file()


class Shell(test_linux.Shell):
    def __init__(self, *words: object) -> None:
        self.child = test_linux.start("linux-armhf", *words)
        self.text = ""
        self.prompt()


@unittest.skipUnless(HERE, "no Linux: fixtures/fetch-linux armhf")
class Linux(InFolder):
    good = test_linux.Linux.good
    interrupts = test_linux.Linux.interrupts

    def shell(self, *words: object) -> Shell:
        shell = Shell(*words)
        self.addCleanup(shell.end)
        return shell

    def test_shell_and_power_off(self) -> None:
        shell = self.shell("--vcpus", 2)
        self.assertEqual(shell("uname -m"), "armv7l")
        self.assertIn("neon", shell("grep -m1 Features /proc/cpuinfo"))
        self.good(shell, 2)

    def test_gicv2(self) -> None:
        self.good(self.shell("--target", "qemu-virt-gicv2", "--cpu",
                             "cortex-a53", "--vcpus", 2), 2)

    @unittest.skipUnless(FULL, "more of the same: make test-full")
    def test_cortex_a57_four_vcpus(self) -> None:
        self.good(self.shell("--cpu", "cortex-a57", "--vcpus", 4, "--smp",
                             4), 4)

    @unittest.skipUnless(FULL, "two boots: make test-full")
    def test_reboot_and_cpus_off_and_on(self) -> None:
        shell = self.shell("--vcpus", 2)
        online = "/sys/devices/system/cpu/cpu1/online"
        shell(f"for i in 1 2 3; do echo 0 >{online}; echo 1 >{online}; done")
        self.assertEqual(shell(f"cat {online}"), "1")
        shell.child.send("reboot -f\r")
        self.assertIn("vm a: reset", shell.prompt())
        self.good(shell, 2)

    @unittest.skipUnless(FULL, "wants 3 GiB: make test-full")
    def test_more_memory_than_low(self) -> None:
        shell = self.shell("--ram", "4G", "--memory", "2G", "--stage2",
                           "demand")
        total = int(shell("grep MemTotal /proc/meminfo").split()[-2])
        self.assertGreater(total, 2000000)
        self.assertEqual(shell.off(), 0)


@unittest.skipUnless(BUILT, "make hypervisor guests")
class Guest(InFolder):
    """The small guest; time is counted in instructions."""

    def run_vms(self, *words: str, **vms: dict[str, Any]) \
            -> subprocess.CompletedProcess:
        path = self.folder / "vms.yaml"
        path.write_text(yaml.safe_dump(vms))
        return subprocess.run(
            [APIARY, "run", "--vms", path, "--smp", "1", *words],
            capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL)

    def test_beside_one_of_64_bits(self) -> None:
        done = self.run_vms(
            wide={"guest": "fp"},
            narrow={"guest": "armv7", "append": "stale_spsr"})
        for vm, name in ("wide", "fp"), ("narrow", "armv7"):
            self.assertRegex(done.stdout,
                             rf"\[{vm}\] <APIARY_DONE NAME={name} ")
            self.assertIn(f"vm {vm}: off", done.stdout)
        self.assertNotIn("RESULT=fail", done.stdout)
        self.assertIn("TEST_CASE_ID=armv7.banked RESULT=pass", done.stdout)
        self.assertIn("TEST_CASE_ID=fp.arithmetic RESULT=pass", done.stdout)

    def test_elf(self) -> None:
        done = self.run_vms(a={"guest": str(GUEST.with_suffix(".elf")),
                               "append": "only=hello,psci"})
        self.assertEqual(done.stdout.count("RESULT=pass"), 2)
        self.assertEqual(done.returncode, 0)

    def test_stats(self) -> None:
        done = self.run_vms(a={"guest": "armv7", "append": "only=psci",
                               "stats": True})
        self.assertRegex(done.stdout, r"vm a: stats: vcpu 0 hvc exits \d+ "
                         r"ticks [1-9]")

    def test_cpu_without(self) -> None:
        """One line, and the other VM goes on."""
        done = self.run_vms("--cpu", "neoverse-n1",
                            narrow={"guest": "armv7"},
                            wide={"guest": "smccc"})
        said = [line for line in done.stdout.splitlines() if "narrow" in line]
        self.assertEqual(said, [
            'bundle: /vms/narrow: kernel: image "armv7" is for 32-bit Arm, '
            'and this CPU runs nothing but AArch64 at EL1: wanted one for '
            'arm64'])
        self.assertIn("<APIARY_DONE NAME=smccc ", done.stdout)

    def test_too_little_memory(self) -> None:
        done = self.run_vms(a={"guest": "armv7", "memory": "32M"})
        self.assertRegex(done.stdout, r'bundle: /vms/a: kernel: image "armv7" '
                         r'needs \d+ KiB at 0x42000000: the memory is '
                         r'0x40000000 to 0x41ffffff')


if __name__ == "__main__":
    unittest.main()
