"""Debian's EDK2, unmodified, as a guest; what it boots; typed at as a person
would.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import unittest

import pexpect

from support import APIARY
from apiary_lab import paths

FULL = bool(os.environ.get("APIARY_FULL"))
EDK2 = paths.BUILD / "deps" / "edk2"
HERE = (EDK2 / "grub.efi").is_file()
VARIABLE = "apiary -guid 7a9b0f52-43f1-4ef4-93b8-b6a24c1b2f01"
_ESCAPE = re.compile(r"\x1b\[[0-9;=?]*[A-Za-z]")


@unittest.skipUnless(HERE, "no EDK2: fixtures/fetch-edk2")
class Firmware(unittest.TestCase):
    def start(self, *words: object) -> pexpect.spawn:
        child = pexpect.spawn(
            str(APIARY), ["run", *map(str, words)], timeout=120,
            encoding="utf-8", codec_errors="replace")
        self.addCleanup(child.close, force=True)
        return child

    def shell(self, child: pexpect.spawn) -> None:
        """On to the prompt of EDK2's own shell."""
        child.expect("Press .*ESC")
        child.send("\x1b")
        child.expect_exact("Shell> ")

    def type(self, child: pexpect.spawn, line: str) -> str:
        """What the shell prints, without the line itself."""
        child.send(line + "\r")
        child.expect_exact("\r\n")
        child.expect_exact("Shell> ")
        return _ESCAPE.sub("", child.before)

    def off(self, child: pexpect.spawn, line: str) -> None:
        child.send(line + "\r")
        child.expect_exact("vm a: off")
        child.expect(pexpect.EOF)
        child.close()
        self.assertEqual(child.exitstatus, 0)

    def variables(self, *words: object) -> None:
        """What it keeps in flash outlives a reset, and its shell works."""
        child = self.start("--guest", "edk2", *words)
        self.shell(child)
        self.assertNotIn("Unable", self.type(
            child, f'setvar {VARIABLE} -nv -bs =L"kept"'))
        child.send("reset\r")
        child.expect_exact("vm a: reset")
        self.shell(child)
        self.assertIn("6B 00 65 00 70 00 74 00",
                      self.type(child, f"setvar {VARIABLE}"))
        self.assertNotIn("Unable", self.type(
            child, f"setvar {VARIABLE} ="))
        self.assertIn("Unable", self.type(child, f"setvar {VARIABLE}"))
        self.off(child, "reset -s")

    def linux_by_efi(self, child: pexpect.spawn, vcpus: int) -> None:
        child.expect_exact("guest# ")
        child.send("nproc; ls /sys/firmware/efi; dmesg | grep efi:\r")
        child.expect(rf"\n{vcpus}\r")
        child.expect_exact("guest# ")
        self.assertIn("efivars", child.before)
        self.assertIn("EFI v2.70 by EDK II", child.before)
        self.off(child, "exit")

    def grub(self, *words: object) -> None:
        child = self.start("--guest", "edk2-grub", "--ram", "1G", *words)
        child.expect_exact("grub> ")
        for line in ("linux (memdisk)/Image console=ttyAMA0 quiet",
                     "initrd (memdisk)/initramfs.gz"):
            child.send(line + "\r")
            child.expect_exact("grub> ")
        child.send("boot\r")
        self.linux_by_efi(child, 2)

    def test_starts(self) -> None:
        child = self.start("--firmware", EDK2 / "QEMU_EFI.fd")
        child.expect_exact("UEFI firmware")
        child.expect_exact("EFI Internal Shell")

    @unittest.skipUnless(FULL, "a minute: make test-full")
    def test_shell_and_variables_gicv3(self) -> None:
        self.variables("--vcpus", 2)

    @unittest.skipUnless(FULL, "a minute: make test-full")
    def test_shell_and_variables_gicv2(self) -> None:
        self.variables("--target", "qemu-virt-gicv2")

    @unittest.skipUnless(FULL, "a minute: make test-full")
    def test_grub_starts_linux_gicv3(self) -> None:
        self.grub("--vcpus", 2)

    @unittest.skipUnless(FULL, "a minute: make test-full")
    def test_grub_starts_linux_gicv2(self) -> None:
        self.grub("--target", "qemu-virt-gicv2", "--vcpus", 2)

    @unittest.skipUnless(FULL, "half a minute: make test-full")
    def test_starts_linux_by_its_stub(self) -> None:
        linux = paths.BUILD / "deps" / "linux"
        child = self.start(
            "--firmware", EDK2 / "QEMU_EFI.fd", "--guest", linux / "Image",
            "--initrd", linux / "initramfs.gz", "--ram", "1G",
            "--append", "console=ttyAMA0 quiet initrd=initrd")
        self.linux_by_efi(child, 1)

    def test_what_is_no_firmware(self) -> None:
        child = self.start("--firmware", paths.HYPERVISOR_IMAGE.with_suffix(
            ".elf"), "--guest", "psci")
        child.expect_exact("firmware: image")
        child.expect_exact("is an ELF file: wanted an image of flash")
        child.expect(pexpect.EOF)
        child.close()
        self.assertNotEqual(child.exitstatus, 0)


if __name__ == "__main__":
    unittest.main()
