"""The sub-command `peers`: arguments in, text and exit status out.

Must not know how anything is done.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
import sys
from collections.abc import Callable
from typing import Any

from . import bundle, paths, peers, peers_boot, qemu, store
from .peers_table import BEGIN, END, Table
from .status import GOOD, INFRASTRUCTURE, TEST_FAILED, LabError
from .terminal import emit, progress, warn

_README = paths.TOP / "README.md"


def _wanted(args: argparse.Namespace, plans: peers.Plans) \
        -> list[peers.Column]:
    if args.host:
        if args.only:
            raise LabError("--host is the column: --only does not go with it")
        return [peers.host_column(plans)]
    only = args.only.split(",") if args.only else []
    return peers.select(plans, only, args.names)


def _run_guest(args: argparse.Namespace, plans: peers.Plans) -> int:
    """Any image under KVM, with its console."""
    columns = [column for column in _wanted(args, plans)
               if column.kind == "kvm"]
    if not columns or args.host or args.names:
        raise LabError("--guest is booted by KVM's columns: --only kvm-nvhe "
                       "or kvm-vhe")
    status = GOOD
    folder = paths.RUNS / "peers" / "guest"
    folder.mkdir(parents=True, exist_ok=True)
    for column in columns:
        boot = peers_boot.Boot("guest", args.vcpus, [], runner=f"--vcpus "
                               f"{args.vcpus}")
        plan = peers_boot.kvm(column.cpu, boot, args.append, folder,
                              bundle.find_guest(args.guest), ours=False)
        run = qemu.boot(plan.target, plan.command, folder / "console.log",
                        plan.expect, echo=sys.stdout.buffer)
        if run.console.guests:
            run.infrastructure += run.console.infrastructure()
        text = run.log.read_text(errors="replace")
        if not run.infrastructure and "\npeer end: status 0" not in text:
            run.infrastructure.append("the guest did not end by itself")
        for text in run.infrastructure:
            warn(f"{column.name}: {text}")
        status = max(status, INFRASTRUCTURE if run.infrastructure else
                     TEST_FAILED if run.console.failed() else GOOD)
    return status


def cmd_peers(args: argparse.Namespace) -> int:
    plans = peers.read()
    if args.guest:
        return _run_guest(args, plans)
    columns = _wanted(args, plans)
    if args.record and (args.only or args.names or args.host):
        raise LabError("only the whole comparison is recorded")
    results: dict[str, dict[str, Any]] = {}
    whole = True
    for column in columns:
        if args.recorded:
            results[column.name] = store.read(
                store.recorded_path(column.target))
            continue
        result, good = peers.measure(column, args.runs, args.again, progress,
                                     warn)
        whole &= good
        if result is not None:
            results[column.name] = result
            if result["varied"]:
                warn(f"{column.name}: not the same in all runs: "
                     f"{', '.join(result['varied'])}")
    table = Table(plans, columns, results, args.names)
    if not table.columns and "floor" not in results:
        raise LabError("nothing was measured")
    if args.json:
        emit(table.as_dict())
    else:
        print(table.markdown() if args.markdown and table.columns
              else table.text())
    for text in table.unlike():
        warn(f"not the same guest everywhere: {text}")
    for text in table.behind():
        warn(f"behind in {text}")
    if args.record:
        _record(table, columns, whole)
    return INFRASTRUCTURE if not whole or table.unlike() else \
        TEST_FAILED if table.behind() else GOOD


def _record(table: Table, columns: list[peers.Column], whole: bool) -> None:
    if not whole:
        raise LabError("only what is whole is recorded")
    dirty = [name for name, result in table.results.items()
             if result["dirty"]]
    if dirty:
        raise LabError(f"only what a commit has measured is recorded: commit, "
                       f"then --again ({', '.join(dirty)})")
    for column in columns:
        store.write(store.recorded_path(column.target),
                    table.results[column.name])
    text = _README.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise LabError(f"README.md: wanted one {BEGIN} and one {END}")
    before, _, rest = text.partition(BEGIN)
    store.write_text(_README, f"{before}{BEGIN}\n{table.markdown()}\n{END}"
                     f"{rest.partition(END)[2]}")
    warn("recorded in results/recorded/ and README.md")


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command("peers", cmd_peers, "the same guest under KVM, Xen and "
                  "none, beside Apiary; what is stored is not measured again")
    sub.add_argument("names", nargs="*", metavar="NAME",
                     help="figures (default: all)")
    sub.add_argument("--only", metavar="A,B,...",
                     help="columns of lab/peers/columns.yaml")
    sub.add_argument("--markdown", action="store_true",
                     help="the table as README.md has it")
    sub.add_argument("--runs", type=_count, default=1, metavar="N",
                     help="boot each so often: are the figures identical?")
    sub.add_argument("--again", action="store_true",
                     help="measure what is stored too")
    sub.add_argument("--host", action="store_true",
                     help="this machine's own KVM (arm64; unverified)")
    sub.add_argument("--guest", metavar="IMAGE", help="only boot this image "
                     "by KVM's columns and show its console")
    sub.add_argument("--append", default="", metavar="S",
                     help="its boot arguments")
    sub.add_argument("--vcpus", type=_count, default=1, metavar="N")
    sub.add_argument("--record", action="store_true",
                     help="keep it in results/recorded/, and in README.md")
    sub.add_argument("--recorded", action="store_true",
                     help="show what was recorded")


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: wanted 1 or more")
    return int(text)
