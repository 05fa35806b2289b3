"""What Linux costs as a guest, beside the bare machine.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import os
import subprocess
import unittest

from support import APIARY, InFolder
from apiary_lab import overhead, paths
from apiary_lab.status import LabError

HERE = (paths.BUILD / "deps" / "linux" / "initramfs.gz").is_file()


class Overhead(InFolder):
    def test_exits_of_all_vcpus_are_added(self) -> None:
        self.assertEqual(
            overhead._exits("vm a: stats: vcpu 0 wfx exits 3 ticks 20\n"
                            "vm a: stats: vcpu 1 wfx exits 4 ticks 30\n"
                            "vm a: stats: vcpu 1 hvc exits 1 ticks 2\n"),
            {"wfx": [7, 50], "hvc": [1, 2]})

    def test_a_machine_that_does_not_start_says_why(self) -> None:
        with self.assertRaisesRegex(LabError, "no such machine"):
            overhead._run(["sh", "-c", "echo no such machine"], 5)

    def test_a_machine_that_hangs_is_ended(self) -> None:
        with self.assertRaisesRegex(LabError, "did not power off in time"):
            overhead._run(["qemu-system-aarch64", "-M", "virt", "-S",
                           "-display", "none"], 1)

    def test_no_such_load(self) -> None:
        done = self.apiary("overhead", "pipe")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean pipes?", done.stderr)

    @unittest.skipUnless(os.environ.get("APIARY_FULL") and HERE,
                         "some minutes, and Linux: make test-full")
    def test_linux(self) -> None:
        for cpus in ("1", "2"):
            done = subprocess.run(
                [APIARY, "overhead", "--json", "--smp", cpus,
                 *overhead.LOADS],
                capture_output=True, text=True, check=True)
            for cost in json.loads(done.stdout):
                limit = 1.10 if cost["name"] == overhead.BOOT else 1.05
                with self.subTest(cpus=cpus, load=cost["name"]):
                    self.assertLess(cost["ratio"], limit)


if __name__ == "__main__":
    unittest.main()
