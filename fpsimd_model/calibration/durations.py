"""A duration's mean and shape from a sample, with an interval and a measure of how well it fits.

Candidates are exponential, gamma, lognormal and hyperexponential; the likelihood is that of times
read off a clock of finite steps, cut ones included, and the smallest BIC decides (G. Schwarz,
Annals of Statistics 6 (1978) 461-464), or the exponential if it is within 2 of that. What varies
less than 2% is deterministic. Where even the best is further than 0.08 from the Kaplan-Meier curve,
and chance does not explain it (p < 0.01), the durations themselves are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..durations import Duration
from .families import FAMILIES
from .intervals import Z, mean_of_exponential
from .likelihood import Cells, interval, likeliest
from .sample import Sample
from .survival import kaplan_meier, quantiles

__all__ = ["DurationFit", "fit_duration"]

CLOSE = 2.0  #: in BIC: so near to the best, the exponential is taken
FEW = 6  #: ends below which no shape but the exponential is tried
STEADY = 0.02  #: relative deviation below which a duration counts as deterministic
FAR, ODD = 0.08, 0.01  #: Kolmogorov distance and p-value beyond which no shape is said to fit
_KEPT = 5000  # durations that are kept where no shape fits


@dataclass(frozen=True, eq=False)
class DurationFit:
    """A fitted duration.

    Attributes
    ----------
    duration:
        For a scenario.
    low_us, high_us:
        95% interval of the mean; infinite above where no end was seen.
    sample:
        What it was fitted to.
    distance, p_value:
        Kolmogorov's distance between the best shape and the Kaplan-Meier curve, and how often a
        sample of that shape would be further away (Kolmogorov's limit, parameters taken as known:
        the true value is smaller).
    bic:
        Of each shape that was tried, against the best.
    """

    duration: Duration
    low_us: float
    high_us: float
    sample: Sample
    distance: float | None = None
    p_value: float | None = None
    bic: dict[str, float] = field(default_factory=dict)

    def survival(self, us: np.ndarray) -> np.ndarray:
        """Share of durations that last longer, by the fit."""
        d = self.duration
        if d.shape == "deterministic":
            return np.where(us < d.mean_us, 1.0, 0.0)
        if d.samples is not None:
            ordered = np.sort(d.samples)
            return 1.0 - np.searchsorted(ordered, us, side="right") / len(ordered)
        return FAMILIES[d.shape].survival(np.asarray(us, float), d.mean_us, d.scv)

    def quantile_plot(self, points: int = 60) -> tuple[np.ndarray, np.ndarray]:
        """Quantiles of fit and recording, at the probabilities that cuts left in sight."""
        if not len(self.sample.whole):
            return np.empty(0), np.empty(0)
        n = min(points, len(self.sample.whole))
        p = (np.arange(n) + 0.5) / n * (1.0 - float(kaplan_meier(self.sample)[1][-1]))
        seen = quantiles(self.sample, p)
        d = self.duration
        if d.shape == "deterministic":
            fitted = np.full(n, d.mean_us)
        elif d.samples is not None:
            fitted = np.quantile(d.samples, p)
        else:
            fitted = FAMILIES[d.shape].quantile(p, d.mean_us, d.scv)
        keep = np.isfinite(seen)
        return fitted[keep], seen[keep]


def fit_duration(sample: Sample, keep: bool = False) -> DurationFit | None:
    """Mean, shape and interval; None where nothing at all was seen.

    With no end in sight the mean is the one at which that had an even chance, time / ln 2.

    Parameters
    ----------
    keep:
        Take the durations themselves whatever shape fits, unless they are too few or so many were
        cut that the long ones would be missing.
    """
    events, total = sample.events, sample.total_us
    if total <= 0.0:
        return None
    if events == 0:
        low, high = mean_of_exponential(0, total)
        return DurationFit(Duration(total / math.log(2.0)), low, high, sample)
    whole = sample.whole
    keep = keep and sample.little_cut
    if len(whole) >= 5 and _steady(sample):
        mean, half = float(whole.mean()), Z * _deviation(sample) / math.sqrt(len(whole))
        steady = _kept(sample, mean) if keep else Duration(mean, "deterministic")
        return DurationFit(steady, mean - half, mean + half, sample)
    if len(whole) < FEW:
        low, high = mean_of_exponential(events, total)
        return DurationFit(Duration(total / events), low, high, sample)
    return _by_shape(sample, keep)


def _deviation(sample: Sample) -> float:
    """Standard deviation, at least what the clock's steps make of a constant."""
    steps = sample.resolution_us / math.sqrt(6.0)
    return max(float(sample.whole.std(ddof=1)), steps)


def _steady(sample: Sample) -> bool:
    mean, r = float(sample.whole.mean()), sample.resolution_us
    variance = float(sample.whole.var(ddof=1)) - r * r / 6.0
    beyond = sample.cut > 1.1 * mean + r
    return mean > 0 and variance <= (STEADY * mean) ** 2 and not beyond.any()


def _by_shape(sample: Sample, keep: bool) -> DurationFit:
    cells = Cells(sample)
    found = {name: likeliest(family, cells, sample) for name, family in FAMILIES.items()}
    n = len(sample.whole)
    bic = {
        name: 2.0 * value + FAMILIES[name].parameters * math.log(n)
        for name, (value, _, _) in found.items()
    }
    name = min(bic, key=bic.get)
    best = bic[name]
    if bic["exponential"] < best + CLOSE:
        name = "exponential"
    _, mean, cv2 = found[name]
    distance = _distance(sample, lambda t: FAMILIES[name].survival(t, mean, cv2))
    p_value = _p_value(distance, n)
    low, high = interval(FAMILIES[name], cells, sample, mean)
    duration = Duration(mean, name, None if name == "exponential" else cv2)
    if keep or (distance > FAR and p_value < ODD and sample.little_cut):
        duration = _kept(sample, mean)
    relative = {shape: value - best for shape, value in sorted(bic.items(), key=lambda i: i[1])}
    return DurationFit(duration, low, high, sample, distance, p_value, relative)


def _distance(sample: Sample, survival: Callable[[np.ndarray], np.ndarray]) -> float:
    """Kolmogorov's distance, at the edges of the clock's steps."""
    times, after = kaplan_meier(sample)
    before = np.concatenate([[1.0], after[:-1]])
    half = sample.resolution_us / 2.0
    low = np.abs(survival(np.maximum(times - half, 0.0)) - before)
    high = np.abs(survival(times + half) - after)
    return float(max(low.max(), high.max()))


def _p_value(distance: float, number: int) -> float:
    from scipy.special import kolmogorov

    return float(kolmogorov(math.sqrt(number) * distance))


def _kept(sample: Sample, mean: float) -> Duration:
    """The durations themselves, with the mean that those that were cut give."""
    duration = Duration.empirical(_thinned(sample.whole))
    return duration.with_mean(mean) if duration.mean_us > 0 else duration


def _thinned(values: np.ndarray) -> np.ndarray:
    """At most so many durations, evenly through the order."""
    ordered = np.sort(values)
    if len(ordered) <= _KEPT:
        return ordered
    return ordered[np.linspace(0, len(ordered) - 1, _KEPT).round().astype(int)]
