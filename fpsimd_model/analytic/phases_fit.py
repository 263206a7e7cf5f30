"""Phase-type fits: a duration as a series of exponential phases, each of which may be the last.

Below cv² = 1 two adjacent Erlang orders are mixed, which matches two moments (H. C. Tijms,
Stochastic Models, 1994, section 1.5 and appendix B); above it two exponentials are, which matches
three where there are such (W. Whitt, Approximating a point process by a renewal process,
Operations Research 30 (1982) 125-147).  Both are written in Coxian form: a draw starts in the
first phase, so that it needs no choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..durations import Duration

__all__ = ["ORDER", "FitError", "PhaseType", "fit"]

ORDER = 64
_EQUAL = 1e-9  # below it a moment or a distance counts as exact
_SHORT = 1e-3  # least product of the means of two exponentials: no phase without length


@dataclass(frozen=True)
class FitError:
    """What a fit misses: cv² of the fit less the wanted one, the third moment's relative error,
    and the largest distance of the distribution functions (Kolmogorov's)."""

    cv2: float
    third: float
    distance: float


@dataclass(frozen=True, eq=False)
class PhaseType:
    """Time to absorption of a Markov chain; see :func:`fpsimd_model.durations.phase_type`.

    Attributes
    ----------
    alpha, T:
        (k,) law of the first phase; (k, k) rates per microsecond between phases.
    matched_moments:
        How many of the first three moments agree.
    error:
        By how much the rest does not.
    """

    alpha: np.ndarray
    T: np.ndarray
    matched_moments: int
    error: FitError

    def __len__(self) -> int:
        return len(self.alpha)

    @property
    def done(self) -> np.ndarray:
        """(k,) rate per microsecond at which each phase is the last."""
        left = -self.T.sum(axis=1)
        return np.where(left > 1e-14 * -np.diagonal(self.T), left, 0.0)

    @property
    def onward(self) -> np.ndarray:
        """(k,) rate per microsecond at which each phase is followed by the next; 0 at the end."""
        return np.append(np.diagonal(self.T, 1), 0.0)

    @property
    def exact(self) -> bool:
        """The duration is of phase type itself."""
        return self.error.distance < _EQUAL

    @property
    def mean_us(self) -> float:
        return self.moment(1)

    @property
    def cv2(self) -> float:
        return self.moment(2) / self.moment(1) ** 2 - 1.0

    def moment(self, order: int) -> float:
        """E[X^order] in microseconds to that power: order! alpha (-T)^-order 1.

        >>> from fpsimd_model.durations import Duration
        >>> fit(Duration(2.0)).moment(2)
        8.0
        """
        value = np.ones(len(self))
        for k in range(1, order + 1):
            value = k * np.linalg.solve(-self.T, value)
        return float(self.alpha @ value)


@lru_cache(maxsize=256)
def fit(duration: Duration, order: int = ORDER) -> PhaseType:
    """See :func:`fpsimd_model.durations.phase_type`."""
    from .phases_distance import distance, third_moment

    cv2, third = duration.scv, third_moment(duration)  # of the duration in units of its mean
    if abs(cv2 - 1.0) < _EQUAL and (duration.shape in ("exponential", "gamma") or cv2 <= 1.0):
        onward, done = [0.0], [1.0]
    elif cv2 < 1.0:
        onward, done = _erlangs(max(cv2, 1.0 / order))
    else:
        onward, done = _two(cv2, third)
    rate = np.array(onward) + np.array(done)
    matrix = (np.diag(onward[:-1], 1) - np.diag(rate)) / duration.mean_us
    alpha = np.eye(1, len(rate))[0]
    one = PhaseType(alpha, matrix * duration.mean_us, 0, FitError(0.0, 0.0, 0.0))
    off2, off3 = one.cv2 - cv2, one.moment(3) / third - 1.0
    matched = 1 + (abs(off2) < _EQUAL) + (abs(off2) < _EQUAL and abs(off3) < _EQUAL)
    far = distance(duration, onward, done)
    return PhaseType(alpha, matrix, matched, FitError(*(float(x) for x in (off2, off3, far))))


def _erlangs(cv2: float) -> tuple[list[float], list[float]]:
    """Onward and final rates: Erlang of order k, or with some probability k - 1; mean 1."""
    k = max(2, math.ceil(1.0 / cv2 - 1e-9))
    root = math.sqrt(max(0.0, k * (1.0 + cv2) - k * k * cv2))
    less = min(1.0, max(0.0, (k * cv2 - root) / (1.0 + cv2)))
    if abs(k * cv2 - 1.0) < _EQUAL:
        less = 0.0
    rate = k - less
    onward, done = [rate] * (k - 1) + [0.0], [0.0] * (k - 1) + [rate]
    onward[k - 2], done[k - 2] = (1.0 - less) * rate, less * rate
    return onward, done


def _two(cv2: float, third: float) -> tuple[list[float], list[float]]:
    """Onward and final rates of a mixture of two exponentials with mean 1."""
    a = 0.5 * (1.0 + cv2)
    product = max((third / 6.0 - a * a) / (a - 1.0), _SHORT)  # of the two means
    total = a + product
    root = math.sqrt(max(0.0, 0.25 * total * total - product))
    long = 0.5 * total + root
    short = product / long
    seldom = (1.0 - short) / (long - short)
    return [seldom * (1.0 / short - 1.0 / long), 0.0], [
        (1.0 - seldom) / short + seldom / long,
        1.0 / long,
    ]
