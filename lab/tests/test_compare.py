"""`apiary compare`: two revisions in, a verdict on each figure out.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import signal
import subprocess
import time
import unittest

from support import log
from toy import HYPERCALL, ToyTree
from apiary_lab import measure


class Compare(ToyTree):
    def verdicts(self, *words: object) -> dict[str, str]:
        done = self.toy("compare", "--json", *words)
        self.last = json.loads(done.stdout)
        self.assertEqual(self.last["status"], done.returncode)
        return {row["name"]: row["verdict"] for row in self.last["figures"]}

    def test_slower(self) -> None:
        self.commit("two", "x += 4; asm volatile(\"nop\");",
                    world_switch=[393] * 10)
        done = self.toy("compare", "HEAD~1", "HEAD")
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stdout, r"world_switch +insn +390 +393 +"
                         r"\+3 \(\+0\.77 %\) +slower\n")
        self.assertRegex(done.stdout, r"hypercall +insn +58 +58 +0 +same\n")
        self.assertRegex(done.stdout, r"\n  hot +\d+ -> \d+ +\+\d+\n")
        self.assertNotIn("cold", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "1 slower, 1 same")
        self.nothing_left()

    def test_faster_and_new_and_gone(self) -> None:
        self.commit("two", world_switch=[389] * 10, fresh=[1])
        self.assertEqual(self.verdicts("HEAD~1"), {
            "hypercall": "same", "world_switch": "faster", "fresh": "new"})
        self.assertEqual(self.last["status"], 0)
        self.assertEqual(self.verdicts("HEAD", "HEAD~1"), {
            "hypercall": "same", "world_switch": "slower", "fresh": "gone"})

    def test_the_tail_counts(self) -> None:
        self.commit("two", hypercall=[58] * 9 + [109])
        self.assertEqual(self.verdicts("HEAD~1")["hypercall"], "slower tail")
        self.assertEqual(self.last["status"], 1)
        self.assertEqual(self.verdicts("HEAD", "HEAD~1")["hypercall"],
                         "faster tail")
        # 10 more for one sample, 10 less for another: the same mean.
        self.commit("three", hypercall=[58] * 8 + [48, 117])
        self.assertEqual(self.verdicts("HEAD~2")["hypercall"], "other tail")
        self.assertEqual(self.last["status"], 0)

    def test_threshold(self) -> None:
        self.commit("two", world_switch=[393] * 10)
        for percent, status in ((0.5, 1), (1, 0)):
            done = self.toy("compare", "HEAD~1", "--threshold", percent)
            self.assertEqual(done.returncode, status, done)
            self.assertEqual("(allowed)" in done.stdout, not status)

    def test_recorded_runs_are_used(self) -> None:
        self.commit("two")
        self.verdicts("HEAD~1", "HEAD")
        before = self.runs()
        self.assertEqual(len(before), 2)
        start = time.monotonic()
        self.assertEqual(self.verdicts("HEAD~1", "HEAD")["hypercall"],
                         "same")
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual(self.runs(), before)

    def test_runs_of_other_images_are_not_used(self) -> None:
        """What `apiary bench` measured may be a stale build."""
        self.make()
        self.commit("two", world_switch=[393] * 10)
        self.assertEqual(self.toy("bench").returncode, 0)
        stale, = self.runs()
        result = json.loads(stale.read_text())
        self.assertEqual((result["commit"], result["dirty"]),
                         (self.git("rev-parse", "HEAD"), False))
        self.assertEqual(self.verdicts("HEAD~1", "HEAD")["world_switch"],
                         "slower")

    def test_runs_of_another_emulator_are_not_used(self) -> None:
        self.commit("two")
        self.verdicts("HEAD~1", "HEAD")
        self.machine.write_text(
            self.machine.read_text().replace("Toy 1.0", "Toy 1.1"))
        self.verdicts("HEAD~1", "HEAD")
        self.assertEqual(len(self.runs()), 4)

    def test_same_machine_set_up_otherwise(self) -> None:
        self.commit("two")
        self.verdicts("HEAD~1", "HEAD")
        self.target("qemu-virt-gicv3", "true", "-icount, -other")
        self.git("commit", "-qam", "three")
        self.assertEqual(self.verdicts("HEAD~1", "HEAD"), {
            "hypercall": "same", "world_switch": "same"})
        self.assertEqual(self.last["differences"], [])
        self.assertEqual(len(self.runs()), 4)

    def test_dirty_tree(self) -> None:
        self.figures(world_switch=[395] * 10)
        for _ in range(2):
            done = self.toy("compare", "HEAD")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, r"head +\w{12} dirty \(working "
                             r"tree\) +changes on top of .* one\n")
            self.assertRegex(done.stdout, r"world_switch .*\+5 .*slower")
        # Once for the commit, twice for the tree, and told apart.
        stored = [json.loads(path.read_text()) for path in self.runs()]
        self.assertEqual(sorted(one["dirty"] for one in stored),
                         [False, True, True])
        self.git("checkout", "-q", ".")
        self.assertEqual(self.verdicts("HEAD")["world_switch"], "same")

    def test_unknown_revision(self) -> None:
        for words, said in ((("trnk",), "unknown revision trnk; did you mean "
                             "trunk?"), (("HEAD~9",), "unknown revision "
                                         "HEAD~9"),
                            (("--", "-x"), "unknown revision -x"),
                            (("none.json",), "No such file")):
            done = self.toy("compare", *words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    def test_no_repository(self) -> None:
        subprocess.run(["rm", "-rf", self.tree / ".git"], check=True)
        done = self.toy("compare", "HEAD")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no git repository", done.stderr)

    def test_one_side_does_not_build(self) -> None:
        self.commit("two", "this is no C;")
        done = self.toy("compare", "HEAD~1", "HEAD")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"HEAD \(\w{12}\) does not build:")
        self.assertIn("hypervisor.c:1", done.stderr)
        self.nothing_left()
        # The other way, and of a tree that is not committed.
        done = self.toy("compare", "HEAD", "HEAD~1")
        self.assertRegex(done.stderr, r"HEAD \(\w{12}\) does not build:")
        self.write("hypervisor.c", "nor this")
        done = self.toy("compare", "HEAD~1")
        self.assertRegex(done.stderr, r"working tree \(\w{12} dirty\) does "
                         r"not build")

    def test_runs_that_are_no_evidence(self) -> None:
        for raw, said in (
                ({"console": log("cut")}, "cut or corrupted record"),
                ({"console": log("bench-corrupt")}, "checksum does not"),
                ({"console": log("panic")}, "panicked")):
            self.commit(said, raw=raw)
            done = self.toy("compare", "HEAD~1", "HEAD")
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(said, done.stderr)
            self.assertRegex(done.stderr, r"HEAD \(\w{12}\) could not be "
                             "measured")
            self.git("reset", "-q", "--hard", "HEAD~1")
        # The good side is kept, the bad one is not.
        self.assertEqual(len(self.runs()), 1)

    def test_failed_benchmark_is_not_kept(self) -> None:
        self.commit("two", raw={"figures": {"hypercall": HYPERCALL},
                                "result": "fail"})
        done = self.toy("compare", "HEAD~1", "HEAD")
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: toy: hypercall.min", done.stderr)
        self.assertEqual(len(self.runs()), 1)

    def test_interrupted(self) -> None:
        self.commit("two", raw={"hang": True})
        process = subprocess.Popen(
            [self.tree / "lab" / "apiary", "compare", "HEAD~1", "HEAD"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)
        logs = self.tree / "build" / "commits"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not any(
                "vm a" in path.read_text()
                for path in logs.glob("*/runs/bench/*/*/*/console.log")
                if self.git("rev-parse", "HEAD")[:12] in str(path)):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("interrupted", said)
        self.assertEqual(len(self.runs()), 1)
        self.nothing_left()
        self.commit("three")
        self.assertEqual(self.toy("compare", "HEAD~2").returncode, 0)

    def test_damaged_and_newer_results_are_skipped(self) -> None:
        self.verdicts("HEAD", "HEAD")
        whole, = self.runs()
        text = whole.read_text()
        for stem, damaged in (("20200101T000000Z", text[:-40]),
                              ("20200101T000001Z", text.replace(
                                  "apiary-result-1", "apiary-result-9"))):
            name = whole.name.replace(whole.name.split("-")[0], stem)
            whole.with_name(name).write_text(damaged)
        done = self.toy("compare", "HEAD", "HEAD")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("; skipped"), 2, done.stderr)
        self.assertEqual(len(self.runs()), 3)

    def test_files_of_results(self) -> None:
        self.commit("two", world_switch=[393] * 10)
        self.verdicts("HEAD~1", "HEAD")
        base, head = (next(path for path in self.runs() if sha in path.name)
                      for sha in (self.git("rev-parse", f"HEAD~{n}")[:12]
                                  for n in (1, 0)))
        self.assertEqual(self.verdicts(base, head)["world_switch"], "slower")
        # Another compiler: figures, but no verdict, unless told.
        text = head.read_text()
        result = json.loads(text)
        result["toolchain"]["compiler"] = "gcc 99"
        head.write_text(json.dumps(result))
        done = self.toy("compare", base, head)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stdout, r"differs: compiler: .*\| gcc 99")
        self.assertRegex(done.stdout, r"world_switch .* \+3 .*-\n")
        self.assertEqual(self.verdicts(base, head, "--anyway")
                         ["world_switch"], "slower")
        head.write_text(text.replace("apiary-result-1", "apiary-result-9"))
        done = self.toy("compare", base, head)
        self.assertEqual(done.returncode, 2)
        self.assertIn("apiary-result-9", done.stderr)

    def test_markdown(self) -> None:
        self.commit("two", world_switch=[393] * 10)
        done = self.toy("compare", "HEAD~1", "HEAD", "--markdown")
        self.assertEqual(done.stdout.splitlines()[0],
                         "**1 slower, 1 same**")
        self.assertIn("| world_switch | insn | 390 | 393 | +3 (+0.77 %) | "
                      "slower |", done.stdout)

    def test_runs_of_some_bundles_are_not_used(self) -> None:
        """`apiary bench NAME` stores a run too, but not a whole one."""
        self.verdicts("HEAD")
        path, = self.runs()
        result = json.loads(path.read_text())
        result["bundles"] = {}
        path.write_text(json.dumps(result))
        self.assertEqual(self.verdicts("HEAD")["hypercall"], "same")
        self.assertEqual(len(self.runs()), 2)


class Boards(ToyTree):
    """Targets that are not deterministic."""

    def compare(self, *words: object) -> subprocess.CompletedProcess:
        return self.toy("compare", "--target", "board", "HEAD~1", "HEAD",
                        *words)

    def test_interleaved_and_judged(self) -> None:
        self.commit("two", world_switch=[8000] * 10, hypercall=[100000] * 10)
        self.commit("three", world_switch=[12000] * 10,
                    hypercall=[100000] * 10)
        done = self.compare()
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stdout, r"world_switch .*0\.0079 +slower\n")
        self.assertRegex(done.stdout, r"hypercall .* same\n")
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)
        runs = [json.loads(path.read_text()) for path in self.runs("board")]
        self.assertEqual(len(runs), 10)
        boots = (self.folder / "boots").read_text().splitlines()
        self.assertEqual(boots, boots[:2] * 5)
        self.assertNotEqual(boots[0], boots[1])
        # Nothing is measured anew.
        self.assertEqual(self.compare().returncode, 1)
        self.assertEqual(len(self.runs("board")), 10)

    def test_too_few_boots(self) -> None:
        self.commit("two", world_switch=[800] * 10)
        done = self.compare("--boots", 4)
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("4 and 4 boots, wanted 5 a side", done.stdout)
        self.assertIn("2 too few runs", done.stdout)
        # One more pair is enough.
        self.assertEqual(self.compare().returncode, 1)
        self.assertEqual(len(self.runs("board")), 10)

    def test_one_board_and_the_dirty_tree(self) -> None:
        """Nothing of a tree that changes is there to be found again."""
        self.figures(world_switch=[800] * 10)
        done = self.toy("compare", "--target", "board", "HEAD", "--json")
        self.assertEqual(done.returncode, 1)
        stored = [json.loads(path.read_text())["dirty"]
                  for path in self.runs("board")]
        self.assertEqual(stored.count(True), 5)


class Pairs(unittest.TestCase):
    """Only runs that stand beside each other in time are a pair."""

    def pairs(self, base: str, head: str) -> str:
        one, two = ([{"time": letter} for letter in side]
                    for side in (base, head))
        return " ".join(a["time"] + b["time"]
                        for a, b in measure.pairs(one, two))

    def test_pairs(self) -> None:
        for base, head, wanted in (
                ("ace", "bdf", "ab cd ef"), ("abc", "def", "cd"),
                ("def", "abc", "dc"), ("aaa", "aaa", "aa aa aa"),
                ("abcde", "bd", "ab cd"), ("", "abc", "")):
            self.assertEqual(self.pairs(base, head), wanted, (base, head))
