"""Reads the records that guests print on the console.

One parser for every command: `feed` it the console line by line, then ask
for what was found and for what is wrong with it. The grammar is described in
lab/README.md. Must not know where the lines come from.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import zlib
from dataclasses import dataclass, field

# `[name] ` before a line: the hypervisor's mark of the VM that printed it.
_PREFIX = re.compile(r"^\[([A-Za-z0-9_.,+-]+)\] ")
# The same by Xen, which cuts lines after so many characters.
_XEN = re.compile(r"^\(XEN\) (DOM\d+): ")
_XEN_CUT = 126
_RECORD = re.compile(r"<(LAVA_SIGNAL_TESTCASE|APIARY_[A-Z]+)((?: [^<>]*)?)>")
# A record was begun here; whether it was also ended is what must be asked.
_BEGIN = re.compile(r"<(?=LAVA_SIGNAL_TESTCASE|APIARY_[A-Z])")
_FIELD = re.compile(r"^([A-Z_]+)=(\S*)$")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

RESULTS = ("pass", "fail", "skip", "unknown")


@dataclass
class Case:
    """One test case or measure."""

    name: str
    result: str
    vm: str                     # "" when one VM runs alone
    measurement: float | None = None
    units: str = ""
    line: int = 0               # of the console, from 1
    detail: list[str] = field(default_factory=list)     # lines before it


@dataclass
class Guest:
    """One run of a guest image, from its announcement to its end."""

    name: str
    vm: str
    announced: int              # number of cases it said it has
    line: int
    done: bool = False
    records: int = 0            # since then; and their checksum
    crc: int = 0
    finished: list[str] = field(default_factory=list)


@dataclass
class Histogram:
    """A benchmark's distribution: (lowest value of the bin, count)."""

    name: str
    units: str
    vm: str
    n: int
    min: int
    max: int
    sum: int
    bins: list[tuple[int, int]]

    def percentile(self, percent: float) -> int:
        """The smallest value that at least `percent` of samples are under
        or at (nearest rank); a bin counts as its lowest value."""
        rank = max(1, -(-self.n * percent // 100))
        seen = 0
        for low, count in self.bins:
            seen += count
            if seen >= rank:
                return max(low, self.min)
        return self.max

    @property
    def mean(self) -> float:
        return self.sum / self.n


class Console:
    """Everything of interest in one console log."""

    def __init__(self) -> None:
        self.lines = 0
        self.cases: list[Case] = []
        self.guests: list[Guest] = []
        self.histograms: dict[str, Histogram] = {}
        self.values: dict[str, str] = {}    # of other <APIARY_X K=V> records
        self.panic: list[str] = []          # from the PANIC line on
        self.banner = ""
        self.vm_started: list[str] = []
        self.vm_stopped: list[str] = []     # "name: reason"
        self.all_off = False
        self.halted = False     # the end, on a machine without power-off
        self.problems: list[str] = []       # corrupted lines, bad records
        self._parts: dict[tuple[str, str], dict[int, dict[str, str]]] = {}
        self._open: dict[str, Guest] = {}
        self._detail: dict[str, list[str]] = {}
        self._begun: dict[str, str] = {}    # lines that Xen has cut

    # -- input ------------------------------------------------------------

    def feed(self, text: str) -> None:
        """One line, without its end."""
        self.lines += 1
        text = _ANSI.sub("", text.rstrip("\r\n"))
        vm = ""
        match = _PREFIX.match(text)
        if match:
            vm, text = match.group(1), text[match.end():]
        match = _XEN.match(text)
        if match:
            vm, text = match.group(1), text[match.end():]
            whole = self._begun.pop(vm, "") + text
            if len(text) == _XEN_CUT:
                self._begun[vm] = whole
                return
            text = whole
        if not vm:
            self._hypervisor_line(text)
        found = list(_RECORD.finditer(text))
        if len(_BEGIN.findall(text)) != len(found):
            self._problem(f"cut or corrupted record: {text.strip()}")
        if not found and text:
            self._detail.setdefault(vm, []).append(text)
        for match in found:
            fields = self._fields(match.group(2))
            if fields is None:
                self._problem(f"corrupted record: {match.group(0)}")
            elif match.group(1) == "LAVA_SIGNAL_TESTCASE":
                self._case(vm, fields)
                if (guest := self._open.get(vm)) is not None:
                    guest.records += 1
                    guest.crc = zlib.crc32(match.group(0).encode(), guest.crc)
            elif match.group(1) == "APIARY_GUEST":
                self._guest(vm, fields)
            elif match.group(1) == "APIARY_DONE":
                self._done(vm, fields)
            elif match.group(1) == "APIARY_HIST":
                self._hist(vm, fields, match.group(2).strip())
            else:
                for key, value in fields.items():
                    self.values[f"{match.group(1)}.{key}"] = value

    def feed_text(self, text: str) -> "Console":
        """A whole log."""
        lines = text.split("\n")       # not splitlines: noise is no line end
        if not lines[-1]:
            lines.pop()
        for line in lines:
            self.feed(line)
        return self

    def _problem(self, text: str) -> None:
        self.problems.append(f"line {self.lines}: {text}")

    @staticmethod
    def _fields(text: str) -> dict[str, str] | None:
        fields = {}
        for word in text.split():
            match = _FIELD.match(word)
            if match is None or match.group(1) in fields:
                return None
            fields[match.group(1)] = match.group(2)
        return fields

    def _hypervisor_line(self, text: str) -> None:
        if self.panic:
            self.panic.append(text)
        elif "PANIC: " in text:
            self.panic.append(text[text.index("PANIC: "):])
        elif text.startswith("Apiary ") and not self.banner:
            self.banner = text
        elif text.startswith("apiary: all VMs are off"):
            self.all_off = True
        elif text.startswith("apiary: this machine has no power-off"):
            self.halted = True
        elif match := re.match(r"vm (\S+): (.*)", text):
            if match.group(2) == "start":
                self.vm_started.append(match.group(1))
            elif match.group(2).startswith("stopped"):
                self.vm_stopped.append(f"{match.group(1)}: {match.group(2)}")

    def _case(self, vm: str, fields: dict[str, str]) -> None:
        name, result = fields.get("TEST_CASE_ID"), fields.get("RESULT")
        value = fields.get("MEASUREMENT")
        try:
            number = None if value is None else float(value)
        except ValueError:
            name = None
        if not name or result not in RESULTS:
            self._problem(f"test case without name, result or number: "
                          f"{fields}")
            return
        detail = self._detail.pop(vm, [])[-20:]
        self.cases.append(Case(name, result, vm, number,
                               fields.get("UNITS", ""), self.lines, detail))
        guest = self._open.get(vm)
        if guest is not None and name not in guest.finished:
            guest.finished.append(name)

    def _guest(self, vm: str, fields: dict[str, str]) -> None:
        try:
            guest = Guest(fields["NAME"], vm, int(fields["CASES"]),
                          self.lines)
        except (KeyError, ValueError):
            self._problem(f"announcement without NAME or CASES: {fields}")
            return
        # A guest that resets its machine announces itself again, and goes
        # on with the cases that are left.
        before = self._open.get(vm)
        if before is not None and before.name == guest.name:
            guest.finished = before.finished
        self.guests.append(guest)
        self._open[vm] = guest
        self._detail.pop(vm, None)

    def _done(self, vm: str, fields: dict[str, str]) -> None:
        guest = self._open.get(vm)
        if guest is None or fields.get("NAME", guest.name) != guest.name:
            self._problem(f"end of a guest that was not announced: {fields}")
            return
        guest.done = True
        if fields.get("RECORDS", str(guest.records)) != str(guest.records):
            self._problem(f"guest {guest.name}: {guest.records} of "
                          f"{fields['RECORDS']} records arrived")
        elif fields.get("CRC", f"{guest.crc:08x}") != f"{guest.crc:08x}":
            self._problem(f"guest {guest.name}: checksum does not match: a "
                          f"record was changed on the way")

    def _hist(self, vm: str, fields: dict[str, str], text: str) -> None:
        crc = fields.pop("CRC", "")
        body = text[:text.rindex(" CRC=")] if " CRC=" in text else ""
        name = fields.get("NAME", "")
        if not crc or f"{zlib.crc32(body.encode()):08x}" != crc.lower():
            self._problem(f"histogram {name}: checksum does not match: "
                          f"a part of it was lost or changed on the way")
            return
        part, of = 1, 1
        if "PART" in fields:
            match = re.match(r"^(\d+)/(\d+)$", fields["PART"])
            if match is None:
                self._problem(f"histogram {name}: bad PART")
                return
            part, of = int(match.group(1)), int(match.group(2))
        parts = self._parts.setdefault((vm, name), {})
        parts[part] = fields
        if len(parts) < of:
            return
        del self._parts[vm, name]
        try:
            self._add_histogram(vm, name, parts)
        except (KeyError, ValueError) as error:
            self._problem(f"histogram {name}: {error}")

    def _add_histogram(self, vm: str, name: str,
                       parts: dict[int, dict[str, str]]) -> None:
        first = parts[1]
        bins = []
        for index in sorted(parts):
            for item in filter(None, parts[index].get("BINS", "").split(",")):
                low, _, count = item.partition(":")
                bins.append((int(low), int(count)))
        hist = Histogram(name, first["UNITS"], vm, int(first["N"]),
                         int(first["MIN"]), int(first["MAX"]),
                         int(first["SUM"]), bins)
        if hist.n < 1:
            raise ValueError("no samples")
        if sum(count for _, count in bins) != hist.n:
            raise ValueError(f"the bins hold {sum(c for _, c in bins)} "
                             f"samples, N says {hist.n}")
        if bins != sorted(set(bins)):
            raise ValueError("bins out of order")
        if name in self.histograms:
            raise ValueError("printed twice")
        self.histograms[name] = hist

    # -- verdicts ---------------------------------------------------------

    def infrastructure(self) -> list[str]:
        """What makes this log no evidence of anything: panic, corruption,
        guests that never ended, cases announced and never printed."""
        wrong = []
        if self.panic:
            wrong.append(f"the hypervisor panicked: {self.panic[0]}")
        wrong += self.problems
        for (_, name), parts in self._parts.items():
            wrong.append(f"histogram {name}: only part "
                         f"{','.join(map(str, sorted(parts)))} arrived")
        for vm, guest in self._open.items():
            where = f" in VM {vm}" if vm else ""
            count = len(guest.finished)
            if not guest.done:
                last = guest.finished[-1] if guest.finished else "none"
                wrong.append(f"guest {guest.name}{where} did not end: "
                             f"{count} of {guest.announced} cases printed, "
                             f"the last one {last}")
            elif count < guest.announced:
                wrong.append(f"guest {guest.name}{where} announced "
                             f"{guest.announced} cases, {count} arrived")
        if not self.guests:
            wrong.append("no guest announced itself")
        if wrong:
            # Not wrong in itself: some guests are there to be stopped.
            wrong += [f"the hypervisor stopped VM {text}"
                      for text in self.vm_stopped]
        return wrong

    def failed(self) -> list[Case]:
        return [case for case in self.cases if case.result == "fail"]
