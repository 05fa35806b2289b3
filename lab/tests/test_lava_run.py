"""Jobs by lava-run: on QEMU, on a line where a board should be, and (with
APIARY_FULL) on the virtual board.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
from collections.abc import Callable

import yaml

from support import APIARY, InFolder, log, say
from test_lava import no_schemas
from test_qemu import machines
from apiary_lab import lava, lava_run, machine, paths, targets, watch


def no_lava() -> str:
    if shutil.which("lava-run") is None:
        return "lava-run is not here: ci/deps base lava"
    if os.geteuid() != 0:
        return "lava-run wants to be root"
    return no_schemas()


class ByLava(InFolder):
    def setUp(self) -> None:
        super().setUp()
        if no_lava():
            self.skipTest(no_lava())

    def qemu(self, text: str, *flags: str, guests: int = 1) -> watch.Run:
        target = targets.load("qemu-virt-gicv3", smp=1)
        for stage in target.timeouts:
            target.timeouts[stage] = 15 if stage == "banner" else 3
        return machine.boot(
            target, lava.Images(say(self.folder, text, *flags)),
            self.folder / "run" / "console.log", watch.Expect(guests, True),
            by=lava_run.boot)


class Qemu(ByLava):
    def test_pass(self) -> None:
        run = self.qemu(log("pass"))
        self.assertEqual(run.infrastructure, [])
        self.assertEqual(len(run.console.cases), 3)
        self.assertRegex(run.machine, r"^lava-dispatcher \d")
        # (What QEMU itself says comes on the same line here.)
        self.assertTrue(run.log.read_text().startswith(log("pass")))

    def test_failing_tests_are_no_infrastructure(self) -> None:
        run = self.qemu(log("fail"))
        self.assertEqual(run.infrastructure, [])
        self.assertEqual([c.name for c in run.console.failed()],
                         ["psci.cpu_on"])

    def test_measurements_are_lava_s_too(self) -> None:
        run = self.qemu(log("bench"))
        self.assertEqual(run.infrastructure, [])
        self.assertIn("hypercall", run.console.histograms)

    def test_hang(self) -> None:
        run = self.qemu(log("hang"), "-DHANG")
        self.assertEqual(run.stage, "done")
        self.assertIn("hung in stage done", run.infrastructure[0])
        self.assertEqual(machines(self.folder), [])

    def test_adds_less_than_five_seconds(self) -> None:
        target = targets.load("qemu-virt-gicv3", smp=1)
        image = say(self.folder, log("pass"))
        spent = []
        for by_lava in (False, True):
            run = machine.boot(
                target, lava.Images(image), self.folder / str(by_lava) /
                "console.log", watch.Expect(1, True),
                by=lava_run.boot if by_lava else None)
            self.assertEqual(run.infrastructure, [])
            spent.append(run.seconds)
        self.assertLess(spent[1], spent[0] + 5)


class Line(threading.Thread):
    """A serial line on a port: `talk` is given each connection."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        super().__init__(daemon=True)
        self.talk = talk
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self) -> None:
        while True:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=[line],
                             daemon=True).start()

    def _one(self, line: socket.socket) -> None:
        with line:
            try:
                self.talk(line)
            except OSError:
                pass    # hung up


def silent(line: socket.socket) -> None:
    while line.recv(1000):
        pass


def endless(line: socket.socket) -> None:
    while True:
        line.sendall(b"garbage without end " * 50 + b"\r\n")


class Desk(ByLava):
    """A board that is a line and nothing else."""

    def setUp(self) -> None:
        super().setUp()
        (self.folder / "k").write_bytes(b"kernel")
        # A build/ of our own, but for what was fetched.
        build = self.folder / "build"
        (build / "hypervisor").mkdir(parents=True)
        (build / "hypervisor" / "apiary.Image").write_bytes(b"hypervisor")
        (build / "deps").symlink_to(paths.BUILD / "deps")
        self.power = self.folder / "power"
        data = yaml.safe_load((paths.TARGETS / "rpi4.yaml").read_text())
        data["timeouts"] |= {"power": 20, "firmware": 2, "loader": 5}
        data["retries"] = 0
        tree = paths.BUILD / "deps" / "dtb" / data["lava"]["dtb"]
        if not tree.is_file():
            self.skipTest(f"no {paths.shown(tree)}: fixtures/fetch-dtbs")
        self.target = self.folder / f"desk{os.getpid()}.yaml"
        self.target.write_text(yaml.safe_dump(data))
        self.name = self.target.stem

    def wire(self, talk: Callable[[socket.socket], None]) -> dict[str, str]:
        line = Line(talk)
        self.addCleanup(line.server.close)
        press = f"sh -c 'echo {{}} >> {self.power}'"
        wiring = self.folder / "wiring.yaml"
        wiring.write_text(yaml.safe_dump({
            "dispatcher_ip": "127.0.0.1", "boards": {self.name: {
                "connect": f"telnet 127.0.0.1 {line.port}",
                "power_on": press.format("on"),
                "power_off": press.format("off"),
                "hard_reset": press.format("reset")}}}))
        return os.environ | {"APIARY_WIRING": str(wiring),
                             "BUILD": str(self.folder / "build")}

    def words(self) -> list[str]:
        return [str(APIARY), "lava", "run", "--target", str(self.target),
                "--guest", str(self.folder / "k")]

    def run_on(self, talk: Callable[[socket.socket], None]) \
            -> subprocess.CompletedProcess:
        return subprocess.run(
            self.words(), env=self.wire(talk), capture_output=True,
            stdin=subprocess.DEVNULL, timeout=120)

    def assertOff(self) -> None:
        self.assertEqual(self.power.read_text().split()[-1], "off")

    def test_prints_nothing(self) -> None:
        done = self.run_on(silent)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 2, said)
        self.assertIn("hung in stage firmware: waited 2 s for the first "
                      "character from the board", said)
        self.assertIn("hint: is it powered", said)
        self.assertOff()

    def test_endless_output(self) -> None:
        done = self.run_on(endless)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 2, said)
        self.assertRegex(said, "endless output|hung in stage loader|"
                         "LAVA ended the job in stage loader")
        self.assertOff()

    def test_nothing_at_the_port(self) -> None:
        environment = self.wire(silent)
        wiring = self.folder / "wiring.yaml"
        wiring.write_text(re.sub(r"(telnet 127.0.0.1) \d+", r"\1 4",
                                 wiring.read_text()))
        done = subprocess.run(self.words(), env=environment, timeout=120,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("serial line does not open: telnet: Unable to connect "
                      "to remote host: Connection refused", done.stderr)

    def begin(self) -> subprocess.Popen:
        started = subprocess.Popen(
            self.words(), env=self.wire(silent), stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        until = time.monotonic() + 30
        while not self.power.exists() and time.monotonic() < until:
            time.sleep(0.05)
        self.assertTrue(self.power.exists())
        return started

    def test_ctrl_c(self) -> None:
        started = self.begin()
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=60)
        self.assertEqual(started.returncode, 130, said)
        self.assertOff()
        found = subprocess.run(["pgrep", "-f", f"lava-run.*{self.folder}"],
                               capture_output=True)
        self.assertEqual(found.stdout, b"")
        # And the next one may have it.
        done = self.run_on(silent)
        self.assertNotIn("in use", done.stderr.decode())

    def test_two_jobs_on_one_board(self) -> None:
        started = self.begin()
        second = subprocess.run(
            self.words(), env=os.environ | {
                "APIARY_WIRING": str(self.folder / "wiring.yaml"),
                "BUILD": str(self.folder / "build")},
            capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 2)
        self.assertIn(f"{self.name} is in use: process {started.pid}",
                      second.stderr)
        self.assertNotIn("Traceback", second.stderr)
        started.terminate()
        started.communicate(timeout=60)


@unittest.skipUnless(os.environ.get("APIARY_FULL"), "takes 20 s: APIARY_FULL")
class VirtualBoard(ByLava):
    def test_guest(self) -> None:
        """From power-off to power-off with Apiary's own image."""
        if not paths.HYPERVISOR_IMAGE.is_file():
            self.skipTest("make hypervisor guests")
        done = subprocess.run(
            [str(APIARY), "test", "--target", "virtual-board", "--filter",
             "smccc", "--json"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(machines("u-boot"), [])


if __name__ == "__main__":
    unittest.main()
