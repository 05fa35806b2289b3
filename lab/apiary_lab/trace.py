"""Runs one operation of the benchmarks with QEMU's execution log on.

The machine runs at full speed to the guest's timed code (a breakpoint),
writes its log into a pipe from there on, and runs at full speed again when
the figure is printed or enough was seen. Breakpoints, -singlestep and log
cost host time only: virtual time is the number of instructions. Must not
know what the log means.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from . import paths, qemu
from .gdbstub import Stub
from .records import Histogram
from .status import LabError
from .targets import Target

_CHUNK = 1 << 16
_CONNECT = 10.0     # seconds


@dataclass
class Plan:
    """What is to be logged."""

    name: str                               # of the operation
    breakpoints: list[int]                  # the log begins at any of these
    # From the address that the image is at: called before the log begins.
    begin: Callable[[int], None]
    feed: Callable[[Iterable[bytes]], None]
    enough: Callable[[], bool]


class _Console:
    """Sees the figure pass by."""

    def __init__(self, name: str, done: threading.Event) -> None:
        self.wanted = f"<APIARY_HIST NAME={name} ".encode()
        self.done = done
        self.tail = b""

    def write(self, data: bytes) -> None:
        self.tail = self.tail[-len(self.wanted):] + data
        if self.wanted in self.tail:
            self.done.set()

    def flush(self) -> None:
        pass


class _Driver(threading.Thread):
    """Leads the machine to where the log begins, and out of it."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        super().__init__(daemon=True)
        self.plan = plan
        self.at, self.fifo = folder / "gdb", folder / "log"
        os.mkfifo(self.fifo)
        # QEMU waits for a reader.
        self.log = os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.done = threading.Event()       # logged all that is wanted
        self.ended = threading.Event()      # there is no machine any more
        self.error: Exception | None = None
        self.logging = False

    def options(self) -> list[str]:
        return ["-S", "-gdb", f"unix:{self.at},server=on,wait=off",
                "-D", str(self.fifo)]

    def _connect(self) -> Stub:
        limit = time.monotonic() + _CONNECT
        while True:
            try:
                return Stub(self.at)
            except (FileNotFoundError, ConnectionRefusedError):
                if self.ended.is_set() or time.monotonic() > limit:
                    raise OSError("QEMU has not opened its GDB "
                                  "stub") from None
                time.sleep(0.02)

    def run(self) -> None:
        stub = None
        try:
            stub = self._connect()
            self._lead(stub)
        except (OSError, EOFError, ValueError) as error:
            self.error = error
        finally:
            self.done.set()
            if stub is not None:
                stub.close()
            os.close(self.log)

    def _lead(self, stub: Stub) -> None:
        roms = stub.monitor("info roms")
        found = re.search(
            rf'addr=([0-9a-f]+) .*"[^"]*{paths.HYPERVISOR_IMAGE.name}"', roms)
        if found is None:
            stub.monitor("quit")
            raise OSError("QEMU does not say where the image is")
        self.plan.begin(int(found[1], 16))
        stub.breakpoints("Z", self.plan.breakpoints)
        stub.socket.settimeout(None)
        stub.go()
        # Ends by EOFError if the machine never comes there.
        stub.answer()
        stub.breakpoints("z", self.plan.breakpoints)
        stub.monitor("singlestep on")
        stub.monitor("log exec,nochain")
        self.logging = True
        os.set_blocking(self.log, True)
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        stub.go()
        self.done.wait()
        # The pipe is emptied all the time: the CPUs can stop.
        stub.stop()
        stub.monitor("log none")
        stub.monitor("singlestep off")
        stub.send("D")
        reader.join()

    def _read(self) -> None:
        partial = b""
        while data := os.read(self.log, _CHUNK):
            if self.done.is_set():
                continue
            lines = (partial + data).split(b"\n")
            partial = lines.pop()
            try:
                self.plan.feed(lines)
            except ValueError as error:
                self.error = error
                self.done.set()
            if self.plan.enough():
                self.done.set()
        self.done.set()


def run(target: Target, command: list[str], console: Path, guests: int,
        plan: Plan) -> Histogram:
    """The figure of this very run."""
    with tempfile.TemporaryDirectory() as name:
        driver = _Driver(plan, Path(name))
        driver.start()
        try:
            run = qemu.boot(target, command + driver.options(), console,
                            qemu.Expect(guests, hypervisor=True),
                            echo=_Console(plan.name, driver.done))
        finally:
            driver.ended.set()
            driver.join()
    hist = run.console.histograms.get(plan.name)
    # The machine may be gone before it could be asked to stop.
    if driver.error is not None and not isinstance(
            driver.error, (EOFError, ConnectionError)):
        raise LabError(f"the execution log of {plan.name}: {driver.error}")
    if run.infrastructure:
        raise LabError(f"{plan.name}:\n{qemu.explain(run)}")
    if hist is None:
        why = [case.detail for case in run.console.cases
               if case.name.startswith(plan.name + ".")]
        raise LabError(f"{plan.name} was not measured on {target.config()}: "
                       + (" ".join(why[0]) if why and why[0] else
                          "no figure was printed"))
    if not driver.logging:
        raise LabError(f"{plan.name} has a figure, but none of the guest's "
                       f"timed code was executed: see lab/README.md")
    return hist
