"""`apiary bisect`: the commit that moved a figure is found and named.

SPDX-License-Identifier: BSD-2-Clause
"""
import json

from toy import ToyTree

NOP = "asm volatile(\"nop; nop; nop\");"


class Bisect(ToyTree):
    def history(self, *costs: object) -> list[str]:
        """A commit for each cost of world_switch; a word is a broken one:
        `build`, `hang`, `none` (no such figure)."""
        out = []
        for index, cost in enumerate(costs):
            body = NOP if isinstance(cost, int) and cost > 390 else ""
            message = f"commit {index}"
            if cost == "build":
                out.append(self.commit(message, "this is no C;"))
            elif cost == "hang":
                out.append(self.commit(message,
                                       raw={"console": "Apiary x\n"}))
            elif cost == "none":
                out.append(self.commit(
                    message, raw={"figures": {"hypercall": [58]}}))
            else:
                out.append(self.commit(message, body,
                                       world_switch=[cost] * 10))
        return out

    def bisect(self, good: str, bad: str, *words: object) -> object:
        return self.toy("bisect", "--bench", "world_switch", "--good", good,
                        "--bad", bad, *words)

    def test_twelve_commits(self) -> None:
        made = self.history(*[390] * 7, *[393] * 5)
        done = self.bisect(made[0], "HEAD")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(f"{made[7]} moved world_switch: 390 -> 393 insn (+3)\n",
                      done.stdout)
        self.assertIn("commit 7", done.stdout)
        self.assertRegex(done.stdout, r"\n  hot +\d+ -> \d+ +\+12\n")
        self.assertNotIn("cold", done.stdout)
        self.nothing_left()
        # The user's own tree and branch are where they were.
        self.assertEqual(self.git("symbolic-ref", "--short", "HEAD"),
                         "trunk")
        self.assertEqual(self.git("status", "--porcelain"), "")
        done = self.bisect(made[0], "HEAD", "--json")
        found = json.loads(done.stdout)
        self.assertEqual((found["commit"], found["delta"]), (made[7], 3))
        self.assertLessEqual(len(found["steps"]), 4)

    def test_what_got_faster(self) -> None:
        made = self.history(390, 390, 380, 380)
        found = json.loads(self.bisect(made[0], made[3], "--json").stdout)
        self.assertEqual((found["commit"], found["delta"]), (made[2], -10))

    def test_two_steps_and_threshold(self) -> None:
        made = self.history(390, 394, 394, 430, 430)
        done = self.bisect(made[0], made[-1])
        self.assertIn(made[3], done.stdout)
        self.assertIn("of +40 in all; the rest is in other commits",
                      done.stdout)
        done = self.bisect(made[0], made[-1], "--threshold", "0.5")
        self.assertIn(f"{made[1]} moved", done.stdout)

    def test_skips_what_cannot_be_measured(self) -> None:
        made = self.history(390, 390, "build", "none", 393, "hang", 393)
        done = self.bisect(made[0], made[-1])
        # Which one it is cannot be known, and is not guessed.
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("it is one of", done.stderr)
        for commit in made[2:5]:
            self.assertIn(commit[:12], done.stderr)
        for commit in (made[1], made[5], made[6]):
            self.assertNotIn(commit[:12] + "  ", done.stderr)
        self.nothing_left()
        # With a good one in between it is.
        made = self.history(390, "build", 390, 395)
        done = self.bisect(made[0], made[-1])
        self.assertIn(f"{made[3]} moved", done.stdout)

    def test_nothing_to_find(self) -> None:
        made = self.history(390, 390)
        done = self.bisect(made[0], made[1])
        self.assertEqual(done.returncode, 3)
        self.assertIn("nothing to find", done.stderr)

    def test_clear_errors(self) -> None:
        made = self.history(390, 393)
        for words, said in (
                ((made[1], made[0]), "the other way round"),
                ((made[0], made[0]), "the same commit"),
                (("trnk", made[0]), "did you mean trunk?")):
            done = self.bisect(*words)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(said, done.stderr)
        done = self.toy("bisect", "--bench", "world_swich", "--good",
                        made[0], "--bad", made[1])
        self.assertEqual(done.returncode, 2)
        self.assertIn("no benchmark world_swich; did you mean world_switch?",
                      done.stderr)

    def test_first_commit(self) -> None:
        """Adjacent ends: nothing is left to try."""
        made = self.history(390, 393)
        done = self.bisect(made[0], made[1])
        self.assertIn(f"{made[1]} moved world_switch: 390 -> 393",
                      done.stdout)

    def test_board(self) -> None:
        made = self.history(39000, 39000, 50000, 50000)
        words = ("--target", "board", "--json")
        found = json.loads(self.bisect(made[0], made[3], *words).stdout)
        self.assertEqual(found["commit"], made[2])
        done = self.bisect(made[0], made[1], "--target", "board")
        self.assertEqual(done.returncode, 3)
        self.assertIn("cannot be told apart", done.stderr)
