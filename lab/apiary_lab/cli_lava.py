"""`apiary lava`: jobs for lava-run and for LAVA servers.

Must not know how anything is done.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import bundle, lava, paths, store, targets, wiring
from .status import GOOD, INFRASTRUCTURE, LabError
from .targets import Target
from .terminal import emit, warn

# Stands for what only the desk knows, where a device is only looked at.
_NO_DESK = {"connect": "telnet 127.0.0.1 1", "power_off": "/bin/false",
            "hard_reset": "/bin/false", "dtb": "board.dtb"}


def _board(target: Target) -> dict[str, Any]:
    if target.runner != "lava":
        return {}
    desk = wiring.read().get("boards", {}).get(target.name, _NO_DESK)
    return _NO_DESK | desk if target.own.get("virtual") else desk


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
        out["device.yaml"] = lava.device(target, board)
    if target.runner == "lava":
        out["device.jinja2"] = lava.dictionary(target, board)
    return out


def _checked(name: str, method: str = "") -> list[str]:
    """What LAVA's schemas say of a target's job and device."""
    target = targets.load(name)
    files = _rendered(target, lava.Images(
        Path("apiary.Image"),
        Path("bundle.dtb") if target.entry == "el2" else None), method)
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


def register(command: Callable, target_options: Callable,
             vm_options: Callable, the_vms: Callable, cmd_run: Callable,
             cmd_bench: Callable, bench_options: Callable) -> None:
    parser = command("lava", lambda args: args.lava_function(args),
                     "jobs for lava-run and LAVA servers", json_too=False)
    subs = parser.add_subparsers(dest="lava_command", required=True,
                                 metavar="WHAT")

    def add(name: str, function: Callable, text: str) \
            -> argparse.ArgumentParser:
        sub = subs.add_parser(name, help=text, description=text)
        sub.set_defaults(lava_function=function, the_vms=the_vms)
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
    sub.set_defaults(by_lava=True, bundle=None, hypervisor=None,
                     no_input=True, clock="virtual")
    sub.add_argument("--timeout", type=float, default=0.0, metavar="S",
                     help="end the machine after so many seconds")
    target_options(sub)
    vm_options(sub)

    sub = add("bench", cmd_bench, "the benchmarks, by lava-run; stores a "
              "result as `apiary bench` does")
    sub.set_defaults(by_lava=True)
    bench_options(sub)
