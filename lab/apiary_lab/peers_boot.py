"""How the benchmark guest is booted by each hypervisor: one command a boot.

All in the machine of one target, but for what is said at each kind. Must not
know what is measured, nor what becomes of it.

SPDX-License-Identifier: BSD-2-Clause
"""
import gzip
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import bundle, loader, paths, qemu, store, targets
from .status import LabError

MACHINE = "qemu-virt-gicv3"
_EL1 = "qemu-virt-gicv3-el1"
_RUNNER = paths.BUILD / "peers" / "kvm-runner"
_LINUX = paths.BUILD / "deps" / "linux" / "Image"
_XEN = paths.BUILD / "deps" / "xen" / "xen"
_GUEST_AT = 0x50000000      # where QEMU puts a guest's image for Xen
_MEMORY = "64M"             # of the VM
_RAM = "1G"                 # of the machine: Linux wants that for huge pages
# Linux comes first, and a counter of 16 instructions wants many turns.
_TIMEOUTS = {"banner": 30, "vm": 30, "guest": 90, "done": 600,
             "power-off": 30}
KINDS = ("apiary", "kvm", "xen", "none", "floor", "host")


@dataclass
class Boot:
    """One machine that runs the guest once (lab/peers/columns.yaml)."""

    name: str
    smp: int
    ops: list[str]
    suffix: str = ""
    host: str = ""
    runner: str = ""
    guest: str = ""
    vm: dict[str, Any] = field(default_factory=dict)

    def figures(self) -> list[str]:
        return [name + self.suffix for name in self.ops]


@dataclass
class Plan:
    """What is needed to boot it, and what that depends on."""

    target: targets.Target
    command: list[str]
    expect: qemu.Expect
    images: list[Path]
    bundle: Path | None = None

    def shown(self) -> str:
        return shlex.join(self.command).replace(f"{paths.TOP}/", "")


def _image(path: Path, how: str) -> Path:
    if not path.is_file():
        raise LabError(f"no {paths.shown(path)}: {how}")
    return path


def guest_image() -> Path:
    return _image(paths.BENCH / "bench.Image", "make bench-guests")


def _fetched(path: Path, script: str) -> Path:
    """A file that a script brings, once."""
    if not path.is_file():
        try:
            subprocess.run([paths.TOP / "fixtures" / script], check=True,
                           stdout=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            raise LabError(f"fixtures/{script} failed: {error}") from None
    return _image(path, f"fixtures/{script}")


def version(kind: str) -> str:
    """Package and version of what was fetched."""
    folder = {"kvm": _LINUX, "xen": _XEN}[kind].parent
    return (folder / ".complete").read_text().strip()


def _target(name: str, cpu: str, smp: int, emulated: bool = True) \
        -> targets.Target:
    target = targets.load(name, cpu, smp, _RAM)
    target.data["timeouts"] = dict(_TIMEOUTS)
    lacks = target.missing() if emulated else []
    if lacks:
        raise LabError(f"{target.name}: {'; '.join(lacks)}")
    return target


def plan(kind: str, cpu: str, boot: Boot, folder: Path) -> Plan:
    """What boots it; files that are made for it go into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["ops=" + ",".join(boot.ops), boot.guest]
    if kind != "host":
        words.append("unit=insn")
    return {"apiary": _apiary, "kvm": _kvm, "xen": _xen, "none": _none,
            "floor": _floor, "host": _host}[kind](
                cpu, boot, " ".join(filter(None, words)), folder)


def _apiary(cpu: str, boot: Boot, append: str, folder: Path) -> Plan:
    target = _target(MACHINE, cpu, boot.smp)
    hypervisor = _image(paths.HYPERVISOR_IMAGE, "make hypervisor")
    vm = bundle.vm_from({"guest": str(guest_image()), "memory": _MEMORY,
                         **boot.vm, "append": append}, "columns.yaml")
    made = bundle.build([vm], folder / "bundle.dtb")
    return Plan(target, target.command(hypervisor, made),
                qemu.Expect(1, True), [hypervisor, guest_image()], made)


def _none(cpu: str, boot: Boot, append: str, folder: Path) -> Plan:
    target = _target(_EL1, cpu, boot.smp)
    return Plan(target, target.command(guest_image(), append=append),
                qemu.Expect(1, False), [guest_image()])


def _floor(cpu: str, boot: Boot, append: str, folder: Path) -> Plan:
    target = _target(MACHINE, cpu, boot.smp)
    image = _image(paths.BENCH / "floor.Image", "make bench-guests")
    return Plan(target, target.command(image, append=append),
                qemu.Expect(1, False), [image])


# -- KVM ------------------------------------------------------------------

def runner() -> Path:
    return _image(_RUNNER, "make peers")


def _runner_words(boot: Boot, guest: str, append: str) -> list[str]:
    return ["--guest", guest, "--memory", _MEMORY.removesuffix("M"),
            "--cpus", ",".join(str(n) for n in range(boot.smp)),
            *boot.runner.split(), *(["--append", append] if append else [])]


def initramfs(folder: Path, guest: Path) -> Path:
    """The runner as the first process, and the guest. Of the same files
    always the same archive."""
    out = folder / "initramfs.gz"
    with tempfile.TemporaryDirectory(dir=folder) as name:
        root = Path(name)
        for source, target in ((runner(), "init"), (guest, "guest")):
            shutil.copyfile(source, root / target)
            (root / target).chmod(0o755)
            os.utime(root / target, (0, 0))
        try:
            packed = subprocess.run(
                ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0",
                 "--reproducible"], cwd=root, input=b"guest\ninit\n",
                stdout=subprocess.PIPE, check=True).stdout
        except FileNotFoundError:
            raise LabError("cpio is not in PATH: make deps") from None
        except subprocess.CalledProcessError as error:
            raise LabError(f"initramfs: {error}") from None
    store.write_bytes(out, gzip.compress(packed, mtime=0))
    return out


def _kvm(cpu: str, boot: Boot, append: str, folder: Path) -> Plan:
    return kvm(cpu, boot, append, folder, guest_image())


def kvm(cpu: str, boot: Boot, append: str, folder: Path, guest: Path,
        ours: bool = True) -> Plan:
    """Any guest under KVM; not ours: it ends when it ends."""
    target = _target(MACHINE, cpu, boot.smp)
    # With no seed of QEMU's, Linux makes random numbers in exits for long.
    machine = target.data["qemu"]["machine"].replace(
        ",dtb-randomness=off", "")
    target.data["qemu"] = {**target.data["qemu"], "machine": machine}
    linux = _fetched(_LINUX, "fetch-linux")
    archive = initramfs(folder, guest)
    words = " ".join(f'"{word}"' if " " in word else word
                     for word in _runner_words(boot, "/guest", append))
    line = " ".join(filter(None, ("console=ttyAMA0 quiet", boot.host, "--",
                                  words)))
    return Plan(target, target.command(linux, archive, line),
                qemu.Expect(int(ours), False), [linux, runner(), guest],
                archive)


def _host(cpu: str, boot: Boot, append: str, folder: Path) -> Plan:
    """This machine's own KVM, no emulator. (Unverified: no such machine has
    been seen by this code.)"""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise LabError("--host wants an arm64 machine whose /dev/kvm can be "
                       "used: there is none here")
    target = _target(MACHINE, cpu, boot.smp, emulated=False)
    target.data["deterministic"] = False
    return Plan(target, [str(runner()), *_runner_words(
        boot, str(guest_image()), append)], qemu.Expect(1, False),
        [runner(), guest_image()])


# -- Xen ------------------------------------------------------------------

def _machine_tree(target: targets.Target, folder: Path) -> str:
    """The source of the tree that QEMU makes for the machine."""
    made = folder / "machine.dtb"
    loader.make_tree(target.machine(), None, made)
    try:
        return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts",
                               str(made)], capture_output=True, check=True,
                              text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"dtc: {error}") from None


def xen_tree(machine: str, size: int, append: str, host: str,
             vcpus: int) -> str:
    """The machine's tree, and in it what Xen is to start: one domain, and
    no dom0 (Xen: docs/misc/arm/device-tree/booting.txt)."""
    uart = re.search(r'stdout-path = "([^"]*)"', machine)
    if uart is None:
        raise LabError("the machine's tree names no console")
    kib = bundle.parse_size(_MEMORY) >> 10
    return machine + f"""
/ {{
    chosen {{
        #address-cells = <2>;
        #size-cells = <2>;
        xen,xen-bootargs = "console=dtuart dtuart={uart[1]} {host}";
        guest {{
            compatible = "xen,domain";
            #address-cells = <2>;
            #size-cells = <2>;
            memory = <0 {kib:#x}>;
            cpus = <{vcpus}>;
            vpl011;
            module@{_GUEST_AT:x} {{
                compatible = "multiboot,kernel",
                    "multiboot,module";
                reg = <0 {_GUEST_AT:#x} 0 {size:#x}>;
                bootargs = "{append}";
            }};
        }};
    }};
}};
"""


def _xen(cpu: str, boot: Boot, append: str, folder: Path) -> Plan:
    target = _target(MACHINE, cpu, boot.smp)
    xen = _fetched(_XEN, "fetch-xen")
    source = folder / "xen.dts"
    source.write_text(xen_tree(
        _machine_tree(target, folder), guest_image().stat().st_size, append,
        boot.host, boot.smp))
    made = folder / "xen.dtb"
    done = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o",
                           str(made), str(source)], capture_output=True,
                          text=True)
    if done.returncode:
        raise LabError(f"dtc refuses {paths.shown(source)}: "
                       f"{done.stderr.strip()}")
    command = target.command(xen) + [
        "-dtb", str(made), "-device", f"loader,file={guest_image()},"
        f"addr={_GUEST_AT:#x},force-raw=on"]
    # A domain's end is not that of the machine.
    return Plan(target, command, qemu.Expect(1, False, power_off=False),
                [xen, guest_image()], made)
