"""What each clock does to a state: rows gathered into one matrix for each kind of phase.

Whatever the phases, a row does the same to the states without them, and starts one clock anew.  So
the chain with phases is made of four matrices over states without phases: of what no clock drives,
of the clock that runs in one position alone (out, run loop, guest run), of the residency, and of
the gaps between FP accesses.  Packets that wait lead on at once and keep the phases: they are
eliminated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..automaton import Automaton
from ..events import GUEST, LOOP, POSITIONS
from ..parameters import Parameters
from .behind import BehindRows, Masked, rows_behind
from .blocks import product, times
from .flows import summed
from .phases_clocks import DRIVEN, FIRST_FP, RESIDENCY, share_index, shares_of
from .rows import rate_index

__all__ = ["FP", "KINDS", "NONE", "OWN", "STAY", "Drive", "Driven", "Frame", "frame_of"]

KINDS = NONE, OWN, STAY, FP = range(4)
_RATES = list(rate_index)
_KIND = {RESIDENCY: STAY, FIRST_FP: FP}

Driven = list[np.ndarray]  # (B, n) events per second of each kind of phase, by state


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows of a table by what drives them; n states.

    Attributes
    ----------
    out, loop, guest:
        States of these positions.
    rows, column, state, flat:
        For each kind the rows that thread time drives, the column of :func:`shares_of`, the state
        that they start in, and where they lead, as ``to * n + state``.
    waiting, waiting_column, waiting_state, waiting_flat:
        The same of the rows that packets drive which wait.
    """

    out: np.ndarray
    loop: np.ndarray
    guest: np.ndarray
    rows: list[np.ndarray]
    column: list[np.ndarray]
    state: list[np.ndarray]
    flat: list[np.ndarray]
    waiting: np.ndarray
    waiting_column: np.ndarray
    waiting_state: np.ndarray
    waiting_flat: np.ndarray


@lru_cache(maxsize=1024)
def frame_of(table: Automaton, others: bool, task_neon: bool) -> Frame:
    """Of the rows of :func:`.behind.rows_behind`."""
    rows, n = rows_behind(table, others, task_neon), len(table)
    found: list[list[tuple[int, int]]] = [[] for _ in KINDS]
    waiting: list[tuple[int, int]] = []
    for i in range(len(rows.source)):
        name = _RATES[rows.rate[i]]
        if rows.source[i] >= n:
            waiting.append((i, rows.rate[i]))
            continue
        if name not in DRIVEN:
            found[NONE].append((i, rows.rate[i]))
        for family, clock in DRIVEN.get(name, ()):
            found[_KIND.get(clock, OWN)].append((i, share_index[family]))
    pairs = [np.array(kind, dtype=np.intp).reshape(-1, 2) for kind in [*found, waiting]]
    row, column = [pair[:, 0] for pair in pairs], [pair[:, 1] for pair in pairs]
    state = [rows.source[i] % n for i in row]
    flat = [rows.to[i] * n + s for i, s in zip(row, state, strict=True)]
    where = [table.position == POSITIONS.index(name) for name in (LOOP, GUEST)]
    places = [np.flatnonzero(~(where[0] | where[1])), *map(np.flatnonzero, where)]
    parts = row[:-1], column[:-1], state[:-1], flat[:-1]
    return Frame(*places, *parts, row[-1], column[-1], state[-1], flat[-1])


class Drive:
    """The rows of one policy in B scenarios, for one unit of what drives them.

    Attributes
    ----------
    matrix:
        For each kind (B, n, n) moves to the first index from the second, packets that wait on the
        way left out.
    out, loop, guest:
        States of these positions, those left out that are never come back to.
    """

    def __init__(self, table: Automaton, p: Parameters, rows: BehindRows, masked: Masked) -> None:
        self.table, self.rows, self.size = table, rows, len(table)
        self.frame = frame = frame_of(table, bool(p.other_rate.any()), bool(p.task_neon_rate.any()))
        shares = shares_of(p)
        self._weight = [
            masked.often[:, row] * shares[:, column]
            for row, column in zip(frame.rows, frame.column, strict=True)
        ]
        self._waiting = masked.often[:, frame.waiting] * shares[:, frame.waiting_column]
        quiet, caught = masked.quiet * rows.lands, masked.caught * rows.lands
        self.caught = self.matrices(caught)
        self.released = self.of_waiting(quiet)
        again = self.of_waiting(caught)
        self.again = again if again.any() else None
        lead_on = self.released
        if self.again is not None:  # packets held as others came during the exit that they forced
            lead_on = lead_on + product(lead_on, self.again)
        self.matrix = [
            matrix + product(lead_on, caught)
            for matrix, caught in zip(self.matrices(quiet), self.caught, strict=True)
        ]
        stays = _recurrent(sum(matrix.sum(axis=0) for matrix in self.matrix) > 0.0)
        self.out, self.loop, self.guest = (
            part[stays[part]] for part in (frame.out, frame.loop, frame.guest)
        )

    def matrices(self, each: np.ndarray) -> list[np.ndarray]:
        """For each kind (B, n, n) of what each row, `each` (B, m), carries to where it leads."""
        f = self.frame
        return [
            self._matrix(weight * each[:, row], flat)
            for weight, row, flat in zip(self._weight, f.rows, f.flat, strict=True)
        ]

    def of_waiting(self, each: np.ndarray) -> np.ndarray:
        """(B, n, n) as :meth:`matrices`, of packets that wait."""
        f = self.frame
        return self._matrix(self._waiting * each[:, f.waiting], f.waiting_flat)

    def _matrix(self, values: np.ndarray, flat: np.ndarray) -> np.ndarray:
        n = self.size
        return summed(values, flat, n * n).reshape(-1, n, n)

    def waits(self, driven: Driven) -> np.ndarray:
        """(B, n) packets that wait, by state."""
        found = sum(times(part, one) for part, one in zip(self.caught, driven, strict=True))
        return found if self.again is None else found + times(self.again, found)

    def flow(self, driven: Driven, waiting: np.ndarray) -> np.ndarray:
        """(B, m) how often each row happens."""
        f, out = self.frame, np.zeros((len(waiting), len(self.rows.source)))
        for weight, row, state, one in zip(self._weight, f.rows, f.state, driven, strict=True):
            out[:, row] += weight * one[:, state]
        out[:, f.waiting] = self._waiting * waiting[:, f.waiting_state]
        return out


def _recurrent(leads: np.ndarray) -> np.ndarray:
    """(n,) bool: states that every state leads to in the end, from (n, n) moves [to, from]."""
    reach = np.eye(len(leads), dtype=np.float32) + leads
    for _ in range(max(1, int(np.ceil(np.log2(len(leads)))))):
        reach = np.minimum(reach @ reach, 1.0)
    return reach.all(axis=1)
