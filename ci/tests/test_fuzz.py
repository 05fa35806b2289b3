"""The fuzz tests: the inputs that libFuzzer has kept once more, in every run;
and libFuzzer itself, a minute each, in make test-full.

What it starts from is fixtures/fuzz/ and fixtures' trees; what it finds goes
on in build/fuzz/. `ci/tests/test_fuzz.py keep` has it minimise that into
fixtures/fuzz/, anew.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
FUZZ = BUILD / "fuzz"
KEPT = TOP / "fixtures" / "fuzz"
SECONDS = int(os.environ.get("APIARY_FUZZ_SECONDS", "60"))
TREES = {"bundle": "bundles", "platform": "dt"}
# Longest inputs, in bytes.
TARGETS = {"bundle": 8192, "image": 1024, "pci": 2048, "platform": 16384,
           "trap": 2048, "vdev": 1024,
           "vfirmware": 1024, "vgic": 1201, "virtio": 1024,
           "vits": 2048}


def unpack(name: str, folder: Path) -> int:
    """The inputs kept for a target; how many."""
    with tarfile.open(KEPT / f"{name}.tar.xz") as archive:
        members = archive.getmembers()
        for member in members:
            (folder / Path(member.name).name).write_bytes(
                archive.extractfile(member).read())
    return len(members)


def start(name: str) -> Path:
    """A folder with all that is known for a target."""
    corpus = FUZZ / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    if (KEPT / f"{name}.tar.xz").is_file():
        unpack(name, corpus)
    for source in sorted((TOP / "fixtures" / TREES[name]).glob("*.dts")
                         if name in TREES else []):
        # Some are broken on purpose, beyond what dtc makes.
        subprocess.run(["dtc", "-q", "-f", "-O", "dtb", "-o",
                        corpus / f"{source.stem}.dtb", source],
                       capture_output=True)
    return corpus


def fuzzer(name: str, *words: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [FUZZ / f"{name}_fuzz", f"-max_len={TARGETS[name]}",
         "-rss_limit_mb=4096", "-timeout=10",
         f"-artifact_prefix={FUZZ}/{name}-", *map(str, words)],
        capture_output=True, text=True, errors="replace")


def keep() -> None:
    KEPT.mkdir(exist_ok=True)
    for name in TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            done = fuzzer(name, "-merge=1", folder, start(name))
            if done.returncode != 0:
                sys.exit(done.stderr[-3000:])
            pack(name, Path(folder))


def pack(name: str, folder: Path) -> None:
    """The same inputs always make the same archive."""
    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.mtime = info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mode = 0o644
        return info

    with tarfile.open(KEPT / f"{name}.tar.xz", "w:xz", preset=9) as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name, filter=plain)


class Replay(unittest.TestCase):
    """By the host tests, under their sanitizers."""

    def replay(self, name: str) -> None:
        program = BUILD / "tests" / f"{name}_fuzz_test"
        if not program.is_file():
            self.skipTest(f"no {program}: make unit-tests")
        with tempfile.TemporaryDirectory() as folder:
            inputs = unpack(name, Path(folder))
            result = Path(folder).parent / f"{Path(folder).name}.result"
            done = subprocess.run(
                [program, "-r", result, "-v", f"corpus={folder}", "corpus"],
                capture_output=True, text=True, errors="replace")
        said = result.read_text() if result.is_file() else "no result"
        result.unlink(missing_ok=True)
        self.assertEqual((done.returncode, said), (0, "passed\n"),
                         done.stderr[-3000:])
        self.assertIn(f"{inputs} inputs\n", done.stdout)
        self.assertGreater(inputs, 20)

    def test_small(self) -> None:
        self.assertLess(sum(path.stat().st_size for path in KEPT.iterdir()),
                        1 << 20)
        self.assertEqual({path.name for path in KEPT.glob("*.tar.xz")},
                         {f"{name}.tar.xz" for name in TARGETS})


@unittest.skipUnless(os.environ.get("APIARY_FULL"),
                     "minutes: make test-full")
class Fuzz(unittest.TestCase):
    def fuzz(self, name: str) -> None:
        program = FUZZ / f"{name}_fuzz"
        self.assertTrue(program.is_file(), f"no {program}: make fuzz-build")
        done = fuzzer(name, f"-max_total_time={SECONDS}", start(name))
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.assertIn("Done ", done.stderr)


def each(target: str) -> None:
    setattr(Replay, f"test_{target}",
            lambda self: self.replay(target))
    setattr(Fuzz, f"test_{target}", lambda self: self.fuzz(target))


for each_name in TARGETS:
    each(each_name)


if __name__ == "__main__":
    if sys.argv[1:] == ["keep"]:
        keep()
    else:
        unittest.main()
