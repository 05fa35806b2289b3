"""Runs: real QEMU, with an image that prints what a hypervisor would.

SPDX-License-Identifier: BSD-2-Clause
"""
import io
import os
import signal
import subprocess
import termios
import time

from support import APIARY, InFolder, log, say
from apiary_lab import qemu, targets


def machines(image: object) -> list[str]:
    """Process numbers of QEMUs that run this image, a moment later."""
    found: list[str] = []
    for _ in range(20):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline") as source:
                    words = source.read()
            except OSError:
                continue
            if words.startswith("qemu-") and str(image) in words:
                found.append(pid)
        if not found:
            break
        time.sleep(0.1)
    return found


class Runs(InFolder):
    def boot(self, text: str, *flags: str, guests: int = 1,
             **options: object) -> qemu.Run:
        target = targets.load("qemu-virt-gicv3", smp=1)
        for stage in target.timeouts:
            target.timeouts[stage] = 1.5
        image = say(self.folder, text, *flags)
        return qemu.boot(target, target.command(image),
                         self.folder / "run" / "console.log",
                         qemu.Expect(guests, True), **options)

    def test_pass(self) -> None:
        echo = io.BytesIO()
        stages: list[str] = []
        run = self.boot(log("pass"), echo=echo, on_stage=stages.append)
        self.assertEqual(run.infrastructure, [])
        self.assertEqual(len(run.console.cases), 3)
        self.assertEqual(stages, list(qemu.STAGES)[3:])
        self.assertEqual(echo.getvalue().decode(), log("pass"))
        self.assertEqual(run.log.read_text(), log("pass"))
        self.assertIn("-icount", run.log.with_name("command").read_text())

    def test_the_verdict_is_not_the_exit_status(self) -> None:
        """The machine powers off in good order after a case failed."""
        run = self.boot(log("fail"))
        self.assertEqual(run.infrastructure, [])
        self.assertEqual([c.name for c in run.console.failed()],
                         ["psci.cpu_on"])

    def assertHang(self, text: str, stage: str, *flags: str) -> None:
        run = self.boot(text, "-DHANG", *flags)
        self.assertEqual(run.stage, stage)
        self.assertIn(f"hung in stage {stage}: waited 1.5 s for "
                      f"{qemu.STAGES[stage]}", run.infrastructure[0])
        self.assertLess(run.seconds, 10)
        self.assertEqual(machines(self.folder), [])

    def test_hang_before_the_banner(self) -> None:
        self.assertHang("hello\n", "banner")

    def test_hang_before_the_vm(self) -> None:
        self.assertHang("Apiary 1\n", "vm")

    def test_hang_before_the_guest(self) -> None:
        self.assertHang(log("no-guest"), "guest")

    def test_hang_in_the_guest(self) -> None:
        self.assertHang(log("hang"), "done")

    def test_hang_after_the_guest(self) -> None:
        self.assertHang(log("pass"), "power-off")

    def test_second_guest_missing(self) -> None:
        run = self.boot(log("pass"), "-DHANG", guests=2)
        self.assertEqual(run.stage, "done")
        self.assertIn("hung in stage done", run.infrastructure[0])

    def test_ends_early(self) -> None:
        run = self.boot("Apiary 1\n")
        self.assertEqual(run.infrastructure[0], "QEMU ended in stage vm, "
                         "while waiting for a VM to start (`vm NAME: start`)")

    def test_panic(self) -> None:
        run = self.boot(log("panic"), "-DHANG")
        self.assertIn("panicked", run.infrastructure[0])
        text = qemu.explain(run)
        self.assertIn("| PANIC: unexpected exception", text)
        self.assertIn("#0 0x1234", text)

    def test_last_line_without_an_end(self) -> None:
        text = log("pass").replace("<APIARY_DONE NAME=psci>\n",
                                   "<APIARY_DONE NAME=psci>")
        text = text[:text.index("<APIARY_DONE NAME=psci>") + 23]
        self.assertEqual(self.boot(text).infrastructure, [])

    def test_qemu_complains(self) -> None:
        target = targets.load("qemu-virt-gicv3")
        target.data["qemu"]["machine"] = "toaster"
        run = qemu.boot(target, target.command(self.folder / "none"),
                        self.folder / "console.log", qemu.Expect(1, True))
        self.assertTrue(any("unsupported machine type" in text
                            for text in run.infrastructure))

    def test_time_given(self) -> None:
        run = self.boot(log("hang"), "-DHANG", timeout=0.5)
        self.assertIn("the time given is over in stage done",
                      run.infrastructure[0])


class Command(InFolder):
    """`apiary run` from outside."""

    def run_image(self, text: str, *words: str, flags: tuple = ()) \
            -> subprocess.CompletedProcess:
        image = say(self.folder, text, *flags)
        return self.apiary("run", "--hypervisor", image, "--guest", image,
                           *words)

    def test_status(self) -> None:
        for name, status in (("pass", 0), ("fail", 1), ("cut", 2),
                             ("panic", 2)):
            done = self.run_image(log(name))
            self.assertEqual(done.returncode, status, done)
            self.assertEqual(done.stdout, log(name))

    def test_el1(self) -> None:
        image = say(self.folder, log("pass"))
        done = self.apiary("run", "--target", "qemu-virt-gicv2-el1",
                           "--guest", image)
        self.assertEqual((done.returncode, done.stdout), (0, log("pass")))

    def test_standard_input_is_given(self) -> None:
        """Ctrl-A x on standard input ends a machine that hangs."""
        image = say(self.folder, "Apiary 1\nvm a: start\n", "-DHANG")
        process = subprocess.Popen(
            [APIARY, "run", "--hypervisor", image, "--guest", image],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env=os.environ | {"BUILD": str(self.folder)})
        for _ in range(2):      # up to the start of the VM
            process.stdout.readline()
        process.stdin.write("\x01x")
        process.stdin.flush()
        self.assertEqual(process.wait(20), 0)
        process.communicate()

    def test_a_terminal_is_raw_and_restored(self) -> None:
        image = say(self.folder, "Apiary 1\nvm a: start\n", "-DHANG")
        for end in ("keys", "signal"):
            outer, inner = os.openpty()
            before = termios.tcgetattr(inner)
            process = subprocess.Popen(
                [APIARY, "run", "--hypervisor", image, "--guest", image],
                stdin=inner, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, env=os.environ | {"BUILD": str(self.folder)})
            for _ in range(2):
                process.stdout.readline()
            during = termios.tcgetattr(inner)
            self.assertFalse(during[3] & (termios.ICANON | termios.ISIG))
            if end == "keys":
                # Ctrl-C belongs to the guest; Ctrl-A x ends the machine.
                os.write(outer, b"\x03\x01x")
            else:
                process.terminate()
            _, said = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 0 if end == "keys" else 130)
            self.assertIn("Ctrl-A x ends the machine", said)
            self.assertEqual(termios.tcgetattr(inner), before)
            os.close(outer)
            os.close(inner)

    def test_interrupted(self) -> None:
        image = say(self.folder, "Apiary 1\nvm a: start\n", "-DHANG")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            process = subprocess.Popen(
                [APIARY, "run", "--hypervisor", image, "--guest", image],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
                env=os.environ | {"BUILD": str(self.folder)})
            process.stdout.readline()
            process.send_signal(number)
            _, said = process.communicate(timeout=20)
            if number == signal.SIGKILL:
                self.assertEqual(process.returncode, -number)
            else:
                self.assertEqual(process.returncode, 130)
                self.assertIn("interrupted", said)
            self.assertEqual(machines(image), [])
