"""One mutant: built in a private copy of the tree, booted, judged.

Must not know how mutants are made, nor what becomes of the findings.

SPDX-License-Identifier: BSD-2-Clause
"""
import dataclasses
import hashlib
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from apiary_lab import bundle, guests, paths, qemu
from apiary_lab.status import LabError

# A boot may use this much of the CPU's time, of what the healthy one took, and
# some seconds more. By the clock it may be long: the machine has other work.
CPU_FACTOR, WALL_FACTOR, WALL_SECONDS, HEALTHY_SECONDS = 2, 20, 60, 100
_LIMIT = Path(__file__).resolve().parent / "limit.py"


@dataclass
class Boot:
    """What one boot showed."""

    cases: dict[str, str] = field(default_factory=dict)     # case: result
    stuck: str = ""         # the case it did not get through
    announced: bool = False
    seconds: float = 0.0
    why: str = ""           # of `stuck`
    all_failed: dict[str, str] = field(default_factory=dict)    # boot_on()

    def failed(self) -> dict[str, str]:
        """case: fail, or how it ended the guest."""
        if self.all_failed:
            return self.all_failed
        out = {case: "fail" for case, result in self.cases.items()
               if result == "fail"}
        if self.stuck:
            out.setdefault(self.stuck, self.why)
        return out


def sync(tree: Path, top: Path) -> None:
    """Makes the copy what the tree is: the hypervisor's source and what
    builds it. What is the same is not touched, for make looks at times."""
    wanted = {Path("Makefile")}
    wanted |= {path.relative_to(top)
               for path in (top / "hypervisor").rglob("*")
               if path.is_file() and "tests" not in path.parts[-3:]}
    for path in wanted:
        data = (top / path).read_bytes()
        if path.name == "build.mk":
            # A mutant may leave something unused: it is to be seen by tests.
            # Optimised as one it would take thrice as long.
            for flag in (b" -Werror", b" -flto-partition=none", b" -flto"):
                data = data.replace(flag, b"")
        there = tree / path
        if not there.is_file() or there.read_bytes() != data:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(data)
    for path in (tree / "hypervisor").rglob("*"):
        if path.is_file() and path.relative_to(tree) not in wanted:
            path.unlink()
    (tree / "build").mkdir(exist_ok=True)
    deps = tree / "build" / "deps"
    if not deps.is_symlink() and (paths.BUILD / "deps").exists():
        deps.symlink_to((paths.BUILD / "deps").resolve())


def build(tree: Path) -> bytes | None:
    """The copy's image; None if it does not compile."""
    environment = {**os.environ, "BUILD": "build"}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        environment.pop(name, None)
    made = subprocess.run(["make", "-s", "-C", str(tree), "hypervisor"],
                          env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True,
                          preexec_fn=qemu.die_with_parent)
    if made.returncode:
        (tree / "build" / "errors").write_text(made.stderr)
        return None
    return (tree / "build/hypervisor/apiary.Image").read_bytes()


def name_of(point: guests.Point) -> str:
    """Changes with the guest's image and how it is arranged."""
    digest = hashlib.sha256(bundle.find_guest(point.guest).read_bytes())
    digest.update(repr((point.target.data, point.vms)).encode())
    return digest.hexdigest()[:12]


def boot(point: guests.Point, image: Path, folder: Path,
         healthy: float = 0.0, patience: float = 0.0,
         only: list[str] | None = None) -> Boot:
    """Boots a point; `healthy` is how long it takes if nothing is wrong,
    `patience` how many seconds of the CPU it may take beyond that."""
    folder.mkdir(parents=True, exist_ok=True)
    vms = point.vms
    if only is not None:
        short = ",".join(case.partition(".")[2] for case in only)
        vms = [dataclasses.replace(vm, append=f"{vm.append} only={short}")
               for vm in vms]
    made = bundle.build(vms, folder / "bundle.dtb")
    command = point.target.command(image, made)
    cpu = patience + CPU_FACTOR * healthy if healthy else HEALTHY_SECONDS
    used = folder / "used"
    run = qemu.boot(point.target, [str(_LIMIT), f"{cpu:.1f}", str(used),
                                   *command],
                    folder / "console.log", qemu.Expect(point.announce, True),
                    timeout=WALL_SECONDS + WALL_FACTOR * cpu)
    out = judge(run, only or guests.cases_of(point.guest))
    try:
        out.seconds = float(used.read_text())
    except (OSError, ValueError):
        pass
    return out


def boot_on(point: guests.Point, image: Path, folder: Path, healthy: float,
            patience: float) -> Boot:
    """The same, and where it gets stuck once more with the cases behind."""
    order = guests.cases_of(point.guest)
    out = boot(point, image, folder, healthy, patience)
    last, failed = out, out.failed()
    while last.stuck and last.stuck != order[-1]:
        order = order[order.index(last.stuck) + 1:]
        last = boot(point, image, folder, healthy, patience, order)
        failed |= last.failed()
        if not last.announced:
            break
    out.all_failed = failed
    return out


def judge(run: qemu.Run, order: list[str]) -> Boot:
    """The first case in order that a guest began and did not end is where it
    hung, or was stopped, or the hypervisor panicked."""
    console = run.console
    out = Boot(announced=bool(console.guests), seconds=run.seconds)
    for case in console.cases:
        if out.cases.get(case.name) != "fail":
            out.cases[case.name] = case.result
    last = {guest.vm: guest for guest in console.guests}
    for guest in last.values():
        left = [case for case in order if case not in guest.finished]
        if not guest.done and left:
            out.stuck = left[0]
            out.why = "panic" if console.panic else \
                "stopped" if console.vm_stopped else "hang"
            break
    return out


class Trees:
    """A copy of the tree for each worker, all with the same healthy image."""

    def __init__(self, folder: Path, count: int) -> None:
        self.trees = [folder / f"tree{index}" for index in range(count)]
        self.healthy: list[bytes] = []

    def prepare(self) -> None:
        for tree in self.trees:
            sync(tree, paths.TOP)
            image = build(tree)
            if image is None:
                raise LabError(f"the tree does not build: see "
                               f"{paths.shown(tree)}/build/errors")
            self.healthy.append(image)
            (tree / "build/healthy.Image").write_bytes(image)


def image_path(tree: Path) -> Path:
    return tree / "build/hypervisor/apiary.Image"
