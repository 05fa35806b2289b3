"""What several tests of the lab need: logs, images that print them.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
LOGS = TOP / "fixtures" / "console"
APIARY = TOP / "lab" / "apiary"
CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
sys.path.insert(0, str(TOP / "lab"))

from apiary_lab.records import Console  # noqa: E402


def log(name: str) -> str:
    return (LOGS / f"{name}.log").read_text()


def console(name: str) -> Console:
    return Console().feed_text(log(name))


def say(folder: Path, text: str, *flags: str, name: str = "say") -> Path:
    """An image that prints the text on QEMU's virt machine and powers off,
    or hangs with flag -DHANG."""
    source = folder / f"{name}.txt"
    source.write_bytes(text.encode())
    elf, image = folder / f"{name}.elf", folder / f"{name}.Image"
    subprocess.run(
        [f"{CROSS}gcc", "-nostdlib", "-static", f'-DTEXT="{source}"',
         "-Wl,-Ttext=0", *flags, "-o", elf, HERE / "say.S"], check=True)
    subprocess.run([f"{CROSS}objcopy", "-O", "binary", elf, image],
                   check=True)
    return image


class InFolder(unittest.TestCase):
    """A test with a folder of its own, and its own build/."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def apiary(self, *words: object, **options: object) \
            -> subprocess.CompletedProcess:
        environment = os.environ | {"BUILD": str(self.folder / "build")}
        return subprocess.run(
            [APIARY, *map(str, words)], capture_output=True, text=True,
            env=environment, timeout=120,
            **{"stdin": subprocess.DEVNULL} | options)

    def use_build(self) -> None:
        """Points the modules of this process at a build/ of our own."""
        from apiary_lab import paths
        build = self.folder / "build"
        for name, value in (
                ("BUILD", build), ("RUNS", build / "runs"),
                ("GUESTS", build / "guests"), ("BENCH", build / "bench"),
                ("HYPERVISOR_IMAGE", build / "hypervisor/apiary.Image"),
                ("HYPERVISOR_ELF", build / "hypervisor/apiary.elf")):
            before = getattr(paths, name)
            self.addCleanup(setattr, paths, name, before)
            setattr(paths, name, value)
        for name in ("guests", "bench", "hypervisor"):
            (build / name).mkdir(parents=True)
