"""Rules of the house: who may include whom, what a room may hold, names.

R1 to R3 and R5 of hypervisor/README.md. Must not know the style of a line.

SPDX-License-Identifier: BSD-2-Clause
"""
import re

from .tree import File, Finding, code_of

# Includes point to an earlier room of this list, or stay in their own. The
# machine is described (platform/) before its GIC is driven.
ORDER = ["abi", "port", "lib", "mm", "vgic", "vtimer", "vdev", "virtio",
         "vits", "vfirmware", "vmm", "arch/arm", "arch/aarch64",
         "arch/fake", "uart", "platform", "gic", "its", "smmu", "devices",
         "boot", "tests"]
PURE = ("mm", "vgic", "vtimer", "vdev", "virtio", "vits", "vfirmware")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)


def r1_includes(files: list[File]) -> list[Finding]:
    """R1: includes point one way."""
    out = []
    for file in files:
        room = file.room()
        if not room or not (file.is_c() or file.is_asm()):
            continue
        if room not in ORDER:
            out.append(Finding(file.path, 1, "R1", f"{room} is no room of "
                               f"the order: {', '.join(ORDER)}"))
            continue
        code = code_of(file.text, strings=True)
        for match in _INCLUDE.finditer(code):
            wrong = _include_wrong(room, match.group(1), match.group(2))
            if wrong:
                out.append(Finding(file.path, file.line_of(match.start()),
                                   "R1", wrong))
    return out


def _include_wrong(room: str, mark: str, name: str) -> str:
    if mark == "<":
        if name.startswith("arch_") and room != "port" and \
                not room.startswith("arch/"):
            return f"<{name}>: only port/ looks down to the architecture"
        return ""
    folder = name.rpartition("/")[0]
    if not folder and room == "tests":
        return ""       # what several tests share lies beside them
    if not folder:
        return f'"{name}": includes are written "room/file.h"'
    other = next((r for r in ORDER
                  if folder == r or folder.startswith(r + "/")), "")
    if not other:
        return f'"{name}": {folder} is no room of the order'
    if room == "tests" or other == room:
        return ""
    if {room, other} <= {"arch/aarch64", "arch/fake"}:
        return f'"{name}": one architecture does not know the other'
    # What port/ needs for its own types is below everything.
    if room in ("abi", "port") and name == "lib/types.h":
        return ""
    if ORDER.index(other) > ORDER.index(room):
        return f'"{name}": {room} comes before {other}'
    return ""


_IMPURE = [
    (re.compile(r"\b(__)?asm(__)?\b|\b__asm__\b"), "assembly"),
    (re.compile(r"\b(__)?volatile(__)?\b"), "volatile"),
    (re.compile(r"\b[A-Za-z][A-Za-z0-9_]*_(el|EL)[0-3]\b"),
     "a system register"),
    (re.compile(r"\b(mrs|msr|READ_SYSREG|WRITE_SYSREG|sysreg_read|"
                r"sysreg_write)\b"), "a system-register access"),
    (re.compile(r"^[ \t]*#[ \t]*(if|elif|ifdef|ifndef)\b.*\b(__aarch64__|"
                r"__arm__|\w*(GICV[234]|ARCH|BOARD)\w*)", re.M | re.I),
     "a variant by preprocessor"),
]


def r2_pure(files: list[File]) -> list[Finding]:
    """R2: the models know no hardware."""
    out = []
    for file in files:
        if file.room() not in PURE:
            continue
        code = code_of(file.text)
        for pattern, what in _IMPURE:
            for match in pattern.finditer(code):
                out.append(Finding(
                    file.path, file.line_of(match.end() - 1), "R2",
                    f"{what} in pure room {file.room()}: "
                    f"{match.group(0).strip()}"))
    return out


_COND = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)\b[ \t]*(.*)$", re.M)


def r3_variants(files: list[File]) -> list[Finding]:
    """R3: no conditional compilation but for assembly."""
    out = []
    for file in files:
        if not (file.is_c() or file.is_asm()) or file.room() == "tests" or \
                not file.path.startswith(("hypervisor/", "guests/",
                                          "bench/")):
            continue
        code = code_of(file.text)
        for match in _COND.finditer(code):
            kind, what = match.group(1), match.group(2).strip()
            if kind in ("ifdef", "ifndef") and what == "__ASSEMBLER__":
                continue
            out.append(Finding(
                file.path, file.line_of(match.start()), "R3",
                f"#{kind} {what}: variants are chosen by link or at run "
                f"time; #if only for __ASSEMBLER__"))
    return out


# At the left margin: head, name, parameters, then a brace or a semicolon.
_DEFINITION = re.compile(
    r"^(?P<head>(?:[A-Za-z_][\w \t\*]*[\s\*])?)(?P<name>[A-Za-z_]\w*)"
    r"\((?P<args>[^;{}]*?)\)\s*\{", re.M)
_PROTOTYPE = re.compile(
    r"^(?P<head>(?!typedef\b|return\b|else\b)[A-Za-z_][\w \t\*]*[\s\*])"
    r"(?P<name>[A-Za-z_]\w*)\((?P<args>[^;{}()]*(?:\([^()]*\)[^;{}()]*)*)\)"
    r"\s*;", re.M)
# What may stand between them: attributes, or a macro that gives one.
_ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)(?!\))"
                        r"|\b[A-Z][A-Z0-9_]+\([^()]*\)", re.S)
# Names that the C language or its tool-chain gives.
_GIVEN = re.compile(r"^(__\w+|mem(cpy|set|cmp|move|chr)|str\w+|main|abort|"
                    r"vs?n?printf|s?n?printf)$")


def _plain(code: str) -> str:
    """Without attributes and directives; every character in its place."""
    code = _ATTRIBUTE.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), code)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)), code,
                  flags=re.M)


def definitions(code: str) -> list[re.Match]:
    """Functions defined in C code: groups head, name and args."""
    return list(_DEFINITION.finditer(_plain(code)))


def _prefixed(name: str, stem: str, room: str) -> bool:
    # A room's own name serves the header that presents the whole room.
    prefixes = {stem, room.rpartition("/")[2]}
    return any(name == p or name.startswith(p + "_") for p in prefixes if p)


def r5_names(files: list[File]) -> list[Finding]:
    """R5: a file's name is the prefix of its public functions."""
    out = []
    declared: dict[str, list[str]] = {}     # name: headers that declare it
    sources = [f for f in files if f.path.startswith("hypervisor/")
               and (f.is_c() or f.is_asm()) and f.room() != "tests"]
    stems: dict[str, set[str]] = {}         # room: its files
    for file in sources:
        stems.setdefault(file.room(), set()).add(file.stem)
    for file in sources:
        if not file.name.endswith(".h"):
            continue
        code = code_of(file.text)
        for match in _PROTOTYPE.finditer(_plain(code)):
            name = match.group("name")
            if re.search(r"\bstatic\b", match.group("head")):
                continue
            declared.setdefault(name, []).append(file.stem)
            # One header may present several files of its room.
            if not any(_prefixed(name, stem, file.room())
                       for stem in stems[file.room()] | {"port"}) and \
                    not _GIVEN.match(name):
                out.append(Finding(
                    file.path, file.line_of(match.start("name")), "R5",
                    f"{name}() is declared in {file.name}: its name starts "
                    f"with {file.stem}_ or another file's of its room"))
    for file in sources:
        if not file.name.endswith(".c"):
            continue
        code = code_of(file.text)
        for match in definitions(code):
            name, head = match.group("name"), match.group("head")
            if re.search(r"\bstatic\b", head) or _GIVEN.match(name):
                continue
            # Or it is what another room's header asks for.
            if _prefixed(name, file.stem, file.room()) or any(
                    name == h or name.startswith(h + "_")
                    for h in declared.get(name, []) + ["port"]):
                continue
            out.append(Finding(
                file.path, file.line_of(match.start("name")), "R5",
                f"{name}() is public in {file.name}: its name starts with "
                f"{file.stem}_, or it is static"))
    return out
