"""Other hypervisors beside ours: what their consoles say, what is stored and
not measured again, the table; and, at length, real KVM and Xen.

SPDX-License-Identifier: BSD-2-Clause
"""
import contextlib
import io
import json
import os
import re
import subprocess
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from support import APIARY, TOP, InFolder, console, log
from test_records import hist
from apiary_lab import cli_peers, paths, peers, peers_boot, qemu, store, \
    targets
from apiary_lab.peers_table import Table
from apiary_lab.records import Console
from apiary_lab.status import LabError

PLAN = peers_boot.plan
FULL = unittest.skipUnless(os.environ.get("APIARY_FULL"),
                           "boots KVM and Xen: make test-full")


class File(unittest.TestCase):
    def test_operations_are_the_guests(self) -> None:
        plans = peers.read()
        known = set(re.findall(r'^\t\{ "(\w+)",', "".join(
            (TOP / "bench" / name).read_text()
            for name in ("ops.c", "floor/floor.c")), re.M))
        for column in plans.columns.values():
            for boot in column.boots:
                self.assertLessEqual(set(boot.ops), known, boot.name)

    def test_each_line_has_a_figure_or_a_reason(self) -> None:
        plans = peers.read()
        for column in plans.columns.values():
            if column.kind != "floor":
                self.assertEqual(set(plans.rows) - set(column.figures()),
                                 set(column.skip), column.name)

    def test_bad_files_are_refused(self) -> None:
        good = peers.COLUMNS.read_text()
        for old, new in (("kind: xen", "kind: zen"), ("rows:", "lines:"),
                         ("  vsgi: ", "  vsg: "), ("smp: 1", "cpus: 1"),
                         ("columns:", "columns: [")):
            with mock.patch.object(Path, "read_text",
                                   return_value=good.replace(old, new)), \
                    self.assertRaisesRegex(LabError, r"^\S*columns\.yaml: "):
                peers.read()

    def test_names(self) -> None:
        plans = peers.read()
        for only, names, text in (
                (["kvm-vhs"], [], "no column kvm-vhs; did you mean kvm-vhe"),
                ([], ["vsgj"], "no figure vsgj; did you mean vsgi")):
            with self.assertRaisesRegex(LabError, text):
                peers.select(plans, only, names)
        [column] = peers.select(plans, ["kvm-nvhe"], ["wfi_wake_trapped"])
        self.assertEqual([boot.name for boot in column.boots],
                         ["wfi-no-polling"])


def cut_by_xen(text: str) -> str:
    """A guest's lines as Xen prints them: after 126 characters, or a line
    feed, whichever comes first."""
    out, line = "", ""
    for c in text.replace("\n", "\r\n"):
        line += c
        if c == "\n" or len(line) == 126:
            out += "(XEN) DOM1: " + line.rstrip("\n") + "\r\n"
            line = ""
    return out


class Consoles(unittest.TestCase):
    def take(self, column: str, boot: str, name: str) -> peers.Session:
        [chosen] = peers.select(peers.read(), [column], [])
        chosen = replace(chosen, boots=[b for b in chosen.boots
                                        if b.name == boot])
        with mock.patch.object(peers_boot, "plan"):
            session = peers.Session(chosen, 1, lambda text: None)
        found = console(name)
        self.assertEqual(found.infrastructure(), [])
        session.take(chosen.boots[0], found, log(name))
        return session

    def test_kvm(self) -> None:
        session = self.take("kvm-nvhe", "wfi-no-polling", "kvm")
        self.assertEqual(list(session.found), ["wfi_wake_trapped"])
        [found] = session.found["wfi_wake_trapped"]
        self.assertEqual(found.percentile(50), 8176)
        self.assertEqual(session.said["halt_poll_ns"], "0")
        self.assertIn("[never]", session.said["huge_pages"])
        self.assertIn("6.1.192-2", session.said["version"])
        self.assertIn("Hyp mode initialized", " ".join(
            session.said.values()))

    def test_xen(self) -> None:
        session = self.take("xen", "wfi", "xen")
        [found] = session.found["wfi_wake_trapped"]
        self.assertEqual((found.vm, found.percentile(50)), ("DOM1", 4192))
        self.assertIn("credit2", session.said["scheduler"])
        self.assertIn("4.17.7", session.said["xen_version"])

    def test_skip_keeps_the_reason(self) -> None:
        [chosen] = peers.select(peers.read(), ["el1"], ["vsgi"])
        with mock.patch.object(peers_boot, "plan"):
            session = peers.Session(chosen, 1, lambda text: None)
        text = "vsgi: x\nskipped: needs luck\n" \
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=vsgi.min RESULT=skip>\n"
        session.take(chosen.boots[0], Console().feed_text(text), text)
        self.assertEqual(session.skipped["vsgi"], "needs luck")

    def test_lines_that_xen_cuts(self) -> None:
        for width in range(100, 400):
            bins = ",".join(f"{i}:1" for i in range(10, 10 + width // 5))
            n = bins.count(":")
            line = hist(f"NAME=x UNITS=insn N={n} MIN=10 MAX={9 + n} "
                        f"SUM={sum(range(10, 10 + n))} BINS={bins}")
            pad = "." * (width % 130)
            found = Console().feed_text(cut_by_xen(
                f"<APIARY_GUEST NAME=g CASES=0>\n{pad}{line}\n"
                f"<APIARY_DONE NAME=g>\n"))
            self.assertEqual(found.infrastructure(), [], width)
            self.assertEqual(found.histograms["x"].n, n)

    def test_a_line_cut_for_ever_is_no_record(self) -> None:
        text = cut_by_xen("<APIARY_GUEST NAME=g CASES=0>\n" + "." * 100 +
                          hist("NAME=x UNITS=insn N=1 MIN=1 MAX=1 SUM=1 "
                               "BINS=1:1") + "\n")
        lines = text.split("\r\n")
        self.assertEqual(len(lines[1]), len("(XEN) DOM1: ") + 126)
        found = Console().feed_text("\n".join(
            [lines[0], lines[1], "(XEN) DOM1: <APIARY_DONE NAME=g>"]))
        self.assertNotEqual(found.infrastructure(), [])


class Kept(InFolder):
    """A column whose machine is `cat`."""

    def setUp(self) -> None:
        super().setUp()
        self.use_build()
        results = paths.RESULTS
        self.addCleanup(setattr, paths, "RESULTS", results)
        paths.RESULTS = self.folder / "results"
        paths.RESULTS.mkdir()
        (paths.RESULTS / "schema.json").write_text(
            (results / "schema.json").read_text())
        self.image = self.folder / "bench.Image"
        self.image.write_bytes(b"guest")
        self.log = self.folder / "console.log"
        self.log.write_text(log("kvm"))
        self.booted = self.folder / "booted"
        self.warned: list[str] = []
        for where, name, value in (
                (peers_boot, "plan", self.plan),
                (peers_boot, "version", lambda kind: "linux 1"),
                (peers.provenance, "compiler_of", lambda elf: ["GNU C"]),
                (peers.provenance, "device_tree", lambda target: "0" * 64)):
            patch = mock.patch.object(where, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        [column] = peers.select(peers.read(), ["kvm-nvhe"],
                                ["wfi_wake_trapped"])
        self.column = column

    def plan(self, kind: str, cpu: str, boot: peers_boot.Boot,
             folder: Path) -> peers_boot.Plan:
        return peers_boot.Plan(
            targets.load("qemu-virt-gicv3", cpu, boot.smp),
            ["sh", "-c", f"echo >>{self.booted}; cat {self.log}"],
            qemu.Expect(1, False), [self.image])

    def measure(self, runs: int = 1, again: bool = False) -> tuple:
        return peers.measure(self.column, runs, again, lambda text: None,
                             self.warned.append)

    def boots(self) -> int:
        return len(self.booted.read_text().splitlines())

    def test_measured_once(self) -> None:
        first, good = self.measure()
        self.assertTrue(good, self.warned)
        self.assertEqual(first["target"]["name"], "peer-kvm-nvhe")
        self.assertEqual(first["benchmarks"]["wfi_wake_trapped"]["p50"],
                         8176)
        self.assertEqual(first["configuration"]["halt_poll_ns"], "0")
        self.assertEqual(self.measure(), (first, True))
        self.assertEqual(self.boots(), 1)
        self.measure(again=True)
        self.assertEqual(self.boots(), 2)
        self.measure(runs=3)            # one run does not show that
        self.assertEqual(self.boots(), 5)
        self.image.write_bytes(b"another")
        self.measure()
        self.assertEqual(self.boots(), 6)

    def test_host(self) -> None:
        """The way to this machine's own KVM, with a runner that is none."""
        runner = self.folder / "runner"
        runner.write_text(f"#!/bin/sh\necho \"$@\" >>{self.booted}\n"
                          f"cat {self.log}\n")
        runner.chmod(0o755)
        self.log.write_text(log("kvm").replace("insn", "ns"))
        text = self.log.read_text()
        body = re.search(r"<APIARY_HIST (.*) CRC=", text)[1]
        self.log.write_text(re.sub(r"<APIARY_HIST .*>", hist(body), text))
        column = peers.host_column(peers.read())
        self.column = replace(column, boots=[boot for boot in column.boots
                                             if boot.name == "wfi"])
        self.assertNotIn("wfi-no-polling", [b.name for b in column.boots])
        with mock.patch.object(peers_boot, "plan", PLAN), \
                mock.patch.object(peers_boot, "_RUNNER", runner), \
                mock.patch.object(peers_boot, "guest_image",
                                  return_value=self.image), \
                mock.patch.object(peers_boot.os, "access",
                                  return_value=True):
            found, good = self.measure()
        self.assertTrue(good, self.warned)
        self.assertEqual(self.booted.read_text(), f"--guest {self.image} "
                         f"--memory 64 --cpus 0 --append ops=wfi_wake\n")
        self.assertEqual(found["target"]["name"], "peer-host")
        self.assertFalse(found["target"]["deterministic"])
        self.assertEqual(found["benchmarks"]["wfi_wake"]["units"], "ns")

    def test_runs_that_differ_are_named(self) -> None:
        other = log("kvm").replace("8160:10,8176:873", "8160:11,8176:872") \
            .replace("SUM=8232688", "SUM=8232672") \
            .replace("8232.688", "8232.672")
        body = re.search(r"<APIARY_HIST (.*) CRC=", other)[1]
        other = re.sub(r"<APIARY_HIST .*>", hist(body), other)
        (self.folder / "other.log").write_text(other)
        command = f"if [ -e {self.booted} ]; then cat {self.folder}/" \
            f"other.log; else cat {self.log}; fi; echo >>{self.booted}"

        def plan(*words: object) -> peers_boot.Plan:
            return replace(self.plan(*words), command=["sh", "-c", command])
        with mock.patch.object(peers_boot, "plan", plan):
            result, good = self.measure(runs=2)
        self.assertTrue(good, self.warned)
        self.assertEqual(result["varied"], ["wfi_wake_trapped"])

    def test_damage_is_not_stored(self) -> None:
        self.log.write_text(log("kvm").replace("8176:873", "8176:878"))
        result, good = self.measure()
        self.assertFalse(good)
        self.assertIsNone(result)
        self.assertIn("checksum", self.warned[0])
        self.assertEqual(list(paths.RESULTS.rglob("peer*/*.json")), [])

    def test_a_failure_is_shown_and_not_stored(self) -> None:
        self.log.write_text(log("kvm").replace("CASES=7", "CASES=8").replace(
            "<APIARY_DONE", "why\n<LAVA_SIGNAL_TESTCASE TEST_CASE_ID="
            "vsgi.p50 RESULT=fail>\n<APIARY_DONE"))
        result, good = self.measure()
        self.assertFalse(good)
        self.assertIn("wfi_wake_trapped", result["benchmarks"])
        self.assertEqual(self.warned, ["kvm-nvhe: wfi-no-polling: vsgi.p50 "
                                       "failed: why"])
        self.assertEqual(list(paths.RESULTS.rglob("peer*/*.json")), [])

    def test_a_machine_that_stays_on_is_ended(self) -> None:
        self.log.write_text(log("xen"))
        target = targets.load("qemu-virt-gicv3")
        run = qemu.boot(target, ["sh", "-c", f"cat {self.log}; sleep 60"],
                        self.folder / "x" / "console.log",
                        qemu.Expect(1, False, power_off=False))
        self.assertEqual((run.infrastructure, run.stage), ([], ""))
        self.assertLess(run.seconds, 30)


class Trees(InFolder):
    MACHINE = '/dts-v1/; / { chosen { stdout-path = "/pl011@9000000"; }; };'

    def test_xen(self) -> None:
        (self.folder / "x.dts").write_text(peers_boot.xen_tree(
            self.MACHINE, 0x1234, "ops=a unit=insn", "vwfi=native", 2))
        made = self.folder / "x.dtb"
        subprocess.run(["dtc", "-q", "-o", made, self.folder / "x.dts"],
                       check=True)

        def get(node: str, name: str, kind: str = "s") -> str:
            return subprocess.run(["fdtget", "-t", kind, made, node, name],
                                  capture_output=True, text=True,
                                  check=True).stdout.strip()
        guest = "/chosen/guest"
        self.assertEqual(get("/chosen", "xen,xen-bootargs"), "console=dtuart "
                         "dtuart=/pl011@9000000 vwfi=native")
        self.assertEqual(get(guest, "memory", "x"), "0 10000")
        self.assertEqual(get(guest, "cpus", "u"), "2")
        module = f"{guest}/module@50000000"
        self.assertEqual(get(module, "reg", "x"), "0 50000000 0 1234")
        self.assertEqual(get(module, "bootargs"), "ops=a unit=insn")

    def test_a_machine_without_console(self) -> None:
        with self.assertRaisesRegex(LabError, "names no console"):
            peers_boot.xen_tree("/ { };", 1, "", "", 1)


def result(figures: dict[str, float], image: str = "a",
           **more: object) -> dict:
    return {"time": "2026-01-02T03:04:05Z", "commit": "c" * 40,
            "dirty": False,
            "emulator": "QEMU 7", "commands": {}, "varied": [], "runs": 1,
            "images": {"build/bench/bench.Image": image * 64},
            "target": {"cpu": "cortex-a72"},
            "benchmarks": {name: {"p50": value, "mean": value + 0.6}
                           for name, value in figures.items()}} | more


class Tables(unittest.TestCase):
    def table(self, names: tuple = (), **results: dict) -> Table:
        plans = peers.read()
        named = {name.replace("_", "-"): value
                 for name, value in results.items()}
        return Table(plans, list(plans.columns.values()), named, list(names))

    def test_text_and_markdown(self) -> None:
        table = self.table(
            ("hypercall", "vipi", "stage2_fault_thp"),
            apiary=result({"hypercall": 55, "vipi": 901}),
            xen=result({"hypercall": 4550}, skipped={"vipi": "hangs"}),
            kvm_nvhe=result({"stage2_fault_thp": 17}),
            floor=result({"floor_trap": 2}))
        self.assertRegex(table.text(),
                         r"hypercall +55 +skip +4,550\n")
        self.assertIn("skip: Xen, vipi: hangs\n", table.text())
        self.assertIn("floor: floor_trap 2 (", table.text())
        self.assertRegex(table.text(), r"stage2_fault_thp +skip +18 ")
        self.assertIn("| vipi | 901 | skip | skip | SGI ", table.markdown())
        self.assertIn("guest image aaaaaaaaaaaa", table.markdown())
        self.assertEqual(table.as_dict()["rows"]["vipi"]["xen"],
                         {"skip": "hangs"})
        json.dumps(table.as_dict())

    def test_who_is_ahead(self) -> None:
        table = self.table(apiary=result({"vsgi": 147, "vipi": 9}),
                           xen=result({"vsgi": 147, "vipi": 10}),
                           el1=result({"vsgi": 1}))
        self.assertEqual(table.behind(), ["vsgi: 147, xen 147"])

    def test_guests_that_differ(self) -> None:
        self.assertEqual(self.table(apiary=result({}),
                                    xen=result({})).unlike(), [])
        table = self.table(apiary=result({}), xen=result({}, "b"))
        self.assertEqual(len(table.unlike()), 2)
        self.assertIn("guests that differ", table.markdown())


class Command(InFolder):
    def test_arguments_that_do_not_go_together(self) -> None:
        for words, text in (
                (["--only", "zen"], "no column zen"),
                (["vsgj"], "no figure vsgj"),
                (["--record", "vsgi"], "only the whole comparison"),
                (["--host", "--only", "xen"], "--only does not go"),
                (["--host"], "wants an arm64 machine"),
                (["--guest", "flat", "--only", "xen"], "KVM's columns"),
                (["--guest", "nothing"], "no guest image nothing")):
            if words == ["--host"] and os.path.exists("/dev/kvm"):
                continue
            done = self.apiary("peers", *words)
            self.assertEqual(done.returncode, 2, (words, done))
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_readme_is_written_between_its_marks(self) -> None:
        plans = peers.read()
        columns = list(plans.columns.values())
        results = {column.name: result({"vsgi": 3}) for column in columns}
        table = Table(plans, columns, results, [])
        readme = self.folder / "README.md"
        readme.write_text(f"a\n{cli_peers.BEGIN}\nold\n{cli_peers.END}\nz\n")
        with mock.patch.object(cli_peers, "_README", readme), \
                mock.patch.object(store, "write") as write, \
                contextlib.redirect_stderr(io.StringIO()):
            cli_peers._record(table, columns, True)
            self.assertEqual(write.call_count, len(columns))
            text = readme.read_text()
            self.assertEqual((text[:2], text[-2:]), ("a\n", "z\n"))
            self.assertIn(table.markdown(), text)
            self.assertNotIn("old", text)
            with self.assertRaisesRegex(LabError, "whole"):
                cli_peers._record(table, columns, False)
            results["xen"]["dirty"] = True
            with self.assertRaisesRegex(LabError, r"a commit .*\(xen\)"):
                cli_peers._record(table, columns, True)
            results["xen"]["dirty"] = False
            readme.write_text("nothing")
            with self.assertRaisesRegex(LabError, "README.md: wanted one"):
                cli_peers._record(table, columns, True)


class Machines(unittest.TestCase):
    """Quick ones, in QEMU."""

    def lab(self, *words: str, timeout: int = 120) -> str:
        done = subprocess.run([APIARY, *words], capture_output=True,
                              text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_floor(self) -> None:
        """HVC and ERET; 20 loads and stores more; 7 pairs of 26 registers
        of EL1 and x0 to x30, each way."""
        plan = peers_boot.plan("floor", "cortex-a72", peers_boot.Boot(
            "floor", 1, ["floor_trap", "floor_trap_saved", "floor_switch"]),
            paths.BUILD / "lab" / "peers" / "test")
        run = qemu.boot(plan.target, plan.command, paths.RUNS / "peers" /
                        "test" / "console.log", plan.expect)
        self.assertEqual(run.infrastructure, [])
        self.assertEqual({name: found.bins for name, found in
                          run.console.histograms.items()},
                         {"floor_trap": [(2, 1000)],
                          "floor_trap_saved": [(22, 1000)],
                          "floor_switch": [(FLOOR_SWITCH, 1000)]})

    def test_flat(self) -> None:
        for target in ("qemu-virt-gicv3", "qemu-virt-gicv3-el1"):
            out = self.lab("run", "--target", target, "--guest", "flat",
                           "--no-input")
            self.assertEqual(out.count("RESULT=pass"), 5, out)

    @FULL
    def test_flat_under_kvm(self) -> None:
        for column in ("kvm-nvhe", "kvm-vhe"):
            out = self.lab("peers", "--only", column, "--guest", "flat")
            self.assertEqual(out.count("RESULT=pass"), 5, out)

    @FULL
    def test_kvm_and_xen(self) -> None:
        """Three boots of each are the same, and we are ahead."""
        out = json.loads(self.lab(
            "peers", "wfi_wake", "wfi_wake_trapped", "stage2_fault",
            "--runs", "3", "--again", "--json", timeout=500))
        self.assertEqual(out["behind"], [])
        for name, column in out["columns"].items():
            self.assertEqual((name, column["varied"]), (name, []))
        for name in ("kvm-nvhe", "kvm-vhe"):
            self.assertGreater(out["rows"]["stage2_fault"][name], 5000)
            self.assertGreater(out["rows"]["wfi_wake_trapped"][name],
                               out["rows"]["wfi_wake"][name])
        self.assertGreater(out["rows"]["wfi_wake"]["xen-vwfi-native"], 500)


FLOOR_SWITCH = 1 + 1 + 2 * (16 + 1 + 2 + 13 * 3) + \
    2 * (16 + 1 + 2 + 13 * 3) + 1


if __name__ == "__main__":
    unittest.main()
