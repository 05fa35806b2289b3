"""Columns beside each other: text, Markdown, and who is ahead.

Must not know how a figure was measured.

SPDX-License-Identifier: BSD-2-Clause
"""
from typing import Any

from .peers import Column, Plans

SKIP = "skip"
BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"
_OURS = "apiary"
# What is no hypervisor: there is nothing to be ahead of.
_NONE = ("none", "floor")


class Table:
    """The results by column."""

    def __init__(self, plans: Plans, columns: list[Column],
                 results: dict[str, dict[str, Any]],
                 names: list[str]) -> None:
        self.plans = plans
        self.results = results
        self.columns = [column for column in columns
                        if column.name in results and column.kind != "floor"]
        self.rows = [row for row in plans.rows if not names or row in names]

    def value(self, column: str, row: str) -> float | None:
        bench = self.results[column]["benchmarks"].get(row)
        if bench is None:
            return None
        return bench["mean" if row in self.plans.means else "p50"]

    def reason(self, column: str, row: str) -> str:
        return self.results[column].get("skipped", {}).get(
            row, "not measured")

    def behind(self) -> list[str]:
        """Operations in which another hypervisor is ahead of us."""
        if _OURS not in self.results:
            return []
        out = []
        for row in self.rows:
            ours = self.value(_OURS, row)
            for column in self.columns:
                theirs = self.value(column.name, row)
                if column.name != _OURS and column.kind not in _NONE and \
                        None not in (ours, theirs) and ours >= theirs:
                    out.append(f"{row}: {_number(ours)}, {column.name} "
                               f"{_number(theirs)}")
        return out

    def unlike(self) -> list[str]:
        """Columns whose guest is not the image of the others."""
        hashes: dict[str, list[str]] = {}
        for column in self.columns:
            for path, digest in self.results[column.name]["images"].items():
                if path.endswith("bench.Image"):
                    hashes.setdefault(digest, []).append(column.name)
        return [] if len(hashes) < 2 else [
            f"{', '.join(names)}: guest {digest[:12]}"
            for digest, names in hashes.items()]

    def guest(self) -> str:
        for column in self.columns:
            for path, digest in self.results[column.name]["images"].items():
                if path.endswith("bench.Image"):
                    return digest
        return ""

    # -- for people -------------------------------------------------------

    def head(self) -> str:
        """When, from what, by which command."""
        first = self.results[self.columns[0].name]
        guest = "guests that differ" if self.unlike() else \
            f"guest image {self.guest()[:12]} in every column"
        return (f"{first['time'][:10]}, commit {first['commit'][:12]}, "
                f"{first['emulator']}, {guest}; `lab/apiary peers` measures "
                f"it anew.")

    def cells(self) -> list[list[str]]:
        out = []
        for row in self.rows:
            values = [self.value(column.name, row)
                      for column in self.columns]
            out.append([row, *(SKIP if value is None else _number(value)
                               for value in values)])
        return out

    def skips(self) -> list[str]:
        """Each reason once, with the figures it is given for."""
        reasons: dict[tuple[str, str], list[str]] = {}
        for column in self.columns:
            for row in self.rows:
                if self.value(column.name, row) is None:
                    key = (column.title, self.reason(column.name, row))
                    reasons.setdefault(key, []).append(row)
        return [f"{title}, {', '.join(rows)}: {why}"
                for (title, why), rows in reasons.items()]

    def floor(self) -> list[str]:
        result = self.results.get("floor")
        return [] if result is None else [
            f"{name} {_number(result['benchmarks'][name]['p50'])} ({what})"
            for name, what in self.plans.floor.items()
            if name in result["benchmarks"]]

    def sources(self) -> list[str]:
        """What each column is: CPU, package, configuration."""
        out = []
        for column in self.columns:
            result = self.results[column.name]
            said = result.get("configuration", {})
            out.append(", ".join(filter(None, (
                f"{column.title}: {result['target']['cpu']}",
                said.get("package", ""), said.get("scheduler", ""),
                column.note))))
        return out

    def boxed(self) -> list[list[str]]:
        return [["operation", *(c.title for c in self.columns)],
                *self.cells()]

    def text(self) -> str:
        rows = self.boxed()
        widths = [max(len(row[i]) for row in rows)
                  for i in range(len(rows[0]))]
        lines = ["  ".join(cell.rjust(width) if i else cell.ljust(width)
                           for i, (cell, width) in
                           enumerate(zip(row, widths))).rstrip()
                 for row in rows]
        lines += ["", *(f"floor: {text}" for text in self.floor())]
        lines += ["", *(f"skip: {text}" for text in self.skips())]
        lines += ["", *self.sources(), "", *self.plans.notes]
        return "\n".join(lines)

    def markdown(self) -> str:
        """The section of the top README."""
        head, *rows = self.boxed()
        lines = [
            self.head(), "",
            "| " + " | ".join([*head, "what"]) + " |",
            "|---|" + "---:|" * (len(head) - 1) + "---|"]
        lines += ["| " + " | ".join([*row, self.plans.rows[row[0]]]) + " |"
                  for row in rows]
        lines.append("")
        lines += [f"- {text}" for text in self.sources()]
        if self.floor():
            lines.append(f"- Floor of the machine: {'; '.join(self.floor())}")
        lines += [f"- skip: {text}" for text in self.skips()]
        lines += ["", "What favours Apiary, and what else to know:", ""]
        lines += [f"- Apiary is behind in {text}." for text in self.behind()]
        lines += [f"- {text}" for text in self.plans.notes]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        return {
            "rows": {row: {
                column.name: self.value(column.name, row)
                if self.value(column.name, row) is not None else
                {"skip": self.reason(column.name, row)}
                for column in self.columns} for row in self.rows},
            "columns": {column.name: {
                key: self.results[column.name].get(key) for key in
                ("time", "commit", "emulator", "images", "commands",
                 "configuration", "varied", "runs")}
                for column in self.columns},
            "floor": {} if "floor" not in self.results else {
                name: bench["p50"] for name, bench in
                self.results["floor"]["benchmarks"].items()},
            "behind": self.behind(), "notes": self.plans.notes}


def _number(value: float) -> str:
    return f"{round(value):,}"
