"""The busy periods of a policy: noted as rows lead to them, weighed once the balance is solved."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...automaton import EVENT_NAMES
from ..rows import SCALAR
from .busy import Queue, Totals, starts_behind, starts_direct
from .case import NONE_WAIT, Case
from .flows import Burst, Periods
from .queues import queue_of

__all__ = ["Bursts"]

_INTERRUPT = EVENT_NAMES.index("interrupt")


@lru_cache(maxsize=1024)
def _totals(queue: Queue, setup: float, waited: float, guest: bool, law: bytes) -> Totals:
    starts = starts_direct()
    if waited:
        starts = starts_behind(queue, waited, np.frombuffer(law), guest=guest)
    return queue.totals(starts.behind(setup, queue.u))


class Bursts:
    """Kinds of busy period, each with the unknown that drives it."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._notes: list[tuple] = []

    def note(
        self,
        driver: int,
        drive: np.ndarray,
        state: int,
        waited: float = 0.0,
        guest: bool = False,
        law: np.ndarray = NONE_WAIT,
    ) -> Totals:
        """One that starts in `state` with phases `drive` (2, 2), for one unit of its driver.

        How its first interrupt came is as in :class:`.flows.Burst`.
        """
        queue, setup = self._met(state)
        totals = _totals(queue, setup, waited, guest, law.tobytes())
        self._notes.append((driver, drive, state, queue, setup, waited, guest, law, totals))
        return totals

    def _met(self, state: int) -> tuple[Queue, float]:
        """The queue that an interrupt meets in `state`, and its set-up."""
        case = self._case
        own = case.section[state, _INTERRUPT]
        scalar = case.table.softirq[state, _INTERRUPT] == SCALAR
        moves = float(case.p.sections[0] * own)
        service = float(case.p.packet(bool(scalar))[0]) + moves
        queue = queue_of(case.p, case.phases, service, moves)
        return queue, float(case.before[state, _INTERRUPT] - own)  # the first section as if extra

    def weighed(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, Periods, list[Burst]]:
        """Those that happen at unknowns x: how often, where, their means, and each by phase."""
        bursts, columns = [], []
        for driver, drive, state, queue, setup, waited, guest, law, totals in self._notes:
            start = x[driver] @ drive
            count = float(start @ totals.starts)
            if count <= 0.0:
                continue
            packets = start @ totals.packets
            columns.append(
                (
                    count,
                    state,
                    packets / count,
                    start @ totals.seconds / count,
                    queue.service,
                    start @ totals.sojourns / packets,
                )
            )
            ends = start @ totals.ends
            bursts.append(Burst(start, ends, packets, state, queue, setup, waited, guest, law))
        count, state, *means = np.array(columns).reshape(-1, 6).T
        periods = Periods(*(mean[None] for mean in means))
        return count[None], state.astype(np.intp), periods, bursts
