"""Debian's Linux, unmodified, as a guest; typed at as a person would.

Few machines unless APIARY_FULL is set: emulation is slow.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import subprocess
import unittest

import pexpect

from support import APIARY, InFolder
from apiary_lab import paths
from apiary_lab.soak import EXPECTED

PROMPT = "guest# "
FULL = bool(os.environ.get("APIARY_FULL"))
HERE = (paths.BUILD / "deps" / "linux" / "initramfs.gz").is_file()
# Where a terminal is asked for the place of its cursor, to know its size.
SIZE_ASKED = "\x1b[6n"


def start(guest: str, *words: object) -> pexpect.spawn:
    return pexpect.spawn(
        str(APIARY), ["run", "--guest", guest, *map(str, words)],
        timeout=120, encoding="utf-8", codec_errors="replace")


class Shell:
    """A machine with a Linux that has come to its prompt."""

    def __init__(self, *words: object, size: str = "") -> None:
        self.child = start("linux", *words)
        self.text = ""
        if size:
            self.child.expect_exact(SIZE_ASKED)
            self.child.send(size)
        self.prompt()

    def prompt(self) -> str:
        self.child.expect_exact(PROMPT)
        self.text += self.child.before
        return self.child.before

    def __call__(self, line: str) -> str:
        """What the command prints."""
        self.child.send(line + "\r")
        return self.prompt().split("\n", 1)[-1].replace("\r", "").strip()

    def off(self) -> int:
        """Ends the shell, and with it the machine; the exit status."""
        self.child.send("exit\r")
        self.child.expect(pexpect.EOF)
        self.text += self.child.before
        self.child.close()
        return self.child.exitstatus

    def end(self) -> None:
        self.child.close(force=True)


@unittest.skipUnless(HERE, "no Linux: fixtures/fetch-linux")
class Linux(InFolder):
    def shell(self, *words: object, **how: str) -> Shell:
        shell = Shell(*words, **how)
        self.addCleanup(shell.end)
        return shell

    def good(self, shell: Shell, vcpus: int) -> None:
        """A healthy kernel on so many vCPUs, that powers off cleanly."""
        self.assertEqual(shell("nproc"), str(vcpus))
        warnings = re.findall(r"<[0-4]>.*", shell("dmesg -r"))
        self.assertEqual([line for line in warnings if not
                          any(text in line for text in EXPECTED)], [])
        for count in self.interrupts(shell, "arch_timer"):
            self.assertGreater(count, 0)
        self.assertEqual(shell("grep Err: /proc/interrupts").split()[1], "0")
        self.assertEqual(shell.off(), 0)
        self.assertIn("vm a: off", shell.text)

    def interrupts(self, shell: Shell, name: str) -> list[int]:
        """Of each CPU."""
        line = shell(f"grep {name} /proc/interrupts").split()
        return [int(word) for word in line[1:] if word.isdigit()][
            :int(shell("nproc"))]

    def test_shell_and_power_off(self) -> None:
        self.good(self.shell("--vcpus", 2), 2)

    def test_gicv2(self) -> None:
        self.good(self.shell("--target", "qemu-virt-gicv2", "--vcpus", 2), 2)

    def test_vectors_and_signed_pointers(self) -> None:
        """SVE, pointer authentication and BTI are there, and in use."""
        shell = self.shell("--cpu", "max", "--vcpus", 2)
        features = shell("grep -m1 Features /proc/cpuinfo").split()
        for name in "sve", "paca", "pacg", "bti":
            self.assertIn(name, features)
        booted = shell("dmesg")
        for text in ("Scalable Vector Extension", "Address authentication",
                     "Branch Target Identification"):
            self.assertIn(f"detected: {text}", booted)
        self.good(shell, 2)

    def test_more_vcpus_than_cpus(self) -> None:
        self.good(self.shell("--vcpus", 4, "--smp", 1), 4)

    def every_number_of_vcpus(self, gic: int) -> None:
        for vcpus in range(1, 9):
            with self.subTest(vcpus=vcpus):
                self.good(self.shell(
                    "--target", f"qemu-virt-gicv{gic}", "--vcpus", vcpus),
                    vcpus)

    @unittest.skipUnless(FULL, "a minute: make test-full")
    def test_every_number_of_vcpus_gicv2(self) -> None:
        self.every_number_of_vcpus(2)

    @unittest.skipUnless(FULL, "a minute: make test-full")
    def test_every_number_of_vcpus_gicv3(self) -> None:
        self.every_number_of_vcpus(3)

    def test_seconds_are_seconds(self) -> None:
        shell = self.shell()
        before, after = (float(shell("cut -d' ' -f1 /proc/uptime; sleep 2")
                               .split()[0]) for _ in range(2))
        self.assertAlmostEqual(after - before, 2, delta=0.7)

    def test_cpus_off_and_on(self) -> None:
        turns = 100 if FULL else 5
        shell = self.shell("--vcpus", 3)
        where = "/sys/devices/system/cpu"
        done = shell(
            f"n=0; for i in $(seq {turns}); do for c in 1 2; do "
            f"echo 0 >{where}/cpu$c/online && "
            f"grep -q '^0' {where}/cpu$c/online && "
            f"echo 1 >{where}/cpu$c/online && n=$((n + 1)); done; done; "
            f"echo turns $n")
        self.assertIn(f"turns {2 * turns}", done)
        self.good(shell, 3)

    def test_reboot_starts_it_anew(self) -> None:
        shell = self.shell("--vcpus", 2)
        shell("echo kept >/tmp/file")
        shell.child.send("reboot -f\r")
        text = shell.prompt()
        self.assertIn("vm a: reset", text)
        self.assertIn("No such file", shell("cat /tmp/file"))
        self.good(shell, 2)

    def test_terminal(self) -> None:
        shell = self.shell(size="\x1b[40;132R")
        self.assertIn("40 132", shell("stty size"))
        # Ctrl-C ends what runs; the shell lives.
        shell.child.send("sleep 1000\r")
        shell.child.expect_exact("sleep 1000")
        shell.child.send("\x03")
        shell.prompt()
        self.assertEqual(shell("echo $?")[-3:], "130")
        # A letter taken back, and the last line again with the arrow up.
        shell.child.send("echo secoxx\x7fnd")
        self.assertIn("secoxnd", shell(""))
        shell.child.send("\x1b[A")
        shell.child.expect_exact(PROMPT + "echo secoxnd")
        self.assertIn("secoxnd", shell(""))
        self.assertEqual(shell.off(), 0)

    @unittest.skipUnless(FULL, "two boots: make test-full")
    def test_address_of_the_kernel_is_random(self) -> None:
        """With a seed in its tree: that of QEMU and ours have none."""
        import base64

        shell = self.shell("--append", "nokaslr")
        fixed = shell("grep -w _stext /proc/kallsyms").split()[-3:]
        dump = shell("base64 /sys/firmware/fdt; echo")
        self.assertEqual(shell.off(), 0)
        tree = self.folder / "guest.dtb"
        tree.write_bytes(base64.b64decode("".join(
            re.findall(r"^[A-Za-z0-9+/=]{4,}$", dump, re.M))))
        subprocess.run(["fdtput", "-t", "x", tree, "/chosen", "kaslr-seed",
                        "12345678", "9abcdef0"], check=True)
        subprocess.run(["fdtput", "-t", "s", tree, "/chosen", "bootargs",
                        "console=ttyAMA0 quiet"], check=True)
        shell = self.shell("--dtb", tree)
        moved = shell("grep -w _stext /proc/kallsyms").split()[-3:]
        self.assertEqual(moved[2], "_stext")
        self.assertNotEqual(moved, fixed)
        self.assertNotIn("KASLR disabled", shell("dmesg"))
        self.assertEqual(shell.off(), 0)

    @unittest.skipUnless(FULL, "wants 6 GiB: make test-full")
    def test_four_gigabytes(self) -> None:
        # On demand: an emulator takes its time to zero as much.
        shell = self.shell("--ram", "6G", "--memory", "4G", "--vcpus", 2,
                           "--stage2", "demand")
        total = int(shell("grep MemTotal /proc/meminfo").split()[-2])
        self.assertGreater(total, 4000000)
        self.assertEqual(shell.off(), 0)


@unittest.skipUnless(HERE, "no Linux: fixtures/fetch-linux")
class Warnings(unittest.TestCase):
    """As a guest the kernel warns of nothing that it does not warn of on the
    bare machine: the same kernel, initramfs and boot arguments, on machines
    whose clock counts instructions, so that no busy host is in it."""

    def warnings(self, *words: object) -> set[str]:
        done = subprocess.run(
            [APIARY, "run", "--guest", "linux", "--append", "soak=1",
             "--clock", "virtual", "--no-input", *map(str, words)],
            capture_output=True, text=True, errors="replace", timeout=300)
        self.assertRegex(done.stdout, r"soak: turns [1-9]\d* errors 0")
        return {re.sub(r"^\[ *[0-9.]+\] ", "", text) for text in re.findall(
            r"soak: warning: (.*)", done.stdout.replace("\r", ""))}

    def compare(self, gic: int, vcpus: int, *words: object) -> None:
        bare = self.warnings("--target", f"qemu-virt-gicv{gic}-el1",
                             "--smp", vcpus)
        guest = self.warnings("--target", f"qemu-virt-gicv{gic}",
                              "--vcpus", vcpus, *words)
        self.assertEqual(guest - bare, set(), f"bare: {bare}")
        self.assertIn(EXPECTED[0], guest)       # so they are seen at all

    def test_gicv3(self) -> None:
        self.compare(3, 2)

    @unittest.skipUnless(FULL, "two boots: make test-full")
    def test_gicv2(self) -> None:
        self.compare(2, 2)

    @unittest.skipUnless(FULL, "two boots: make test-full")
    def test_more_vcpus_than_cpus(self) -> None:
        self.compare(3, 4, "--smp", 1)


UBOOT = paths.BUILD / "deps" / "uboot"


@unittest.skipUnless(FULL and (UBOOT / "u-boot-linux.elf").is_file(),
                     "fixtures/fetch-uboot, and make test-full")
class UBoot(unittest.TestCase):
    def at_prompt(self, guest: str, *words: object) -> pexpect.spawn:
        child = start(guest, *words)
        self.addCleanup(child.close, force=True)
        child.expect_exact("Hit any key to stop autoboot")
        child.send(" ")
        child.expect_exact("=> ")
        return child

    def test_prompt_and_long_lines(self) -> None:
        child = self.at_prompt("u-boot")
        # Longer than any FIFO, to a guest that polls and never sleeps.
        words = "word" * 60
        child.send(f"echo {words}\r")
        child.expect_exact("\n" + words)
        child.send("poweroff\r")
        child.expect_exact("vm a: off")
        child.expect(pexpect.EOF)

    def test_starts_linux(self) -> None:
        child = self.at_prompt("u-boot-linux", "--vcpus", 2)
        size = (paths.BUILD / "deps/linux/initramfs.gz").stat().st_size
        child.send("setenv bootargs console=ttyAMA0 quiet\r")
        child.expect_exact("=> ")
        child.send(f"booti $kernel_addr_r $ramdisk_addr_r:{size:x} "
                   f"$fdtcontroladdr\r")
        child.expect_exact(PROMPT)
        child.send("nproc\r")
        child.expect_exact("\n2\r")
        child.send("exit\r")
        child.expect_exact("vm a: off")
        child.expect(pexpect.EOF)


if __name__ == "__main__":
    unittest.main()
