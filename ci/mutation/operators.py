"""Mutants of a source text: one small change each, lines where they were.

Works on C and assembly in the style of the tree, by patterns: a mutant that
does not compile does not count, so nothing here has to understand C. Must
not know what is done with a mutant.

SPDX-License-Identifier: BSD-2-Clause
"""
import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from checks.tree import code_of

_COMPARE = {"==": ["!="], "!=": ["=="], "<": ["<=", ">="], "<=": ["<", ">"],
            ">": [">=", "<="], ">=": [">", "<"]}
_SWAPS = {"&&": "||", "||": "&&", " & ": " | ", " | ": " & ", " + ": " - ",
          " - ": " + ", "<<": ">>", ">>": "<<", "|=": "&=", "&=": "|=",
          "+=": "-=", "-=": "+=", " & ~": " & ", "++": "--", "--": "++",
          "true": "false", "false": "true"}
_SWAP = re.compile(r"&&|\|\||(?<=\w|\)| ) & ~| & | \| | \+ | - |<<|>>|\|=|"
                   r"&=|\+=|-=|\+\+|--|\btrue\b|\bfalse\b")
_NUMBER = re.compile(r"(?<![\w.])(0x[0-9a-f]+|\d+)(?=u?l*\b)", re.I)
_CONDITION = re.compile(r"\b(?:if|while) \(")
_STATEMENT = re.compile(r"(?<=[;{}:)])\s*\n\s*(break;|continue;|"
                        r"(?:\*?[a-z_]\w*(?:->|\.|\[|\(| [-+|&^]?= | <<=|"
                        r" >>=|\+\+|--)|\*\w+ = |__asm__ )[^;{}]*;)|"
                        r"\belse\s+((?!if\b)[a-z_][^;{}]*;)")
_RETURN = re.compile(r"\breturn \(")
_FUNCTION = re.compile(r"^(static )?(?:VGIC_\w+ |inline |__attribute__ ?"
                       r"\(\([^)]*\)\) )*(\w[\w ]*?)( \*?)?\n(\w+)\([^;{}]*?"
                       r"\)\n(\{)", re.M)
_TABLE = re.compile(r"\] = \{\n")
_ROW = re.compile(r"\{[^{}]*\},?|\[\w+\] = [^,{}]*,")
_NAME = re.compile(r"[A-Za-z_]\w*(?=\s*\}?,?$)")
_ASM = re.compile(r"^(?:\w+:)?\t(?!\.)([a-z]\S*)(\t[^\n]*)?$", re.M)
_BRANCHES = {"b.eq": "b.ne", "b.ne": "b.eq", "b.hi": "b.ls", "cbz": "cbnz",
             "cbnz": "cbz", "tbz": "tbnz", "tbnz": "tbz", "b.lo": "b.hs",
             "b.hs": "b.lo", "b.lt": "b.ge", "b.ge": "b.lt"}
# Many of these in a file, and most make little difference.
_FINE = {"constant", "compare", "swap", "always"}


@dataclass(frozen=True)
class Mutant:
    """A change of one place in one file."""

    path: str           # in the tree
    operator: str
    start: int          # what is replaced: text[start:end]
    end: int
    text: str
    line: int           # for people
    source: str         # that line as it was

    def apply(self, text: str) -> str:
        return text[:self.start] + self.text + text[self.end:]

    def key(self, text: str) -> str:
        """Names the mutant as long as its file stays what it is."""
        made = f"{self.path}\0{self.apply(text)}"
        return hashlib.sha256(made.encode()).hexdigest()[:16]

    def shown(self) -> str:
        return f"{self.path}:{self.line} {self.operator}: {self.source}"


def _closing(code: str, start: int) -> int:
    """Where the bracket opened at start ends; -1 if it does not."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in "([{") - (code[at] in ")]}")
        if not depth:
            return at
    return -1


def _gone(text: str) -> str:
    """Nothing, on as many lines."""
    return "\n" * text.count("\n")


Change = tuple[str, int, int, str]      # operator, start, end, new text


def _conditions(code: str) -> Iterator[Change]:
    for match in _CONDITION.finditer(code):
        start = match.end() - 1
        end = _closing(code, start)
        if end < 0:
            continue
        inner = code[start + 1:end]
        yield "negate", start + 1, end, f"!({inner})"
        for value in ("0", "1"):
            # Read all the same: what a condition does is not dropped.
            yield f"always-{value}", start + 1, end, \
                f"(({inner}), {value})"


def _statements(code: str) -> Iterator[Change]:
    for match in _STATEMENT.finditer(code):
        group = 1 if match.group(1) else 2
        start, end = match.span(group)
        if match.group(group).startswith("return"):
            continue
        yield "drop", start, end, ";" + _gone(code[start:end])


def _returns(code: str) -> Iterator[Change]:
    for match in _RETURN.finditer(code):
        start = match.end() - 1
        end = _closing(code, start)
        if end < 0:
            continue
        inner = code[start + 1:end]
        yield "return-0", start + 1, end, "0" + _gone(inner)
        yield "return-not", start + 1, end, f"!({inner})"
    for match in _FUNCTION.finditer(code):
        at = match.end(5)
        kind = match.group(2).strip()
        if kind == "void" and "*" not in (match.group(3) or ""):
            yield "early-return", at, at, " return;"
        elif kind != "void":
            yield "early-return", at, at, " return (0);"


def _tokens(code: str) -> Iterator[Change]:
    for match in _SWAP.finditer(code):
        yield "swap", match.start(), match.end(), _SWAPS[match.group(0)]
    for match in re.finditer(r" (==|!=|<=|>=|<|>) ", code):
        for other in _COMPARE[match.group(1)]:
            yield "compare", match.start(1), match.end(1), other
    for match in _NUMBER.finditer(code):
        value = int(match.group(1), 0) if match.group(1) != "0" and \
            not re.match(r"0\d", match.group(1)) else \
            int(match.group(1), 8)
        form = hex if match.group(1).lower().startswith("0x") else str
        yield "constant+1", *match.span(1), form(value + 1)
        if value:
            yield "constant-1", *match.span(1), form(value - 1)


def _rows(code: str) -> Iterator[Change]:
    for match in _TABLE.finditer(code):
        end = _closing(code, match.end() - 2)
        if end < 0:
            continue
        rows = [(match.end() + row.start(), match.end() + row.end())
                for row in _ROW.finditer(code[match.end():end])]
        names = [_NAME.search(code[a:b]) for a, b in rows]
        for index, (a, b) in enumerate(rows):
            yield "drop-row", a, b, _gone(code[a:b])
            after = names[(index + 1) % len(rows)]
            name = names[index]
            if name and after and name.group(0) != after.group(0):
                yield "other-handler", a + name.start(), a + name.end(), \
                    after.group(0)


def _assembly(code: str) -> Iterator[Change]:
    for match in _ASM.finditer(code):
        word = match.group(1)
        end = match.end(2) if match.group(2) else match.end(1)
        yield "drop", match.start(1), end, "nop"
        if word in _BRANCHES:
            yield "branch", match.start(1), match.end(1), _BRANCHES[word]


def mutants(path: str, text: str) -> list[Mutant]:
    """All of a file, in the order of its lines."""
    code = code_of(text)
    if path.endswith(".S"):
        found = list(_assembly(code))
    else:
        # What the preprocessor reads: constants only. Conditions of #if and
        # names of includes are none of the program.
        directive = re.compile(r"^[ \t]*#[ \t]*(?!define\b)[^\n]*", re.M)
        code = directive.sub(lambda m: " " * len(m.group(0)), code)
        found = [change for each in (_conditions, _statements, _returns,
                                     _tokens, _rows) for change in each(code)]
    out = []
    for operator, start, end, new in sorted(found, key=lambda f: f[1:3]):
        line = text.count("\n", 0, start) + 1
        source = " ".join(text[text.rfind("\n", 0, start) + 1:].split(
            "\n", 1)[0].split())
        if text[start:end] != new:
            out.append(Mutant(path, operator, start, end, new, line, source))
    return out


def by_hand(name: str, path: str, text: str, match: str,
            new: str) -> Mutant | None:
    """A break that somebody wrote; None if it no longer applies: its
    pattern must stand at exactly one place."""
    found = list(re.finditer(match, text, re.M))
    if len(found) != 1:
        return None
    start, end = found[0].span()
    line = text.count("\n", 0, start) + 1
    source = " ".join(text[start:end].split())
    return Mutant(path, f"by-hand {name}", start, end, found[0].expand(new),
                  line, source)


def choose(each: dict[str, list[Mutant]], seed: int) -> list[Mutant]:
    """An order of them all, the same for the same seed: one of each file in
    turn; within a file by chance, those that change more rather early."""
    lines = []
    for path in sorted(each):
        chance = random.Random(f"{seed} {path}")
        order = {mutant: chance.random() +
                 (mutant.operator.rstrip("+-01") in _FINE) / 2
                 for mutant in each[path]}
        lines.append(sorted(each[path], key=order.__getitem__))
    out = []
    while lines:
        out += [line.pop(0) for line in lines if line]
        lines = [line for line in lines if line]
    return out
