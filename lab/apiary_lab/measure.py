"""The two sides of a comparison: what is recorded of them, what is not yet.

A run counts for a commit if its images are those that the commit is built
to, and it was made on this machine and emulator. What is missing is measured
by `apiary bench` on these images; it stores each run under results/runs/.
Must not know how runs become verdicts.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import commits, paths, provenance, store, targets
from .status import GOOD, INFRASTRUCTURE, INTERRUPTED, TEST_FAILED, LabError

# What must be the same on both sides, as a person would call it.
FINGERPRINTS = ("target", "device tree", "compiler", "emulator", "command")


class RunFailed(LabError):
    """A side's images cannot be measured."""


@dataclass(eq=False)
class Side:
    """A revision or a stored result, and its runs in order of time."""

    name: str
    label: str
    revision: commits.Revision | None = None
    folder: Path | None = None          # of the images
    runs: list[dict[str, Any]] = field(default_factory=list)
    failed: bool = False                # some benchmark did

    @property
    def kept(self) -> bool:
        """Whether runs of it may be found again."""
        return self.revision is not None and not self.revision.dirty


def side(name: str | None, progress: Callable[[str], None]) -> Side:
    """A side by what the user calls it: a revision, the file of a result,
    or (None) what stands in the working tree."""
    if name is not None and name.endswith(".json"):
        result = store.read(Path(name))
        return Side(name, result["commit"][:12]
                    + (" dirty" if result["dirty"] else ""), runs=[result])
    revision = commits.working_tree() if name is None else \
        commits.resolve(name)
    return Side(revision.name, revision.label, revision,
                commits.images(revision, progress))


def _machine(command: str) -> str:
    """A command without the images it boots."""
    return re.sub(r"(-kernel|-initrd) \S+", r"\1", command)


def fingerprint(result: dict[str, Any]) -> dict[str, Any]:
    """What besides the sources decides about the figures."""
    return dict(zip(FINGERPRINTS, (
        result["target"], result["device_tree"],
        result["toolchain"]["compiler"], result["emulator"],
        {name: _machine(text) for name, text
         in result["commands"].items()})))


def differences(base: dict[str, Any], head: dict[str, Any]) -> list[str]:
    """Which fingerprints of two results differ, and how."""
    one, two = fingerprint(base), fingerprint(head)
    # A bundle that one side has not is no other machine.
    both = one["command"].keys() & two["command"].keys()
    for prints in (one, two):
        prints["command"] = {name: prints["command"][name] for name in both}
    out = []
    for what in FINGERPRINTS:
        if one[what] == two[what]:
            continue
        if what == "device tree":
            out.append("device tree: another one")
        elif isinstance(one[what], dict):
            out += [f"{what}: {key}: {one[what].get(key)} | "
                    f"{two[what].get(key)}"
                    for key in sorted(one[what].keys() | two[what].keys())
                    if one[what].get(key) != two[what].get(key)]
        else:
            out.append(f"{what}: {one[what]} | {two[what]}")
    return out


def _image_hashes(folder: Path) -> set[str]:
    return {provenance.sha256(path)
            for path in (*folder.glob("hypervisor/*.Image"),
                         *folder.glob("bench/*.Image"))}


def recorded(this: Side, target: targets.Target,
             warn: Callable[[str], None]) -> list[dict[str, Any]]:
    """The stored runs of this side on this machine, oldest first."""
    if not this.kept:
        return []
    wanted = {"device_tree": provenance.device_tree(target),
              "emulator": provenance.emulator(target)}
    images = _image_hashes(this.folder)
    found = []
    folder = paths.RESULTS / "runs" / target.config()
    for path in sorted(folder.glob(f"*-{this.revision.commit[:12]}*.json")):
        try:
            result = store.read(path)
        except LabError as error:
            warn(f"{error}; skipped")
            continue
        if result["commit"] == this.revision.commit and \
                not result["dirty"] and result["runs"] == 1 and \
                all(result[key] == value for key, value in wanted.items()) \
                and set(result["images"].values()) <= images and \
                set(result["bundles"]) == _bundles(this.folder):
            found.append(result)
    return sorted(found, key=lambda result: result["time"])


def _bundles(folder: Path) -> set[str]:
    from . import bench

    return {entry.name for entry in
            bench.read_entries(folder / "bench" / "bundles.yaml")}


def with_images(folder: Path, target: targets.Target,
                *words: str) -> tuple[int, Any]:
    """Status and what --json printed (None: nothing that can be read) of an
    apiary of its own, whose build/ is the folder of these images."""
    data = target.data
    done = subprocess.run(
        [str(paths.LAB / "apiary"), *words, "--json",
         "--target", target.source, "--cpu", data["cpu"],
         "--smp", str(data["smp"]), "--ram", data["memory"],
         "--bundles", str(folder / "bench" / "bundles.yaml")],
        env=os.environ | {"BUILD": str(folder)}, text=True,
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if done.returncode in (INTERRUPTED, -2):
        raise KeyboardInterrupt
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, None


def measure(this: Side, target: targets.Target,
            progress: Callable[[str], None]) -> dict[str, Any]:
    """One boot of everything, by a process of its own whose build/ is the
    folder of the images."""
    progress(f"measuring {this.name} ({this.label})")
    status, result = with_images(
        this.folder, target, "bench", "--measured-as",
        this.revision.commit + ("+dirty" if this.revision.dirty else ""))
    progress("")
    if status not in (GOOD, TEST_FAILED) or result is None:
        failure = RunFailed(f"{this.name} ({this.label}) could not be "
                            f"measured; why is said above")
        failure.status = INFRASTRUCTURE
        raise failure
    this.failed |= status == TEST_FAILED
    return result


def pairs(base: list[dict[str, Any]], head: list[dict[str, Any]]) \
        -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Runs of one side that stand beside one of the other in time: what
    slowly drifts is then the same for both."""
    out, i, j = [], 0, 0
    while i < len(base) and j < len(head):
        if any(run["time"] < head[j]["time"] for run in base[i + 1:i + 2]):
            i += 1
        elif any(run["time"] < base[i]["time"] for run in head[j + 1:j + 2]):
            j += 1
        else:
            out.append((base[i], head[j]))
            i, j = i + 1, j + 1
    return out


def gather(base: Side, head: Side, target: targets.Target, boots: int,
           progress: Callable[[str], None],
           warn: Callable[[str], None]) -> None:
    """Sees to it that both sides have their runs: one each where the target
    is deterministic, else `boots` pairs, measured A B A B."""
    sides = [this for this in (base, head) if this.revision is not None]
    said: set[str] = set()

    def once(text: str) -> None:
        if text not in said:
            said.add(text)
            warn(text)

    if target.data["deterministic"]:
        fresh = []
        for this in sides:
            this.runs = recorded(this, target, once)[-1:]
            if not this.runs:
                this.runs = [measure(this, target, progress)]
                fresh.append(this)
        # What is recorded was made on a machine set up otherwise: anew.
        if len(sides) == 2 and differences(base.runs[0], head.runs[0]):
            for this in sides:
                if this not in fresh:
                    this.runs = [measure(this, target, progress)]
        return
    for this in sides:
        this.runs = recorded(this, target, once)
    if len(sides) < 2:
        for this in sides:
            while len(this.runs) < boots:
                this.runs.append(measure(this, target, progress))
        return
    good = [pair for pair in pairs(base.runs, head.runs)
            if not differences(*pair)]
    while len(good) < boots:
        progress(f"[{len(good) + 1}/{boots}]")
        good.append((measure(base, target, progress),
                     measure(head, target, progress)))
    base.runs = [one for one, _ in good]
    head.runs = [two for _, two in good]
