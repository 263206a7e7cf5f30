"""The two phases of an MMPP: how they change in a time without arrivals, or through a busy period.

The phase at the end of a busy period that starts with work x is exp(U x), with

    U = Q - Λ + Λ E[exp(U B)] + ν (exp(U c) - I)

for work B of one interrupt and interrupts without crypto of rate ν and length c.  With two phases
U = u (1 π - I): one unknown, u, and a law π of the phase (M. F. Neuts, Structured Stochastic
Matrices of M/G/1 Type, 1989, chapter 3; H. Takine and T. Hasegawa, The workload in the MAP/G/1
queue, Stochastic Models 10 (1994) 183-204).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["Phases", "exponential", "falling", "product", "stretched"]


def exponential(matrix: np.ndarray, time: np.ndarray | float) -> np.ndarray:
    """exp(matrix time) of numbers (..., 1, 1) or matrices (..., 2, 2), by their eigenvalues.

    `time` (...) broadcasts with what is ahead of the last two axes.
    """
    if matrix.shape[-1] == 1:
        return np.exp(matrix[..., 0, 0] * time)[..., None, None]
    a, b = matrix[..., 0, 0], matrix[..., 1, 1]
    middle, half = 0.5 * (a + b), 0.5 * (a - b)
    root = np.sqrt(half * half + matrix[..., 0, 1] * matrix[..., 1, 0])
    up, down = np.exp((middle + root) * time), np.exp((middle - root) * time)
    little = abs(root * time) < 1e-5
    odd = 0.5 * (up - down) / np.where(little, 1.0, root)
    odd = np.where(little, time * np.exp(middle * time) * (1.0 + (root * time) ** 2 / 6.0), odd)
    even = 0.5 * (up + down)
    rest = matrix - middle[..., None, None] * np.eye(2)
    return even[..., None, None] * np.eye(2) + odd[..., None, None] * rest


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Matrix products of very many very small matrices (..., i, k) and (..., k, j)."""
    out = a[..., :, :1] * b[..., :1, :]
    for k in range(1, a.shape[-1]):
        out = out + a[..., :, k : k + 1] * b[..., k : k + 1, :]
    return out


def stretched(a: np.ndarray, other_rate: float, other_cost: float) -> np.ndarray:
    """(..., m, m) U = A + ν (exp(U c) - I): what A becomes where work is stopped now and then.

    >>> u = stretched(np.array([[-1.0]]), 1.0, 0.5)
    >>> round(float(u[0, 0]), 12)
    -1.536078094027
    """
    u, m = a, a.shape[-1]
    if other_rate * other_cost == 0.0:
        return u
    for _ in range(500):
        last = u
        u = a + other_rate * (exponential(last, other_cost) - np.eye(m))
        if (abs(u - last) <= 1e-15 * (abs(u).max() + other_rate)).all():
            break
    return u


class Phases:
    """Rates (2,) per second in each phase, and how often each is left.

    >>> p = Phases(np.array([5e4, 0.0]), np.array([5000.0, 1250.0]))
    >>> float(p.rate)
    10000.0
    """

    def __init__(self, rates: np.ndarray, leave: np.ndarray) -> None:
        self.rates, self.leave = rates, leave
        self.switch = leave.sum()
        self.law = leave[::-1] / self.switch
        self.rate = float(self.law @ rates)
        self.generator = np.array([[-leave[0], leave[0]], [leave[1], -leave[1]]])
        self.silent = self.generator - np.diag(rates)

    def quiet(self, time: np.ndarray | float) -> np.ndarray:
        """(..., 2, 2) phase after a time in which no interrupt comes."""
        return exponential(self.silent, np.asarray(time))

    def unserved(self, other_rate: float, other_cost: float) -> np.ndarray:
        """(2, 2) U with exp(U w) the phase where none comes in work w or its stops."""
        return stretched(self.silent, other_rate, other_cost)

    def any(self, time: np.ndarray | float) -> np.ndarray:
        """(..., 2, 2) phase after a time, whatever comes."""
        return exponential(self.generator, np.asarray(time))

    def divided(self, row, total, s, missed) -> np.ndarray:
        """`row` / (Q + s - `missed` Λ) Λ 1, its `row` (..., 2) adding up to `total`.

        Written without what cancels between the phases for small s.
        """
        one, other = s - missed * self.rates[0], s - missed * self.rates[1]
        by = self.rates[0] * row[..., 0] * other + self.rates[1] * row[..., 1] * one
        by = by - total * (self.rates @ self.leave[::-1])
        return by / (one * other - one * self.leave[1] - other * self.leave[0])


def falling(
    phases: Phases, work: Callable[[float], float], other_rate: float, other_cost: float
) -> tuple[float, np.ndarray]:
    """u and π of U; `work` is the transform of the work of one interrupt, for real arguments."""
    rates, leave = phases.rates, phases.leave

    def slower(u: float) -> np.ndarray:
        """What is left of u in each phase."""
        return u - rates * (1.0 - work(u)) + other_rate * np.expm1(-u * other_cost)

    def excess(u: float) -> float:
        left = slower(u)
        return np.inf if (left <= 0.0).any() else float((leave / left).sum()) - 1.0

    high = float(leave.sum() + rates.max() + other_rate)
    low = 1e-12 * high
    for _ in range(200):  # bisection on the logarithm, then to the last digit
        u = np.sqrt(low * high)
        if excess(u) > 0.0:
            low = u
        else:
            high = u
        if high - low <= 2e-16 * high:
            break
    left = slower(high)
    law = leave[::-1] / left[::-1]
    return high, law / law.sum()
