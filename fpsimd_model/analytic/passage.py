"""How long until vcpu_put: mean first-passage times of the chain, in wall time.

What holds softirqs back, or ignores a wish to preempt, does so until vcpu_put; the mean is the
solution of the chain's adjoint equations (Kemeny and Snell, Finite Markov Chains, 1960, chapter 3).
"""

from __future__ import annotations

import numpy as np

from .chain import Flows
from .rows import NEON, SCALAR

__all__ = ["time_to_put"]


def time_to_put(flows: Flows, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean wall time to the end of vcpu_put from each state of a residency.

    Parameters
    ----------
    flows:
        The solved chain.
    inside:
        (n,) bool: states that only vcpu_put leaves.

    Returns
    -------
    tuple of arrays
        (B, n) seconds from thread time in a state, and from an interrupt that is taken there;
        0 outside.
    """
    rows, table = flows.rows, flows.table
    n, size, batch = len(inside), flows.matrix.shape[1], len(flows.matrix)
    starts = np.isin(table.softirq[rows.state, rows.event], (NEON, SCALAR))
    released = starts & (table.softirq[rows.state, rows.event] > 0) & ~_at_interrupt(flows)
    masked = flows.before[:, rows.state, rows.event] * (~starts | released)
    reward = np.zeros((batch, size))
    reward[:, :n] = 1.0
    for b in range(batch):
        reward[b] += np.bincount(rows.source, flows.coef[b] * masked[b], minlength=size)
        lasting = flows.period_coef[b] * flows.periods.duration[b]
        reward[b] += np.bincount(flows.period_source, lasting, minlength=size)
    keep = np.flatnonzero(np.tile(inside, size // n))
    block = flows.matrix[:, keep[:, None], keep[None, :]]
    value = np.linalg.solve(block.transpose(0, 2, 1), -reward[:, keep, None])[:, :, 0]
    full = np.zeros((batch, size))
    full[:, keep] = value
    return full[:, :n], full[:, :n] + full[:, n : 2 * n]


def _at_interrupt(flows: Flows) -> np.ndarray:
    from ..automaton import EVENT_NAMES

    return flows.rows.event == EVENT_NAMES.index("interrupt")
