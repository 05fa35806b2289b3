"""LAVA's log of a job: YAML, a line an event. What the board said, what LAVA
did, how the job ended. The same from lava-run as from a server. Must not
know where it comes from, nor what a console means.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
from dataclasses import dataclass, field
from typing import Any

from .watch import Watch

# An event is YAML in flow style: {"dt": ..., "lvl": ..., "msg": ...}; a server
# puts `- ` before each.
_LEVELS = ("debug", "info", "warning", "error", "exception", "target",
           "input", "feedback", "event", "results")


def parse(line: str) -> dict[str, Any] | None:
    """One event; None for what is none."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if not line.startswith(("- {", "{")):
        return None
    try:
        event = yaml.load(line.removeprefix("- "), loader)
    except (yaml.YAMLError, ValueError, TypeError):
        return None
    return event if isinstance(event, dict) and \
        event.get("lvl") in _LEVELS else None


# What the telnet program says, not the board.
_TELNET = re.compile(r"Trying |Connected to |Escape character is|telnet: |"
                     r"Connection closed|\S+: Name or service")


def lava_name(case: str) -> str:
    """What LAVA makes of a case's name."""
    return re.sub(r"\W+", "_", case.strip().lower())


@dataclass
class Events:
    """What is of interest in the events so far, given to a watch."""

    watch: Watch
    errors: list[str] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)   # case to result
    measured: dict[str, float] = field(default_factory=dict)
    ended: str = ""         # "pass", or the type of error that ended the job
    said: str = ""          # LAVA's words for that
    loader: str = ""        # U-Boot's version
    last: str = ""          # what LAVA was doing
    console: list[str] = field(default_factory=list)

    def take(self, event: dict[str, Any]) -> None:
        level, text = event["lvl"], event.get("msg", "")
        if level == "target":
            self._console(str(text))
        elif level == "results" and isinstance(text, dict):
            self._result(text)
        elif level in ("error", "exception"):
            self.errors.append(" ".join(str(text).split()))
        elif level in ("debug", "info"):
            text = str(text)
            if text.startswith("start: "):
                self.last = text.split()[2]
            # What follows the switch of the power is the board's.
            if re.match(r"end: \S+ (reset-device|power-device|"
                        r"execute-qemu) ", text):
                self.watch.mark("power")

    def _console(self, text: str) -> None:
        if self.last in ("finalize", "read-feedback") and text == "poweroff":
            return      # LAVA's own, to a shell that is not there
        if text and not _TELNET.match(text):
            self.watch.mark("firmware")
        elif text.startswith("telnet: "):
            self.watch.run.infrastructure.append(
                f"the serial line does not open: {text}")
        found = re.match(r"U-Boot (\d\S*)", text)
        if found and not self.loader:
            self.loader = found[0]
        self.console.append(text)
        self.watch.bytes(text.encode() + b"\n")

    def _result(self, result: dict[str, Any]) -> None:
        case = result.get("case")
        if result.get("definition") == "lava":
            if case == "job":
                self.ended = "pass" if result.get("result") == "pass" else \
                    str(result.get("error_type") or "Job")
                self.said = str(result.get("error_msg") or "")
            return
        self.results[str(case)] = str(result.get("result"))
        if result.get("measurement"):
            self.measured[str(case)] = float(result["measurement"])

    def differs(self) -> list[str]:
        """Cases that LAVA's own results and the console disagree in."""
        cases = {}
        for case in self.watch.run.console.cases:
            cases[case.name] = case
        wrong = []
        for name, case in cases.items():
            held = lava_name(name)
            if held not in self.results:
                wrong.append(f"LAVA has no result {name}")
            elif case.measurement is not None and \
                    self.measured.get(held) != case.measurement:
                wrong.append(f"LAVA says {self.measured.get(held)} for "
                             f"{name}, the console {case.measurement:g}")
        return wrong
