"""The sub-command `soak`: arguments in, text and exit status out.

Must not know how anything is done.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
import json
import time
from collections.abc import Callable

from . import paths, soak, store, targets
from .status import GOOD, INTERRUPTED, NOT_ENOUGH_DATA, TEST_FAILED, LabError
from .terminal import emit, progress, warn


def cmd_soak(args: argparse.Namespace) -> int:
    target = targets.load(args.target, args.cpu, soak.CPUS, soak.MEMORY)
    lacks = target.missing()
    if lacks:
        raise LabError(f"{target.name}: {'; '.join(lacks)}")
    if not target.data["deterministic"]:
        raise LabError(f"{target.name} does not count instructions: figures "
                       f"of two boots could not be compared")
    if not paths.HYPERVISOR_IMAGE.is_file():
        raise LabError(f"no {paths.shown(paths.HYPERVISOR_IMAGE)}: make all")
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    folder = paths.RUNS / "soak" / stamp
    one = soak.Soak(target, args.seconds, folder, progress)
    whole = True
    try:
        one.run()
    except KeyboardInterrupt:
        whole = False
    progress("")
    result = one.result(whole)
    store.write_text(folder / "soak.json", json.dumps(
        result, indent=1, sort_keys=True) + "\n")
    if args.json:
        emit(result)
    else:
        _show(one, result)
        print(f"consoles and result: {paths.shown(folder)}")
    if not whole:
        warn("interrupted; the machine is stopped, this is the result so far")
        return INTERRUPTED
    if result["wrong"]:
        return TEST_FAILED
    return GOOD if result["figures"] else NOT_ENOUGH_DATA


def _show(one: soak.Soak, result: dict) -> None:
    print(f"{'figure':18}{'alone':>8}{'together':>10}{'least':>8}"
          f"{'most':>8}{'times':>7}  change")
    for c in one.changes():
        print(f"{c.name:18}{c.alone:8}{c.together:10g}{c.least:8}"
              f"{c.most:8}{c.lives:7}  {c.percent:+.2f} %"
              f"{'  moved' if c.moved else ''}")
    turns = ", ".join(f"{name} {n}" for name, n in
                      sorted(result["turns"].items()))
    print(f"\nmedians in instructions; at most {soak.BOUND:g} % may they "
          f"move\nturns: {turns or 'none'}; lives of the hostile guest: "
          f"{result['hostile_lives']}\n{result['boots']} boots to the end, "
          f"{result['guest_seconds']} s of the guests' clock, "
          f"{result['seconds']:.0f} s of ours")
    for text in result["wrong"]:
        print(f"wrong: {text}")


def register(command: Callable[..., argparse.ArgumentParser],
             target_options: Callable[..., None]) -> None:
    sub = command("soak", cmd_soak, "two Linux, a benchmark and a hostile "
                  "guest together for a long time")
    sub.add_argument("--seconds", type=float, default=3600.0, metavar="S",
                     help="about how long (default: %(default)g)")
    target_options(sub)
