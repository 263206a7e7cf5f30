"""Position x register state as a continuous-time Markov chain in thread time.

Thread time stands still during masked operations and softirqs (docs/model.md, 5.1).  An operation
leads on to thread time, or to packets that wait in the state where it ends, which lead on at once;
eliminating these leaves a plain chain.  Its stationary vector gives the rate of every event;
counts, costs and busy periods follow by multiplication.  Durations of phase type make more states
of each (`lift`), and nothing else; they are solved in the order of their phases (`phases_solve`),
or, where that leaves too much at once, as one sparse matrix.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..automaton import EVENT_NAMES, Automaton
from ..errors import InputError
from ..parameters import Parameters
from .behind import BehindRows, Masked, masked_of, rows_behind
from .blocks import product
from .flows import Chain, Flows, summed
from .phases_chain import PhasedChain
from .phases_clocks import clock_rates, clocks_of
from .phases_drive import NONE, Drive
from .phases_lift import Lift, lift_of
from .phases_solve import Phased, level_of
from .queue import BusyPeriods
from .rows import NEON, SCALAR, rate_index, rates, rows_of
from .stationary import DENSE, stationary, stationary_sparse

__all__ = ["Chain", "Flows", "reachable", "refuse_regimes", "seconds_of", "solve"]

_E = len(EVENT_NAMES)
_INTERRUPT = EVENT_NAMES.index("interrupt")
_OTHER = [EVENT_NAMES.index("other"), EVENT_NAMES.index("other_softirq")]


@lru_cache(maxsize=1024)
def _reachable(table: Automaton, live: tuple[bool, ...], others: bool, task: bool) -> frozenset:
    rows = rows_of(table, others, task)
    alive = np.array(live)[rows.rate]
    seen, todo, found = {table.start}, [table.start], set()
    while todo:
        here = todo.pop()
        for event in set(rows.event[alive & (rows.state == here)].tolist()):
            found.add((here, event))
            there = int(table.next[here, event])
            if there not in seen:
                seen.add(there)
                todo.append(there)
    return frozenset(found)


def reachable(table: Automaton, p: Parameters) -> frozenset[tuple[int, int]]:
    """(state, event) pairs that can happen at these rates, interrupts always included."""
    live = rates(p).max(axis=0) > 0
    live[rate_index["interrupt"]] = True  # the question is what an interrupt would meet
    return _reachable(
        table, tuple(live.tolist()), bool(p.other_rate.any()), bool(p.task_neon_rate.any())
    )


def solve(table: Automaton, p: Parameters) -> Flows:
    """Stationary flows of every event; every busy period must be stable (utilisation below 1).

    Durations that are not exponential are fitted; their fits must be of the same orders in all B.
    """
    refuse_regimes(table)
    clocks = clocks_of(p)
    others, task = bool(p.other_rate.any()), bool(p.task_neon_rate.any())
    rows = rows_behind(table, others, task)
    before, section = (seconds_of(p, table, part) for part in ("before", "section"))
    before[:, :, _OTHER] += p.other_cost[:, None, None]
    masked = masked_of(table, rows, before, p, rates(p))
    if clocks is not None:
        drive = Drive(table, p, rows, masked)
        if (level := level_of(drive, clocks)) is not None:
            phased = Phased(drive, clocks, p.preempted_share, level)
            driven = phased.driven(phased.inside, phased.out)
            waiting = drive.waits(driven)
            parts = driven[NONE], drive.flow(driven, waiting)
            chain = PhasedChain(table, p, masked, phased)
            return _flows(table, p, rows, masked, before, section, *parts, chain)
    lift = lift_of(table, others, task, clocks.shape if clocks else None)
    rate = clock_rates(p, clocks)
    coef = rate[:, lift.column] * masked.often[:, lift.row]
    lands = rows.lands[lift.row]
    quiet = coef * (masked.quiet * rows.lands)[:, lift.row]
    caught = coef * (masked.caught * rows.lands)[:, lift.row]
    moves = rate[:, lift.move_column]
    large = len(lift) > DENSE
    x = (_sparse if large else _dense)(lift, lands, quiet, caught, moves)

    size = len(rows.source)
    flow = coef * x[:, lift.source]
    pi = x[:, : len(lift)]
    if clocks is not None:
        flow, pi = summed(flow, lift.row, size), summed(pi, lift.base, len(table))
    chain = Chain(lift, x, coef, quiet, caught, moves)
    return _flows(table, p, rows, masked, before, section, pi, flow, chain)


def _flows(table, p, rows, masked, before, section, pi, flow, chain) -> Flows:
    row, share, state, periods = _periods(table, p, rows, masked, before, section)
    return Flows(
        table,
        pi,
        rows,
        flow,
        before,
        masked,
        row,
        share,
        flow[:, row] * share,
        state,
        periods,
        chain,
    )


def _dense(lift: Lift, lands, quiet, caught, moves) -> np.ndarray:
    n = len(lift)
    where = lift.to[lands], lift.source[lands]
    full = np.zeros((len(quiet), 4 * n * n))
    _add(full, where[0] * (2 * n) + where[1], quiet[:, lands])
    _add(full, (n + where[0]) * (2 * n) + where[1], caught[:, lands])
    if len(lift.move_to):
        _add(full, lift.move_to * (2 * n) + lift.move_from, moves)
    full = full.reshape(-1, 2 * n, 2 * n)
    waits = full[:, n:, :n]
    if full[:, n:, n:].any():  # packets held as others came during the exit that they forced
        waits = waits + product(full[:, n:, n:], waits)
    pi = stationary(full[:, :n, :n] + product(full[:, :n, n:], waits))
    return np.concatenate([pi, (waits @ pi[:, :, None])[:, :, 0]], axis=1)


def _sparse(lift: Lift, lands, quiet, caught, moves) -> np.ndarray:
    from scipy.sparse import csc_array

    n = len(lift)
    to, source = lift.to[lands], lift.source[lands]
    found = []
    for b in range(len(quiet)):
        rate = np.concatenate([quiet[b, lands], caught[b, lands], moves[b]])
        where = np.concatenate([to, n + to, lift.move_to])
        drive = np.concatenate([source, source, lift.move_from])
        some = rate > 0.0
        full = csc_array((rate[some], (where[some], drive[some])), shape=(2 * n, 2 * n))
        waits, again = full[n:, :n], full[n:, n:]
        waits = waits + again @ waits
        pi = stationary_sparse(full[:n, :n] + full[:n, n:] @ waits)
        found.append(np.concatenate([pi, waits @ pi]))
    return np.array(found)


@lru_cache(maxsize=1024)
def refuse_regimes(table: Automaton) -> None:
    """A policy that settles in one of several regimes by chance has no one steady state."""
    n = len(table)
    reach = np.eye(n, dtype=bool)
    here, event = np.nonzero(table.next >= 0)
    reach[here, table.next[here, event]] = True
    for _ in range(max(1, int(np.ceil(np.log2(n))))):
        reach = reach @ reach
    closed = {
        tuple(np.flatnonzero(row)) for row in reach if not (row & ~reach[:, row].all(1)).any()
    }
    if len(closed) > 1:
        raise InputError(
            f"{table.policy.name}: settles by chance in one of {len(closed)} regimes that it never "
            "leaves; the analytic engine takes policies with one, the engine montecarlo takes any"
        )


def seconds_of(p: Parameters, table: Automaton, part: str) -> np.ndarray:
    """(B, n, E) seconds of the moves counted in one part of each event."""
    counts = getattr(table, part)
    cost = p.costs(table.policy)
    return (cost @ counts.reshape(-1, counts.shape[-1]).T).reshape(len(p), *counts.shape[:2])


@lru_cache(maxsize=1024)
def _starts(table: Automaton, rows: BehindRows) -> tuple[np.ndarray, ...]:
    """Rows that busy periods follow, their states, which are of interrupts that are served at
    once, the operation that the first packet may have come in, and whether it may."""
    serves = np.isin(table.softirq, (NEON, SCALAR))[:, _INTERRUPT]
    behind = np.flatnonzero(rows.lands & serves[rows.to])
    direct = np.flatnonzero(rows.served & (rows.source < len(table)))
    row = np.concatenate([direct, behind])
    state = np.concatenate([rows.state[direct], rows.to[behind]])
    at_once = np.arange(len(row)) < len(direct)
    op = np.where(at_once, rows.op[row], rows.state[row] * _E + rows.event[row])
    return row, state, at_once, op, np.where(at_once, rows.waiting[row] == 1, ~rows.joins[row])


def _periods(table, p, rows: BehindRows, masked: Masked, before, section):
    """Busy periods behind operations that land, and of interrupts that are served at once.

    The row that each follows, how many follow one, the state each starts in, and their queue.
    """
    row, state, at_once, op, waits = _starts(table, rows)
    share = np.where(at_once, 1.0, masked.caught[:, row])
    keep = (share * masked.often[:, row] > 0).any(axis=0)
    row, state, at_once, share = row[keep], state[keep], at_once[keep], share[:, keep]
    waited = before.reshape(len(p), -1)[:, op[keep]] * waits[keep]
    scalar = table.softirq[state, _INTERRUPT] == SCALAR
    own = section[:, state, _INTERRUPT]
    service = np.where(scalar, p.packet(True)[:, None], p.packet(False)[:, None])
    rest, late = None, 0.0
    if p.other_rate.any():
        rest = tuple(part[:, row] * (waited > 0.0) for part in (masked.rest1, masked.rest2))
        late = masked.late[:, row] * ~at_once
    periods = BusyPeriods(
        rate=p.interrupt_rate[:, None],
        batch=p.batch[:, None],
        batch2=p.batch_second_moment[:, None],
        service=service + p.sections[:, None] * own,
        service_cv2=p.service_cv2[:, None],
        setup=before[:, state, _INTERRUPT] - own,  # the first section is paid ahead of service
        waited=waited,
        other_rate=p.other_rate[:, None],
        other_cost=p.other_cost[:, None],
        moves=p.sections[:, None] * own,
        rest=rest,
        late=late,
    )
    return row, share, state, periods


def _add(matrix: np.ndarray, where: np.ndarray, what: np.ndarray) -> None:
    """Add columns of `what` (B, m) at flat places `where` (m,), repeated places included."""
    for b in range(len(matrix)):
        matrix[b] += np.bincount(where, what[b], minlength=matrix.shape[1])
