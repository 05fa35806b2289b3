"""The shared console, typed at: whose output is whose, and who is spoken to.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import selectors
import subprocess
import time
import unittest

from support import APIARY, InFolder
from apiary_lab import paths

ESCAPE = "\x1d"     # Ctrl-]


@unittest.skipUnless((paths.GUESTS / "uart.Image").is_file(),
                     "no guests: make all")
class Typed(InFolder):
    """A run with somebody at the terminal."""

    target = "qemu-virt-gicv3"

    def start(self, *names: str) -> None:
        vms = self.folder / "vms.yaml"
        vms.write_text("".join(
            f"{name}: {{guest: uart, append: echo only=echo}}\n"
            for name in names))
        self.run_ = subprocess.Popen(
            [APIARY, "run", "--target", self.target, "--smp", "1",
             "--vms", vms], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.addCleanup(self.end)
        self.seen = ""

    def end(self) -> None:
        self.run_.kill()
        self.run_.wait()
        self.run_.stdin.close()
        self.run_.stdout.close()

    def type(self, text: str) -> None:
        self.run_.stdin.write(text.encode())
        self.run_.stdin.flush()

    def expect(self, pattern: str) -> str:
        """Waits for it, behind what was waited for before."""
        wait = selectors.DefaultSelector()
        wait.register(self.run_.stdout, selectors.EVENT_READ)
        deadline = time.monotonic() + 20
        while True:
            found = re.search(pattern, self.seen, re.M)
            if found is not None:
                self.seen = self.seen[found.end():]
                return found[0]
            if not wait.select(max(0, deadline - time.monotonic())):
                self.fail(f"no {pattern!r}, only {self.seen!r}")
            data = os.read(self.run_.stdout.fileno(), 65536)
            if not data:
                self.fail(f"ended before {pattern!r}: {self.seen!r}")
            self.seen += data.decode("utf-8", "replace").replace("\r", "")

    def test_one_vm_has_the_console(self) -> None:
        self.start("alone")
        self.expect(r"^listens$")
        self.type("hello\r")
        self.expect(r"^heard hello$")
        self.type("bye\r")
        self.expect(r"^heard bye$")
        self.assertEqual(self.run_.wait(20), 0)

    def test_focus(self) -> None:
        self.start("a", "b")
        for _ in "ab":
            self.expect(r"^\[[ab]\] listens$")
        self.type("one\r")
        self.expect(r"^\[a\] heard one$")
        self.type(ESCAPE)
        self.expect(r"^console: input goes to b$")
        self.type("two\r")
        self.expect(r"^\[b\] heard two$")
        self.type(ESCAPE)
        self.expect(r"^console: input goes to a$")
        self.type("three\r")
        self.expect(r"^\[a\] heard three$")
        # The one that ends gives the focus away.
        self.type("bye\r")
        self.expect(r"^vm a: off$")
        self.type("bye\r")
        self.expect(r"^(\[b\] )?heard bye$")
        self.assertEqual(self.run_.wait(20), 0)

    def test_long_input(self) -> None:
        """More at once than the device takes: nothing is lost."""
        self.start("a", "b")
        for _ in "ab":
            self.expect(r"^\[[ab]\] listens$")
        lines = [f"line {i} " + "x" * 20 for i in range(8)]
        self.type("\r".join(lines) + "\r")
        for line in lines:
            self.expect(rf"^\[a\] heard {line}$")


class TypedGicv2(Typed):
    target = "qemu-virt-gicv2"
