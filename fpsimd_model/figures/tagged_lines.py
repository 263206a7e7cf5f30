"""The artists of one panel of grouped curves: lines, a letter on each, where the scenario is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from .end_labels import LABEL_SIZE
from .numbers import brief, linear_ticks, log_ticks
from .panel import Panel
from .scales import limits
from .style import PALE, styles_of
from .tags import tag_places

if TYPE_CHECKING:
    from .curves import Curves
    from .picture import Picture

__all__ = ["TaggedLines", "ticks_at"]

_PAPER = {"boxstyle": "circle,pad=0.12", "fc": "white", "ec": "none"}


class TaggedLines:
    """One line and one letter for each of some policies; `marks` are the letters.

    Attributes
    ----------
    axes, panel:
        Where and what they show.
    lines:
        By policy.
    """

    def __init__(
        self, picture: Picture, panel: Panel, curves: Curves, marks: Mapping[str, str]
    ) -> None:
        self.panel = panel
        self.axes = axes = picture.axes(1, 1, 1, 1)
        axes.set_title(panel.title)
        styles = styles_of(list(marks))
        self._at = axes.axvline(1.0, color=PALE, lw=0.9, zorder=3.1)
        picture.move(self._at)
        self.lines: dict[str, Line2D] = {}
        self._tags: dict[str, Text] = {}
        self._places: dict[str, float] = {}  # of the letters along the axis
        for rank, (policy, letter) in enumerate(marks.items()):
            style, over = styles[policy], rank * 1e-3
            width = 0.8 if curves.wrong(policy) else 1.6
            line = Line2D([], [], color=style.colour, ls=style.dashes, lw=width, zorder=3.3 + over)
            tag = Text(0, 0, letter, size=LABEL_SIZE, weight="bold", color=style.colour,
                       ha="center", va="center", zorder=3.8 + over, bbox=_PAPER)  # fmt: skip
            for artist in (line, tag):
                axes.add_artist(artist)
                picture.move(artist)
            self.lines[policy], self._tags[policy] = line, tag

    def follow(self, curves: Curves) -> None:
        """Show other values; letters stay where they are along the axis."""
        self._at.set_visible(curves.at is not None)
        if curves.at is not None:
            self._at.set_xdata([curves.at, curves.at])
        for policy, line in self.lines.items():
            y = curves.y(policy, self.panel.metric) * self.panel.factor
            line.set_data(curves.x, y)
            self._put_letter(policy)

    def fit(self, curves: Curves, width: float, height: float, *, last: bool) -> None:
        """Limits and ticks for a size in inches, then the letters; the last names the axis."""
        axes, panel = self.axes, self.panel
        low, high, below = limits(
            [line.get_ydata() for line in self.lines.values()], panel, panel.log
        )
        ticks = (log_ticks if panel.log else linear_ticks)(low, high, max(2, int(height * 4.0)))
        axes.set_yscale("log" if panel.log else "linear")
        if panel.usual == low:  # curves are not to lie on the frame
            low *= math.exp(-below)
        axes.set_ylim(low, high)
        ticks_at(axes.yaxis, ticks, map(brief, ticks))
        low, high = float(curves.x[0]), float(curves.x[-1])
        axes.set_xscale("log" if curves.axis.log else "linear")
        axes.set_xlim(low, high)
        kind = log_ticks if curves.axis.log else linear_ticks
        ticks = kind(low, high, max(2, int(width * 2.2)))
        ticks_at(axes.xaxis, ticks, (brief(t) if last else "" for t in ticks))
        axes.set_xlabel(curves.axis.title if last else "", labelpad=2.0)
        self._place_letters()

    def _place_letters(self) -> None:
        data = self.axes.transData
        pixels = [data.transform(np.column_stack(line.get_data())) for line in self.lines.values()]
        box = self.axes.get_window_extent()
        places = tag_places(pixels, (box.x0, box.y0, box.x1, box.y1))
        for policy, place in zip(self._tags, places, strict=True):
            x = math.nan if place is None else float(data.inverted().transform(place)[0])
            self._places[policy] = x
            self._put_letter(policy)

    def _put_letter(self, policy: str) -> None:
        """On the line, at its place along the axis; between points as straight as on the screen."""
        x, (at, y) = self._places.get(policy, math.nan), self.lines[policy].get_data()
        if self.axes.get_xscale() == "log":
            x_, at = math.log(x), np.log(at)
        else:
            x_ = x
        log = self.panel.log
        here = float(np.interp(x_, at, np.log(y) if log else y, left=math.nan, right=math.nan))
        tag = self._tags[policy]
        tag.set_position((x, math.exp(here) if log else here))
        tag.set_visible(math.isfinite(here))


def ticks_at(axis, places: Sequence[float], words) -> None:
    """Ticks at these places, with these words, and no others."""
    axis.set_major_locator(FixedLocator(list(places)))
    axis.set_major_formatter(FixedFormatter(list(words)))
    axis.set_minor_locator(NullLocator())
