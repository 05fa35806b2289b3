"""The sub-commands about saved console logs: `replay`, `symbolize`.

Must not know how anything is done.

SPDX-License-Identifier: BSD-2-Clause
"""
import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from . import bench, paths, symbols
from .records import Console
from .status import GOOD, INFRASTRUCTURE, TEST_FAILED, LabError
from .terminal import emit, warn


def _read_log(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else \
            Path(name).read_bytes()
    except OSError as error:
        raise LabError(f"{name}: {error.strerror}") from None
    return data.decode("utf-8", "replace")


def cmd_replay(args: argparse.Namespace) -> int:
    """Judges a saved console log again."""
    console = Console().feed_text(_read_log(args.log))
    wrong = console.infrastructure() + bench.disagreements(console)
    failed = console.failed()
    status = INFRASTRUCTURE if wrong else TEST_FAILED if failed else GOOD
    benches = {name: bench.as_dict(hist, "replay")
               for name, hist in console.histograms.items()}
    if args.json:
        emit({"status": status, "infrastructure": wrong,
              "cases": [{"name": c.name, "result": c.result, "vm": c.vm,
                         "measurement": c.measurement, "units": c.units,
                         "line": c.line} for c in console.cases],
              "benchmarks": benches})
        return status
    count = {"pass": 0, "fail": 0, "skip": 0, "unknown": 0}
    for case in console.cases:
        count[case.result] += 1
        if case.measurement is None:
            print(f"{case.result:8}{case.name}")
        if case.result == "fail":
            print("\n".join(f"        | {line}" for line in case.detail))
    if benches:
        print(bench.table({"benchmarks": benches}, None))
    for text in wrong:
        warn(f"{args.log}: {text}")
    print(f"{count['pass']} passed, {count['fail'] + count['unknown']} failed"
          + (f", {count['skip']} skipped" if count["skip"] else ""))
    return status


def cmd_symbolize(args: argparse.Namespace) -> int:
    lines = _read_log(args.log).splitlines()
    for line in symbols.symbolize(lines, Path(args.elf or
                                              paths.HYPERVISOR_ELF)):
        print(line)
    return GOOD


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command("replay", cmd_replay, "judge a saved console log again")
    sub.add_argument("log", metavar="LOG", help="a file, or - for standard "
                     "input")
    sub = command("symbolize", cmd_symbolize, "name the addresses of a "
                  "back-trace", json_too=False)
    sub.add_argument("log", metavar="LOG")
    sub.add_argument("--elf", metavar="FILE")
