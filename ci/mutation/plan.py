"""ci/mutants.yaml: which guests a file concerns, on which machines; breaks
made by hand; cases that nothing here can break, and why.

Must not know how a mutant is made or tried.

SPDX-License-Identifier: BSD-2-Clause
"""
import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apiary_lab import guests, paths, targets
from apiary_lab.status import LabError, no_such

from .operators import Mutant, by_hand, mutants

HYPERVISOR = "hypervisor/"
_BREAK = {"name", "file", "match", "with", "guests"}
_KEYS = {"machines", "guests", "files", "breaks", "excused", "wanted"}


@dataclass
class Plan:
    """The file, checked."""

    machines: dict[str, targets.Target]
    guests: dict[str, list[str]]        # guest: its machines, where special
    files: list[dict[str, Any]]
    breaks: list[dict[str, Any]]
    excused: dict[str, str]             # case: why
    wanted: list[str]                   # cases that nothing broke yet
    matrix: dict[str, Any]

    def rule(self, path: str) -> dict[str, Any]:
        name = path.removeprefix(HYPERVISOR)
        for rule in self.files:
            if any(fnmatch.fnmatchcase(name, pattern)
                   for pattern in rule["files"]):
                return rule
        return {"guests": []}

    def points(self, rule: dict[str, Any]) -> list[str]:
        """GUEST@MACHINE of a rule, those first that tell most."""
        out = []
        for pattern in rule["guests"]:
            for guest in fnmatch.filter(guests.names(), pattern):
                for machine in self.guests.get(guest) or \
                        rule.get("machines") or list(self.machines)[:1]:
                    name = f"{guest}@{machine}"
                    if name not in out and self.point(name) is not None:
                        out.append(name)
        return out

    def point(self, name: str) -> guests.Point | None:
        guest, _, machine = name.partition("@")
        return guests.arrange(guest, self.machines[machine], self.matrix)

    def every_point(self) -> list[str]:
        """All that any rule or break names."""
        return list(dict.fromkeys(
            point for rule in [*self.files, *self.breaks]
            for point in self.points(rule)))


def read(path: Path) -> Plan:
    """The plan in this file; what is wrong with it is named."""
    import yaml

    where = paths.shown(path)
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{where}: {error}") from None
    if not isinstance(data, dict) or set(data) != _KEYS:
        raise LabError(f"{where}: wanted {', '.join(sorted(_KEYS))}")
    machines = {name: targets.load(item["target"], item["cpu"], item["smp"])
                for name, item in data["machines"].items()}
    names = []
    for rule in data["breaks"]:
        if not _BREAK <= set(rule) <= _BREAK | {"machines", "patience"}:
            raise LabError(f"{where}: a break has name, file, match, with, "
                           f"guests and may have machines and patience: "
                           f"{rule}")
        names.append(rule["name"])
    for name in names:
        if names.count(name) > 1:
            raise LabError(f"{where}: two breaks are named {name}")
    for rule in [*data["files"], *data["breaks"]]:
        for machine in rule.get("machines", []):
            if machine not in machines:
                raise LabError(f"{where}: " + no_such("machine", machine,
                                                      list(machines)))
    return Plan(machines, data["guests"] or {}, data["files"],
                data["breaks"], data["excused"] or {}, data["wanted"] or [],
                guests.read_matrix())


def sources(top: Path) -> dict[str, str]:
    """What mutants are made of: path in the tree, and text."""
    out = {}
    for path in sorted((top / HYPERVISOR).rglob("*.[chS]")):
        name = str(path.relative_to(top))
        if not name.startswith((f"{HYPERVISOR}tests/",
                                f"{HYPERVISOR}arch/fake/")):
            out[name] = path.read_text()
    return out


def generic(plan: Plan, texts: dict[str, str], patterns: list[str]) \
        -> dict[str, list[Mutant]]:
    """The mutants of the files that a rule covers, and that are asked for."""
    out = {}
    for path, text in texts.items():
        name = path.removeprefix(HYPERVISOR)
        if patterns and not any(fnmatch.fnmatchcase(name, pattern)
                                for pattern in patterns):
            continue
        if plan.rule(path)["guests"]:
            found = mutants(path, text)
            if found:
                out[path] = found
    return out


def hand_made(plan: Plan, texts: dict[str, str]) \
        -> tuple[list[tuple[Mutant, dict[str, Any]]], list[str]]:
    """The breaks with their rules; and those that no longer apply."""
    made, lost = [], []
    for rule in plan.breaks:
        path = HYPERVISOR + rule["file"]
        mutant = by_hand(rule["name"], path, texts.get(path, ""),
                         rule["match"], rule["with"])
        if mutant is None:
            lost.append(f"break {rule['name']} no longer applies: "
                        f"{rule['match']!r} is not at one place of {path}")
        else:
            made.append((mutant, rule))
    return made, lost
