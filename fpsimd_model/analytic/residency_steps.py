"""What can happen in a residency that holds softirqs back, as arrays: steps from block to block."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..automaton import EVENT_NAMES, Automaton
from ..events import GUEST, POSITIONS
from ..parameters import Parameters
from .behind import PLAIN, rows_behind
from .mmpp.phases import product
from .phases_clocks import Clocks, clock_rates
from .phases_lift import lift_of

__all__ = ["Landing", "Plan", "Steps", "Sums", "plan_of", "steps_of"]

_INTERRUPT, _LOAD = (EVENT_NAMES.index(name) for name in ("interrupt", "load"))
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


@dataclass(frozen=True, eq=False)
class Steps:
    """A plan in one scenario: steps that happen, operations as indices into `costs`.

    `puts` and `exits` are indices of the steps that end the residency, in the loop and in the
    guest; `lands` of the others.  Names as in :class:`Plan`.
    """

    costs: np.ndarray
    here: np.ndarray
    to: np.ndarray
    rate: np.ndarray
    arrival: np.ndarray
    op: np.ndarray
    put_op: np.ndarray
    exit_op: np.ndarray
    lands: np.ndarray
    puts: np.ndarray
    exits: np.ndarray
    moves: tuple[np.ndarray, np.ndarray, np.ndarray]


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


def steps_of(plan: Plan, p: Parameters, clocks: Clocks | None, before: np.ndarray) -> Steps:
    """Those of a plan that happen at these rates, with `before` (n, E) seconds of each event."""
    rate, seconds = clock_rates(p, clocks)[0], before.ravel()
    idle = (plan.here == plan.to) & (seconds[plan.event] == 0.0) & ~plan.arrival
    some = (rate[plan.column] > 0.0) & ~idle
    to, put = plan.to[some], plan.put_event[some]
    parts = plan.event[some], put, plan.exit_event
    costs, op = np.unique(
        np.concatenate([*(seconds[part] for part in parts), before[:, _LOAD]]), return_inverse=True
    )
    op = np.split(op.ravel(), np.cumsum([len(part) for part in parts]))
    moving = rate[plan.move_column] > 0.0
    return Steps(
        costs,
        plan.here[some],
        to,
        rate[plan.column[some]],
        plan.arrival[some],
        *op[:3],
        np.flatnonzero(to >= 0),
        np.flatnonzero((to < 0) & (put < 0)),
        np.flatnonzero(put >= 0),
        (plan.move_here[moving], plan.move_to[moving], rate[plan.move_column[moving]]),
    )


class Landing:
    """Operations (L,) that end in blocks `to`: where they lead, and with what weight.

    One that ends in the guest stays there if nothing comes in it and is followed by an exit
    otherwise; `index` says which operation each of the ways is of, `to` where it leads.
    """

    def __init__(self, op: np.ndarray, to: np.ndarray, plan: Plan, steps: Steps) -> None:
        loop, guest = np.flatnonzero(~plan.guest[to]), np.flatnonzero(plan.guest[to])
        self.index = np.concatenate([loop, guest, guest])
        self.to = np.concatenate([to[loop], to[guest], plan.exit_to[to[guest]]])
        self._loop, self._guest, self._forced = op[loop], op[guest], steps.exit_op[to[guest]]

    def weights(self, after: np.ndarray, quiet: np.ndarray) -> np.ndarray:
        """(K, ways, m, m) from (K, C, m, m) operations, and those in which nothing comes."""
        some = np.broadcast_to(quiet, after.shape)[:, self._guest]
        exits = product(after[:, self._guest] - some, after[:, self._forced])
        return np.concatenate([after[:, self._loop], some, exits], axis=1)


class Sums:
    """Adds up columns (K, L, ...) by where they belong, repeated places included."""

    def __init__(self, where: np.ndarray) -> None:
        self._order = np.argsort(where, kind="stable")
        self._where, self._first = np.unique(where[self._order], return_index=True)

    def take_from(self, total: np.ndarray, columns: np.ndarray) -> None:
        """Subtract the sums from columns of `total`."""
        if len(self._order):
            total[:, self._where] -= np.add.reduceat(columns[:, self._order], self._first, axis=1)
