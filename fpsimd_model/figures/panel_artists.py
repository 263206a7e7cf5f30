"""The artists of one panel of curves, and what they show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from .end_labels import LABEL_SIZE, EndLabels, Entry, label_of, width_of
from .numbers import brief, linear_ticks, log_ticks
from .panel import Panel
from .scales import fraction, is_nought, limits, usual_policies
from .strokes import Strokes
from .style import INK, PALE, styles_of

if TYPE_CHECKING:
    from .curves import Curves
    from .picture import Picture

__all__ = ["PanelArtists"]

TITLE_SIZE = 8.5


class PanelArtists:
    """Made for the policies of some curves; `room` is what a label may take, in inches."""

    def __init__(self, picture: Picture, panel: Panel, room: float) -> None:
        self.panel = panel
        self.values: dict[str, np.ndarray] = {}
        self.shared: set[str] = set()
        self.correct: dict[str, bool] = {}
        self.room = room
        self.axes = axes = picture.axes(0.5, 0.5, 1.0, 1.0)
        self.title = axes.set_title(panel.title)
        axes.set_yscale("log" if panel.log else "linear")
        self.at = Line2D([], [], color=PALE, lw=0.9, zorder=3.1)
        self.at.set_transform(axes.get_xaxis_transform())
        self.usual = Line2D([], [], color=INK, lw=1.6, zorder=3.2)
        self.curves: dict[str, Line2D] = {}
        self.ends = Line2D(
            [], [], ls="", marker="|", color=INK, ms=7, mew=1.1, zorder=3.9, clip_on=False
        )
        self.labels = EndLabels(picture, axes, LABEL_SIZE)

    def build(self, picture: Picture, curves: Curves) -> None:
        """Make the artists that depend on the policies, from back to front."""
        styles = styles_of(curves.policies)
        self.correct = dict(curves.correct)
        for rank, policy in enumerate(curves.policies):
            wrong = curves.wrong(policy)
            step = max(1, len(curves.x) // 7)
            alone = "o" if len(curves.x) == 1 else None
            self.curves[policy] = Line2D(
                curves.x,
                np.full(len(curves.x), math.nan),
                color=styles[policy].colour,
                linestyle=styles[policy].dashes,
                lw=0.8 if wrong else 1.6,
                marker="x" if wrong else alone,
                markevery=(step // 2, step),
                ms=4.0,
                mew=0.8,
                zorder=3.3 + rank * 1e-3,
            )
        for line in (self.at, self.usual, *self.curves.values(), self.ends):
            self.axes.add_artist(line)
            picture.move(line)
        self.labels.build(curves.policies, styles, curves.correct)
        moving = self.at, self.usual, *self.curves.values(), self.ends, self.labels.leaders
        self.strokes = Strokes(moving)

    def update(self, curves: Curves) -> bool:
        """Show other values within the present limits; False if other labels are wanted."""
        panel = self.panel
        self.values = {p: curves.y(p, panel.metric) * panel.factor for p in curves.policies}
        self.shared = usual_policies(self.values, panel)
        on = np.full(len(curves.x), math.nan)
        for policy, y in self.values.items():
            self.curves[policy].set_data(curves.x, y)
            self.curves[policy].set_visible(policy not in self.shared)
            if policy in self.shared:
                on = np.where(np.isfinite(y), y, on)
        self.usual.set_data(curves.x, on)
        at = [] if curves.at is None else [curves.at, curves.at]
        self.at.set_data(at, [0.0, 1.0][: len(at)])
        self.bar_ends(curves.x)
        return self.labels.lead(self.entries())

    def bar_ends(self, x: np.ndarray) -> None:
        """A bar where a curve stops; at the frame's edge, if the curve stops beyond it."""
        y = np.array(list(self.values.values()))
        last = np.nonzero(np.isfinite(y[:, :-1]) & np.isnan(y[:, 1:]))
        self.ends.set_data(x[last[1]], np.clip(y[last], *self.axes.get_ylim()))

    def entries(self) -> list[Entry]:
        """The labels, with the heights of their curves in the present limits."""
        (low, high), log = self.axes.get_ylim(), self.panel.log
        found, reach = [], max((_end(y)[1] for y in self.values.values()), default=-1)
        for policy, y in self.values.items():
            if policy not in self.shared:
                value, end = _end(y)
                drawn = not math.isnan(value)
                text = label_of(
                    policy,
                    self.correct.get(policy),
                    drawn=drawn,
                    zero=log and is_nought(y),
                    ended=drawn and end < reach,
                    room=self.room,
                )
                led = end == len(y) - 1 and value >= low  # from below the frame nothing leads
                height = fraction(value, low, high, log)
                found.append(Entry(policy, text, height, led, drawn))
        if self.shared:
            value, end = _end(self.usual.get_ydata())
            text = self.panel.usual_label(len(self.shared), len(self.values))
            led = end == len(self.usual.get_ydata()) - 1
            found.append(Entry("", text, fraction(value, low, high, log), led))
        return found

    def fit(self, height: float, width: float, curves: Curves, *, last: bool) -> None:
        """Limits and ticks for the present values; only the last panel names the axis."""
        axes, log = self.axes, curves.axis.log
        share = width / width_of([self.panel.title], TITLE_SIZE, "bold")
        self.title.set_fontsize(TITLE_SIZE * min(1.0, share))
        low, high = float(curves.x[0]), float(curves.x[-1])
        if low == high:
            low, high = (low / 2, high * 2) if log else (low - 0.5, high + 0.5)
        axes.set_xscale("log" if log else "linear")
        axes.set_xlim(low, high)
        ticks = (log_ticks if log else linear_ticks)(low, high, max(2, int(width * 2.2)))
        _ticks(axes.xaxis, ticks, [brief(t) if last else "" for t in ticks])
        axes.set_xlabel(curves.axis.title if last else "", labelpad=2.0)
        log = self.panel.log
        low, high, below = limits(self.values.values(), self.panel, log)
        ticks = (log_ticks if log else linear_ticks)(low, high, max(2, int(height * 5.0)))
        if self.panel.usual == low or not log:  # curves are not to lie on the frame
            low = low * math.exp(-below) if log else low - below
        axes.set_ylim(low, high)
        _ticks(axes.yaxis, ticks, [brief(t) for t in ticks])


def _end(y: np.ndarray) -> tuple[float, int]:
    """The last value there is, and at which point; -1 where there is none."""
    values = np.asarray(y, dtype=float).tolist()
    for i in range(len(values) - 1, -1, -1):
        if math.isfinite(values[i]):
            return values[i], i
    return math.nan, -1


def _ticks(axis, at: list[float], texts: list[str]) -> None:
    axis.set_major_locator(FixedLocator(at))
    axis.set_major_formatter(FixedFormatter(texts))
    axis.set_minor_locator(NullLocator())
