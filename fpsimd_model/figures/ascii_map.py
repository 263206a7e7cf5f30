"""A map of policies in letters, for mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .ascii_plot import letters, under
from .numbers import brief, linear_ticks, log_ticks
from .plain import WIDTH, ascii_only, fill, tidy
from .scales import fraction

if TYPE_CHECKING:
    from .cost_map import CostMap

__all__ = ["drawn"]

_NONE = "."  # where no policy has a cost


def drawn(data: CostMap, width: int = WIDTH, height: int = 18) -> str:
    """The cheapest policy of each place as a letter, ``.`` where none is stable.

    ``@`` is the scenario itself.
    """
    best, marks = data.cheapest(), letters(data.policies)
    symbols = np.array([_NONE, *(marks[p] for p in data.contenders)])
    ticks = (log_ticks if data.y_axis.log else linear_ticks)(data.y[0], data.y[-1], height // 2)
    names = [brief(t) for t in ticks]
    margin = max(5, *map(len, names))
    columns = width - margin - 2
    across = np.round(np.linspace(0, len(data.x) - 1, columns)).astype(int)
    upward = np.round(np.linspace(0, len(data.y) - 1, height)).astype(int)
    cells = symbols[best[np.ix_(upward, across)] + 1]
    if data.at is not None:
        x = fraction(data.at[0], data.x[0], data.x[-1], data.x_axis.log)
        y = fraction(data.at[1], data.y[0], data.y[-1], data.y_axis.log)
        cells[round(y * (height - 1)), round(x * (columns - 1))] = "@"
    rows = {
        round(fraction(t, data.y[0], data.y[-1], data.y_axis.log) * (height - 1)): name
        for t, name in zip(ticks, names, strict=True)
    }
    lines = fill(f"cheapest correct policy, by {data.cost}", width)
    lines += fill(data.y_axis.title, width)
    lines += [f"{rows.get(r, ''):>{margin}} |{''.join(cells[r])}" for r in reversed(range(height))]
    lines.append(" " * margin + " +" + "-" * columns)
    ticks = (log_ticks if data.x_axis.log else linear_ticks)(data.x[0], data.x[-1], columns // 9)
    places = [
        round(fraction(t, data.x[0], data.x[-1], data.x_axis.log) * (columns - 1)) for t in ticks
    ]
    lines.append(under(places, [brief(t) for t in ticks], margin + 2, width))
    lines += fill(data.x_axis.title, width, " " * (margin + 2))
    for i, policy in enumerate(data.contenders):
        if share := float((best == i).mean()):
            lines.append(
                f"  {marks[policy]}={ascii_only(policy)[:40]}, {_percent(share)} of the map"
            )
    if share := float((best < 0).mean()):
        lines.append(f"  {_NONE}=none is stable, {_percent(share)} of the map")
    for policy in data.policies:
        if data.correct.get(policy) is False and (share := data.cheaper(policy)):
            lines += fill(
                f"left out, loses state: {policy} (cheaper in {_percent(share)} of the map)",
                width,
                "  ",
            )
        elif policy in data.late:
            lines += fill(f"left out, {data.late[policy]}: {policy}", width, "  ")
    if data.at is not None:
        lines.append("  @=the scenario")
    if data.about:
        lines += fill(f"of {', '.join(data.about)}", width, "  ")
    return tidy(lines)


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.01 else f"{100 * share:.0f}%"
