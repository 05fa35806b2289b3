"""The ATF protocol for scripts: list cases, run one, write its result.

See atf-test-program(1). Kept free of anything slow to load: Kyua starts a
program once for every case. Must not know what a case is about.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

PASSED, SKIPPED, FAILED = "passed", "skipped", "failed"


@dataclass
class Result:
    """PASSED needs no reason, the others do: one line."""

    word: str
    reason: str = ""


@dataclass
class Case:
    """A name, and what to call to run it."""

    name: str
    run: Callable[[], Result]
    timeout: int = 300      # seconds
    descr: str = ""


def _write(path: str, result: Result) -> None:
    text = result.word
    if result.word != PASSED:
        text += ": " + " ".join(result.reason.split() or ["no reason given"])
    if path in ("", "/dev/stdout"):
        print(text)
    else:
        with open(path, "w") as out:
            out.write(text + "\n")


def main(cases: list[Case], argv: list[str]) -> int:
    """Does what the arguments (without the program's name) say."""
    result_file, listing, names = "", False, []
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "-l":
            listing = True
        elif word[:2] in ("-r", "-s", "-v"):
            value = word[2:] or (words.pop(0) if words else "")
            if word[:2] == "-r":
                result_file = value
        else:
            names.append(word)
    if listing:
        print('Content-Type: application/X-atf-tp; version="1"')
        for case in cases:
            print(f"\nident: {case.name}")
            if case.descr:
                print(f"descr: {case.descr}")
            print(f"timeout: {case.timeout}")
        return 0
    if len(names) != 1:
        print("usage: -l | [-r FILE] CASE", file=sys.stderr)
        return 1
    name = names[0].removesuffix(":body")
    for case in cases:
        if case.name == name:
            break
    else:
        print(f"no test case {name}", file=sys.stderr)
        return 1
    try:
        result = case.run()
    except Exception as error:      # any bug is a failure of this case
        traceback.print_exc()
        result = Result(FAILED, f"{type(error).__name__}: {error}")
    sys.stdout.flush()
    _write(result_file, result)
    return 1 if result.word == FAILED else 0


def top_folder(program: str) -> str:
    """The folder of the program itself; Kyua runs it in another one."""
    return os.path.dirname(os.path.realpath(program))
