"""Which interrupt rates are worth showing for a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .numbers import log_limits

if TYPE_CHECKING:
    from ..scenario import Scenario

__all__ = ["NEAR", "RATE", "rates_in", "span_of"]

RATE = "softirq.interrupts_per_s"
NEAR = (0.7, 0.9, 0.97)  #: shares of a stability limit, where curves bend


def span_of(scenario: Scenario) -> tuple[float, float]:
    """Rates from where nothing happens to where no policy is stable any more.

    >>> from fpsimd_model.scenario import Scenario
    >>> span_of(Scenario())
    (5000.0, 1000000.0)
    """
    batch, at = scenario.softirq.batch_mean, scenario.softirq.rate_per_s
    fast, slow = (1.0 / (batch * s) for s in (scenario.simd_packet_s, scenario.scalar_packet_s))
    low, high = min(slow / 10.0, fast / 100.0, at or fast), max(fast, at)
    return log_limits(low, high, decades=6.0)


def rates_in(low: float, high: float, scenario: Scenario, points: int) -> np.ndarray:
    """So many rates from `low` to `high`, and some where NEON or its fallback gets too slow."""
    batch = scenario.softirq.batch_mean
    ends = [1.0 / (batch * s) for s in (scenario.simd_packet_s, scenario.scalar_packet_s)]
    near = [end * share for end in ends for share in NEAR]
    every = np.concatenate([np.geomspace(low, high, points), near])
    return np.unique(every[(every >= low) & (every <= high)])
