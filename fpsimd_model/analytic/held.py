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
from .flows import Flows
from .passage import pays_of, until_put
from .phases_chain import PhasedChain
from .phases_parts import Inside, each
from .phases_solve import Phased
from .queue import BusyPeriods, Stretch
from .rows import HELD, SCALAR

__all__ = ["Arrivals", "Held", "held_arrivals", "held_softirqs"]

_INTERRUPT = EVENT_NAMES.index("interrupt")
_EXIT = EVENT_NAMES.index("exit")
_LASTS = np.array([1.0, 0.0])  # seconds of a second of thread time, and of what is late


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
    """Interrupts of a residency that is held, by where they come.

    How many, `flow`, and the means of the `rest` of the residency with its put, and of the time
    `late` that interrupts without crypto ahead of their softirqs take, which came during the put.
    """

    flow: np.ndarray
    rest: np.ndarray
    late: np.ndarray


def held_arrivals(table: Automaton, p: Parameters, flows: Flows) -> Arrivals:
    """(B, a) interrupts per second of thread time, and mean seconds from each to the put's end."""
    chain, lam, base = flows.chain, p.interrupt_rate[:, None], flows.rows
    inside = table.softirqs_off
    puts, one, _ = _late(table, p, flows)
    late = np.zeros(flows.flow.shape)
    late[:, puts] = one
    both = np.stack([pays_of(flows), late], axis=-1)

    # During masked operations: half of it is left on average, then as if taken where it ends.
    ends = np.zeros(len(base.state), dtype=bool)
    then = np.stack([np.zeros_like(late), late], axis=-1)
    for i in np.flatnonzero(~base.lands & (base.event == _EXIT)):  # a residency ended in the guest
        ends[i] = inside[base.to[i]]
        then[:, i, 0] = flows.before[:, table.next[base.to[i], _INTERRUPT], base.event[i + 1]]
        then[:, i, 1] = late[:, i + 1]  # the row of its put
    releases = inside[base.state] & (table.softirq[base.state, base.event] != 0)
    releases &= base.lands & ~inside[base.to]
    lands = base.lands & inside[base.to]
    cost = flows.before[:, base.state, base.event]
    mean = np.where(releases, cost, flows.masked.mean)
    square = np.where(releases, cost * cost, flows.masked.square)
    some = lands | ends | releases  # others come during a put that releases nothing
    half = np.where(mean > 0.0, 0.5 * square / np.where(mean > 0.0, mean, 1.0), 0.0)
    # In the guest, what came besides waits behind the exit that the interrupt forces.
    then[..., 0] += half + flows.masked.late * _stop(p)
    often = np.where(some, lam * mean, 0.0)
    if isinstance(chain, PhasedChain):
        return _all_arrivals(chain.phased, flows, lam, inside, both, often, lands, then)

    lift, n = chain.lift, len(chain.lift)
    _, taken = until_put(flows, inside, both, _LASTS)
    thread, some = inside[lift.base], some[lift.row]
    row, to = lift.row[some], lift.to[some]
    on = np.where(lands[row, None], taken[:, to], 0.0) + then[:, row]
    happens = often[:, row] * (chain.coef * chain.x[:, lift.source])[:, some]
    flow = np.concatenate([lam * chain.x[:, :n][:, thread], happens], axis=1)
    rest = np.concatenate([taken[:, thread], on], axis=1)
    return Arrivals(flow, *np.moveaxis(rest, -1, 0))


def _all_arrivals(phased: Phased, flows: Flows, lam, inside, pays, often, lands, then) -> Arrivals:
    """All of them as one, with phases."""
    drive, x = phased.drive, phased.inside
    often_there = often * lands
    waits = phased.waiting
    parts = (
        Inside(
            each(lam * inside[drive.loop], x.loop),
            each(lam * inside[drive.guest], x.guest),
        ),
        phased.lands(drive.matrices(often_there)),
        phased.leads_to(drive.of_waiting(often_there), waits),
    )
    come = Inside(sum(part.loop for part in parts), sum(part.guest for part in parts))
    happens = often * flows.flow
    total = happens.sum(axis=1) + parts[0].loop.reshape(len(lam), -1).sum(axis=1)
    total = total + parts[0].guest.reshape(len(lam), -1).sum(axis=1)
    sums = phased.until_put_waiting(pays, _LASTS, come) + np.einsum("bm,bmr->br", happens, then)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Arrivals(total[:, None], *(sums / total[:, None]).T[..., None])


def _stop(p: Parameters) -> np.ndarray:
    """(B, 1) mean seconds that an interrupt without crypto takes, with those that come in it."""
    return (p.other_cost / (1.0 - p.other_rate * p.other_cost))[:, None]


def held_softirqs(table: Automaton, p: Parameters, flows: Flows) -> Held | None:
    """Means of the packets that wait for vcpu_put; None if the policy holds none back."""
    inside = table.softirqs_off
    if not inside.any() or not (table.softirq == HELD).any():
        return None
    arrivals = held_arrivals(table, p, flows)
    puts, one, two = _late(table, p, flows)
    kind = int(table.softirq[flows.rows.state, flows.rows.event][puts].max())
    lam, b = p.interrupt_rate, p.batch
    alone = p.packet(kind == SCALAR)
    queue = BusyPeriods(
        lam, b, p.batch_second_moment, alone, p.service_cv2, alone, 0.0 * lam,
        p.other_rate, p.other_cost,
    )  # fmt: skip
    service, load = queue.packet[0], queue.load
    total = arrivals.flow.sum(axis=1)
    waited = (arrivals.flow * arrivals.rest).sum(axis=1)
    behind = (arrivals.flow * arrivals.late).sum(axis=1)
    first, second = ((flows.flow[:, puts] * moment).sum(axis=1) for moment in (one, two))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = waited / total
        pairs = lam * waited  # the sum of N(N-1)/2 over puts
        work, work2 = b * service, queue.work2
        u1 = total * work + first  # sums of the work at a put, and of its square
        u2 = total * work2 + 2.0 * pairs * work**2 + 2.0 * work * behind + second
        own = service + queue.wait_in_batch
        during = lam * u1 / (1.0 - load)  # interrupts of the busy periods at puts
        backlog = u2 / (2.0 * (1.0 - load)) + u1 * lam * work2 / (2.0 * (1.0 - load) ** 2)
        packets = b * (total + during)
        sojourn = waited * b + b * (pairs * work + behind + lam * backlog) + packets * own
    return Held(mean, packets, packets * alone, packets * service + first, sojourn, kind)


def _late(table: Automaton, p: Parameters, flows: Flows) -> tuple[np.ndarray, ...]:
    """Interrupts without crypto that came during a put and run ahead of what it releases.

    The rows (k,) of such puts, and (B, k) means of the time that these take, and of its square.
    """
    rows, inside = flows.rows, table.softirqs_off
    leaves = rows.lands & inside[rows.state] & ~inside[rows.to]
    puts = np.flatnonzero(leaves & (table.softirq[rows.state, rows.event] != 0))
    stretch = Stretch(p.other_rate[:, None], p.other_cost[:, None])
    count = p.other_rate[:, None] * flows.before[:, rows.state[puts], rows.event[puts]]
    work = p.other_cost[:, None] * count
    one, two, _ = stretch.moments(work, work * (work + p.other_cost[:, None]), 0.0 * work)
    return puts, one, two
