"""What only a machine with much memory shows.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
import unittest

from support import APIARY


@unittest.skipUnless(os.environ.get("APIARY_FULL"),
                     "takes 5 GiB of memory: APIARY_FULL")
class Memory(unittest.TestCase):
    def test_tables_of_a_sparse_guest(self) -> None:
        """A page in each block of 4 GiB: 8 MiB of stage 2 tables."""
        done = subprocess.run(
            [APIARY, "run", "--target", "qemu-virt-gicv3", "--ram", "5G",
             "--memory", "4G", "--stage2", "demand", "--guest", "demand",
             "--append", "only=sparse"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120)
        self.assertIn("TEST_CASE_ID=demand.sparse RESULT=pass", done.stdout,
                      done.stderr)
        self.assertEqual(done.returncode, 0)
