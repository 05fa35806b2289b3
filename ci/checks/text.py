"""Rules of the text: how a file opens, how long it is, how lines look.

R5 (length) and R6 of hypervisor/README.md, and style(9). Must not know the
rooms.

SPDX-License-Identifier: BSD-2-Clause
"""
import re

from .rooms import definitions
from .tree import File, Finding, code_of

MAX_LINES = 500
_NO_COMMENT = (".json", ".md", ".txt", ".log", "LICENSE", "VERSION",
               ".gitignore", ".dtb", ".csv", ".svg", ".png", ".html")
_SPDX = "SPDX-License-" + "Identifier: BSD-2-Clause"


def _opening(file: File) -> str:
    """The comment a file opens with, after #! and the like."""
    text = re.sub(r"\A#![^\n]*\n", "", file.text)
    for pattern in (r"/\*.*?\*/", r'"""[\s\S]*?"""', r"(?:#[^\n]*\n)+",
                    r"(?:--[^\n]*\n)+", r"<!--.*?-->"):
        match = re.match(pattern, text, re.S)
        if match:
            return match.group(0)
    return ""


def r5_length(files: list[File]) -> list[Finding]:
    """R5: over 500 lines only with a reason, on the first lines."""
    out = []
    for file in files:
        count = file.text.count("\n")
        head = "\n".join(file.lines[:15])
        if count > MAX_LINES and (file.is_c() or file.is_asm()
                                  or file.is_python() or file.is_shell()) \
                and not re.search(r"\b[Oo]ver 500 lines\b", head):
            out.append(Finding(
                file.path, 1, "R5", f"{count} lines: split it, or say why "
                f"(`Over 500 lines because ...`) on the first 15"))
    return out


def r6_opening(files: list[File]) -> list[Finding]:
    """R6: a file opens with what it is for, and its licence."""
    out = []
    for file in files:
        if file.name.endswith(_NO_COMMENT):
            continue
        opening = _opening(file)
        if not opening:
            out.append(Finding(file.path, 1, "R6", "opens with no comment "
                               "that says what it is for"))
            continue
        if _SPDX not in opening:
            out.append(Finding(file.path, 1, "R6", f"no {_SPDX} in the "
                               f"opening comment"))
        words = re.findall(r"[A-Za-z]{2,}", opening.replace(_SPDX, ""))
        if len(words) < 3:
            out.append(Finding(file.path, 1, "R6", "the opening comment "
                               "does not say what the file is for"))
    return out


_MACHINE = re.compile(r"(?<![\w.$})*-])/(" + "|".join(
    ("work", "root", "home", "Users")) + r")(?=/|\b(?!\.))")


def paths(files: list[File]) -> list[Finding]:
    """No path of the machine it was written on."""
    out = []
    for file in files:
        for number, line in enumerate(file.lines, 1):
            match = _MACHINE.search(line)
            if match:
                out.append(Finding(file.path, number, "paths",
                                   f"{match.group(0)} is a folder of "
                                   f"someone's machine"))
    return out


def blanks(files: list[File]) -> list[Finding]:
    """No blanks at the end of a line, no noise of empty lines."""
    out = []
    for file in files:
        if not file.text:
            continue
        lines = file.lines
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                out.append(Finding(file.path, number, "blanks",
                                   "blanks at the end of the line"))
            if file.is_c() and not line and number > 1 and \
                    not lines[number - 2] and number < len(lines):
                out.append(Finding(file.path, number, "blanks",
                                   "two empty lines"))
        if not file.text.endswith("\n"):
            out.append(Finding(file.path, len(lines), "blanks",
                               "no end of the last line"))
        elif file.text.endswith("\n\n"):
            out.append(Finding(file.path, len(lines) - 1, "blanks",
                               "empty lines at the end"))
    return out


def _c_line(line: str, code: str) -> str:
    """What style(9) has against one line; "" if nothing."""
    if len(line.expandtabs(8)) > 80:
        return f"{len(line.expandtabs(8))} columns; 80 at most"
    if re.match(r"\t* {8,}\S", line) and code.strip():
        return "indented by blanks: tabs, then 4 blanks for a continuation"
    if re.search(r"\b(if|for|while|switch|return)\(", code):
        return "a blank goes between the keyword and ("
    if re.search(r"\breturn [^(;]", code):
        return "return takes its value in parentheses"
    if re.match(r"\s*(if|for|while|switch)\b.*\)\{", code):
        return "a blank goes before {"
    if re.match(r"\s*#\s*define [A-Za-z_]", code):
        return "a tab goes after #define"
    return ""


def c_style(files: list[File]) -> list[Finding]:
    """FreeBSD's style(9), as far as a script can tell."""
    out = []
    for file in files:
        if not file.is_c():
            continue
        code = code_of(file.text)
        for number, (line, bare) in enumerate(
                zip(file.lines, code.split("\n")), 1):
            wrong = _c_line(line, bare)
            if wrong:
                out.append(Finding(file.path, number, "style", wrong))
        for match in definitions(code):
            head = match.group("head")
            if head and not head.endswith("\n") and \
                    "=" not in head:
                out.append(Finding(
                    file.path, file.line_of(match.start("name")), "style",
                    f"{match.group('name')}: the name of a function starts "
                    f"a line in its definition"))
    return out
