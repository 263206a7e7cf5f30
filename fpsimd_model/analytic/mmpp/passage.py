"""How long until vcpu_put under MMPP arrivals; see :mod:`..passage`."""

from __future__ import annotations

import numpy as np

from ..absorption import values
from .flows import BurstFlows

__all__ = ["time_to_put"]


def time_to_put(flows: BurstFlows, inside: np.ndarray) -> np.ndarray:
    """(1, n) mean seconds from thread time in each state, its phases weighted as they come."""
    n, size = len(inside), len(flows.reward)
    keep = np.flatnonzero(np.repeat(np.tile(inside, size // (2 * n)), 2))
    flow = np.maximum(flows.matrix, 0.0)
    np.fill_diagonal(flow, 0.0)
    leads = flow.any(axis=0)  # what is only counted is told with what it is counted behind
    keep = keep[leads[keep]]
    within = np.zeros(size, dtype=bool)
    within[keep] = True
    leave = flow[leads & ~within][:, keep].sum(axis=0)
    value = np.zeros(size)
    value[keep] = values(
        flow[None, keep[:, None], keep], leave[None], flows.reward[None, keep, None]
    )[0, :, 0]
    value = value[: 2 * n].reshape(n, 2)
    share = flows.joint.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(share > 0.0, (flows.joint * value).sum(axis=1) / share, 0.0)[None]
