"""How the boards of this desk are wired: lab/wiring.yaml, or APIARY_WIRING.

The one file that is about a desk and not about a kind of board, so it is not
in git; lab/wiring.example.yaml shows it. Also: who has a board just now. Must
not know LAVA's forms, nor what is booted.

SPDX-License-Identifier: BSD-2-Clause
"""
import contextlib
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import paths
from .status import LabError

_KEYS = {"connect": str, "power_on": str, "power_off": str,
         "hard_reset": str, "variables": dict}
_NEEDED = ("connect", "power_off", "hard_reset")
LOCKS = Path("/run/lock")


def path() -> Path:
    given = os.environ.get("APIARY_WIRING")
    return Path(given) if given else paths.LAB / "wiring.yaml"


def read(where: Path | None = None) -> dict[str, Any]:
    """The whole file, checked; {} where there is none."""
    import yaml

    where = where or path()
    shown = paths.shown(where)
    try:
        data = yaml.safe_load(where.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{shown}: {error}") from None
    if not isinstance(data, dict) or \
            not isinstance(data.get("boards"), dict) or \
            not set(data) <= {"dispatcher_ip", "boards"}:
        raise LabError(f"{shown}: wanted `boards:` (name: commands) and "
                       f"`dispatcher_ip:`, as in lab/wiring.example.yaml")
    for name, board in data["boards"].items():
        for key, value in (board or {}).items():
            if key not in _KEYS or not isinstance(value, _KEYS[key]):
                raise LabError(
                    f"{shown}: {name}: {key}: wanted " + (
                        _KEYS[key].__name__ if key in _KEYS else
                        f"one of {', '.join(_KEYS)}"))
        lacks = [key for key in _NEEDED if key not in (board or {})]
        if lacks:
            raise LabError(f"{shown}: {name}: wanted {', '.join(lacks)}")
    return data


def of_board(name: str) -> dict[str, Any]:
    """The commands of one board, and dispatcher_ip."""
    data = read()
    if name not in data.get("boards", {}):
        raise LabError(f"{paths.shown(path())} says nothing of {name}: how "
                       f"is it wired? "
                       f"cp lab/wiring.example.yaml lab/wiring.yaml; edit it")
    return {"dispatcher_ip": data.get("dispatcher_ip", ""),
            **data["boards"][name]}


def missing(name: str, own: dict[str, Any]) -> list[str]:
    """What this host lacks to reach the board."""
    lacks = []
    for tool in ("lava-run", "telnet") + (
            ("pdudaemon", "curl") if own.get("virtual") else ()):
        if shutil.which(tool) is None:
            lacks.append(f"{tool} is not in PATH: ci/deps base lava")
            break
    if not own.get("virtual"):
        try:
            of_board(name)
        except LabError as error:
            lacks.append(str(error))
    return lacks


def first_words(board: dict[str, Any]) -> list[str]:
    """The programs that a board's commands start with."""
    return sorted({board[key].split()[0] for key in
                   ("connect", "power_on", "power_off", "hard_reset")
                   if board.get(key)})


def telnet_of(board: dict[str, Any]) -> tuple[str, int] | None:
    """Host and port of the serial line, if it is reached by telnet."""
    found = re.match(r"telnet\s+(\S+)\s+(\d+)\s*$", board["connect"])
    return (found[1], int(found[2])) if found else None


# -- who has it -----------------------------------------------------------

def lock_path(name: str) -> Path:
    folder = LOCKS if os.access(LOCKS, os.W_OK) else \
        Path(tempfile.gettempdir())
    return folder / f"apiary-{name}.lock"


@contextlib.contextmanager
def reserved(name: str) -> Iterator[None]:
    """The board is ours within; of two who want it one is told who has it.
    The kernel releases it however we end."""
    where = lock_path(name)
    try:
        handle = open(where, "a+")
    except OSError as error:
        raise LabError(f"{where}: {error.strerror}") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            who = handle.read().strip() or "another process"
            raise LabError(f"{name} is in use: {who}; try again when it is "
                           f"done") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} since "
                     f"{time.strftime('%H:%M:%S')}\n")
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)
