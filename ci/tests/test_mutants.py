"""Self-tests of ci/mutants, on a toy source.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

CI = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(CI), str(CI.parent / "lab")]

from apiary_lab import guests, paths, qemu, records, status  # noqa: E402
from mutation import findings, operators, plan, trial  # noqa: E402
from mutation.findings import Finding  # noqa: E402

TOY = """\
/* if (comment == 1) stays */
#include "toy/3.h"
#define\tLIMIT\t4

static const struct row rows[] = {
\t{ 1, first },
\t{ 2, second },
};

static int
toy(struct toy *t, int n)
{
\tint i = 0;

\tif (n < LIMIT && t != NULL)
\t\tt->n = n;
\telse
\t\treport("n == 3", n);
\tfor (i = 0; i < n; i++)
\t\tt->sum += rows[i].value;
\treturn (t->sum);
}

static void
quiet(void)
{

\treport("done", 0);
}
"""
ASSEMBLY = """\
\t.text
entry:
\tmrs\tx1, esr_el2\t/* why */
\tcbz\tx1, 1f
1:\tret
"""


def apply(operator: str, text: str = TOY, path: str = "toy.c") -> list[str]:
    return [mutant.apply(text) for mutant in operators.mutants(path, text)
            if mutant.operator == operator]


class Operators(unittest.TestCase):
    def made(self, operator: str, old: str, new: str, text: str = TOY,
             path: str = "toy.c") -> None:
        self.assertIn(text.replace(old, new), apply(operator, text, path),
                      f"{operator}: no mutant with {new!r}")

    def test_conditions(self) -> None:
        self.made("negate", "(n < LIMIT && t != NULL)",
                  "(!(n < LIMIT && t != NULL))")
        self.made("always-0", "(n < LIMIT && t != NULL)",
                  "(((n < LIMIT && t != NULL), 0))")

    def test_statements(self) -> None:
        self.made("drop", "t->n = n;", ";")
        self.made("drop", 'report("n == 3", n);', ";")
        self.made("drop", "t->sum += rows[i].value;", ";")
        # A declaration and the head of a loop are none.
        self.assertEqual(len(apply("drop")), 4)

    def test_tokens(self) -> None:
        self.made("compare", "n < LIMIT", "n >= LIMIT")
        self.made("swap", "LIMIT && t", "LIMIT || t")
        self.made("constant+1", "LIMIT\t4", "LIMIT\t5")
        self.made("constant-1", "LIMIT\t4", "LIMIT\t3")

    def test_returns(self) -> None:
        self.made("return-0", "return (t->sum)", "return (0)")
        self.made("early-return", "int n)\n{", "int n)\n{ return (0);")
        self.made("early-return", "quiet(void)\n{", "quiet(void)\n{ return;")

    def test_rows(self) -> None:
        self.made("drop-row", "{ 1, first },", "")
        self.made("other-handler", "{ 1, first }", "{ 1, second }")

    def test_assembly(self) -> None:
        self.made("drop", "mrs\tx1, esr_el2\t/* why */", "nop", ASSEMBLY,
                  "toy.S")
        self.made("branch", "cbz", "cbnz", ASSEMBLY, "toy.S")
        self.made("drop", "ret", "nop", ASSEMBLY, "toy.S")

    def test_only_code_and_the_same_lines(self) -> None:
        found = operators.mutants("toy.c", TOY)
        self.assertGreater(len(found), 30)
        for mutant in found:
            made = mutant.apply(TOY)
            self.assertNotEqual(made, TOY)
            self.assertEqual(made.count("\n"), TOY.count("\n"), mutant)
            for kept in ("comment == 1", "toy/3.h", '"done"'):
                if mutant.operator != "drop":
                    self.assertIn(kept, made, mutant)

    def test_order_is_the_seeds(self) -> None:
        each = {"a.c": operators.mutants("a.c", TOY),
                "b.c": operators.mutants("b.c", TOY)}
        one = operators.choose(each, 1)
        self.assertEqual(one, operators.choose(each, 1))
        self.assertNotEqual(one, operators.choose(each, 2))
        self.assertEqual(len(one), len(set(one)))
        self.assertEqual([m.path for m in one[:4]],
                         ["a.c", "b.c", "a.c", "b.c"])

    def test_by_hand(self) -> None:
        made = operators.by_hand("x", "toy.c", TOY, r"rows\[(i)\]",
                                 r"rows[\1 + 1]")
        self.assertEqual(made.apply(TOY),
                         TOY.replace("rows[i]", "rows[i + 1]"))
        for gone in ("no such text", "report"):
            self.assertIsNone(operators.by_hand("x", "toy.c", TOY, gone, ""))


class Findings(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(
            tempfile.TemporaryDirectory(dir=paths.TOP / "build")))

    @staticmethod
    def finding(key: str, cases: dict[str, str]) -> Finding:
        return Finding(key, "hypervisor/a.c", 3, "drop", f"line {key};",
                       "booted", {"g@v3": ("image", cases)}, ["g@v3"])

    def test_kept_and_cut(self) -> None:
        path = self.folder / "kept"
        findings.keep(path, self.finding("a", {"g.x": "fail"}))
        with open(path, "a") as sink:
            sink.write('{"key": "cut')
        findings.keep(path, self.finding("b", {}))
        found = findings.load(path)
        self.assertEqual(sorted(found), ["a", "b"])
        self.assertEqual(found["a"].failed(), {"g.x": "fail"})
        self.assertTrue(found["b"].survived())
        self.assertEqual(findings.files(found.values()),
                         {"hypervisor/a.c": (2, 1)})

    def test_evidence_is_what_says_most(self) -> None:
        found = findings.evidence([
            self.finding("a", {"g.x": "hang"}),
            self.finding("b", {"g.x": "fail", "g.y": "fail"}),
            self.finding("c", {"g.x": "fail"}),
            self.finding("d", {"g.x": "fail"})])
        self.assertEqual(found["g.x"].mutant, "a.c drop: line c;")
        self.assertEqual((found["g.y"].how, found["g.y"].beside),
                         ("fail", 2))

    def test_record(self) -> None:
        path = self.folder / "record"
        seen = findings.evidence([self.finding("a", {"g.x": "fail"})])
        findings.record(path, ["head", ""], seen)
        self.assertEqual(findings.read_record(path), seen)
        path.write_text("g.x\tfail\n")
        with self.assertRaisesRegex(status.LabError, "record:1: wanted"):
            findings.read_record(path)


class Judge(unittest.TestCase):
    ORDER = ["g.one", "g.two", "g.three"]

    def judge(self, log: str) -> trial.Boot:
        console = records.Console().feed_text(log)
        run = qemu.Run([], Path("log"), console)
        return trial.judge(run, self.ORDER)

    @staticmethod
    def case(name: str, result: str, vm: str = "") -> str:
        return (f"{vm}<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={name} "
                f"RESULT={result}>\n")

    def test_failed(self) -> None:
        found = self.judge(
            "<APIARY_GUEST NAME=g CASES=3>\n" + self.case("g.one", "pass") +
            self.case("g.two", "fail") + self.case("g.three", "skip") +
            "<APIARY_DONE NAME=g>\n")
        self.assertEqual(found.failed(), {"g.two": "fail"})

    def test_hung_panicked_stopped(self) -> None:
        head = "<APIARY_GUEST NAME=g CASES=3>\n" + self.case("g.one", "pass")
        self.assertEqual(self.judge(head).failed(), {"g.two": "hang"})
        self.assertEqual(self.judge(head + "PANIC: x\n").failed(),
                         {"g.two": "panic"})
        self.assertEqual(self.judge(head + "vm a: stopped\n").failed(),
                         {"g.two": "stopped"})

    def test_not_started(self) -> None:
        found = self.judge("Apiary 1\nPANIC: x\n")
        self.assertFalse(found.announced)
        self.assertEqual(found.failed(), {})

    def test_one_of_two(self) -> None:
        found = self.judge(
            "[a] <APIARY_GUEST NAME=g CASES=3>\n"
            "[b] <APIARY_GUEST NAME=g CASES=3>\n" +
            self.case("g.one", "pass", "[a] ") +
            self.case("g.one", "fail", "[b] ") +
            self.case("g.two", "pass", "[a] ") +
            self.case("g.three", "pass", "[a] ") +
            "[a] <APIARY_DONE NAME=g>\n")
        self.assertEqual(found.failed(), {"g.one": "fail", "g.two": "hang"})


class Limit(unittest.TestCase):
    def run_for(self, cpu: str, *words: str) -> tuple[int, float]:
        start = time.monotonic()
        made = subprocess.run(
            [str(CI / "mutation" / "limit.py"), cpu, "/dev/null", *words],
            timeout=60)
        return made.returncode, time.monotonic() - start

    def test_ends_by_itself(self) -> None:
        self.assertEqual(self.run_for("5", "sh", "-c", "exit 3")[0], 3)

    def test_sleeps_for_good(self) -> None:
        self.assertLess(self.run_for("50", "sleep", "50")[1], 40)

    def test_busy_for_good(self) -> None:
        self.run_for("0.2", "sh", "-c", "while :; do :; done")


class Plan(unittest.TestCase):
    def setUp(self) -> None:
        self.plan = plan.read(CI / "mutants.yaml")

    def test_guests_are_there(self) -> None:
        for rule in [*self.plan.files, *self.plan.breaks]:
            for name in rule["guests"]:
                self.assertTrue(
                    list((paths.TOP / "guests/tests").glob(f"{name}.c")) or
                    (paths.TOP / "guests" / name / "start.S").is_file(),
                    f"no guest {name}: {rule}")

    @unittest.skipUnless(os.environ.get("APIARY_FULL"), "make test-full")
    def test_breaks_apply(self) -> None:
        _, lost = plan.hand_made(self.plan, plan.sources(paths.TOP))
        self.assertEqual(lost, [])

    @unittest.skipUnless(os.environ.get("APIARY_FULL"), "make test-full")
    def test_sample(self) -> None:
        """Some mutants of the tree as it is are built, booted and judged."""
        made = subprocess.run(
            [str(CI / "mutants"), "--json", "--files", "vdev/vpl031.c",
             "vmm/psci.c", "--count", "12", "--budget", "120"],
            capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        found = json.loads(made.stdout)
        self.assertIn("booted", found["mutants"], made.stdout)
        self.assertTrue(found["seen"], "no mutant was noticed by any guest")

    def test_every_case(self) -> None:
        """A test case that was never seen failing is none."""
        if not guests.names():
            self.skipTest("no guests are built")
        made = subprocess.run([str(CI / "mutants"), "--check"],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)


if __name__ == "__main__":
    unittest.main()
