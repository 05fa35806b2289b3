"""Words to the user: warnings, progress, JSON. Must not know of what.

SPDX-License-Identifier: BSD-2-Clause
"""
import json
import sys
from typing import Any


def warn(text: str) -> None:
    print(f"apiary: {text}", file=sys.stderr)


def progress(text: str) -> None:
    """One line that is written over; nothing where there is no terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def emit(data: Any) -> None:
    print(json.dumps(data, indent=1, sort_keys=True))
