"""The distribution of packet times: log-log survival, percentiles marked, simulation as dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from .grouped_panels import GroupedPanels
from .groups import Group, reach_of
from .numbers import significant
from .panel import Panel
from .style import INK, PALE
from .survival import LOWEST, MARKS, OVER, Survivals
from .tagged_lines import TaggedLines

__all__ = ["SurvivalPicture"]

_NAMES = ("p50", "p99", "p99.9")
_PANEL = Panel(OVER, "packets that take longer [%]", 100.0, decades=4.0)


class SurvivalPicture(GroupedPanels):
    """Share of packets that take longer than a time, over that time, for each policy.

    Lines are the formula's, dots a simulation's with their 95% intervals.  Levels at 50, 1 and
    0.1% and diamonds on the curves mark the percentiles, which the list has as numbers.

    >>> from fpsimd_model.figures.survival import survivals_of
    >>> from fpsimd_model.scenario import preset
    >>> picture = SurvivalPicture()
    >>> picture.set_data(survivals_of(preset("reference"), ["tracked"], simulated=False))
    >>> picture.draw(); picture.pixels().shape
    (420, 640, 4)
    """

    kind = "packet-delay"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        super().__init__([_PANEL], size, dpi)
        self.data: Survivals | None = None

    def set_data(self, data: Survivals) -> None:
        """Show other distributions; the numbers in the list follow at the next full draw."""
        self.data = data
        self.set_curves(data.curves)
        for head, (dots, bars, marks) in self._points.items():
            found = data.dots.get(head)
            dots.set_data(*((found.t_us, 100 * found.over) if found else ([], [])))
            bars.set_segments(
                [[(t, low), (t, high)] for t, low, high in _bars(found)] if found else []
            )
            marks.set_data(data.marks[head], [100.0 * share for share in MARKS])

    def decorate(self, drawn: TaggedLines) -> None:
        """Percentile levels behind; dots, their intervals and diamonds before the curves."""
        axes = drawn.axes
        for share, name in zip(MARKS, _NAMES, strict=True):
            axes.axhline(100 * share, color=PALE, lw=0.8, ls=(0, (1.0, 2.0)), zorder=2.2)
            axes.annotate(
                name, (0.0, 100 * share), xycoords=("axes fraction", "data"),
                xytext=(3.0, 1.5), textcoords="offset points", color=PALE, size=6.5,
                va="bottom", ha="left",
            )  # fmt: skip
        self._points: dict[str, tuple[Line2D, LineCollection, Line2D]] = {}
        for head, line in drawn.lines.items():
            colour = line.get_color()
            dots = Line2D([], [], ls="", marker="o", ms=3.2, mew=0.8, mec=colour, mfc="white",
                          zorder=3.5)  # fmt: skip
            bars = LineCollection([], colors=colour, linewidths=0.8, zorder=3.45)
            marks = Line2D([], [], ls="", marker="D", ms=3.8, mew=0.7, mec="white", mfc=INK,
                           zorder=3.6)  # fmt: skip
            for artist in (dots, bars, marks):
                axes.add_artist(artist)
                self.move(artist)
            self._points[head] = dots, bars, marks

    def reach(self) -> int:
        """Curves 5% apart in time count as one."""
        return reach_of(self.curves)

    def ranked(self, groups: list[Group]) -> list[Group]:
        """The fastest first, by their 99th percentiles."""
        return sorted(groups, key=lambda group: self.data.marks[group.head][1])

    def numbers(self) -> Mapping[str, Sequence[str]]:
        """Percentiles in us."""
        marks = self.data.marks
        return {g.head: [significant(us, 3) for us in marks[g.head]] for g in self.groups}

    def heads(self) -> Sequence[str]:
        """Unit and names of the numbers."""
        return ["us", *_NAMES]

    def gone(self) -> str:
        """Fewer packets than the figure shows."""
        return f"<{significant(100 * LOWEST, 2)}"

    def facts(self) -> list[str]:
        """Who has no curve, and why."""
        reasons: dict[str, list[str]] = {}
        for policy, why in self.data.without.items():
            reasons.setdefault(why, []).append(policy)
        return [f"{why}: {', '.join(who)}" for why, who in reasons.items()]

    def remarks(self) -> list[str]:
        """What dots are."""
        said = "lines: formula; dots: simulation, 95% interval; neither has ksoftirqd"
        return [said] if self.data.dots else []


def _bars(dots) -> np.ndarray:
    """(n, 3) time, lower and upper end in percent; an end at 0 stays above it for the log axis."""
    low = np.maximum(dots.low, 1e-3 * dots.over)
    return np.column_stack([dots.t_us, 100 * low, 100 * dots.high])
