"""Slowdown and 99th percentile over the load, as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from matplotlib.lines import Line2D

from .grouped_panels import GroupedPanels
from .groups import Group
from .numbers import significant
from .panel import PANELS, Panel
from .style import PALE
from .tagged_lines import TaggedLines
from .utilisation import METRICS, Loads

__all__ = ["LoadPanels"]

_PANELS = [
    replace(PANELS["crypto_slowdown"], weight=0.8),
    Panel("sojourn_p99_us", "99% of packets take less than [us]", decades=5.0),
]


class LoadPanels(GroupedPanels):
    """What packets suffer as the load grows; a square ends a curve where the policy saturates.

    >>> from fpsimd_model.figures.utilisation import loads_of
    >>> from fpsimd_model.scenario import preset
    >>> picture = LoadPanels()
    >>> picture.set_data(loads_of(preset("reference"), ["tracked", "softirqs-off"], points=3))
    >>> picture.draw(); picture.pixels().shape
    (420, 640, 4)
    """

    kind = "latency-over-load"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        super().__init__(_PANELS, size, dpi)
        self.data: Loads | None = None

    def set_data(self, data: Loads) -> None:
        """Show other loads; the numbers in the list follow at the next full draw."""
        self.data = data
        self.set_curves(data.curves)
        for ends, panel in zip(self._ends, self.panels, strict=True):
            for head, (point, upright) in ends.items():
                y = data.curves.y(head, panel.metric) * panel.factor
                known = [i for i, v in enumerate(y) if math.isfinite(v)]
                point.set_data([data.ends[head]] if known else [], [y[known[-1]]] if known else [])
                upright.set_xdata([data.ends[head]] * 2)

    def _build(self) -> None:
        self._ends: list[dict[str, tuple[Line2D, Line2D]]] = []
        super()._build()

    def decorate(self, drawn: TaggedLines) -> None:
        """A dotted line where each policy saturates, and a square at its curve's end."""
        axes, found = drawn.axes, {}
        for head, line in drawn.lines.items():
            upright = axes.axvline(1.0, color=PALE, lw=0.8, ls=(0, (1.0, 2.0)), zorder=3.05)
            point = Line2D([], [], ls="", marker="s", ms=4.5, mew=0.9, mec=line.get_color(),
                           mfc="white", zorder=3.6, clip_on=False)  # fmt: skip
            axes.add_artist(point)
            self.move(upright)
            self.move(point)
            found[head] = point, upright
        self._ends.append(found)

    def ranked(self, groups: list[Group]) -> list[Group]:
        """The slowest first, as they lie in the panels where the load is low."""

        def late(group: Group) -> float:
            y = self.curves.y(group.head, METRICS[1])
            return float(y[0]) if math.isfinite(y[0]) else math.inf

        return sorted(groups, key=late, reverse=True)

    def numbers(self) -> Mapping[str, Sequence[str]]:
        """Where each saturates: percent and Gb/s."""
        ends, gbps = self.data.ends, self.data.gbps
        return {
            g.head: [
                "",
                f"{significant(ends[g.head], 3, whole=False)}%",
                significant(ends[g.head] / 100.0 * gbps, 3, whole=False),
            ]
            for g in self.groups
        }

    def heads(self) -> Sequence[str]:
        """What these are."""
        return ["saturates at", "", "load", "Gb/s"]

    def gone(self) -> str:
        """Beyond a policy's end."""
        return "saturated"

    def remarks(self) -> list[str]:
        """What squares and lines mean."""
        return [*super().remarks(), "square, dotted line: saturated"]

    def facts(self) -> list[str]:
        """What saturated means, and the load in other units."""
        facts = ["saturated: packets come as fast as they are served", self.data.scale]
        x, at = self.curves.x, self.curves.at
        if at is not None and not x[0] <= at <= x[-1]:
            facts.append(f"the scenario, at {significant(at, 2)}%, lies outside")
        return facts
