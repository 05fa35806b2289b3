"""Exit statuses of every `apiary` command, and the errors that carry them.

Must not know what any command does.

SPDX-License-Identifier: BSD-2-Clause
"""
import difflib

GOOD = 0
TEST_FAILED = 1         # a test failed, or a figure regressed
INFRASTRUCTURE = 2      # no image, boot hang, time-out, bad input file
NOT_ENOUGH_DATA = 3
INTERRUPTED = 130       # Ctrl-C, as a shell reports it


class LabError(Exception):
    """What stops a command: one clear line for the user, and a status."""

    status = INFRASTRUCTURE


class NotEnoughData(LabError):
    """There is nothing wrong, but no verdict can be given either."""

    status = NOT_ENOUGH_DATA


def no_such(what: str, name: str, known: list[str]) -> str:
    """What to say of a name that is not there: the nearest, or all."""
    near = difflib.get_close_matches(name, known, 1)
    return f"no {what} {name}; " + (
        f"did you mean {near[0]}?" if near
        else f"there are: {', '.join(known)}")
