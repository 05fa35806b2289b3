"""What an operating system costs more as a guest than on the bare machine.

The same kernel, initramfs and boot arguments are booted on an emulator with
and without the hypervisor, and its executed instructions are asked for by
QMP when the machine powers off: idle time is not in them, the hypervisor's
own start is. A load's cost is what is executed above a boot that only powers
off. Must not know how figures are shown.

SPDX-License-Identifier: BSD-2-Clause
"""
import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import bundle, paths, qemu
from .qmp import Qmp
from .status import LabError, no_such
from .targets import Target

BOOT = "boot"
# Scripts of busybox's shell, in double quotes on the kernel's command line.
LOADS = {
    # Senders and receivers on pipes, that wake each other.
    "pipes": "for i in 1 2 3 4 5 6 7 8; do "
             "(for j in $(seq 300); do echo $j; usleep 0; done | "
             "while read x; do echo $x; done | wc -l) & done; wait",
    # Little else than timer interrupts.
    "timer": "for i in $(seq 1000); do usleep 200; done",
    # What runs gets ticks, and what ticks cost.
    "ticks": "i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done",
}
SETUP = "/bin/busybox --install -s /bin; mount -t devtmpfs dev /dev; "
_EXITS = re.compile(r"stats: vcpu \d+ (\S+) exits (\d+) ticks (\d+)")
MEMORY = "256M"


@dataclass
class Cost:
    """Of one load, in instructions; exits by class as [count, ticks]."""

    name: str
    bare: int
    guest: int
    exits: dict[str, list[int]] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.guest / self.bare


def _run(command: list[str], timeout: float) -> tuple[int, str]:
    """Instructions until the machine powers off, and its console."""
    with tempfile.TemporaryDirectory() as folder:
        path, log = Path(folder) / "qmp", Path(folder) / "console"
        words = [*command, "-no-shutdown", "-no-reboot",
                 "-qmp", f"unix:{path},server=on,wait=off"]
        with open(log, "wb") as out:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, preexec_fn=qemu.die_with_parent)
        try:
            with contextlib.closing(Qmp(
                    path, process, time.monotonic() + timeout)) as qmp:
                qmp.read("event", "SHUTDOWN")
                count = qmp.ask("query-replay")["icount"]
        except LabError as error:
            tail = log.read_text(errors="replace").strip().splitlines()[-5:]
            raise LabError("\n  ".join([str(error), *tail])) from None
        finally:
            process.kill()
            process.wait()
        return count, log.read_text(errors="replace")


def _exits(console: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, count, ticks in _EXITS.findall(console):
        row = found.setdefault(name, [0, 0])
        row[0] += int(count)
        row[1] += int(ticks)
    return found


def measure(bare: Target, target: Target, vm: dict[str, Any],
            loads: list[str], folder: Path, timeout: float,
            progress: Callable[[str], None]) -> list[Cost]:
    """Each load's cost. Both targets count instructions; bare has as many
    CPUs as the VM vCPUs."""
    for machine in (bare, target):
        if not machine.data["deterministic"]:
            raise LabError(f"{machine.name} does not count instructions")
    for name in loads:
        if name not in LOADS:
            raise LabError(no_such("load", name, list(LOADS)))
    out: list[Cost] = []
    boot = Cost(BOOT, 0, 0)
    for name in [BOOT, *loads]:
        script = LOADS.get(name, "")
        progress(f"{name} on the bare machine")
        one = bundle.vm_from({**vm, "append": f'rdinit=/bin/sh -- -c "{SETUP}'
                              f'{script + "; " if script else ""}'
                              f'poweroff -f"'}, "overhead")
        bare_count, console = _run(bare.command(
            Path(one.guest), Path(one.initrd), one.append), timeout)
        _powered_off(name, console)
        progress(f"{name} as a guest")
        made = bundle.build([one], folder / f"{name}.dtb")
        count, console = _run(target.command(paths.HYPERVISOR_IMAGE, made),
                              timeout)
        _powered_off(name, console)
        out.append(Cost(name, bare_count - boot.bare, count - boot.guest,
                        _exits(console)))
        if name == BOOT:
            boot = out[0]
    progress("")
    return out


def _powered_off(name: str, console: str) -> None:
    if "reboot: Power down" not in console:
        raise LabError("\n  ".join([
            f"{name}: Linux did not power off:",
            *console.strip().splitlines()[-5:]]))
