"""The Kaplan-Meier estimate: a distribution from durations some of which were cut."""

from __future__ import annotations

import numpy as np

from .sample import Sample

__all__ = ["kaplan_meier", "quantiles"]


def kaplan_meier(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Times at which a duration ended, and the share that lasts longer.

    E. L. Kaplan and P. Meier, Nonparametric estimation from incomplete observations, Journal of
    the American Statistical Association 53 (1958) 457-481. Durations whose beginning was not seen
    have no part in it.

    >>> from .sample import COMPLETE, CUT
    >>> s = Sample(np.array([1.0, 2.0, 3.0]), np.array([COMPLETE, CUT, COMPLETE]))
    >>> [column.tolist() for column in kaplan_meier(s)]
    [[1.0, 3.0], [0.6666666666666667, 0.0]]
    """
    times, ends = np.unique(sample.whole, return_counts=True)
    everything = np.sort(np.concatenate([sample.whole, sample.cut]))
    at_risk = len(everything) - np.searchsorted(everything, times, side="left")
    return times, np.cumprod(1.0 - ends / np.maximum(at_risk, 1))


def quantiles(sample: Sample, p: np.ndarray) -> np.ndarray:
    """Kaplan-Meier quantiles; nan beyond what was seen."""
    times, last = kaplan_meier(sample)
    at = np.searchsorted(-last, -(1.0 - np.asarray(p)), side="left")
    padded = np.append(times, np.nan)
    return padded[np.minimum(at, len(times))]
