"""Masked operations of a residency: where they take the phase, counting interrupts or timing it.

Matrices (K, ...) are at K points: with interrupts counted by factors 1 - missed, or with time in
transforms at s.  The names of the matrices are those of :mod:`.residency`.
"""

from __future__ import annotations

import numpy as np

from ...parameters import Parameters
from ..mmpp.phases import Phases, exponential, stretched
from .within import Spectrum, Within
from .within import stretched as stretched_value

__all__ = ["Operations"]


class Operations:
    """Those of C lengths `costs`, by m phases: 1 for Poisson arrivals.

    Attributes
    ----------
    rates, change:
        (m,) interrupts per second, (m, m) generator of the phases.
    nothing:
        (C, m, m) operations in which nothing at all comes.
    """

    def __init__(self, p: Parameters, phases: Phases | None, costs: np.ndarray) -> None:
        if phases is None:
            self.rates = np.array([float(p.interrupt_rate[0])])
            self.change = np.zeros((1, 1))
        else:
            self.rates, self.change = phases.rates, phases.generator
        self.m = len(self.rates)
        self.nu, self.cost, self._costs = float(p.other_rate[0]), float(p.other_cost[0]), costs
        nothing = exponential(self.change - np.diag(self.rates), costs)
        self.nothing = nothing * np.exp(-self.nu * costs)[:, None, None]

    def before(self, missed: np.ndarray) -> np.ndarray:
        """(K, m, m) change of the phases with interrupts counted by 1 - `missed` a second: A."""
        return self.change - missed[:, None, None] * np.diag(self.rates)

    def behind(self, s: np.ndarray) -> np.ndarray:
        """(K, m, m) the same with time in a transform: B."""
        return self.change - s[:, None, None] * np.eye(self.m)

    def stretch(self, a: np.ndarray) -> np.ndarray:
        """U of A."""
        return stretched(a, self.nu, self.cost)

    def over(self, matrix: np.ndarray) -> np.ndarray:
        """(K, C, m, m) exp(matrix w) for the lengths w of all operations."""
        return exponential(matrix[:, None], self._costs)

    def counts(self, missed: np.ndarray) -> Spectrum:
        """That of A."""
        return Spectrum(self.change, missed[:, None] * self.rates)

    def times(self, s: np.ndarray) -> Spectrum:
        """That of B."""
        return Spectrum(self.change, s[:, None] * np.ones(self.m))

    def gone(self, spectrum: Spectrum) -> np.ndarray:
        """(K, C, m) what :meth:`over` of its stretched matrix leaves out: 1 less sums of rows."""
        u = stretched_value(spectrum.values, self.nu, self.cost)
        return spectrum.gone(u[:, None] * self._costs[:, None])

    def within(self, counts: Spectrum, times: Spectrum) -> Within:
        """Interrupts that come in operations."""
        return Within(counts, times, self.rates, self.nu, self.cost)

    def lengths(self, op: np.ndarray) -> np.ndarray:
        """Seconds of operations."""
        return self._costs[op]

    def late(self, theta: np.ndarray, op: np.ndarray) -> np.ndarray:
        """(K, S, 1) of the interrupts without crypto that come in operations, each by a factor."""
        return np.exp(self.nu * np.outer(theta - 1.0, self._costs[op]))[..., None]

    def timed(self, s: np.ndarray) -> np.ndarray:
        """(K, C, m, m) operations in which nothing comes, with their time."""
        return self.nothing * np.exp(-np.outer(s, self._costs))[..., None, None]

    def stopped(self, s: np.ndarray) -> np.ndarray:
        """(K,) transform of the time that one interrupt without crypto takes, others included."""
        return np.exp(stretched(-s[:, None, None], self.nu, self.cost)[:, 0, 0] * self.cost)

    def stopped_in(self, u: np.ndarray, op: np.ndarray) -> np.ndarray:
        """What the interrupts without crypto that come in an operation add behind it."""
        stops = self.nu * (exponential(u, self.cost) - np.eye(self.m))
        return exponential(stops[:, None], self._costs[op])
