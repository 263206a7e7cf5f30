"""Softirqs held back for a residency: a queue whose server takes vacations.

Interrupts are taken, their packets wait for vcpu_put and are served there in one busy period with
what comes meanwhile.  Each packet waits for the rest of the residency, then for the batches that
were held before it (M. Doshi, Queueing systems with vacations, Queueing Systems 1 (1986) 29-66).
Second moments come from pairs: the arrivals after a held one are Poisson until the put, a
stopping time, so that their mean number is the rate times the mean rest of the residency (Wald).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..automaton import EVENT_NAMES, Automaton
from ..parameters import Parameters
from .chain import Flows
from .passage import time_to_put
from .queue import BusyPeriods
from .rows import HELD, SCALAR

__all__ = ["Arrivals", "Held", "held_arrivals", "held_softirqs"]

_INTERRUPT = EVENT_NAMES.index("interrupt")
_EXIT = EVENT_NAMES.index("exit")


@dataclass(frozen=True, eq=False)
class Held:
    """Per second of thread time of B scenarios, arrays of shape (B,).

    `mean` is the mean seconds that a held softirq waits for vcpu_put; `packets` are served in the
    busy periods at vcpu_put, for `serving` seconds (`lasting` with interruptions), with `sojourn`
    the sum of their sojourns;
    `kind` is how: an index into ``SOFTIRQ``.
    """

    mean: np.ndarray
    packets: np.ndarray
    serving: np.ndarray
    lasting: np.ndarray
    sojourn: np.ndarray
    kind: int


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Interrupts of a residency that is held, by where they come: `flow` and mean `rest`."""

    flow: np.ndarray
    rest: np.ndarray


def held_arrivals(table: Automaton, p: Parameters, flows: Flows) -> Arrivals:
    """(B, a) interrupts per second of thread time, and mean seconds from each to the put's end."""
    rows, lam = flows.rows, p.interrupt_rate[:, None]
    inside = table.softirqs_off
    _, taken = time_to_put(flows, inside)
    states = np.flatnonzero(inside)
    flow, rest = [lam * flows.pi[:, states]], [taken[:, states]]

    # During masked operations: half of it is left on average, then as if taken where it ends.
    target = table.next[rows.state, rows.event]
    cost = flows.before[:, rows.state, rows.event]
    for i in range(len(rows.state)):
        here, to = rows.state[i], target[i]
        from_inside, lands = inside[here], inside[to]
        releases = from_inside and table.softirq[here, rows.event[i]] != 0
        if not (lands or releases):
            continue  # who comes during a put that releases nothing is served as any other
        flow.append(lam * cost[:, [i]] * flows.flow[:, [i]])
        if not rows.lands[i] and rows.event[i] == _EXIT:  # the residency ended in the guest
            after = table.next[to, _INTERRUPT]
            put = _put_event(rows, i)
            then = flows.before[:, after, put]
        elif lands:
            then = taken[:, to]
        else:
            then = np.zeros(len(p))
        rest.append(cost[:, [i]] / 2.0 + then[:, None])
    return Arrivals(np.concatenate(flow, axis=1), np.concatenate(rest, axis=1))


def _put_event(rows, i: int) -> int:
    """The put that follows row i, the exit of a residency that ended in the guest."""
    return int(rows.event[i + 1])


def held_softirqs(table: Automaton, p: Parameters, flows: Flows) -> Held | None:
    """Means of the packets that wait for vcpu_put; None if the policy holds none back."""
    inside = table.softirqs_off
    if not inside.any() or not (table.softirq == HELD).any():
        return None
    arrivals = held_arrivals(table, p, flows)
    rows = flows.rows
    leaves = inside[rows.state] & ~inside[table.next[rows.state, rows.event]]
    puts = flows.flow[:, leaves].sum(axis=1)
    kinds = table.softirq[rows.state[leaves], rows.event[leaves]]
    kind = int(kinds.max())
    lam, b = p.interrupt_rate, p.batch
    alone = p.packet(kind == SCALAR)
    queue = BusyPeriods(
        lam, b, p.batch_second_moment, alone, p.service_cv2, alone, 0.0 * lam,
        p.other_rate, p.other_cost,
    )  # fmt: skip
    service, load = queue.packet[0], queue.load
    with np.errstate(invalid="ignore", divide="ignore"):
        total = arrivals.flow.sum(axis=1)
        waited = (arrivals.flow * arrivals.rest).sum(axis=1)
        mean = waited / total
        n1 = total / puts
        pairs = lam * waited / puts  # E[N(N-1)]/2
        work = b * service
        work2 = queue.work2
        u1 = n1 * work
        u2 = n1 * work2 + 2.0 * pairs * work**2
        own = service + queue.wait_in_batch
        during = lam * u1 / (1.0 - load)  # interrupts of the busy period at the put
        backlog = u2 / (2.0 * (1.0 - load)) + u1 * lam * work2 / (2.0 * (1.0 - load) ** 2)
        packets = puts * b * (n1 + during)
        sojourn = waited * b + puts * b * (pairs * work + lam * backlog) + packets * own
    return Held(mean, packets, packets * alone, packets * service, sojourn, kind)
