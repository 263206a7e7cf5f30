"""The analytic engine: a Markov chain for the counts, M/G/1 busy periods for the packets."""

from __future__ import annotations

from .engine import ENGINE, evaluate

__all__ = ["ENGINE", "evaluate"]
