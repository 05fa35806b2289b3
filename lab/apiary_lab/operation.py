"""One operation of the benchmarks: its path, and its figure beside it.

Boots the benchmark twice: as `apiary bench` does, for the figure, and with
the operation alone and logged, for the path. How timed code is found in the
benchmark guest: by its names, and by the clock registers it reads
(bench/op.h). Must not know how a path is shown.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
from collections.abc import Callable
from pathlib import Path

from . import account, bench, bundle, explain, paths, symbols, targets, trace
from .code import Code
from .records import Histogram
from .status import LabError, no_such

# Where an EL2 with one stack pointer is entered from AArch64 guests
# (DDI 0487, D1.3.1), behind the symbol `vectors`.
_SYNC = 0x400
_VECTORS = {("vectors", _SYNC): "vector_sync",
            ("vectors", 0x480): "vector_irq",
            ("vectors", 0x500): "vector_fiq",
            ("vectors", 0x580): "vector_serror"}
# Where a guest's RAM begins (abi/machine.h), and with it an Image whose
# text_offset is 0.
_GUEST_BASE = 0x40000000

_TIMED = re.compile(r"_(shot|twin)_(pmu|cnt|ret)$")
_WAITS = re.compile(r"^wait_\w+$")
_LOOPS = re.compile(r"_loop$")
_CLOCK_VECTORS = re.compile(r"^entry_vectors_")
_CLOCK = re.compile(r"^mrs\tx\d+, (pmccntr_el0|cntv?p?ct_el0|pmevcntr\d+_el0)")
_COUNTED = re.compile(r"^(hvc|smc|wfi|wfe|mrs|msr)\b")

# No operation needs as many, but one that mostly waits.
_MOST_STEPS, _MOST_LINES, _MOST_TURNS = 1_500_000, 3_000_000, 1_000


def names(entries: list[bench.Entry]) -> dict[str, bench.Entry]:
    """All operations, and the bundle each is measured in."""
    return {name: entry for entry in entries if not entry.boards
            for name in bench.operations(entry)}


def _clock_reads(guest: Code) -> tuple[list[int], list[int]]:
    """Addresses of the first and of the later reads of timed code."""
    starts: list[int] = []
    ends: list[int] = []
    begun: set[str] = set()
    for at, text in guest.instructions.items():
        if not _CLOCK.match(text):
            continue
        name, _ = guest.symbol_at(at)
        if _TIMED.search(name):
            (ends if name in begun else starts).append(at)
            begun.add(name)
        elif _CLOCK_VECTORS.match(name):
            ends.append(at)
    return starts, ends


def _extents(guest: Code, pattern: re.Pattern[str]) -> list[range]:
    """Where the functions of such names are."""
    return [range(at, end) for (at, name), (end, _)
            in zip(guest.symbols, guest.symbols[1:]) if pattern.search(name)
            and at in guest.instructions]


class Finder:
    """Addresses of two images as they are executed, and back."""

    def __init__(self, hypervisor: Code, guest: Code) -> None:
        self.hypervisor, self.guest = hypervisor, guest
        self.base = 0               # of the hypervisor, once it is known
        self.size = paths.HYPERVISOR_IMAGE.stat().st_size
        starts, ends = _clock_reads(guest)
        self.starts = frozenset(self.up(starts))
        self.ends = frozenset(self.up(ends))
        self.waits = self._ranges(_WAITS)
        self.loops = self._ranges(_LOOPS)

    @staticmethod
    def up(places: list[int]) -> list[int]:
        return [at + _GUEST_BASE for at in places]

    def _ranges(self, pattern: re.Pattern[str]) -> list[range]:
        return [range(code.start + _GUEST_BASE, code.stop + _GUEST_BASE)
                for code in _extents(self.guest, pattern)]

    def breakpoints(self) -> list[int]:
        """Where an operation begins to be measured."""
        return sorted(self.starts | {code.start for code
                                     in self.waits + self.loops})

    def places(self, base: int) -> explain.Places:
        """What the reader must know, for a hypervisor loaded here."""
        self.base = base - symbols.link_base(self.hypervisor.elf)
        vectors = self.base + self.hypervisor.address("vectors")
        return explain.Places(
            range(base, base + self.size),
            frozenset(vectors + offset for _, offset in _VECTORS),
            vectors + _SYNC, self.starts, self.ends, self.waits, self.loops,
            frozenset(at + _GUEST_BASE for at, text
                      in self.guest.instructions.items()
                      if _COUNTED.match(text)))

    def steps(self, path: explain.Path) -> list[account.Step]:
        """The path with names."""
        here = range(self.base, self.base + self.size)
        pcs = {explain.pc_of(step) for step in path.steps}
        frames = {self.base + at: chain for at, chain
                  in self.hypervisor.frames(pc - self.base for pc in pcs
                                            if pc in here).items()}
        out = []
        for step in path.steps:
            pc = explain.pc_of(step)
            chain = frames.get(pc)
            if chain is None:
                at, code = pc - _GUEST_BASE, self.guest
                symbol, start = code.symbol_at(at)
                chain = []
            else:
                at, code = pc - self.base, self.hypervisor
                symbol, start = code.symbol_at(at)
            out.append(account.Step(
                explain.cpu_of(step), at, code.instructions.get(at, "?"),
                not step & explain.TRAPPED, symbol, at - start,
                tuple(chain)))
        return out


def _figure(session: bench.Session, name: str) -> Histogram:
    """What `apiary bench` prints."""
    session.run()
    wrong = session.infrastructure + session.skipped
    if wrong:
        raise LabError("\n".join(wrong))
    if name not in session.found:
        raise LabError(f"{name} is not measured on {session.target.config()}"
                       + "".join(f"; failed or skipped: {text}"
                                 for text in session.failed[:1]))
    return session.found[name][0]


def measure(name: str, target: targets.Target, bundles: Path,
            progress: Callable[[str], None]) -> account.Account:
    """The path of this operation, with the images that are built."""
    if not target.data["deterministic"]:
        raise LabError(f"{target.name} is not deterministic: no path there "
                       f"is the path")
    known = names(bench.read_entries(bundles))
    if name not in known:
        raise LabError(no_such("benchmark", name, list(known)))
    session = bench.Session(target, [known[name]], 1, progress)
    hypervisor = Code(paths.HYPERVISOR_ELF, _VECTORS)
    entry, = bench.select([known[name]], [name])
    guests = {bundle.find_guest(vm.guest).with_suffix(".elf")
              for vm in entry.vms}
    if len(guests) != 1:
        raise LabError(f"{name} has several guest images: which one has the "
                       f"timed code?")
    finder = Finder(hypervisor, Code(guests.pop()))
    if not finder.breakpoints():
        raise LabError(f"no timed code in "
                       f"{paths.shown(finder.guest.elf)}")
    figure = _figure(session, name)
    if figure.units != "insn":
        raise LabError(f"{name} is in {figure.units}, not in instructions")
    progress(f"following {name}")
    reader, inner = _traced(session, entry, name, finder)
    progress("")
    found = explain.operation(reader)
    if found is None:
        raise LabError(f"{name}: not one whole measurement in the log")
    return account.Account(
        name, target.config(), figure.percentile(50), inner.percentile(50),
        figure.n, found, finder.steps(found.steady))


def _traced(session: bench.Session, entry: bench.Entry, name: str,
            finder: Finder) -> tuple[explain.Reader, Histogram]:
    target = session.target_of(entry)
    made = bundle.build(
        [session.told_unit(vm) for vm in entry.vms],
        paths.BUILD / "lab" / "explain" / target.config() / f"{name}.dtb")
    readers: list[explain.Reader] = []
    lines = 0

    def begin(base: int) -> None:
        readers.append(explain.Reader(finder.places(base)))

    def feed(part: list[bytes]) -> None:
        nonlocal lines
        lines += len(part)
        readers[0].feed(part)

    def enough() -> bool:
        reader = readers[0]
        return lines > _MOST_LINES or reader.steps > _MOST_STEPS or \
            not reader.shots and reader.turns > _MOST_TURNS

    hist = trace.run(
        target, target.command(paths.HYPERVISOR_IMAGE, made),
        paths.RUNS / "explain" / target.config() / name / "console.log",
        len(entry.vms), trace.Plan(name, finder.breakpoints(), begin, feed,
                                   enough))
    readers[0].end()
    return readers[0], hist
