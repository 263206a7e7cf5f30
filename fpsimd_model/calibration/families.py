"""The shapes of a scenario's durations as distributions, by mean and squared variation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True)
class Family:
    """A shape: its survival function of (t, mean, cv2), and the range of cv2 it takes."""

    name: str
    survival: Callable[[np.ndarray, float, float], np.ndarray]
    parameters: int
    low: float = 1e-4
    high: float = 1e4

    def quantile(self, p: np.ndarray, mean: float, cv2: float) -> np.ndarray:
        """Times that are exceeded with probability 1 - p, by bisection of the logarithm."""
        p = np.asarray(p, dtype=float)
        low = np.full(p.shape, math.log(mean) - 600.0)
        high = np.full(p.shape, math.log(mean) + 30.0)
        for _ in range(90):
            middle = (low + high) / 2.0
            below = 1.0 - self.survival(np.exp(middle), mean, cv2) < p
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.exp(high)


def _exponential(t: np.ndarray, mean: float, cv2: float) -> np.ndarray:
    return np.exp(-t / mean)


def _gamma(t: np.ndarray, mean: float, cv2: float) -> np.ndarray:
    from scipy.special import gammaincc

    return gammaincc(1.0 / cv2, t / (mean * cv2))


def _lognormal(t: np.ndarray, mean: float, cv2: float) -> np.ndarray:
    from scipy.special import ndtr

    variance = math.log1p(cv2)
    with np.errstate(divide="ignore"):
        return ndtr((math.log(mean) - variance / 2.0 - np.log(t)) / math.sqrt(variance))


def _hyperexponential(t: np.ndarray, mean: float, cv2: float) -> np.ndarray:
    """Two branches of balanced means, as the Monte Carlo engine draws them."""
    chance = (1.0 + math.sqrt((cv2 - 1.0) / (cv2 + 1.0))) / 2.0
    first, second = mean / (2.0 * chance), mean / (2.0 * (1.0 - chance))
    return chance * np.exp(-t / first) + (1.0 - chance) * np.exp(-t / second)


FAMILIES: dict[str, Family] = {
    f.name: f
    for f in (
        Family("exponential", _exponential, 1),
        Family("gamma", _gamma, 2),
        Family("lognormal", _lognormal, 2),
        Family("hyperexponential", _hyperexponential, 2, low=1.0001),
    )
}
