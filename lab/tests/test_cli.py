"""The command from outside: statuses, messages, JSON.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import subprocess

from support import LOGS, InFolder


class Replay(InFolder):
    def test_status(self) -> None:
        for name, status in (
                ("pass", 0), ("reset", 0), ("bench", 0), ("bench-parts", 0),
                ("fail", 1), ("two-vms", 1), ("hang", 2), ("cut", 2),
                ("lost-line", 2), ("corrupt", 2), ("no-guest", 2),
                ("panic", 2), ("stopped", 2), ("bench-corrupt", 2),
                ("bench-contradicts", 2), ("kvm", 0), ("xen", 0)):
            done = self.apiary("replay", LOGS / f"{name}.log")
            self.assertEqual(done.returncode, status, (name, done))

    def test_every_log_is_tested(self) -> None:
        self.assertEqual(len(list(LOGS.glob("*.log"))), 17)

    def test_closing_line(self) -> None:
        done = self.apiary("replay", LOGS / "pass.log")
        self.assertEqual(done.stdout.splitlines()[-1],
                         "2 passed, 0 failed, 1 skipped")

    def test_json(self) -> None:
        done = self.apiary("replay", "--json", LOGS / "bench.log")
        data = json.loads(done.stdout)
        self.assertEqual(data["benchmarks"]["hypercall"]["p50"], 58)
        self.assertEqual(data["status"], 0)

    def test_standard_input(self) -> None:
        with open(LOGS / "fail.log") as source:
            self.assertEqual(
                self.apiary("replay", "-", stdin=source).returncode, 1)

    def test_no_file(self) -> None:
        done = self.apiary("replay", self.folder / "none")
        self.assertEqual(done.returncode, 2)
        self.assertIn("No such file", done.stderr)

    def test_binary_noise(self) -> None:
        path = self.folder / "noise"
        path.write_bytes(bytes(range(256)) * 100)
        done = self.apiary("replay", path)
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("Traceback", done.stderr)


class Others(InFolder):
    def test_help(self) -> None:
        done = self.apiary("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("run", "test", "bench", "targets", "doctor", "replay",
                     "symbolize", "bundle", "compare", "bisect", "lock",
                     "lock-check", "explain", "history", "export"):
            self.assertRegex(done.stdout, rf"\n    {word}\s")

    def test_targets(self) -> None:
        done = self.apiary("targets")
        self.assertIn("* qemu-virt-gicv3 ", done.stdout)
        data = json.loads(self.apiary("targets", "--json").stdout)
        self.assertEqual(data["qemu-virt-gicv2"]["gic"], 2)

    def test_doctor_says_what_to_do(self) -> None:
        done = self.apiary("doctor")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stdout, r"MISSING +hypervisor +make hyp")
        self.assertRegex(done.stdout, r"ok +target qemu-virt-gicv3 +QEMU")

    def test_doctor_without_qemu(self) -> None:
        bin_dir = self.folder / "bin"
        bin_dir.mkdir()
        (bin_dir / "python3").symlink_to("/usr/bin/python3")
        done = subprocess.run(
            ["/usr/bin/python3", LOGS.parent.parent / "lab" / "apiary",
             "doctor", "qemu-virt-gicv3"], env={"PATH": str(bin_dir)},
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("qemu-system-aarch64 is not in PATH: make deps",
                      done.stdout)

    def test_clear_errors(self) -> None:
        for words, error in (
                (["run", "--guest", "x"], "make hypervisor"),
                (["run", "--target", "vax"], "no target vax"),
                (["run", "--target", "qemu-virt-gicv3-el1"], "wanted one"),
                (["test"], "make guests"),
                (["bench", "--bundles", "none"], "No such file"),
                (["bench", "--target", "qemu-virt-gicv2-el1"],
                 "no hypervisor to measure"),
                (["bundle"], "what is to be booted"),
                (["bundle", "--vms", "f", "--guest", "g"], "do not go with"),
                (["bundle", "--vms", "none"], "No such file"),
                (["bundle", "--guest", "none"], "no guest image none"),
                (["bundle", "--guest", "x", "--cpus", "a"], "--cpus: wanted"),
                (["symbolize", "none"], "No such file")):
            done = self.apiary(*words)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(error, done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    def test_bundle(self) -> None:
        image = self.folder / "my.Image"
        image.write_bytes(b"x" * 1000)
        out = self.folder / "b.dtb"
        done = self.apiary("bundle", "-o", out, "--guest", image,
                           "--vcpus", "2", "--memory", "96M", "--cpus",
                           "0,1", "--stats", "--stage2", "demand", "--json")
        self.assertEqual(json.loads(done.stdout)["bytes"],
                         out.stat().st_size)
        done = self.apiary("bundle", "--dts", "--guest", image,
                           "--guest", image, "--vcpus", "2")
        self.assertEqual(done.stdout.count("vcpus = <2>;"), 2)
