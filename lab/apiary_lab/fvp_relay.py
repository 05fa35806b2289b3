"""Starts Arm's model and puts the UART, which it has on a telnet port, on
standard output: so that it is attended as any emulator.

    fvp_relay.py TERMINAL COMMAND...

The model says which port it listens on; what it says goes to standard error.
Must not know the model's options.

SPDX-License-Identifier: BSD-2-Clause
"""
import re
import socket
import subprocess
import sys
import threading
import time

# Telnet (RFC 854): plain text; IAC IAC, a byte 255; or IAC and a command, of
# which WILL, WONT, DO, DONT have an option and SB goes up to IAC SE.
_TOKEN = re.compile(rb"([^\xff]+)|\xff(\xff)|\xff(?:[\xfb-\xfe].|"
                    rb"\xfa.*?\xff\xf0|[\xf0-\xf9])", re.S)
CONNECT = 10.0      # seconds to connect to a port that was named


def plain(data: bytes) -> tuple[bytes, bytes]:
    """Without what telnet says to itself; and what may be half of that."""
    out, at = b"", 0
    while token := _TOKEN.match(data, at):
        out += token[1] or token[2] or b""
        at = token.end()
    return out, data[at:]


def _relay(port: int) -> None:
    until = time.monotonic() + CONNECT
    while True:
        try:
            line = socket.create_connection(("127.0.0.1", port), 5)
            break
        except OSError as error:
            if time.monotonic() > until:
                print(f"port {port}, which the model named: {error}",
                      file=sys.stderr, flush=True)
                return
            time.sleep(0.1)
    left = b""
    with line:
        line.settimeout(None)
        while True:
            data = line.recv(65536)
            if not data:
                return
            out, left = plain(left + data)
            sys.stdout.buffer.write(out)
            sys.stdout.buffer.flush()


def main(terminal: str, command: list[str]) -> int:
    from apiary_lab.fvp import telnet_port
    from apiary_lab.qemu import die_with_parent

    model = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
    relay = None
    try:
        for raw in model.stdout:
            text = raw.decode("utf-8", "replace")
            sys.stderr.write(text)
            sys.stderr.flush()
            port = telnet_port(terminal, text)
            if port and relay is None:
                relay = threading.Thread(target=_relay, args=[port],
                                         daemon=True)
                relay.start()
        if relay is not None:
            relay.join(2)       # the last words may be on their way
        return model.wait()
    finally:
        model.terminate()


if __name__ == "__main__":
    import os
    import signal
    # Not the modules beside this one: some are called as Python's own.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    # A request to end is the model's end, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
