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

from . import paths
from .status import LabError

# What enters the hypervisor at EL2 where there is no TF-A; see lab/BOARDS.md.
SHIM = "hypervisor/el3-shim.bin"
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
    if "shim" in own["load"] and not (paths.BUILD / SHIM).is_file():
        return [f"no {paths.shown(paths.BUILD / SHIM)}: make hypervisor"]
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


def images(own: dict[str, Any], kernel: Path, initrd: Path | None,
           dtb: Path | None) -> dict[str, Path]:
    """What is loaded, by the names of `load`."""
    given = {"shim": paths.BUILD / SHIM, "kernel": kernel, "initrd": initrd,
             "dtb": dtb}
    return {name: given[name] for name in own["load"] if given.get(name)}


def options(own: dict[str, Any], smp: int) -> list[str]:
    """The command line without program and images."""
    uart = own.get("uart", "bp.pl011_uart0")
    terminal = own.get("terminal", "bp.terminal_0")
    telnet = own["console"] == "telnet"
    parameters = dict(own["parameters"])
    parameters[f"{terminal}.start_telnet"] = 0
    if not telnet:
        parameters[f"{uart}.out_file"] = "-"
        parameters[f"{uart}.unbuffered_output"] = 1
    words = []
    for name, value in parameters.items():
        value = str(value).replace("{smp}", str(smp))
        words += ["-C", f"{name}={value}"]
    return words


def command(own: dict[str, Any], smp: int, kernel: Path,
            initrd: Path | None, dtb: Path | None) -> list[str]:
    """The whole command that boots these images on the model."""
    words = [find(own), *options(own, smp)]
    cpu = own.get("cpu", "cluster0.cpu0")
    for name, path in images(own, kernel, initrd, dtb).items():
        words += ["--data", f"{cpu}={path}@{own['load'][name]}"]
    return words


def telnet_port(own: dict[str, Any], text: str) -> int:
    """The port that the model says its terminal listens on; 0: not yet.

    terminal_0: Listening for serial connection on port 5000
    """
    name = own.get("terminal", "bp.terminal_0").rpartition(".")[2]
    found = re.search(rf"{re.escape(name)}: Listening for serial "
                      rf"connection on port (\d+)", text)
    return int(found[1]) if found else 0
