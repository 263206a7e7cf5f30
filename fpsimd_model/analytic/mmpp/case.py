"""One policy in one scenario with MMPP arrivals: what its balance is made of."""

from __future__ import annotations

import numpy as np

from ...automaton import EVENT_NAMES, Automaton
from ...parameters import Parameters
from ..behind import FIRST, HELD_FIRST, rows_behind
from ..chain import seconds_of
from ..rows import HELD, NEON, SCALAR, rates
from .busy import Queue
from .operations import operations_of
from .phases import Phases
from .queues import released_queue

__all__ = ["NONE_WAIT", "Case"]

_OTHER = [EVENT_NAMES.index("other"), EVENT_NAMES.index("other_softirq")]

NONE_WAIT = np.ones(1)  #: law of a number that is always 0


class Case:
    """Its n states, E events and m rows.

    Attributes
    ----------
    rows, rate:
        What can happen, and the rates (:mod:`..rows`) that drive it.
    before, section:
        (n, E) seconds of masked work ahead of what an event leads to, and of its first section.
    serves, inside:
        (n, E) whether packets are served at once; (n,) whether softirqs are held back.
    lasts:
        (m,) seconds of each row's operation, 0 where it is part of a busy period.
    plain, silent, counted:
        Operations whatever comes in them, with nothing coming, and each interrupt weighed by
        exp(-u B); the last only where softirqs are held back.
    released:
        What vcpu_put serves, None where nothing is held back.
    """

    def __init__(self, table: Automaton, p: Parameters, phases: Phases) -> None:
        self.table, self.p, self.phases = table, p, phases
        self.nu, self.cost = float(p.other_rate[0]), float(p.other_cost[0])
        self.rate = rates(p)[0]
        self.rows = rows = rows_behind(table, self.nu > 0.0, bool(p.task_neon_rate.any()))
        self.before, self.section = (
            seconds_of(p, table, part)[0] for part in ("before", "section")
        )
        self.before[:, _OTHER] += self.cost
        self.serves = np.isin(table.softirq, (NEON, SCALAR))
        self.inside = table.softirqs_off & bool((table.softirq == HELD).any())
        at = rows.state, rows.event
        self.lasts = self.before[at] * ~self.serves[at]
        self.silent = operations_of(phases, self.nu, self.cost, 0.0)
        self.plain = self.counted = operations_of(phases, self.nu, self.cost)
        self.released: Queue | None = None
        if self.inside.any():
            self.released = released_queue(table, p, phases)
            self.counted = operations_of(phases, self.nu, self.cost, self.released.shrunk)

    def waiting(self, i: int) -> np.ndarray:
        """Law of the interrupts without crypto that wait when row i begins."""
        how = self.rows.how[i]
        if how not in (FIRST, HELD_FIRST):
            return NONE_WAIT
        mean = self.nu * self.lasts[self.rows.parent[i]]
        if mean == 0.0:
            return NONE_WAIT
        k = np.arange(1.0, 40.0 + 4.0 * mean)
        law = np.exp(np.append(0.0, k * np.log(mean) - np.log(k).cumsum()) - mean)
        if how == FIRST:
            law = law[1:] / -np.expm1(-mean)
        return law[: max(1, int((law > 1e-18).sum()))]

    def mean_waiting(self, i: int) -> float:
        """Mean of :meth:`waiting`."""
        law = self.waiting(i)
        return float(law @ np.arange(len(law)))
