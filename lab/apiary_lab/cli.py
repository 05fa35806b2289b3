"""The sub-commands of `apiary`: arguments in, text and exit status out.

Must not know how anything is done: that is in the modules beside this one.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from . import bench, bundle, cli_boards, cli_explain, cli_history, \
    cli_lava, cli_logs, cli_overhead, cli_peers, cli_soak, cli_targets, \
    cli_verdict, guests, junit, lock, machine, paths, provenance, qemu, \
    store, targets
from .lava import Images
from .status import GOOD, INFRASTRUCTURE, INTERRUPTED, TEST_FAILED, LabError
from .terminal import emit, progress, warn


def the_target(args: argparse.Namespace) -> targets.Target:
    target = targets.load(args.target, args.cpu, args.smp, args.ram)
    lacks = target.missing()
    if lacks:
        raise LabError(f"{target.name}: {'; '.join(lacks)}")
    return target


def the_vms(args: argparse.Namespace) -> list[bundle.Vm]:
    """The VMs that --guest and its options, or --vms, describe."""
    single = [name for name in _VM_OPTIONS if getattr(args, name)]
    if args.vms:
        if args.guest or single:
            raise LabError("--vms describes the VMs: --guest and its "
                           "options do not go with it")
        return bundle.read_vms(Path(args.vms))
    if not args.guest and not args.firmware:
        raise LabError("what is to be booted? --guest IMAGE, --firmware FILE "
                       "or --vms FILE")
    options = {name: getattr(args, name) for name in single}
    if options.pop("pci", None):
        if len(args.guest or []) > 1:
            raise LabError("--pci: a function is one VM's: --vms FILE says "
                           "of several VMs who has which")
        options["devices"] = {"pci": bundle.pci_functions(args.pci)}
    if "cpus" in options:
        try:
            options["cpus"] = [int(n) for n in args.cpus.split(",")]
        except ValueError:
            raise LabError(f"--cpus: wanted numbers with commas between, "
                           f"not {args.cpus!r}") from None
    return [bundle.vm_from({"guest": image, **options}, "command line")
            for image in args.guest or [""]]


# -- run ------------------------------------------------------------------

def cmd_run(args: argparse.Namespace) -> int:
    target = the_target(args)
    if args.clock == "host" or not args.clock and (
            args.firmware or set(args.guest or []) & set(bundle.fetched())):
        target = target.by_host_clock()
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    folder = paths.RUNS / "run" / f"{stamp}-{target.name}-{os.getpid()}"
    if target.entry == "el1":
        if args.bundle or args.vms or args.firmware or not args.guest or \
                len(args.guest) > 1:
            raise LabError(f"{target.name} has no hypervisor: wanted one "
                           f"--guest")
        if args.pci:
            raise LabError(f"--pci: {target.name} has no hypervisor: its "
                           f"guest has all functions")
        [vm] = the_vms(args)
        images = Images(bundle.find_guest(vm.guest),
                        Path(vm.initrd) if vm.initrd else None,
                        vm.append or None)
    else:
        hypervisor = Path(args.hypervisor or paths.HYPERVISOR_IMAGE)
        if not hypervisor.is_file():
            raise LabError(f"no {paths.shown(hypervisor)}: make hypervisor")
        if args.bundle:
            if args.vms or args.guest or args.firmware or args.pci:
                raise LabError("--bundle is the VMs: --guest, --firmware, "
                               "--pci and --vms do not go with it")
            made = Path(args.bundle)
            if not made.is_file():
                raise LabError(f"no bundle {args.bundle}")
        else:
            vms = the_vms(args)
            if args.pci and target.without_smmu:
                raise LabError(
                    f"--pci: {target.name} has no SMMU that would confine a "
                    f"function's DMA: --target qemu-virt-smmu has, or --vms "
                    f"FILE with devices: {{pci: [...], unsafe-dma: true}}")
            made = bundle.build(vms, folder / "bundle.dtb")
        images = Images(hypervisor, made)
    terminal = sys.stdin.isatty() and not args.no_input
    if terminal:
        warn(f"{target.name}; Ctrl-A x ends the machine")
    console_out = sys.stderr.buffer if args.json else sys.stdout.buffer
    run = machine.boot(
        target, images, folder / "console.log",
        qemu.Expect(0, target.entry == "el2"), echo=console_out,
        interactive=not args.no_input, timeout=args.timeout,
        by=args.by)
    found = run.console
    # A guest of ours can be judged by its records, any other cannot.
    if found.guests and not found.panic:
        run.infrastructure += found.infrastructure()
    status = INFRASTRUCTURE if run.infrastructure else \
        TEST_FAILED if found.failed() else GOOD
    if args.json:
        emit({"status": status, "target": target.name, "log":
              paths.shown(run.log), "command": run.command,
              "seconds": round(run.seconds, 3), **guests.summary(run)})
    elif run.infrastructure:
        warn("the run went wrong:\n" + qemu.explain(run, tail=0))
    return status


# -- test -----------------------------------------------------------------

def cmd_test(args: argparse.Namespace) -> int:
    target = the_target(args)
    names = guests.names()
    if not names:
        raise LabError(f"no test guests in {paths.shown(paths.GUESTS)}: "
                       f"make guests")
    matrix = guests.read_matrix()
    wanted = [name for name in names
              if not args.filter or args.filter.split(".")[0] in name]
    if not wanted:
        raise LabError(f"no guest matches {args.filter!r}; there are: "
                       f"{', '.join(names)}")
    status, out, counts = GOOD, {}, {"pass": 0, "fail": 0, "skip": 0}
    session = f"test-{os.getpid()}-{time.time_ns()}"
    for index, name in enumerate(wanted):
        point = guests.arrange(name, target, matrix)
        if point is None or target.entry == "el1" and len(point.vms) > 1:
            continue
        progress(f"[{index + 1}/{len(wanted)}] {name}")
        found = guests.outcome(point, session)
        progress("")
        out[name] = found
        for case, what in found["cases"].items():
            if args.filter and args.filter not in case and \
                    args.filter not in name:
                continue
            bad = what["result"] not in ("pass", "skip")
            counts["fail" if bad else what["result"]] += 1
            if not args.json:
                print(f"{what['result']:8}{case}")
                if bad:
                    print("\n".join(f"        | {line}"
                                    for line in what["detail"]))
            if bad:
                status = max(status, TEST_FAILED)
        if found.get("retried") and not args.json:
            print(f"{'retried':8}{name}: {'; '.join(found['retried'])}")
        if found["infrastructure"]:
            status = INFRASTRUCTURE
            if not args.json:
                print(f"{'broken':8}{name}\n{found['explain']}")
    if not out:
        raise LabError(f"no guest runs on {target.name} as it is")
    if args.junit:
        junit.write(Path(args.junit), target.name, out)
    if args.json:
        emit({"status": status, "guests": out})
    else:
        skipped = f", {counts['skip']} skipped" if counts["skip"] else ""
        print(f"{counts['pass']} passed, {counts['fail']} failed{skipped}")
    return status


def cmd_case_run(args: argparse.Namespace) -> int:
    target = the_target(args)
    point = guests.arrange(args.guest, target, guests.read_matrix())
    if point is None:
        raise LabError(f"{args.guest} is not run on {target.name}")
    guests.outcome(point, args.session)
    return GOOD


# -- bench ----------------------------------------------------------------

def cmd_bench(args: argparse.Namespace) -> int:
    target = the_target(args)
    if target.entry != "el2":
        raise LabError(f"{target.name} has no hypervisor to measure")
    if args.record and target.data["deterministic"]:
        raise LabError(f"what {target.name} costs is locked, not recorded: "
                       f"make lock")
    entries = bench.select(bench.read_entries(Path(args.bundles)), args.names)
    session = bench.Session(target, entries, args.runs, progress,
                            args.by)
    session.run()
    for text in session.infrastructure:
        warn(text)
    for text in session.skipped:
        warn(f"skipped: {text}")
    for text in session.failed:
        warn(f"failed: {text}")
    if not session.found:
        raise LabError("nothing was measured")
    config = target.config()
    recorded, whence = lock.beside(config, warn)
    result = session.result()
    clean = not (session.infrastructure or session.failed)
    if args.measured_as:
        result["commit"], _, dirty = args.measured_as.partition("+")
        result["dirty"] = bool(dirty)
    path = store.run_path(config, result["time"], result["commit"])
    # As the commit's own only what is whole.
    if clean or not args.measured_as:
        store.write_log(path, "\n".join(session.consoles))
        store.write(path, result)
    if args.json:
        emit(result)
    else:
        print(bench.table(result, recorded))
        print(f"\n{config}, {result['emulator']}, commit "
              f"{result['commit'][:12]}{' dirty' if result['dirty'] else ''}"
              f"; stored in {paths.shown(path)}")
        if recorded:
            print(f"recorded: {whence}")
    if args.runs > 1 and not args.json:
        same = "not the same in all: " + ", ".join(result["varied"]) \
            if result["varied"] else "identical to the last sample"
        print(f"{args.runs} runs, {same}")
    status = INFRASTRUCTURE if session.infrastructure else \
        TEST_FAILED if session.failed else GOOD
    if target.data["deterministic"] and result["varied"]:
        warn(f"{config} is said to be deterministic, and is not")
        status = max(status, TEST_FAILED)
    if args.record:
        if status != GOOD or args.names or session.skipped:
            raise LabError("only a whole and clean run is recorded")
        store.write(store.recorded_path(config), result)
        print(f"recorded in {paths.shown(store.recorded_path(config))}")
    return status


# -- small ones -----------------------------------------------------------

def cmd_bundle(args: argparse.Namespace) -> int:
    vms = the_vms(args)
    if args.dts:
        print(bundle.source(vms), end="")
        return GOOD
    made = bundle.build(vms, Path(args.output))
    if args.json:
        emit({"bundle": str(made), "bytes": made.stat().st_size,
              "sha256": provenance.sha256(made)})
    else:
        print(f"{made}: {len(vms)} VM{'s' if len(vms) > 1 else ''}, "
              f"{made.stat().st_size} bytes")
    return GOOD


# -- arguments ------------------------------------------------------------

_VM_OPTIONS = ("vcpus", "memory", "initrd", "append", "dtb", "cpus",
               "stage2", "wfi", "gic", "stats", "load", "entry", "firmware",
               "pci")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: wanted 1 or more")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text}: wanted more than 0")
    return value


def _target_options(parser: argparse.ArgumentParser,
                    default: str = targets.DEFAULT) -> None:
    group = parser.add_argument_group("the machine")
    group.add_argument("--target", default=default, metavar="T",
                       help="a name of `apiary targets`, or a YAML file "
                       "(default: %(default)s)")
    group.add_argument("--cpu", help="another CPU model")
    group.add_argument("--smp", type=_count, help="another number of CPUs")
    group.add_argument("--ram", metavar="M", help="another RAM size of the "
                       "machine")


def _vm_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the VMs")
    group.add_argument("--guest", action="append", metavar="IMAGE",
                       help="image file or name of a guest; once for each "
                       "VM, the options below hold for all")
    group.add_argument("--vms", metavar="FILE", help="YAML: name: {guest: "
                       "..., vcpus: ...} for VMs that differ")
    group.add_argument("--vcpus", type=int, metavar="N")
    group.add_argument("--memory", metavar="M", help="RAM of each VM "
                       "(default: 64M, with firmware 256M)")
    group.add_argument("--initrd", metavar="F")
    group.add_argument("--append", metavar="S", help="boot arguments")
    group.add_argument("--dtb", metavar="F", help="replaces the generated "
                       "device tree of the VM")
    group.add_argument("--firmware", metavar="F", help="image of flash that "
                       "the VM starts, as EDK2's; it gets the guest, initrd "
                       "and boot arguments by fw_cfg, or boots by itself")
    group.add_argument("--cpus", metavar="0,1,...",
                       help="physical CPU of each vCPU")
    group.add_argument("--stage2", choices=["eager", "demand"])
    group.add_argument("--wfi", choices=["trap", "native"])
    group.add_argument("--gic", type=int, choices=[2, 3])
    group.add_argument("--stats", action="store_true",
                       help="print the exits when the VM ends")
    group.add_argument("--pci", action="append", metavar="FUNCTION",
                       help="of the machine, as 0000:00:03.0, behind an SMMU "
                       "that confines its DMA to the VM; once for each")
    group.add_argument("--load", metavar="IPA", help="the image is raw")
    group.add_argument("--entry", metavar="IPA")


def _bench_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("names", nargs="*", metavar="NAME")
    sub.add_argument("--runs", type=_count, default=1, metavar="N")
    sub.add_argument("--record", action="store_true", help="what later "
                     "runs are held against: results/recorded/")
    sub.add_argument("--bundles", default=str(bench.BUNDLES),
                     help=argparse.SUPPRESS)
    # COMMIT or COMMIT+dirty: what the images were built from (measure.py).
    sub.add_argument("--measured-as", help=argparse.SUPPRESS)
    _target_options(sub)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="apiary", description="Boots, tests and measures Apiary.",
        epilog="Exit status: 0 good, 1 a test failed, 2 the infrastructure "
        "failed, 3 not enough data, 130 interrupted.")
    subs = parser.add_subparsers(dest="command", required=True,
                                 metavar="COMMAND")

    def command(name: str, function: Any, text: str,
                json_too: bool = True) -> argparse.ArgumentParser:
        sub = subs.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function, by=None)
        if json_too:
            sub.add_argument("--json", action="store_true",
                             help="print JSON instead of text")
        return sub

    sub = command("run", cmd_run, "boot and show the console")
    sub.add_argument("--bundle", metavar="B", help="a bundle ready made")
    sub.add_argument("--hypervisor", metavar="IMAGE")
    sub.add_argument("--timeout", type=_seconds, default=0.0, metavar="S",
                     help="end the machine after so many seconds")
    sub.add_argument("--clock", choices=("virtual", "host"),
                     help="virtual: time is the number of instructions, as "
                     "the target says; host: seconds are seconds (default "
                     "for " + ", ".join(bundle.fetched()) + ")")
    sub.add_argument("--no-input", action="store_true",
                     help="give the machine no standard input")
    _target_options(sub)
    _vm_options(sub)

    sub = command("test", cmd_test, "the test guests on one machine")
    sub.add_argument("--filter", metavar="TEXT",
                     help="guests or cases whose name contains it")
    sub.add_argument("--junit", metavar="FILE", help="write the outcomes "
                     "for a CI system, too")
    _target_options(sub)

    sub = command("bench", cmd_bench, "the benchmarks; stores a result")
    _bench_options(sub)

    cli_verdict.register(command, _target_options)
    cli_explain.register(command, _target_options)
    cli_history.register(command)
    cli_overhead.register(command, _target_options)
    cli_peers.register(command)
    cli_soak.register(command, _target_options)
    cli_targets.register(command)
    cli_lava.register(command, _target_options, _vm_options, the_vms,
                      cmd_run, cmd_bench, _bench_options, cli_logs.cmd_replay)
    cli_boards.register(command)
    cli_logs.register(command)
    sub = command("bundle", cmd_bundle, "build a bundle")
    sub.add_argument("-o", "--output", default="bundle.dtb", metavar="FILE")
    sub.add_argument("--dts", action="store_true",
                     help="print the device-tree source instead")
    _vm_options(sub)
    sub = command("case-run", cmd_case_run, "one test guest on one machine, "
                  "for atf-guest", json_too=False)
    sub.add_argument("guest")
    sub.add_argument("--session", required=True)
    _target_options(sub)
    return parser


def on_terminate() -> None:
    """A request to end is the same as Ctrl-C: machines are stopped."""
    def interrupt(_signum: int, _frame: Any) -> None:
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    on_terminate()
    try:
        return args.function(args)
    except LabError as error:
        progress("")
        warn(str(error))
        return error.status
    except KeyboardInterrupt:
        progress("")
        warn("interrupted; the machine is stopped, and of what it measured "
             "nothing was stored")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is no one to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return INFRASTRUCTURE
