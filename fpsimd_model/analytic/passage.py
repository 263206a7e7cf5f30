"""How long until vcpu_put: mean first-passage times of the chain, in wall time.

What holds softirqs back, or ignores a wish to preempt, does so until vcpu_put; the mean is the
solution of the chain's adjoint equations (Kemeny and Snell, Finite Markov Chains, 1960, chapter 3).
"""

from __future__ import annotations

import numpy as np

from ..events import GUEST, LOOP, POSITIONS
from .flows import Flows, summed
from .phases_chain import PhasedChain
from .phases_solve import Phased
from .stationary import DENSE

__all__ = ["pays_of", "time_to_put", "until_put", "wishes"]

_RESIDENT = [POSITIONS.index(LOOP), POSITIONS.index(GUEST)]


def time_to_put(flows: Flows, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean wall time to the end of vcpu_put from each state of a residency.

    Arguments and what is returned as for :func:`until_put`.
    """
    thread, waiting = until_put(flows, inside, pays_of(flows)[..., None], np.ones(1))
    return thread[..., 0], waiting[..., 0]


def until_put(
    flows: Flows, inside: np.ndarray, pays: np.ndarray, lasts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of r sums up to the end of vcpu_put, from each state of a residency.

    Parameters
    ----------
    flows:
        The solved chain, N states with phases.
    inside:
        (n,) bool: states without phases that only vcpu_put leaves.
    pays:
        (B, m, r) what each row adds.
    lasts:
        (r,) what a second of thread time adds.

    Returns
    -------
    tuple of arrays
        (B, N, r) from thread time in a state, and from an interrupt that waits there; 0 outside.
    """
    chain = flows.chain
    lift, n = chain.lift, len(chain.lift)
    lands = flows.rows.lands[lift.row]
    keep = np.flatnonzero(np.tile(inside[lift.base], 2))
    place = np.full(2 * n, -1)
    place[keep] = np.arange(len(keep))
    where = np.concatenate([lift.to[lands], n + lift.to[lands], lift.move_to])
    drive = np.concatenate([lift.source[lands], lift.source[lands], lift.move_from])
    rate = np.concatenate([chain.quiet[:, lands], chain.caught[:, lands], chain.moves], axis=1)
    leave = summed(rate, drive, 2 * n)
    leave[:, n:] = 1.0  # what waits leads on at once
    reward = np.stack(
        [
            summed(chain.coef * one[:, lift.row], lift.source, 2 * n)
            for one in np.moveaxis(pays, -1, 0)
        ],
        axis=-1,
    )
    reward[:, :n] += lasts
    within = (place[where] >= 0) & (place[drive] >= 0)
    where, drive, rate = place[where[within]], place[drive[within]], rate[:, within]
    full = np.zeros_like(reward)
    solve = _dense if len(keep) <= 2 * DENSE else _sparse
    full[:, keep] = solve(where, drive, rate, leave[:, keep], reward[:, keep])
    return full[:, :n], full[:, n:]


def wishes(flows: Flows) -> tuple[np.ndarray, np.ndarray]:
    """Mean wall time from an ignored wish to preempt to the end of vcpu_put, and weights, (B, a).

    A residency that goes on in spite of the wish draws a new length.
    """
    chain, table = flows.chain, flows.table
    if isinstance(chain, PhasedChain):
        return _wishes(flows, chain.phased)
    resident = np.isin(table.position, _RESIDENT)
    value, _ = time_to_put(flows, resident)
    lift = chain.lift
    if not lift.ignored.any():  # exponential: a wish may come at any time, and nothing changes
        return value, chain.x[:, : len(lift)] * table.preempt_off[lift.base]
    to, here = lift.move_to[lift.ignored], lift.move_from[lift.ignored]
    return value[:, to], chain.moves[:, lift.ignored] * chain.x[:, here]


def _wishes(flows: Flows, phased: Phased) -> tuple[np.ndarray, np.ndarray]:
    """All of them as one, with phases."""
    begins, total = phased.wishes()
    pays = pays_of(flows)[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return phased.until_put(pays, np.ones(1), begins) / total, total


def pays_of(flows: Flows) -> np.ndarray:
    """(B, m) wall time of each row: its masked work, and the busy period behind it."""
    rows = flows.rows
    lasting = flows.period_share * flows.periods.duration
    pays = flows.before[:, rows.state, rows.event] * ~rows.served  # part of busy periods otherwise
    return pays + summed(lasting, flows.period_row, pays.shape[1])


def _dense(where, drive, rate, leave, reward) -> np.ndarray:
    size = leave.shape[1]
    matrix = -summed(rate, drive * size + where, size * size).reshape(-1, size, size)
    matrix[:, np.arange(size), np.arange(size)] += leave
    return np.linalg.solve(matrix, reward)


def _sparse(where, drive, rate, leave, reward) -> np.ndarray:
    from scipy.sparse import csc_array, diags_array
    from scipy.sparse.linalg import splu

    size = leave.shape[1]
    found = []
    for b in range(len(leave)):
        some = rate[b] > 0.0
        shape = csc_array((rate[b, some], (drive[some], where[some])), shape=(size, size))
        matrix = (diags_array(leave[b]) - shape).tocsc()
        found.append(splu(matrix).solve(reward[b]))
    return np.array(found)
