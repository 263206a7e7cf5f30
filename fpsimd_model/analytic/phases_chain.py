"""The solved chain with phases, state by state, for those who ask for single states."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..automaton import Automaton
from ..parameters import Parameters
from .behind import Masked
from .flows import summed
from .phases_clocks import clock_rates
from .phases_lift import Lift, lift_of
from .phases_solve import Phased

__all__ = ["PhasedChain"]


class PhasedChain:
    """As :class:`.flows.Chain`, worked out when it is read; `phased` is what it is made from."""

    def __init__(self, table: Automaton, p: Parameters, masked: Masked, phased: Phased) -> None:
        self._table, self._p, self._masked, self.phased = table, p, masked, phased

    @cached_property
    def lift(self) -> Lift:
        p = self._p
        others, task = bool(p.other_rate.any()), bool(p.task_neon_rate.any())
        return lift_of(self._table, others, task, self.phased.clocks.shape)

    @cached_property
    def _rate(self) -> np.ndarray:
        return clock_rates(self._p, self.phased.clocks)

    @cached_property
    def coef(self) -> np.ndarray:
        return self._rate[:, self.lift.column] * self._masked.often[:, self.lift.row]

    @cached_property
    def quiet(self) -> np.ndarray:
        return self.coef * (self._masked.quiet * self.phased.drive.rows.lands)[:, self.lift.row]

    @cached_property
    def caught(self) -> np.ndarray:
        return self.coef * (self._masked.caught * self.phased.drive.rows.lands)[:, self.lift.row]

    @cached_property
    def moves(self) -> np.ndarray:
        return self._rate[:, self.lift.move_column]

    @cached_property
    def x(self) -> np.ndarray:
        lift, found = self.lift, self.phased
        drive, n = found.drive, len(self.lift)
        thread = np.zeros((len(self._p), n))
        start = np.searchsorted(lift.base, np.arange(drive.size))
        for states, part in (
            (drive.out, found.out),
            (drive.loop, found.inside.loop),
            (drive.guest, found.inside.guest),
        ):
            flat = part.reshape(len(part), len(states), -1)
            where = start[states][:, None] + np.arange(flat.shape[2])
            thread[:, where] = flat
        driven = lift.source < n
        waits = self._waits(driven, thread[:, lift.source[driven]])
        if drive.again is not None:
            waits = waits + self._waits(~driven, waits[:, lift.source[~driven] - n])
        return np.concatenate([thread, waits], axis=1)

    def _waits(self, rows: np.ndarray, x: np.ndarray) -> np.ndarray:
        return summed(self.caught[:, rows] * x, self.lift.to[rows], len(self.lift))
