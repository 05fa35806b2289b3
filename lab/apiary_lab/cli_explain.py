"""`apiary explain`: where the instructions of an operation go, and which
function of it a commit changed.

Must not know how a path is found or counted.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import account, bench, flame, measure, operation, targets
from .status import GOOD, LabError
from .terminal import emit, progress


def path_of(folder: Path, name: str, target: targets.Target) \
        -> dict[str, Any]:
    """The account of an operation with the images in `folder`, which a
    commit was built to."""
    status, found = measure.with_images(folder, target, "explain", name)
    if status != GOOD or found is None:
        raise LabError(f"the path of {name} could not be followed; why is "
                       f"said above")
    return found


def _two_sides(args: argparse.Namespace, target: targets.Target) -> int:
    sides = [measure.side(args.base, progress),
             measure.side(args.head, progress)]
    found = []
    for side in sides:
        if side.folder is None:
            raise LabError(f"{side.name} is a result: a path wants a "
                           f"revision, to have its images")
        progress(f"following {args.name} in {side.label}")
        found.append(path_of(side.folder, args.name, target))
    progress("")
    base, head = found
    if args.json:
        emit({"name": args.name, "target": target.config(),
              "base": sides[0].label, "head": sides[1].label,
              "path": [base["path"], head["path"]],
              "functions": [
                  {"function": function, "phase": phase, "base": one,
                   "head": two} for function, phase, one, two
                  in account.compare(base, head)]})
    else:
        print("\n".join([f"base: {sides[0].label}", f"head: {sides[1].label}",
                         "", *account.difference(base, head)]))
    return GOOD


def cmd_explain(args: argparse.Namespace) -> int:
    target = targets.load(args.target, args.cpu, args.smp, args.ram)
    if target.entry != "el2":
        raise LabError(f"{target.name} has no hypervisor to follow")
    if target.missing():
        raise LabError(f"{target.name}: {'; '.join(target.missing())}")
    if args.base is not None:
        if args.svg or args.full:
            raise LabError("--svg and --full show one path, not two")
        return _two_sides(args, target)
    found = operation.measure(args.name, target, Path(args.bundles), progress)
    if args.svg:
        try:
            Path(args.svg).write_text(flame.svg(found))
        except OSError as error:
            raise LabError(f"{args.svg}: {error.strerror}") from None
    if args.json:
        emit(found.as_json())
        return GOOD
    if args.full:
        print(account.listing(found) + "\n")
    print(account.text(found))
    if args.svg:
        print(f"drawn to {args.svg}")
    return GOOD


def register(command: Callable[..., argparse.ArgumentParser],
             target_options: Callable[..., None]) -> None:
    """Adds the sub-command to the parser of cli.py."""
    sub = command("explain", cmd_explain, "where the instructions of an "
                  "operation go")
    sub.add_argument("name", metavar="NAME", help="an operation of `apiary "
                     "bench`: hypercall")
    sub.add_argument("base", metavar="BASE", nargs="?", help="a revision: "
                     "which functions differ from it")
    sub.add_argument("head", metavar="HEAD", nargs="?", help="another "
                     "(default: the working tree as it is)")
    sub.add_argument("--svg", metavar="FILE", help="draw the path")
    sub.add_argument("--full", action="store_true",
                     help="instruction by instruction; * trapped, and is "
                     "counted when it is done")
    sub.add_argument("--bundles", default=str(bench.BUNDLES),
                     help=argparse.SUPPRESS)
    target_options(sub)
