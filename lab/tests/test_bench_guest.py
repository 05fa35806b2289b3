"""The benchmark guest: its histograms against plain counting, and what it
measures where there is no hypervisor: the floor is known by instruction.

SPDX-License-Identifier: BSD-2-Clause
"""
import random
import re
import subprocess
import unittest
from pathlib import Path

from support import TOP, InFolder
from apiary_lab import bench, bundle, qemu, targets
from apiary_lab.records import Console, Histogram


class Histograms(InFolder):
    """bench/hist.c as a program of the host."""

    def build(self) -> Path:
        program = self.folder / "hist"
        subprocess.run(
            ["gcc", "-Wall", "-Werror", "-Wno-builtin-declaration-mismatch",
             "-fsanitize=address,undefined", "-g",
             f"-I{TOP}/bench", f"-I{TOP}/guests/lib",
             f"{TOP}/lab/tests/hist_main.c", f"{TOP}/bench/hist.c",
             f"{TOP}/guests/lib/crc.c",
             "-o", str(program)], check=True)
        return program

    def fold(self, program: Path, values: list[int]) -> Histogram:
        done = subprocess.run([program], input="\n".join(map(str, values)),
                              capture_output=True, text=True, check=True)
        # A console shared by VMs cuts lines of 200.
        self.assertLess(max(map(len, done.stdout.splitlines())), 191)
        found = Console().feed_text(done.stdout)
        self.assertEqual(found.problems, [])
        hist = found.histograms["x"]
        self.assertEqual((hist.n, hist.min, hist.max, hist.sum),
                         (len(values), min(values), max(values),
                          sum(values)))
        # The guest's percentiles are those that the lab computes.
        self.assertEqual([hist.percentile(50), hist.percentile(99)],
                         list(map(int, done.stdout.split("\n")[-2].split())))
        return hist

    def test_all(self) -> None:
        program, rng = self.build(), random.Random(1)
        for values in ([0], [7, 7, 7], [2 ** 40, 1, 0], list(range(1024)),
                       [rng.randrange(500) for _ in range(3000)]):
            hist = self.fold(program, values)       # lossless
            self.assertEqual(hist.bins, [(v, values.count(v))
                                         for v in sorted(set(values))])
        for values in (list(range(1025)),
                       [rng.randrange(10 ** 6) for _ in range(5000)],
                       [int(2 ** rng.uniform(0, 30)) for _ in range(9000)],
                       [int(2 ** rng.uniform(30, 48)) for _ in range(9000)]):
            hist = self.fold(program, values)       # bins of 3 %
            lows = [low for low, _ in hist.bins] + [2 ** 63]
            self.assertEqual([count for _, count in hist.bins],
                             [sum(low <= v < high for v in values)
                              for low, high in zip(lows, lows[1:])])
            for value in values:
                low = max(low for low in lows if low <= value)
                self.assertLessEqual((value - low) * 32, value)


class Floor(InFolder):
    """bench.Image as the kernel, at EL1 of a machine without hypervisor."""

    FLOOR = {"baseline": 4, "hypercall": 1, "hypercall_psci": 1,
             "sysreg_trap": 1, "vm_exit_ctx": 1, "mmio_vgic": 1,
             "mmio_vgic_write": 1, "mmio_uart": 1, "mmio_null": 1,
             "vsgi": 1, "virq_busy": 1, "virq_ack": 1, "virq_eoi": 1,
             "virq_timer": 1, "wfi_wake": 1, "stage2_fault": 0,
             "stage2_fault_block": 0, "stage2_walk_page": 0,
             "stage2_walk_block": 0, "vipi": 9}
    SKIPPED = ("hypercall_smc", "virq_spi", "stage2_unmap_remap",
               "vcpu_switch", "world_switch", "world_switch_fp",
               "timeslice", "boot", "vm_start")
    MEASURES = ("min", "p50", "p95", "p99", "p999", "max", "mean")

    def boot(self, gic: int, append: str) -> Console:
        target = targets.load(f"qemu-virt-gicv{gic}-el1")
        command = target.command(bundle.find_guest("bench"), append=append)
        run = qemu.boot(target, command, self.folder / "console.log",
                        qemu.Expect(1, hypervisor=False))
        self.assertEqual(run.infrastructure, [])
        return run.console

    def check_floor(self, gic: int) -> None:
        found = self.boot(gic, "unit=insn")
        # By the counter, whose tick is 16 instructions.
        turned_on = found.histograms.pop("psci_cpu_on")
        self.assertLessEqual({turned_on.min, turned_on.max}, {16, 32})
        self.assertEqual(
            {name: (h.min, h.max) for name, h in found.histograms.items()},
            {name: (cost, cost) for name, cost in self.FLOOR.items()})
        self.assertEqual(
            {c.name: c.result for c in found.cases if c.result != "pass"},
            {f"{name}.{what}": "skip" for name in self.SKIPPED
             for what in self.MEASURES})
        for case in found.cases:        # by the counter: within one tick
            name, what = case.name.rsplit(".", 1)
            if what == "batch":
                self.assertAlmostEqual(case.measurement, self.FLOOR[name],
                                       delta=16 / 256)

    def test_gicv3(self) -> None:
        self.check_floor(3)

    def test_gicv2(self) -> None:
        self.check_floor(2)

    def test_some_and_units(self) -> None:
        found = self.boot(3, "ops=vsgi,virq_timer")
        self.assertEqual({name: h.units for name, h in
                          found.histograms.items()},
                         {"vsgi": "cycles", "virq_timer": "ns"})
        found = self.boot(3, "list ops=vsgi")
        self.assertEqual([c.result for c in found.cases],
                         ["skip"] * len(self.MEASURES))

    def test_cold(self) -> None:
        found = self.boot(3, "ops=hypercall,vsgi cold=65536")
        self.assertEqual(list(found.histograms),
                         ["hypercall_cold", "vsgi_cold"])
        self.assertNotIn("hypercall_cold.batch",
                         [case.name for case in found.cases])
        # The CPU of the target: Cortex-A72 (its manual, 4.5.1).
        self.assertEqual(found.values["APIARY_CPU.MIDR"], "410fd083")

    def test_table_and_readme_agree(self) -> None:
        names = re.findall(r'^\t\{ "(\w+)", "',
                           (TOP / "bench" / "ops.c").read_text(), re.M)
        readme = (TOP / "bench" / "README.md").read_text()
        told = re.findall(r"^\| `(\w+)` \|",
                          readme.split("\n## How")[0], re.M)
        self.assertEqual(told, names)
        entries = bench.read_entries(bench.BUNDLES)
        self.assertEqual(sorted(name for entry in entries if not entry.boards
                                for name in bench.operations(entry)),
                         sorted(names))
        self.assertLessEqual({name for entry in entries if entry.boards
                              for name in bench.operations(entry)},
                             set(names))


if __name__ == "__main__":
    unittest.main()
