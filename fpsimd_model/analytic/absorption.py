"""Times until a chain is left for good, to the last digit however seldom that happens.

A chain that is hardly ever left is nearly singular, and what leaves it is lost in the rounding of
its diagonal.  So the diagonal is never formed: rates between states and rates out of the chain are
carried along through an elimination without subtraction, as for the stationary vector
(:mod:`.stationary`; C. A. O'Cinneide, Numerische Mathematik 73 (1996) 109-120, for this use).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["SURE", "factors", "if_seldom", "times_from", "values", "values_sparse"]

SURE = 1e4  # moves until the chain is left up to which LU keeps twelve digits
_RARE, _TRIES = 1e6, 4  # visits for one of the state that the others are measured by


def values(flow: np.ndarray, leave: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """(B, n, r) mean sums of `reward` until the chain is left, from each state.

    Parameters
    ----------
    flow:
        (B, n, n) rate from state j to state i at [i, j]; the diagonal is not read.
    leave:
        (B, n) rate out of the chain from each state.  Complex ones must not cancel each other.
    reward:
        (B, n, r) what a second in each state adds.

    >>> flow, leave = np.array([[[0.0, 3.0], [1.0, 0.0]]]), np.array([[0.0, 1e-20]])
    >>> [float(t) for t in values(flow, leave, np.ones((1, 2, 1))).ravel()]
    [4e+20, 4e+20]
    """
    flow, out, found = _eliminated(flow, leave, reward, forward=False)
    for k in range(1, flow.shape[1]):
        found[:, k] += (flow[:, :k, k, None] * found[:, :k]).sum(axis=1) / out[:, k, None]
    return found


def times_from(flow: np.ndarray, leave: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """(B, n, r) mean time in each state until the chain is left.

    `begin` (B, n, r) is how it starts; the other arguments are those of :func:`values`.

    >>> flow, leave = np.array([[[0.0, 3.0], [1.0, 0.0]]]), np.array([[0.0, 1e-20]])
    >>> begin = np.eye(2)[None, :, :1]
    >>> [round(float(t) / 1e20, 12) for t in times_from(flow, leave, begin).ravel()]
    [3.0, 1.0]
    """
    flow, out, found = _eliminated(flow, leave, begin, forward=True)
    for k in range(1, flow.shape[1]):
        found[:, k] += (flow[:, k, :k, None] * found[:, :k]).sum(axis=1) / out[:, k, None]
    return found


def if_seldom(
    found: np.ndarray | None, flow: np.ndarray, leave: np.ndarray, begin: np.ndarray
) -> np.ndarray:
    """`found`, as from :func:`times_from`, worked out again where LU lost its digits.

    The moves until the chain is left are the condition of its equations; None is of singular ones.
    """
    if found is None:
        return times_from(flow, leave, begin)
    out = flow.sum(axis=1) - flow.diagonal(axis1=1, axis2=2) + leave
    moves, starts = np.einsum("bn,bnr->br", out, found), begin.sum(axis=1)
    seldom = ~((moves >= 0.0) & (moves <= SURE * starts)).all(axis=1)
    if seldom.any():
        found[seldom] = times_from(flow[seldom], leave[seldom], begin[seldom])
    return found


def _eliminated(flow, leave, right, *, forward: bool) -> tuple[np.ndarray, ...]:
    """State by state from the last one on; `right` divided by what leaves each."""
    flow, leave, n = flow.copy(), leave.copy(), flow.shape[1]
    right = right.astype(np.result_type(right, flow, leave))
    out = np.empty(leave.shape, dtype=np.result_type(flow, leave))
    for k in range(n - 1, -1, -1):
        whole = flow[:, :k, k].sum(axis=1) + leave[:, k]
        out[:, k] = whole = np.where(whole == 0.0, 1.0, whole)  # nothing is added there
        onward = flow[:, :k, k] / whole[:, None]
        comes = flow[:, k, :k] / whole[:, None]
        if forward:
            right[:, :k] += onward[:, :, None] * right[:, k, None]
        else:
            right[:, :k] += comes[:, :, None] * right[:, k, None]
        leave[:, :k] += comes * leave[:, k, None]
        flow[:, :k, :k] += flow[:, :k, k, None] * comes[:, None, :]
        right[:, k] /= whole[:, None]
    return flow, out, right


def values_sparse(flow, leave: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """(n, r) as :func:`values`, of one sparse chain.

    One state, often come to, is eliminated last: next to it the others are left soon.
    """
    from scipy.sparse import diags_array

    flow = (flow - diags_array(flow.diagonal())).tocsc()
    one = 0
    for _ in range(_TRIES):
        rest = np.delete(np.arange(len(leave)), one)
        inner, first = flow[rest][:, rest], flow[rest][:, [one]].toarray().ravel()
        out = inner.sum(axis=0) + flow[[one]][:, rest].toarray().ravel() + leave[rest]
        out = np.where(out == 0.0, 1.0, out)  # nothing is added there
        solve = factors(diags_array(out) - inner)
        visits = out * solve(first)
        if visits.max() <= _RARE * first.sum():
            break
        one = rest[visits.argmax()]
    found = np.empty_like(reward)
    before, gone = solve(reward[rest], "T"), solve(leave[rest], "T")
    found[one] = (reward[one] + first @ before) / (leave[one] + first @ gone)
    found[rest] = before + (1.0 - gone)[:, None] * found[one]
    return found


def factors(matrix) -> Callable[..., np.ndarray]:
    """What solves equations of one sparse matrix, or with "T" of its transpose."""
    from scipy.sparse.linalg import splu

    try:
        return splu(matrix.tocsc()).solve
    except RuntimeError as error:  # "Factor is exactly singular"
        raise np.linalg.LinAlgError(str(error)) from None
