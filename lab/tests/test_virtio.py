"""Devices of Linux guests, by Linux's own drivers: emulated, a link between
two, and QEMU's own passed through. And what is refused.

SPDX-License-Identifier: BSD-2-Clause
"""
import hashlib
import os
import unittest
from pathlib import Path
from typing import Any

import pexpect
import yaml

import test_linux
from support import APIARY, InFolder
from apiary_lab import paths

PASSED = {
    "passthrough": {"virtio": {"reg": [0x0c003000, 0x0a003000, 0x1000],
                               "interrupts": [78, 79], "edge": True}},
    "devices": {"unsafe-dma": True, "transports": [[0x0c003e00, 79],
                                                   [0x0c003c00, 78]]}}
HERE = (paths.BUILD / "deps" / "linux" / "modules").is_dir()


class Shell(test_linux.Shell):
    """Of one VM, with devices."""

    def __init__(self, vms: Path, *words: object) -> None:
        self.child = pexpect.spawn(
            str(APIARY), ["run", "--vms", str(vms), *map(str, words)],
            timeout=120, encoding="utf-8", codec_errors="replace")
        self.text = ""
        self.prompt()


class Machine(InFolder):
    def vms(self, **vms: dict[str, Any]) -> Path:
        path = self.folder / "vms.yaml"
        path.write_text(yaml.safe_dump(vms))
        return path

    def target(self, name: str, *args: str, machine: str = "") -> Path:
        """A target with more of QEMU's arguments."""
        data = yaml.safe_load((paths.LAB / "targets" /
                               f"{name}.yaml").read_text())
        data["qemu"]["args"] += args
        data["qemu"]["machine"] += machine
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(data))
        return path

    def disk_and_net(self, gic: int) -> Path:
        self.disk = self.folder / "disk"
        self.disk.write_bytes(os.urandom(1 << 20))
        return self.target(
            f"qemu-virt-gicv{gic}", "-drive",
            f"file={self.disk},if=none,format=raw,id=d",
            "-device", "virtio-blk-device,drive=d",
            "-netdev", "user,id=n", "-device", "virtio-net-device,netdev=n")

    def run_to_end(self, *words: object) -> str:
        child = pexpect.spawn(str(APIARY), ["run", *map(str, words)],
                              timeout=60, encoding="utf-8")
        self.addCleanup(child.close, force=True)
        child.expect(pexpect.EOF)
        return child.before


class Refused(Machine):
    """Without a Linux: lines before any VM starts."""

    def test_a_bus_master(self) -> None:
        vm = {"guest": "psci", "passthrough": PASSED["passthrough"]}
        said = self.run_to_end("--vms", self.vms(a=vm))
        self.assertIn("bundle: /vms/a: passthrough: PA 0xa003000 is a bus "
                      "master, and nothing here keeps its DMA in bounds: not "
                      "without unsafe-dma in the VM's devices node", said)
        self.assertNotIn("vm a: start", said)

    def test_unsafe_dma_moves_the_ram(self) -> None:
        said = self.run_to_end("--vms", self.vms(a={"guest": "psci",
                                                    **PASSED}))
        self.assertRegex(said, "TEST_CASE_ID=psci.version RESULT=pass")
        self.assertNotIn("RESULT=fail", said)
        elf = paths.GUESTS / "psci.elf"
        said = self.run_to_end("--vms", self.vms(a={"guest": str(elf),
                                                    **PASSED}))
        self.assertIn("bundle: /vms/a: ", said)
        self.assertNotIn("vm a: start", said)

    def test_no_entropy(self) -> None:
        vm = {"guest": "virtio", "devices": {"rng": True}}
        said = self.run_to_end("--vms", self.vms(a=vm))
        self.assertIn("rng: no source of entropy here: no FEAT_RNG, no TRNG "
                      "in the firmware, no 32 bytes of /chosen/rng-seed",
                      said)

    def test_entropy_of_the_boot_loader(self) -> None:
        vm = {"guest": "virtio", "append": "only=rng",
              "devices": {"rng": True}}
        target = self.target("qemu-virt-gicv3",
                             machine=",dtb-randomness=on")
        said = self.run_to_end("--vms", self.vms(a=vm), "--target", target)
        self.assertIn("made of the boot loader's rng-seed", said)
        self.assertIn("TEST_CASE_ID=virtio.rng RESULT=pass", said)

    def test_a_third_end(self) -> None:
        vm = {"guest": "psci", "memory": "32M",
              "devices": {"link": "w", "share": "m", "share-size": "4K"}}
        said = self.run_to_end("--vms", self.vms(a=vm, b=vm, c=vm))
        self.assertIn("bundle: /vms/c: devices: link: two VMs have it "
                      "already", said)
        del vm["devices"]["link"]
        said = self.run_to_end("--vms", self.vms(a=vm, b=vm, c=vm))
        self.assertIn("bundle: /vms/c: devices: share: two VMs have it "
                      "already", said)


@unittest.skipUnless(HERE, "no Linux: fixtures/fetch-linux")
class Linux(Machine):
    def shell(self, vms: Path, *words: object) -> Shell:
        shell = Shell(vms, *words)
        self.addCleanup(shell.end)
        return shell

    def test_console_and_rng(self) -> None:
        """hvc0 is the shell's terminal, and what is typed goes there."""
        vm = {"guest": "linux", "memory": "192M", "append": "console=hvc0",
              "devices": {"console": True, "rng": True}}
        shell = self.shell(self.vms(a=vm), "--cpu", "max")
        self.assertIn("made of the CPU's RNDR", shell.text)
        self.assertEqual(shell("tty"), "/dev/hvc0")
        hwrng = "/sys/class/misc/hw_random/rng_current"
        self.assertEqual(shell(f"cat {hwrng}"), "virtio_rng.0")
        draws = [shell("head -c 32 /dev/hwrng | hexdump -ve '1/1 \"%02x\"'")
                 .split()[0] for _ in range(2)]
        for draw in draws:
            self.assertRegex(draw, "^[0-9a-f]{64}$")
        self.assertNotEqual(*draws)
        lines = shell("seq 3000").split()
        self.assertEqual(lines, [str(n) for n in range(1, 3001)])
        self.assertEqual(shell.off(), 0)

    def passed(self, gic: int) -> None:
        target = self.disk_and_net(gic)
        shell = self.shell(self.vms(
            a={"guest": "linux", "memory": "192M", **PASSED}),
            "--target", target)
        for turn in range(2):
            digest = hashlib.md5(self.disk.read_bytes()).hexdigest()
            self.assertEqual(shell("md5sum </dev/vda"), f"{digest}  -")
            shell("ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up")
            self.assertIn(" 0% packet loss", shell("ping -c 3 10.0.2.2"))
            for name in ("virtio0", "virtio1"):
                counts = shell(f"grep {name} /proc/interrupts").split()
                self.assertGreater(int(counts[1]), 0)
            text = f"written, turn {turn}"
            shell(f"echo '{text}' | dd of=/dev/vda bs=512 seek=7 conv=sync "
                  f"2>/dev/null; sync")
            self.assertTrue(self.disk.read_bytes()[7 * 512:].startswith(
                text.encode()))
            if turn == 0:               # the device does not go on
                shell.child.send("reboot -f\r")
                shell.prompt()
        self.assertEqual(shell.off(), 0)

    def test_disk_and_net_passed_through(self) -> None:
        self.passed(3)

    @unittest.skipUnless(test_linux.FULL, "ten seconds: make test-full")
    def test_disk_and_net_passed_through_gicv2(self) -> None:
        self.passed(2)

    @unittest.skipUnless(test_linux.FULL, "ten seconds: make test-full")
    def test_two_on_a_link(self) -> None:
        for gic in (2, 3):
            with self.subTest(gic=gic):
                self.link(gic)

    def link(self, gic: int) -> None:
        vm = {"guest": "linux", "memory": "160M", "devices": {"link": "w"}}
        child = pexpect.spawn(
            str(APIARY), ["run", "--target", f"qemu-virt-gicv{gic}",
                          "--vms", str(self.vms(a=vm, b=vm))], timeout=100,
            encoding="utf-8")
        self.addCleanup(child.close, force=True)
        begun = set()
        while len(begun) < 2:
            child.expect(r"\[(.)\] Enter 'help'")
            begun.add(child.match.group(1))
        for name, number in (("a", 1), ("b", 2)):
            if name == "b":
                child.send("\x1d")
                child.expect_exact("input goes to b")
            child.send(f"ip addr add 10.0.0.{number}/24 dev eth0; ip link "
                       f"set eth0 up; echo is-$((1+1))\r")
            child.expect_exact(f"[{name}] is-2")
        child.send("ping -c 3 -s 1400 10.0.0.1\r")
        child.expect("3 packets transmitted, 3 packets received")
        child.send("ifconfig eth0\r")
        child.expect_exact("HWaddr 02:41:70:69:00:01")
        child.send("poweroff -f\r")
        child.expect_exact("vm b: off")
        child.send("poweroff -f\r")
        child.expect_exact("vm a: off")
        child.expect(pexpect.EOF)
