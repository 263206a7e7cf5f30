"""Sojourn times of packets that wait for vcpu_put: the distribution behind ``held``.

A packet that is held waits for the rest of the residency, then for the batches held before it.
Given the state in which it comes, the two are independent: a forward solution counts the
arrivals before it (its generating function at the transform of a batch's work), a backward one
times the rest of the residency.  Packets that come in the busy period at vcpu_put see the delay
cycle of H. Takagi, Queueing Analysis vol. 1 (1991), eq. 1.52.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from ..automaton import EVENT_NAMES, Automaton
from ..events import GUEST, POSITIONS
from ..parameters import Parameters
from .chain import Flows
from .held import Held
from .inversion import SMOOTH, invert, nodes
from .percentiles import percentiles
from .rows import SCALAR, rates, rows_of
from .sojourn import Packets, Sojourns, batch_transform, position_transform

__all__ = ["HeldSojourns"]

_INTERRUPT, _EXIT, _LOAD = (EVENT_NAMES.index(e) for e in ("interrupt", "exit", "load"))
_GUEST = POSITIONS.index(GUEST)
_ROUGH, _MANY = 30.0, 64  # kinks count below so many of the longest fixed time; terms there


@dataclass(frozen=True)
class _Step:
    """One thing that ends thread time in block `here` at rate `rate`, with its operation."""

    here: int
    rate: float
    cost: float
    to: int | None  # block, None for vcpu_put
    arrival: bool = False
    put_cost: float = 0.0  # the put behind an exit, when the residency ended in the guest
    exits: bool = False


@lru_cache(maxsize=256)
def _blocks(table: Automaton) -> tuple[int, ...]:
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
            return tuple(block.get(s, -1) for s in range(len(table)))
        label = finer


class HeldSojourns:
    """A mixture of packets held for vcpu_put, served behind them, and served at once.

    Parameters
    ----------
    table, p, flows, held:
        One scenario, solved.
    at_once:
        Sojourns of the packets that come outside residencies, and how many per second of thread
        time.
    """

    def __init__(
        self,
        table: Automaton,
        p: Parameters,
        flows: Flows,
        held: Held,
        at_once: tuple[Sojourns, float] | None,
    ) -> None:
        self.at_once = at_once
        self.lam = float(p.interrupt_rate[0])
        self.packets = Packets(
            self.lam,
            float(p.batch[0]),
            bool(p.batch_fixed[0]),
            bool(p.service_cv2[0] > 0),
            float(p.other_rate[0]),
            float(p.other_cost[0]),
        )
        self.service = float(p.packet(held.kind == SCALAR)[0])
        self._longest = max(self.service, float(flows.before.max()))
        self._chain(table, p, flows)
        before = self._forward(np.zeros(1))
        self._never = before[0].real
        alone = at_once[1] if at_once else 0.0
        self._total = float(held.packets[0]) + alone
        self.share_at_once = alone / self._total
        self._puts = self._entering * self.packets.batch / self._total

    def _chain(self, table: Automaton, p: Parameters, flows: Flows) -> None:
        block = np.array(_blocks(table))
        count = block.max() + 1
        first = [int(np.flatnonzero(block == b)[0]) for b in range(count)]
        rows = rows_of(table, bool(p.other_rate.any()), bool(p.task_neon_rate.any()))
        rate, before = rates(p)[0][rows.rate], flows.before[0]
        steps: list[_Step] = []
        for b, s in enumerate(first):
            for i in np.flatnonzero(rows.source == s):
                here, event = int(rows.state[i]), int(rows.event[i])
                if rate[i] == 0.0 or here != s:
                    continue  # rows that follow an exit are told with it
                cost, to = before[here, event], int(table.next[here, event])
                if not rows.lands[i]:
                    put = int(rows.event[i + 1])
                    behind = before[to, put]
                    steps.append(_Step(b, rate[i], cost, None, put_cost=behind, exits=True))
                else:
                    onward = int(block[to]) if block[to] >= 0 else None
                    steps.append(_Step(b, rate[i], cost, onward, arrival=event == _INTERRUPT))
            # Interrupts without crypto that wait behind an operation are taken at once.
            for i in np.flatnonzero(rows.source == 2 * len(table) + s):
                event = int(rows.event[i])
                onward = int(block[table.next[s, event]])
                steps.append(_Step(count + b, rate[i], before[s, event], onward))
        self._nu = float(p.other_rate[0])
        nodes = 2 * count if self._nu > 0.0 else count
        self._blocks = count
        self._steps = steps
        self._lasts = (np.arange(nodes) < count).astype(float)
        self._out = np.zeros(nodes)
        for step in steps:
            self._out[step.here] += step.rate
        self._is_guest = table.position[first] == _GUEST
        self._exit_cost = np.array([before[s, _INTERRUPT] for s in first])
        self._exit_to = np.array([block[table.next[s, _INTERRUPT]] for s in first])
        loads = np.flatnonzero(flows.rows.event == _LOAD)
        flow = flows.flow[0, loads]
        self._entering = float(flow.sum())
        self._loads = [
            (
                int(block[table.next[flows.rows.state[i], _LOAD]]),
                float(before[flows.rows.state[i], _LOAD]),
                float(f) / self._entering,
            )
            for i, f in zip(loads, flow, strict=True)
            if f > 0
        ]

    def _landing(self, cost: float, to: int, counted, passing) -> list[tuple[int, np.ndarray]]:
        """Where an operation that ends in block `to` leads at once, and with what weight.

        `counted` is the decay rate of the arrivals' generating function, `passing` of the time.
        """
        nothing = np.exp(-self.lam * cost)
        other = nothing * -np.expm1(-self._nu * cost)
        if not self._is_guest[to]:
            found = [(to, np.exp(-counted * cost) - other)]
        else:  # a crypto interrupt that waits forces an exit
            then, left = self._exit_cost[to], self._exit_to[to]
            seen = (np.exp(-counted * cost) - nothing) * np.exp(-passing * then)
            found = [
                (n, seen * weight) for n, weight in self._landing(then, left, counted, passing)
            ]
            found.append((to, nothing - other))
        if self._nu > 0.0:
            found.append((self._blocks + to, other))
        return found

    def _forward(self, z: np.ndarray) -> np.ndarray:
        """(K, R) mean thread time in each block per residency, arrivals so far counted by z."""
        k, n = len(z), len(self._out)
        gamma = self.lam * (1.0 - z)
        matrix = np.zeros((k, n, n), dtype=complex)
        right = np.zeros((k, n, 1), dtype=complex)
        matrix[:, range(n), range(n)] = self._out
        for step in self._steps:
            if step.to is None:
                continue
            rate = step.rate * z if step.arrival else step.rate
            for to, weight in self._landing(step.cost, step.to, gamma, 0.0):
                matrix[:, to, step.here] -= rate * weight
        for first, cost, share in self._loads:
            for to, weight in self._landing(cost, first, gamma, 0.0):
                right[:, to, 0] += share * weight
        return np.linalg.solve(matrix, right)[:, :, 0]

    def _backward(self, s: np.ndarray) -> np.ndarray:
        """(K, R) transform of the time from each block, or what waits there, to vcpu_put's end."""
        k, n = len(s), len(self._out)
        matrix = np.zeros((k, n, n), dtype=complex)
        right = np.zeros((k, n, 1), dtype=complex)
        matrix[:, range(n), range(n)] = self._out + s[:, None] * self._lasts
        for step in self._steps:
            pays = step.rate * np.exp(-s * step.cost)
            if step.to is None:
                right[:, step.here, 0] += pays * np.exp(-s * step.put_cost)
                continue
            for to, weight in self._landing(step.cost, step.to, 0.0, s):
                matrix[:, step.here, to] -= pays * weight
        return np.linalg.solve(matrix, right)[:, :, 0]

    def _transform(self, s: np.ndarray) -> np.ndarray:
        """Transform over packets of a residency and its put, in packets of all packets."""
        lam, packets = self.lam, self.packets
        z = _packets_service(packets, s, self.service)
        work = batch_transform(z, packets)
        own = z * position_transform(z, packets)
        count, rest, never = self._forward(work), self._backward(s), self._never
        gamma = lam * (1.0 - work)

        def behind(cost: float, to: int) -> np.ndarray:
            """Transform of what follows an operation of this length, for an arrival before it."""
            return sum(w * rest[:, n] for n, w in self._landing(cost, to, 0.0, s))

        @cache  # operations take few different times
        def passing(cost: float) -> np.ndarray:
            return np.exp(-s * cost)

        @cache
        def counted(cost: float) -> np.ndarray:
            return np.exp(-gamma * cost)

        @cache
        def during(cost: float) -> np.ndarray:
            """Arrivals in an operation: work before each, time left of the operation."""
            return lam * (counted(cost) - passing(cost)) / (s - gamma)

        wait = np.zeros(len(s), dtype=complex)
        held = np.zeros(len(s), dtype=complex)  # generating function of what the put releases
        some = 0.0
        for to, cost, share in self._loads:
            wait += share * during(cost) * rest[:, to]
        for step in self._steps:
            flow = step.rate * count[:, step.here]
            if step.to is None:
                quiet = step.rate * never[step.here] * np.exp(-lam * step.cost * step.exits)
                last = step.put_cost if step.exits else step.cost
                if step.exits:
                    wait += flow * during(step.cost) * passing(last)
                    flow = flow * counted(step.cost)
                wait += (flow - quiet) * during(last)
                held += (flow - quiet) * counted(last)
                some += quiet
            elif step.arrival:
                taken = flow * passing(step.cost) * behind(step.cost, step.to)
                wait += taken + flow * work * during(step.cost) * rest[:, step.to]
            elif self._is_guest[step.to]:
                then, left = self._exit_cost[step.to], self._exit_to[step.to]
                wait += flow * during(step.cost) * passing(then) * behind(then, left)
                seen = flow * (counted(step.cost) - np.exp(-lam * step.cost))
                wait += seen * during(then) * rest[:, left]
            else:
                wait += flow * during(step.cost) * rest[:, step.to]
        later = lam * ((1.0 - some) - held) / (s - gamma)
        return self._puts * (wait + later) * own

    def __len__(self) -> int:
        return 1

    def survival(self, t: np.ndarray, which: np.ndarray | None = None) -> np.ndarray:
        """P(T > t) at times (n,), seconds."""
        t = np.asarray(t, dtype=float)
        out = np.zeros(len(t))
        rough = t < _ROUGH * self._longest
        for some, terms in ((rough, _MANY), (~rough, SMOOTH)):
            if some.any():
                out[some] = self._held(t[some], terms)
        if self.at_once:
            out += self.share_at_once * self.at_once[0].survival(t, np.zeros(len(t), dtype=int))
        return np.clip(out, 0.0, 1.0)

    def _held(self, t: np.ndarray, terms: int) -> np.ndarray:
        """P(held, and T > t), from so many terms of the Fourier series."""
        s = nodes(t, terms)
        total = self._transform(s.ravel()).reshape(s.shape)
        return invert((1.0 - self.share_at_once - total) / s, t)

    def survival_grid(self, t: np.ndarray) -> np.ndarray:
        """(1, n) P(T > t) at times (n,), seconds."""
        return self.survival(t)[None, :]

    def heaviest_atom(self, which: int, low: float, high: float) -> float | None:
        return self.at_once[0].heaviest_atom(0, low, high) if self.at_once else None

    def percentiles(self, p, mean: float) -> np.ndarray:
        """(1, len(p)) seconds; `mean` is the mean sojourn."""
        return percentiles(self, p, (0.5 * self.service, 8.0 * mean), 9)


def _packets_service(packets: Packets, s: np.ndarray, mean: float) -> np.ndarray:
    """Transform of one packet's service at arbitrary points."""
    slower = packets.stretch(s)
    return 1.0 / (1.0 + slower * mean) if packets.exponential else np.exp(-slower * mean)
