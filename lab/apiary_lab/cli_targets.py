"""`apiary targets` and `apiary doctor`: what can be run on, what a target's
fields mean, what is missing, what to type next.

Must not know how anything is run.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import guests, lava, lava_virtual, paths, provenance, targets, wiring
from .status import GOOD, INFRASTRUCTURE, LabError
from .terminal import emit

Check = tuple[str, str, str]        # what, found, what to do


def cmd_targets(args: argparse.Namespace) -> int:
    rows = {name: targets.load(name) for name in targets.names()}
    if args.json:
        emit({name: {**t.data, "missing": t.missing()}
              for name, t in rows.items()})
        return GOOD
    for name, target in rows.items():
        mark = "*" if name == targets.DEFAULT else " "
        lacks = target.missing()
        print(f"{mark} {name:22}{target.data['description']}"
              + (f"\n  {'':22}missing: {'; '.join(lacks)}" if lacks else ""))
    return GOOD


def explained(data: dict[str, Any], schema: dict[str, Any],
              prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Each field of a target: its name, its value, what it means."""
    for key, value in data.items():
        about = schema.get("properties", {}).get(key, {})
        meaning = about.get("description", "")
        if isinstance(value, dict) and "properties" in about:
            yield f"{prefix}{key}", "", meaning
            yield from explained(value, about, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _short(value), meaning


def _short(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else \
        ", ".join(f"{k}={v}" for k, v in value.items()) \
        if isinstance(value, dict) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=3):
            return True
    except OSError:
        return False


def _port_69_free_or_tftp() -> bool:
    if lava_virtual.tftp_served():
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.bind(("127.0.0.1", 69))
            return True
        except OSError:
            return False


def _writable(folder: Path) -> bool:
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)


def _held(name: str) -> str:
    """Who has the board; "" if no one."""
    try:
        with wiring.reserved(name):
            return ""
    except LabError as error:
        return str(error)


def board_checks(target: targets.Target) -> Iterator[Check]:
    """What only a board that LAVA drives needs."""
    yield ("root", "yes" if os.geteuid() == 0 else "",
           "lava-run wants it: sudo lab/apiary ...")
    for tool, why in (("lava-run", "runs the job"),
                      ("mkimage", "makes the bundle a ramdisk of U-Boot's"),
                      ("in.tftpd", "gives U-Boot the images"),
                      ("telnet", "reaches serial lines")):
        yield (tool, shutil.which(tool) or "",
               f"{why}: ci/deps base lava")
    try:
        yield ("LAVA's device types", paths.shown(lava.types_folder()), "")
    except LabError as error:
        yield ("LAVA's device types", "", str(error))
    yield ("TFTP folder", str(lava_virtual.TFTP)
           if _writable(lava_virtual.TFTP) else "",
           f"{lava_virtual.TFTP} cannot be written to")
    yield ("TFTP port", "69 is free, or TFTP answers"
           if _port_69_free_or_tftp() else "",
           "UDP port 69 is in use by what is no TFTP server: ss -lunp")
    held = _held(target.name)
    yield ("reservation", "" if held else "no one has it", held)
    if target.own.get("virtual"):
        for tool in ("pdudaemon", "curl"):
            yield (tool, shutil.which(tool) or "", "ci/deps base lava")
        yield ("U-Boot", str(lava_virtual.UBOOT)
               if lava_virtual.UBOOT.is_file() else "", "ci/deps base lava")
        return
    try:
        board = wiring.of_board(target.name)
    except LabError as error:
        yield ("wiring", "", str(error))
        return
    yield ("wiring", paths.shown(wiring.path()), "")
    for word in wiring.first_words(board):
        yield (word, shutil.which(word) or "",
               f"{paths.shown(wiring.path())} uses it, and it is not here")
    line = wiring.telnet_of(board)
    if line is not None:
        yield ("serial line", f"{line[0]} port {line[1]} answers"
               if _answers(*line) else "",
               f"nothing answers at {line[0]} port {line[1]}: is ser2net "
               f"running?")
    yield ("dispatcher_ip", board["dispatcher_ip"],
           f"{paths.shown(wiring.path())}: which address of this host do "
           f"boards reach?")


def target_checks(target: targets.Target) -> Iterator[Check]:
    lacks = target.missing()
    found = ""
    if not lacks:
        try:
            found = provenance.emulator(target)
        except LabError as error:
            lacks = [str(error)]
    yield f"target {target.name}", found, "; ".join(lacks)


def host_checks() -> Iterator[Check]:
    for what, path, how in (
            ("hypervisor", paths.HYPERVISOR_IMAGE, "make hypervisor"),
            ("hypervisor symbols", paths.HYPERVISOR_ELF, "make hypervisor"),
            ("libfdt for arm64", paths.BUILD / "deps" / "libfdt" /
             ".complete", "make deps")):
        yield what, paths.shown(path) if path.is_file() else "", how
    count = len(guests.names())
    yield "test guests", f"{count} images" if count else "", "make guests"
    for tool, why in (("dtc", "bundles"), ("kyua", "make test"),
                      ("git", "provenance")):
        yield (tool, shutil.which(tool) or "",
               f"wanted for {why}: make deps")
    space = os.statvfs(paths.TOP)
    free = space.f_bavail * space.f_frsize >> 20
    yield ("disk", f"{free} MiB free" if free > 200 else "",
           f"only {free} MiB free: results could not be stored")
    yield ("results", paths.shown(paths.RESULTS)
           if _writable(paths.RESULTS) else "",
           f"{paths.shown(paths.RESULTS)} cannot be written to")


def next_command(target: targets.Target, bad: list[Check]) -> str:
    """What to type now."""
    for _, _, remedy in bad:
        for part in remedy.replace("? ", ": ").split(": "):
            if part.startswith(("make ", "ci/", "fixtures/", "sudo ", "cp ")):
                return part.split(";")[0]
    if bad:
        return f"lab/apiary doctor {target.name}, when that is done"
    return f"make bench TARGET={target.name}" if target.entry == "el2" \
        else f"lab/apiary run --target {target.name} --guest psci"


def cmd_doctor(args: argparse.Namespace) -> int:
    """Is everything here that a target needs?"""
    checks: list[Check] = []
    fields: list[tuple[str, str, str]] = []
    # Without a name: what is run here by default. Boards are asked by name.
    for name in [args.name] if args.name else targets.names():
        target = targets.load(name)
        if not args.name and target.runner != "qemu":
            continue
        checks += target_checks(target)
        if args.name:
            fields += explained(target.data, targets.schema())
            if target.runner == "lava":
                checks += board_checks(target)
    checks += host_checks()
    checks = [(what, found, "" if found else remedy)
              for what, found, remedy in checks]
    bad = [check for check in checks if check[2]]
    following = next_command(target, bad) if args.name else ""
    if args.json:
        emit([{"what": w, "found": f, "remedy": r} for w, f, r in checks])
        return INFRASTRUCTURE if bad else GOOD
    for field, value, meaning in fields:
        print(f"{field:24}{value:32}  {meaning}".rstrip())
    if fields:
        print()
    for what, found, remedy in checks:
        print(f"{'MISSING' if remedy else 'ok':9}{what:32}"
              f"{remedy or found}")
    if following:
        print(f"\nnext: {following}")
    return INFRASTRUCTURE if bad else GOOD


def register(command: Callable) -> None:
    command("targets", cmd_targets, "what can be run on")
    sub = command("doctor", cmd_doctor,
                  "what is missing here, and how to get it; of a TARGET "
                  "also what its fields mean, and what to type next")
    sub.add_argument("name", nargs="?", metavar="TARGET")
