"""Position x register state x phase of the MMPP, in thread time.

As :mod:`..chain`, with vectors over the phase in the place of numbers: a masked operation and a
busy period take the phase on by a matrix, each busy period is solved for every phase that it may
start from.  What comes out is summed over phases, so that metrics are read off as before.

Where softirqs are held back, the phase behind vcpu_put depends on the work that was held.  A busy
period of work V takes the phases x to  x 1 π + y (I - 1 π)  with y = E[x exp(-u V)] (see
:mod:`.phases`), so a residency is followed a second time, each interrupt weighing exp(-u B).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...automaton import EVENT_NAMES, Automaton
from ...events import GUEST, POSITIONS
from ...parameters import Parameters
from ..behind import COUNTED, FIRST, HELD_FIRST, PLAIN, BehindRows, rows_behind
from ..chain import _refuse_regimes, _seconds
from ..rows import HELD, NEON, SCALAR, rate_index, rates
from .busy import Queue, Starts, starts_behind, starts_direct
from .phases import Phases, exponential, stretched

__all__ = ["Burst", "BurstFlows", "Periods", "queue_of", "solve"]

_INTERRUPT = EVENT_NAMES.index("interrupt")
_OTHER = [EVENT_NAMES.index("other"), EVENT_NAMES.index("other_softirq")]
_GUEST = POSITIONS.index(GUEST)


@dataclass(frozen=True, eq=False)
class Periods:
    """Means over k kinds of busy period, (1, k); names as in :class:`..queue.BusyPeriods`."""

    packets: np.ndarray
    duration: np.ndarray
    service: np.ndarray
    sojourn: np.ndarray


@dataclass(frozen=True, eq=False)
class Burst:
    """One kind of busy period.

    Attributes
    ----------
    driver:
        (2,) how often, by phase of what drives it.
    ends:
        (2,) phases at its end.
    packets:
        How many are served in it.
    state, queue:
        Where it starts, and the queue of its packets.
    setup:
        Fixed work ahead of the packets, seconds.
    waited, guest, law:
        How the first interrupt came, as in :func:`.busy.starts_behind`; `waited` 0 in thread time.
    """

    driver: np.ndarray
    ends: np.ndarray
    packets: float
    state: int
    queue: Queue
    setup: float
    waited: float
    guest: bool
    law: np.ndarray


@dataclass(frozen=True, eq=False)
class BurstFlows:
    """As :class:`..chain.Flows` of one scenario, summed over phases.

    `joint` (n, 2) is the share of thread time by state and phase; `bursts` the kinds of busy
    period; `matrix` and `reward` the balance of all unknowns and the wall time that one unit of
    each takes; `by_phase` (m, 2) how often each row happens, by phase of its driver.
    """

    table: Automaton
    pi: np.ndarray
    rows: BehindRows
    flow: np.ndarray
    before: np.ndarray
    period_flow: np.ndarray
    period_state: np.ndarray
    periods: Periods
    joint: np.ndarray
    bursts: list[Burst]
    matrix: np.ndarray
    reward: np.ndarray
    by_phase: np.ndarray


class _Clock:
    """What happens to the phases in work; `counted` weighs each interrupt by a number."""

    def __init__(self, phases: Phases, nu: float, cost: float, weight: float = 1.0) -> None:
        self._any = phases.generator - (1.0 - weight) * np.diag(phases.rates)
        self._stopped = stretched(self._any, nu, cost)
        self._cost = cost
        self._fixed: dict[float, np.ndarray] = {}
        self._period: dict[tuple[float, bytes], np.ndarray] = {}

    def fixed(self, length: float) -> np.ndarray:
        """An operation alone."""
        if length not in self._fixed:
            self._fixed[length] = exponential(self._any, length)
        return self._fixed[length]

    def period(self, length: float, law: np.ndarray) -> np.ndarray:
        """One with the interrupts without crypto behind it, of which `law` wait already."""
        key = length, law.tobytes()
        if key not in self._period:
            self._period[key] = self._lasting(length, law)
        return self._period[key]

    def _lasting(self, length: float, law: np.ndarray) -> np.ndarray:
        out = exponential(self._stopped, length)
        if len(law) == 1:
            return out
        stop, power, total = exponential(self._stopped, self._cost), np.eye(2), 0.0
        for weight in law:
            total = total + weight * power
            power = power @ stop
        return out @ total


@lru_cache(maxsize=64)
def _clock(phases: Phases, nu: float, cost: float, weight: float = 1.0) -> _Clock:
    """One clock for all policies of a scenario, which share most lengths."""
    return _Clock(phases, nu, cost, weight)


@lru_cache(maxsize=64)
def queue_of(p: Parameters, phases: Phases, service: float, moves: float = 0.0) -> Queue:
    """The queue of packets of `service` seconds, `moves` of it fixed in any case."""
    return Queue(
        phases,
        service,
        bool(p.service_cv2[0] > 0),
        float(p.batch[0]),
        bool(p.batch_fixed[0]),
        float(p.other_rate[0]),
        float(p.other_cost[0]),
        moves,
    )


@lru_cache(maxsize=1024)
def _totals(queue: Queue, setup: float, waited: float, guest: bool, law: bytes) -> tuple:
    starts: Starts = starts_direct()
    if waited:
        starts = starts_behind(queue, waited, np.frombuffer(law), guest=guest)
    return queue.totals(starts.behind(setup, queue.u))


class _Builder:
    """The balance of all unknowns, row by row; those of the second pass are behind the others."""

    def __init__(self, table: Automaton, p: Parameters, phases: Phases) -> None:
        self.table, self.p, self.phases = table, p, phases
        self.n = n = len(table)
        self.nu, self.cost = float(p.other_rate[0]), float(p.other_cost[0])
        self.rows = rows_behind(table, self.nu > 0.0, bool(p.task_neon_rate.any()))
        self.before, self.section = (_seconds(p, table, part)[0] for part in ("before", "section"))
        self.before[:, _OTHER] += self.cost
        self.serves = np.isin(table.softirq, (NEON, SCALAR))
        self.inside = table.softirqs_off & bool((table.softirq == HELD).any())
        self.size = (8 if self.inside.any() else 4) * n
        self.matrix = np.zeros((self.size, self.size))
        self.reward = np.zeros(4 * n)
        self.reward[: 2 * n] = 1.0
        self._queues: dict[float, Queue] = {}
        self._notes: list[tuple] = []
        self.none = np.ones(1)
        self.silent = _clock(phases, self.nu, self.cost, 0.0)
        self.clock = _clock(phases, self.nu, self.cost)
        self.counted = self.clock
        if self.inside.any():
            kind = int(table.softirq[self.inside][:, _PUTS].max())
            self.released = self.queue(float(p.packet(kind == SCALAR)[0]))
            self.counted = _clock(phases, self.nu, self.cost, self.released.shrunk)

    def queue(self, service: float, moves: float = 0.0) -> Queue:
        """The queue of packets of this service, once for all."""
        if service not in self._queues:
            self._queues[service] = queue_of(self.p, self.phases, service, moves)
        return self._queues[service]

    def starts(self, state: int, waited: float, guest: bool, law: np.ndarray) -> tuple:
        """The queue that an interrupt meets in `state`, its set-up, and its totals."""
        own = self.section[state, _INTERRUPT]
        scalar = self.table.softirq[state, _INTERRUPT] == SCALAR
        moves = float(self.p.sections[0] * own)
        queue = self.queue(float(self.p.packet(bool(scalar))[0]) + moves, moves)
        setup = float(self.before[state, _INTERRUPT] - own)  # the first section as if extra
        return queue, setup, _totals(queue, setup, waited, guest, law.tobytes())

    def burst(self, driver, drive, state, waited=0.0, guest=False, law=None) -> np.ndarray:
        """Note a busy period; the phases that its end leads to from those of the driver."""
        law = self.none if law is None else law
        queue, setup, totals = self.starts(state, waited, guest, law)
        self._notes.append((driver, drive, state, queue, setup, waited, guest, law, totals))
        self.reward[2 * driver : 2 * driver + 2] += drive @ totals[2]
        return drive @ totals[1]

    def add(self, to: int, driver: int, weight: np.ndarray) -> None:
        """Flow `weight` (phase of the driver, phase there) into unknown `to`."""
        part = np.s_[2 * to : 2 * to + 2, 2 * driver : 2 * driver + 2]
        self.matrix[part] += weight.T

    def waiting(self, i: int, which: np.ndarray) -> np.ndarray:
        """Law of the interrupts without crypto that wait when row i begins; `which` its parent's
        operation.
        """
        how = self.rows.how[i]
        if how not in (FIRST, HELD_FIRST):
            return self.none
        mean = self.nu * which[self.rows.parent[i]]
        if mean == 0.0:
            return self.none
        k = np.arange(1.0, 40.0 + 4.0 * mean)
        law = np.exp(np.append(0.0, k * np.log(mean) - np.log(k).cumsum()) - mean)
        if how == FIRST:
            law = law[1:] / -np.expm1(-mean)
        return law[: max(1, int((law > 1e-18).sum()))]


_PUTS = [EVENT_NAMES.index("put_user"), EVENT_NAMES.index("put_sched")]


def solve(table: Automaton, p: Parameters, phases: Phases) -> BurstFlows:
    """Stationary flows of every event; the queue must be stable."""
    _refuse_regimes(table)
    b = _Builder(table, p, phases)
    n, rows = b.n, b.rows
    drives = _follow(b, b.clock, 0)
    if b.inside.any():
        _follow(b, b.counted, 2 * n)
    for s in range(n):  # the phase changes in thread time
        for at in (s, 2 * n + s) if b.inside[s] else (s,):
            b.matrix[2 * at : 2 * at + 2, 2 * at : 2 * at + 2] += phases.generator.T
    thread = np.zeros(b.size // 2, dtype=bool)
    thread[:n] = True
    thread[2 * n : 3 * n] = b.inside[: len(thread[2 * n : 3 * n])]
    aux = np.flatnonzero(np.repeat(~thread, 2))
    b.matrix[aux, aux] -= 1.0
    x = _stationary(b.matrix, 2 * n).reshape(-1, 2)
    by_phase = np.array([x[s] @ d for s, d in zip(rows.source, drives, strict=True)])
    return _flows(b, x, by_phase)


def _stationary(matrix: np.ndarray, count: int) -> np.ndarray:
    """What solves the balance, the first `count` adding up to one."""
    size = len(matrix)
    if not matrix[:count, count:].any():  # what waits is only counted
        size = count
    part = matrix[:size, :size].copy()
    part[0] = 0.0
    part[0, :count] = 1.0
    right = np.zeros(size)
    right[0] = 1.0
    x = np.linalg.solve(part, right)
    if size < len(matrix):
        x = np.append(x, matrix[count:, :count] @ x)
    return np.maximum(x, 0.0)


def _follow(b: _Builder, clock: _Clock, offset: int) -> list[np.ndarray]:
    """Add every row to the balance; how each starts, by phase, for one unit of its driver.

    At `offset` behind the others the unknowns of the second pass through a residency.
    """
    n, rows, phases = b.n, b.rows, b.phases
    rate = rates(b.p)[0]
    again = offset > 0
    lasts = b.before[rows.state, rows.event] * ~b.serves[rows.state, rows.event]
    drives: list[np.ndarray] = []
    after = np.eye(2)
    for i in range(len(rows.source)):
        state, event, to = int(rows.state[i]), int(rows.event[i]), int(rows.to[i])
        at, how, parent = int(rows.source[i]), int(rows.how[i]), int(rows.parent[i])
        held = b.inside[at % n]
        # The second pass is driven by itself within a residency, and begins with loads.
        driver = at + offset if again and held else at
        skip = again and not held and not (b.inside[to] and rows.lands[i])
        own = b.clock if again and not held else clock
        cost, served = float(b.before[state, event]), event == _INTERRUPT and b.serves[state, event]
        if how == COUNTED:
            mean = _mean(b, parent, lasts)
            work = lasts[parent] + b.cost * mean
            taken = mean + b.nu * work / (1.0 - b.nu * b.cost)
            drives.append(drives[parent] * taken)
            if not again:
                b.reward[2 * at : 2 * at + 2] += cost * drives[i].sum(axis=1)
            continue
        if how == FIRST:
            length = lasts[parent]
            quiet = b.silent.fixed(length) * -np.expm1(-b.nu * length)
            drive = drives[parent] @ quiet * rate[rows.share[i]]
        elif how == HELD_FIRST:
            length = lasts[parent]
            drive = drives[parent] @ (own.fixed(length) - b.silent.fixed(length))
        elif rows.rate[i] == rate_index["interrupt"]:
            drive = np.diag(phases.rates)
            if again and held:
                drive = drive * b.released.shrunk
        else:
            drive = rate[rows.rate[i]] * np.eye(2)
        behind = float(b.before.ravel()[rows.op[i]])
        burst = None
        if rows.waiting[i] == 2:
            drive = drive @ b.silent.period(behind, b.none)
        elif rows.waiting[i] == 1 and event == _INTERRUPT:
            if served:
                burst = drive
            drive = drive @ (own.period(behind, b.none) - b.silent.period(behind, b.none))
        elif rows.waiting[i] == 1:
            drive = after
        drives.append(drive)
        if skip:
            continue
        law = b.waiting(i, lasts)
        if served:
            if at < n and not again:
                if burst is not None:
                    after = b.burst(driver, burst, state, behind)
                else:
                    end = b.burst(driver, drive, state)
                    if rows.lands[i]:
                        b.add(to, driver, end)
            if at >= n:
                continue  # told with the operation that it waited behind
        else:
            if event == _INTERRUPT and rows.waiting[i] == 1:
                after = drive @ own.period(cost, b.none)
            if not again:
                b.reward[2 * at : 2 * at + 2] += cost * drive.sum(axis=1)
            if rows.lands[i]:
                _lands(b, clock, offset, driver, drive, i, law)
        if how == PLAIN and at < n and rows.waiting[i] == 0 and driver == at + offset:
            leaves = rate[rows.rate[i]]
            if rows.rate[i] == rate_index["interrupt"]:
                leaves = phases.rates
            ends = np.arange(2 * driver, 2 * driver + 2)
            b.matrix[ends, ends] -= leaves
    return drives


def _mean(b: _Builder, i: int, lasts: np.ndarray) -> float:
    """Mean number that waits when row i begins."""
    law = b.waiting(i, lasts)
    return float(law @ np.arange(len(law)))


def _lands(b: _Builder, clock, offset, driver, drive, i, law) -> None:
    """Row i from `driver`, its phases at the start `drive` (2, 2), its operation over."""
    n, rows, table = b.n, b.rows, b.table
    state, event, to = int(rows.state[i]), int(rows.event[i]), int(rows.to[i])
    again = offset > 0
    cost = float(b.before[state, event])
    there = to + offset if again and b.inside[to] else to
    if b.inside[state] and b.serves[state, event]:  # vcpu_put releases what was held
        passed = drive @ clock.fixed(cost)
        fixed = np.outer(np.ones(2), b.released.down)
        b.add(to, driver, passed @ ((np.eye(2) - fixed) if again else fixed))
        return
    if again and not b.inside[to]:
        return
    if rows.how[i] == FIRST or b.table.position[to] != _GUEST:
        quiet, whole = b.silent.period(cost, law), clock.period(cost, law)
        guest = False
    else:
        quiet, whole = b.silent.fixed(cost), clock.fixed(cost)
        guest = True
    b.add(there, driver, drive @ quiet * (np.exp(-b.nu * cost) if guest else 1.0))
    caught = drive @ (whole - quiet)
    if guest and b.nu > 0.0 and table.softirq[to, _INTERRUPT] == HELD:
        return  # a row of its own
    if b.serves[to, _INTERRUPT] and cost > 0.0:
        end = b.burst(driver, drive, to, cost, guest, law)
        b.add(int(table.next[to, _INTERRUPT]), driver, end)
    b.add(n + there, driver, caught)  # where served: only to be counted


def _flows(b: _Builder, x: np.ndarray, by_phase: np.ndarray) -> BurstFlows:
    bursts, columns = [], []
    for driver, drive, state, queue, setup, waited, guest, law, totals in b._notes:
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
        bursts.append(
            Burst(start, start @ totals[1], packets, state, queue, setup, waited, guest, law)
        )
    count, state, *means = np.array(columns).reshape(-1, 6).T
    size = 4 * b.n
    return BurstFlows(
        b.table,
        x[: b.n].sum(axis=1)[None],
        b.rows,
        by_phase.sum(axis=1)[None],
        b.before[None],
        count[None],
        state.astype(np.intp),
        Periods(*(mean[None] for mean in means)),
        x[: b.n],
        bursts,
        b.matrix[:size, :size],
        b.reward,
        by_phase,
    )
