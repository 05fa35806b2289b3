"""The report: what is on its pages, and that an old one is not lost.

SPDX-License-Identifier: BSD-2-Clause
"""
import copy
import os
import re
import time
import unittest
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

from support import InFolder
from test_store import RESULT
from apiary_lab import paths, peers, plot, report, series, store
from apiary_lab.commits import Place
from apiary_lab.status import LabError


class Links(HTMLParser):
    """What a page refers to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found += [value for name, value in attrs
                       if name in ("href", "src")]


class Report(InFolder):
    def setUp(self) -> None:
        super().setUp()
        for name in ("RESULTS", "BUILD"):
            self.addCleanup(setattr, paths, name, getattr(paths, name))
        schema = (paths.RESULTS / "schema.json").read_text()
        paths.RESULTS, paths.BUILD = self.folder / "results", self.folder
        paths.RESULTS.mkdir()
        (paths.RESULTS / "schema.json").write_text(schema)
        self.output = self.folder / "report"
        self.warned: list[str] = []
        self.places: dict[str, Place] = {}

    def store(self, at: int, value: int, config: str = "t",
              name: str = "vsgi", **more: object) -> Path:
        result = copy.deepcopy(RESULT) | {
            "commit": f"{at:040x}",
            "time": f"2026-01-{1 + at // 24:02}T{at % 24:02}:00:00Z"} | more
        result["target"]["config"] = config
        result["benchmarks"] = {name: RESULT["benchmarks"]["hypercall"] | {
            "p50": value}}
        path = store.run_path(config, result["time"], result["commit"])
        store.write_log(path, f"console of run {at}\n")
        store.write(path, result)
        return path

    def make(self, dirty: bool = False) -> tuple[int, int]:
        return report.make(self.output, dirty, self.places,
                           self.warned.append, lambda text: None)

    def page(self, name: str) -> str:
        return (self.output / name).read_text()

    def test_change_is_marked_and_linked(self) -> None:
        for at, value in enumerate((147, 147, 150)):
            self.store(at, value)
        self.places = {f"{2:040x}": Place(2**31, 1, "Make it <slower>")}
        self.assertEqual(self.make(), (3, 6))
        page = self.page("t/vsgi.html")
        self.assertIn("+3 (+2.0 %)</text>", re.sub(r"</?tspan[^>]*>", "",
                                                   page))
        self.assertIn("Make it &lt;slower&gt;", page)
        self.assertIn("<title>150 insn, run 20260101T020000Z-", page)
        self.assertEqual(page.count("<circle"), 3 + 2)
        self.assertIn("explain vsgi 000000000000 000000000000", page)
        self.assertIn("150 insn", self.page("index.html"))
        self.assertIn("<b>+3 (+2.0 %)</b>", self.page("t/index.html"))

    def test_every_link_leads_somewhere(self) -> None:
        self.store(0, 147, config="t+odd & <name>", name="a/b <c>")
        self.store(1, 147)
        self.make()
        pages = list(self.output.rglob("*.html"))
        self.assertEqual(len(pages), 7)
        for page in pages:
            for link in Links(page).found:
                self.assertTrue((page.parent / link).is_file(),
                                f"{page}: {link}")
            self.assertNotIn("<name>", page.read_text())

    def test_nothing_from_elsewhere(self) -> None:
        self.store(0, 1)
        self.make()
        for page in self.output.rglob("*.html"):
            self.assertFalse(re.findall(
                r"""(?:href|src)=["']?(?:https?:)?//""", page.read_text()))

    def test_order_is_that_of_the_commits(self) -> None:
        for at in range(3):
            self.store(at, 10 * at)
        self.places = {f"{at:040x}": Place(1000, 3 - at, "")
                       for at in range(3)}
        self.make()
        self.assertEqual(
            re.findall(r"<title>(\d+) insn, run", self.page("t/vsgi.html")),
            ["20", "10", "0"])

    def test_console_is_there_whole(self) -> None:
        import base64
        import gzip

        path = self.store(0, 1)
        self.make()
        page = self.page("runs/t/" + path.stem + ".html")
        packed = re.search(r'data-gzip="([^"]+)"', page)[1]
        self.assertEqual(gzip.decompress(base64.b64decode(packed)),
                         b"console of run 0\n")
        store.log_path(path).write_bytes(b"cut")
        self.make()
        self.assertIn("None was kept", self.page("runs/t/" + path.stem +
                                                 ".html"))

    def test_dirty_runs_when_asked(self) -> None:
        self.store(0, 1, dirty=True)
        self.make()
        self.assertFalse((self.output / "t" / "vsgi.html").exists())
        self.assertIn("--dirty", self.page("t/index.html"))
        self.make(dirty=True)
        self.assertTrue((self.output / "t" / "vsgi.html").exists())

    def test_other_hypervisors_stand_beside(self) -> None:
        self.store(0, 100)
        self.make()
        self.assertNotIn("other hypervisors", self.page("index.html"))
        boots = {boot.name: "qemu" for boot in
                 peers.read().columns["xen"].boots}
        self.store(1, 2500, config="peer-xen", commands=boots,
                   skipped={"vipi": "it <hangs>"})
        # Of part of the boots only: newer, and not the column.
        self.store(2, 2600, config="peer-xen", commands={"wfi": "qemu"})
        self.make()
        page = self.page("index.html")
        self.assertIn("<td>2,500</td>", page)
        self.assertIn("Xen, vipi: it &lt;hangs&gt;", page)
        self.assertIn("2026-01-01, commit 000000000000", page)
        self.assertIn('<a href="peer-xen/index.html">Xen</a>', page)
        self.assertEqual(page.count("<th><a href"), 4, page)

    def test_other_hypervisors_alone(self) -> None:
        boots = {boot.name: "qemu" for boot in
                 peers.read().columns["xen"].boots}
        self.store(1, 2500, config="peer-xen", commands=boots)
        self.make()
        self.assertIn("<td>2,500</td>", self.page("index.html"))

    def test_damage_is_named_and_the_rest_shown(self) -> None:
        self.store(0, 1)
        self.store(1, 2).write_text("{")
        self.assertEqual(self.make()[0], 1)
        self.assertIn("damaged", self.warned[0])

    def test_old_report_outlives_a_failure(self) -> None:
        self.store(0, 1)
        self.make()
        before = self.page("index.html")
        with mock.patch.object(plot, "draw", side_effect=LabError("no")):
            with self.assertRaises(LabError):
                self.make()
        self.assertEqual(self.page("index.html"), before)
        self.assertEqual([name for name in os.listdir(self.folder)
                          if name.startswith(".part")], [])

    def test_refused(self) -> None:
        with self.assertRaisesRegex(LabError, "no runs are stored"):
            self.make()
        self.store(0, 1)
        self.output.mkdir()
        (self.output / "thesis.tex").touch()
        with self.assertRaisesRegex(LabError, "is no report"):
            self.make()
        self.assertTrue((self.output / "thesis.tex").exists())
        with mock.patch.dict(os.environ, {"PATH": "/nowhere"}):
            self.output = self.folder / "other"
            with self.assertRaisesRegex(LabError, "gnuplot: .*make deps"):
                self.make()

    def test_a_hundred_runs_in_no_time(self) -> None:
        """A tenth of what it has to bear, in a tenth of the time."""
        for at in range(100):
            self.store(at, 100 + at // 50)
        start = time.monotonic()
        self.make()
        self.assertLess(time.monotonic() - start, 2)
        size = sum(file.stat().st_size for file in self.output.rglob("*")
                   if file.is_file())
        self.assertLess(size, 2_000_000)


class Pictures(unittest.TestCase):
    def test_words_cannot_leave_their_place(self) -> None:
        words = 'x"\nEOD\n!touch <b> \\ \' end'
        drawn, _ = plot.draw([("a & b", plot.Levels(
            [1.0], [(0, 1.0)], words, [words], [words], []))], [])
        self.assertNotIn("<b>", drawn[0])
        self.assertIn('aria-label="a &amp; b"', drawn[0])
        self.assertEqual(drawn[0].count("<circle"), 1)

    def test_names_of_files(self) -> None:
        names = ["a", "a/b", "a.b", "..", "a b", "a_b", "ä", "a.2f.b"]
        slugs = [report.slug(name) for name in names]
        self.assertEqual(len(set(slugs)), len(names))
        for slug in slugs:
            self.assertRegex(slug, r"^[A-Za-z0-9_+.-]+$")
            self.assertNotIn(slug, ("..", "."))

    def test_level_of_steady_series(self) -> None:
        point = series.Point("runs/t/x.json", "2026-01-01T00:00:00Z",
                             "c", 5.0, "insn", False)
        figure = report.Figure("f", [point] * 3)
        self.assertEqual(report._levels(figure).levels, [(0, 5.0)])


if __name__ == "__main__":
    unittest.main()
