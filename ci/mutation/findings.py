"""What was found: kept line by line, summed up, recorded.

Must not know how a mutant is tried.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from apiary_lab import paths, store
from apiary_lab.status import LabError


@dataclass
class Finding:
    """One mutant, and what came of it."""

    key: str
    path: str
    line: int
    operator: str
    source: str
    outcome: str            # does not compile, same image, no guest, booted
    # GUEST@MACHINE: name of the guest's image, {case: fail, hang, ...}
    runs: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    planned: list[str] = field(default_factory=list)

    def failed(self) -> dict[str, str]:
        """case: how. A failure says more than a guest that ended there."""
        out: dict[str, str] = {}
        for _, cases in self.runs.values():
            for case, how in cases.items():
                if out.get(case) != "fail":
                    out[case] = how
        return out

    def survived(self) -> bool:
        """No guest that it concerns took notice."""
        return self.outcome == "booted" and not self.failed() and \
            set(self.planned) <= set(self.runs)

    def shown(self) -> str:
        return f"{self.path.removeprefix('hypervisor/')} {self.operator}: " \
            f"{self.source}"


@dataclass
class Evidence:
    """The mutant that speaks best for a case: it fails the fewest others."""

    how: str
    beside: int             # cases that failed with it, this one counted
    mutant: str

    def rank(self) -> tuple[bool, int]:
        return (self.how != "fail", self.beside)


def load(path: Path) -> dict[str, Finding]:
    """What earlier runs kept; a line that was cut is none."""
    out = {}
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{paths.shown(path)}: {error}; remove it to begin "
                       f"anew") from None
    for line in lines:
        try:
            finding = Finding(**json.loads(line))
        except (ValueError, TypeError):
            continue
        out[finding.key] = finding
    return out


def keep(path: Path, finding: Finding) -> None:
    """Adds one to the file; a cut line at its end is closed before."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab+") as sink:
            if sink.tell():
                sink.seek(-1, 2)
                if sink.read(1) != b"\n":
                    sink.write(b"\n")
            sink.write(json.dumps(asdict(finding)).encode() + b"\n")
    except OSError as error:
        raise LabError(f"{paths.shown(path)}: {error.strerror}") from None


def evidence(findings: Iterable[Finding]) -> dict[str, Evidence]:
    """For each case that failed: by what."""
    out: dict[str, Evidence] = {}
    for finding in findings:
        failed = finding.failed()
        for case, how in failed.items():
            new = Evidence(how, len(failed), finding.shown())
            if case not in out or new.rank() < out[case].rank():
                out[case] = new
    return out


def files(findings: Iterable[Finding]) -> dict[str, tuple[int, int]]:
    """For each file: mutants that ran, and those nobody noticed."""
    out: dict[str, tuple[int, int]] = {}
    for finding in findings:
        if finding.outcome in ("booted", "no guest"):
            ran, survived = out.get(finding.path, (0, 0))
            out[finding.path] = (ran + 1, survived + finding.survived())
    return out


def read_record(path: Path) -> dict[str, Evidence]:
    """A record as `record` writes it."""
    out = {}
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{paths.shown(path)}: {error}") from None
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        try:
            case, how, beside, mutant = line.split("\t")
            out[case] = Evidence(how, int(beside), mutant)
        except ValueError:
            raise LabError(f"{paths.shown(path)}:{number}: wanted case, how, "
                           f"number and mutant, with tabs between") from None
    return out


def record(path: Path, head: list[str], seen: dict[str, Evidence]) -> None:
    lines = [f"# {line}".rstrip() for line in head]
    lines += ["\t".join([case, found.how, str(found.beside),
                         found.mutant.replace("\t", " ")])
              for case, found in sorted(seen.items())]
    store.write_text(path, "\n".join(lines) + "\n")
