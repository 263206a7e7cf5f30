"""What each policy saves, as bars: one glance before the curves."""

from __future__ import annotations

import math
from collections.abc import Mapping

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from ..errors import InputError
from .end_labels import LABEL_SIZE, label_of, width_of
from .numbers import brief, linear_ticks, significant
from .panel import panel_of
from .picture import Picture
from .plain import WIDTH, ascii_only, fill, tidy
from .style import INK, PALE, fixed, styles_of

__all__ = ["SavingBars"]

_TOP, _BOTTOM, _EDGE, _NUMBER = 0.28, 0.24, 0.1, 1.05


class SavingBars(Picture):
    """A bar for each policy, the longest on top; hollow and hatched where state is lost.

    Parameters
    ----------
    metric:
        What the bars show.

    >>> picture = SavingBars()
    >>> picture.set_data({"tracked": 0.56, "defer-to-put": 0.91}, {"defer-to-put": False})
    >>> picture.draw(); print(picture.text(40))
    time in moves and traps saved, against
    switch-on-exit [%]
    defer-to-put 91 :::::::::: (loses state)
    tracked      56 ======
    """

    kind = "bars"

    def __init__(
        self,
        metric: str = "saving",
        size: tuple[float, float] = (6.4, 4.2),
        dpi: float = 100.0,
    ) -> None:
        super().__init__(size, dpi)
        self.panel = panel_of(metric)
        self.values: dict[str, float] = {}
        self.correct: dict[str, bool] = {}
        self._layout: tuple = ()

    @property
    def policies(self) -> tuple[str, ...]:
        """Those shown."""
        return tuple(self.values)

    def set_data(
        self, values: Mapping[str, float | None], correct: Mapping[str, bool] | None = None
    ) -> None:
        """Show other values (in the metric's own unit; None where there is none).

        The order of the bars follows at the next full draw.
        """
        factor = self.panel.factor
        self.values = {
            policy: math.nan if value is None else float(value) * factor
            for policy, value in values.items()
        }
        self.correct = dict(correct or {})
        layout = (tuple(self.values), tuple(map(self.correct.get, self.values)))
        if layout != self._layout:
            with fixed():
                self._build()
        self._layout = layout
        self._show()

    def _ranked(self) -> list[str]:
        def key(policy: str) -> float:
            value = self.values[policy]
            return -value if math.isfinite(value) else math.inf

        return sorted(self.values, key=key)

    def _build(self) -> None:
        self.figure.clear()
        self.forget()
        self._axes = self.axes(1, 1, 1, 1)
        self._axes.set_title(self.panel.title)
        self._axes.grid(visible=False, axis="y")
        self._axes.spines["left"].set_visible(False)
        styles = styles_of(self.policies)
        self._bars, self._texts = {}, {}
        for policy, style in styles.items():
            wrong = self.correct.get(policy) is False
            bar = Rectangle(
                (0, 0),
                0,
                0.66,
                fc="white" if wrong else style.colour,
                ec=style.colour,
                lw=0.9,
                ls=style.dashes if wrong else "solid",
                hatch="////" if wrong else None,
                zorder=3.0,
            )
            self._bars[policy] = self._axes.add_patch(bar)
            self._texts[policy] = self._axes.add_artist(
                Text(0, 0, "", size=LABEL_SIZE, color=INK, va="center_baseline", zorder=3.2)
            )
            self.move(bar)
            self.move(self._texts[policy])
        self._zero = self._axes.add_artist(Line2D([0, 0], [0, 1], color=PALE, lw=0.8, zorder=3.1))
        self._zero.set_transform(self._axes.get_xaxis_transform())
        self.move(self._zero)
        self._rank = {policy: i for i, policy in enumerate(self._ranked())}

    def _show(self) -> None:
        low, high = self._axes.get_xlim()
        for policy, value in self.values.items():
            y, gap = -self._rank[policy], 0.006 * (high - low)
            known = math.isfinite(value)
            long = value if known else 0.0
            bar, text = self._bars[policy], self._texts[policy]
            bar.set_bounds(min(long, 0.0), y - 0.33, abs(long), 0.66)
            words = significant(value, 3, whole=False) if known else "unstable"
            words += "  loses state" if self.correct.get(policy) is False else ""
            text.set_text(words)
            text.set_position((max(long, 0.0) + gap, y))

    def fit(self) -> None:
        """The longest bar on top; limits at whole ticks, with room for the numbers."""
        if not self.values:
            raise InputError("the figure has no data yet; call set_data first")
        self._rank = {policy: i for i, policy in enumerate(self._ranked())}
        w, h = self.figure.get_size_inches()
        names = [label_of(policy) for policy in self._ranked()]
        left = width_of(names, LABEL_SIZE) + 0.08 + _EDGE
        width = w - left - _EDGE
        self.place(self._axes, left, _BOTTOM, width, h - _TOP - _BOTTOM)
        finite = [v for v in self.values.values() if math.isfinite(v)]
        low, high = min([0.0, *finite]), max([0.0, *finite])
        high = high if high > low else low + 1.0
        ticks = linear_ticks(low, high, 7)
        self._axes.set_xlim(low, high + (high - low) * _NUMBER / (width - _NUMBER))
        self._axes.set_ylim(0.6 - len(names), 0.6)
        for axis, at, texts in (
            (self._axes.xaxis, ticks, [brief(t) for t in ticks]),
            (self._axes.yaxis, [-i for i in range(len(names))], names),
        ):
            axis.set_major_locator(FixedLocator(at))
            axis.set_major_formatter(FixedFormatter(texts))
            axis.set_minor_locator(NullLocator())
        self._show()

    def text(self, width: int = WIDTH) -> str:
        """Bars of ``=``, and of ``:`` where state is lost."""
        names = {p: ascii_only(p)[:24] for p in self._ranked()}
        words = {p: significant(v, 3, whole=False) for p, v in self.values.items()}
        words = {p: "unstable" if text == "-" else text for p, text in words.items()}
        first, second = max(map(len, names.values())), max(map(len, words.values()))
        room = width - first - second - 2 - len(" (loses state)")
        most = max((abs(v) for v in self.values.values() if math.isfinite(v)), default=1.0) or 1.0
        lines = fill(self.panel.title, width)
        for policy, name in names.items():
            wrong, value = self.correct.get(policy) is False, self.values[policy]
            long = round(room * abs(value) / most) if math.isfinite(value) else 0
            mark = "-" if value < 0 else ":" if wrong else "="
            bar = mark * long + (" (loses state)" if wrong else "")
            lines.append(f"{name:<{first}} {words[policy]:>{second}} {bar}")
        return tidy(lines)
