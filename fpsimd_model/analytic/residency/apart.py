"""Equations of chains that are hardly ever left, at many points at once.

As in :mod:`..absorption`, rates out of the chain are carried along, but only to a few states: one
of each part of the chain that is seldom left.  Next to these the others are left soon, and LU
factorisation keeps their digits; what then leads from one of the few to another, and out, is
eliminated without subtraction.
"""

from __future__ import annotations

import numpy as np

from ..absorption import SURE, times_from, values
from ..blocks import solved

__all__ = ["Apart", "apart"]

_SELDOM = 1e-6  # of moves: those to another part


class Apart:
    """The states `few` that are eliminated last, and the `rest`; n states in all.

    There are none, and it is not `seldom` left, where LU keeps the digits anyway: `leave` is then
    all that leaves each state, for itself too.
    """

    def __init__(self, few: np.ndarray, n: int) -> None:
        self._few, self._rest = few, np.delete(np.arange(n), few)
        self.seldom = len(few) > 0

    def times_from(self, flow: np.ndarray, leave: np.ndarray, begin: np.ndarray) -> np.ndarray:
        """(K, n) mean time in each state; arguments as in :mod:`..absorption`, `begin` (K, n)."""
        if not self.seldom:
            return _plain(flow, leave, begin, back=False)
        few, rest = self._few, self._rest
        into, back = flow[:, rest[:, None], few], flow[:, few[:, None], rest]
        right = np.concatenate([begin[:, rest, None], into], axis=2)
        found = solved(_drained(flow, leave, rest), right)
        more = back @ found
        between = flow[:, few[:, None], few] + more[:, :, 1:]
        out = leave[:, few] + (leave[:, rest, None] * found[:, :, 1:]).sum(axis=1)
        last = times_from(between, out, begin[:, few, None] + more[:, :, :1])
        x = np.empty_like(begin)
        x[:, few] = last[:, :, 0]
        x[:, rest] = found[:, :, 0] + (found[:, :, 1:] @ last)[:, :, 0]
        return x

    def values(self, flow: np.ndarray, leave: np.ndarray, reward: np.ndarray) -> np.ndarray:
        """(K, n) as :func:`..absorption.values`, of `reward` (K, n)."""
        if not self.seldom:
            return _plain(flow, leave, reward, back=True)
        few, rest = self._few, self._rest
        into, back = flow[:, rest[:, None], few], flow[:, few[:, None], rest]
        right = np.concatenate(
            [reward[:, rest, None], leave[:, rest, None], back.swapaxes(1, 2)], axis=2
        )
        found = solved(_drained(flow, leave, rest).swapaxes(1, 2), right)
        more = into.swapaxes(1, 2) @ found
        between = flow[:, few[:, None], few] + more[:, :, 2:].swapaxes(1, 2)
        last = values(between, leave[:, few] + more[:, :, 1], reward[:, few, None] + more[:, :, :1])
        x = np.empty_like(reward)
        x[:, few] = last[:, :, 0]
        x[:, rest] = found[:, :, 0] + (found[:, :, 2:] @ last)[:, :, 0]
        return x


def apart(flow: np.ndarray, leave: np.ndarray, begin: np.ndarray) -> tuple[Apart, np.ndarray]:
    """By rates (1, n, n) and (1, n), and how it begins (1, n); and the time (n,) in each state."""
    n = leave.shape[1]
    plain = Apart(np.zeros(0, dtype=np.intp), n)
    out = (flow.sum(axis=1) - flow.diagonal(axis1=1, axis2=2) + leave)[0]
    try:
        passed = _plain(flow.copy(), flow.sum(axis=1) + leave, begin, back=False)[0]
        if 0.0 <= (passed * out).sum() < SURE:
            return plain, passed
    except np.linalg.LinAlgError:
        pass
    passed = times_from(flow, leave, begin[:, :, None])[0, :, 0]
    flow = flow[0]
    reach = (flow > _SELDOM * out).astype(np.float32) + np.eye(n, dtype=np.float32)
    for _ in range(max(1, int(np.ceil(np.log2(n))))):
        reach = np.minimum(reach @ reach, 1.0)  # [to, from]
    closed = (reach <= reach.T).all(axis=0)  # all that it leads to leads back
    visits = np.where(reach[:, closed] > 0.0, (passed * out)[:, None], -1.0)
    return Apart(np.unique(visits.argmax(axis=0)), n), passed


def _drained(flow: np.ndarray, leave: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(K, r, r) equations of the rest, their diagonals sums of what leaves each for another."""
    size = np.arange(flow.shape[1])
    flow[:, size, size] = 0.0
    out = flow.sum(axis=1) + leave
    matrix = -flow[:, rest[:, None], rest]
    size = size[: len(rest)]
    matrix[:, size, size] += out[:, rest]
    return matrix


def _plain(flow: np.ndarray, out: np.ndarray, right: np.ndarray, *, back: bool) -> np.ndarray:
    """(K, n) of all states, where `out` leaves each for itself as well; `flow` is overwritten."""
    size = np.arange(flow.shape[1])
    flow[:, size, size] -= out
    return solved(flow.swapaxes(1, 2) if back else flow, -right[:, :, None])[:, :, 0]
