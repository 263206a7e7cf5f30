"""Estimates and 95% intervals from independent replications.

Every metric is a ratio of sums (moves per second of wall time, scalar packets per packet), so the
estimate is the ratio of the sums over all replications, and its error comes from leaving one out
at a time (the jackknife: B. Efron and C. Stein, Annals of Statistics 9 (1981) 586-596).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .histogram import Sojourns

__all__ = ["Estimate", "jackknife", "percentile", "ratio", "student"]

Estimate = tuple[float, tuple[float, float]]  #: value, (low, high) of its 95% interval


def student(replications: int) -> float:
    """Half the width of a 95% interval, in standard errors from so many replications."""
    from scipy.special import stdtrit

    return float(stdtrit(replications - 1, 0.975))


def jackknife(function: Callable[..., np.ndarray], *sums: np.ndarray) -> Estimate | None:
    """Estimate of a smooth function of sums over replications; None where it has no value.

    Parameters
    ----------
    function:
        Of as many arguments as `sums`; works on arrays.
    sums:
        (R,) each replication's part.

    >>> value, (low, high) = jackknife(np.divide, np.array([2.0, 4.0]), np.array([1.0, 1.0]))
    >>> value, round(high - low, 2)
    (3.0, 25.41)
    """
    n = len(sums[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(function(*(np.float64(x.sum()) for x in sums)))
        without = function(*(x.sum() - x for x in sums))
    if not np.isfinite(value):
        return None
    without = without[np.isfinite(without)]
    if len(without) < n:  # a single replication holds all there is
        return value, (-np.inf, np.inf)
    half = student(n) * float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
    return value, (value - half, value + half)


def ratio(top: np.ndarray, bottom: np.ndarray) -> Estimate | None:
    """Estimate of E[top] / E[bottom] from each replication's part of both; None for x / 0."""
    return jackknife(np.divide, top, bottom)


def percentile(sojourns: Sojourns, share: float) -> Estimate | None:
    """The sojourn that `share` of the packets do not exceed, seconds; None without packets.

    The interval is that of the share below the estimate, carried over to times through the
    distribution itself, so that it collapses on an atom (R. S. Woodruff, Journal of the American
    Statistical Association 47 (1952) 635-646); the histogram's own resolution is added.
    """
    if not sojourns.packets:
        return None
    i, u = sojourns.rank(share)
    below = sojourns.counts[:, :i].sum(axis=1) + u * sojourns.counts[:, i]
    _, (low, high) = ratio(below, sojourns.counts.sum(axis=1))
    half = (high - low) / 2.0
    value = sojourns.quantile(share)
    if not np.isfinite(half):
        return value, (0.0, np.inf)
    low = sojourns.quantile(max(share - half, 0.0), -1)
    high = sojourns.quantile(min(share + half, 1.0), 1)
    return value, (low, high)
