"""Outcomes of test guests as JUnit XML, which CI systems read. Must not know
what the cases test.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from . import store

# What XML cannot hold, and a console may.
_BAD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")


def document(target: str, outcomes: dict[str, dict[str, Any]]) -> str:
    """One suite a guest; a run that went wrong is an error of its own."""
    root = ElementTree.Element("testsuites", name=target)
    for guest, found in outcomes.items():
        suite = ElementTree.SubElement(root, "testsuite", name=guest,
                                       time=str(found["seconds"]))
        count = {"failure": 0, "error": 0, "skipped": 0}

        def note(case: ElementTree.Element, kind: str, text: str) -> None:
            count[kind] += 1
            text = _BAD.sub("?", text)
            ElementTree.SubElement(case, kind, message=text.split("\n")[0]
                                   ).text = text

        for name, what in found["cases"].items():
            case = ElementTree.SubElement(
                suite, "testcase", name=name, classname=f"{target}.{guest}")
            detail = "\n".join(what["detail"])
            if what["result"] == "skip":
                note(case, "skipped", detail)
            elif what["result"] != "pass":
                note(case, "failure", detail or what["result"])
        run = ElementTree.SubElement(suite, "testcase", name="_run",
                                     classname=f"{target}.{guest}")
        if found["infrastructure"]:
            note(run, "error", "\n".join(found["infrastructure"]))
        elif found.get("retried"):
            ElementTree.SubElement(run, "system-out").text = _BAD.sub(
                "?", "passed after: " + "; ".join(found["retried"]))
        suite.set("tests", str(len(found["cases"]) + 1))
        for kind, plural in (("failure", "failures"), ("error", "errors"),
                             ("skipped", "skipped")):
            suite.set(plural, str(count[kind]))
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode") + "\n"


def write(path: Path, target: str, outcomes: dict[str, dict[str, Any]]) \
        -> None:
    store.write_text(path, document(target, outcomes))
