"""A boot loader's work, where QEMU does not do it: images put at addresses
of the target's file, and a device tree that says where the initrd is.

Three kinds of machines need it: firmware of ours comes first and QEMU then
loads nothing; the machine makes no usable tree; or its RAM is above 4 GiB,
where QEMU 7.2 cuts the initrd's address to 32 bits. Must not know what the
images are.

SPDX-License-Identifier: BSD-2-Clause
"""
import struct
import subprocess
from pathlib import Path
from typing import Any

from . import paths
from .status import LabError

FIRMWARE = {"tfa": (paths.BUILD / "deps" / "tfa" / "flash.bin",
                    "fixtures/fetch-tfa"),
            "shim": (paths.BUILD / "lab" / "shim.bin", "make shim")}
# Where the shim finds what it has to know, as lab/shim/shim.h says.
_SHIM_AT = 8
_SHIM = ("kernel", "tree", "state", "gicd", "gicr", "gicc", "counter",
         "frequency", "release")


def run(*words: str | Path) -> None:
    """A tool that must succeed."""
    try:
        subprocess.run(list(map(str, words)), check=True, text=True,
                       capture_output=True, stdin=subprocess.DEVNULL,
                       timeout=60)
    except FileNotFoundError:
        raise LabError(f"{words[0]} is not in PATH: make deps") from None
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", None) or str(error)).strip()
        raise LabError(f"{words[0]}: {said}") from None


def make_tree(machine: list[str], source: Path | None, out: Path) -> None:
    """The machine's own tree, or that of a file: source or compiled."""
    out.parent.mkdir(parents=True, exist_ok=True)
    if source is None:
        words = list(machine)
        words[words.index("-M") + 1] += f",dumpdtb={out}"
        run(*words)
    elif source.suffix == ".dts":
        run("dtc", "-q", "-O", "dtb", "-o", out, source)
    else:
        try:
            out.write_bytes(source.read_bytes())
        except OSError as error:
            raise LabError(f"{paths.shown(source)}: "
                           f"{error.strerror}") from None


def choose(tree: Path, initrd: tuple[int, int] | None,
           append: str | None) -> None:
    """What a boot loader writes into /chosen."""
    for name, at in zip(("start", "end"), initrd or ()):
        run("fdtput", "-t", "x", tree, "/chosen", f"linux,initrd-{name}",
            f"{at >> 32:x}", f"{at & 0xffffffff:x}")
    if append is not None:
        run("fdtput", "-t", "s", tree, "/chosen", "bootargs", append)


def offer_psci(tree: Path) -> None:
    """The shim answers; firmware that is no shim says so itself."""
    run("fdtput", "-c", "-p", tree, "/psci")
    run("fdtput", "-t", "s", tree, "/psci", "compatible", "arm,psci-1.0",
        "arm,psci-0.2")
    run("fdtput", "-t", "s", tree, "/psci", "method", "smc")


def offer_release(tree: Path, word: int) -> None:
    """A spin table in which all CPUs wait for one word, as FVP's have."""
    made = subprocess.run(["fdtget", "-l", tree, "/cpus"], text=True,
                          capture_output=True, check=False).stdout
    for name in made.split():
        if name.startswith("cpu@"):
            run("fdtput", "-t", "s", tree, f"/cpus/{name}", "enable-method",
                "spin-table")
            run("fdtput", "-t", "x", tree, f"/cpus/{name}",
                "cpu-release-addr", f"{word >> 32:x}",
                f"{word & 0xffffffff:x}")


def _load(image: Path, at: int) -> list[str]:
    return ["-device", f"loader,file={image},addr={at:#x},force-raw=on"]


def firmware(qemu: dict[str, Any], folder: Path) -> Path:
    """The firmware's file; the shim is told about the machine."""
    image = FIRMWARE[qemu["firmware"]][0]
    if qemu["firmware"] != "shim":
        return image
    try:
        data = bytearray(image.read_bytes())
        facts = {"kernel": qemu["load"]["kernel"], **qemu["shim"]}
        struct.pack_into(f"<{len(_SHIM)}Q", data, _SHIM_AT,
                         *(facts.get(name, 0) for name in _SHIM))
        out = folder / "shim.bin"
        out.write_bytes(data)
    except OSError as error:
        raise LabError(f"{paths.shown(image)}: {error.strerror}") from None
    return out


def words(machine: list[str], qemu: dict[str, Any], source: Path | None,
          kernel: Path, initrd: Path | None, append: str | None) -> list[str]:
    """The command of a machine with its images. What is made for it stands
    beside the initrd."""
    load = qemu["load"]
    beside = initrd or paths.BUILD / "lab" / "loader" / "none"
    tree = beside.with_name(f"{beside.stem}-machine.dtb")
    make_tree(machine, source, tree)
    out = list(machine)
    if "firmware" in qemu:
        out += ["-bios", str(firmware(qemu, tree.parent))]
        out += _load(kernel, load["kernel"])
        if "release" in qemu.get("shim", {}):
            offer_release(tree, qemu["shim"]["release"])
        elif qemu["firmware"] == "shim":
            offer_psci(tree)
    else:
        out += ["-kernel", str(kernel)]
    where = None
    if initrd is not None:
        out += _load(initrd, load["initrd"])
        where = (load["initrd"], load["initrd"] + initrd.stat().st_size)
    choose(tree, where, append)
    return out + ["-dtb", str(tree)]
