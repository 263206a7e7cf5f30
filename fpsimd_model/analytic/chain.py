"""Position x register state as a continuous-time Markov chain in thread time.

Thread time stands still during masked operations and softirqs (docs/model.md, 5.1).  The chain is
solved together with auxiliary flows for each state: interrupts found waiting there when a masked
operation ended, with crypto and without.  The stationary vector and those flows give the rate of
every event; counts, costs and busy periods follow by multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..automaton import EVENT_NAMES, Automaton
from ..errors import InputError
from ..parameters import Parameters
from .queue import BusyPeriods
from .rows import NEON, SCALAR, Rows, rate_index, rates, rows_of

__all__ = ["Flows", "reachable", "solve"]

_E = len(EVENT_NAMES)
_INTERRUPT = EVENT_NAMES.index("interrupt")
_OTHER = [EVENT_NAMES.index("other"), EVENT_NAMES.index("other_softirq")]


@dataclass(frozen=True, eq=False)
class Flows:
    """Events per second of thread time in B scenarios; m rows, n states, k busy periods.

    Attributes
    ----------
    pi:
        (B, n) share of thread time in each state.
    rows, flow:
        What each row is, and (B, m) how often it happens.
    before:
        (B, n, E) seconds of masked work of each event, ahead of its packets if there are any.
    coef, matrix:
        (B, m) each row for one unit of what drives it; (B, N, N) balance of the N unknowns.
    period_source, period_coef:
        (k,) and (B, k) what drives each busy period, and how many for one unit of it.
    period_flow, period_state, periods:
        (B, k) busy periods that start at an interrupt, (k,) the state they start in, and their
        queue.
    """

    table: Automaton
    pi: np.ndarray
    rows: Rows
    flow: np.ndarray
    before: np.ndarray
    coef: np.ndarray
    matrix: np.ndarray
    period_source: np.ndarray
    period_coef: np.ndarray
    period_flow: np.ndarray
    period_state: np.ndarray
    periods: BusyPeriods


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
    """Stationary flows of every event; every busy period must be stable (utilisation below 1)."""
    others, n = bool(p.other_rate.any()), len(table)
    rows = rows_of(table, others, bool(p.task_neon_rate.any()))
    lam, other_rate = p.interrupt_rate[:, None], p.other_rate[:, None]
    before, section = (_seconds(p, table, part) for part in ("before", "section"))
    before[:, :, _OTHER] += p.other_cost[:, None, None]

    here = rows.state * _E + rows.event
    serves = np.isin(table.softirq, (NEON, SCALAR))
    last = np.where(serves, 0.0, before).reshape(len(p), -1)[:, here]  # packets join instead
    waits = -np.expm1(-lam * before.reshape(len(p), -1)[:, rows.op])
    coef = rates(p)[:, rows.rate] * np.choose(rows.waiting, (np.ones(1), waits, 1.0 - waits))

    # Busy periods: interrupts in thread time, behind an operation that lands, behind an exit.
    land = np.flatnonzero(rows.lands)
    to = table.next.ravel()[here[land]]
    caught = -np.expm1(-lam * last[:, land])
    direct = np.flatnonzero((rows.event == _INTERRUPT) & (rows.source < n))
    behind = before.reshape(len(p), -1)[:, rows.op[direct]] * (rows.waiting[direct] == 1)
    state = np.concatenate([rows.state[direct], to])
    source = np.concatenate([rows.source[direct], rows.source[land]])
    start = np.concatenate([coef[:, direct], coef[:, land] * caught], axis=1)
    waited = np.concatenate([behind, last[:, land]], axis=1)
    keep = serves[state, _INTERRUPT] & (start > 0).any(axis=0)
    state, source, start, waited = state[keep], source[keep], start[:, keep], waited[:, keep]
    periods = _periods(table, p, state, waited, before, section)

    size = (3 if others else 2) * n
    matrix = np.zeros((len(p), size * size))
    drive = rows.source[land]
    _add(matrix, to * size + drive, coef[:, land])
    _add(matrix, (n + to) * size + drive, coef[:, land] * caught)
    thread = drive < n
    _add(matrix, drive[thread] * (size + 1), -coef[:, land][:, thread])
    states = np.arange(n)
    matrix[:, states * size + n + states] -= 1.0  # what waits leaves at once
    if others:
        matrix[:, states * size + 2 * n + states] -= 1.0
        also = -np.expm1(-other_rate * last[:, land]) * (1.0 - caught)
        _add(matrix, (2 * n + to) * size + drive, coef[:, land] * also)
    aux = np.arange(n, size)
    matrix[:, aux * (size + 1)] -= 1.0

    balance = matrix.reshape(len(p), size, size)
    matrix = balance.copy()
    _refuse_regimes(table)
    matrix[:, 0, :] = 0.0
    matrix[:, 0, :n] = 1.0  # shares of time add up to one
    right = np.zeros((len(p), size, 1))
    right[:, 0] = 1.0
    x = np.maximum(np.linalg.solve(matrix, right)[:, :, 0], 0.0)
    return Flows(
        table,
        x[:, :n],
        rows,
        coef * x[:, rows.source],
        before,
        coef,
        balance,
        source,
        start,
        start * x[:, source],
        state,
        periods,
    )


@lru_cache(maxsize=1024)
def _refuse_regimes(table: Automaton) -> None:
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


def _seconds(p: Parameters, table: Automaton, part: str) -> np.ndarray:
    """(B, n, E) seconds of the moves counted in one part of each event."""
    counts = getattr(table, part)
    cost = p.costs(table.policy)
    return (cost @ counts.reshape(-1, counts.shape[-1]).T).reshape(len(p), *counts.shape[:2])


def _periods(table, p, state, waited, before, section) -> BusyPeriods:
    scalar = table.softirq[state, _INTERRUPT] == SCALAR
    own = section[:, state, _INTERRUPT]
    service = np.where(scalar, p.packet(True)[:, None], p.packet(False)[:, None])
    return BusyPeriods(
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
    )


def _add(matrix: np.ndarray, where: np.ndarray, what: np.ndarray) -> None:
    """Add columns of `what` (B, m) at flat places `where` (m,), repeated places included."""
    for b in range(len(matrix)):
        matrix[b] += np.bincount(where, what[b], minlength=matrix.shape[1])
