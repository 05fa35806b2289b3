"""How large an image is, as figures like any other.

Must not know how figures are stored or compared.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import re
import subprocess
from pathlib import Path

from . import paths
from .records import Histogram
from .status import LabError

# Sections of an ELF file, and what their figure is called.
_SECTIONS = {".text": "image_text", ".rodata": "image_rodata",
             ".data": "image_data", ".bss": "image_bss"}


def of(elf: Path) -> list[Histogram]:
    """One sample each, in bytes."""
    tool = os.environ.get("CROSS", "aarch64-linux-gnu-") + "size"
    try:
        out = subprocess.run([tool, "-A", str(elf)], capture_output=True,
                             text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"{tool}: {paths.shown(elf)}: {error}") from None
    found = dict(re.findall(r"^(\.\w+)\s+(\d+)", out, re.M))
    if not set(_SECTIONS) <= set(found):
        raise LabError(f"{paths.shown(elf)}: wants "
                       f"{', '.join(_SECTIONS)}")
    sizes = {name: int(found[section])
             for section, name in _SECTIONS.items()}
    return [Histogram(name, "bytes", "", 1, size, size, size, [(size, 1)])
            for name, size in sizes.items()]
