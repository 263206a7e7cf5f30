"""Means of what a residency holds back, from Cauchy's integrals around 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .residency import Residency

__all__ = ["Moments", "moments_of"]

_CIRCLE = 16


@dataclass(frozen=True, eq=False)
class Moments:
    """Of one residency and its put.

    Attributes
    ----------
    interrupts:
        Mean number N that are held.
    rest, wait:
        Mean of the sum over them of the time to the put's end, and until it is their softirqs'
        turn: behind interrupts without crypto that came during the put; seconds.
    pairs:
        E[N (N - 1) / 2].
    some, first, second:
        (m,) P(N > 0), E[V] and E[V²] of the work V that stands then, by phase.
    """

    interrupts: float
    rest: float
    wait: float
    pairs: float
    some: np.ndarray
    first: np.ndarray
    second: np.ndarray


def moments_of(
    residency: Residency, missed: Callable[[np.ndarray], np.ndarray], mean: float
) -> Moments:
    """Those of one residency; 1 - `missed` is the transform of one interrupt's work, of `mean`."""
    operations = residency.operations
    circle = np.exp(2j * np.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
    one, none = np.ones(_CIRCLE, dtype=complex), np.zeros(_CIRCLE)
    longest = residency.solutions.longest()
    s = 0.05 / longest * circle
    z = 0.05 / (1.0 + operations.rates.max() * longest) * circle
    q = z / (mean + operations.cost)
    found, held = residency.waits(
        np.concatenate([s, s, none, none]),
        np.concatenate([none, none, -z, missed(q)]),
        np.concatenate([one, operations.stopped(s), one, np.exp(-q * operations.cost)]),
    )
    rests, waits, counts, _ = found.reshape(4, -1)
    held = held[3 * _CIRCLE :]
    return Moments(
        float(counts.mean().real),
        -float((rests / s).mean().real),
        -float((waits / s).mean().real),
        float((counts / z).mean().real),
        held.mean(axis=0).real,
        -(held / q[:, None]).mean(axis=0).real,
        2.0 * (held / q[:, None] ** 2).mean(axis=0).real,
    )
