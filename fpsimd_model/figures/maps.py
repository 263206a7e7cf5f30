"""Which policy is cheapest where: a map over two axes, without the policies that lose state."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from ..errors import InputError
from .cost_map import CostMap
from .curves import Axis
from .end_labels import LABEL_SIZE, label_of, width_of
from .numbers import brief, linear_ticks, log_ticks, significant
from .picture import Picture
from .plain import WIDTH
from .reading import Reading, box_of, places, told
from .regions import Region, borders, regions
from .side_list import SideList, listed
from .style import INK, STYLES, fixed, styles_of

__all__ = ["PolicyMap"]

_LEFT, _TOP, _BOTTOM, _EDGE, _GAP = 0.46, 0.26, 0.44, 0.08, 0.14  # inches
#: A name stays legible where a border, or the pointer's line, crosses it.
_HALO = {"boxstyle": "round,pad=0.12", "fc": (1.0, 1.0, 1.0, 0.6), "ec": "none"}
_TINTS = (0.42, 0.25, 0.62)  # of a family's colour, for its members


class PolicyMap(Picture):
    """The cheapest correct policy over two axes; the wrong ones are listed and struck out.

    Each policy has a tint, its name within its largest region, and its share of the map beside it.

    >>> from .curves import axis_of
    >>> x, y = np.array([1e3, 1e4]), np.array([10.0, 100.0])
    >>> data = CostMap(axis_of("softirq.interrupts_per_s"), axis_of("vcpu.residency_us"), x, y,
    ...                {"tracked": [[1, 2], [3, 4]], "reload-at-entry": [[2, 1], [2, 1]]})
    >>> data.cheapest().tolist()
    [[0, 1], [1, 1]]
    >>> picture = PolicyMap(); picture.set_data(data); picture.draw()
    """

    kind = "policy-map"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        super().__init__(size, dpi)
        self.data: CostMap | None = None
        self._layout: tuple = ()

    @property
    def policies(self) -> tuple[str, ...]:
        """Those compared."""
        return self.data.policies if self.data else ()

    def set_data(self, data: CostMap) -> None:
        """Show other costs; for other axes or other policies on the map the blit is a full draw."""
        self.data = data
        best = data.cheapest()
        present = [p for i, p in enumerate(data.contenders) if (best == i).any()]
        layout = (data.x_axis, data.y_axis, best.shape, tuple(present), data.policies)
        if layout != self._layout:
            with fixed():
                self._build(present)
        self._layout = layout
        self._show(best)

    def _build(self, present: list[str]) -> None:
        self.figure.clear()
        self.forget()
        self._axes = axes = self.axes(1, 1, 1, 1)
        axes.grid(visible=False)
        axes.set_title(f"cheapest correct policy, by {self.data.cost}")
        for spine in axes.spines.values():
            spine.set_visible(True)
        self._tints = _tints(self.data.policies)
        self._image = AxesImage(axes, interpolation="nearest", zorder=3.0, origin="lower")
        axes.add_image(self._image)
        self._borders = LineCollection([], colors=INK, linewidths=0.9, zorder=3.1)
        axes.add_collection(self._borders, autolim=False)
        (self._point,) = axes.plot([], [], "o", mfc="white", mec=INK, mew=1.2, ms=6, zorder=3.3)
        self._names = {
            policy: axes.text(
                0,
                0,
                label_of(policy),
                size=LABEL_SIZE,
                color=INK,
                ha="center",
                va="center",
                zorder=3.2,
                clip_on=True,
                bbox=_HALO,
            )
            for policy in present
        }
        for artist in (self._image, self._borders, *self._names.values(), self._point):
            self.move(artist)
        self._list = SideList(self.figure, LABEL_SIZE)

    # -- what moves ------------------------------------------------------------------------------

    def _show(self, best: np.ndarray) -> None:
        data = self.data
        colours = [(1.0, 1.0, 1.0), *(self._tints[p] for p in data.contenders)]
        self._image.set_data(np.array(colours)[best + 1])
        x, y = _edges(data.x, data.x_axis), _edges(data.y, data.y_axis)
        self._image.set_extent((x[0], x[-1], y[0], y[-1]))
        self._borders.set_segments([[(x[a], y[b]), (x[c], y[d])] for a, b, c, d in borders(best)])
        found = {data.contenders[r.value]: r for r in regions(best) if r.value >= 0}
        w, h = self.figure.get_size_inches()
        for policy, text in self._names.items():
            region: Region | None = found.get(policy)
            wide = region is not None and region.width / best.shape[1] * (w - 2.6)
            tall = region is not None and region.height / best.shape[0] * (h - 0.8)
            fits = region and wide > width_of([text.get_text()], LABEL_SIZE) and tall > 0.14
            text.set_visible(bool(fits))
            if fits:
                at = np.interp(region.x, range(len(x)), x), np.interp(region.y, range(len(y)), y)
                text.set_position(at)
        if data.at is None:
            self._point.set_data([], [])
        else:
            self._point.set_data(
                [_place(data.at[0], data.x_axis)], [_place(data.at[1], data.y_axis)]
            )

    # -- what stays ------------------------------------------------------------------------------

    def fit(self) -> None:
        """Limits, ticks, and the list beside the map."""
        if self.data is None:
            raise InputError("the figure has no data yet; call set_data first")
        data = self.data
        w, h = self.figure.get_size_inches()
        rows = listed(data)
        column = self._list.width(rows) + _EDGE
        width, height = w - _LEFT - _GAP - column, h - _TOP - _BOTTOM
        self.place(self._axes, _LEFT, _BOTTOM, width, height)
        for axis, values, kind, room in (
            (self._axes.xaxis, data.x, data.x_axis, width * 2.2),
            (self._axes.yaxis, data.y, data.y_axis, height * 3.0),
        ):
            ticks = (log_ticks if kind.log else linear_ticks)(values[0], values[-1], int(room))
            axis.set_major_locator(FixedLocator([_place(t, kind) for t in ticks]))
            axis.set_major_formatter(FixedFormatter([brief(t) for t in ticks]))
            axis.set_minor_locator(NullLocator())
        x, y = _edges(data.x, data.x_axis), _edges(data.y, data.y_axis)
        self._axes.set_xlim(x[0], x[-1])
        self._axes.set_ylim(y[0], y[-1])
        self._axes.set_xlabel(data.x_axis.title, labelpad=2.0)
        self._axes.set_ylabel(data.y_axis.title, labelpad=1.0)
        self._list.show(rows, self._tints, _LEFT + width + _GAP, h - _TOP)

    def readings(self) -> list[Reading]:
        """The cheapest policies in each cell, and what they cost."""
        axes, data = self._axes, self.data
        x = places(axes.get_xlim(), [_place(v, data.x_axis) for v in data.x])
        y = places(axes.get_ylim()[::-1], [_place(v, data.y_axis) for v in data.y])
        cells = [(row, column) for row in range(len(y)) for column in range(len(x))]
        return [Reading(box_of(axes), x, y, tuple(_cell(data, *cell) for cell in cells))]

    def text(self, width: int = WIDTH) -> str:
        """The map in letters, a row a value of the y axis, with the list below."""
        from .ascii_map import drawn

        return drawn(self.data, width)


def _tints(policies: tuple[str, ...]) -> dict[str, tuple[float, float, float]]:
    """A tint of its family's colour for each policy, another for each member."""
    used: dict[str, int] = {}
    tints = {}
    known = styles_of([*STYLES, *(p for p in policies if p not in STYLES)])
    for policy, style in known.items():
        rank = used[style.colour] = used.get(style.colour, -1) + 1
        share = _TINTS[rank % len(_TINTS)]
        tints[policy] = tuple(1.0 - share * (1.0 - c) for c in to_rgb(style.colour))
    return tints


def _cell(data: CostMap, row: int, column: int, most: int = 4) -> str:
    at = (data.x[column], data.x_axis.unit), (data.y[row], data.y_axis.unit)
    head = ", ".join(f"{significant(value, 3)} {unit}" for value, unit in at)
    costs = {policy: float(data.costs[policy][row, column]) for policy in data.contenders}
    ranked = sorted((p for p in costs if np.isfinite(costs[p])), key=costs.get)
    if not ranked:
        return f"{head}:\nnone is stable"
    more = f"\nand {len(ranked) - most} more" if len(ranked) > most else ""
    values = ((significant(100.0 * costs[p], 5), p) for p in ranked[:most])
    return told(f"{head}: {data.cost} [%]", values) + more


def _place(value: float, axis: Axis) -> float:
    return math.log10(value) if axis.log else value


def _edges(values: np.ndarray, axis: Axis) -> np.ndarray:
    """Borders of the cells around values, half-way between them on the axis' scale."""
    v = np.log10(values) if axis.log else values
    middle = (v[1:] + v[:-1]) / 2
    return np.concatenate([[2 * v[0] - middle[0]], middle, [2 * v[-1] - middle[-1]]])
