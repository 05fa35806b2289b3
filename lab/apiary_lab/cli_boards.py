"""The sub-command `boards`: arguments in, text and exit status out.

Must not know how anything is done.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
from collections.abc import Callable
from pathlib import Path

from . import boards
from .status import GOOD, TEST_FAILED
from .terminal import emit


def cmd_boards(args: argparse.Namespace) -> int:
    files = [Path(name) for name in args.dtbs] or boards.all_trees()
    found = boards.look(files)
    if args.json:
        emit([vars(board) for board in found])
    else:
        print("\n".join(boards.table(found, bool(args.dtbs) or args.all)))
    return TEST_FAILED if args.dtbs and \
        any(board.state == boards.NO for board in found) else GOOD


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command("boards", cmd_boards, "are these boards ready? Their device "
                  "trees, or those of Debian's kernel")
    sub.add_argument("dtbs", nargs="*", metavar="DTB")
    sub.add_argument("--all", action="store_true",
                     help="a line for each board")
