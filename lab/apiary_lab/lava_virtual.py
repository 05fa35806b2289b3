"""The virtual board: a QEMU that is wired up as a board on a desk is.

Debian's U-Boot in QEMU's flash; its serial line on a telnet port; its power
switch is pdudaemon, whose local command talks QMP; images by TFTP from
tftpd. LAVA has the job and the commands that a real board gets. Must not
know LAVA's forms, nor what is booted.

SPDX-License-Identifier: BSD-2-Clause
"""
import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import paths
from .qemu import die_with_parent
from .status import LabError

UBOOT = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
TFTP = Path("/srv/tftp")
SWITCH = paths.LAB / "lava" / "virtual-switch"
# What the board calls this host. QEMU answers TFTP at 10.0.2.2 itself; what
# is for another address it sends on as it is.
HOST = "127.0.0.1"
MACHINE = "virt,virtualization=on,gic-version=3"
START = 20.0        # seconds


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _listening(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def tftp_served() -> bool:
    """Whether someone answers at port 69 (RFC 1350: a read request for a
    file that is not there is answered with an error)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(1)
        try:
            one.sendto(b"\0\1apiary-none\0octet\0", ("127.0.0.1", 69))
            return one.recv(600)[:2] == b"\0\5"
        except OSError:
            return False


def _machine(folder: Path, serial: int, switch: Path) -> list[str]:
    # Stopped until its power is switched on.
    return ["qemu-system-aarch64", "-M", MACHINE, "-cpu", "cortex-a57",
            "-smp", "2", "-m", "1G", "-nographic", "-S",
            # Time that a busy host does not stretch.
            "-icount", "shift=3,sleep=off",
            "-bios", str(UBOOT), "-no-shutdown",
            "-netdev", "user,id=lan", "-device", "virtio-net-pci,netdev=lan",
            "-chardev", f"socket,id=line,host=127.0.0.1,port={serial},"
            f"server=on,wait=off,telnet=on", "-serial", "chardev:line",
            "-monitor", "none", "-qmp", f"unix:{switch},server=on,wait=off"]


def _wait(what: str, ready: Any, processes: dict[str, Any],
          folder: Path) -> None:
    until = time.monotonic() + START
    while not ready():
        for name, process in processes.items():
            if process.poll() is not None:
                text = (folder / f"{name}.log").read_text(errors="replace")
                raise LabError(f"the virtual board's {name} ended: "
                               f"{text.strip()[-500:]}")
        if time.monotonic() > until:
            raise LabError(f"the virtual board's {what} did not come up in "
                           f"{START:g} s")
        time.sleep(0.05)


@contextlib.contextmanager
def board(folder: Path) -> Iterator[dict[str, Any]]:
    """Everything that the board is made of, up; gives the commands that
    reach it, as lab/wiring.yaml does of a real one."""
    for tool in ("qemu-system-aarch64", "pdudaemon", "curl", "telnet"):
        if shutil.which(tool) is None:
            raise LabError(f"{tool} is not in PATH: ci/deps base lava")
    if not UBOOT.is_file():
        raise LabError(f"no {UBOOT}: ci/deps base lava")
    folder.mkdir(parents=True, exist_ok=True)
    switch = folder / "qmp"
    if len(str(switch)) > 100:      # what a Unix socket's name may be
        switch = Path("/tmp") / f"apiary-qmp-{free_port()}"
    serial, power = free_port(), free_port()
    processes: dict[str, subprocess.Popen] = {}

    def start(name: str, words: list[str]) -> None:
        with open(folder / f"{name}.log", "wb") as sink:
            processes[name] = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=sink,
                stderr=subprocess.STDOUT, preexec_fn=die_with_parent)

    try:
        start("machine", _machine(folder, serial, switch))
        if not tftp_served():
            TFTP.mkdir(parents=True, exist_ok=True)
            start("tftpd", ["in.tftpd", "--foreground", "--address",
                            "127.0.0.1:69", "--secure", str(TFTP)])
        config = folder / "pdudaemon.conf"
        command = f"{SWITCH} {switch}"
        config.write_text(json.dumps({
            "daemon": {"hostname": "127.0.0.1", "port": power,
                       "listener": "http", "logging_level": "INFO"},
            "pdus": {"virtual": {
                "driver": "localcmdline",
                "cmd_on": f"{command} on %s",
                "cmd_off": f"{command} off %s"}}}))
        start("pdudaemon", ["pdudaemon", f"--conf={config}"])
        tree = folder / "board.dtb"
        made = subprocess.run(
            ["qemu-system-aarch64", "-M", f"{MACHINE},dumpdtb={tree}",
             "-cpu", "cortex-a57", "-smp", "2", "-m", "1G", "-nographic",
             "-monitor", "none", "-serial", "none"], capture_output=True)
        if made.returncode or not tree.is_file():
            raise LabError(f"QEMU makes no device tree: {made.stderr!r}")
        _wait("serial line", lambda: switch.exists(), processes, folder)
        _wait("power switch", lambda: _listening(power), processes, folder)
        _wait("TFTP server", tftp_served, processes, folder)
        control = f"http://127.0.0.1:{power}/power/control"
        # pdudaemon queues: a command is to end when it is done.
        on, off = (
            f"curl -fsS '{control}/{word}?hostname=virtual&port=1' && "
            f"{SWITCH} {switch} await-{word}" for word in ("on", "off"))
        yield {"dispatcher_ip": HOST, "dtb": str(tree),
               "connect": f"telnet 127.0.0.1 {serial}",
               "power_on": f'bash -c "{on}"', "power_off": f'bash -c "{off}"',
               "hard_reset": f'bash -c "{off} && {on}"'}
    finally:
        for process in reversed(processes.values()):
            process.terminate()
        for process in processes.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        with contextlib.suppress(OSError):
            switch.unlink()
