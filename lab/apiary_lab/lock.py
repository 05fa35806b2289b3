"""The cost lock: what every operation costs, agreed on and in git.

results/lock/<config>.yaml holds the costs on one deterministic target,
results/lock/functions the sizes of the hypervisor's functions, so that a
difference can be told with the functions that changed. Must not know what
an operation is.

SPDX-License-Identifier: BSD-2-Clause
"""
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import bench, commits, paths, provenance, store, targets, verdict
from .status import GOOD, INFRASTRUCTURE, TEST_FAILED, LabError

# Percent that costs may differ by where another tool-chain or emulator than
# the recorded one was at work.
TOLERANCE = 10.0
_KEYS = ("units", "n", "min", "p50", "p99", "max", "sum")
_HEAD = """\
# What the operations of bench/ cost on {config}. Written by `make lock`,
# checked by `make lock-check`: a change that moves a figure changes this file.
# SPDX-License-Identifier: BSD-2-Clause
"""


@dataclass
class Lock:
    """What was agreed on."""

    config: str
    compiler: str
    emulator: str
    costs: dict[str, dict[str, Any]]

    def tools_now(self, target: targets.Target) -> list[str]:
        """Which tools are others than the lock was made with."""
        return [f"{what}: locked with {locked}, here is {here}"
                for what, locked, here in (
                    ("compiler", self.compiler, provenance.compiler()),
                    ("emulator", self.emulator,
                     provenance.emulator(target)))
                if locked != here]


@dataclass
class Check:
    """How a target's costs are now, beside its lock."""

    config: str
    rows: list[verdict.Row]
    tools: list[str]                    # that are others than recorded
    failed: list[str] = field(default_factory=list)
    infrastructure: list[str] = field(default_factory=list)

    @property
    def differing(self) -> list[verdict.Row]:
        return [row for row in self.rows
                if row.verdict != verdict.SAME and row.counts]

    @property
    def status(self) -> int:
        if self.infrastructure:
            return INFRASTRUCTURE
        return TEST_FAILED if self.failed or self.differing else GOOD


def path_of(config: str) -> Path:
    return paths.RESULTS / "lock" / f"{config}.yaml"


def functions_path() -> Path:
    return paths.RESULTS / "lock" / "functions"


def configs() -> list[str]:
    """The targets that have a lock."""
    return sorted(path.stem for path in
                  (paths.RESULTS / "lock").glob("*.yaml"))


def read(config: str) -> Lock:
    import yaml

    path = path_of(config)
    where = paths.shown(path)
    try:
        data = yaml.safe_load(path.read_text())
        costs = {name: {key: cost[key] for key in _KEYS}
                 for name, cost in data["costs"].items()}
        return Lock(config, data["compiler"], data["emulator"], costs)
    except FileNotFoundError:
        raise LabError(f"no {where}: make lock TARGET={config}") from None
    except OSError as error:
        raise LabError(f"{where}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError,
            AttributeError) as error:
        what = " ".join(str(error).split())
        raise LabError(f"{where}: damaged: {what}; make lock writes it "
                       f"anew") from None


def beside(config: str, warn: Callable[[str], None]) \
        -> tuple[dict[str, Any] | None, str]:
    """What new figures are shown beside (the lock; where there is none,
    what is recorded), and where that is from."""
    if path_of(config).is_file():
        try:
            return {"benchmarks": read(config).costs}, \
                paths.shown(path_of(config))
        except LabError as error:
            warn(str(error))
    found = store.recorded(config, warn)
    if found is None:
        return None, ""
    return found, f"commit {found['commit'][:12]}" \
        f"{' dirty' if found['dirty'] else ''}, {found['time']}"


def read_functions() -> dict[str, int]:
    """Sizes by name; nothing where they are not known."""
    try:
        lines = functions_path().read_text().splitlines()
        return {name: int(size) for name, size in
                (line.split() for line in lines)}
    except (OSError, ValueError):
        return {}


def text_of(result: dict[str, Any]) -> str:
    """The lock file: a line for each cost, so that a diff shows it."""
    def quote(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    out = _HEAD.format(config=result["target"]["config"])
    out += f"compiler: {quote(result['toolchain']['compiler'])}\n"
    out += f"emulator: {quote(result['emulator'])}\ncosts:\n"
    for name, cost in sorted(result["benchmarks"].items()):
        fields = ", ".join(f"{key}: {cost[key]}" for key in _KEYS)
        out += f"  {name}: {{{fields}}}\n"
    return out


def _measured(target: targets.Target, runs: int,
              progress: Callable[[str], None]) -> bench.Session:
    if not target.data["deterministic"]:
        raise LabError(f"{target.name} is not deterministic: its costs are "
                       f"compared (apiary compare), not locked")
    session = bench.Session(target, bench.read_entries(bench.BUNDLES), runs,
                            progress)
    session.run()
    return session


def make(target: targets.Target, progress: Callable[[str], None]) \
        -> tuple[dict[str, Any], str]:
    """Measures twice: the result, and what its lock file is to hold."""
    session = _measured(target, 2, progress)
    wrong = session.infrastructure + session.failed + session.skipped
    if not wrong and session.varied():
        wrong = [f"{', '.join(session.varied())}: not the same in two runs"]
    if wrong:
        raise LabError(f"{target.config()} is not locked:\n  "
                       + "\n  ".join(wrong))
    # One of the two equal runs is what the lock describes.
    session.found = {name: hists[:1] for name, hists in session.found.items()}
    result = session.result()
    return result, text_of(result)


def _summary(cost: dict[str, Any]) -> dict[str, Any]:
    return {key: cost[key] for key in _KEYS} | \
        {"bins": [cost[key] for key in _KEYS[1:]]}


def compare(lock: Lock, costs: dict[str, dict[str, Any]],
            tolerance: float) -> list[verdict.Row]:
    """The locked costs beside these, every difference counted that is
    larger than `tolerance` percent."""
    def run(items: dict[str, dict[str, Any]]) -> dict[str, Any]:
        return {"target": {"deterministic": True}, "benchmarks":
                {name: _summary(cost) for name, cost in items.items()}}

    return verdict.rows([run(lock.costs)], [run(costs)], tolerance)


def check(target: targets.Target, progress: Callable[[str], None]) -> Check:
    """Measures what is built, and holds it against the lock."""
    lock = read(target.config())
    session = _measured(target, 1, progress)
    costs = {name: bench.as_dict(hists[0], "")
             for name, hists in session.found.items()}
    tools = lock.tools_now(target)
    rows = compare(lock, costs, TOLERANCE if tools else 0.0)
    return Check(lock.config, rows, tools, session.failed + session.skipped,
                 session.infrastructure)


def functions_now() -> dict[str, int]:
    return commits.function_sizes(paths.HYPERVISOR_ELF)
