"""Targets: the machines that images can be booted on.

Reads and checks lab/targets/*.yaml and turns one into a command line. Must
not know what is booted, nor how a run is watched.

SPDX-License-Identifier: BSD-2-Clause
"""
import copy
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import paths
from .status import LabError, no_such

DEFAULT = "qemu-virt-gicv3"


@dataclass
class Target:
    """A target as its file says, with what the caller has overridden."""

    name: str
    data: dict[str, Any]
    source: str             # what load() found it by

    @property
    def entry(self) -> str:
        return self.data["entry"]

    @property
    def timeouts(self) -> dict[str, float]:
        return self.data["timeouts"]

    @property
    def program(self) -> str:
        return self.data["qemu"]["program"]

    @property
    def dtb(self) -> Path | None:
        """The board's device tree; None: the machine makes one."""
        name = self.data["qemu"].get("dtb")
        return None if name is None else paths.BUILD / "deps" / "dtb" / name

    def config(self) -> str:
        """A name for the target with these overrides, for file names."""
        base = load(self.source).data
        words = [self.name]
        if self.data["cpu"] != base["cpu"]:
            words.append(self.data["cpu"])
        if self.data["smp"] != base["smp"]:
            words.append(f"smp{self.data['smp']}")
        if self.data["memory"] != base["memory"]:
            words.append(self.data["memory"])
        return "+".join(words)

    def command(self, kernel: Path, initrd: Path | None = None,
                append: str | None = None) -> list[str]:
        """The whole command that boots these images."""
        qemu = self.data["qemu"]
        cpu = self.data["cpu"]
        if cpu in qemu.get("cpu_options", {}):
            cpu += "," + qemu["cpu_options"][cpu]
        words = [qemu["program"], "-M", qemu["machine"], "-cpu", cpu,
                 "-smp", str(qemu.get("smp", self.data["smp"])),
                 "-m", self.data["memory"],
                 *qemu["args"], "-kernel", str(kernel)]
        if self.dtb is not None:
            words += ["-dtb", str(self.dtb)]
        if initrd is not None:
            words += ["-initrd", str(initrd)]
        if append is not None:
            words += ["-append", append]
        return words

    def by_host_clock(self) -> "Target":
        """The same machine, its time the host's: for people who type, and
        for long runs. Not deterministic, and on all of the host's CPUs."""
        data = copy.deepcopy(self.data)
        args = data["qemu"]["args"]
        if "-icount" in args:
            at = args.index("-icount")
            del args[at:at + 2]
        data["deterministic"] = False
        return replace(self, data=data)

    def missing(self) -> list[str]:
        """What this host lacks to run the target, and how to get it."""
        lacks = []
        if shutil.which(self.program) is None:
            lacks.append(f"{self.program} is not in PATH: make deps")
        if self.dtb is not None and not self.dtb.is_file():
            lacks.append(f"no {paths.shown(self.dtb)}: fixtures/fetch-dtbs")
        return lacks


def names() -> list[str]:
    return sorted(path.stem for path in paths.TARGETS.glob("*.yaml"))


def read(path: Path) -> dict[str, Any]:
    """One target file, checked."""
    import jsonschema
    import yaml

    schema = json.loads((paths.TARGETS / "schema.json").read_text())
    try:
        data = yaml.safe_load(path.read_text())
        jsonschema.validate(data, schema)
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{paths.shown(path)}: {error}") from None
    except yaml.YAMLError as error:
        raise LabError(f"{paths.shown(path)}: not YAML: {error}") from None
    except jsonschema.ValidationError as error:
        where = ".".join(str(step) for step in error.absolute_path) or "file"
        raise LabError(f"{paths.shown(path)}: {where}: "
                       f"{error.message}") from None
    return data


def load(name: str, cpu: str | None = None, smp: int | None = None,
         memory: str | None = None) -> Target:
    """The target of this name (or YAML file), with overrides."""
    path = Path(name) if name.endswith(".yaml") else \
        paths.TARGETS / f"{name}.yaml"
    if not path.is_file():
        raise LabError(no_such("target", name, names()))
    target = Target(path.stem, read(path), name)
    for key, value in (("cpu", cpu), ("smp", smp), ("memory", memory)):
        if value is not None:
            target.data[key] = value
    return target
