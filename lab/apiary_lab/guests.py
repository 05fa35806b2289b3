"""Runs test guests on the machines of the matrix, once each.

A run is kept under build/runs/<machine>/<guest>/ and each of its cases is
answered from there, however many processes ask: the first one boots, the
others wait for it. Must not know Kyua, nor what the cases test.

SPDX-License-Identifier: BSD-2-Clause
"""
import dataclasses
import fcntl
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import bundle, machine, paths, qemu, store, targets
from .lava import Images
from .status import LabError

MATRIX = paths.LAB / "matrix.yaml"
_LISTING = {".Image": "qemu-virt-gicv3-el1", ".zImage": "qemu-virt-armv7"}


@dataclass
class Point:
    """One guest on one machine."""

    guest: str
    target: targets.Target
    vms: list[bundle.Vm]
    announce: int       # VMs whose guest announces itself and ends

    @property
    def folder(self) -> Path:
        return paths.RUNS / self.machine / self.guest

    @property
    def machine(self) -> str:
        data = self.target.data
        return f"{self.target.name}-{data['cpu']}-smp{data['smp']}"

    def key(self, session: str) -> str:
        """Changes with everything that the outcome depends on. A session
        (one `make test`) never takes the word of an earlier one."""
        digest = hashlib.sha256(session.encode())
        files = [bundle.find_guest(vm.guest) for vm in self.vms]
        if self.target.entry == "el2":
            files.append(paths.HYPERVISOR_IMAGE)
        for path in files:
            try:
                digest.update(path.read_bytes())
            except OSError as error:
                raise LabError(f"{paths.shown(path)}: "
                               f"{error.strerror}") from None
        digest.update(json.dumps(
            [self.target.data, [dataclasses.asdict(vm) for vm in self.vms]],
            sort_keys=True).encode())
        return digest.hexdigest()


def read_matrix(path: Path = MATRIX) -> dict[str, Any]:
    """The matrix file, checked."""
    import yaml

    where = paths.shown(path)
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{where}: {error}") from None
    if not isinstance(data, dict) or set(data) != {"points", "guests"}:
        raise LabError(f"{where}: wanted points and guests")
    for point in data["points"]:
        if not {"target", "cpu", "smp"} <= set(point) <= \
                {"target", "cpu", "smp", "full", "optional"}:
            raise LabError(f"{where}: a point has target, cpu, smp and may "
                           f"have full, optional: {point}")
    for name, guest in data["guests"].items():
        if not set(guest) <= {"vms", "announce", "smp", "gic", "cpu",
                              "targets"}:
            raise LabError(f"{where}: {name}: a guest has vms, announce, "
                           f"smp, gic, cpu or targets")
    return data


def names() -> list[str]:
    """The test guests that have been built, of 64 and of 32 bits."""
    return sorted(path.stem for suffix in (".Image", ".zImage")
                  for path in paths.GUESTS.glob(f"*{suffix}"))


def arrange(guest: str, target: targets.Target,
            matrix: dict[str, Any]) -> Point | None:
    """The guest on this machine; None where the matrix leaves it out."""
    smp = target.data["smp"]
    options = matrix["guests"].get(guest, {})
    if smp not in options.get("smp", [smp]) or \
            target.name not in options.get("targets", [target.name]) or \
            target.data["gic"] != options.get("gic", target.data["gic"]) or \
            target.data["cpu"] not in options.get("cpu", [target.data["cpu"]]):
        return None
    vms = []
    for vm in options.get("vms", [{"vcpus": "all"}]):
        vm = {"guest": guest, **vm}
        if vm.get("vcpus") == "all":
            vm["vcpus"] = smp
        if "guest_args" in target.data:
            vm["append"] = " ".join(filter(None, [
                vm.get("append"), target.data["guest_args"]]))
        vms.append(bundle.vm_from(vm, f"matrix: {guest}"))
    bundle.check(vms)
    return Point(guest, target, vms, options.get("announce", len(vms)))


def points(full: bool = False, guests: list[str] | None = None,
           left_out: list[str] | None = None) -> list[Point]:
    """All of the matrix, or the part that every test run has. left_out gets
    a line for each optional machine that this host cannot run."""
    matrix = read_matrix()
    out = []
    for item in matrix["points"]:
        if item.get("full") and not full:
            continue
        target = targets.load(item["target"], item["cpu"], item["smp"])
        lacks = target.missing() if item.get("optional") else []
        if lacks:
            if left_out is not None:
                left_out.append(f"{target.name}: {'; '.join(lacks)}")
            continue
        for guest in guests or names():
            point = arrange(guest, target, matrix)
            if point is not None:
                out.append(point)
    return out


def boot(point: Point, folder: Path, append: str | None = None,
         on_stage: Callable[[str], None] | None = None) -> qemu.Run:
    """Boots a point now."""
    over_hypervisor = point.target.entry == "el2"
    if over_hypervisor:
        if not paths.HYPERVISOR_IMAGE.is_file():
            raise LabError(f"no {paths.shown(paths.HYPERVISOR_IMAGE)}: "
                           f"make hypervisor")
        images = Images(paths.HYPERVISOR_IMAGE,
                        bundle.build(point.vms, folder / "bundle.dtb"))
    else:
        if len(point.vms) != 1:
            raise LabError(f"{point.guest} wants {len(point.vms)} VMs: "
                           f"{point.target.name} has no hypervisor")
        vm = point.vms[0]
        images = Images(bundle.find_guest(vm.guest),
                        append=append or vm.append or None)
    return machine.boot(point.target, images, folder / "console.log",
                        qemu.Expect(point.announce, over_hypervisor),
                        on_stage=on_stage)


def summary(run: qemu.Run) -> dict[str, Any]:
    """A run as JSON: a case that several VMs print is as bad as its worst."""
    worst = {"pass": 0, "skip": 1, "unknown": 2, "fail": 3}
    cases: dict[str, dict[str, Any]] = {}
    for case in run.console.cases:
        before = cases.get(case.name)
        if before is None or worst[case.result] > worst[before["result"]]:
            cases[case.name] = {"result": case.result, "vm": case.vm,
                                "detail": case.detail, "line": case.line}
    return {"cases": cases, "infrastructure": run.infrastructure,
            "explain": qemu.explain(run) if run.infrastructure else "",
            "retried": run.retried,
            "corrupted": len(run.console.problems),
            "log": paths.shown(run.log), "seconds": round(run.seconds, 2)}


def outcome(point: Point, session: str,
            on_stage: Callable[[str], None] | None = None) -> dict[str, Any]:
    """What the point gave, booting it if no one in this session has."""
    folder = point.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "lock", "w")
    except OSError as error:
        raise LabError(f"{paths.shown(folder)}: {error.strerror}") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        key = point.key(session)
        try:
            kept = json.loads((folder / "outcome.json").read_text())
            if kept["key"] == key:
                return kept
        except (OSError, ValueError, KeyError, TypeError):
            pass        # none yet, or cut short: boot
        try:
            found = summary(boot(point, folder, on_stage=on_stage))
        except LabError as error:
            found = {"cases": {}, "infrastructure": [str(error)],
                     "explain": f"  {error}", "log": "", "seconds": 0.0}
        _keep(point, found, key, session)
        return found


def _keep(point: Point, found: dict[str, Any], key: str,
          session: str) -> None:
    found |= {"key": key, "session": session}
    store.write_text(point.folder / "outcome.json", json.dumps(found) + "\n")


def give_up(point: Point, session: str, why: str) -> None:
    """Every case of the point is an infrastructure failure: `why`."""
    _keep(point, {"cases": {}, "infrastructure": [why],
                  "explain": f"  {why}", "log": "", "seconds": 0.0},
          point.key(session), session)


def cases_of(guest: str) -> list[str]:
    """The cases a guest has, by asking the image: booted with `list` on a
    machine without hypervisor. Kept by the image's hash."""
    image = bundle.find_guest(guest)
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    kept = paths.BUILD / "lab" / "cases" / f"{image.stem}-{digest[:16]}.json"
    try:
        return json.loads(kept.read_text())
    except (OSError, ValueError):
        pass
    target = targets.load(_LISTING[image.suffix])
    point = Point(guest, target, [bundle.Vm(guest=str(image))], 1)
    run = boot(point, paths.BUILD / "lab" / "cases" / image.stem, "list")
    if run.infrastructure or not run.console.cases:
        raise LabError(f"{guest} does not list its cases:\n"
                       f"{qemu.explain(run)}")
    cases = list(dict.fromkeys(case.name for case in run.console.cases))
    store.write_text(kept, json.dumps(cases) + "\n")
    return cases
