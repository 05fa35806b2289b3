"""What operations cost is what results/lock/ says.

SPDX-License-Identifier: BSD-2-Clause
"""
import subprocess
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent


class Lock(unittest.TestCase):
    def test_costs_are_as_locked(self) -> None:
        """Instructions of every operation on every target with a lock."""
        done = subprocess.run([TOP / "lab" / "apiary", "lock-check"],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        print(done.stdout, done.stderr)
        self.assertEqual(done.returncode, 0, "costs are not as locked: "
                         "make lock-check")
