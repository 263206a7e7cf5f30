"""Interrupts within masked operations, and operations in which none comes, digit by digit.

A residency may be as long as one likes against its operations, which then differ from the identity
by less than a rounding error.  So the difference is what is worked out: with A = Σ α P and
B = Σ β R by eigenvalues and their projections, and M an operation with E exp(α M) = F(α),

    1 - F(A) 1 = Σ P A 1 (1 - F(α)) / α,
    X = E ∫_0^M exp(A v) Λ exp(B (M - v)) dv = Σ P Λ R (F(α) - F(β)) / (α - β),

where logarithms of F are subtracted before they are taken to the exponential.  For an operation of
length w with the interrupts without crypto that wait behind it log F(α) is U w with

    U(α) = α + ν (exp(U(α) c) - 1).
"""

from __future__ import annotations

import numpy as np

from ..mmpp.phases import product

__all__ = ["Spectrum", "Within"]

_MEET = 1e-4  # eigenvalues that are closer are moved apart: by so little that nothing shows
_NEAR = 1e-3  # of U: their difference is worked out by itself
_RIGHT, _TRIES = 0.5, 200
_FAR = 300.0  # logarithm of what neither overflows nor vanishes
_NONE = 1e-200  # stands for 0 where it divides what is 0 as well


class Spectrum:
    """Eigenvalues (K, m) of (K, m, m) matrices, with their projections.

    The matrices are a generator of m phases less `lost` (K, m) on the diagonal.

    Attributes
    ----------
    values, parts:
        (K, m) and, for each of them, (K, m, m).
    """

    def __init__(self, generator: np.ndarray, lost: np.ndarray) -> None:
        self._lost = lost
        if len(generator) == 1:
            self.values, self.parts = -lost, [np.ones((len(lost), 1, 1))]
            return
        on, back = generator[0, 1], generator[1, 0]
        one, other = on + lost[:, 0], back + lost[:, 1]
        middle, half = -0.5 * (one + other), 0.5 * (other - one)
        root = np.sqrt(half * half + on * back)
        root = np.where((root / (middle + (middle == 0.0))).real > 0.0, -root, root)
        scale = abs(half) + np.sqrt(on * back)
        meet = abs(root) < _MEET * scale
        root = np.where(meet, _MEET * scale + (scale == 0.0), root)
        far = middle - root  # the smaller one is what the determinant says
        near = (on * lost[:, 1] + back * lost[:, 0] + lost[:, 0] * lost[:, 1]) / far
        self.values = np.stack([np.where(meet, middle + root, near), far], axis=1)
        rest = np.empty((len(lost), 2, 2), dtype=root.dtype)
        rest[:, 0, 0], rest[:, 1, 1] = half, -half
        rest[:, 0, 1], rest[:, 1, 0] = on, back
        rest = rest / root[:, None, None]
        self.parts = [0.5 * (np.eye(2) + rest), 0.5 * (np.eye(2) - rest)]

    def gone(self, log: np.ndarray) -> np.ndarray:
        """(K, L, m) 1 - F(A) 1 for L operations, of log F (K, L, m) at the eigenvalues."""
        out = 0.0
        for i, part in enumerate(self.parts):
            lost = product(part, self._lost[:, :, None])[:, None, :, 0]
            value = _some(self.values[:, None, i])
            out = out + lost * (np.expm1(log[:, :, i]) / value)[..., None]
        return out


def stretched(value: np.ndarray, nu: float, cost: float) -> np.ndarray:
    """U(value), to the last digit of small values too; real parts of 0 or below, or nearly.

    >>> float(stretched(np.array([-1.0]), 1.0, 0.5)[0].round(12))
    -1.536078094027
    """
    if nu * cost == 0.0:
        return value
    u = value / (1.0 - nu * cost)
    for _ in range(_TRIES):
        grown = np.expm1(u * cost)
        plain = value + nu * grown
        newton = u - (u - plain) / (1.0 - nu * cost * (1.0 + grown))
        # Further right there are other solutions; the plain iteration goes back from there.
        last, u = u, np.where(newton.real * cost > _RIGHT, plain, newton)
        if (abs(u - last) <= 4e-16 * abs(u)).all():
            break
    return u


def _apart(gap: np.ndarray, one, other, nu: float, cost: float) -> np.ndarray:
    """U(a) - U(b) of a - b = `gap`, with `one` and `other` these, digits kept where it is small."""
    if nu * cost == 0.0:
        return gap
    plain = one - other
    near = abs(plain) < _NEAR * abs(other)
    slope = nu * np.exp(other * cost)
    gap = np.where(near, gap, 0.0)
    over = gap / (1.0 - slope * cost)
    for _ in range(_TRIES if near.any() else 0):
        grown = np.expm1(over * cost)
        step = (over - gap - slope * grown) / (1.0 - slope * cost * (1.0 + grown))
        over = over - step
        if (abs(step) <= 4e-16 * abs(over)).all():
            break
    return np.where(near, over, plain)


class Within:
    """X of operations, A from `count` and B from `time`; see above.

    `rates` are those of interrupts by phase, `nu` and `cost` those of interrupts without crypto.
    """

    def __init__(
        self, count: Spectrum, time: Spectrum, rates: np.ndarray, nu: float, cost: float
    ) -> None:
        self._nu, self._cost = nu, cost
        self._pairs = []
        begins, ends = (stretched(x.values, nu, cost) for x in (count, time))
        for i, first in enumerate(count.parts):
            for j, last in enumerate(time.parts):
                value = time.values[:, j]
                gap = _some(count.values[:, i] - value)
                u = ends[:, j]
                over = _apart(gap, begins[:, i], u, nu, cost)
                weight = product(first * rates, last)
                self._pairs.append((weight, value, gap, u, over))

    def alone(self, length: np.ndarray) -> np.ndarray:
        """(K, L, m, m) operations of `length` (L,)."""
        return sum(
            _arrivals(weight, value, gap, gap, length) for weight, value, gap, _, _ in self._pairs
        )

    def together(self, length: np.ndarray) -> np.ndarray:
        """Those with the interrupts without crypto behind them."""
        return sum(
            _arrivals(weight, u, gap, over, length) for weight, _, gap, u, over in self._pairs
        )

    def behind(self, length: np.ndarray, forced: np.ndarray) -> np.ndarray:
        """Of the interrupts without crypto that came in operations, and of one that they force."""
        out, nu, cost = 0.0, self._nu, self._cost
        for weight, _, gap, u, over in self._pairs:
            passed = np.expm1(u * cost)
            stops = nu * length
            log = passed[:, None] * stops + u[:, None] * forced
            more = _change(u * cost, over * cost)[:, None] * stops
            out = out + _divided(weight, log, more + over[:, None] * forced, gap)
        return out


def _arrivals(weight, log, gap, more, length) -> np.ndarray:
    return _divided(weight, log[:, None] * length, more[:, None] * length, gap)


def _divided(weight, log, more, gap) -> np.ndarray:
    """(K, L, m, m) `weight` (exp(log + more) - exp(log)) / gap, of (K, L) logarithms."""
    return weight[:, None] * (_change(log, more) / gap[:, None])[..., None, None]


def _change(log: np.ndarray, more: np.ndarray) -> np.ndarray:
    """exp(log + more) - exp(log), where both are of numbers that do not overflow."""
    if more.real.max() < _FAR and log.real.min() > -_FAR:
        return np.expm1(more) * np.exp(log)
    up = more.real > 0.0
    sign = np.where(up, -1.0, 1.0)
    return sign * np.expm1(sign * more) * np.exp(log + np.where(up, more, 0.0))


def _some(value: np.ndarray) -> np.ndarray:
    return np.where(value == 0.0, _NONE, value)
