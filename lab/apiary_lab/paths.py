"""Where things are in the tree. Must not know what is in them.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
LAB = TOP / "lab"
BUILD = TOP / os.environ.get("BUILD", "build")      # absolute wins
RESULTS = TOP / "results"
TARGETS = LAB / "targets"
VMS = LAB / "vms"
HYPERVISOR_IMAGE = BUILD / "hypervisor" / "apiary.Image"
HYPERVISOR_ELF = BUILD / "hypervisor" / "apiary.elf"
GUESTS = BUILD / "guests"
BENCH = BUILD / "bench"
RUNS = BUILD / "runs"


def shown(path: Path) -> str:
    """The path as a person in the tree would type it."""
    try:
        return str(Path(path).resolve().relative_to(TOP))
    except ValueError:
        return str(path)
