"""The stationary vector of a Markov chain, small and many at once, or large and sparse.

Rates that lie far apart cost LU factorisation its digits; the elimination of W. K. Grassmann,
M. I. Taksar and D. P. Heyman (Operations Research 33 (1985) 1107-1116) has no subtraction and
keeps them, entry by entry.
"""

from __future__ import annotations

import numpy as np

from .absorption import factors
from .blocks import ROWS

__all__ = ["DENSE", "stationary", "stationary_sparse", "without_subtraction"]

DENSE = 100  # states up to which matrices are full
_APART = 1e7  # rates further apart are eliminated without subtraction
_RARE, _TRIES = 1e6, 4  # times the share of the state that the others are measured by


def stationary(flow: np.ndarray) -> np.ndarray:
    """Stationary vectors (B, n) of chains with one recurrent class.

    Parameters
    ----------
    flow:
        (B, n, n) rate from state j to state i at [i, j]; the diagonal is not read.

    >>> stationary(np.array([[[0.0, 3.0], [1.0, 0.0]]]))
    array([[0.75, 0.25]])
    """
    flow = flow.copy()
    n = flow.shape[1]
    diagonal = np.arange(n)
    flow[:, diagonal, diagonal] = 0.0
    leave = flow.sum(axis=1)
    slowest = np.min(flow, where=flow > 0.0, initial=np.inf)
    if n == 1 or n > ROWS or flow.max() > _APART * slowest:
        return without_subtraction(flow)
    plain = flow.copy()
    plain[:, diagonal, diagonal] = -leave
    plain[:, 0, :] = 1.0  # shares of time add up to one
    right = np.zeros((len(flow), n, 1))
    right[:, 0] = 1.0
    try:
        return np.maximum(np.linalg.solve(plain, right)[:, :, 0], 0.0)
    except np.linalg.LinAlgError:  # rates that are lost in rounding
        return without_subtraction(flow)


def without_subtraction(flow: np.ndarray) -> np.ndarray:
    """As :func:`stationary`, its diagonal 0; `flow` is overwritten."""
    n = flow.shape[1]
    never = np.zeros(flow.shape[:2], dtype=bool)
    for k in range(n - 1, 0, -1):  # into k divided by what leaves k; then past k
        leave = flow[:, :k, k].sum(axis=1)
        if not leave.all():
            never[:, k] = leave == 0.0
            leave = np.where(leave > 0.0, leave, 1.0)
        into = flow[:, k, :k]
        into /= leave[:, None]
        flow[:, :k, :k] += flow[:, :k, k, None] * into[:, None, :]
    x = np.zeros(flow.shape[:2])
    x[:, 0] = 1.0
    for k in range(1, n):
        x[:, k] = share = (x[:, :k] * flow[:, k, :k]).sum(axis=1)
        if never[:, k].any():  # nothing leads back to the others: they are transient
            x[:, :k] *= ~never[:, [k]]
            x[:, k] = share = np.where(never[:, k], 1.0, share)
        if (share > 1.0).any():  # shares of rare states must not overflow the others
            x /= np.maximum(1.0, x[:, [k]])
    return x / x.sum(axis=1, keepdims=True)


def stationary_sparse(flow) -> np.ndarray:
    """(N,) as :func:`stationary` of one sparse matrix, its diagonal not read either."""
    from scipy.sparse import diags
    from scipy.sparse.csgraph import connected_components

    flow = flow.tocoo()
    _, part = connected_components(flow, directed=True, connection="strong")
    left = np.unique(part[flow.col[(part[flow.row] != part[flow.col]) & (flow.data > 0.0)]])
    closed = np.flatnonzero(np.isin(part, np.setdiff1d(part, left)))
    flow = flow.tocsc()[closed][:, closed]
    flow = flow - diags(np.asarray(flow.sum(axis=0)).ravel())
    found, one = np.ones(len(closed)), 0
    for _ in range(_TRIES if len(closed) > 1 else 0):
        rest = np.delete(np.arange(len(closed)), one)
        right = -flow[rest][:, [one]].toarray().ravel()
        found[one] = 1.0
        found[rest] = factors(flow[rest][:, rest])(right)
        most = int(abs(found).argmax())
        if abs(found[most]) <= _RARE or most == one:
            break
        one = most  # next to a rare state, what is left is nearly singular: take a common one
    x = np.zeros(len(part))
    found = np.maximum(found, 0.0)
    x[closed] = found / found.sum()
    return x
