"""QEMU's machine protocol (QMP), as far as a few questions need it. Must not
know what they are for.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from .status import LabError


class Qmp:
    """A connection to a machine that was started with -qmp unix:PATH."""

    def __init__(self, path: Path, process: subprocess.Popen,
                 deadline: float) -> None:
        self.deadline = deadline
        while not path.exists():
            if process.poll() is not None:
                raise LabError(f"{process.args[0]} does not start: "
                               f"{(process.communicate()[0] or '').strip()}")
            time.sleep(0.02)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        self.read("QMP")
        self.ask("qmp_capabilities")

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def read(self, key: str, value: str = "") -> Any:
        """The next message that has this key (and value)."""
        while True:
            self.socket.settimeout(max(self.deadline - time.monotonic(), 0.1))
            try:
                line = self.file.readline()
            except TimeoutError:
                raise LabError("hung: the machine did not power off in "
                               "time") from None
            if not line:
                raise LabError("the emulator has gone")
            message = json.loads(line)
            if key in message and value in ("", message[key]):
                return message[key]

    def ask(self, what: str, **arguments: Any) -> Any:
        self.file.write(json.dumps({"execute": what,
                                    "arguments": arguments}) + "\n")
        self.file.flush()
        return self.read("return")
