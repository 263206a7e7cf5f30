"""A calibration as a picture: recorded durations with their fits, quantiles, moves by engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from ..figures.numbers import brief, linear_ticks, log_ticks, significant
from ..figures.picture import Picture
from ..figures.plain import WIDTH
from ..figures.style import INK, PALE, fixed
from ..scenario import Mmpp
from .calibration import Calibration
from .prediction import MOVES, Prediction
from .recorded_curve import begun, ended, free_corner, limits, steps
from .report import report
from .sample import COMPLETE, Sample

__all__ = ["CalibrationPicture"]

_RECORDED, _FITTED = INK, "#e8590c"
_ENGINES = (
    ("kernel", "kernel", {"color": INK}),
    ("replayed", "replay", {"facecolor": "white", "edgecolor": INK, "linewidth": 0.6}),
    ("analytic", "formula", {"color": "#0057b8"}),
    ("simulated", "simulation", {"facecolor": "#8fd6c0", "edgecolor": "#00674b", "linewidth": 0.0,
                                 "hatch": "//////"}),
)  # fmt: skip
_WIDTH, _HEIGHT = 6.4, 4.2
_BARS = 1.35  # inches for the moves, from the bottom
_SMALL = 7.0
_POINTS = 400  # of a curve


@dataclass(frozen=True)
class _Curve:
    """What one panel shows: how long something lasts, recorded and fitted."""

    title: str
    axis: str
    sample: Sample
    survival: Callable[[np.ndarray], np.ndarray] | None
    shape: str
    mean_us: float


class CalibrationPicture(Picture):
    """How long things last in the trace and in the fit, their quantiles, and the moves.

    Parameters
    ----------
    calibration:
        What to show.
    prediction:
        Adds the recorded and the predicted register moves as bars.

    >>> from fpsimd_model.resources import data_path
    >>> from fpsimd_model.calibration import calibrate
    >>> found = calibrate(data_path("traces", "k61-vhe-busy-plain.txt.gz"))
    >>> picture = CalibrationPicture(found); picture.draw(); picture.pixels().shape
    (420, 640, 4)
    """

    kind = "calibration"

    def __init__(
        self, calibration: Calibration, prediction: Prediction | None = None, dpi: float = 100.0
    ) -> None:
        self.calibration, self.prediction = calibration, prediction
        curves = _curves(calibration)
        rows = -(-(len(curves) + 1) // 3)
        self._below = 0.0 if prediction is None else _BARS
        self._pitch = (_HEIGHT - self._below) / rows
        super().__init__((_WIDTH, _HEIGHT), dpi)
        with fixed():
            for i, curve in enumerate(curves):
                self._duration(self._cell(i, rows), curve, first=i == 0)
            self._quantiles(self._cell(len(curves), rows))
            if prediction is not None:
                self._moves(self.axes(0.95, 0.37, 4.3, _BARS - 0.62), prediction)

    def text(self, width: int = WIDTH) -> str:
        """The report."""
        return report(self.calibration, width, self.prediction)

    def _cell(self, i: int, rows: int) -> Axes:
        column, row = i % 3, i // 3
        bottom = self._below + self._pitch * (rows - 1 - row)
        return self.axes(0.36 + column * 2.1, bottom + 0.35, 1.68, self._pitch - 0.73)

    def _head(self, axes: Axes, title: str, more: str) -> None:
        """Two lines above a panel: what it shows, and of the fit."""
        axes.set_title(title, pad=15.0)
        axes.annotate(more, (0.0, 1.0), (0.0, 4.0), xycoords="axes fraction",
                      textcoords="offset points", color=PALE)  # fmt: skip

    def _duration(self, axes: Axes, curve: _Curve, *, first: bool) -> None:
        """Share that lasts longer, over time: steps as recorded, a line as fitted."""
        sample, some = curve.sample, len(curve.sample.whole) > 0
        low, high = limits(sample)
        longest = float(begun(sample).max(initial=0.0))
        scale, unit = (1e-3, "ms") if max(high, curve.mean_us) >= 2e4 else (1.0, "us")
        bottom, log = 0.0, some and high / max(low, 1e-9) > 30.0
        low = low if log else 0.0 if low < 0.3 * high else low
        bend = np.array([[low, 1.0], [high, 1.0]])  # the curve, for the legend to keep clear of
        if longest:
            bend = steps(sample, low, longest)
            last = float(bend[-1, 1])
            if last > 0.6 and some:  # most were cut: only the curve's beginning is in sight
                bottom = max(0.0, 1.0 - 1.8 * (1.0 - last))
            axes.plot(*bend.T * [[scale], [1.0]], color=_RECORDED, lw=1.4, label=ended(sample))
            if last > 0.0:  # beyond that nothing was seen
                axes.plot(longest * scale, last, marker="|", ms=6.0, mew=1.2, color=_RECORDED)
        if curve.survival is not None:
            t = np.geomspace(low, high, _POINTS) if log else np.linspace(low, high, _POINTS)
            axes.plot(t * scale, curve.survival(t), color=_FITTED, lw=1.1, ls=(0, (3.5, 1.5)),
                      label="fit")  # fmt: skip
        axes.set_xscale("log" if log else "linear")
        axes.set_xlim(low * scale, high * scale)
        axes.set_ylim(bottom, 1.0 + 0.05 * (1.0 - bottom))
        ticks = (log_ticks if log else linear_ticks)(low * scale, high * scale, 4)
        _ticks(axes, ticks, [0, 0.5, 1] if not bottom else linear_ticks(bottom, 1.0, 3))
        axes.set_xlabel(f"{curve.axis} [{unit}]", labelpad=1.0)
        mean = f"{significant(curve.mean_us * scale, 3)} {unit}"
        self._head(axes, curve.title, f"{curve.shape}, mean {mean}")
        if first or ended(sample) != "trace":
            _legend(axes, free_corner(bend, low, high, bottom, log))

    def _quantiles(self, axes: Axes) -> None:
        """Quantiles of fit and recording, each by its fitted mean."""
        self._head(axes, "quantiles", "trace over fit, by the mean")
        low, high = 0.1, 3.0
        marks = iter(("o", "x", "+", "^", "s"))
        for name, fitted, seen in _pairs(self.calibration):
            both = np.concatenate([fitted, seen])
            low, high = min(low, float(both.min(initial=low))), max(high, float(both.max()))
            axes.plot(fitted, seen, ls="", marker=next(marks), ms=2.6, mew=0.7, color=INK,
                      mfc="none", label=name)  # fmt: skip
        low, high = max(low * 0.8, 1e-3), min(high * 1.2, 100.0)
        axes.plot([low, high], [low, high], color=_FITTED, lw=1.1, ls=(0, (3.5, 1.5)), zorder=1.5)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        _ticks(axes, log_ticks(low, high, 5), log_ticks(low, high, 4))
        axes.set_xlabel("fitted quantile / mean", labelpad=1.0)
        if len(axes.lines) > 1:
            _legend(axes, "upper left")
        else:
            axes.text(0.5, 0.2, "no shape fitted", transform=axes.transAxes, ha="center",
                      color=PALE)  # fmt: skip

    def _moves(self, axes: Axes, prediction: Prediction) -> None:
        """Register moves of the kernel, the replay and both engines, in the time of the trace."""
        axes.set_title(f"the kernel's moves and the model's, {prediction.policy}")
        most = 0.0
        for row, name in enumerate(MOVES):
            for column, (source, label, look) in enumerate(_ENGINES):
                value = getattr(prediction, source)[name]
                if value is None:
                    continue
                most = max(most, float(value))
                axes.barh(row + 0.2 * (column - 1.5), value, height=0.17,
                          label=label if row == 0 else None, **look)  # fmt: skip
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0.0, most * 1.02 or 1.0)
        axes.set_ylim(3.55, -0.55)
        ticks = linear_ticks(0.0, most or 1.0, 6)
        for axis, at, words in (
            (axes.xaxis, ticks, [brief(t) for t in ticks]),
            (axes.yaxis, range(len(MOVES)), [name.replace("_", " ") for name in MOVES]),
        ):
            axis.set_major_locator(FixedLocator(at))
            axis.set_major_formatter(FixedFormatter(words))
        seconds = significant(prediction.seconds, 3)
        axes.set_xlabel(f"register moves [in {seconds} s]", labelpad=1.0)
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _curves(calibration: Calibration) -> list[_Curve]:
    names = {"out": "time out", "run_loop": "run loop", "guest_run": "guest run"}
    found = [
        _Curve(
            f"{names.get(name, name)} longer than",
            names.get(name, name),
            fit.sample,
            fit.survival,
            fit.duration.shape,
            fit.duration.mean_us,
        )
        for name, fit in calibration.durations.items()
    ]
    arrivals = calibration.arrivals
    if arrivals is not None and len(arrivals.gaps_us):
        gaps = arrivals.gaps_us
        mean = float(gaps.mean())
        found.append(
            _Curve(
                "no crypto for longer than",
                "gap between crypto bursts",
                Sample(gaps, np.full(len(gaps), COMPLETE), calibration.seen.resolution_us),
                arrivals.survival,
                "MMPP" if isinstance(arrivals.rate, Mmpp) else "Poisson",
                mean,
            )
        )
    return found


def _pairs(calibration: Calibration) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, quantiles of the fit and of the trace, both by the fitted mean."""
    found = []
    for name, fit in calibration.durations.items():
        if fit.duration.samples is None and len(fit.sample.whole) >= 5:
            fitted, seen = (q / fit.duration.mean_us for q in fit.quantile_plot(40))
            found.append((name.replace("_", " "), fitted, seen))
    arrivals = calibration.arrivals
    if arrivals is not None and len(arrivals.gaps_us) >= 5:
        p = (np.arange(40) + 0.5) / 40
        seen = np.quantile(arrivals.gaps_us, p) / arrivals.gaps_us.mean()
        found.append(("gap", arrivals.quantile(p) / arrivals.gaps_us.mean(), seen))
    return [(name, fitted[seen > 0], seen[seen > 0]) for name, fitted, seen in found]


def _legend(axes: Axes, where: str) -> None:
    axes.legend(fontsize=_SMALL, frameon=False, loc=where, borderpad=0.0, borderaxespad=0.3,
                handlelength=1.8, handletextpad=0.5, labelspacing=0.2)  # fmt: skip


def _ticks(axes: Axes, x: list[float], y: list[float]) -> None:
    for axis, at in ((axes.xaxis, x), (axes.yaxis, y)):
        axis.set_major_locator(FixedLocator(at))
        axis.set_major_formatter(FixedFormatter([brief(t) for t in at]))
        axis.set_minor_locator(NullLocator())
