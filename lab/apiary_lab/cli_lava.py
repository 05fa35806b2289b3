"""`apiary lava`: jobs for lava-run and for LAVA servers.

Must not know how anything is done.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
import json
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import bench, bundle, lava, lava_run, lava_server, paths, provenance, \
    store, targets, watch, wiring
from .status import GOOD, INFRASTRUCTURE, LabError
from .targets import Target
from .terminal import emit, progress, warn

BATCHES = paths.BUILD / "lab" / "lava"


def _board(target: Target) -> dict[str, Any]:
    if target.runner != "lava":
        return {}
    desk = wiring.read().get("boards", {}).get(target.name, lava.NO_DESK)
    return lava.NO_DESK | desk if target.own.get("virtual") else desk


def _rendered(target: Target, images: lava.Images, method: str = "",
              base_url: str = "") -> dict[str, str]:
    """File name to text: what LAVA is given."""
    board = _board(target)
    if target.runner == "lava":
        tree = Path(board["dtb"]) if "dtb" in board else target.dtb
        images = lava.Images(images.kernel, images.initrd, dtb=tree)
    name = f"apiary {target.name}"
    out = {"job.yaml": lava.job(target, images, name, method, base_url)}
    if method != "fvp":
        out["device.yaml"] = lava.device(target, board, images)
    if target.runner == "lava":
        out["device.jinja2"] = lava.dictionary(target, board)
    return out


def _checked(name: str, method: str = "") -> list[str]:
    """What LAVA's schemas say of a target's job and device."""
    target = targets.load(name)
    with tempfile.TemporaryDirectory() as folder:
        kernel, initrd = (Path(folder) / file for file in
                          ("apiary.Image", "bundle.dtb"))
        kernel.touch()
        initrd.touch()
        files = _rendered(target, lava.Images(
            kernel, initrd if target.entry == "el2" else None), method)
    return [f"{name}{f' by {method}' if method else ''}: {text}"
            for text in lava.check(files["job.yaml"],
                                   files.get("device.yaml"))]


def cmd_render(args: argparse.Namespace) -> int:
    target = targets.load(args.target, args.cpu, args.smp, args.ram)
    folder = Path(args.output or paths.RUNS / "lava" / target.name)
    vms = args.the_vms(args)
    if target.entry == "el1":
        images = lava.Images(bundle.find_guest(vms[0].guest),
                             append=vms[0].append or None)
    else:
        images = lava.Images(paths.HYPERVISOR_IMAGE,
                             bundle.build(vms, folder / "bundle.dtb"))
    if target.runner == "lava":
        ready = lava.for_uboot(images.initrd)
        images = lava.Images(images.kernel, ready)
    files = _rendered(target, images, "fvp" if args.docker else "",
                      args.base_url)
    for name, text in files.items():
        store.write_text(folder / name, text)
    wrong = lava.check(files["job.yaml"], files.get("device.yaml"))
    if args.json:
        emit({"folder": str(folder), "files": sorted(files), "wrong": wrong})
    else:
        print("\n".join(paths.shown(folder / name) for name in files))
    for text in wrong:
        warn(f"{target.name}: {text}")
    return INFRASTRUCTURE if wrong else GOOD


def cmd_validate(args: argparse.Namespace) -> int:
    wrong, seen = [], 0
    if args.job or args.device:
        for path, place in ((args.job, 0), (args.device, 1)):
            if path is None:
                continue
            try:
                text = Path(path).read_text()
            except (OSError, UnicodeDecodeError) as error:
                raise LabError(f"{path}: {error}") from None
            pair = [None, None]
            pair[place] = text
            seen += 1
            wrong += [f"{path}: {found}" for found in lava.check(*pair)]
    else:
        for name in args.names or targets.names():
            seen += 1
            wrong += _checked(name)
            if targets.load(name).runner == "fvp":
                seen += 1
                wrong += _checked(name, "fvp")
    if args.json:
        emit({"checked": seen, "wrong": wrong})
    else:
        print("\n".join(wrong + [f"{seen} checked by LAVA's schemas, "
                                 f"{len(wrong)} findings"]))
    return INFRASTRUCTURE if wrong else GOOD


def _batch_path(job: int) -> Path:
    return BATCHES / f"{job}.json"


def cmd_submit(args: argparse.Namespace) -> int:
    """A guest, to its end; or the benchmarks, a job each."""
    server = lava_server.Server(args.identity, args.base_url)
    if args.guest or args.firmware or args.vms:
        args.by = server.boot
        return args.cmd_run(args)
    target = targets.load(args.target, args.cpu, args.smp, args.ram)
    entries = bench.select(bench.read_entries(Path(args.bundles)), args.names)
    session = bench.Session(target, entries, args.runs, progress)
    session.prepare()
    jobs = []
    for entry, turn in session.boots():
        jobs.append(server.submit(
            session.target_of(entry), lava.Images(
                paths.HYPERVISOR_IMAGE, session.bundles[entry.name]),
            paths.RUNS / "lava" / target.name / f"{entry.name}-{turn}",
            f"apiary {target.name} {entry.name}"))
    if not jobs:
        raise LabError(f"nothing of that is to be booted on {target.name}")
    store.write_text(_batch_path(jobs[0]), json.dumps({
        "jobs": jobs, "identity": args.identity, "base_url": args.base_url,
        "target": args.target, "cpu": args.cpu, "smp": args.smp,
        "ram": args.ram, "names": args.names, "runs": args.runs,
        "bundles": args.bundles, "images": _hashes(session)}) + "\n")
    if args.no_wait:
        if args.json:
            emit({"jobs": jobs})
        else:
            print(f"jobs {', '.join(map(str, jobs))} at {server.shown}; when "
                  f"they are done: lab/apiary lava fetch {jobs[0]}")
        return GOOD
    return _fetch_batch(args, jobs[0])


def _hashes(session: bench.Session) -> dict[str, str]:
    return {paths.shown(path): provenance.sha256(path) for path in
            [*session.images, *session.bundles.values()]}


def _fetch_batch(args: argparse.Namespace, job: int) -> int:
    """The result of what was submitted as this, stored as any other."""
    path = _batch_path(job)
    try:
        batch = json.loads(path.read_text())
        for name in ("target", "cpu", "smp", "ram", "names", "runs",
                     "bundles"):
            setattr(args, name, batch[name])
        jobs, images = batch["jobs"], batch["images"]
        server = lava_server.Server(batch["identity"], batch["base_url"])
    except (ValueError, KeyError, OSError) as error:
        raise LabError(f"{paths.shown(path)}: {error}") from None
    for name, digest in images.items():
        if provenance.sha256(paths.TOP / name) != digest:
            raise LabError(f"{name} is another one than that of job {job}: "
                           f"the result would not be of what is here")
    args.record, args.measured_as = False, None
    args.by = lava_server.Fetcher(server, jobs).boot
    return args.cmd_bench(args)


def cmd_fetch(args: argparse.Namespace) -> int:
    if _batch_path(args.job).is_file():
        return _fetch_batch(args, args.job)
    # Someone else's job: its console, judged.
    server = lava_server.Server(args.identity)
    log = BATCHES / f"job-{args.job}.log"
    server.follow(args.job, targets.load(args.target), log,
                  watch.Expect(0, True))
    args.log = str(log)
    return args.cmd_replay(args)


def cmd_virtual(args: argparse.Namespace) -> int:
    """Holds the virtual board up, for a server's worker to use."""
    target = targets.load("virtual-board")
    with lava_run.wired(target) as board:
        store.write_text(Path(args.dictionary),
                         lava.dictionary(target, board))
        warn(f"the virtual board is up; its serial line: {board['connect']}; "
             f"Ctrl-C takes it down")
        signal.pause()
    return GOOD


def register(command: Callable, target_options: Callable,
             vm_options: Callable, the_vms: Callable, cmd_run: Callable,
             cmd_bench: Callable, bench_options: Callable,
             cmd_replay: Callable) -> None:
    parser = command("lava", lambda args: args.lava_function(args),
                     "jobs for lava-run and LAVA servers", json_too=False)
    subs = parser.add_subparsers(dest="lava_command", required=True,
                                 metavar="WHAT")

    def add(name: str, function: Callable, text: str) \
            -> argparse.ArgumentParser:
        sub = subs.add_parser(name, help=text, description=text)
        sub.set_defaults(lava_function=function, the_vms=the_vms,
                         cmd_run=cmd_run, cmd_bench=cmd_bench,
                         cmd_replay=cmd_replay)
        sub.add_argument("--json", action="store_true",
                         help="print JSON instead of text")
        return sub

    sub = add("render", cmd_render, "write job and device of a target")
    sub.add_argument("-o", "--output", metavar="DIR")
    sub.add_argument("--base-url", default="", metavar="URL",
                     help="where the dispatcher finds the images")
    sub.add_argument("--docker", action="store_true", help="of an FVP: by "
                     "LAVA's boot method fvp, whose model is in a container")
    target_options(sub)
    vm_options(sub)

    sub = add("validate", cmd_validate, "hold jobs and devices against "
              "LAVA's own schemas, strictly; without names: all targets")
    sub.add_argument("names", nargs="*", metavar="TARGET")
    sub.add_argument("--job", metavar="FILE")
    sub.add_argument("--device", metavar="FILE")

    sub = add("run", cmd_run, "boot a guest by lava-run, without a server")
    sub.set_defaults(by=lava_run.boot, bundle=None, hypervisor=None,
                     no_input=True, clock="virtual")
    sub.add_argument("--timeout", type=float, default=0.0, metavar="S",
                     help="end the machine after so many seconds")
    target_options(sub)
    vm_options(sub)

    sub = add("bench", cmd_bench, "the benchmarks, by lava-run; stores a "
              "result as `apiary bench` does")
    sub.set_defaults(by=lava_run.boot)
    bench_options(sub)

    sub = add("virtual", cmd_virtual, "keep the virtual board up, for a "
              "server; writes its device dictionary")
    sub.add_argument("dictionary", metavar="FILE")

    sub = add("submit", cmd_submit, "the benchmarks (or a guest) as jobs of "
              "a LAVA server; stores a result as `apiary bench` does")
    _server_options(sub)
    sub.add_argument("--base-url", default="", metavar="URL",
                     help="where the dispatcher finds the images: copy them "
                     "there (default: it has this host's files)")
    sub.add_argument("--no-wait", action="store_true",
                     help="end when the jobs are submitted; see fetch")
    sub.set_defaults(bundle=None, hypervisor=None, no_input=True,
                     clock="virtual", timeout=0.0)
    bench_options(sub)
    vm_options(sub)

    sub = add("fetch", cmd_fetch, "the result of what was submitted with "
              "--no-wait, by its first job; or the verdict on any job")
    sub.add_argument("job", type=int)
    sub.add_argument("--target", default=targets.DEFAULT,
                     help=argparse.SUPPRESS)
    _server_options(sub)


def _server_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--identity", default="default", metavar="NAME",
                     help="of lavacli (lavacli identities add); LAVA_URL, "
                     "LAVA_USER and LAVA_TOKEN go before")
