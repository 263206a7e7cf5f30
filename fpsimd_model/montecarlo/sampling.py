"""Durations as rows of numbers that the compiled loop draws from."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..durations import Duration
from .records import SHAPES

__all__ = ["sample", "shape_rows"]


def shape_rows(durations: Iterable[Duration]) -> tuple[np.ndarray, np.ndarray]:
    """Rows (code, a, b, c) in seconds, and the samples of those that are empirical.

    ================  =======================  ===================  =============
    shape             a                        b                    c
    ================  =======================  ===================  =============
    deterministic     mean
    exponential       mean
    gamma             scale                    shape parameter
    lognormal         mean of the logarithm    its deviation
    hyperexponential  mean of one branch       of the other         chance of one
    empirical         place of first sample    number of samples
    ================  =======================  ===================  =============

    The branches of a hyperexponential contribute half of the mean each (balanced means: W. Whitt,
    Approximating a point process by a renewal process, Operations Research 30 (1982) 125-147).

    >>> rows, samples = shape_rows([Duration(10.0), Duration.empirical([1.0, 3.0])])
    >>> (rows[:, :3] * [1, 1e6, 1]).tolist(), samples.tolist()
    ([[1.0, 10.0, 0.0], [5.0, 0.0, 2.0]], [1e-06, 3e-06])
    """
    rows, samples = [], [np.zeros(0)]
    taken = 0
    for duration in durations:
        shape, rest = duration.shape, _constants(duration)
        if shape == "empirical":
            rest = (taken, len(duration.samples), 0.0)
            samples.append(np.array(duration.samples) * 1e-6)
            taken += len(duration.samples)
        rows.append((SHAPES[shape], *rest))
    return np.array(rows, dtype=float), np.concatenate(samples)


def _constants(duration: Duration) -> tuple[float, float, float]:
    mean, cv2 = duration.mean_s, duration.scv
    if duration.shape == "gamma":
        return mean * cv2, 1.0 / cv2, 0.0
    if duration.shape == "lognormal":
        variance = math.log1p(cv2)
        return math.log(mean) - variance / 2.0, math.sqrt(variance), 0.0
    if duration.shape == "hyperexponential":
        chance = (1.0 + math.sqrt((cv2 - 1.0) / (cv2 + 1.0))) / 2.0
        return mean / (2.0 * chance), mean / (2.0 * (1.0 - chance)), chance
    return mean, 0.0, 0.0


def sample(rng: np.random.Generator, duration: Duration, number: int) -> np.ndarray:
    """(number,) draws in seconds, for what is not worth compiled code.

    >>> sample(np.random.default_rng(1), Duration(3.0, "deterministic"), 2).tolist()
    [3e-06, 3e-06]
    """
    a, b, c = _constants(duration)
    if duration.shape == "deterministic":
        return np.full(number, a)
    if duration.shape == "gamma":
        return a * rng.standard_gamma(b, number)
    if duration.shape == "lognormal":
        return np.exp(a + b * rng.standard_normal(number))
    if duration.shape == "empirical":
        return rng.choice(duration.samples, number) * 1e-6
    mean = np.where(rng.random(number) < c, a, b) if duration.shape == "hyperexponential" else a
    return mean * rng.standard_exponential(number)
