"""Targets: the machines that images can be booted on.

Reads and checks lab/targets/*.yaml and turns one into a command line. Must
not know what is booted, nor how a run is watched, nor LAVA's forms.

SPDX-License-Identifier: BSD-2-Clause
"""
import copy
import functools
import json
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import fvp, loader, paths, wiring
from .status import LabError, no_such

DEFAULT = "qemu-virt-gicv3"
# What ci/deps-backports unpacks.
BACKPORTS = paths.BUILD / "deps" / "qemu-backports"


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
    def runner(self) -> str:
        return self.data["runner"]

    @property
    def label(self) -> str:
        """What to call whoever runs it."""
        return {"qemu": "QEMU", "fvp": "the model", "lava": "LAVA"}[
            self.runner]

    @property
    def own(self) -> dict[str, Any]:
        """The part that only its runner understands."""
        return self.data[self.runner]

    @property
    def timeouts(self) -> dict[str, float]:
        if self.runner != "fvp":
            return self.data["timeouts"]
        return {stage: seconds * self.own.get("scale", 1)
                for stage, seconds in self.data["timeouts"].items()}

    @property
    def program(self) -> str:
        """The emulator or model; the emulator of `make deps-backports`
        where the installed one is too old for the machine."""
        if self.runner == "fvp":
            return fvp.find(self.own)
        name = self.own["program"]
        newer = BACKPORTS / name
        return str(newer) if _version(name) < self._since and \
            newer.is_file() else name

    @property
    def _since(self) -> int:
        return self.own.get("since", 0)

    @property
    def dtb(self) -> Path | None:
        """The board's device tree; None: the machine makes one."""
        if "tree" in self.own:
            return paths.TARGETS / self.own["tree"]
        name = self.own.get("dtb")
        return None if name is None else paths.BUILD / "deps" / "dtb" / name

    @property
    def without_smmu(self) -> bool:
        """Is it known, before it boots, that it has none? QEMU is told to
        make one; of others their trees and the hypervisor know."""
        return self.runner == "qemu" and self.dtb is None and \
            "iommu=smmuv3" not in self.own["machine"]

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

    def machine(self) -> list[str]:
        """QEMU's command up to what is booted."""
        qemu = self.data["qemu"]
        cpu = self.data["cpu"]
        if cpu in qemu.get("cpu_options", {}):
            cpu += "," + qemu["cpu_options"][cpu]
        return [self.program, "-M", qemu["machine"], "-cpu", cpu,
                "-smp", str(qemu.get("smp", self.data["smp"])),
                "-m", self.data["memory"], *qemu["args"]]

    def command(self, kernel: Path, initrd: Path | None = None,
                append: str | None = None) -> list[str]:
        """The whole command that boots these images."""
        if append is None:
            append = self.data.get("bootargs")
        if self.runner == "fvp":
            return fvp.command(self.own, self.data["smp"], kernel, initrd,
                               self.dtb, append)
        words = self.machine()
        if "load" in self.own:
            return loader.words(words, self.own, self.dtb, kernel, initrd,
                                append)
        words += ["-kernel", str(kernel)]
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
        if self.runner != "qemu":
            return self         # has no other
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
        if self.runner == "lava":
            lacks += wiring.missing(self.name, self.own)
        elif self.runner == "fvp":
            lacks += fvp.missing(self.own)
        elif shutil.which(self.program) is None:
            lacks.append(f"{self.program} is not in PATH: make deps")
        elif _version(self.program) < self._since:
            lacks.append(f"QEMU {self._since} or later, this is "
                         f"{_version(self.program)}: make deps-backports")
        if self.dtb is not None and not self.dtb.is_file():
            lacks.append(f"no {paths.shown(self.dtb)}: fixtures/fetch-dtbs")
        if "firmware" in self.own:
            path, how = loader.FIRMWARE[self.own["firmware"]]
            if not path.is_file():
                lacks.append(f"no {paths.shown(path)}: {how}")
        return lacks


@functools.cache
def _version(program: str) -> int:
    """QEMU's major version; 0: there is none."""
    try:
        text = subprocess.run([program, "--version"], capture_output=True,
                              text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"version (\d+)", text)
    return int(found.group(1)) if found else 0


def names() -> list[str]:
    return sorted(path.stem for path in paths.TARGETS.glob("*.yaml"))


def schema() -> dict[str, Any]:
    return json.loads((paths.TARGETS / "schema.json").read_text())


def line_of(text: str, steps: list[Any]) -> int:
    """The line of a YAML text that this path of keys and indices is at; of
    the last part of it that is there."""
    import yaml

    node = yaml.compose(text)
    line = node.start_mark.line if node is not None else 0
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value
                     if key.value == str(step)]
            if not found:
                break
            line, node = found[0][0].start_mark.line, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and \
                step in range(len(node.value)):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return line + 1


def read(path: Path) -> dict[str, Any]:
    """One target file, checked: file, line, field, what was wanted."""
    import jsonschema
    import yaml

    where = paths.shown(path)
    try:
        text = path.read_text()
        data = yaml.safe_load(text)
        jsonschema.validate(data, schema())
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{where}: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f":{mark.line + 1}" if mark else ""
        raise LabError(f"{where}{at}: not YAML: "
                       f"{getattr(error, 'problem', error)}") from None
    except jsonschema.ValidationError as error:
        steps = list(error.absolute_path)
        if error.validator == "additionalProperties":
            # The line of the one that is too many, not of all the mapping.
            steps += [key for key in error.instance
                      if key not in error.schema["properties"]][:1]
        field = ".".join(str(step) for step in error.absolute_path) or "file"
        wanted = error.schema.get("description", "")
        raise LabError(f"{where}:{line_of(text, steps)}: {field}: "
                       f"{error.message}"
                       + (f" ({wanted})" if wanted else "")) from None
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
            if target.runner == "lava":
                raise LabError(f"{target.name} is a board: it has the {key} "
                               f"that it has")
            target.data[key] = value
    most = target.data.get("max_smp", target.data["smp"])
    if target.data["smp"] > most:
        raise LabError(f"{target.name}: {most} CPU{'s' * (most != 1)} at "
                       f"most, not {target.data['smp']}")
    return target
