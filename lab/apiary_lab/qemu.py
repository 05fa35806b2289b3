"""Boots images on a target under QEMU and watches the console.

A run goes through stages, each with a time-out of its own, so that a hang is
named by the stage it happened in. What was seen is judged from the records
on the console, never from QEMU's exit status: it is 0 for a reset too.
Must not know what the guests test.

SPDX-License-Identifier: BSD-2-Clause
"""
import ctypes
import os
import selectors
import shlex
import signal
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from . import paths, symbols
from .records import Console
from .status import LabError
from .targets import Target

# What is being waited for in each stage, in order.
STAGES = {
    "banner": "the hypervisor's banner (`Apiary ...`)",
    "vm": "a VM to start (`vm NAME: start`)",
    "guest": "the guest to announce itself (<APIARY_GUEST>)",
    "done": "the guest to end (<APIARY_DONE>)",
    "power-off": "the machine to power off",
}
PANIC_GRACE = 2.0       # seconds that a panic may take to print
KEEP_STDERR = 4000      # characters


@dataclass
class Expect:
    """What a run is to show: how many guests announce themselves (0: the
    guest is not ours, it ends when it ends), over a hypervisor or not."""

    guests: int
    hypervisor: bool
    power_off: bool = True      # False: the machine stays on when all is done

    def stages(self) -> list[str]:
        out = ["banner", "vm"] if self.hypervisor else []
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


def _die_with_parent() -> None:
    # PR_SET_PDEATHSIG: no emulator outlives us, however we are ended.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _reached(stage: str, console: Console, expect: Expect) -> bool:
    if stage == "banner":
        return bool(console.banner)
    if stage == "vm":
        return bool(console.vm_started)
    if stage == "guest":
        return bool(console.guests)
    if stage == "done":
        done = {(g.vm, g.name) for g in console.guests if g.done}
        return len(done) >= expect.guests
    return False        # "power-off" is reached by the emulator's end


class _Terminal:
    """Standard input for the guest: raw if it is a terminal."""

    def __init__(self, wanted: bool) -> None:
        self.fd = -1
        self.saved: list | None = None
        if not wanted or sys.stdin is None or sys.stdin.closed:
            return
        self.fd = sys.stdin.fileno()
        if os.isatty(self.fd):
            self.saved = termios.tcgetattr(self.fd)
            tty.setraw(self.fd)

    def restore(self) -> None:
        if self.saved is not None:
            termios.tcsetattr(self.fd, termios.TCSADRAIN, self.saved)
            self.saved = None


def _stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Watch:
    """One run in progress."""

    def __init__(self, target: Target, run: Run, expect: Expect,
                 on_stage: Callable[[str], None] | None) -> None:
        self.timeouts = target.timeouts
        self.run = run
        self.expect = expect
        self.on_stage = on_stage
        self.left = expect.stages()
        self.partial = b""
        self.panicked = 0.0
        self.deadline = 0.0
        self.next_stage(time.monotonic())

    def next_stage(self, now: float) -> None:
        self.run.stage = self.left[0] if self.left else ""
        self.deadline = now + self.timeouts[self.left[0]] if self.left else 0.0
        if self.on_stage is not None and self.left:
            self.on_stage(self.left[0])

    def bytes(self, data: bytes) -> None:
        lines = (self.partial + data).split(b"\n")
        self.partial = lines.pop()
        console = self.run.console
        for line in lines:
            console.feed(line.decode("utf-8", "replace"))
        now = time.monotonic()
        while self.left and _reached(self.left[0], console, self.expect):
            self.left.pop(0)
            self.next_stage(now)
        if console.panic and not self.panicked:
            self.panicked = now

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


def boot(target: Target, command: list[str], log: Path, expect: Expect,
         echo: BinaryIO | None = None, interactive: bool = False,
         timeout: float = 0.0,
         on_stage: Callable[[str], None] | None = None) -> Run:
    """Runs the command to its end; the console goes to `log` (and `echo`)."""
    run = Run(command, log, Console())
    started = time.monotonic()
    watch = _Watch(target, run, expect, on_stage)
    limit = started + timeout if timeout else 0.0
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.with_name("command").write_text(shlex.join(command) + "\n")
        with open(log, "wb") as sink:
            _attend(watch, command, sink, echo, interactive, limit)
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not in PATH: make deps") from None
    except OSError as error:
        raise LabError(f"cannot save {paths.shown(log)}: "
                       f"{error.strerror}") from None
    run.seconds = time.monotonic() - started
    _judge(run, watch)
    return run


def _attend(watch: _Watch, command: list[str], sink: BinaryIO,
            echo: BinaryIO | None, interactive: bool, limit: float) -> None:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE if interactive else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=_die_with_parent)
    terminal = None
    try:
        terminal = _Terminal(interactive)
        wait = selectors.DefaultSelector()
        wait.register(process.stdout, selectors.EVENT_READ, "console")
        wait.register(process.stderr, selectors.EVENT_READ, "stderr")
        if terminal.fd >= 0:
            try:
                wait.register(terminal.fd, selectors.EVENT_READ, "input")
            except PermissionError:
                # epoll takes no plain files: such input is all there.
                _give(process, os.read(terminal.fd, 65536))
        still = 2
        while still:
            for key, _ in wait.select(0.2):
                data = os.read(key.fd, 65536)
                if not data:
                    wait.unregister(key.fileobj)
                    still -= key.data != "input"
                elif key.data == "input":
                    _give(process, data)
                elif key.data == "stderr":
                    watch.run.stderr = (watch.run.stderr + data.decode(
                        "utf-8", "replace"))[-KEEP_STDERR:]
                else:
                    sink.write(data)
                    sink.flush()
                    if echo is not None:
                        echo.write(data)
                        echo.flush()
                    watch.bytes(data)
            if watch.expired(limit):
                break
        watch.end()
    finally:
        _stop(process)
        if terminal is not None:
            terminal.restore()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass


def _give(process: subprocess.Popen, data: bytes) -> None:
    try:
        process.stdin.write(data)
        process.stdin.flush()
    except BrokenPipeError:
        pass        # the emulator has just ended


def _judge(run: Run, watch: _Watch) -> None:
    console, wrong = run.console, run.infrastructure
    if run.stage == "power-off" and not wrong and not console.panic:
        run.stage = ""      # the emulator ended, as it should
    elif run.stage and not wrong and not console.panic:
        wrong.append(f"QEMU ended in stage {run.stage}, while waiting for "
                     f"{STAGES[run.stage]}")
    if watch.expect.guests:
        wrong += console.infrastructure()
    elif console.panic:
        wrong.append(f"the hypervisor panicked: {console.panic[0]}")
    if run.stderr.strip() and (wrong or not console.lines):
        wrong.append(f"QEMU said: {run.stderr.strip()}")


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
    out.append(f"  console: {paths.shown(run.log)}")
    return "\n".join(out)
