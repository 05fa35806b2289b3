"""The hypervisor's end, on the real image: a fault is put into its code
before it starts, and the last words and the state of the CPUs are looked at.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import struct
import subprocess
import time
import unittest
from pathlib import Path

from support import APIARY, CROSS, InFolder
from apiary_lab import paths, qemu, symbols, targets
from apiary_lab.gdbstub import Stub

IMAGE = paths.HYPERVISOR_IMAGE
ELF = paths.HYPERVISOR_ELF
CPUS = 2

# A64 (DDI 0487, C6.2); what each does where it is executed at EL2.
UDF = [0x00000000]                              # udf #0
WRITE_TEXT = [0x10000001, 0xf9000021]           # adr x1, .; str x1, [x1]
RUN_STACK = [0x910003e1, 0xd61f0020]            # mov x1, sp; br x1
OVERFLOW = [0xd10403ff, 0xf90003ff, 0x17fffffe]  # loop: sub sp, sp, #256;
#                                                 str xzr, [sp]; b loop
NULL = [0xd2800001, 0xf9400021]                 # mov x1, #0; ldr x1, [x1]


def symbol(name: str) -> int:
    """Offset of a symbol in the image."""
    out = subprocess.run([f"{CROSS}nm", ELF], check=True, text=True,
                         capture_output=True).stdout
    found = re.search(rf"^(\w+) \w {name}$", out, re.M)
    if found is None:
        raise LookupError(f"no {name} in {ELF}")
    return int(found[1], 16) - symbols.link_base(ELF)


def branch(here: int, there: int) -> int:
    return 0x94000000 | (there - here) // 4 & 0x3ffffff     # bl


@unittest.skipUnless(IMAGE.is_file(), "no hypervisor: make all")
class Panic(InFolder):
    """Each machine has two CPUs; the guest's vCPU is on the first."""

    target = "qemu-virt-gicv3"

    def bundle(self, guest: str, vcpus: int) -> Path:
        out = self.folder / "bundle.dtb"
        done = subprocess.run(
            [APIARY, "bundle", "--guest", guest, "--vcpus", str(vcpus),
             "-o", out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def die(self, place: str, words: list[int], guest: str = "psci",
            vcpus: int = 1, cpus: int = CPUS) -> list[str]:
        """Lines from PANIC on, symbolised; all CPUs have stopped."""
        target = targets.load(self.target, smp=cpus)
        log, at = self.folder / "console", self.folder / "gdb"
        command = target.command(IMAGE, self.bundle(guest, vcpus))
        command += ["-S", "-chardev",
                    f"socket,path={at},server=on,wait=off,id=gdb",
                    "-gdb", "chardev:gdb"]
        with open(log, "wb") as sink:
            machine = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink,
                stderr=subprocess.STDOUT)
        self.addCleanup(qemu._stop, machine)
        stub = self.connect(at)
        self.addCleanup(stub.close)
        base = self.base(stub)
        where = symbol(place)
        stub.write_memory(base + where,
                          b"".join(struct.pack("<I", w) for w in words))
        stub.go()
        self.wait_for(log)
        stub.stop()
        halt = base + symbol("panic_halt")
        for counter in stub.counters(cpus):
            self.assertIn(counter - halt, range(0, 16),
                          f"a CPU is at {counter - base:#x} of the image")
        lines = log.read_text("utf-8", "replace").splitlines()
        first = next(i for i, s in enumerate(lines) if "PANIC" in s)
        return symbols.symbolize(lines[first:], ELF)

    def connect(self, at: Path) -> Stub:
        for _ in range(100):
            try:
                return Stub(at)
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.05)
        self.fail("QEMU has not opened its GDB stub")

    def base(self, stub: Stub) -> int:
        """Where the boot loader has put the image."""
        head = IMAGE.read_bytes()[:64]
        for at in range(0x40000000, 0x40800000, 0x10000):
            if stub.read_memory(at, 64) == head:
                return at
        self.fail("the image is not in memory")

    def wait_for(self, log: Path) -> None:
        """The end of the back-trace: nothing more comes."""
        size = -1
        for _ in range(100):
            time.sleep(0.2)
            text = log.read_bytes()
            if b"PANIC" in text and len(text) == size:
                return
            size = len(text)
        self.fail(f"no panic: {text[-400:].decode('utf-8', 'replace')}")

    def fields(self, lines: list[str]) -> dict[str, int]:
        return {m[1]: int(m[2], 16) for m in re.finditer(
            r"\b(ESR|ELR|FAR|HPFAR|SPSR|SP|x\d+) +([0-9a-f]{16})",
            "\n".join(lines))}

    def assertTrace(self, lines: list[str], *functions: str) -> None:
        """The innermost functions; those inlined into one are with it."""
        trace = [s for s in lines if re.search(
            r"#\d+ 0x\w+ (sp\+0x\w+ )?\w+ \(", s)]
        for frame, name in zip(trace, functions):
            self.assertRegex(frame, rf"\b{name} \(\S+:\d+\)")
        self.assertGreaterEqual(len(trace), len(functions), lines)

    def test_undefined_instruction(self) -> None:
        lines = self.die("smccc_hvc", UDF)
        self.assertIn("PANIC: exception in the hypervisor, vector 4", lines[0])
        fields = self.fields(lines)
        self.assertEqual(fields["ESR"] >> 26, 0)
        self.assertEqual(len([f for f in fields if f[0] == "x"]), 31)
        for name in ("ELR", "FAR", "HPFAR", "SPSR", "SP"):
            self.assertIn(name, fields)
        self.assertEqual(fields["SPSR"] & 0xf, 9, "not from EL2h")
        self.assertTrace(lines, "smccc_hvc")

    def test_callers(self) -> None:
        lines = self.die("vcpu_attend", UDF)
        self.assertTrace(lines, "vcpu_attend", "boot_enter_guests",
                         "start_rest", "boot_main")
        self.assertRegex("\n".join(lines), r"lr 0x\w+ sched_next \(")

    def test_stack_is_watched(self) -> None:
        """While a bundle is read the guard changes: who then returns sees
        that what is on its stack is another."""
        away = symbol("__stack_chk_guard") - symbol("sched_add")
        lines = self.die("sched_add", [
            # adr x9, __stack_chk_guard; str x9, [x9]; ret
            0x10000009 | (away & 3) << 29 | (away >> 2 & 0x7ffff) << 5,
            0xf9000129, 0xd65f03c0], cpus=1)
        self.assertTrace(lines, "__stack_chk_fail")
        self.assertRegex("\n".join(lines), r"lr 0x\w+ start_vms \(")

    def test_text_is_not_writable(self) -> None:
        lines = self.die("smccc_hvc", WRITE_TEXT)
        fields = self.fields(lines)
        self.assertEqual(fields["ESR"] >> 26, 0x25)
        self.assertEqual(fields["ESR"] & 0x3c, 0x0c, "no permission fault")
        self.assertEqual(fields["FAR"], fields["ELR"] - 4)

    def test_stack_is_not_executable(self) -> None:
        fields = self.fields(self.die("smccc_hvc", RUN_STACK))
        self.assertEqual(fields["ESR"] >> 26, 0x21)
        self.assertEqual(fields["ESR"] & 0x3c, 0x0c, "no permission fault")
        self.assertEqual(fields["ELR"], fields["x1"])

    def test_rodata_is_not_executable(self) -> None:
        place = symbol("smccc_hvc")
        off = symbol("text_end") - place
        adr = 0x10000001 | (off & 3) << 29 | (off >> 2 & 0x7ffff) << 5
        fields = self.fields(self.die("smccc_hvc", [adr, 0xd61f0020]))
        self.assertEqual(fields["ESR"] >> 26, 0x21)
        self.assertEqual(fields["ESR"] & 0x3c, 0x0c, "no permission fault")
        self.assertEqual(fields["ELR"], fields["x1"])

    def test_null_pointer(self) -> None:
        fields = self.fields(self.die("smccc_hvc", NULL))
        self.assertEqual(fields["ESR"] >> 26, 0x25)
        self.assertEqual(fields["FAR"], 0)

    def test_stack_overflow(self) -> None:
        """The guard page stops it, and the report has a stack."""
        lines = self.die("psci_affinity_info", OVERFLOW)
        fields = self.fields(lines)
        self.assertEqual(fields["ESR"] >> 26, 0x25)
        self.assertEqual(fields["ESR"] & 0x3c, 0x04, "no translation fault")
        self.assertEqual(fields["FAR"] >> 12, fields["SP"] >> 12)
        self.assertTrace(lines, "psci_affinity_info")

    def test_own_words(self) -> None:
        """panic() itself, with a call under the place that fails."""
        place = symbol("smccc_hvc")
        words = [0x10000060,                    # adr x0, . + 12
                 branch(place + 4, symbol("panic")), 0,
                 *struct.unpack("<3I", b"no bees left")]
        lines = self.die("smccc_hvc", words + [0])
        self.assertEqual(lines[0].split("PANIC: ")[1], "no bees left")
        self.assertTrace(lines, "smccc_hvc")

    def test_other_cpu_in_its_guest(self) -> None:
        lines = self.die("psci_affinity_info", UDF, guest="smp", vcpus=2)
        self.assertTrace(lines, "psci_affinity_info")

    def test_all_at_once(self) -> None:
        """Several fail at the same time: one report, not torn."""
        lines = self.die("exits_irq", UDF, guest="smp", vcpus=2)
        self.assertEqual(sum("PANIC" in s for s in lines), 1)
        self.assertEqual(len([f for f in self.fields(lines)
                              if f[0] == "x"]), 31)


class PanicGicv2(Panic):
    target = "qemu-virt-gicv2"


class PanicE2h(Panic):
    """Page tables have another format."""

    target = "qemu-virt-gicv3-e2h"
