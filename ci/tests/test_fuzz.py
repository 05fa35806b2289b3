"""The fuzz tests under libFuzzer, a minute each; in make test-full.

Inputs to start from are fixtures; what it finds goes on in build/fuzz/.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
FUZZ = TOP / os.environ.get("BUILD", "build") / "fuzz"
SECONDS = int(os.environ.get("APIARY_FUZZ_SECONDS", "60"))
TREES = {"bundle": "bundles", "platform": "dt"}


@unittest.skipUnless(os.environ.get("APIARY_FULL"),
                     "minutes: make test-full")
class Fuzz(unittest.TestCase):
    def fuzz(self, name: str) -> None:
        program = FUZZ / f"{name}_fuzz"
        self.assertTrue(program.is_file(), f"no {program}: make fuzz-build")
        corpus = FUZZ / "corpus" / name
        corpus.mkdir(parents=True, exist_ok=True)
        for source in sorted((TOP / "fixtures" / TREES[name]).glob("*.dts")
                             if name in TREES else []):
            # Some are broken on purpose, beyond what dtc makes.
            subprocess.run(["dtc", "-q", "-f", "-O", "dtb", "-o",
                            corpus / f"{source.stem}.dtb", source],
                           capture_output=True)
        done = subprocess.run(
            [program, f"-max_total_time={SECONDS}", "-timeout=10",
             "-max_len=65536", "-rss_limit_mb=4096",
             f"-artifact_prefix={FUZZ}/{name}-", corpus],
            capture_output=True, text=True, errors="replace")
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.assertIn("Done ", done.stderr)

    def test_vgic(self) -> None:
        self.fuzz("vgic")

    def test_bundle(self) -> None:
        self.fuzz("bundle")

    def test_platform(self) -> None:
        self.fuzz("platform")

    def test_trap(self) -> None:
        self.fuzz("trap")

    def test_vdev(self) -> None:
        self.fuzz("vdev")


if __name__ == "__main__":
    unittest.main()
