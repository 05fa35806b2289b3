"""Where a figure comes from: sources, compiler, emulator, images, host.

Everything is asked of the thing itself: flags of the ELF file, versions of
the programs, hashes of the files that were booted. Must not know benchmarks.

SPDX-License-Identifier: BSD-2-Clause
"""
import hashlib
import os
import platform
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from . import fvp, loader, paths
from .status import LabError
from .targets import Target

# In a container the tree is often someone else's: reading it is harmless.
_GIT = ("git", "-c", "safe.directory=*")


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True,
                              check=True, cwd=paths.TOP).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"{command[0]}: {error}") from None


def sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise LabError(f"{paths.shown(path)}: {error.strerror}") from None


def commit() -> tuple[str, bool]:
    """The commit, and whether the tree differs from it. Results are no
    source: recording one must not make the next one dirty."""
    try:
        head = _output(*_GIT, "rev-parse", "HEAD").strip()
        changes = _output(*_GIT, "status", "--porcelain", "--", ".",
                          ":!results")
    except LabError:
        return "unknown", True      # an unpacked tarball
    return head, bool(changes.strip())


def compiler_of(elf: Path) -> list[str]:
    """Compilers and flags that made this ELF file, by its debug data."""
    tool = os.environ.get("CROSS", "aarch64-linux-gnu-") + "readelf"
    text = _output(tool, "--debug-dump=info", "--dwarf-depth=1", str(elf))
    found = set(re.findall(r"DW_AT_producer\s*:(?: \(.*?\):)? (.*)", text))
    # -fmacro-prefix-map and its like name folders of the build host.
    return sorted(re.sub(r"\S*=/\S*|\s/\S+", "", line).strip()
                  for line in found)


def compiler() -> str:
    tool = os.environ.get("CROSS", "aarch64-linux-gnu-") + "gcc"
    return _output(tool, "--version").splitlines()[0]


def emulator(target: Target) -> str:
    if target.runner == "fvp":
        return fvp.version(target.program)
    if target.runner == "lava":
        return lava_version()
    return _output(target.program, "--version").splitlines()[0]


def device_tree(target: Target) -> str:
    """SHA-256 of the board's tree, or of that which QEMU makes."""
    if target.runner != "qemu":
        tree = target.dtb or paths.RUNS / target.name / "board.dtb"
        return sha256(tree)
    if target.dtb is not None:
        return sha256(target.dtb)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "machine.dtb"
        loader.make_tree(target.machine(), None, tree)
        return sha256(tree)


def lava_version() -> str:
    return "lava-dispatcher " + _output(
        "dpkg-query", "-f", "${Version}", "-W", "lava-dispatcher")


def host() -> dict[str, str]:
    model = "unknown"
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "CPU part")):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return {"system": f"{platform.system()} {platform.release()}",
            "machine": platform.machine(), "cpu": model,
            "cpus": str(os.cpu_count())}


def of_target(target: Target) -> dict[str, Any]:
    data = target.data
    return {"name": target.name, "config": target.config(),
            "cpu": data["cpu"], "smp": data["smp"], "memory": data["memory"],
            "gic": data["gic"], "deterministic": data["deterministic"]}
