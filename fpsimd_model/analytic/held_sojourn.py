"""Sojourn times of packets that wait for vcpu_put: the distribution behind ``held``.

A packet that is held waits for the rest of the residency, then for the batches held before it;
see :mod:`.residency`.  Packets that come in the busy period at vcpu_put see the delay cycle of
H. Takagi, Queueing Analysis vol. 1 (1991), eq. 1.52, or under MMPP arrivals, with start and end E
by phase, (E - start) (s I + Q - Λ (1 - B*))^-1 λ; see :mod:`.mmpp.law`.
"""

from __future__ import annotations

import numpy as np

from ..automaton import EVENT_NAMES, Automaton
from ..parameters import Parameters
from .chain import Flows
from .held import Held
from .inversion import FINER, SMOOTH, invert, nodes
from .mmpp.flows import BurstFlows
from .mmpp.held import put, residency_of
from .mmpp.phases import Phases
from .mmpp.queues import released_queue
from .packets import Packets, position_transform
from .percentiles import Survivals, percentiles
from .residency import Residency, moments_of
from .rows import SCALAR

__all__ = ["HeldSojourns", "held_in_bursts", "held_sojourns"]

_LOAD = EVENT_NAMES.index("load")

_ROUGH, _MANY = 30.0, 64  # kinks count below so many of the longest fixed time; terms there


class HeldSojourns:
    """A mixture of packets held for vcpu_put, served behind them, and served at once.

    Parameters
    ----------
    packets:
        How they come, and what stops them.
    service:
        Seconds of one of them at the put.
    residency:
        What holds them back.
    interrupts:
        Mean number of a residency and of the busy period at its put.
    ends:
        (m,) share of residencies that hold any, by the phase at the end of that busy period.
    share_at_once:
        Share of the packets that come outside residencies.
    at_once:
        Their sojourns, None if there are none.
    phases:
        Those of MMPP arrivals.
    """

    def __init__(
        self,
        packets: Packets,
        service: float,
        residency: Residency,
        interrupts: float,
        ends: np.ndarray,
        share_at_once: float,
        at_once: Survivals | None,
        phases: Phases | None = None,
    ) -> None:
        self.packets, self.service, self.residency = packets, service, residency
        self.share_at_once, self.at_once = share_at_once, at_once
        self._phases = phases
        self._longest = max(service, residency.longest)
        self._interrupts, self._ends = interrupts, ends

    def _transform(self, s: np.ndarray) -> np.ndarray:
        """Transform over packets of a residency and its put, in packets of all packets."""
        packets = self.packets
        slower = packets.stretch(s)
        z = _packets_service(packets, slower, self.service)
        missed = packets.missed(slower, self.service, 0.0)
        wait, held = self.residency.waits(s, missed, np.exp(-slower * packets.other_cost))
        change = self._ends - held
        if self._phases is None:
            later = packets.rate * change[:, 0] / (s - packets.rate * missed)
        else:
            later = self._phases.divided(change, change.sum(axis=1), s, missed)
        share = (1.0 - self.share_at_once) / self._interrupts
        return share * (wait + later) * z * position_transform(z, packets)

    def __len__(self) -> int:
        return 1

    def inverted(self, t: np.ndarray) -> np.ndarray:
        """(n,) bool: where a transform is inverted, and kinks may show."""
        rough = t < _ROUGH * self._longest
        return rough | self.at_once.inverted(t) if self.at_once else rough

    def survival(
        self, t: np.ndarray, which: np.ndarray | None = None, finer: int = 0
    ) -> np.ndarray:
        """P(T > t) at times (n,), seconds."""
        t = np.asarray(t, dtype=float)
        out = np.zeros(len(t))
        rough = t < _ROUGH * self._longest
        for some, terms in ((rough, _MANY), (~rough, SMOOTH)):
            if some.any():
                out[some] = self._held(t[some], round(terms * FINER**finer))
        if self.at_once:
            none = np.zeros(len(t), dtype=int)
            out += self.share_at_once * self.at_once.survival(t, none, finer)
        return np.clip(out, 0.0, 1.0)

    def _held(self, t: np.ndarray, terms: int) -> np.ndarray:
        """P(held, and T > t), from so many terms of the Fourier series."""
        s = nodes(t, terms)
        total = self._transform(s.ravel()).reshape(s.shape)
        return invert((1.0 - self.share_at_once - total) / s, t)

    def survival_grid(self, t: np.ndarray, finer: int = 0) -> np.ndarray:
        """(1, n) P(T > t) at times (n,), seconds."""
        return self.survival(t, None, finer)[None, :]

    def heaviest_atom(self, which: int, low: float, high: float) -> float | None:
        return self.at_once.heaviest_atom(0, low, high) if self.at_once else None

    def percentiles(self, p, mean: float) -> np.ndarray:
        """(1, len(p)) seconds; `mean` is the mean sojourn."""
        return percentiles(self, p, (0.5 * self.service, 8.0 * mean), 9)


def _packets_service(packets: Packets, slower: np.ndarray, mean: float) -> np.ndarray:
    """Transform of one packet's service at arbitrary points, stretched."""
    return 1.0 / (1.0 + slower * mean) if packets.exponential else np.exp(-slower * mean)


def held_sojourns(
    table: Automaton,
    p: Parameters,
    flows: Flows,
    held: Held,
    packets: Packets,
    at_once: Survivals | None,
    alone: float,
) -> HeldSojourns:
    """Under Poisson arrivals, from the solved chain.

    `at_once` are the sojourns of the packets that come outside residencies, `alone` how many
    there are per second of thread time.
    """
    chain, rows = flows.chain, flows.rows
    flow = chain.coef[0] * chain.x[0, chain.lift.source]
    begins = np.flatnonzero((rows.event[chain.lift.row] == _LOAD) & (flow > 0.0))
    entering = flow[begins].sum()
    loads = [
        (
            int(chain.lift.to[j]),
            float(flows.before[0, rows.state[chain.lift.row[j]], _LOAD]),
            np.array([flow[j] / entering]),
        )
        for j in begins
    ]
    residency = Residency(table, p, flows.before, loads)
    service = float(p.packet(held.kind == SCALAR)[0])
    moments = moments_of(
        residency, lambda u: packets.missed(u, service, 0.0), packets.batch * service
    )
    free = 1.0 - packets.other_rate * packets.other_cost
    load = packets.rate * packets.batch * service / free
    during = packets.rate * float(moments.first[0]) / (free * (1.0 - load))
    return HeldSojourns(
        packets,
        service,
        residency,
        moments.interrupts + during,
        moments.some,
        alone / (float(held.packets[0]) + alone),
        at_once,
    )


def held_in_bursts(
    table: Automaton,
    p: Parameters,
    flows: BurstFlows,
    held: Held,
    packets: Packets,
    phases: Phases,
    at_once: Survivals | None,
) -> HeldSojourns:
    """Under MMPP arrivals; as :func:`held_sojourns`."""
    residency, _ = residency_of(table, p, flows, phases)
    queue = released_queue(table, p, phases)
    moments = moments_of(residency, queue.missed, queue.work_mean)
    ends, _, interrupts, _ = put(queue, residency, moments)
    alone = float((flows.period_flow * flows.periods.packets).sum())
    return HeldSojourns(
        packets,
        queue.service,
        residency,
        interrupts,
        ends,
        alone / (float(held.packets[0]) + alone),
        at_once,
        phases,
    )
