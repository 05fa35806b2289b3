"""Python's unittest methods as ATF test cases: each method is one.

Must not know what is tested.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import sys
import unittest
from collections.abc import Iterator

from . import atf


def _methods(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _methods(item)
        else:
            yield item


def _run(test: unittest.TestCase) -> atf.Result:
    outcome = unittest.TextTestRunner(stream=sys.stderr).run(test)
    bad = outcome.failures + outcome.errors
    if bad:
        return atf.Result(atf.FAILED, bad[0][1].strip().splitlines()[-1])
    if outcome.unexpectedSuccesses:
        return atf.Result(atf.FAILED, "unexpected success")
    if outcome.skipped:
        return atf.Result(atf.SKIPPED, outcome.skipped[0][1])
    return atf.Result(atf.PASSED)


def cases(folder: str) -> list[atf.Case]:
    """A case for every test method in the folder's test_*.py."""
    sys.path.insert(0, folder)
    out = []
    for name in sorted(os.listdir(folder)):
        if not (name.startswith("test_") and name.endswith(".py")):
            continue
        module = name.removesuffix(".py")
        # A module that does not load becomes a case that fails.
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
        for test in _methods(suite):
            label = test.id() if module in test.id() else f"{module}.load"
            text = (test.shortDescription() or "").splitlines()
            out.append(atf.Case(label.removeprefix("test_"),
                                lambda test=test: _run(test),
                                descr=text[0] if text else ""))
    return out
