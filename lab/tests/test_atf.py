"""The ATF protocol, and the guest program that speaks it.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import os
import subprocess
import sys

from support import TOP, InFolder

PROGRAM = """\
import sys
sys.path.insert(0, %r)
from apiary_lab import atf
from apiary_lab.atf import Case, Result
def crash():
    raise ValueError("two\\nlines")
sys.exit(atf.main([
    Case("good", lambda: Result(atf.PASSED), 7, "all well"),
    Case("bad.one", lambda: Result(atf.FAILED, "for a\\nreason")),
    Case("not", lambda: Result(atf.SKIPPED, "no CPU")),
    Case("crash", crash)], sys.argv[1:]))
"""


class Protocol(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.program = self.folder / "program"
        self.program.write_text(f"#!{sys.executable}\n"
                                + PROGRAM % str(TOP / "lab"))
        self.program.chmod(0o755)

    def run_case(self, name: str) -> tuple[int, str]:
        result = self.folder / "result"
        done = subprocess.run(
            [self.program, f"-r{result}", "-s", "/", "-vx=y", name],
            capture_output=True)
        return done.returncode, \
            result.read_text() if result.exists() else ""

    def test_cases(self) -> None:
        self.assertEqual(self.run_case("good"), (0, "passed\n"))
        self.assertEqual(self.run_case("bad.one:body"),
                         (1, "failed: for a reason\n"))
        self.assertEqual(self.run_case("not"), (0, "skipped: no CPU\n"))

    def test_an_exception_is_a_failure(self) -> None:
        self.assertEqual(self.run_case("crash"),
                         (1, "failed: ValueError: two lines\n"))

    def test_unknown(self) -> None:
        status, _ = self.run_case("nope")
        self.assertEqual(status, 1)

    def test_kyua_agrees(self) -> None:
        (self.folder / "Kyuafile").write_text(
            'syntax(2)\ntest_suite("x")\n'
            'atf_test_program{name="program"}\n')
        done = subprocess.run(
            ["kyua", "--config=none", "--logfile=/dev/null", "test",
             "--results-file=r.db"], cwd=self.folder, capture_output=True,
            text=True)
        self.assertEqual(done.returncode, 1)
        for line in ("program:good  ->  passed",
                     "program:bad.one  ->  failed: for a reason",
                     "program:not  ->  skipped: no CPU",
                     "program:crash  ->  failed: ValueError"):
            self.assertIn(line, done.stdout)


class Guest(InFolder):
    """atf-guest, on an outcome that is there."""

    def setUp(self) -> None:
        super().setUp()
        (self.folder / "cases").write_text(json.dumps(
            ["psci.a", "psci.b", "psci.c", "psci.d"]))
        self.outcome = {
            "session": "s1", "infrastructure": [], "explain": "",
            "log": "some/console.log", "cases": {
                "psci.a": {"result": "pass", "detail": [], "line": 4},
                "psci.b": {"result": "fail", "line": 6,
                           "detail": ["noise", "want 1 have 2"]},
                "psci.c": {"result": "skip", "detail": ["one CPU"],
                           "line": 8},
                "psci.d": {"result": "unknown", "detail": [], "line": 9}}}

    def run_case(self, name: str) -> str:
        (self.folder / "outcome.json").write_text(json.dumps(self.outcome))
        result = self.folder / "result"
        subprocess.run(
            [TOP / "lab" / "atf-guest", "psci", self.folder, "s1",
             self.folder / "cases", "--target", "nowhere", "--",
             "-r", result, name], capture_output=True, check=False,
            env=os.environ | {"BUILD": str(self.folder)})
        return result.read_text().strip()

    def test_cases(self) -> None:
        self.assertEqual(self.run_case("_run"), "passed")
        self.assertEqual(self.run_case("psci.a"), "passed")
        self.assertEqual(self.run_case("psci.b"), "failed: want 1 have 2 "
                         "(some/console.log:6)")
        self.assertEqual(self.run_case("psci.c"), "skipped: one CPU")
        self.assertTrue(self.run_case("psci.d").startswith("failed"))

    def test_missing_case(self) -> None:
        del self.outcome["cases"]["psci.a"]
        self.outcome["infrastructure"] = ["hung in stage done"]
        self.assertEqual(self.run_case("psci.a"), "failed: infrastructure: "
                         "the case did not print a result: hung in stage "
                         "done")
        self.assertEqual(self.run_case("_run"),
                         "failed: infrastructure: hung in stage done")

    def test_case_that_was_never_listed(self) -> None:
        self.outcome["cases"]["psci.new"] = {
            "result": "pass", "detail": [], "line": 1}
        self.assertEqual(self.run_case("_run"), "failed: infrastructure: "
                         "cases that were never listed: psci.new")

    def test_outcome_of_another_session_is_not_taken(self) -> None:
        self.outcome["session"] = "s0"
        self.assertIn("CalledProcessError", self.run_case("psci.a"))
