"""Arm's models: command lines, consoles, complaints; with a stand-in, since
no model is at hand.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
from unittest import mock

from support import APIARY, HERE, LOGS, InFolder, log
from apiary_lab import fvp, fvp_relay, lava, loader, machine, \
    targets, watch
from apiary_lab.status import LabError

MODELS = ("fvp-base", "fvp-foundation")


class Model(InFolder):
    def setUp(self) -> None:
        super().setUp()
        if not loader.FIRMWARE["shim"][0].is_file():
            self.skipTest("no shim: make shim")
        for name in MODELS:
            if not targets.load(name).dtb.is_file():
                self.skipTest("no device trees: fixtures/fetch-dtbs")
        self.set(FVP_BIN=str(HERE / "toy-model"),
                 TOY_CONSOLE=str(LOGS / "pass.log"))
        for name in ("kernel", "bundle"):
            (self.folder / name).write_bytes(b"x" * 100)

    def set(self, **variables: str) -> None:
        change = mock.patch.dict(os.environ, variables)
        change.start()
        self.addCleanup(change.stop)

    def boot(self, name: str, **timeouts: float) -> watch.Run:
        target = targets.load(name)
        target.own["scale"] = 1
        target.data["timeouts"] |= timeouts
        return machine.boot(
            target, lava.Images(self.folder / "kernel",
                                self.folder / "bundle"),
            self.folder / "run" / "console.log", watch.Expect(1, True))

    def test_both_consoles(self) -> None:
        """Base by standard output, Foundation by telnet."""
        for name in MODELS:
            run = self.boot(name)
            self.assertEqual(run.infrastructure, [], name)
            self.assertEqual(run.log.read_text(), log("pass"))
            self.assertEqual(run.machine, "toy-model: Fast Models [11.22.14 "
                             "(Jun 12 2023)]")
            self.assertEqual(run.command[0], str(HERE / "toy-model"))

    def test_command(self) -> None:
        target = targets.load("fvp-base", smp=3)
        text = " ".join(target.command(self.folder / "kernel",
                                       self.folder / "bundle"))
        for part in ("-C cluster0.NUM_CORES=3", "--data cluster0.cpu0="
                     f"{self.folder}/kernel@0x80200000",
                     f"{self.folder}/bundle@0x88000000", "@0x82000000",
                     f"bp.secureflashloader.fname={self.folder}/shim.bin",
                     "bp.pl011_uart0.out_file=-"):
            self.assertIn(part, text)

    def test_tree_tells_of_the_bundle(self) -> None:
        targets.load("fvp-base").command(self.folder / "kernel",
                                         self.folder / "bundle")
        for name, value in (("start", "0 88000000"), ("end", "0 88000064")):
            got = subprocess.run(
                ["fdtget", "-t", "x", self.folder / "bundle-machine.dtb",
                 "/chosen", f"linux,initrd-{name}"], capture_output=True,
                text=True).stdout.strip()
            self.assertEqual(got, value)

    def test_hang_has_a_name(self) -> None:
        self.set(TOY_HANG="1", TOY_CONSOLE=str(LOGS / "hang.log"))
        for name in MODELS:
            run = self.boot(name, done=1)
            self.assertIn("hung in stage done", run.infrastructure[0])
            left = subprocess.run(
                ["pgrep", "-f", f"toy-model.*{self.folder}"],
                capture_output=True, text=True)
            self.assertEqual(left.stdout, "")

    def test_time_outs_are_scaled(self) -> None:
        target = targets.load("fvp-base")
        self.assertEqual(target.timeouts["vm"],
                         5 * target.data["timeouts"]["vm"])

    def test_licence(self) -> None:
        self.set(TOY_LICENCE="1")
        with self.assertRaisesRegex(LabError, "wants a licence: Failed to "
                                    "check out license.*EULA"):
            self.boot("fvp-base")

    def test_missing(self) -> None:
        self.set(FVP_BIN=str(self.folder / "none"))
        done = subprocess.run(
            [str(APIARY), "bench", "--target", "fvp-base"],
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("FVP_BIN", done.stderr)
        del os.environ["FVP_BIN"]
        [lacks] = fvp.missing(targets.load("fvp-base").own)
        self.assertIn("no FVP_Base_RevC-2xAEMvA in PATH: get it from Arm",
                      lacks)

    def test_folder(self) -> None:
        self.set(FVP_BIN=str(self.folder))
        self.assertEqual(fvp.find(targets.load("fvp-base").own),
                         str(self.folder / "FVP_Base_RevC-2xAEMvA"))


class Telnet(InFolder):
    def test_negotiation_is_no_console(self) -> None:
        for data, out, left in (
                (b"a\xff\xfb\x01b", b"ab", b""),
                (b"a\xff", b"a", b"\xff"), (b"a\xff\xfd", b"a", b"\xff\xfd"),
                (b"\xff\xffx", b"\xffx", b"")):
            self.assertEqual(fvp_relay.plain(data), (out, left))

    def test_port(self) -> None:
        said = "terminal_1: Listening for serial connection on port 5001\n"
        self.assertEqual(fvp.telnet_port("terminal_0", said), 0)
        self.assertEqual(fvp.telnet_port("terminal_1", said), 5001)
