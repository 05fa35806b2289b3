"""The sub-command `overhead`: arguments in, text and exit status out.

Must not know how anything is done.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
from collections.abc import Callable

from . import overhead, paths, targets
from .status import GOOD, LabError
from .terminal import emit, progress

TICK = 16       # instructions: CNTFRQ is 62.5 MHz, an instruction is 1 ns


def cmd_overhead(args: argparse.Namespace) -> int:
    target = targets.load(args.target, args.cpu, args.smp, args.ram)
    bare = targets.load(f"{args.target}-el1", args.cpu, args.vcpus,
                        overhead.MEMORY)
    for machine in (bare, target):
        lacks = machine.missing()
        if lacks:
            raise LabError(f"{machine.name}: {'; '.join(lacks)}")
    found = overhead.measure(
        bare, target, {"guest": "linux", "vcpus": args.vcpus,
                       "memory": overhead.MEMORY, "stats": True}, args.loads,
        paths.RUNS / "overhead", args.timeout, progress)
    if args.json:
        emit([{**vars(cost), "ratio": cost.ratio} for cost in found])
        return GOOD
    print(f"Linux, {args.vcpus} vCPUs on {target.data['smp']} CPUs, beside "
          f"{args.vcpus} CPUs of {bare.name}; instructions\n")
    print(f"{'load':8}{'bare':>15}{'guest':>15}{'ratio':>8}")
    for cost in found:
        print(f"{cost.name:8}{cost.bare:15,}{cost.guest:15,}"
              f"{cost.ratio:8.3f}")
    print("\nexits, boot included, and the instructions of the hypervisor\n")
    for cost in found:
        print(f"{cost.name:8}" + ", ".join(
            f"{name} {count} ({ticks * TICK:,})" for name, (count, ticks) in
            sorted(cost.exits.items(), key=lambda row: -row[1][1])))
    return GOOD


def register(command: Callable[..., argparse.ArgumentParser],
             target_options: Callable[..., None]) -> None:
    sub = command("overhead", cmd_overhead, "what Linux costs more as a "
                  "guest than on the bare machine")
    sub.add_argument("loads", nargs="*", metavar="LOAD",
                     help="beside the boot: " + ", ".join(overhead.LOADS))
    sub.add_argument("--vcpus", type=int, default=2, metavar="N")
    sub.add_argument("--timeout", type=float, default=300.0, metavar="S",
                     help="for each boot (default: %(default)s)")
    target_options(sub)
