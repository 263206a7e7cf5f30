"""What a policy decides of a residency that holds softirqs back: blocks, and steps between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...automaton import EVENT_NAMES, Automaton
from ...events import GUEST, POSITIONS
from ..behind import PLAIN, rows_behind
from ..phases_lift import lift_of

__all__ = ["Plan", "plan_of"]

_INTERRUPT = EVENT_NAMES.index("interrupt")
_GUEST = POSITIONS.index(GUEST)
_E = len(EVENT_NAMES)


@dataclass(frozen=True, eq=False)
class Plan:
    """What the policy decides and no rate or cost; events are flat indices of state and event.

    Attributes
    ----------
    place:
        (N,) block of each state with phases, -1 outside; `count` blocks.
    guest, exit_to, exit_event:
        (count,) whether guest code runs there, where an interrupt leads, and by which event.
    here, to, column, event:
        (S,) block of thread time that each step ends, the next one or -1 for vcpu_put, its rate
        and its masked operation.
    arrival:
        (S,) bool: the step is an interrupt.
    put_event:
        (S,) the put behind an exit, where the residency ended in the guest; -1 elsewhere.
    move_here, move_to, move_column:
        Phases that follow each other; no operation.
    """

    place: np.ndarray
    guest: np.ndarray
    exit_to: np.ndarray
    exit_event: np.ndarray
    here: np.ndarray
    to: np.ndarray
    column: np.ndarray
    event: np.ndarray
    arrival: np.ndarray
    put_event: np.ndarray
    move_here: np.ndarray
    move_to: np.ndarray
    move_column: np.ndarray

    @property
    def count(self) -> int:
        return len(self.guest)


def _blocks(table: Automaton) -> np.ndarray:
    """Resident states that differ in nothing that takes time share a block; -1 outside."""
    inside = np.flatnonzero(table.softirqs_off)
    label = {
        int(s): (int(table.position[s]), table.before[s].tobytes(), tuple(table.next[s] >= 0))
        for s in inside
    }
    while True:
        number: dict = {}
        block = {s: number.setdefault(label[s], len(number)) for s in label}
        finer = {s: (block[s], *(block.get(int(t), -1) for t in table.next[s])) for s in label}
        if len(set(finer.values())) == len(number):
            return np.array([block.get(s, -1) for s in range(len(table))])
        label = finer


def _places(table: Automaton, base: np.ndarray) -> np.ndarray:
    """Which block of a residency each state with phases is, those of other phases apart."""
    block = _blocks(table)[base]
    start = np.append(True, base[1:] != base[:-1])
    phase = np.arange(len(base)) - np.flatnonzero(start)[start.cumsum() - 1]
    keys = np.stack([block, phase], axis=1)
    keys[block < 0] = -1
    _, place = np.unique(keys, axis=0, return_inverse=True)
    return place.ravel() - (1 if (block < 0).any() else 0)


@lru_cache(maxsize=256)
def plan_of(table: Automaton, others: bool, task: bool, shape: tuple | None) -> Plan:
    """Of the rows of :func:`.phases_lift.lift_of`, one state for each block."""
    rows, lift = rows_behind(table, others, task), lift_of(table, others, task, shape)
    place = _places(table, lift.base)
    count = int(place.max()) + 1
    _, first = np.unique(place, return_index=True)
    first = first[-count:]  # -1 is outside
    j = np.flatnonzero(np.isin(lift.source, first) & (rows.how[lift.row] == PLAIN))
    j = j[rows.state[lift.row[j]] == lift.base[lift.source[j]]]  # not what follows an exit
    i = lift.row[j]
    here, to = place[lift.source[j]], np.where(rows.lands[i], place[lift.to[j]], -1)
    arrival = rows.event[i] == _INTERRUPT
    exit_to = np.full(count, -1)
    exit_to[here[arrival]] = to[arrival]
    behind = np.minimum(i + 1, len(rows.event) - 1)
    moves = np.flatnonzero(np.isin(lift.move_from, first))
    return Plan(
        place,
        table.position[lift.base[first]] == _GUEST,
        exit_to,
        lift.base[first] * _E + _INTERRUPT,
        here,
        to,
        lift.column[j],
        rows.state[i] * _E + rows.event[i],
        arrival,
        np.where(rows.lands[i], -1, rows.to[i] * _E + rows.event[behind]),
        place[lift.move_from[moves]],
        place[lift.move_to[moves]],
        lift.move_column[moves],
    )
