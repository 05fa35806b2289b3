"""What cannot run is refused before it starts, by one line that says why;
what can beside it runs.

SPDX-License-Identifier: BSD-2-Clause
"""
import gzip
import re
import subprocess
import unittest
from pathlib import Path

from support import APIARY, InFolder, say
from apiary_lab import paths

GPIO = """
  passthrough:
    gpio: {reg: [0x0c000000, %s, 0x1000], compatible: "arm,pl061"}
"""


@unittest.skipUnless(paths.HYPERVISOR_IMAGE.is_file(), "not built")
class Refused(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.good = say(self.folder, "well\n", name="good")

    def run_(self, vms: str) -> str:
        """What is said when this is booted, beside a VM that can run."""
        path = self.folder / "vms.yaml"
        path.write_text(vms + f"good: {{guest: {self.good}}}\n")
        done = subprocess.run(
            [APIARY, "run", "--no-input", "--timeout", "60", "--vms", path],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace")
        return done.stderr + done.stdout.replace("\r", "")

    def refused(self, vms: str, line: str) -> None:
        said = self.run_(vms)
        self.assertRegex(said, re.compile(rf"^.*\bbad\b.*: {line}$", re.M))
        self.assertNotIn("vm bad: start", said)
        self.assertIn("vm good: off", said)
        self.assertIn("apiary: all VMs are off", said)

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def test_x86_kernel(self) -> None:
        kernel = bytearray(4096)
        kernel[0x202:0x206] = b"HdrS"
        self.refused(f"bad: {{guest: {self.file('bzImage', kernel)}}}\n",
                     ".*is an x86 kernel: wanted one for arm64")

    def test_compressed_kernel(self) -> None:
        packed = self.file("Image.gz", gzip.compress(self.good.read_bytes()))
        self.refused(f"bad: {{guest: {packed}}}\n",
                     ".*is gzip-compressed: gunzip it first")

    def test_initrd_too_large(self) -> None:
        initrd = self.file("initrd", bytes(8 << 20))
        self.refused(f"bad: {{guest: {self.good}, memory: 8M, "
                     f"initrd: {initrd}}}\n",
                     ".*too small: 8192 KiB in all, but kernel [0-9]+ KiB, "
                     "initrd 8192 KiB, device tree .*")

    def test_command_line_too_long(self) -> None:
        self.refused(f"bad: {{guest: {self.good}, append: {'a' * 2048}}}\n",
                     "bootargs: 2048 characters: at most 2047")

    def test_no_root(self) -> None:
        """It may be meant: said before the start, and not refused."""
        linux = bytearray(self.good.read_bytes())
        linux[:2] = b"MZ"       # add x13, x18, #0x16: the EFI stub's
        said = self.run_(f"bad: {{guest: {self.file('Image', linux)}}}\n")
        self.assertIn("apiary: VM bad: a Linux with no initrd, and no root= "
                      "in its boot arguments: it will find no root file "
                      "system\n", said)
        self.assertLess(said.index("no root="), said.index("vm bad: start"))

    def test_device_of_the_hypervisor(self) -> None:
        self.refused(f"bad:\n  guest: {self.good}{GPIO % '0x09000000'}",
                     "PA 0x9000000: is the hypervisor's console")

    def test_device_of_another_vm(self) -> None:
        self.refused(f"first:\n  guest: {self.good}{GPIO % '0x09030000'}"
                     f"bad:\n  guest: {self.good}{GPIO % '0x09030000'}",
                     "PA 0x9030000: .*first.*")


if __name__ == "__main__":
    unittest.main()
