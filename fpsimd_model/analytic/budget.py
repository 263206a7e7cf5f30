"""How often busy periods would last longer than the softirq budget, so that ksoftirqd takes over.

The work left in a busy period is taken as Brownian motion with the drift and the variance of the
work that comes (J. M. Harrison, Brownian Motion and Stochastic Flow Systems (1985), section 1.8),
which tells how often within some 30%: enough to say whether it matters.
"""

from __future__ import annotations

import numpy as np

from ..automaton import EVENT_NAMES
from ..events import GUEST, LOOP, POSITIONS
from ..parameters import Parameters
from .mmpp.phases import Phases
from .rows import SCALAR
from .solved import Solved

__all__ = ["ksoftirqd_would_end", "note_of", "share_beyond"]

_INTERRUPT = EVENT_NAMES.index("interrupt")
_RESIDENT = [POSITIONS.index(LOOP), POSITIONS.index(GUEST)]
_MATTERS = 1e-4  # of the time is spent in a budget that ran out


def note_of(solved: Solved, p: Parameters, phases: Phases | None = None) -> str:
    """What to say of an ``ok`` result about ksoftirqd; "" if it would hardly ever run.

    >>> from fpsimd_model.policies import BusyFlagResident
    >>> from fpsimd_model.scenario import Scenario
    >>> p = Parameters.of(Scenario().replace({"softirq.interrupts_per_s": 6e4}))
    >>> note_of(Solved(BusyFlagResident, p), p)
    'ksoftirqd left out, which would take over about 31 times a second (softirq_budget_us = 2000)'
    """
    budget, flows = float(p.softirq_budget[0]), solved.flows
    if not np.isfinite(budget) or flows is None or p.interrupt_rate[0] == 0.0:
        return ""
    resident = np.isin(solved.table.position[flows.period_state], _RESIDENT)
    served = float((flows.period_flow * flows.periods.packets).sum())
    served += float(solved.held.packets[0]) if solved.held is not None else 0.0
    wall = served / solved.metrics["packets_per_s"]
    rate = float(p.interrupt_rate[0] if phases is None else phases.rates.max())
    beyond = flows.period_flow[0] * share_beyond(solved, p, rate)
    often = float(beyond[resident].sum()) / wall
    if often * budget < _MATTERS:
        return ""
    said = f" about {float(f'{often:.2g}'):.12g} times a second" if phases is None else ""
    return f"ksoftirqd left out, which would take over{said} (softirq_budget_us = {1e6 * budget:g})"


def ksoftirqd_would_end(p: Parameters) -> bool:
    """Whether there is a ksoftirqd, and the CPU can serve all packets with NEON."""
    need = p.interrupt_rate * p.batch * p.packet(False) + p.other_rate * p.other_cost
    return bool(np.isfinite(p.softirq_budget[0]) and need[0] < 1.0)


def share_beyond(solved: Solved, p: Parameters, rate: float) -> np.ndarray:
    """(k,) share of each kind of busy period that outlasts the budget, about.

    `rate` is that of interrupts while it lasts.
    """
    from scipy.special import log_ndtr, ndtr

    flows, t = solved.flows, float(p.softirq_budget[0])
    state, b = flows.period_state, float(p.batch[0])
    scalar = solved.table.softirq[state, _INTERRUPT] == SCALAR
    drawn = np.where(scalar, p.packet(True)[0], p.packet(False)[0])
    cost = p.costs(solved.policy)[0]
    service = drawn + solved.table.section[state, _INTERRUPT] @ cost * p.sections[0]
    setup = flows.before[0, state, _INTERRUPT]
    square = b * p.service_cv2[0] * drawn**2 + p.batch_second_moment[0] * service**2
    variance = rate * square + p.other_rate[0] * p.other_cost[0] ** 2
    drift = 1.0 - rate * b * service - p.other_rate[0] * p.other_cost[0]
    begin = b * service * (1.0 + rate * setup)
    spread = np.sqrt(variance * t)
    back = log_ndtr(-(begin + drift * t) / spread) + 2.0 * drift * begin / variance
    return np.maximum(ndtr((begin - drift * t) / spread) - np.exp(back), 0.0)
