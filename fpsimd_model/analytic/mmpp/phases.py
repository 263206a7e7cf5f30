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

__all__ = ["Phases", "exponential", "falling"]


def exponential(matrix: np.ndarray, time: np.ndarray | float) -> np.ndarray:
    """exp(matrix time) of 2 x 2 matrices (..., 2, 2), by their eigenvalues."""
    a, b = matrix[..., 0, 0], matrix[..., 1, 1]
    middle, half = 0.5 * (a + b), 0.5 * (a - b)
    root = np.sqrt(half * half + matrix[..., 0, 1] * matrix[..., 1, 0])
    up, down = np.exp((middle + root) * time), np.exp((middle - root) * time)
    even, odd = 0.5 * (up + down), 0.5 * (up - down) / root
    rest = matrix - middle[..., None, None] * np.eye(2)
    return even[..., None, None] * np.eye(2) + odd[..., None, None] * rest


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

    def any(self, time: np.ndarray | float) -> np.ndarray:
        """(..., 2, 2) phase after a time, whatever comes."""
        return exponential(self.generator, np.asarray(time))


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
