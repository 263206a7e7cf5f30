"""How far a phase-type fit is from its duration: moments and distribution functions."""

from __future__ import annotations

import numpy as np

from ..durations import Duration

__all__ = ["distance", "third_moment"]

_GRID = np.concatenate([np.geomspace(1e-6, 1e-2, 100), np.geomspace(1e-2, 100.0, 1500)])


def third_moment(duration: Duration) -> float:
    """E[X³] in units of the mean.

    >>> third_moment(Duration(5.0)), third_moment(Duration(5.0, "deterministic"))
    (6.0, 1.0)
    """
    c, shape = duration.scv, duration.shape
    if shape == "empirical":
        return float((_samples(duration) ** 3).mean())
    if shape == "lognormal":
        return (1.0 + c) ** 3
    if shape == "hyperexponential":  # balanced means: each of the two has half of the mean
        likely = _balanced(c)
        return 0.75 * (likely**-2 + (1.0 - likely) ** -2)
    return (1.0 + c) * (1.0 + 2.0 * c)  # gamma, with exponential and deterministic as its limits


def distance(duration: Duration, onward: list[float], done: list[float]) -> float:
    """Kolmogorov's distance of the two distribution functions, both with mean 1.

    >>> distance(Duration(5.0), [0.0], [1.0])
    0.0
    """
    if duration.shape == "exponential":
        return 0.0
    if duration.shape in ("deterministic", "empirical"):
        at, count = np.unique(_samples(duration), return_counts=True)
        upto = count.cumsum() / count.sum()
        fitted = _phases(at, onward, done)
        below = np.append(0.0, upto[:-1])
        return float(max(abs(fitted - upto).max(), abs(fitted - below).max()))
    return float(abs(_law(duration) - _phases(_GRID, onward, done)).max())


def _samples(duration: Duration) -> np.ndarray:
    if duration.samples is None:
        return np.ones(1)
    return np.array(duration.samples) / duration.mean_us


def _balanced(cv2: float) -> float:
    return 0.5 * (1.0 + np.sqrt((cv2 - 1.0) / (cv2 + 1.0)))


def _law(duration: Duration) -> np.ndarray:
    from scipy.special import gammainc, ndtr

    c, t = duration.scv, _GRID
    if duration.shape == "gamma":
        return gammainc(1.0 / c, t / c)
    if duration.shape == "lognormal":
        spread = np.log1p(c)
        return ndtr((np.log(t) + 0.5 * spread) / np.sqrt(spread))
    likely = _balanced(c)
    return (
        1.0
        - likely * np.exp(-2.0 * likely * t)
        - (1.0 - likely) * np.exp(-2.0 * (1.0 - likely) * t)
    )


def _phases(t: np.ndarray, onward: list[float], done: list[float]) -> np.ndarray:
    """Distribution function of a Coxian: equal rates, or two phases, or one."""
    from scipy.special import gammainc

    k, rate = len(done), onward[0] + done[0]
    if k == 1:
        return -np.expm1(-rate * t)
    less = done[k - 2] / (onward[k - 2] + done[k - 2])
    if abs(rate - done[-1]) < 1e-12 * rate:
        return less * gammainc(k - 1, rate * t) + (1.0 - less) * gammainc(k, rate * t)
    more = onward[0] / (rate - done[1])  # of the slow one in the mixture
    return -(1.0 - more) * np.expm1(-rate * t) - more * np.expm1(-done[1] * t)
