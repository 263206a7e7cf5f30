"""Softirqs held back for a residency under MMPP arrivals: means; see :mod:`..held`.

What a residency holds is known by its first two factorial moments and by the phase at the put's
end (:mod:`..residency`); the busy period that follows is one of :class:`.busy.Queue`.
"""

from __future__ import annotations

import numpy as np

from ...automaton import EVENT_NAMES, Automaton
from ...parameters import Parameters
from ..held import Held
from ..residency import Moments, Residency, moments_of
from ..rows import HELD
from .busy import Queue
from .flows import BurstFlows
from .phases import Phases
from .queues import released_kind, released_queue

__all__ = ["held_softirqs", "put", "residency_of"]

_LOAD = EVENT_NAMES.index("load")


def residency_of(
    table: Automaton, p: Parameters, flows: BurstFlows, phases: Phases
) -> tuple[Residency, float]:
    """A residency, and how many begin per second of thread time."""
    rows = flows.rows
    begins = np.flatnonzero((rows.event == _LOAD) & (flows.flow[0] > 0.0))
    entering = float(flows.flow[0, begins].sum())
    loads = [
        (
            int(rows.to[i]),
            float(flows.before[0, rows.state[i], _LOAD]),
            flows.by_phase[i] / entering,
        )
        for i in begins
    ]
    return Residency(table, p, flows.before, loads, phases), entering


def put(queue: Queue, residency: Residency, m: Moments) -> tuple[np.ndarray, ...]:
    """The busy period behind vcpu_put of one residency.

    (2,) phases at its end, seconds, mean interrupts of it and of the residency, and the sum of
    the waits of those that came in it.
    """
    cost = queue.other_cost
    last = np.array([queue.missed(queue.u)]), np.array([np.exp(-queue.u * cost)])
    shrunk = residency.waits(np.zeros(1), *last)[1].real
    start = m.some[None], m.first[None], np.array([m.second.sum()]), shrunk
    end, time, f0, f1 = queue.follow(*start)
    rates = queue.phases.rates
    return end[0], time[0], m.interrupts + f0[0] @ rates, -queue.stretch * (f1[0] @ rates)


def held_softirqs(
    table: Automaton, p: Parameters, flows: BurstFlows, phases: Phases
) -> Held | None:
    """Means of the packets that wait for vcpu_put; None if the policy holds none back."""
    if not table.softirqs_off.any() or not (table.softirq == HELD).any():
        return None
    residency, entering = residency_of(table, p, flows, phases)
    queue = released_queue(table, p, phases)
    m = moments_of(residency, queue.missed, queue.work_mean)
    _, time, interrupts, behind = put(queue, residency, m)
    packets = entering * queue.batch * interrupts
    waits = m.wait + m.pairs * queue.work_mean * queue.stretch + behind
    sojourn = entering * queue.batch * waits + packets * queue.packet_wait()
    return Held(
        np.array([m.rest / m.interrupts]),
        np.array([packets]),
        np.array([packets * queue.service]),
        np.array([entering * time]),
        np.array([sojourn]),
        released_kind(table),
    )
