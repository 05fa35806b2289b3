"""All stored runs: the index made of them, changes of level, exports.

SPDX-License-Identifier: BSD-2-Clause
"""
import csv
import io
import json
import random
import shutil
import subprocess
import unittest

from support import APIARY, InFolder
from apiary_lab import change, export, index, paths, store
from apiary_lab.status import LabError

RESULT = {
    "format": store.FORMAT, "dirty": False, "target": {
        "name": "t", "config": "t", "deterministic": True},
}


class Levels(unittest.TestCase):
    def test_facts(self) -> None:
        self.assertEqual(change.exact([5, 5, 7, 7, 6]),
                         [change.Change(2, 5, 7), change.Change(4, 7, 6)])
        self.assertEqual(change.exact([]), [])

    def rate(self, runs: int, shift: float, heavy: bool,
             seed: int) -> tuple[float, float]:
        """Of 200 series: with a change; with the one that is there."""
        source, some, right = random.Random(seed), 0, 0

        def value() -> float:
            if not heavy:
                return source.gauss(1000, 15)
            return 1000 + source.expovariate(1 / 80) \
                if source.random() > 0.95 else \
                source.choice([990, 1010]) + source.gauss(0, 3)

        for _ in range(200):
            found = change.noisy([
                value() * (1 + (shift if at >= runs // 2 else 0))
                for at in range(runs)])
            some += bool(found)
            right += len(found) == 1 and abs(found[0].at - runs // 2) <= 3
        return some / 200, right / 200

    def test_no_false_alarm(self) -> None:
        for runs in (30, 80):
            for heavy in (False, True):
                self.assertLessEqual(self.rate(runs, 0, heavy, 1)[0], 0.01)

    def test_three_percent(self) -> None:
        self.assertGreater(self.rate(40, 0.03, False, 2)[1], 0.9)

    def test_several_levels(self) -> None:
        source = random.Random(3)
        levels = [100, 110, 110, 95]
        found = change.noisy([source.gauss(level, 1) for level in levels
                              for _ in range(15)])
        self.assertEqual([step.at for step in found], [15, 45])
        self.assertAlmostEqual(found[0].after, 110, delta=1)
        self.assertAlmostEqual(found[1].before, 110, delta=1)
        self.assertEqual(change.noisy([1.0] * 50), [])
        self.assertEqual(change.noisy([1.0, 2.0] * 5), [])


class Stored(InFolder):
    def setUp(self) -> None:
        super().setUp()
        for name in ("RESULTS", "BUILD"):
            self.addCleanup(setattr, paths, name, getattr(paths, name))
        results = self.folder / "results"
        results.mkdir()
        shutil.copy(paths.RESULTS / "schema.json", results)
        paths.RESULTS, paths.BUILD = results, self.folder / "build"
        self.warned: list[str] = []
        for at, value in enumerate((380, 380, 383)):
            self.store(at, value)

    def store(self, at: int, value: int) -> None:
        path = paths.RESULTS / "runs" / "t" / f"{at}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.result(at, value)))

    def result(self, at: int, value: int) -> dict:
        return RESULT | {
            "time": f"2026-01-0{at + 1}T00:00:00Z", "commit": f"{at:040x}",
            "toolchain": {"compiler": "cc"}, "emulator": "q",
            "benchmarks": {"ws": {
                "bundle": "b", "units": "insn", "n": 2, "min": value,
                "p50": value, "p99": value, "max": value, "sum": 2 * value,
                "mean": value, "bins": [[value, 2]]}}}

    def figures(self) -> list[tuple]:
        store.check, check = lambda result: "", store.check
        try:
            with index.opened(self.warned.append) as base:
                return base.execute(
                    "SELECT p50 FROM run JOIN figure USING (path) "
                    "ORDER BY time").fetchall()
        finally:
            store.check = check

    def test_follows_the_files(self) -> None:
        self.assertEqual(self.figures(), [(380,), (380,), (383,)])
        self.store(1, 381)
        (paths.RESULTS / "runs" / "t" / "0.json").unlink()
        self.assertEqual(self.figures(), [(381,), (383,)])
        index.path().write_bytes(b"no data base at all, of some length" * 9)
        self.assertEqual(self.figures(), [(381,), (383,)])
        self.assertEqual(self.warned, [])

    def test_no_place_for_it(self) -> None:
        paths.BUILD = self.folder / "file"
        paths.BUILD.write_text("")
        with self.assertRaisesRegex(LabError, "results.sqlite: .*Not a dir"):
            self.figures()

    def test_damaged_files_are_left_out(self) -> None:
        bad = paths.RESULTS / "runs" / "t" / "1.json"
        bad.write_text(bad.read_text()[:100])
        newer = paths.RESULTS / "runs" / "t" / "2.json"
        newer.write_text(newer.read_text().replace("result-1", "result-9"))
        self.assertEqual(self.figures(), [(380,)])
        self.assertEqual(len(self.warned), 2)
        self.assertIn("damaged", self.warned[0])
        self.assertIn("newer", self.warned[1])

    def test_exports(self) -> None:
        self.figures()
        with index.opened(self.warned.append) as base:
            rows = list(csv.DictReader(io.StringIO(
                export.as_csv(base, None))))
            wide = list(csv.DictReader(io.StringIO(
                export.as_hunter(base, "t"))))
            reports = json.loads(export.as_lnt(base, "t"))
            none = export.as_csv(base, "other")
        self.assertEqual([row["p50"] for row in rows], ["380", "380", "383"])
        self.assertEqual(rows[0]["p999"], "")
        self.assertEqual([row["ws"] for row in wide], ["380", "380", "383"])
        self.assertEqual(reports[2]["tests"], [
            {"name": "apiary.ws", "execution_time": 383}])
        self.assertEqual(reports[0]["machine"]["name"], "t")
        self.assertEqual(len(none.splitlines()), 1)


class Command(unittest.TestCase):
    def test_refused(self) -> None:
        done = subprocess.run([APIARY, "history", "--target", "no-such"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, "no target with stored runs|no runs "
                         "are stored: make bench")


if __name__ == "__main__":
    unittest.main()
