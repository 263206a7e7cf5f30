"""Where masked operations take the phase: a matrix for each length."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .phases import Phases, exponential, stretched

__all__ = ["Operations", "operations_of"]


class Operations:
    """(2, 2) matrices of operations, each interrupt in them weighed by the number `weight`.

    With weight 1 they are probabilities, with 0 those of operations in which none comes.

    Parameters
    ----------
    other_rate, other_cost:
        Of interrupts without crypto, per second and in seconds.
    """

    def __init__(
        self, phases: Phases, other_rate: float, other_cost: float, weight: float = 1.0
    ) -> None:
        self._any = phases.generator - (1.0 - weight) * np.diag(phases.rates)
        self._stopped = stretched(self._any, other_rate, other_cost)
        self._cost = other_cost
        self._fixed: dict[float, np.ndarray] = {}
        self._period: dict[tuple[float, bytes], np.ndarray] = {}

    def fixed(self, length: float) -> np.ndarray:
        """An operation alone."""
        if length not in self._fixed:
            self._fixed[length] = exponential(self._any, length)
        return self._fixed[length]

    def period(self, length: float, law: np.ndarray) -> np.ndarray:
        """One with the interrupts without crypto behind it, of which `law` wait already."""
        key = length, law.tobytes()
        if key not in self._period:
            self._period[key] = self._lasting(length, law)
        return self._period[key]

    def _lasting(self, length: float, law: np.ndarray) -> np.ndarray:
        out = exponential(self._stopped, length)
        if len(law) == 1:
            return out
        stop, power, total = exponential(self._stopped, self._cost), np.eye(2), 0.0
        for weight in law:
            total = total + weight * power
            power = power @ stop
        return out @ total


@lru_cache(maxsize=64)
def operations_of(
    phases: Phases, other_rate: float, other_cost: float, weight: float = 1.0
) -> Operations:
    """Those of a scenario once for all its policies, which share most lengths."""
    return Operations(phases, other_rate, other_cost, weight)
