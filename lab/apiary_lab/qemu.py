"""Boots images on an emulator or model: a process of this machine whose
standard output is the console.

Never asks its exit status: QEMU's is 0 for a reset too. Must not know what
the guests test, nor what is made of the console.

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
from pathlib import Path
from typing import BinaryIO

from . import paths
from .records import Console
from .status import LabError
from .targets import Target
from .watch import STAGES, Expect, Run, Watch, explain, judge

__all__ = ["STAGES", "Expect", "Run", "boot", "explain"]
KEEP_STDERR = 4000      # characters


def die_with_parent() -> None:
    # PR_SET_PDEATHSIG: no emulator outlives us, however we are ended.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


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


def boot(target: Target, command: list[str], log: Path, expect: Expect,
         echo: BinaryIO | None = None, interactive: bool = False,
         timeout: float = 0.0,
         on_stage: Callable[[str], None] | None = None) -> Run:
    """Runs the command to its end; the console goes to `log` (and `echo`)."""
    run = Run(command, log, Console())
    started = time.monotonic()
    watch = Watch(target.timeouts, run, expect, on_stage)
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
    judge(run, expect, target.label)
    return run


def _attend(watch: Watch, command: list[str], sink: BinaryIO,
            echo: BinaryIO | None, interactive: bool, limit: float) -> None:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE if interactive else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=die_with_parent)
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
