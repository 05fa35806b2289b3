"""One run, watched: its stages, their time-outs, what is wrong with it.

A run goes through stages, each with a time-out of its own, so that a hang is
named by the stage it happened in. What was seen is judged from the records
on the console, never from an exit status. Must not know how a machine is
started, nor what the guests test.

SPDX-License-Identifier: BSD-2-Clause
"""
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import paths, symbols
from .records import Console
from .status import LabError

# What is being waited for in each stage, in order; and where it hangs there,
# what is most often the cause.
STAGES = {
    "power": "the serial line and the power switch",
    "firmware": "the first character from the board",
    "loader": "the boot loader to start the image (`Starting kernel`)",
    "banner": "the hypervisor's banner (`Apiary ...`)",
    "vm": "a VM to start (`vm NAME: start`)",
    "guest": "the guest to announce itself (<APIARY_GUEST>)",
    "done": "the guest to end (<APIARY_DONE>)",
    "power-off": "the machine to power off",
}
HINTS = {
    "power": "try the connect and power commands of lab/wiring.yaml by hand",
    "firmware": "is it powered, is the serial cable at the right pins, the "
                "speed right, does anyone else hold the line?",
    "loader": "the lines above are the loader's: network, TFTP server, "
              "addresses and prompt are what it needs",
    "banner": "the image was entered and said nothing: `apiary boards DTB` "
              "tells which UART it would use; was it entered at EL2?",
    "vm": "the hypervisor stopped in discovery or while it loaded a VM: its "
          "last line tells",
    "guest": "the guest does not run: try `apiary run --guest` with --stats",
    "done": "the case after the last one printed hangs, or the time-out "
            "`done` of the target is too short for it",
    "power-off": "the guests are done; power-off by PSCI does not work here",
}
BOARD_STAGES = ["power", "firmware", "loader"]
PANIC_GRACE = 2.0       # seconds that a panic may take to print
ENDLESS = 16 << 20      # bytes: no run of ours prints as much


@dataclass
class Expect:
    """What a run is to show: how many guests announce themselves (0: the
    guest is not ours, it ends when it ends), over a hypervisor or not, on a
    board with a loader or not."""

    guests: int
    hypervisor: bool
    board: bool = False
    power_off: bool = True      # False: the machine stays on when all is done

    def stages(self) -> list[str]:
        out = list(BOARD_STAGES) if self.board else []
        out += ["banner", "vm"] if self.hypervisor else []
        if self.guests:
            out += ["guest", "done", "power-off"][:3 if self.power_off else 2]
        return out


@dataclass
class Run:
    """What happened."""

    command: list[str]
    log: Path
    console: Console
    seconds: float = 0.0
    stage: str = ""             # the one it hung or ended in; "" if none
    infrastructure: list[str] = field(default_factory=list)
    stderr: str = ""
    # Why earlier attempts do not count, where the target allows retries.
    retried: list[str] = field(default_factory=list)
    machine: str = ""           # who ran it, where that is no emulator


class Watch:
    """One run in progress."""

    def __init__(self, timeouts: dict[str, float], run: Run, expect: Expect,
                 on_stage: Callable[[str], None] | None = None) -> None:
        self.timeouts = timeouts
        self.run = run
        self.expect = expect
        self.on_stage = on_stage
        self.left = expect.stages()
        self.seen: set[str] = set()     # of the stages before our own image
        self.partial = b""
        self.size = 0
        self.panicked = 0.0
        self.deadline = 0.0
        self.next_stage(time.monotonic())

    def next_stage(self, now: float) -> None:
        self.run.stage = self.left[0] if self.left else ""
        self.deadline = now + self.timeouts[self.left[0]] if self.left else 0.0
        if self.on_stage is not None and self.left:
            self.on_stage(self.left[0])

    def bytes(self, data: bytes) -> None:
        self.size += len(data)
        lines = (self.partial + data).split(b"\n")
        self.partial = lines.pop()
        console = self.run.console
        for line in lines:
            text = line.decode("utf-8", "replace")
            if text.startswith("Starting kernel"):
                self.seen.add("loader")
            console.feed(text)
        self.advance()
        if console.panic and not self.panicked:
            self.panicked = time.monotonic()

    def mark(self, stage: str) -> None:
        """A stage that the console does not tell of is over."""
        if stage not in self.seen:
            self.seen.add(stage)
            self.advance()

    def advance(self) -> None:
        while self.left and self._reached(self.left[0]):
            self.left.pop(0)
            self.next_stage(time.monotonic())

    def _reached(self, stage: str) -> bool:
        console = self.run.console
        if stage in BOARD_STAGES:
            at = BOARD_STAGES.index(stage)
            return bool(console.banner) or \
                bool(self.seen & set(BOARD_STAGES[at:]))
        if stage == "banner":
            return bool(console.banner)
        if stage == "vm":
            return bool(console.vm_started)
        if stage == "guest":
            return bool(console.guests)
        if stage == "done":
            done = {(g.vm, g.name) for g in console.guests if g.done}
            return len(done) >= self.expect.guests
        return False    # "power-off" is reached by the machine's end

    def end(self) -> None:
        if self.partial:
            self.bytes(b"\n")

    def expired(self, limit: float) -> bool:
        """Whether the run must be ended now; says why."""
        now = time.monotonic()
        if self.panicked:
            return now > self.panicked + PANIC_GRACE
        if self.run.console.halted or \
                not self.left and not self.expect.power_off:
            return True
        if self.size > ENDLESS and self.expect.guests:
            self.run.infrastructure.append(
                f"endless output: more than {ENDLESS >> 20} MiB by stage "
                f"{self.run.stage}")
            return True
        if limit and now > limit:
            where = f" in stage {self.left[0]}, waiting for " \
                f"{STAGES[self.left[0]]}" if self.left else ""
            self.run.infrastructure.append(f"the time given is over{where}")
            return True
        if self.left and now > self.deadline:
            stage = self.left[0]
            self.run.infrastructure.append(
                f"hung in stage {stage}: waited {self.timeouts[stage]:g} s "
                f"for {STAGES[stage]}")
            return True
        return False


def judge(run: Run, expect: Expect, program: str) -> None:
    """The run has ended: what is wrong with it?"""
    console, wrong = run.console, run.infrastructure
    if run.stage == "power-off" and not wrong and not console.panic:
        run.stage = ""      # the machine ended, as it should
    elif run.stage and not wrong and not console.panic:
        wrong.append(f"{program} ended in stage {run.stage}, while waiting "
                     f"for {STAGES[run.stage]}")
    if expect.guests:
        wrong += console.infrastructure()
    elif console.panic:
        wrong.append(f"the hypervisor panicked: {console.panic[0]}")
    if run.stderr.strip() and (wrong or not console.lines):
        wrong.append(f"{program} said: {run.stderr.strip()}")


def explain(run: Run, tail: int = 20) -> str:
    """For people: what went wrong, the panic or the end of the console."""
    out = [f"  {text}" for text in run.infrastructure]
    lines: list[str] = []
    if run.console.panic:
        lines = run.console.panic[:80]
        try:
            lines = symbols.symbolize(lines, paths.HYPERVISOR_ELF)
        except LabError as error:
            out.append(f"  (no symbols: {error})")
    elif run.log.is_file():
        text = run.log.read_text("utf-8", "replace")
        lines = text.splitlines()[-tail:] if tail else []
    out += [f"  | {line}" for line in lines]
    if run.stage in HINTS and not run.console.panic:
        out.append(f"  hint: {HINTS[run.stage]}")
    out.append(f"  console: {paths.shown(run.log)}")
    return "\n".join(out)
