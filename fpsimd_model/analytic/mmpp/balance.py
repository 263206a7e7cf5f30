"""The balance of all unknowns: linear equations, two for each, by phase.

Unknowns are n states in thread time, and n with packets that wait behind an operation that ended
there; behind them, where softirqs are held back, the same of the second pass (:mod:`.chain`).
"""

from __future__ import annotations

import numpy as np

from ..stationary import without_subtraction

__all__ = ["Balance"]


class Balance:
    """Flows between the unknowns of n states, added one by one.

    Attributes
    ----------
    matrix:
        What flows in less what flows out; 0 = matrix @ x.
    reward:
        (4 n,) wall seconds that one unit of each unknown of the first pass takes.
    """

    def __init__(self, n: int, inside: np.ndarray) -> None:
        self.n, self.inside = n, inside
        size = (8 if inside.any() else 4) * n
        self.matrix = np.zeros((size, size))
        self.reward = np.zeros(4 * n)
        self.reward[: 2 * n] = 1.0

    def add(self, to: int, driver: int, weight: np.ndarray) -> None:
        """Flow `weight` (phase of the driver, phase there) into unknown `to`."""
        part = np.s_[2 * to : 2 * to + 2, 2 * driver : 2 * driver + 2]
        self.matrix[part] += weight.T

    def leave(self, driver: int, rate: np.ndarray | float) -> None:
        """Flow out of an unknown, (2,) by phase or in both."""
        ends = np.arange(2 * driver, 2 * driver + 2)
        self.matrix[ends, ends] -= rate

    def take(self, driver: int, seconds: np.ndarray) -> None:
        """Wall time (2,), by phase of the driver."""
        self.reward[2 * driver : 2 * driver + 2] += seconds

    def solve(self, generator: np.ndarray) -> np.ndarray:
        """(unknowns, 2) once all is added: thread time adds up to 1, its phases change by
        `generator`.
        """
        n, inside = self.n, self.inside
        for s in range(n):
            for at in (s, 2 * n + s) if inside[s] else (s,):
                self.add(at, at, generator)
        thread = np.zeros(len(self.matrix) // 2, dtype=bool)
        thread[:n] = True
        if inside.any():
            thread[2 * n : 3 * n] = inside
        for at in np.flatnonzero(~thread):
            self.leave(at, 1.0)
        return self._stationary().reshape(-1, 2)

    def _stationary(self) -> np.ndarray:
        """What solves the balance, by elimination without subtraction.

        An interrupt of the second pass weighs exp(-u B), the probability that nothing marks its
        work.  So the second pass is of what is not marked so far, and the first one less that, the
        marked rest, is the other half of a chain: with these two as unknowns nothing is negative.
        """
        flow, k = self.matrix.copy(), 4 * self.n
        held = np.flatnonzero(np.repeat(np.tile(self.inside, 2), 2))
        if held.size:
            flow[:, k + held] += flow[:, held]  # the first pass is both
            flow[held] -= flow[k + held]
        np.fill_diagonal(flow, 0.0)
        np.maximum(flow, 0.0, out=flow)
        some = np.flatnonzero(flow.any(axis=0))  # of what is only counted nothing leads on
        x = np.zeros(len(flow))
        x[some] = without_subtraction(flow[None, some[:, None], some])[0]
        counted = np.setdiff1d(np.flatnonzero(flow.any(axis=1)), some)
        x[counted] = flow[counted] @ x
        x[held] += x[k + held]
        return x / x[: 2 * self.n].sum()
