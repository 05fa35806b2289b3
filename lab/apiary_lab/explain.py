"""The path of an operation, out of QEMU's execution log.

With -singlestep and `log exec,nochain` QEMU writes a line before it executes
an instruction:

    Trace CPU: 0x... [cs_base/PC/flags/cflags]

What is measured lies between two reads of a clock in the benchmark guest's
timed code (bench/op.h), or, where that reads none, in one exit from it to
the hypervisor. Such a piece of the log is a window; windows of the same
instructions are one path. Pure: must not know how the log is made, nor what
stands at an address.

SPDX-License-Identifier: BSD-2-Clause
"""
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

# Kinds of windows: between two clock reads, with an exit in it or without;
# from an exit out of waiting code to the clock read that an interrupt makes;
# one exit out of a loop and back into a guest.
SHOT, EMPTY, WAIT, TURN = "shot", "empty", "wait", "turn"

# A step is an address, with the CPU above it.
CPU_SHIFT = 64
_PC = (1 << CPU_SHIFT) - 1
# Begun, but not executed: the CPU trapped instead, and does not count it.
TRAPPED = 1 << 80


@dataclass
class Places:
    """What the reader must know of addresses, all of them as executed."""

    el2: range                      # the hypervisor
    entries: frozenset[int]         # its vectors for exceptions of guests
    sync: int                       # the one of these for traps
    starts: frozenset[int]          # timed code: the first clock read,
    ends: frozenset[int]            # and the last; also in vectors
    waits: list[range]              # timed code without a clock read that
    loops: list[range]              # waits, or that loops
    # Instructions whose trap comes after they are executed: HVC, SMC, WFI.
    counted: frozenset[int]


@dataclass
class Path:
    """What was executed in a window, and how many windows were like it."""

    kind: str
    steps: tuple[int, ...]
    windows: int

    @property
    def count(self) -> int:
        """Instructions, as the CPU counts them."""
        return sum(not step & TRAPPED for step in self.steps)


def cpu_of(step: int) -> int:
    return step >> CPU_SHIFT & 0xffff


def pc_of(step: int) -> int:
    return step & _PC


@dataclass
class _Window:
    kind: str
    cpu: int
    steps: list[int] = field(default_factory=list)


class Reader:
    """Finds the windows in a log; it is fed line by line."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.found: Counter[tuple[str, tuple[int, ...]]] = Counter()
        self.steps = 0              # in all windows so far
        self.shots = self.turns = 0             # windows so far
        self.window: _Window | None = None
        self.last: dict[int, int] = {}          # address, by CPU
        self.held: tuple[int, int, bytes] | None = None

    def feed(self, lines: Iterable[bytes]) -> None:
        """A line is held until the next shows that it was executed."""
        held = self.held
        for line in lines:
            if not line.startswith(b"Trace "):
                # "Stopped execution of TB chain before ...": an interrupt
                # came first. The line before was not executed.
                if line.startswith(b"Stopped "):
                    held = None
                continue
            try:
                _, pc, _, rest = line.split(b"/", 3)
                now = (int(line[6:line.index(b":")]), int(pc, 16), rest[:8])
            except ValueError:
                raise ValueError(f"no line of an execution log: "
                                 f"{line!r}") from None
            # An access to a device is given up and begun again by a block
            # of other flags, in which it is the last instruction.
            if held is not None and not (
                    held[0] == now[0] and held[1] == now[1] and
                    held[2] != now[2]):
                self._step(held[0], held[1])
            held = now
        self.held = held

    def end(self) -> None:
        """The log is over; a window that is open counts for nothing."""
        if self.held is not None:
            self._step(self.held[0], self.held[1])
        self.held = self.window = None

    def _step(self, cpu: int, pc: int) -> None:
        places, window = self.places, self.window
        before = self.last.get(cpu, pc)
        self.last[cpu] = pc
        if pc in places.el2:
            if pc in places.entries and before not in places.el2:
                self._exit(cpu, pc, before)
                window = self.window
            if window is not None:
                window.steps.append(cpu << CPU_SHIFT | pc)
        elif pc in places.starts:
            self.window = _Window(EMPTY, cpu)
        elif window is None:
            return
        elif window.cpu == cpu and pc in places.ends:
            window.steps.append(cpu << CPU_SHIFT | pc)
            self._close()
        elif window.cpu == cpu and window.kind in (WAIT, TURN):
            self._close()
        else:
            window.steps.append(cpu << CPU_SHIFT | pc)

    def _exit(self, cpu: int, pc: int, guest: int) -> None:
        """An exception takes a CPU out of a guest."""
        places, window = self.places, self.window
        executed = pc != places.sync or guest in places.counted
        if window is None:
            kind = WAIT if any(guest in code for code in places.waits) else \
                TURN if any(guest in code for code in places.loops) else ""
            if kind:
                self.window = _Window(kind, cpu)
                if pc == places.sync:
                    self.window.steps.append(
                        cpu << CPU_SHIFT | guest
                        | (0 if executed else TRAPPED))
            return
        if window.kind == EMPTY:
            window.kind = SHOT
        if executed:
            return
        for at in reversed(range(len(window.steps))):
            if cpu_of(window.steps[at]) == cpu:
                window.steps[at] |= TRAPPED
                return

    def _close(self) -> None:
        self.found[self.window.kind, tuple(self.window.steps)] += 1
        self.steps += len(self.window.steps)
        if self.window.kind == TURN:
            self.turns += 1
        else:
            self.shots += 1
        self.window = None


def _median(paths: list[Path]) -> int:
    """Nearest rank, as the guest does it (bench/hist.h)."""
    values = sorted((path.count, path.windows) for path in paths)
    wanted = (sum(windows for _, windows in values) + 1) // 2
    for value, windows in values:
        wanted -= windows
        if wanted <= 0:
            return value
    return 0


@dataclass
class Operation:
    """What the windows of one operation come to."""

    paths: list[Path]       # of the operation, the one to show first
    empty: int              # instructions of the measuring code alone

    @property
    def steady(self) -> Path:
        return self.paths[0]

    def cost(self, path: Path) -> int:
        return path.count - self.empty

    @property
    def median(self) -> int:
        return _median(self.paths) - self.empty

    @property
    def windows(self) -> int:
        return sum(path.windows for path in self.paths)


def operation(reader: Reader) -> Operation | None:
    """The windows that are the operation's: shots, if it has any. None if
    there are no windows at all."""
    by: dict[str, list[Path]] = {}
    for (kind, steps), windows in reader.found.items():
        by.setdefault(kind, []).append(Path(kind, steps, windows))
    for kind in (SHOT, WAIT, TURN, EMPTY):
        if kind in by:
            # A baseline that exits too is about as common, and shorter.
            most = max(path.windows for path in by[kind])
            paths = sorted(by[kind], key=lambda path: (
                -path.count if path.windows > 0.9 * most else 0,
                -path.windows))
            empty = _median(by[EMPTY]) if kind == SHOT and EMPTY in by else 0
            return Operation(paths, empty)
    return None
