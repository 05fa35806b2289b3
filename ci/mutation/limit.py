#!/usr/bin/python3
"""Runs a command until it ends, has used its time, or sleeps for good.

    limit.py CPU-SECONDS FILE COMMAND...

and writes into the file how much time of the CPU it has used.

An emulator whose time is instructions never sleeps while something is due in
its machine. So one whose threads have all slept for a second and more is
hung; one that only waits for a busy host is not, for it is ready to run.
Must not know what runs.

SPDX-License-Identifier: BSD-2-Clause
"""
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

TICK = 0.1          # seconds between two looks
ASLEEP = 15         # looks in which all slept


def look(pid: int) -> tuple[int, bool]:
    """Clock ticks used so far; and whether a thread runs or wants to."""
    used, ready = 0, False
    for task in Path(f"/proc/{pid}/task").iterdir():
        words = (task / "stat").read_text().rpartition(")")[2].split()
        ready = ready or words[0] in "RD"
        used += int(words[11]) + int(words[12])
    return used, ready


def watch(process: subprocess.Popen, limit: float) -> None:
    """Returns when it has ended, or its time is over."""
    hertz = os.sysconf("SC_CLK_TCK")
    before, asleep = -1, 0
    while asleep < ASLEEP:
        try:
            process.wait(TICK)
            return
        except subprocess.TimeoutExpired:
            used, ready = look(process.pid)
        if used > limit * hertz:
            return
        asleep = 0 if ready or used != before else asleep + 1
        before = used


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG


def main(words: list[str]) -> int:
    process = subprocess.Popen(words[2:], preexec_fn=_die_with_parent)
    try:
        watch(process, float(words[0]))
    except OSError:
        pass        # a thread of it has ended
    if process.poll() is None:
        process.kill()
    status = process.wait()
    used = os.times()
    Path(words[1]).write_text(
        f"{used.children_user + used.children_system:.2f}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
