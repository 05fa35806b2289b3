"""Runs a job on this host by LAVA's lava-run: no server, the board's serial
line and power switch as lab/wiring.yaml has them.

lava-run ends with 0 when tests fail: the console in its log is judged, as
that of any run. The board is reserved while it is in use. Must not know what
the guests test.

SPDX-License-Identifier: BSD-2-Clause
"""
import contextlib
import dataclasses
import os
import selectors
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from . import lava, lava_virtual, paths, provenance, store, wiring
from .lava_log import Events, parse
from .qemu import die_with_parent
from .records import Console
from .status import LabError
from .targets import Target
from .terminal import warn
from .watch import Expect, Run, Watch, judge

LETTING_GO = 20.0       # seconds for LAVA to switch the power off


def needs() -> None:
    """LAVA is here and may be used."""
    if shutil.which("lava-run") is None:
        raise LabError("lava-run is not in PATH: ci/deps base lava")
    if os.geteuid() != 0:
        raise LabError("lava-run wants to be root: sudo lab/apiary ...")


@contextlib.contextmanager
def wired(target: Target) -> Iterator[dict[str, Any]]:
    """The board, reserved, with the commands that reach it."""
    if target.runner != "lava":
        yield {}
    elif target.own.get("virtual"):
        with wiring.reserved(target.name), \
                lava_virtual.board(paths.RUNS / target.name) as board:
            yield board
    else:
        board = wiring.of_board(target.name)
        with wiring.reserved(target.name):
            yield board


def write(target: Target, images: lava.Images, folder: Path, name: str,
          board: dict[str, Any]) -> list[str]:
    """Job, device and dispatcher files in the folder; the command."""
    if target.runner == "lava":
        images = lava.for_board(target, images, board)
    files = {"job.yaml": lava.job(target, images, name),
             "device.yaml": lava.device(target, board)}
    ip = board.get("dispatcher_ip")
    files["dispatcher.yaml"] = f"dispatcher_ip: {ip}\n" if ip else "{}\n"
    wrong = lava.check(files["job.yaml"], files["device.yaml"])
    if wrong:
        raise LabError(f"{target.name}: LAVA refuses it: {'; '.join(wrong)}")
    for file, text in files.items():
        store.write_text(folder / file, text)
    # The job number is in LAVA's names of temporary files: one a process.
    return ["lava-run", "--job-id", str(os.getpid()), "--output-dir",
            str(folder / "lava"), "--device", str(folder / "device.yaml"),
            "--dispatcher", str(folder / "dispatcher.yaml"),
            str(folder / "job.yaml")]


def boot(target: Target, images: lava.Images, log: Path, expect: Expect,
         echo: BinaryIO | None = None, timeout: float = 0.0,
         on_stage: Callable[[str], None] | None = None) -> Run:
    """One job, from reservation to power-off."""
    needs()
    folder = log.parent
    # Files of a name and place of their own: what is watched is served.
    store.write_text(log, "")
    expect = dataclasses.replace(expect, board=target.runner == "lava")
    started = time.monotonic()
    with wired(target) as board:
        command = write(target, images, folder,
                        f"apiary {target.name} {folder.name}", board)
        store.write_text(log.with_name("command"),
                         shlex.join(command) + "\n")
        run = Run(command, log, Console())
        watch = Watch(target.timeouts, run, expect, on_stage)
        events = Events(watch)
        with open(log, "wb") as sink:
            _attend(command, folder / "lava.log", events, sink, echo,
                    started + timeout if timeout else 0.0, board)
    run.seconds = time.monotonic() - started
    run.machine = ", ".join(filter(None, [provenance.lava_version(),
                                          events.loader]))
    conclude(events, expect)
    return run


def conclude(events: Events, expect: Expect) -> None:
    """The job has ended: what is wrong with it?"""
    run, ended = events.watch.run, events.ended
    events.watch.end()
    if ended == "pass" or ended == "Canceled" and run.infrastructure:
        pass
    elif ended and not run.console.panic:
        run.infrastructure.append(
            f"LAVA ended the job in stage {run.stage or 'done'}, at "
            f"{events.last}: {ended}: {events.said}")
    elif not ended and not run.infrastructure:
        run.infrastructure.append("lava-run ended before the job did" + (
            f": {events.errors[-1]}" if events.errors else ""))
    judge(run, expect, "LAVA")
    if not run.infrastructure:
        run.infrastructure += events.differs()


def _attend(command: list[str], lava_log: Path, events: Events,
            sink: BinaryIO, echo: BinaryIO | None, limit: float,
            board: dict[str, Any]) -> None:
    """Follows lava-run to its end; never leaves the board on."""
    watch = events.watch
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, preexec_fn=die_with_parent,
        start_new_session=True)
    partial, written, let_go = b"", 0, 0.0
    try:
        with open(lava_log, "wb") as raw, process.stderr as pipe:
            wait = selectors.DefaultSelector()
            wait.register(pipe, selectors.EVENT_READ)
            while True:
                if wait.select(0.2):
                    data = os.read(pipe.fileno(), 65536)
                    if not data:
                        break
                    raw.write(data)
                    lines = (partial + data).split(b"\n")
                    partial = lines.pop()
                    for line in lines:
                        event = parse(line.decode("utf-8", "replace"))
                        if event is not None:
                            events.take(event)
                    for text in events.console[written:]:
                        sink.write(text.encode() + b"\n")
                        if echo is not None:
                            echo.write(text.encode() + b"\n")
                            echo.flush()
                    written = len(events.console)
                    sink.flush()
                if let_go:
                    if time.monotonic() > let_go:
                        process.kill()
                elif watch.expired(limit):
                    # LAVA switches the power off and ends.
                    process.terminate()
                    let_go = time.monotonic() + LETTING_GO
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(LETTING_GO)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.returncode != 0 and board.get("power_off"):
            # LAVA may have been killed, or have failed at just that.
            _switch_off(board["power_off"])


def _switch_off(command: str) -> None:
    try:
        subprocess.run(command, shell=True, timeout=LETTING_GO,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        warn(f"the power may be on: no answer to: {command}")
