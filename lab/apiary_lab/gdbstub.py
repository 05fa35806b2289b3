"""A machine, through QEMU's GDB stub: memory, registers, breakpoints, monitor.

Enough of the GDB remote serial protocol (GDB manual, appendix E) to change
a word of an image before it runs, to see where the CPUs are, and to run to
a place. Must not know what is in the image.

SPDX-License-Identifier: BSD-2-Clause
"""
import socket
from pathlib import Path

PC = 32     # number of the register, after x0 to x30 and sp


class Stub:
    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self.read = b""
        self.ask("?")
        self.ask("Qqemu.PhyMemMode:1")

    def close(self) -> None:
        self.socket.close()

    def _byte(self) -> bytes:
        if not self.read:
            self.read = self.socket.recv(4096)
            if not self.read:
                raise EOFError("the stub has closed the connection")
        first, self.read = self.read[:1], self.read[1:]
        return first

    def answer(self) -> str:
        while self._byte() != b"$":
            pass
        text = b""
        while (byte := self._byte()) != b"#":
            text += byte
        self._byte(), self._byte()
        self.socket.sendall(b"+")
        return text.decode()

    def send(self, text: str) -> None:
        self.socket.sendall(
            f"${text}#{sum(text.encode()) % 256:02x}".encode())

    def ask(self, text: str) -> str:
        self.send(text)
        return self.answer()

    def read_memory(self, at: int, size: int) -> bytes:
        return bytes.fromhex(self.ask(f"m{at:x},{size:x}"))

    def write_memory(self, at: int, data: bytes) -> None:
        said = self.ask(f"M{at:x},{len(data):x}:{data.hex()}")
        if said != "OK":
            raise OSError(f"no memory at {at:#x}: {said}")

    def breakpoints(self, kind: str, places: list[int]) -> None:
        """Set ("Z") or take away ("z"), of instructions of 4 bytes."""
        for at in places:
            said = self.ask(f"{kind}0,{at:x},4")
            if said != "OK":
                raise OSError(f"no breakpoint at {at:#x}: {said}")

    def monitor(self, command: str) -> str:
        """What QEMU's monitor answers."""
        self.send(f"qRcmd,{command.encode().hex()}")
        text = ""
        while (part := self.answer()) not in ("OK", ""):
            if not part.startswith("O"):
                raise OSError(f"monitor: {command}: {part}")
            text += bytes.fromhex(part[1:]).decode("utf-8", "replace")
        return text

    def go(self) -> None:
        self.send("c")

    def stop(self) -> None:
        self.socket.sendall(b"\x03")
        self.answer()

    def counters(self, cpus: int) -> list[int]:
        """The program counter of each CPU; the machine is stopped."""
        out = []
        for cpu in range(cpus):
            self.ask(f"Hg{cpu + 1:x}")
            raw = bytes.fromhex(self.ask("g"))
            out.append(int.from_bytes(raw[PC * 8:PC * 8 + 8], "little"))
        return out
