"""95% intervals for counts, shares and means."""

from __future__ import annotations

import math

__all__ = ["HALF_CHI2", "LEVEL", "Z", "mean_of_exponential", "poisson", "share"]

LEVEL = 0.95
Z = 1.959963984540054  #: quantile of the normal distribution at (1 + LEVEL) / 2
HALF_CHI2 = 1.9207294103470494  #: half of the 95% quantile of chi-squared, 1 degree of freedom
_TAIL = (1.0 - LEVEL) / 2.0


def poisson(count: float) -> tuple[float, float]:
    """The mean of a Poisson number of which `count` was seen.

    F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936) 437-442.

    >>> low, high = poisson(10)
    >>> round(low, 2), round(high, 2)
    (4.8, 18.39)
    """
    from scipy.special import gammaincinv

    low = float(gammaincinv(count, _TAIL)) if count > 0 else 0.0
    return low, float(gammaincinv(count + 1, 1.0 - _TAIL))


def mean_of_exponential(events: int, total: float) -> tuple[float, float]:
    """Mean of exponential times of which `events` ended within `total`, all cut time included.

    >>> mean_of_exponential(0, 3.0)[1]
    inf
    """
    low, high = poisson(events)
    return total / high, total / low if low > 0 else math.inf


def share(hits: float, number: float) -> tuple[float, float]:
    """A share of which `hits` in `number` were seen: Jeffreys' interval, closed at 0 and 1.

    L. D. Brown, T. T. Cai, A. DasGupta, Interval estimation for a binomial proportion,
    Statistical Science 16 (2001) 101-133.

    >>> low, high = share(0, 10)
    >>> low, round(high, 3)
    (0.0, 0.217)
    """
    from scipy.special import betaincinv

    if number <= 0:
        return 0.0, 1.0
    a, b = hits + 0.5, number - hits + 0.5
    low = float(betaincinv(a, b, _TAIL)) if hits > 0 else 0.0
    high = float(betaincinv(a, b, 1.0 - _TAIL)) if hits < number else 1.0
    return low, high
