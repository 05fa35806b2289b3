"""The cost lock: any difference is found, either way, with the functions.

SPDX-License-Identifier: BSD-2-Clause
"""
import json

from toy import ToyTree

T = "qemu-virt-gicv3"


class Lock(ToyTree):
    def setUp(self) -> None:
        super().setUp()
        self.make()
        done = self.toy("lock", "--target", T)
        self.assertEqual(done.returncode, 0, done)
        self.path = self.tree / "results" / "lock" / f"{T}.yaml"

    def change(self, body: str = "", **figures: object) -> None:
        self.commit("change", body, **figures)
        self.make()

    def test_file(self) -> None:
        lines = self.path.read_text().splitlines()
        self.assertIn("  world_switch: {units: insn, n: 10, min: 390, "
                      "p50: 390, p99: 390, max: 390, sum: 3900}", lines)
        self.assertIn('emulator: "Toy 1.0"', lines)
        self.assertRegex((self.path.parent / "functions").read_text(),
                         r"(?m)^hot \d+$")
        # Nothing of the day or the host: made again it is the same.
        text = self.path.read_text()
        self.assertEqual(self.toy("lock").returncode, 0)
        self.assertEqual(self.path.read_text(), text)

    def test_as_locked(self) -> None:
        done = self.toy("lock-check")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stdout, f"{T}: 2 costs as locked\n")
        # A check leaves nothing behind.
        self.assertEqual(self.runs(), [])

    def test_either_direction(self) -> None:
        for cost, delta, verdict in ((393, "+3", "slower"),
                                     (389, "-1", "faster")):
            self.change("asm volatile(\"nop; nop; nop\");",
                        world_switch=[cost] * 10)
            done = self.toy("lock-check")
            self.assertEqual(done.returncode, 1, done)
            self.assertRegex(done.stdout, rf"world_switch +insn +390 +{cost}"
                             rf" +\{delta} .*{verdict}")
            self.assertRegex(done.stdout, r"\n  hot +\d+ -> \d+ +\+12\n")
            self.assertNotRegex(done.stdout, "hypercall|cold")
            self.assertIn("make lock, and commit", done.stdout)

    def test_the_tail_is_locked_too(self) -> None:
        for tail in ([58] * 9 + [108], [58] * 8 + [57, 108]):
            self.change(hypercall=tail)
            done = self.toy("lock-check")
            self.assertEqual(done.returncode, 1, done)
            self.assertRegex(done.stdout, r"hypercall: mean .*max 107 -> 108")
        self.assertIn("no function changed its size", done.stdout)

    def test_added_and_removed_operations(self) -> None:
        self.change(raw={"figures": {"hypercall": [58] * 9 + [107],
                                     "fresh": [1]}})
        done = self.toy("lock-check", "--json")
        self.assertEqual(done.returncode, 1)
        rows = json.loads(done.stdout)["targets"][T]["differing"]
        self.assertEqual({row["name"]: row["verdict"] for row in rows},
                         {"fresh": "new", "world_switch": "gone"})

    def test_make_lock_says_what_it_changed(self) -> None:
        self.change(world_switch=[391] * 10)
        done = self.toy("lock")
        self.assertIn("2 costs, 1 changed", done.stdout)
        self.assertRegex(done.stdout, r"world_switch .*\+1")
        self.assertEqual(self.toy("lock-check").returncode, 0)

    def test_bench_shows_the_lock(self) -> None:
        self.change(world_switch=[391] * 10)
        done = self.toy("bench")
        self.assertRegex(done.stdout, r"world_switch .* 390 +\+1 \(\+0\.3 %")
        self.assertIn(f"recorded: results/lock/{T}.yaml", done.stdout)
        done = self.toy("bench", "--record")
        self.assertEqual(done.returncode, 2)
        self.assertIn("make lock", done.stderr)
        self.path.write_text("<<<<<<<")
        done = self.toy("bench")
        self.assertEqual(done.returncode, 0)
        self.assertIn("damaged", done.stderr)

    def test_other_tools(self) -> None:
        """Said, and compared within a tolerance."""
        self.machine.write_text(
            self.machine.read_text().replace("Toy 1.0", "Toy 2.0"))
        for cost, status in ((420, 0), (470, 1), (310, 1)):
            self.change(world_switch=[cost] * 10, hypercall=[58] * 10)
            done = self.toy("lock-check")
            self.assertEqual(done.returncode, status, (cost, done))
            self.assertIn("emulator: locked with Toy 1.0, here is Toy 2.0",
                          done.stdout)
            self.assertIn("compared within 10 %", done.stdout)
            self.assertNotIn("hypercall", done.stdout)

    def test_runs_that_are_no_evidence(self) -> None:
        self.change(raw={"console": "Apiary x\n"})
        for words in (("lock-check",), ("lock",)):
            before = self.path.read_text()
            done = self.toy(*words)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn("hung in stage vm" if "hung" in done.stderr
                          else "QEMU ended in stage vm", done.stderr)
            self.assertEqual(self.path.read_text(), before)
        self.change(raw={"figures": {"hypercall": [58]}, "result": "fail"})
        self.assertEqual(self.toy("lock-check").returncode, 1)
        self.assertEqual(self.toy("lock").returncode, 2)

    def test_what_is_not_the_same_twice_is_not_locked(self) -> None:
        self.target(T, "true", "-noise, '5'")
        done = self.toy("lock")
        self.assertEqual(done.returncode, 2)
        self.assertIn("not the same in two runs", done.stderr)

    def test_clear_errors(self) -> None:
        for words, said in (
                (("--target", "board"), "no results/lock/board.yaml: make "
                 "lock TARGET=board"), (("--target", "vax"), "no target vax")):
            done = self.toy("lock-check", *words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)
        done = self.toy("lock", "--target", "board")
        self.assertIn("board is not deterministic", done.stderr)
        for text in ("<<<<<<< ours\n", "costs: {}\n", "costs: 3", "",
                     "compiler: a\nemulator: b\ncosts: {x: {p50: 1}}"):
            self.path.write_text(text)
            done = self.toy("lock-check")
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(f"results/lock/{T}.yaml: damaged", done.stderr)
            self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(self.toy("lock").returncode, 0)
        self.path.unlink()
        done = self.toy("lock-check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no target has a lock yet", done.stderr)
