"""One pass through the rows of a policy: each as flows between the unknowns of the balance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...automaton import EVENT_NAMES
from ...events import GUEST, POSITIONS
from ..behind import COUNTED, FIRST, HELD_FIRST, PLAIN
from ..rows import HELD, rate_index
from .balance import Balance
from .bursts import Bursts
from .case import NONE_WAIT, Case
from .operations import Operations

__all__ = ["Pass"]

_INTERRUPT = EVENT_NAMES.index("interrupt")
_GUEST = POSITIONS.index(GUEST)


class _Row(NamedTuple):
    """Row i of :class:`..behind.BehindRows`, names as there.

    `driver` is the unknown that drives it in this pass, `repeats` whether that is one of the
    second pass; `behind` the seconds of the operation ahead, `cost` of its own, `serves` whether
    packets are served in that.
    """

    i: int
    source: int
    state: int
    event: int
    to: int
    how: int
    parent: int
    waiting: int
    lands: bool
    driver: int
    repeats: bool
    behind: float
    cost: float
    serves: bool


class Pass:
    """The first pass, or the second, `again` through residencies that hold softirqs back.

    There each interrupt weighs exp(-u B); it is driven by itself within a residency, and begins
    with loads.
    """

    def __init__(self, case: Case, balance: Balance, bursts: Bursts, again: bool = False) -> None:
        self.case, self.balance, self.bursts, self.again = case, balance, bursts, again
        self.n = len(case.table)
        self.offset = 2 * self.n if again else 0
        self.operations = case.counted if again else case.plain  # a load's count too
        self._drives: list[np.ndarray] = []
        self._after = np.eye(2)  # how a row starts behind the interrupt that forced it

    def follow(self) -> list[np.ndarray]:
        """Add every row; (2, 2) how each starts, by phase, for one unit of its driver."""
        for i in range(len(self.case.rows.source)):
            row = self._row(i)
            if row.how == COUNTED:
                self._count(row)
                continue
            begins = self._begins(row)
            drive = self._reaches(row, begins)
            self._drives.append(drive)
            enters = row.lands and self.case.inside[row.to]
            if self.again and not row.repeats and not enters:
                continue
            if row.serves:
                self._serve(row, begins, drive)
                if row.source >= self.n:
                    continue  # told with the operation that it waited behind
            else:
                self._operate(row, drive)
            self._leave(row)
        return self._drives

    def _row(self, i: int) -> _Row:
        case, rows = self.case, self.case.rows
        source, state, event = int(rows.source[i]), int(rows.state[i]), int(rows.event[i])
        repeats = self.again and bool(case.inside[source % self.n])
        return _Row(
            i,
            source,
            state,
            event,
            int(rows.to[i]),
            int(rows.how[i]),
            int(rows.parent[i]),
            int(rows.waiting[i]),
            bool(rows.lands[i]),
            source + self.offset if repeats else source,
            repeats,
            float(case.before.ravel()[rows.op[i]]),
            float(case.before[state, event]),
            event == _INTERRUPT and bool(case.serves[state, event]),
        )

    def _whatever(self, row: _Row) -> Operations:
        """Operations whatever comes in them, weighed as the row's driver is."""
        return self.case.counted if row.repeats else self.case.plain

    def _count(self, row: _Row) -> None:
        """Interrupts without crypto that are taken one after another outside the guest."""
        case = self.case
        mean = case.mean_waiting(row.parent)
        work = case.lasts[row.parent] + case.cost * mean
        taken = mean + case.nu * work / (1.0 - case.nu * case.cost)
        drive = self._drives[row.parent] * taken
        self._drives.append(drive)
        if not self.again:
            self.balance.take(row.source, row.cost * drive.sum(axis=1))

    def _begins(self, row: _Row) -> np.ndarray:
        """How the operation ahead of the row starts, or the row itself where there is none."""
        case = self.case
        if row.how in (FIRST, HELD_FIRST):
            length, parent = case.lasts[row.parent], self._drives[row.parent]
            if row.how == FIRST:
                quiet = case.silent.fixed(length) * -np.expm1(-case.nu * length)
                return parent @ quiet * case.rate[case.rows.share[row.i]]
            return parent @ (self._whatever(row).fixed(length) - case.silent.fixed(length))
        if case.rows.rate[row.i] == rate_index["interrupt"]:
            drive = np.diag(case.phases.rates)
            return drive * case.released.shrunk if row.repeats else drive
        return case.rate[case.rows.rate[row.i]] * np.eye(2)

    def _reaches(self, row: _Row, begins: np.ndarray) -> np.ndarray:
        """How the row itself starts: behind an operation in which nothing came, or something."""
        case = self.case
        if row.waiting == 0:
            return begins
        if row.waiting == 1 and row.event != _INTERRUPT:
            return self._after
        quiet = case.silent.period(row.behind, NONE_WAIT)
        if row.waiting == 2:
            return begins @ quiet
        return begins @ (self._whatever(row).period(row.behind, NONE_WAIT) - quiet)

    def _serve(self, row: _Row, begins: np.ndarray, drive: np.ndarray) -> None:
        """A crypto interrupt whose packets are served at once."""
        if row.source >= self.n or self.again:
            return
        if row.waiting == 1:
            self._after = self._burst(row, begins, row.state, row.behind)
            return
        end = self._burst(row, drive, row.state)
        if row.lands:
            self.balance.add(row.to, row.driver, end)

    def _operate(self, row: _Row, drive: np.ndarray) -> None:
        """A masked operation in which no packets are served."""
        if row.event == _INTERRUPT and row.waiting == 1:
            self._after = drive @ self._whatever(row).period(row.cost, NONE_WAIT)
        if not self.again:
            self.balance.take(row.source, row.cost * drive.sum(axis=1))
        if row.lands:
            self._land(row, drive)

    def _leave(self, row: _Row) -> None:
        """Thread time that the row ends."""
        if row.how != PLAIN or row.source >= self.n or row.waiting != 0:
            return
        if self.again and not row.repeats:
            return
        of = self.case.rows.rate[row.i]
        interrupt = of == rate_index["interrupt"]
        self.balance.leave(row.driver, self.case.phases.rates if interrupt else self.case.rate[of])

    def _land(self, row: _Row, drive: np.ndarray) -> None:
        """The row's operation, its phases at the start `drive`, is over."""
        case, n, to = self.case, self.n, row.to
        if case.inside[row.state] and case.serves[row.state, row.event]:
            self._release(row, drive)
            return
        if self.again and not case.inside[to]:
            return
        there = to + self.offset if case.inside[to] else to
        law = case.waiting(row.i)
        guest = row.how != FIRST and case.table.position[to] == _GUEST
        if guest:  # interrupts without crypto that came force an exit: rows of their own
            quiet, whole = case.silent.fixed(row.cost), self.operations.fixed(row.cost)
        else:
            quiet, whole = (
                operations.period(row.cost, law) for operations in (case.silent, self.operations)
            )
        goes_on = np.exp(-case.nu * row.cost) if guest else 1.0
        self.balance.add(there, row.driver, drive @ quiet * goes_on)
        caught = drive @ (whole - quiet)
        if guest and case.nu > 0.0 and case.table.softirq[to, _INTERRUPT] == HELD:
            return  # a row of its own
        if case.serves[to, _INTERRUPT]:
            end = self._burst(row, drive, to, row.cost, guest, law)
            self.balance.add(int(case.table.next[to, _INTERRUPT]), row.driver, end)
        self.balance.add(n + there, row.driver, caught)  # where served: only to be counted

    def _release(self, row: _Row, drive: np.ndarray) -> None:
        """By vcpu_put, what was held: a busy period whose end depends on the work in it."""
        passed = drive @ self.operations.fixed(row.cost)
        fixed = np.outer(np.ones(2), self.case.released.down)
        end = (np.eye(2) - fixed) if self.again else fixed
        self.balance.add(row.to, row.driver, passed @ end)

    def _burst(
        self, row: _Row, drive: np.ndarray, state: int, waited: float | None = None, *how
    ) -> np.ndarray:
        """A busy period; the phases that its end leads to from those of the driver.

        It starts behind an operation of `waited` seconds, if interrupts came in it; with None by
        an interrupt in thread time.
        """
        if waited == 0.0:  # no time for any to come in
            return np.zeros_like(drive)
        totals = self.bursts.note(row.driver, drive, state, waited or 0.0, *how)
        self.balance.take(row.driver, drive @ totals.seconds)
        return drive @ totals.ends
