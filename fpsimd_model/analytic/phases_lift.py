"""The chain with phases: which states there are, and which of them each row connects.

A state carries the phases of the clocks that run or stand still in its position: the residency
while it lasts, the run loop's segment in `loop`, the time out in `user` and `sched`; the guest run
and the gap between FP accesses everywhere, as neither is restarted.  Every row does the same to
the phases: the clock that drives it starts anew, the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..automaton import Automaton
from ..events import GUEST, LOOP, POSITIONS
from .behind import BehindRows, rows_behind
from .phases_clocks import (
    DRIVEN,
    FIRST_FP,
    GUEST_RUN,
    OUT,
    RESIDENCY,
    RUN_LOOP,
    Columns,
    columns_of,
)
from .rows import rate_index

__all__ = ["Lift", "lift_of"]

_RATES = list(rate_index)
_RUNNING = {
    LOOP: (RESIDENCY, RUN_LOOP),
    GUEST: (RESIDENCY, GUEST_RUN, FIRST_FP),
}
_CARRIED = {
    LOOP: (RESIDENCY, RUN_LOOP, GUEST_RUN, FIRST_FP),
    GUEST: (RESIDENCY, GUEST_RUN, FIRST_FP),
}
_OUTSIDE = (OUT,), (OUT, GUEST_RUN, FIRST_FP)


@dataclass(frozen=True, eq=False)
class Lift:
    """N states with phases over n without, M rows over m, K moves from phase to phase.

    Attributes
    ----------
    base:
        (N,) the state without phases.
    source, column, row, to:
        (M,) unknown that drives a row (thread time in state j: j; packets waiting there: N + j),
        its rate (a column of :func:`.phases_clocks.clock_rates`), which row it is, and the state
        that follows.
    move_from, move_to, move_column:
        (K,) phases that follow each other; no event.
    ignored:
        (K,) bool: moves by which a residency goes on that preemption would have ended.
    """

    base: np.ndarray
    source: np.ndarray
    column: np.ndarray
    row: np.ndarray
    to: np.ndarray
    move_from: np.ndarray
    move_to: np.ndarray
    move_column: np.ndarray
    ignored: np.ndarray

    def __len__(self) -> int:
        return len(self.base)


@lru_cache(maxsize=256)
def lift_of(
    table: Automaton, others: bool, task_neon: bool, shape: tuple[tuple[bool, ...], ...] | None
) -> Lift:
    """Of the rows of :func:`.behind.rows_behind`.

    `shape` says of each clock's phases which can be the last; None for exponential clocks alone.
    """
    rows, n = rows_behind(table, others, task_neon), len(table)
    if shape is None:
        none = np.zeros(0, dtype=np.intp)
        all_rows = rows.source, rows.rate, np.arange(len(rows.source)), rows.to
        return Lift(np.arange(n), *all_rows, none, none, none, none.astype(bool))
    return _lift(table, rows, shape, columns_of(tuple(map(len, shape))))


def _lift(table: Automaton, rows: BehindRows, shape, columns: Columns) -> Lift:
    n, orders = len(table), [len(phases) for phases in shape]
    stride = np.zeros((n, len(orders)), dtype=np.intp)
    size = np.ones(n, dtype=np.intp)
    for s in range(n):
        for clock in _CARRIED.get(POSITIONS[table.position[s]], _OUTSIDE[1]):
            stride[s, clock] = size[s]
            size[s] *= orders[clock]
    offset = np.append(0, size.cumsum())
    total = int(offset[-1])
    base = np.repeat(np.arange(n), size)
    rest = np.arange(total) - offset[base]
    phase = np.where(stride[base] > 0, rest[:, None] // np.maximum(stride[base], 1), 0)
    phase %= np.array(orders)

    def moved(where: np.ndarray, to: np.ndarray, clock: int, value) -> np.ndarray:
        """States `to` with the phases of states `where`, one clock set."""
        then = phase[where].copy()
        if clock >= 0:
            then[:, clock] = value
        return offset[to] + (then * stride[to]).sum(axis=1)

    found: list[tuple] = []
    for i in range(len(rows.source)):
        waiting, s = divmod(int(rows.source[i]), n)
        here = np.arange(offset[s], offset[s + 1])
        to = np.full(len(here), rows.to[i])
        name = _RATES[rows.rate[i]]
        for family, clock in DRIVEN.get(name, ((name, -1),)):
            if clock < 0:
                live, column = here, np.full(len(here), rows.rate[i])
            else:
                live = here[np.array(shape[clock])[phase[here, clock]]]
                column = columns.start[family] + phase[live, clock]
            then = moved(live, to[: len(live)], clock, 0)
            found.append((waiting * total + live, column, np.full(len(live), i), then))
    source, column, row, then = (np.concatenate(c) for c in zip(*found, strict=True))

    moves: list[tuple] = []
    for s in range(n):
        here = np.arange(offset[s], offset[s + 1])
        for clock in _RUNNING.get(POSITIONS[table.position[s]], _OUTSIDE[0]):
            at = here[phase[here, clock] < orders[clock] - 1]
            same = np.full(len(at), s)
            further = moved(at, same, clock, phase[at, clock] + 1)
            column_ = columns.start["onward", clock] + phase[at, clock]
            moves.append((at, further, column_, np.zeros(len(at), dtype=bool)))
        if table.preempt_off[s] and orders[RESIDENCY] > 1:
            at = here[np.array(shape[RESIDENCY])[phase[here, RESIDENCY]]]
            anew = moved(at, np.full(len(at), s), RESIDENCY, 0)
            column_ = columns.start["ignored"] + phase[at, RESIDENCY]
            moves.append((at, anew, column_, np.ones(len(at), dtype=bool)))
    moved_ = (np.concatenate(c) for c in zip(*moves, strict=True))
    return Lift(base, source, column, row, then, *moved_)
