"""A path as a picture: time goes to the right, one unit an instruction;
phases at the top, below them functions and what is inlined into them.

Must not know how the path is found.

SPDX-License-Identifier: BSD-2-Clause
"""
from html import escape
from itertools import groupby

from .account import GUEST, Account, phases

_WIDTH, _ROW, _LEFT = 1200, 20, 10
_COLOURS = {GUEST: "#bbbbbb", "save": "#7fb2e5", "restore": "#7fb2e5",
            "decode": "#f2c45a", "handle": "#f09a5a", "vGIC": "#e57373",
            "GIC": "#d98cb3", "switch": "#8ccf8c", "schedule": "#b39ddb",
            "stage 2": "#80cbc4", "device": "#d7b58a", "timer": "#ffab91",
            "other": "#d0d0d0"}


def _box(left: float, row: int, width: float, colour: str, label: str,
         hint: str) -> str:
    top = 60 + row * _ROW
    shown = label if len(label) * 7 + 6 <= width else ""
    return (f'<g><title>{escape(hint)}</title><rect x="{left:.1f}" '
            f'y="{top}" width="{max(width, 0.5):.1f}" height="{_ROW - 1}" '
            f'fill="{colour}" stroke="#fff" stroke-width="0.5"/>'
            + (f'<text x="{left + 3:.1f}" y="{top + 14}">{escape(shown)}'
               f'</text>' if shown else "") + "</g>")


def svg(this: Account) -> str:
    """A file of its own, without script."""
    steps = [(step, phase) for step, phase
             in zip(this.steps, phases(this.steps)) if step.counted]
    scale = (_WIDTH - 2 * _LEFT) / max(len(steps), 1)
    # A column for each instruction: phase, then outermost function first.
    columns = [[phase] + [frame.function for frame in reversed(step.chain)]
               for step, phase in steps]
    depth = max(map(len, columns))
    out = []
    for row in range(depth):
        at = 0
        for key, part in groupby(columns, lambda c: tuple(c[:row + 1])):
            count = len(list(part))
            if len(key) > row:
                out.append(_box(
                    _LEFT + at * scale, row, count * scale,
                    _COLOURS.get(key[0], _COLOURS["other"]), key[row],
                    f"{key[row]}: {count} instructions ({key[0]})"))
            at += count
    height = 60 + depth * _ROW + 20
    head = f"{this.name} on {this.config}: {len(steps)} instructions"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
            f'font-size="12">\n<rect width="100%" height="100%" '
            f'fill="#fff"/>\n<text x="{_LEFT}" y="24" font-size="16">'
            f'{escape(head)}</text>\n<text x="{_LEFT}" y="44" '
            f'fill="#555">{escape(this.notes()[0])}</text>\n'
            + "\n".join(out) + "\n</svg>\n")
