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
from .durations import DurationFit
from .prediction import MOVES, Prediction
from .report import report
from .sample import COMPLETE, Sample
from .survival import kaplan_meier

__all__ = ["CalibrationPicture"]

_RECORDED, _FITTED = INK, "#e8590c"
_ENGINES = (
    ("kernel", "kernel", INK), ("replayed", "replay", "#5c5c5c"),
    ("analytic", "formula", "#0057b8"), ("simulated", "simulation", "#009e73"),
)  # fmt: skip
_SIZE = 7.5
_POINTS = 400  # of a curve


@dataclass(frozen=True)
class _Curve:
    """What one panel shows: how long something lasts, recorded and fitted."""

    title: str
    sample: Sample
    survival: Callable[[np.ndarray], np.ndarray] | None
    words: str
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
    (300, 640, 4)
    """

    kind = "calibration"

    def __init__(
        self, calibration: Calibration, prediction: Prediction | None = None, dpi: float = 100.0
    ) -> None:
        self.calibration, self.prediction = calibration, prediction
        curves = _curves(calibration)
        rows = -(-(len(curves) + 1) // 3) + (prediction is not None)
        super().__init__((6.4, 1.5 * rows), dpi)
        with fixed():
            for i, curve in enumerate(curves):
                self._duration(axes := self._cell(i, rows), curve)
                if i == 0:
                    axes.legend(fontsize=6.5, frameon=False, loc="lower left", borderpad=0.0,
                                borderaxespad=0.3, handlelength=1.6)  # fmt: skip
            self._quantiles(self._cell(len(curves), rows))
            if prediction is not None:
                self._moves(self.axes(0.9, 0.3, 4.3, 0.96), prediction)

    def text(self, width: int = WIDTH) -> str:
        """The report."""
        return report(self.calibration, width, self.prediction)

    def _cell(self, i: int, rows: int) -> Axes:
        column, row = i % 3, i // 3
        left, width = 0.36 + column * 2.12, 1.68
        return self.axes(left, 1.5 * (rows - 1 - row) + 0.4, width, 0.84)

    def _duration(self, axes: Axes, curve: _Curve) -> None:
        """Share that lasts longer, over time: steps as recorded, a line as fitted."""
        axes.set_title(curve.title, fontsize=_SIZE)
        sample, unit, scale = curve.sample, "us", 1.0
        longest = float(sample.us.max()) if len(sample) else 1.0
        if max(longest, curve.mean_us) >= 2e4:
            unit, scale = "ms", 1e-3
        low, high = _limits(sample)
        bottom = 0.0
        log = high / max(low, 1e-9) > 30.0
        if len(sample.whole):
            times, after = kaplan_meier(sample)
            keep = np.unique(np.linspace(0, len(times) - 1, _POINTS).astype(int))
            t = np.concatenate([[low], np.maximum(times[keep], low), [high]])
            share = np.concatenate([[1.0], after[keep], [after[-1]]])
            if after[-1] > 0.6:  # most were cut: only the curve's beginning is in sight
                bottom = max(0.0, 1.0 - 1.5 * (1.0 - float(after[-1])))
            axes.plot(t * scale, share, color=_RECORDED, lw=1.4, drawstyle="steps-post",
                      label="trace")  # fmt: skip
        if curve.survival is not None:
            t = np.geomspace(low, high, _POINTS) if log else np.linspace(low, high, _POINTS)
            axes.plot(t * scale, curve.survival(t), color=_FITTED, lw=1.0, ls=(0, (4.0, 1.5)),
                      label="fit")  # fmt: skip
        axes.set_xscale("log" if log else "linear")
        axes.set_xlim(low * scale, high * scale)
        axes.set_ylim(bottom, 1.0 + 0.04 * (1.0 - bottom))
        ticks = (log_ticks if log else linear_ticks)(low * scale, high * scale, 4)
        _ticks(axes, ticks, [0, 0.5, 1] if not bottom else linear_ticks(bottom, 1.0, 3))
        mean = f"{curve.words}, mean {significant(curve.mean_us * scale, 3)} {unit}"
        axes.set_xlabel(mean, labelpad=1.0, fontsize=_SIZE)

    def _quantiles(self, axes: Axes) -> None:
        """Quantiles of fit and recording, each by its fitted mean."""
        axes.set_title("quantiles, trace over fit", fontsize=_SIZE)
        low, high = 0.1, 3.0
        marks = iter(("o", "x", "+", "^", "s"))
        for name, fitted, seen in _pairs(self.calibration):
            both = np.concatenate([fitted, seen])
            low, high = min(low, float(both.min(initial=low))), max(high, float(both.max()))
            axes.plot(fitted, seen, ls="", marker=next(marks), ms=2.6, mew=0.7, color=INK,
                      mfc="none", label=name)  # fmt: skip
        low, high = max(low * 0.8, 1e-3), min(high * 1.2, 100.0)
        axes.plot([low, high], [low, high], color=_FITTED, lw=0.9, zorder=1.5)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        _ticks(axes, log_ticks(low, high, 5), log_ticks(low, high, 4))
        axes.set_xlabel("fitted, by the mean", labelpad=1.0, fontsize=_SIZE)
        if len(axes.lines) > 1:
            axes.legend(fontsize=6.0, frameon=False, loc="upper left", borderpad=0.0,
                        handletextpad=0.1, labelspacing=0.2)  # fmt: skip
        else:
            axes.text(0.5, 0.2, "no shape fitted", transform=axes.transAxes, ha="center",
                      color=PALE)  # fmt: skip

    def _moves(self, axes: Axes, prediction: Prediction) -> None:
        """Register moves of the kernel, the replay and both engines, in the time of the trace."""
        seconds = significant(prediction.seconds, 3)
        axes.set_title(f"register moves in {seconds} s, {prediction.policy}", fontsize=_SIZE)
        most = 0.0
        for row, name in enumerate(MOVES):
            for column, (source, label, colour) in enumerate(_ENGINES):
                value = getattr(prediction, source)[name]
                if value is None:
                    continue
                most = max(most, float(value))
                axes.barh(row + 0.2 * (column - 1.5), value, height=0.18, color=colour,
                          label=label if row == 0 else None)  # fmt: skip
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0.0, most * 1.02 or 1.0)
        axes.set_ylim(3.6, -0.6)
        ticks = linear_ticks(0.0, most or 1.0, 6)
        for axis, at, words in (
            (axes.xaxis, ticks, [brief(t) for t in ticks]),
            (axes.yaxis, range(len(MOVES)), [name.replace("_", " ") for name in MOVES]),
        ):
            axis.set_major_locator(FixedLocator(at))
            axis.set_major_formatter(FixedFormatter(words))
        axes.legend(fontsize=7.0, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _curves(calibration: Calibration) -> list[_Curve]:
    titles = {
        "residency": "residency longer than", "out": "time out longer than",
        "run_loop": "run loop longer than", "guest_run": "guest run longer than",
    }  # fmt: skip
    found = [
        _Curve(titles[name], fit.sample, fit.survival, _words(fit), fit.duration.mean_us)
        for name, fit in calibration.durations.items()
    ]
    arrivals = calibration.arrivals
    if arrivals is not None and len(arrivals.gaps_us):
        gaps = arrivals.gaps_us
        mean = float(gaps.mean())
        found.append(
            _Curve(
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


def _words(fit: DurationFit) -> str:
    if not fit.sample.events:
        return "none ended"
    return {"hyperexponential": "hyperexp."}.get(fit.duration.shape, fit.duration.shape)


def _limits(sample: Sample) -> tuple[float, float]:
    """Where the curve is between nearly all and nearly none."""
    us = sample.whole if len(sample.whole) else sample.us
    if not len(us):
        return 0.1, 1.0
    low, high = float(np.quantile(us, 0.01)), float(us.max()) * 1.05
    low = max(low * 0.7, sample.resolution_us / 2.0, high * 1e-4, 1e-3)
    return low, max(high, low * 2.0)


def _ticks(axes: Axes, x: list[float], y: list[float]) -> None:
    for axis, at in ((axes.xaxis, x), (axes.yaxis, y)):
        axis.set_major_locator(FixedLocator(at))
        axis.set_major_formatter(FixedFormatter([brief(t) for t in at]))
        axis.set_minor_locator(NullLocator())
