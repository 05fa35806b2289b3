"""The project holds to its rules: each check of ci/check is one case.

SPDX-License-Identifier: BSD-2-Clause
"""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from checks import all as catalogue  # noqa: E402
from checks import tree  # noqa: E402


class Rule(unittest.TestCase):
    """Filled in below: one method for each check."""


def _method(name: str) -> object:
    def method(self: unittest.TestCase) -> None:
        found = catalogue.CHECKS[name](tree.project())
        for finding in found:
            print(finding)
        if found:
            self.fail(f"{len(found)} findings, the first: {found[0]}")
    return method


for _name in catalogue.CHECKS:
    setattr(Rule, f"test_{_name}", _method(_name))
