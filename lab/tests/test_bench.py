"""Benchmarks: from bundles to a table and a stored result.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import shutil
import subprocess

from support import CROSS, InFolder, console, log, say
from apiary_lab import bench, paths, sizes, store, targets
from apiary_lab.records import Console, Histogram
from apiary_lab.status import LabError


def quiet(_text: str) -> None:
    pass


class Entries(InFolder):
    def read(self, text: str) -> list[bench.Entry]:
        path = self.folder / "bundles.yaml"
        path.write_text(text)
        return bench.read_entries(path)

    def test_read(self) -> None:
        entries = self.read("- {name: a, vms: [{guest: g}]}\n"
                            "- {name: b, smp: 2, vms: [{guest: g}]}\n")
        self.assertEqual([e.name for e in bench.select(entries, [])],
                         ["a", "b"])
        self.assertEqual([e.overrides for e in bench.select(entries, ["b"])],
                         [{"smp": 2}])
        with self.assertRaisesRegex(LabError, "no benchmark c; there are: "
                                    "a, b"):
            bench.select(entries, ["c"])
        entries[0].name = "switch"
        with self.assertRaisesRegex(LabError, "no benchmark swich; did you "
                                    r"mean switch\?"):
            bench.select(entries, ["swich"])

    def test_operations_by_name(self) -> None:
        entries = self.read(
            "- {name: a, vms: [{guest: g, append: 'ops=x,y,z q=1'},"
            " {guest: g, append: peer=x}]}\n"
            "- {name: b, vms: [{guest: g, append: ops=w}]}\n")
        chosen = bench.select(entries, ["z", "x"])
        self.assertEqual([[vm.append for vm in e.vms] for e in chosen],
                         [["ops=x,z q=1", "peer=x"]])
        self.assertEqual(bench.operations(entries[0]), ["x", "y", "z"])
        self.assertEqual([e.name for e in bench.select(entries, ["a", "w"])],
                         ["a", "b"])

    def test_sizes(self) -> None:
        source, elf = self.folder / "x.c", self.folder / "x.elf"
        source.write_text("const int r[6] = {1}; int d[4] = {2}; int b[8];"
                          "void _start(void) {}\n")
        subprocess.run([f"{CROSS}gcc", "-nostdlib", "-static", "-no-pie",
                        "-O1", "-o", elf, source], check=True)
        found = {hist.name: hist.bins for hist in sizes.of(elf)}
        self.assertEqual(found, {
            "image_text": [(4, 1)], "image_rodata": [(24, 1)],
            "image_data": [(16, 1)], "image_bss": [(32, 1)]})
        source.write_text("void _start(void) {}\n")
        subprocess.run([f"{CROSS}gcc", "-nostdlib", "-static", "-o", elf,
                        source], check=True)
        with self.assertRaisesRegex(LabError, r"wants \.text"):
            sizes.of(elf)
        with self.assertRaisesRegex(LabError, "size"):
            sizes.of(source)

    def test_refused(self) -> None:
        for text, error in (
                ("", "a list of bundles"),
                ("- {name: a, sizes: hypervizor}", "mean hypervisor"),
                ("- {name: a, sizes: hypervisor, vms: []}", "or name and"),
                ("- {name: a}", "has name and vms"),
                ("- {name: a, vms: [{guest: g}], colour: 1}", "has name"),
                ("- {name: a, vms: [{guest: g}], smp: x}", "'x' is no int"),
                ("- {name: a, vms: [{}]}", "at least guest"),
                ("- {name: a, vms: [{guest: g}]}\n" * 2, "there twice"),
                ("[", "expected")):
            with self.assertRaisesRegex(LabError, error):
                self.read(text)


class Figures(InFolder):
    def test_merge(self) -> None:
        one = Histogram("x", "insn", "", 2, 1, 2, 3, [(1, 1), (2, 1)])
        two = Histogram("x", "insn", "", 2, 2, 9, 11, [(2, 1), (9, 1)])
        both = bench.merge([one, two])
        self.assertEqual((both.n, both.min, both.max, both.sum, both.bins),
                         (4, 1, 9, 14, [(1, 1), (2, 2), (9, 1)]))

    def test_other_units_do_not_merge(self) -> None:
        one = Histogram("x", "insn", "", 1, 1, 1, 1, [(1, 1)])
        two = Histogram("x", "ns", "", 1, 1, 1, 1, [(1, 1)])
        with self.assertRaisesRegex(LabError, "insn in one run, ns"):
            bench.merge([two, one])

    def test_measures_that_contradict(self) -> None:
        self.assertEqual(bench.disagreements(console("bench")), [])
        self.assertEqual(bench.disagreements(console("bench-contradicts")),
                         ["hypercall.min is 57, its histogram says 58"])

    def test_units_that_contradict(self) -> None:
        """Only a batch may be by another clock than its histogram."""
        text = log("bench") + "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=" \
            "hypercall.{} RESULT=pass MEASUREMENT=58 UNITS=ns>\n"
        for what, said in (("batch", []), ("p50", [
                "hypercall.p50 is in ns, its histogram in insn"])):
            found = Console().feed_text(text.format(what))
            self.assertEqual(bench.disagreements(found), said)

    def test_delta(self) -> None:
        self.assertEqual(bench.delta(58, 58), "0")
        self.assertEqual(bench.delta(55, 50), "+5 (+10.0 %)")
        self.assertEqual(bench.delta(3, 0), "+3")

    def test_table(self) -> None:
        hist = console("bench").histograms["hypercall"]
        new = {"benchmarks": {"hypercall": bench.as_dict(hist, "b"),
                              "other": bench.as_dict(hist, "b")}}
        old = {"benchmarks": {"hypercall":
                              bench.as_dict(hist, "b") | {"p50": 60}}}
        rows = [line.split() for line in
                bench.table(new, old).splitlines()]
        self.assertEqual(rows[1], ["hypercall", "insn", "1000", "58", "58",
                                   "58", "107", "58.0", "60", "-2", "(-3.3",
                                   "%)"])
        self.assertEqual(rows[2][-2:], ["-", "-"])

    def test_other_units_are_not_compared(self) -> None:
        hist = console("bench").histograms["hypercall"]
        new = {"benchmarks": {"x": bench.as_dict(hist, "b")}}
        old = {"benchmarks": {"x": bench.as_dict(hist, "b")
                              | {"units": "ns"}}}
        self.assertEqual(bench.table(new, old).split()[-2:], ["-", "-"])


class Whole(InFolder):
    """`apiary bench` from bundle to file."""

    def setUp(self) -> None:
        super().setUp()
        self.use_build()
        self.addCleanup(setattr, paths, "RESULTS", paths.RESULTS)
        results = self.folder / "results"
        results.mkdir()
        shutil.copy(paths.RESULTS / "schema.json", results)
        paths.RESULTS = results
        say(paths.BENCH, "", "-g", name="hc")
        self.hypervisor(log("bench"))
        self.entries = bench.read_entries(self.write(
            "- {name: hc, smp: 1, vms: [{guest: hc}]}\n"))

    def write(self, text: str) -> object:
        path = self.folder / "bundles.yaml"
        path.write_text(text)
        return path

    def hypervisor(self, text: str, *flags: str) -> None:
        say(paths.HYPERVISOR_IMAGE.parent, text, "-g", *flags, name="apiary")

    def session(self, runs: int = 1) -> bench.Session:
        target = targets.load("qemu-virt-gicv3")
        session = bench.Session(target, self.entries, runs, quiet)
        session.run()
        return session

    def test_result(self) -> None:
        session = self.session(2)
        self.assertEqual((session.infrastructure, session.failed), ([], []))
        result = session.result()
        self.assertEqual(store.check(result), "")
        self.assertEqual(result["benchmarks"]["hypercall"]["n"], 2000)
        self.assertEqual(result["varied"], [])
        self.assertIn("-smp 1", result["commands"]["hc"])
        self.assertEqual(len(result["images"]), 2)
        self.assertIn("GNU AS", result["toolchain"]["hypervisor"][0])
        self.assertRegex(result["emulator"], "QEMU emulator version")
        # No path of this machine but the build/ of this test.
        text = json.dumps(result).replace(str(self.folder), "")
        self.assertNotIn(str(paths.TOP), text)

    def test_guests_are_told_the_unit(self) -> None:
        self.entries[0].vms[0].append = "ops=x"
        for deterministic, said in ((True, "ops=x unit=insn"),
                                    (False, "ops=x")):
            target = targets.load("qemu-virt-gicv3")
            target.data["deterministic"] = deterministic
            session = bench.Session(target, self.entries, 1, quiet)
            session.run()
            dts = session.bundles["hc"].with_suffix(".dts").read_text()
            self.assertIn(f'bootargs = "{said}";', dts)

    def test_too_few_cpus_are_no_failure(self) -> None:
        self.entries[0].overrides["smp"] = 2
        self.assertEqual(self.session().skipped, [])
        target = targets.load("qemu-virt-gicv3", smp=1)
        session = bench.Session(target, self.entries, 1, quiet)
        session.run()
        self.assertEqual(session.skipped, ["hc needs 2 CPUs"])
        self.assertEqual((session.infrastructure, session.found), ([], {}))

    def test_entries_for_boards(self) -> None:
        self.entries[0].boards = True
        for deterministic, found in ((True, []), (False, ["hypercall"])):
            target = targets.load("qemu-virt-gicv3")
            target.data["deterministic"] = deterministic
            session = bench.Session(target, self.entries, 1, quiet)
            session.run()
            self.assertEqual(list(session.found), found)

    def test_runs_that_vary(self) -> None:
        session = self.session()
        other = session.found["hypercall"][0]
        session.found["hypercall"].append(Histogram(
            "hypercall", "insn", "", other.n, 58, 107, other.sum,
            [(57, 1), (58, 997), (59, 1), (107, 1)]))
        self.assertEqual(session.varied(), ["hypercall"])

    def test_corrupted_run_is_no_result(self) -> None:
        for name in ("bench-corrupt", "bench-contradicts", "pass", "cut"):
            self.hypervisor(log(name))
            session = self.session()
            self.assertEqual(session.found, {})
            self.assertEqual(len(session.infrastructure), 1)

    def test_missing_guest_does_not_stop_the_others(self) -> None:
        self.entries = bench.read_entries(self.write(
            "- {name: none, vms: [{guest: none}]}\n"
            "- {name: hc, vms: [{guest: hc}]}\n"))
        session = self.session()
        self.assertIn("none: no guest image none", session.infrastructure[0])
        self.assertIn("hypercall", session.found)

    def test_one_benchmark_from_two_bundles(self) -> None:
        self.entries = bench.read_entries(self.write(
            "- {name: a, vms: [{guest: hc}]}\n"
            "- {name: b, vms: [{guest: hc}]}\n"))
        self.assertIn("hypercall is printed by a as well",
                      self.session().infrastructure[0])

    def test_device_tree_is_that_of_the_machine(self) -> None:
        from apiary_lab import provenance
        first, again, other = (
            provenance.device_tree(targets.load("qemu-virt-gicv3", smp=smp))
            for smp in (1, 1, 2))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
