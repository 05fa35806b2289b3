"""The list of checks: name and function of the project's files.

SPDX-License-Identifier: BSD-2-Clause
"""
from collections.abc import Callable

from . import rooms, text, tools
from .tree import File, Finding

CHECKS: dict[str, Callable[[list[File]], list[Finding]]] = {
    "r1_includes": rooms.r1_includes,
    "r2_pure": rooms.r2_pure,
    "r3_variants": rooms.r3_variants,
    "r5_names": rooms.r5_names,
    "r5_length": text.r5_length,
    "r6_opening": text.r6_opening,
    "paths": text.paths,
    "blanks": text.blanks,
    "c_style": text.c_style,
    "shell": tools.shell,
    "python": tools.python,
    "headers": tools.headers,
    "text_size": lambda files: tools.text_size(),
    "line_count": tools.line_count,
    "readme_costs": tools.readme_costs,
    "readme_peers": tools.readme_peers,
}
