"""The analytic engine: a Markov chain for the counts, M/G/1 busy periods for the packets."""

from __future__ import annotations

from .engine import ENGINE, evaluate
from .latency import sojourn_survival

__all__ = ["ENGINE", "evaluate", "sojourn_survival"]
