"""What a check is given and gives: files with their text, findings.

Must not know any rule.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Finding:
    """A broken rule, and where."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


@dataclass
class File:
    """A file of the project: its path in the tree, and its text."""

    path: str
    text: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        return self.name.partition(".")[0]

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def is_c(self) -> bool:
        return self.path.endswith((".c", ".h"))

    def is_asm(self) -> bool:
        return self.path.endswith((".S", ".lds"))

    def is_python(self) -> bool:
        return self.path.endswith(".py") or \
            bool(re.match(r"#!.*\bpython", self.text))

    def is_shell(self) -> bool:
        return self.path.endswith(".sh") or \
            bool(re.match(r"#!.*\b(ba)?sh\b", self.text))

    def room(self) -> str:
        """The room of the hypervisor it lies in; "" for other files."""
        parts = self.path.split("/")
        if parts[0] != "hypervisor" or len(parts) < 3:
            return ""
        if parts[1] in ("arch", "include"):
            return parts[2] if parts[1] == "include" else "/".join(parts[1:3])
        return parts[1]

    def line_of(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1


def project() -> list[File]:
    """Every text file of the project: what git has or could add."""
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co",
         "--exclude-standard", "-z"], cwd=TOP,
        capture_output=True, check=True).stdout.decode().split("\0")
    out = []
    for name in sorted(set(filter(None, names))):
        path = TOP / name
        if path.is_symlink() or not path.is_file():
            continue
        data = path.read_bytes()
        # Test inputs and results are data: nobody writes them in our style.
        if b"\0" in data or name.startswith(("fixtures/", "results/")) and \
                not name.endswith(".md"):
            continue
        out.append(File(name, data.decode("utf-8", "replace")))
    return out


_TOKENS = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_of(text: str, strings: bool = False) -> str:
    """C or assembly with comments (and strings) blanked out; every other
    character stays at its place."""
    def blank(match: re.Match) -> str:
        found = match.group(0)
        if found[0] in "\"'":
            if strings:
                return found
            return found[0] + " " * (len(found) - 2) + found[-1]
        return re.sub(r"[^\n]", " ", found)
    return _TOKENS.sub(blank, text)
