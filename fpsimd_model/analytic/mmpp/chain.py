"""Position x register state x phase of the MMPP, in thread time.

As :mod:`..chain`, with vectors over the phase in the place of numbers: a masked operation and a
busy period take the phase on by a matrix, each busy period is solved for every phase that it may
start from.  What comes out is summed over phases, so that metrics are read off as before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...automaton import EVENT_NAMES, Automaton
from ...parameters import Parameters
from ..chain import _refuse_regimes, _seconds
from ..rows import NEON, SCALAR, Rows, rate_index, rates, rows_of
from .busy import Queue, Starts, starts_behind, starts_direct
from .phases import Phases

__all__ = ["Burst", "BurstFlows", "Periods", "solve"]

_E = len(EVENT_NAMES)
_INTERRUPT = EVENT_NAMES.index("interrupt")
_OTHER = [EVENT_NAMES.index("other"), EVENT_NAMES.index("other_softirq")]


@dataclass(frozen=True, eq=False)
class Periods:
    """Means over k kinds of busy period, (1, k); names as in :class:`..queue.BusyPeriods`."""

    packets: np.ndarray
    duration: np.ndarray
    service: np.ndarray
    sojourn: np.ndarray


@dataclass(frozen=True, eq=False)
class Burst:
    """One kind of busy period: what drives it, by phase, and how it starts."""

    driver: np.ndarray
    state: int
    queue: Queue
    starts: Starts
    setup: float
    waited: float


@dataclass(frozen=True, eq=False)
class BurstFlows:
    """As :class:`..chain.Flows` of one scenario, summed over phases.

    `joint` (n, 2) is the share of thread time by state and phase; `bursts` the kinds of busy
    period; `matrix` and `reward` the balance of all unknowns and the wall time that one unit of
    each takes.
    """

    table: Automaton
    pi: np.ndarray
    rows: Rows
    flow: np.ndarray
    before: np.ndarray
    period_flow: np.ndarray
    period_state: np.ndarray
    periods: Periods
    joint: np.ndarray
    bursts: list[Burst]
    matrix: np.ndarray
    reward: np.ndarray


class _Builder:
    def __init__(self, table: Automaton, p: Parameters, phases: Phases) -> None:
        self.table, self.p, self.phases = table, p, phases
        self.n = len(table)
        self.nu = float(p.other_rate[0])
        self.others = self.nu > 0.0
        self.size = 2 * (3 if self.others else 2) * self.n
        self.matrix = np.zeros((self.size, self.size))
        self.reward = np.zeros(self.size)
        self.reward[: 2 * self.n] = 1.0
        self.rows = rows_of(table, self.others, bool(p.task_neon_rate.any()))
        self.before, self.section = (_seconds(p, table, part)[0] for part in ("before", "section"))
        self.before[:, _OTHER] += p.other_cost[0]
        self.serves = np.isin(table.softirq, (NEON, SCALAR))
        self._queues: dict[float, Queue] = {}
        self._cached: dict[tuple, tuple] = {}
        self.bursts: list[tuple] = []  # driver slice, matrix to drive, state, starts ...

    def queue(self, state: int) -> Queue:
        """The queue of packets that an interrupt meets in this state."""
        p, own = self.p, self.section[state, _INTERRUPT]
        scalar = self.table.softirq[state, _INTERRUPT] == SCALAR
        moves = float(p.sections[0] * own)
        service = float(p.packet(bool(scalar))[0]) + moves
        if service not in self._queues:
            self._queues[service] = Queue(
                self.phases,
                service,
                bool(p.service_cv2[0] > 0),
                float(p.batch[0]),
                bool(p.batch_fixed[0]),
                self.nu,
                float(p.other_cost[0]),
                moves,
            )
        return self._queues[service]

    def setup(self, state: int) -> float:
        """Fixed work ahead of the packets, the first NEON section as if it were extra."""
        return float(self.before[state, _INTERRUPT] - self.section[state, _INTERRUPT])

    def starts(self, state: int, waited: float) -> tuple[Queue, Starts, tuple]:
        """How a busy period in `state` starts, and its totals by phase of the driver."""
        queue, setup = self.queue(state), self.setup(state)
        key = (queue.service, setup, waited)
        if key not in self._cached:
            starts = starts_behind(queue, waited, setup) if waited else starts_direct(queue, setup)
            self._cached[key] = queue, starts, queue.totals(starts)
        return self._cached[key]

    def burst(self, driver: int, drive: np.ndarray, state: int, waited: float) -> np.ndarray:
        """Note a busy period; the phases that its end leads to from those of the driver."""
        queue, starts, totals = self.starts(state, waited)
        self.bursts.append((driver, drive, state, queue, starts, self.setup(state), waited, totals))
        self.reward[2 * driver : 2 * driver + 2] += drive @ totals[2]
        return drive @ totals[1]

    def lands(self, driver: int, start: np.ndarray, cost: float, to: int) -> None:
        """An operation of length `cost` from `driver` with phases `start` (2, 2) ends in `to`."""
        n, quiet = self.n, start @ self.phases.quiet(cost)
        alone = np.exp(-self.nu * cost)
        self.add(to, driver, quiet * alone)
        if self.others:
            self.add(2 * n + to, driver, quiet * (1.0 - alone))
        if cost == 0.0 or self.phases.rate == 0.0:
            return
        if self.serves[to, _INTERRUPT]:
            end = self.burst(driver, start, to, cost)
            self.add(self.table.next[to, _INTERRUPT], driver, end)
        self.add(n + to, driver, self.caught(start, cost))  # served: only to be counted

    def caught(self, start: np.ndarray, cost: float) -> np.ndarray:
        """Phases at the end of an operation in which an interrupt comes."""
        return start @ (self.phases.any(cost) - self.phases.quiet(cost))

    def add(self, to: int, driver: int, weight: np.ndarray) -> None:
        """Flow `weight` (phase of the driver, phase there) into unknown `to`."""
        part = np.s_[2 * to : 2 * to + 2, 2 * driver : 2 * driver + 2]
        self.matrix[part] += weight.T


def solve(table: Automaton, p: Parameters, phases: Phases) -> BurstFlows:
    """Stationary flows of every event; the queue must be stable."""
    _refuse_regimes(table)
    b = _Builder(table, p, phases)
    n, rows, size = b.n, b.rows, b.size
    rate = rates(p)[0]
    drives = []  # (m, 2, 2) start phases of each row for one unit of its driver
    for i in range(len(rows.source)):
        driver, state, event = int(rows.source[i]), int(rows.state[i]), int(rows.event[i])
        if rows.rate[i] == rate_index["interrupt"]:
            drive = np.diag(phases.rates)
        else:
            drive = rate[rows.rate[i]] * np.eye(2)
        cost, to = float(b.before[state, event]), int(table.next[state, event])
        served = event == _INTERRUPT and b.serves[state, event]
        behind = float(b.before.ravel()[rows.op[i]])
        if rows.waiting[i] == 2:
            drive = drive @ phases.quiet(behind)
        elif rows.waiting[i] == 1:
            if served:
                after = b.burst(driver, drive, state, behind)
                drive = b.caught(drive, behind)
            elif event == _INTERRUPT:
                drive = b.caught(drive, behind)
                after = drive @ phases.any(cost)
            else:
                drive = after
        drives.append(drive)
        if served and n <= driver < 2 * n:
            continue  # told with the operation that it waited behind
        if not served:
            b.reward[2 * driver : 2 * driver + 2] += cost * drive.sum(axis=1)
        if rows.lands[i]:
            if served:
                b.add(to, driver, b.burst(driver, drive, state, 0.0))
            else:
                b.lands(driver, drive, cost, to)
            if driver < n:
                part = np.s_[2 * driver : 2 * driver + 2, 2 * driver : 2 * driver + 2]
                b.matrix[part] -= np.diag(drive.sum(axis=1))
    for s in range(n):  # the phase changes in thread time
        b.matrix[2 * s : 2 * s + 2, 2 * s : 2 * s + 2] += phases.generator.T
    aux = np.arange(2 * n, size)
    b.matrix[aux, aux] -= 1.0
    matrix = b.matrix.copy()
    matrix[0] = 0.0
    matrix[0, : 2 * n] = 1.0
    right = np.zeros(size)
    right[0] = 1.0
    x = np.maximum(np.linalg.solve(matrix, right), 0.0).reshape(-1, 2)
    flow = np.array([x[s] @ d.sum(axis=1) for s, d in zip(rows.source, drives, strict=True)])
    return _flows(b, x, flow)


def _flows(b: _Builder, x: np.ndarray, flow: np.ndarray) -> BurstFlows:
    bursts, columns = [], []
    for driver, drive, state, queue, starts, setup, waited, totals in b.bursts:
        start = x[driver] @ drive
        count = float(start @ totals[0])
        if count <= 0.0:
            continue
        packets = start @ totals[3]
        columns.append(
            (
                count,
                state,
                packets / count,
                start @ totals[2] / count,
                queue.service,
                start @ totals[4] / packets,
            )
        )
        bursts.append(Burst(start, state, queue, starts, setup, waited))
    count, state, *means = np.array(columns).reshape(-1, 6).T
    return BurstFlows(
        b.table,
        x[: b.n].sum(axis=1)[None],
        b.rows,
        flow[None],
        b.before[None],
        count[None],
        state.astype(np.intp),
        Periods(*(mean[None] for mean in means)),
        x[: b.n],
        bursts,
        b.matrix,
        b.reward,
    )
