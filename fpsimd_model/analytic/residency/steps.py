"""The steps of a residency that happen at a scenario's rates, as arrays, and sums over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...automaton import EVENT_NAMES
from ...parameters import Parameters
from ..mmpp.phases import product
from ..phases_clocks import Clocks, clock_rates
from .plan import Plan

__all__ = ["Landing", "Steps", "Sums", "steps_of"]

_LOAD = EVENT_NAMES.index("load")


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
        self._order = np.argsort(np.concatenate([loop, guest]))
        self.index = np.concatenate([loop, guest, guest])
        self.to = np.concatenate([to[loop], to[guest], plan.exit_to[to[guest]]])
        self._loop, self._guest, self._forced = op[loop], op[guest], steps.exit_op[to[guest]]

    def weights(self, after: np.ndarray, quiet: np.ndarray) -> np.ndarray:
        """(K, ways, m, m) from (K, C, m, m) operations, and those in which nothing comes."""
        some = np.broadcast_to(quiet, after.shape)[:, self._guest]
        exits = product(after[:, self._guest] - some, after[:, self._forced])
        return np.concatenate([after[:, self._loop], some, exits], axis=1)

    def gone(self, after: np.ndarray, quiet: np.ndarray, gone: np.ndarray) -> np.ndarray:
        """(K, L, m) 1 less the sum of an operation's ways, from those (K, C, m) of operations."""
        some = np.broadcast_to(quiet, after.shape)[:, self._guest]
        exits = product(after[:, self._guest] - some, gone[:, self._forced, :, None])[..., 0]
        each = np.concatenate([gone[:, self._loop], gone[:, self._guest] + exits], axis=1)
        return each[:, self._order]


class Sums:
    """Adds up columns (K, L, ...) by where they belong, repeated places included."""

    def __init__(self, where: np.ndarray) -> None:
        self._order = np.argsort(where, kind="stable")
        self._where, self._first = np.unique(where[self._order], return_index=True)

    def add_to(self, total: np.ndarray, columns: np.ndarray) -> None:
        """Add the sums to columns of `total`."""
        if len(self._order):
            total[:, self._where] += np.add.reduceat(columns[:, self._order], self._first, axis=1)
