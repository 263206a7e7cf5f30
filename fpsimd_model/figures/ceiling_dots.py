"""Throughput ceilings as a picture: a row a cipher, a dot for each group of policies."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from ..errors import InputError
from .ascii_plot import letters
from .ceiling import Ceilings
from .curves import Axis, Curves
from .end_labels import LABEL_SIZE, width_of
from .groups import Group, names_of
from .key_list import KeyList
from .numbers import brief, log_limits, log_ticks, significant
from .picture import Picture
from .plain import WIDTH, ascii_only, fill, tidy
from .reading import Reading, box_of, places, told
from .style import GRID, INK, PALE, styles_of

__all__ = ["CeilingDots"]

_TITLE = "throughput at most, by cipher [Gb/s]"
_BOUND = (
    "Without ksoftirqd. A policy that ever refuses NEON is bounded by scalar crypto: a queue that "
    "grows meanwhile is served without NEON to its end."
)
_ASSUMED = "*: a time or slowdown assumed, or another core's; not to be ranked."
_TOP, _BOTTOM, _EDGE, _KEY, _GAP = 0.24, 0.3, 0.08, 2.16, 0.14  # inches
_APART = 40.0  # pixels between words above the same line


class CeilingDots(Picture):
    """What one CPU can serve at most under each policy; the figure between two dots is their ratio.

    >>> from fpsimd_model.figures.ceiling import ceilings_of
    >>> from fpsimd_model.scenario import preset
    >>> picture = CeilingDots()
    >>> picture.set_data(ceilings_of(preset("cortex-a57-ipsec"), ["tracked", "busy-flag-live"],
    ...                              ciphers=["aes-128-gcm", "sha-256"]))
    >>> picture.draw(); print(picture.text(60).split("one CPU")[0])
    throughput at most, by cipher [Gb/s]
                      T      B
    sha-256        4.39   1.24
    aes-128-gcm*   4.07  0.305
    T  tracked
    B  busy-flag-live
    <BLANKLINE>
    """

    kind = "throughput-ceiling"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        super().__init__(size, dpi)
        self.data: Ceilings | None = None

    @property
    def policies(self) -> tuple[str, ...]:
        """Those shown."""
        return tuple(self.data.gbps) if self.data else ()

    def set_data(self, data: Ceilings) -> None:
        """Show other ceilings."""
        self.data = data
        self.forget_background()

    def _curves(self) -> Curves:
        """Policies and verdicts, as the list beside the dots takes them."""
        return Curves(Axis("cipher", ""), [1.0], {p: {} for p in self.policies}, self.data.correct)

    def fit(self) -> None:
        """Lay everything out anew."""
        if self.data is None:
            raise InputError("the figure has no data yet; call set_data first")
        self.figure.clear()
        w, h = self.figure.get_size_inches()
        data, groups = self.data, self.data.groups
        marks, styles = letters(self.policies), styles_of([g.head for g in groups])
        left = width_of(self._stubs(), LABEL_SIZE) + 0.1 + _EDGE
        width = w - left - _GAP - _KEY - _EDGE
        self._axes = axes = self.axes(left, _BOTTOM, width, h - _TOP - _BOTTOM)
        axes.set_title(_TITLE)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        values = np.array([data.gbps[g.head] for g in groups])
        self._scale(axes, values)
        for row in range(len(data.ciphers)):
            self._row(axes, row, groups, values[:, row], marks, styles)
        key = KeyList(self)
        place = (w - _KEY - _EDGE, 0.05, w - _EDGE, h - 0.08)
        key.show(groups, marks, styles, self._curves(), place, remarks=self._facts())

    def _scale(self, axes: Axes, values: np.ndarray) -> None:
        low, high = log_limits(0.9 * float(values.min()), 1.1 * float(values.max()), 6.0)
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(len(self.data.ciphers) - 0.45, -0.6)
        xticks = log_ticks(low, high, 9)
        for axis, at, words in (
            (axes.xaxis, xticks, [brief(t) for t in xticks]),
            (axes.yaxis, range(len(self.data.ciphers)), self._stubs()),
        ):
            axis.set_major_locator(FixedLocator(list(at)))
            axis.set_major_formatter(FixedFormatter(list(words)))
            axis.set_minor_locator(NullLocator())

    def _row(self, axes: Axes, row: int, groups, values, marks, styles) -> None:
        low, high = float(values.min()), float(values.max())
        axes.plot(axes.get_xlim(), [row, row], color=GRID, lw=0.5, zorder=1.5)
        axes.plot([low, high], [row, row], color=PALE, lw=1.4, zorder=2.0, solid_capstyle="butt")
        if high > 1.02 * low:
            words = f"{significant(high / low, 2)}x"
            paper = {"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none"}
            axes.text((low * high) ** 0.5, row, words, size=LABEL_SIZE, color=INK, ha="center",
                      va="center", zorder=2.5, bbox=paper)  # fmt: skip
        before = np.inf
        for group, value in zip(groups, values, strict=True):
            colour = styles[group.head].colour
            axes.plot([value], [row], "o", ms=5.0, mfc=colour, mec="white", mew=0.6, zorder=3.0)
            x = axes.transData.transform((value, row))[0]
            below = before - x < _APART * self.figure.dpi / 100.0
            words = f"{marks[group.head]} {significant(value, 3)}"
            axes.annotate(words, (value, row), xytext=(0.0, -9.0 if below else 9.0),
                          textcoords="offset points", ha="center", va="center", size=LABEL_SIZE,
                          color=colour, zorder=3.1)  # fmt: skip
            before = np.inf if below else x

    def _stubs(self) -> list[str]:
        """Names of the ciphers; marked where not all about them is known of this core."""
        return [f"{name}*" if name in self.data.assumed else name for name in self.data.ciphers]

    def _facts(self) -> list[str]:
        return [
            self.data.machine,
            *([_ASSUMED] if self.data.assumed else []),
            _BOUND,
            "softirqs-off refuses none; its packets wait for vcpu_put instead.",
        ]

    def readings(self) -> list[Reading]:
        """Gb/s of each group, cipher by cipher, and how far they are apart."""
        axes, data, groups = self._axes, self.data, self.data.groups
        marks, texts = letters(self.policies), []
        for row, cipher in enumerate(data.ciphers):
            values = {g: float(data.gbps[g.head][row]) for g in groups}
            ranked = sorted(values, key=lambda g: -values[g])
            apart = f"{significant(max(values.values()) / min(values.values()), 3)}x"
            lines = [(significant(values[g], 3), f"{marks[g.head]} {_many(g)}") for g in ranked]
            texts.append(told(f"{cipher}: at most [Gb/s]", [*lines, (apart, "highest to lowest")]))
        y = places(axes.get_ylim()[::-1], range(len(data.ciphers)))
        return [Reading(box_of(axes), (), y, tuple(texts))]

    def text(self, width: int = WIDTH) -> str:
        """The figures as a table, a column a group."""
        groups = self.data.groups
        marks, curves = letters(self.policies), self._curves()
        stub = max(map(len, self._stubs()))
        lines = [_TITLE, " " * stub + "".join(f"{marks[g.head]:>7}" for g in groups)]
        for row, cipher in enumerate(self._stubs()):
            found = (significant(self.data.gbps[g.head][row], 3) for g in groups)
            lines.append(f"{ascii_only(cipher):<{stub}}" + "".join(f"{v:>7}" for v in found))
        for group in groups:
            lines += fill(names_of(group, curves), width, f"{marks[group.head]}  ", "   ")
        for fact in self._facts():
            lines += fill(fact, width)
        return tidy(lines)


def _many(group: Group) -> str:
    more = len(group.policies) - 1
    return f"{group.head} +{more}" if more else group.head
