"""Simulated points with their intervals, beside what the formula says."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from ..results import Result, Results
from .columns import COLUMNS
from .end_labels import width_of
from .numbers import linear_ticks, significant
from .picture import Picture
from .plain import WIDTH, ascii_only, fill, tidy
from .reading import Reading, box_of, places, told
from .style import INK, PALE, fixed, styles_of

__all__ = ["SHOWN", "IntervalPicture", "deviation", "measured"]

SHOWN = ("switch_share", "sojourn_mean_us", "sojourn_p99_us")
_NAMES, _TOP, _BOTTOM, _GAP, _EDGE = 1.4, 0.45, 0.4, 0.1, 0.05  # inches
_VALUE, _ROW = 0.78, 0.25  # inches of a column of values, of a row at most
_SMALL = 6.5  # points
_LEAST = 0.01  # half of the axis: intervals of a thousandth are to look narrow


class IntervalPicture(Picture):
    """A row a policy; the vertical line is the formula, a dot the simulation, a bar its 95%.

    Beside each panel stands what was simulated.  The fewer policies, the lower the picture; `size`
    is the most that it takes.

    >>> import fpsimd_model as fm
    >>> both = fm.evaluate(fm.Scenario(), "tracked", engine="both", seconds=2.0)
    >>> picture = IntervalPicture(); picture.set_data(both); picture.draw()
    >>> picture.pixels().shape
    (110, 640, 4)
    """

    kind = "simulation"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        super().__init__(size, dpi)
        self._size = size
        self._panels: list[Axes] = []
        self.results: Results | None = None

    @property
    def policies(self) -> tuple[str, ...]:
        """Those shown."""
        return tuple(dict.fromkeys(r.policy for r in self.results or ()))

    def set_data(self, results: Results) -> None:
        """Show results of both engines."""
        self.results = results
        width, most = self._size
        self.figure.set_size_inches(width, min(most, _TOP + _BOTTOM + _ROW * len(self.pairs())))
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
        each = (w - _NAMES - _EDGE) / len(SHOWN)
        pairs, self._panels = self.pairs(), []
        for i, metric in enumerate(SHOWN):
            with fixed():
                width = each - _VALUE - _GAP
                axes = self.axes(_NAMES + i * each, _BOTTOM, width, h - _TOP - _BOTTOM)
                self._panel(axes, metric, pairs, named=i == 0)
                self._panels.append(axes)
        with fixed():
            for row, text in enumerate(reversed(self._remarks())):
                self.figure.text(_EDGE / w, (0.06 + 0.11 * row) / h, text, size=_SMALL, color=PALE)

    def _panel(self, axes, metric: str, pairs: Sequence, *, named: bool) -> None:
        styles = styles_of([simulated.policy for simulated, _ in pairs])
        found = [deviation(simulated, analytic, metric) for simulated, analytic in pairs]
        reach = max([_LEAST, *(abs(v) for three in found if three for v in three)]) * 1.1
        axes.set_title(_TITLES[metric])
        axes.axvline(0.0, color=INK, lw=1.0, zorder=2.5)
        for row, ((simulated, _), three) in enumerate(zip(pairs, found, strict=True)):
            words = "".join(measured(simulated, metric, 1))
            axes.annotate(
                words, (1.0, row), xycoords=("axes fraction", "data"), xytext=(72.0 * _VALUE, 0.0),
                size=_SMALL * min(1.0, (_VALUE - 0.06) / width_of([words], _SMALL)), ha="right",
                va="center_baseline", textcoords="offset points", annotation_clip=False,
            )  # fmt: skip
            if three is None:
                axes.text(0.0, row, " none ", ha="center", va="center", size=_SMALL, color=PALE,
                          backgroundcolor="white", zorder=2.6)  # fmt: skip
                continue
            value, low, high = three
            colour = styles[simulated.policy].colour
            axes.plot([low, high], [row, row], color=colour, lw=2.2, zorder=3.0)
            axes.plot([value], [row], "o", mfc="white", mec=colour, ms=4.5, mew=1.2, zorder=3.1)
        axes.set_xlim(-reach, reach)
        axes.set_ylim(len(pairs) - 0.4, -0.6)
        last = linear_ticks(0.0, reach, 4)[-1]
        ticks = [-last, 0.0, last]
        names = [_named(*pair) if named else "" for pair in pairs]
        for axis, at, texts in (
            (axes.xaxis, ticks, [f"{significant(100 * t, 3)}%" if t else "" for t in ticks]),
            (axes.yaxis, range(len(pairs)), names),
        ):
            axis.set_major_locator(FixedLocator(list(at)))
            axis.set_major_formatter(FixedFormatter(texts))
            axis.set_minor_locator(NullLocator())
        axes.set_xlabel("simulated over formula", labelpad=2.0)

    def _remarks(self) -> list[str]:
        """What the star at a policy's name says: the formula is not of the same thing."""
        reasons = {analytic.reason for _, analytic in self.pairs() if analytic is not None}
        shown = {
            "no ksoftirqd" if "ksoftirqd" in text else "approximated" for text in reasons if text
        }
        return [f"*: formula: {text}" for text in sorted(shown)]

    def readings(self) -> list[Reading]:
        """What both engines say, row by row."""
        found = []
        for axes, metric in zip(self._panels, SHOWN, strict=True):
            y = places(axes.get_ylim()[::-1], range(len(self.pairs())))
            texts = tuple(_told(*pair, metric) for pair in self.pairs())
            found.append(Reading(box_of(axes), (), y, texts))
        return found

    def text(self, width: int = WIDTH) -> str:
        """The deviations as a table."""
        stub = max((len(_named(*pair)) for pair in self.pairs()), default=0)
        stub = min(stub, width - _WIDE * len(SHOWN))
        lines = fill("simulated over formula, less one, and half of its 95% interval, in %", width)
        for words in zip(*(_SHORT[metric] for metric in SHOWN), strict=True):
            lines.append(" " * stub + "".join(f"{word:>{_WIDE}}" for word in words))
        for simulated, analytic in self.pairs():
            cells = (_cell(deviation(simulated, analytic, metric)) for metric in SHOWN)
            name = ascii_only(_named(simulated, analytic))[:stub]
            lines.append(f"{name:{stub}}" + "".join(f"{cell:>{_WIDE}}" for cell in cells))
        lines += self._remarks()
        return tidy(lines)


def _named(simulated: Result, analytic: Result | None) -> str:
    """A policy's name, with a star where the formula leaves something out."""
    return f"{simulated.policy}*" if analytic is not None and analytic.reason else simulated.policy


def _cell(three: tuple[float, float, float] | None) -> str:
    """A deviation and the wider side of its interval."""
    if three is None:
        return "-"
    value, low, high = (100.0 * part for part in three)
    return f"{value:+.2f} +-{max(high - value, value - low):.2f}"


_WIDE = 17  # characters of a column
_SHORT = {
    "switch_share": ("moves", "and traps"),
    "sojourn_mean_us": ("packet delay,", "mean"),
    "sojourn_p99_us": ("packet delay,", "99%"),
}
_TITLES = {
    "switch_share": "CPU time in moves\nand traps [%]",
    "sojourn_mean_us": "packet delay,\nmean [us]",
    "sojourn_p99_us": "packet delay,\n99% below [us]",
}


def measured(simulated: Result, metric: str, digits: int = 2) -> tuple[str, str]:
    """A simulated value as tables show it, and half the width of its interval, to so many digits.

    >>> measured(Result("x", "montecarlo", {"saving": 0.512}, {"saving": (0.508, 0.516)}), "saving")
    ('51.20', '±0.40')
    """
    factor, value = COLUMNS[metric].factor, simulated.metrics.get(metric)
    if value is None:
        return "-", ""
    low, high = simulated.ci95.get(metric, (value, value))
    half = (high - low) / 2 * factor
    if not half > 0.0:
        return significant(value * factor, 3), ""
    decimals = min(6, max(0, digits - 1 - math.floor(math.log10(half))))
    return f"{value * factor:.{decimals}f}", f"±{half:.{decimals}f}"


def _told(simulated: Result, analytic: Result | None, metric: str) -> str:
    """What is read off a row."""
    value, half = measured(simulated, metric)
    formula = None if analytic is None else analytic.metrics.get(metric)
    lines = [(value, "simulated"), (half, "95% interval")]
    lines.append((significant(formula and formula * COLUMNS[metric].factor), "by formula"))
    if three := deviation(simulated, analytic, metric):
        lines.append((f"{100 * three[0]:+.2f}%", "simulated over formula"))
    head = f"{simulated.policy}: {_TITLES[metric]}".replace("\n", " ")
    return told(head, [line for line in lines if line[0]], wide=9)


def deviation(
    simulated: Result, analytic: Result | None, metric: str
) -> tuple[float, float, float] | None:
    """Simulated over analytic, less one: value and 95% interval; None where either is missing.

    >>> a = Result("x", "analytic", {"saving": 0.5})
    >>> deviation(Result("x", "montecarlo", {"saving": 0.6}, {"saving": (0.4, 0.8)}), a, "saving")
    (0.2, -0.2, 0.6)
    """
    formula = None if analytic is None else analytic.metrics.get(metric)
    value = simulated.metrics.get(metric)
    if not formula or value is None or simulated.status != "ok" or analytic.status != "ok":
        return None
    low, high = simulated.ci95.get(metric, (value, value))
    return tuple(round(v / formula - 1.0, 9) for v in (value, low, high))
