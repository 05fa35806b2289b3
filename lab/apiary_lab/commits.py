"""Revisions of this tree, and the images that are built from them.

A commit is built whole, from nothing, in a git worktree of its own under
build/commits/, and its images are kept there by commit and tool-chain. The
user's own tree, index and branches are left alone. Must not know what the
images are wanted for.

SPDX-License-Identifier: BSD-2-Clause
"""
import difflib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import paths, provenance
from .status import LabError

BUILD_TIMEOUT = 900     # seconds
_PATTERNS = ("hypervisor/apiary.Image", "hypervisor/apiary.elf",
             "bench/*.Image", "bench/*.elf", "guests/*.Image", "guests/*.elf")


class BuildFailed(LabError):
    """The sources of a commit do not make images."""


@dataclass(frozen=True)
class Revision:
    """A commit, or (dirty) what stands in the working tree on top of it."""

    name: str       # as the user wrote it
    commit: str     # 40 hex digits
    dirty: bool = False

    @property
    def label(self) -> str:
        return self.commit[:12] + (" dirty" if self.dirty else "")


def _environment() -> dict[str, str]:
    """Ours, without what a git hook or an outer make has put there."""
    return {key: value for key, value in os.environ.items()
            if not key.startswith("GIT_") and key not in
            ("BUILD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")}


def git(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """Runs git; its failure is the caller's to judge."""
    try:
        return subprocess.run(
            ["git", "-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null",
             *words], cwd=cwd or paths.TOP, capture_output=True, text=True,
            errors="replace", env=_environment(), stdin=subprocess.DEVNULL)
    except OSError as error:
        raise LabError(f"git: {error.strerror}: make deps") from None


def resolve(name: str) -> Revision:
    """The commit of this name."""
    found = git("rev-parse", "--verify", "--quiet", "--end-of-options",
                name + "^{commit}")
    if found.returncode == 0:
        return Revision(name, found.stdout.strip())
    if git("rev-parse", "--git-dir").returncode:
        raise LabError("this is no git repository: no revision is known")
    known = git("for-each-ref", "--format=%(refname:short)", "refs/heads",
                "refs/tags", "refs/remotes").stdout.split()
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    if git("rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        hint += " (this clone is shallow: git fetch --unshallow)"
    raise LabError(f"unknown revision {name}{hint}")


def working_tree() -> Revision:
    """What stands in the working tree: HEAD, or HEAD with changes."""
    commit, dirty = provenance.commit()
    if commit == "unknown":
        return resolve("HEAD")      # says what is wrong
    return Revision("working tree", commit, dirty)


@dataclass(frozen=True)
class Place:
    """Where a commit stands among all commits of the repository."""

    time: int       # of the commit, seconds since 1970
    at: int         # after its ancestors
    subject: str


def places() -> dict[str, Place]:
    """Every commit by its hash; empty outside a repository."""
    lines = git("log", "--all", "--topo-order", "--reverse",
                "--format=%H %ct %s").stdout.splitlines()
    found = {}
    for at, line in enumerate(lines):
        commit, time, text = (line + " ").split(" ", 2)
        found[commit] = Place(int(time), at, text.strip())
    return found


def subject(commit: str) -> str:
    """Date and first line of the commit's message."""
    return git("log", "-1", "--format=%as %s", commit).stdout.strip()


def _toolchain() -> str:
    """A key for what turns sources into images here."""
    linker = os.environ.get("CROSS", "aarch64-linux-gnu-") + "ld"
    try:
        version = subprocess.run([linker, "--version"], check=True,
                                 capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"{linker}: {error}") from None
    words = [provenance.compiler(), version.splitlines()[0]]
    libfdt = paths.BUILD / "deps/libfdt/usr/lib/aarch64-linux-gnu/libfdt.a"
    if libfdt.is_file():
        words.append(provenance.sha256(libfdt))
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:8]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time, of all who name this file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = open(path, "w")
    except OSError as error:
        raise LabError(f"{paths.shown(path)}: {error.strerror}") from None
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _drop_tree(tree: Path) -> None:
    # Not `prune`: that would forget worktrees on a disk not mounted now.
    git("worktree", "remove", "--force", "--force", str(tree))
    shutil.rmtree(tree, ignore_errors=True)


@contextmanager
def worktree(commit: str, tree: Path, *options: str) -> Iterator[Path]:
    """The commit's files in a folder of their own, gone at the end."""
    _drop_tree(tree)            # of a run that was killed
    made = git("worktree", "add", "--quiet", "--detach", *options, str(tree),
               commit)
    try:
        if made.returncode:
            raise LabError(f"git worktree: {made.stderr.strip()}")
        yield tree
    finally:
        _drop_tree(tree)


def _make(tree: Path, log: Path, build: str) -> bool:
    """Whether make builds what is measured."""
    command = ["make", "-s", f"-j{os.cpu_count() or 1}", f"BUILD={build}",
               "hypervisor", "bench-guests"]
    try:
        with open(log, "w") as out:
            return subprocess.run(
                command, cwd=tree, env=_environment(), stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                timeout=BUILD_TIMEOUT).returncode == 0
    except subprocess.TimeoutExpired:
        return False
    except OSError as error:
        raise LabError(f"make: {error.strerror}") from None


def _copy(build: Path, folder: Path, bundles: Path) -> None:
    """The images of a build/, as a small build/ of their own."""
    for pattern in _PATTERNS:
        for path in build.glob(pattern):
            to = folder / path.relative_to(build)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)
    (folder / "bench").mkdir(exist_ok=True)
    shutil.copy2(bundles, folder / "bench" / "bundles.yaml")


def _refuse(revision: Revision, log: Path) -> None:
    lines = [line for line in
             log.read_text("utf-8", "replace").splitlines() if line.strip()]
    raise BuildFailed(
        f"{revision.name} ({revision.label}) does not build:\n"
        + "\n".join(f"  | {line}" for line in lines[-12:])
        + f"\n  all of it: {paths.shown(log)}")


def images(revision: Revision, progress: Callable[[str], None]) -> Path:
    """A folder laid out as build/, with hypervisor/ and bench/ of the
    revision, and bench/bundles.yaml. That of a commit is kept."""
    if revision.dirty:
        return _images_of_tree(revision, progress)
    home = paths.BUILD / "commits"
    stem = f"{revision.commit[:12]}-{_toolchain()}"
    folder, log = home / stem, home / f"{stem}.log"
    with locked(home / f"{stem}.lock"):
        if folder.is_dir():
            return folder
        progress(f"building {revision.name} ({revision.label})")
        part = home / f"{stem}.part"
        shutil.rmtree(part, ignore_errors=True)
        with worktree(revision.commit, home / f"{stem}.tree") as tree:
            try:
                if (paths.BUILD / "deps").is_dir():
                    (tree / "build").mkdir()
                    (tree / "build" / "deps").symlink_to(paths.BUILD / "deps")
                if not _make(tree, log, "build"):
                    _refuse(revision, log)
                _copy(tree / "build", part, tree / "bench" / "bundles.yaml")
                os.rename(part, folder)
            except OSError as error:
                raise LabError(f"building {revision.name}: "
                               f"{error}") from None
            finally:
                shutil.rmtree(part, ignore_errors=True)
                progress("")
    return folder


def _images_of_tree(revision: Revision,
                    progress: Callable[[str], None]) -> Path:
    """The working tree as it stands, built in place; the copy is what is
    measured, whatever is done to the tree meanwhile."""
    progress("building the working tree")
    folder, log = paths.BUILD / "commits" / "dirty", \
        paths.BUILD / "commits" / "dirty.log"
    with locked(folder.with_suffix(".lock")):
        if not _make(paths.TOP, log, str(paths.BUILD)):
            _refuse(revision, log)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _copy(paths.BUILD, folder,
                  paths.TOP / "bench" / "bundles.yaml")
        except OSError as error:
            raise LabError(f"copying the images: {error}") from None
    progress("")
    return folder


def function_sizes(elf: Path) -> dict[str, int]:
    """Bytes of every function of an ELF file; those of one name (static
    ones of several files) are added up. What assembly gives no size ends
    where the next begins."""
    tool = os.environ.get("CROSS", "aarch64-linux-gnu-") + "nm"
    try:
        text = subprocess.run([tool, "-n", "-S", "--defined-only", str(elf)],
                              capture_output=True, text=True,
                              check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"{tool}: {paths.shown(elf)}: {error}") from None
    found: list[tuple[int, int, str]] = []      # address, size or 0, name
    for line in text.splitlines():
        words = line.split()
        if words[-2] in "tT":
            size = int(words[1], 16) if len(words) == 4 else 0
            found.append((int(words[0], 16), size, words[-1]))
    sizes: dict[str, int] = {}
    for (at, size, name), (next_at, _, _) in zip(found, found[1:]):
        # What the compiler cuts off a function still belongs to it.
        name = name.split(".")[0]
        sizes[name] = sizes.get(name, 0) + (size or next_at - at)
    return sizes


def changed_functions(before: dict[str, int],
                      after: dict[str, int]) -> list[tuple[str, int, int]]:
    """(name, bytes before, bytes after), largest change first; 0 bytes
    where there is no such function."""
    rows = [(name, before.get(name, 0), after.get(name, 0))
            for name in before.keys() | after.keys()]
    return sorted((row for row in rows if row[1] != row[2]),
                  key=lambda row: (-abs(row[2] - row[1]), row[0]))
