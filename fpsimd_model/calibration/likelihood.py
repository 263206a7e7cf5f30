"""How likely a sample of durations is under a family: its best member, and how sure the mean is."""

from __future__ import annotations

import math

import numpy as np

from .families import Family
from .intervals import HALF_CHI2, Z, mean_of_exponential
from .sample import Sample

__all__ = ["Cells", "interval", "likeliest"]

_CELLS = 600  # different durations that a likelihood looks at


class Cells:
    """The sample as cells of the clock with counts: what a likelihood needs."""

    def __init__(self, sample: Sample) -> None:
        half = max(sample.resolution_us, 1e-6 * float(sample.whole.mean()), 1e-9) / 2.0
        values, self.counts = np.unique(sample.whole, return_counts=True)
        if len(values) > _CELLS:  # neighbours share a cell: quantiles of the sample
            edges = np.unique(np.quantile(sample.whole, np.linspace(0.0, 1.0, _CELLS + 1)))
            at = np.clip(np.searchsorted(edges, sample.whole, side="right") - 1, 0, len(edges) - 2)
            self.counts = np.bincount(at, minlength=len(edges) - 1)
            self.low, self.high = edges[:-1].copy(), edges[1:].copy()
            self.low[0], self.high[-1] = self.low[0] - half, self.high[-1] + half
            self.low, self.high = np.maximum(self.low, 0.0), self.high
        else:
            self.low, self.high = np.maximum(values - half, 0.0), values + half
        self.cut, self.cuts = np.unique(sample.cut, return_counts=True)

    def cost(self, family: Family, mean: float, cv2: float) -> float:
        """Minus the logarithm of the likelihood."""
        inside = family.survival(self.low, mean, cv2) - family.survival(self.high, mean, cv2)
        beyond = family.survival(self.cut, mean, cv2)
        tiny = 1e-300
        value = self.counts @ np.log(np.maximum(inside, tiny))
        if len(self.cut):
            value = value + self.cuts @ np.log(np.maximum(beyond, tiny))
        return -float(value)


def likeliest(family: Family, cells: Cells, sample: Sample) -> tuple[float, float, float]:
    """Cost, mean and cv2 of a family's likeliest member.

    The mean is time by ends where little is cut.
    """
    from scipy.optimize import minimize, minimize_scalar

    mean = sample.total_us / sample.events
    if family.parameters == 1:
        return cells.cost(family, mean, 1.0), mean, 1.0
    low, high = math.log(family.low), math.log(family.high)
    if sample.little_cut:
        found = minimize_scalar(
            lambda x: cells.cost(family, mean, math.exp(x)), bounds=(low, high), method="bounded"
        )  # fmt: skip
        return float(found.fun), mean, math.exp(float(found.x))
    start = float(sample.whole.var() / max(sample.whole.mean(), 1e-12) ** 2)
    start = min(max(math.log(max(start, 1e-12)), low + 0.1), high - 0.1)
    centre = math.log(mean)

    def cost(x: np.ndarray) -> float:
        log_mean = min(max(x[0], centre - 20.0), centre + 20.0)
        return cells.cost(family, math.exp(log_mean), math.exp(min(max(x[1], low), high)))

    found = minimize(cost, [centre, start], method="Nelder-Mead", options={"xatol": 1e-4})
    log_cv2 = min(max(float(found.x[1]), low), high)
    return float(found.fun), math.exp(float(found.x[0])), math.exp(log_cv2)


def interval(family: Family, cells: Cells, sample: Sample, mean: float) -> tuple[float, float]:
    """95% of the mean: exact if exponential, by spread where little is cut, else by likelihood."""
    if family.parameters == 1:
        return mean_of_exponential(sample.events, sample.total_us)
    if sample.little_cut:
        spread = float(sample.whole.var(ddof=1)) / float(sample.whole.mean()) ** 2
        error = math.sqrt(spread / sample.events)
        return mean * math.exp(-Z * error), mean * math.exp(Z * error)
    return _by_likelihood(family, cells, mean)


def _by_likelihood(family: Family, cells: Cells, mean: float) -> tuple[float, float]:
    """Means whose likelihood, at the best cv2 for each, is within reach of the largest."""
    from scipy.optimize import brentq, minimize_scalar

    bounds = math.log(family.low), math.log(family.high)

    def profile(log_mean: float) -> float:
        found = minimize_scalar(
            lambda x: cells.cost(family, math.exp(log_mean), math.exp(x)),
            bounds=bounds, method="bounded", options={"xatol": 1e-3},
        )  # fmt: skip
        return float(found.fun)

    middle = math.log(mean)
    level = profile(middle) + HALF_CHI2
    ends = []
    for side in (-1.0, 1.0):
        far = 0.05
        while profile(middle + side * far) < level and far < 10.0:
            far *= 2.0
        if far >= 10.0:  # nothing bounds it
            ends.append(0.0 if side < 0 else math.inf)
            continue
        edge = brentq(lambda x: profile(x) - level, middle, middle + side * far, xtol=1e-4)
        ends.append(math.exp(edge))
    return ends[0], ends[1]
