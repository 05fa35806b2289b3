"""Several VMs together: what is made of their consoles, and a short soak.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import os
import re
import subprocess
import unittest

import pexpect

from support import APIARY, log
from apiary_lab import paths, soak

FULL = bool(os.environ.get("APIARY_FULL"))
READY = all(path.is_file() for path in (
    paths.HYPERVISOR_IMAGE, paths.GUESTS / "hostile.Image",
    paths.BUILD / "deps" / "linux" / "initramfs.gz"))

GOOD = """\
[linux1] soak: turn 1
[linux2] soak: turn 1
[linux1] soak: warning: KASLR disabled due to lack of seed
[linux1] soak: turns 1 errors 0
vm linux1: off
[linux2] soak: turns 1 errors 0
vm linux2: off
vm bench: off
vm hostile: off
"""


class Consoles(unittest.TestCase):
    def wrong(self, *texts: str) -> list[str]:
        self.found = soak.Found()
        listener = soak.Listener(self.found, lambda: None)
        for text in texts:
            listener.write(text.encode())
        listener.end(soak.vms(1, False))
        return self.found.wrong

    @classmethod
    def setUpClass(cls) -> None:
        if not READY:
            raise unittest.SkipTest("no Linux, or no guests: make all")

    def test_good(self) -> None:
        self.assertEqual(self.wrong(GOOD), [])
        self.assertEqual(self.found.turns, {"linux1": 1, "linux2": 1})
        self.assertEqual(len(self.found.notes), 1)

    def test_cut_anywhere(self) -> None:
        for at in range(len(GOOD)):
            self.assertEqual(self.wrong(GOOD[:at], GOOD[at:]), [])

    def test_linux_is_disturbed(self) -> None:
        for text in ("soak: error: 99 of 100 lines came through",
                     "soak: warning: something new",
                     "rcu: INFO: rcu_sched detected stalls on CPUs/tasks",
                     "Internal error: Oops: 96000004 [#1] SMP"):
            self.assertEqual(self.wrong(f"[linux2] {text}\n" + GOOD),
                             [f"linux2: {text}"])

    def test_linux_did_not_end(self) -> None:
        for line in "soak: turns 1 errors 0", "soak: turns 0 errors 0", \
                "soak: turns 1 errors 2":
            text = GOOD.replace("[linux2] soak: turns 1 errors 0",
                                f"[linux2] {line}")
            self.assertEqual(len(self.wrong(text)), line[12] != "1" or
                             line[-1] != "0")

    def test_somebody_stopped(self) -> None:
        """The hostile guest may be, and no other."""
        text = GOOD.replace("vm hostile: off", "vm hostile: stopped: bad")
        self.assertEqual(self.wrong(text), [])
        text = GOOD.replace("vm bench: off", "vm bench: stopped: bad")
        self.assertIn("vm bench: stopped: bad", self.wrong(text))

    def test_figures_of_each_life(self) -> None:
        life = "".join(f"[bench] {line}\n" for line in
                       log("bench").splitlines() if "APIARY_" in line or
                       "LAVA_" in line)
        self.assertEqual(self.wrong(life, life, GOOD), [])
        self.assertTrue(self.found.figures)
        for values in self.found.figures.values():
            self.assertEqual(len(values), 2)
            self.assertEqual(values[0], values[1])
        torn = life.replace("CRC=", "CRC=0", 1)
        self.assertNotEqual(self.wrong(torn, GOOD), [])

    def test_moved(self) -> None:
        for alone, together, moved in ((100, 100, False), (100, 101, False),
                                       (100, 102, True), (1000, 1009, False),
                                       (1000, 1011, True), (0, 1, False)):
            change = soak.Change("x", alone, together, 0, 0, 1)
            self.assertEqual(change.moved, moved, (alone, together))


@unittest.skipUnless(FULL and READY, "a minute: make test-full")
class Machine(unittest.TestCase):
    def test_ten_seconds(self) -> None:
        done = subprocess.run([APIARY, "soak", "--seconds", "10", "--json"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertTrue(result["whole"])
        self.assertEqual(result["wrong"], [])
        self.assertEqual(set(result["turns"]), set(soak.LINUX))
        self.assertGreater(result["hostile_lives"], 0)
        self.assertEqual(set(result["figures"]), set(soak.OPS.split(",")))
        for name, figure in result["figures"].items():
            self.assertEqual(figure["together"], figure["alone"], name)

    def test_ctrl_c(self) -> None:
        """Nothing is left running, and what was found is kept."""
        child = pexpect.spawn(str(APIARY), ["soak", "--seconds", "1000"],
                              timeout=120, encoding="utf-8")
        self.addCleanup(child.close, force=True)
        child.expect(r"boot 1: linux\d \d+ turns")
        child.sendintr()
        child.expect_exact("this is the result so far")
        child.expect(pexpect.EOF)
        text = child.before
        child.close()
        self.assertEqual(child.exitstatus, 130)
        folder = sorted((paths.RUNS / "soak").iterdir())[-1]
        result = json.loads((folder / "soak.json").read_text())
        self.assertFalse(result["whole"])
        self.assertTrue(result["figures"], text)
        left = subprocess.run(["pgrep", "-f", re.escape(folder.name)],
                              capture_output=True, text=True)
        self.assertEqual(left.stdout, "")


if __name__ == "__main__":
    unittest.main()
