"""Boots images on any target: the one way in, whoever runs it.

Repeats what the infrastructure spoiled as often as the target says, and
marks it. Must not know what the guests test.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from . import fvp_run, lava, lava_run, qemu
from .targets import Target
from .watch import Expect, Run


def boot(target: Target, images: lava.Images, log: Path, expect: Expect,
         echo: BinaryIO | None = None, interactive: bool = False,
         timeout: float = 0.0,
         on_stage: Callable[[str], None] | None = None,
         by: Callable[..., Run] | None = None) -> Run:
    """Runs the images to their end; the console goes to `log`. `by` is
    another than the target's own way: lava_run.boot, or a server's."""
    def once(log: Path) -> Run:
        boot = lava_run.boot if target.runner == "lava" else None
        if by or boot:
            return (by or boot)(target, images, log, expect, echo, timeout,
                                on_stage)
        command = target.command(images.kernel, images.initrd, images.append)
        start = fvp_run.boot if target.runner == "fvp" else qemu.boot
        return start(target, command, log, expect, echo, interactive,
                     timeout, on_stage)

    run = once(log)
    retried: list[str] = []
    # A panic is the hypervisor's own fault: it is found, not repeated.
    while run.infrastructure and not run.console.panic and \
            len(retried) < target.data.get("retries", 0):
        retried.append(run.infrastructure[0])
        os.replace(log, log.with_name(f"console-{len(retried)}.log"))
        run = once(log)
    run.retried = retried
    return run
