"""Arm's models: where the program is, its command line, its complaints.

FVP_Base_RevC-2xAEMvA and Foundation_Platform, run on this host. Written from
Arm's Fast Models documentation (100966) and never run on a model: see
lab/BOARDS.md. Must not know what is booted, nor how a run is watched.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from . import loader, paths
from .status import LabError

_LICENCE = re.compile(r"licen[cs]e|FlexNet|FLEXlm|ARMLMD|EULA", re.I)


def find(own: dict[str, Any]) -> str:
    """The program: FVP_BIN, or its folder, or PATH."""
    given = os.environ.get("FVP_BIN", "")
    if given and Path(given).is_dir():
        return str(Path(given) / own["model"])
    return given or own["model"]


def missing(own: dict[str, Any]) -> list[str]:
    program = find(own)
    if shutil.which(program) is None:
        if os.environ.get("FVP_BIN"):
            return [f"FVP_BIN: {program} is no program"]
        return [f"no {own['model']} in PATH: get it from Arm, and say where "
                f"it is: FVP_BIN=/path/of/{own['model']}"]
    shim, how = loader.FIRMWARE["shim"]
    if not shim.is_file():
        return [f"no {paths.shown(shim)}: {how}"]
    return []


def version(program: str) -> str:
    """What the model calls itself; options change between releases."""
    try:
        made = subprocess.run([program, "--version"], capture_output=True,
                              text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{program} --version: {error}") from None
    text = made.stdout + made.stderr
    trouble = licence(text)
    if trouble:
        raise LabError(trouble)
    for line in text.splitlines():
        if line.strip():
            return f"{Path(program).name}: {line.strip()}"
    raise LabError(f"{program} --version says nothing (status "
                   f"{made.returncode})")


def licence(text: str) -> str:
    """A line that complains of a licence, with what to do; "" if none."""
    for line in text.splitlines():
        if _LICENCE.search(line) and re.search(
                r"fail|error|cannot|denied|not |accept|expired|invalid",
                line, re.I):
            return (f"the model wants a licence: {line.strip()} (accept its "
                    f"EULA when it is installed; point ARMLMD_LICENSE_FILE "
                    f"at the licence server or file, if it needs one)")
    return ""


def options(own: dict[str, Any], smp: int) -> list[str]:
    """The command line without program and images."""
    words = own["options"] + (own.get("console_options", [])
                              if own["console"] == "stdout" else [])
    return [word.replace("{smp}", str(smp)) for word in words]


def images(own: dict[str, Any], kernel: Path, initrd: Path | None,
           dtb: Path | None, append: str | None = None) -> dict[str, Path]:
    """What is loaded: shim and tree are made for it, beside the initrd."""
    beside = initrd or paths.BUILD / "lab" / "loader" / "none"
    tree = beside.with_name(f"{beside.stem}-machine.dtb")
    loader.make_tree([], dtb, tree)
    load, where = own["load"], None
    if initrd is not None:
        where = (load["initrd"], load["initrd"] + initrd.stat().st_size)
    loader.choose(tree, where, append)
    loader.offer_psci(tree)
    shim = loader.firmware({"firmware": "shim", "load": load,
                            "shim": own["shim"]}, tree.parent)
    found = {"shim": shim, "tree": tree, "kernel": kernel, "initrd": initrd}
    return {name: found[name] for name in own["images"] if found[name]}


def load_option(own: dict[str, Any], name: str, file: str) -> str:
    """What the model is told of one image."""
    address = own["shim"]["tree"] if name == "tree" else \
        own["load"].get(name, 0)
    return own["images"][name].replace("{file}", file).replace(
        "{address}", f"{address:#x}")


def command(own: dict[str, Any], smp: int, kernel: Path,
            initrd: Path | None, dtb: Path | None,
            append: str | None = None) -> list[str]:
    """The whole command that boots these images on the model."""
    words = [find(own), *options(own, smp)]
    for name, path in images(own, kernel, initrd, dtb, append).items():
        words += load_option(own, name, str(path)).split(" ", 1)
    return words


def telnet_port(terminal: str, text: str) -> int:
    """The port that the model says its terminal listens on; 0: not yet.

    terminal_0: Listening for serial connection on port 5000
    """
    found = re.search(rf"{re.escape(terminal)}: Listening for serial "
                      rf"connection on port (\d+)", text)
    return int(found[1]) if found else 0
