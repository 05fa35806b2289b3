"""Rules that other programs judge: compilers, linters, sizes.

Must not know the text rules.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .tree import TOP, File, Finding, code_of

CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
BUILD = TOP / os.environ.get("BUILD", "build")
MAX_TEXT = 64 << 10         # bytes of .text and .rodata
BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"
MAX_LINES = 9000            # of C and assembly, see line_count
# What the core does without: a section and budgets of its own.
EXTENSIONS = tuple(f"hypervisor/{room}/" for room in (
    "virtio", "vits", "vfirmware", "its", "smmu", "devices", "mm/ext",
    "vmm/ext", "arch/aarch64/ext", "platform/ext", "gic/ext", "boot/ext"))
MAX_EXTENSION_TEXT = 50 << 10
MAX_EXTENSION_LINES = 6600


def _run(words: list, **options: object) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(words, capture_output=True, text=True,
                              cwd=TOP, **options)
    except FileNotFoundError:
        raise SystemExit(f"check: {words[0]} is not in PATH: "
                         f"make deps") from None


def _gcc_like(text: str, rule: str) -> list[Finding]:
    """Findings from `path:line:column: text` lines."""
    out = []
    for line in text.splitlines():
        match = re.match(r"(.+?):(\d+):(?:\d+:)? (.*)", line)
        if match:
            path = match.group(1).removeprefix("./")
            out.append(Finding(path.removeprefix(f"{TOP}/"),
                               int(match.group(2)), rule, match.group(3)))
    return out


def shell(files: list[File]) -> list[Finding]:
    """shellcheck has nothing to say."""
    names = [f.path for f in files if f.is_shell()]
    if not names:
        return []
    done = _run(["shellcheck", "--format=gcc", *names])
    out = _gcc_like(done.stdout, "shellcheck")
    if done.returncode and not out:
        out.append(Finding(names[0], 1, "shellcheck", done.stderr.strip()))
    return out


def python(files: list[File]) -> list[Finding]:
    """flake8 has nothing to say."""
    names = [f.path for f in files if f.is_python()]
    if not names:
        return []
    done = _run(["flake8", "--isolated", *names])
    out = _gcc_like(done.stdout, "flake8")
    if done.returncode and not out:
        out.append(Finding(names[0], 1, "flake8", done.stderr.strip()))
    return out


def headers(files: list[File]) -> list[Finding]:
    """Every header compiles alone, in the place it is made for."""
    def compile_one(file: File) -> list[Finding]:
        room, path = file.room(), file.path
        arch = "fake" if room == "arch/fake" else "aarch64"
        # The architecture's part of a port header comes with its types.
        port = f"hypervisor/include/port/{file.stem.removeprefix('arch_')}.h"
        if file.stem.startswith("arch_") and (TOP / port).is_file():
            path = port
        words = [f"{CROSS}gcc", "-std=gnu11", "-ffreestanding", "-Wall",
                 "-Wextra", "-Werror", "-fsyntax-only", "-Ihypervisor",
                 "-Ihypervisor/include", f"-Ihypervisor/arch/{arch}",
                 "-Ihypervisor/arch/arm", "-isystem",
                 str(BUILD / "deps" / "libfdt" / "usr" / "include"),
                 "-include", str(TOP / path), "-x", "c", "/dev/null"]
        done = _run(words)
        if not done.returncode:
            return []
        found = [f for f in _gcc_like(done.stderr, "headers")
                 if "error" in f.text]
        return found[:3] or [Finding(file.path, 1, "headers",
                                     done.stderr.strip()[:200])]

    chosen = [f for f in files if f.path.startswith("hypervisor/")
              and f.name.endswith(".h") and f.room() != "tests"]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [finding for found in pool.map(compile_one, chosen)
                for finding in found]


def text_size(elf: Path = BUILD / "hypervisor" / "apiary.elf",
              limit: int = MAX_TEXT,
              extension: int = MAX_EXTENSION_TEXT) -> list[Finding]:
    """The hypervisor's text stays small: its code, .rodata apart; and that
    of the extensions, which the core does without."""
    name = str(elf.relative_to(TOP)) if elf.is_relative_to(TOP) else str(elf)
    if not elf.is_file():
        return [Finding(name, 1, "text size", "not built: make hypervisor")]
    done = _run([f"{CROSS}size", "-A", str(elf)])
    sizes = {match.group(1): int(match.group(2)) for match in re.finditer(
        r"^\.(text|text_ext|rodata)\s+(\d+)", done.stdout, re.M)}
    if not sizes.get("text"):
        return [Finding(name, 1, "text size", "no .text in it")]
    if sizes["text"] >= limit:
        return [Finding(name, 1, "text size", f"{sizes['text']} bytes of "
                        f".text; under {limit} ({sizes.get('rodata', 0)} of "
                        f".rodata beside it)")]
    if sizes.get("text_ext", 0) >= extension:
        return [Finding(name, 1, "text size", f"{sizes['text_ext']} bytes "
                        f"of .text_ext; under {extension}")]
    return []


def line_count(files: list[File], limit: int = MAX_LINES,
               extension: int = MAX_EXTENSION_LINES) -> list[Finding]:
    """The hypervisor proper stays small: lines of C and assembly, empty
    lines and comments apart, without tests/, arch/fake and uart/; and so do
    the extensions."""
    core = count = 0
    for f in files:
        if f.path.startswith("hypervisor/") and \
                f.path.endswith((".c", ".h", ".S")) and f.room() not in (
                    "tests", "arch/fake", "uart"):
            lines = sum(1 for line in code_of(f.text).split("\n")
                        if line.strip())
            if f.path.startswith(EXTENSIONS):
                count += lines
            else:
                core += lines
    out = []
    if core >= limit:
        out.append(Finding("hypervisor", 1, "lines", f"{core} lines of C and "
                           f"assembly; under {limit}"))
    if count >= extension:
        out.append(Finding(EXTENSIONS[0], 1, "lines", f"{count} lines of "
                           f"extensions; under {extension}"))
    return out


def readme_costs(files: list[File], lock: Path = TOP / "results" / "lock" /
                 "qemu-virt-gicv3.yaml") -> list[Finding]:
    """The top README's table of costs is that of the cost lock."""
    text = lock.read_text() if lock.is_file() else ""
    locked = dict(re.findall(r"^  (\w+): \{.*?p50: (\d+)", text, re.M))
    found = []
    for readme in (f for f in files if f.path == "README.md"):
        peers = False       # figures of a day, see readme_peers
        for number, line in enumerate(readme.lines, 1):
            peers = line == BEGIN or peers and line != END
            if peers:
                continue
            row = re.match(r"\| (\w+) \| ([\d,]+) \|", line)
            if row is None:
                continue
            if row[2].replace(",", "") != locked.get(row[1]):
                found.append(Finding(
                    readme.path, number, "costs", f"{row[1]} is "
                    f"{locked.get(row[1], 'not there')} in {lock.name}"))
    return found


def readme_peers(files: list[File], recorded: str | None = None) \
        -> list[Finding]:
    """The top README's comparison with other hypervisors is what is
    recorded."""
    found = []
    for readme in (f for f in files if f.path == "README.md"):
        if readme.lines.count(BEGIN) != 1 or readme.lines.count(END) != 1:
            found.append(Finding(readme.path, 1, "peers", f"wanted one line "
                                 f"{BEGIN} and one {END}"))
            continue
        if recorded is None:
            done = _run([TOP / "lab" / "apiary", "peers", "--recorded",
                         "--markdown"])
            recorded = done.stdout
            if not recorded:
                found.append(Finding(readme.path, 1, "peers",
                                     done.stderr.strip()))
                continue
        first = readme.lines.index(BEGIN) + 1
        here = readme.lines[first:readme.lines.index(END)]
        wanted = recorded.splitlines()
        for at in range(max(len(here), len(wanted))):
            if here[at:at + 1] != wanted[at:at + 1]:
                found.append(Finding(readme.path, first + at + 1, "peers",
                                     "is not what is recorded: lab/apiary "
                                     "peers --record writes it"))
                break
    return found
