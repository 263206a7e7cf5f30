"""Simulated points with their intervals, beside what the formula says."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from ..figures.numbers import linear_ticks, significant
from ..figures.picture import Picture
from ..figures.style import INK, PALE, fixed, styles_of
from ..results import Result, Results
from .simulating import deviation

__all__ = ["SHOWN", "IntervalPicture"]

SHOWN = ("switch_share", "sojourn_mean_us", "sojourn_p99_us")
_NAMES, _TOP, _BOTTOM, _GAP, _EDGE = 1.45, 0.3, 0.42, 0.3, 0.12  # inches
_LEAST = 0.01  # half of the axis: intervals of a thousandth are to look narrow


class IntervalPicture(Picture):
    """A row a policy; the vertical line is the formula, a dot the simulation, a bar its 95%.

    >>> import fpsimd_model as fm
    >>> both = fm.evaluate(fm.Scenario(), "tracked", engine="both", seconds=2.0)
    >>> picture = IntervalPicture(); picture.set_data(both); picture.draw()
    >>> picture.pixels().shape
    (420, 640, 4)
    """

    kind = "simulation"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        super().__init__(size, dpi)
        self.results: Results | None = None

    @property
    def policies(self) -> tuple[str, ...]:
        """Those shown."""
        return tuple(dict.fromkeys(r.policy for r in self.results or ()))

    def set_data(self, results: Results) -> None:
        """Show results of both engines."""
        self.results = results
        self.forget_background()

    def pairs(self) -> list[tuple[Result, Result | None]]:
        """Simulated and analytic, policy by policy."""
        by_key = {(r.policy, r.engine): r for r in self.results}
        return [
            (by_key[p, "montecarlo"], by_key.get((p, "analytic")))
            for p in self.policies
            if (p, "montecarlo") in by_key
        ]

    def fit(self) -> None:
        """Lay out everything anew."""
        self.figure.clear()
        w, h = self.figure.get_size_inches()
        width = (w - _NAMES - _EDGE - _GAP * (len(SHOWN) - 1)) / len(SHOWN)
        pairs = self.pairs()
        for i, metric in enumerate(SHOWN):
            with fixed():
                left = _NAMES + i * (width + _GAP)
                axes = self.axes(left, _BOTTOM, width, h - _TOP - _BOTTOM)
                self._panel(axes, metric, pairs, named=i == 0)

    def _panel(self, axes, metric: str, pairs: Sequence, *, named: bool) -> None:
        styles = styles_of([simulated.policy for simulated, _ in pairs])
        found = [deviation(simulated, analytic, metric) for simulated, analytic in pairs]
        reach = max([_LEAST, *(abs(v) for three in found if three for v in three)]) * 1.1
        axes.set_title(f"{_TITLES[metric]}")
        axes.axvline(0.0, color=INK, lw=1.0, zorder=2.5)
        for row, ((simulated, _), three) in enumerate(zip(pairs, found, strict=True)):
            if three is None:
                axes.text(0.0, row, " none ", ha="center", va="center", size=6.5, color=PALE,
                          backgroundcolor="white", zorder=2.6)  # fmt: skip
                continue
            value, low, high = three
            colour = styles[simulated.policy].colour
            axes.plot([low, high], [row, row], color=colour, lw=2.2, zorder=3.0)
            axes.plot([value], [row], "o", mfc="white", mec=colour, ms=4.5, mew=1.2, zorder=3.1)
        axes.set_xlim(-reach, reach)
        axes.set_ylim(len(pairs) - 0.4, -0.6)
        ticks = [t for t in linear_ticks(-reach, reach, 5) if abs(t) <= reach]
        names = [simulated.policy for simulated, _ in pairs] if named else [""] * len(pairs)
        for axis, at, texts in (
            (axes.xaxis, ticks, [f"{significant(100 * t, 3)}%" for t in ticks]),
            (axes.yaxis, range(len(pairs)), names),
        ):
            axis.set_major_locator(FixedLocator(list(at)))
            axis.set_major_formatter(FixedFormatter(texts))
            axis.set_minor_locator(NullLocator())
        axes.set_xlabel("simulated over formula", labelpad=2.0)

    def text(self, width: int = 72) -> str:
        """The deviations as a table."""
        heads = "".join(f"{_TITLES[metric]:>20}" for metric in SHOWN)
        lines = ["simulated over formula, with the 95% interval, in %", f"{'':22}{heads}"[:width]]
        for simulated, analytic in self.pairs():
            cells = [deviation(simulated, analytic, metric) for metric in SHOWN]
            texts = [
                "-" if c is None else "{:+.2f} ({:+.2f} {:+.2f})".format(*(100 * v for v in c))
                for c in cells
            ]
            lines.append(f"{simulated.policy[:22]:22}{''.join(f'{t:>20}' for t in texts)}"[:width])
        return "\n".join(line.rstrip() for line in lines)


_TITLES = {
    "switch_share": "moves and traps",
    "sojourn_mean_us": "packet delay, mean",
    "sojourn_p99_us": "packet delay, 99%",
}
