"""How long until vcpu_put: mean first-passage times of the chain, in wall time.

What holds softirqs back, or ignores a wish to preempt, does so until vcpu_put; the mean is the
solution of the chain's adjoint equations (Kemeny and Snell, Finite Markov Chains, 1960, chapter 3).
"""

from __future__ import annotations

import numpy as np

from ..events import GUEST, LOOP, POSITIONS
from .absorption import SURE, factors, values, values_sparse
from .blocks import solved
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
    some = place[drive] >= 0
    where, drive, rate = place[where[some]], place[drive[some]], rate[:, some]
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
    """Rates (B, K) from `drive` to `where`, -1 for those that leave."""
    size, within = leave.shape[1], where >= 0
    to = where[within] * size + drive[within]
    flow = summed(rate[:, within], to, size * size).reshape(-1, size, size)
    matrix = -flow.swapaxes(1, 2)
    matrix[:, np.arange(size), np.arange(size)] += leave
    found, seldom = _unless_seldom(solved, matrix, leave, reward)
    if seldom.any():
        gone = summed(rate[seldom][:, ~within], drive[~within], size)
        found[seldom] = values(flow[seldom], gone, reward[seldom])
    return found


def _unless_seldom(solve, matrix, leave, reward) -> tuple[np.ndarray, np.ndarray]:
    """What solves the equations; whether the chain is left too seldom for LU to keep its digits.

    The moves until it is left, one more right-hand side, are the condition of the equations.
    """
    try:
        found = solve(matrix, np.concatenate([reward, leave[..., None]], axis=-1))
    except np.linalg.LinAlgError:
        return np.empty_like(reward), np.ones(reward.shape[:-2], dtype=bool)
    moves = found[..., -1]
    return found[..., :-1], ~((moves > 0.0) & (moves < SURE)).all(axis=-1)


def _sparse(where, drive, rate, leave, reward) -> np.ndarray:
    from scipy.sparse import csc_array, diags_array

    size, within = leave.shape[1], where >= 0
    found = []
    for b in range(len(leave)):
        some = (rate[b] > 0.0) & within
        flow = csc_array((rate[b, some], (where[some], drive[some])), shape=(size, size))
        matrix = diags_array(leave[b]) - flow.T
        one, seldom = _unless_seldom(lambda m, x: factors(m)(x), matrix, leave[b], reward[b])
        if seldom:
            gone = np.bincount(drive[~within], rate[b, ~within], minlength=size)
            one = values_sparse(flow, gone, reward[b])
        found.append(one)
    return np.array(found)
