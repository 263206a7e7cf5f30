"""How long until vcpu_put under MMPP arrivals; see :mod:`..passage`."""

from __future__ import annotations

import numpy as np

from .flows import BurstFlows

__all__ = ["time_to_put"]


def time_to_put(flows: BurstFlows, inside: np.ndarray) -> np.ndarray:
    """(1, n) mean seconds from thread time in each state, its phases weighted as they come."""
    n, size = len(inside), len(flows.reward)
    keep = np.flatnonzero(np.repeat(np.tile(inside, size // (2 * n)), 2))
    block = flows.matrix[np.ix_(keep, keep)]
    value = np.zeros(size)
    value[keep] = np.linalg.solve(block.T, -flows.reward[keep])
    value = value[: 2 * n].reshape(n, 2)
    share = flows.joint.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(share > 0.0, (flows.joint * value).sum(axis=1) / share, 0.0)[None]
