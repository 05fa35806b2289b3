"""What a VM leaves behind: all of the machine's RAM is looked through.

SPDX-License-Identifier: BSD-2-Clause
"""
import contextlib
import subprocess
import time
import unittest

from support import CROSS, HERE, InFolder, say
from apiary_lab import bundle, paths, qemu, targets
from apiary_lab.qmp import Qmp

SECRET = 0xe75e5ec7c0de0bad.to_bytes(8, "little")   # of secret.S
BASE, SIZE = 0x40000000, 512 << 20                  # RAM of QEMU's virt


@unittest.skipUnless(paths.HYPERVISOR_IMAGE.is_file(), "not built")
class Scrubbed(InFolder):
    def secret(self, *flags: str) -> str:
        elf, image = self.folder / "secret.elf", self.folder / "secret.Image"
        subprocess.run([f"{CROSS}gcc", "-nostdlib", "-static",
                        "-Wl,-Ttext=0", *flags, "-o", elf,
                        HERE / "secret.S"], check=True)
        subprocess.run([f"{CROSS}objcopy", "-O", "binary", elf, image],
                       check=True)
        return str(image)

    def left(self, stage2: str, until: str, *flags: str) -> int:
        """How often the secret is found when this line has come."""
        vms = [bundle.Vm(guest=self.secret(*flags), name="keeper",
                         stage2=stage2),
               bundle.Vm(guest=str(say(self.folder, "here\n", "-DHANG")),
                         name="other")]
        made = bundle.build(vms, self.folder / "b.dtb")
        console, path = self.folder / "console", self.folder / "qmp"
        words = targets.load("qemu-virt-gicv3").command(
            paths.HYPERVISOR_IMAGE, made)
        with open(console, "wb") as out:
            process = subprocess.Popen(
                [*words, "-qmp", f"unix:{path},server=on,wait=off"],
                stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.DEVNULL,
                preexec_fn=qemu.die_with_parent)
        deadline = time.monotonic() + 60
        try:
            while until not in console.read_text(errors="replace"):
                self.assertLess(time.monotonic(), deadline,
                                console.read_text(errors="replace"))
                time.sleep(0.1)
            with contextlib.closing(Qmp(path, process, deadline)) as qmp:
                qmp.ask("stop")
                qmp.ask("pmemsave", val=BASE, size=SIZE,
                        filename=str(self.folder / "ram"))
        finally:
            process.kill()
            process.wait()
        return (self.folder / "ram").read_bytes().count(SECRET)

    def test_it_would_be_found(self) -> None:
        self.assertEqual(self.left("eager", "[keeper] !", "-DSTAY"),
                         (16 << 20) // 8)

    def test_off(self) -> None:
        self.assertEqual(self.left("eager", "vm keeper: off"), 0)

    def test_off_demand(self) -> None:
        self.assertEqual(self.left("demand", "vm keeper: off"), 0)


if __name__ == "__main__":
    unittest.main()
