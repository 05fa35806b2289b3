"""Boots images on Arm's model: a process as QEMU is, whose UART may be on a
telnet port instead of its standard output. Must not know its command line.

SPDX-License-Identifier: BSD-2-Clause
"""
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from . import fvp, qemu
from .targets import Target
from .terminal import warn
from .watch import Expect, Run

RELAY = Path(__file__).with_name("fvp_relay.py")


def boot(target: Target, command: list[str], log: Path, expect: Expect,
         echo: BinaryIO | None = None, interactive: bool = False,
         timeout: float = 0.0,
         on_stage: Callable[[str], None] | None = None) -> Run:
    version = fvp.version(command[0])
    started = command
    if target.own["console"] == "telnet":
        terminal = target.own.get("terminal", "terminal_0")
        started = ["/usr/bin/python3", str(RELAY), terminal, *command]
    # The options of models change between releases: what was resolved is
    # said, and stored with the result.
    warn(f"{version}; {' '.join(command)}")
    run = qemu.boot(target, started, log, expect, echo, interactive, timeout,
                    on_stage)
    run.command, run.machine = command, version
    trouble = fvp.licence(run.stderr + log.read_text(errors="replace"))
    if trouble and run.infrastructure:
        run.infrastructure.insert(0, trouble)
    return run
