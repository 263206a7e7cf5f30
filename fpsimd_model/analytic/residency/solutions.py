"""A residency followed both ways: interrupts from its beginnings on, time from anywhere to its end.

Both are linear equations over blocks and phases, at K points at once.  A residency that hardly ever
ends makes them nearly singular: so what leaves is carried along (:mod:`.apart`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..mmpp.phases import product
from .apart import Apart, apart
from .operations import Operations
from .plan import Plan
from .steps import Landing, Steps, Sums
from .within import Spectrum

__all__ = ["Load", "Loads", "Solutions"]

Load = tuple[int, float, np.ndarray]  #: state behind vcpu_load, its seconds, (m,) weight by phase


class Loads:
    """How residencies begin; the weights of all loads add up to 1.

    Attributes
    ----------
    op, to:
        (L,) operation of each, and the block behind it.
    start:
        (L, m) weights, by the phase ahead of it.
    """

    def __init__(self, loads: Sequence[Load], plan: Plan, steps: Steps) -> None:
        if not loads:
            raise np.linalg.LinAlgError("no residency begins, to the last digit")
        states, costs, starts = zip(*loads, strict=True)
        self.op = np.searchsorted(steps.costs, costs)
        self.to = plan.place[list(states)]
        self.start = np.array(starts)


class Solutions:
    """Forward and backward; n blocks, m phases.

    `rate` (S, m) is how often each step ends thread time in its block.
    """

    def __init__(self, plan: Plan, steps: Steps, operations: Operations, loads: Loads) -> None:
        self._plan, self._steps, self._operations = plan, steps, operations
        self.rate = np.where(steps.arrival[:, None], operations.rates, steps.rate[:, None])
        self._moves = _moves(plan.count, steps, operations.change)
        self._landing = Landing(steps.op[steps.lands], steps.to[steps.lands], plan, steps)
        self._at = steps.lands[self._landing.index]
        self._into = Sums(steps.here[self._at] * plan.count + self._landing.to)
        self._lost = Sums(steps.here[steps.lands])
        ending = np.append(steps.puts, steps.exits)
        self._ends = Sums(steps.here[ending])
        self._ending = np.zeros((1, plan.count, operations.m))
        self._ends.add_to(self._ending, self.rate[None, ending])
        self._loading = Landing(loads.op, loads.to, plan, steps)
        self._start = loads.start[self._loading.index, None]
        self._begin = Sums(self._loading.to)
        out = np.zeros_like(self._ending)
        Sums(steps.here).add_to(out, self.rate[None])
        np.add.at(out[0], steps.moves[0], steps.moves[2][:, None])
        self._out = out.reshape(1, -1)
        self._parts: Apart | None = None
        self._brief = self._measure()

    def _measure(self) -> float:
        """A time that is brief for all; and the blocks and phases that are eliminated last."""
        operations, steps, none = self._operations, self._steps, np.zeros(1)
        after = operations.over(operations.stretch(operations.before(none)))
        flow, leave = self._counted(none, after, operations.counts(none))
        self._parts, passed = apart(flow.real, leave.real, self._begins(after).real)
        work = operations.lengths(steps.op) + operations.lengths(np.maximum(steps.put_op, 0))
        work = work + operations.lengths(steps.op).max(initial=0.0)  # an exit that it forces
        busy = np.zeros((1, *self._ending.shape[1:]))
        Sums(steps.here).add_to(busy, (self.rate * work[:, None])[None])
        return 1e-3 / float((passed * (1.0 + busy.ravel())).sum())

    def forward(self, missed: np.ndarray, after: np.ndarray, counts: Spectrum) -> np.ndarray:
        """(K, n, m) mean thread time in each block and phase.

        Interrupts so far are counted by 1 - `missed`; so are `after` (K, C, m, m), operations, and
        `counts` is the spectrum of that.
        """
        flow, leave = self._counted(missed, after, counts)
        return self._parts.times_from(flow, leave, self._begins(after)).reshape(
            len(flow), self._plan.count, -1
        )

    def _begins(self, after: np.ndarray) -> np.ndarray:
        """(K, n m) where residencies begin."""
        begin = product(self._start, self._loading.weights(after, self._operations.nothing))
        right = np.zeros((len(after), *self._ending.shape[1:]), dtype=complex)
        self._begin.add_to(right, begin[:, :, 0])
        return right.reshape(len(right), -1)

    def _counted(self, missed, after, counts) -> tuple[np.ndarray, np.ndarray]:
        """(K, n m, n m) rates [to, from] and (K, n m) of what is lost, as :meth:`forward`."""
        nothing, own = self._operations.nothing, self._steps.arrival
        left = np.where(own, missed[:, None], 0.0)[..., None]
        rate = (1.0 - left[:, self._at]) * self.rate[self._at]
        flow = self._flow(rate[..., None] * self._landing.weights(after, nothing))
        if not self._seldom:
            return flow, self._out
        lost = self._landing.gone(after, nothing, self._operations.gone(counts))
        land = left[:, self._steps.lands]
        return flow, self._leave((land + (1.0 - land) * lost) * self.rate[self._steps.lands])

    @property
    def _seldom(self) -> bool:
        return self._parts is None or self._parts.seldom

    def _flow(self, ways: np.ndarray) -> np.ndarray:
        k, (n, m) = len(ways), self._ending.shape[1:]
        flow = np.repeat(self._moves[None], k, axis=0)
        self._into.add_to(flow.reshape(k, n * n, m, m), ways)
        return flow.transpose(0, 2, 4, 1, 3).reshape(k, n * m, n * m)

    def _leave(self, lost: np.ndarray) -> np.ndarray:
        leave = np.repeat(self._ending.astype(complex), len(lost), axis=0)
        self._lost.add_to(leave, lost)
        return leave.reshape(len(lost), -1)

    def backward(
        self,
        s: np.ndarray,
        theta: np.ndarray,
        alone: np.ndarray,
        after: np.ndarray,
        times: Spectrum,
    ) -> np.ndarray:
        """(K, n, m) transform of the time from each block and phase to the end of vcpu_put.

        `alone` and `after` (K, C, m, m) are the operations without and with the interrupts without
        crypto that wait behind them, `times` the spectrum of that; each that comes during the put
        counts by `theta`.
        """
        steps, operations = self._steps, self._operations
        quiet = operations.timed(s)
        ways = self.rate[self._at][..., None] * self._landing.weights(after, quiet)
        flow, leave = self._flow(ways), self._out
        if self._seldom:
            lost = self._landing.gone(after, quiet, operations.gone(times))
            leave = self._leave(lost * self.rate[steps.lands])
        leave = leave + s[:, None]
        put, out = steps.puts, steps.exits
        last = alone.sum(axis=-1)  # whatever the phase behind it
        ends = last[:, steps.op[put]] * operations.late(theta, steps.op[put])
        then = last[:, steps.put_op[out]] * operations.late(theta, steps.put_op[out])
        exits = product(after[:, steps.op[out]], then[..., None])[..., 0]
        ways = self.rate[np.append(put, out)] * np.concatenate([ends, exits], axis=1)
        right = np.zeros((len(s), *self._ending.shape[1:]), dtype=complex)
        self._ends.add_to(right, ways)
        return self._parts.values(flow, leave, right.reshape(leave.shape)).reshape(right.shape)

    def longest(self) -> float:
        """About the mean time to the end of vcpu_put, seconds, from where it is longest."""
        one, operations = np.ones(1), self._operations
        brief = np.array([self._brief])
        behind = operations.behind(brief)
        passed = operations.over(operations.stretch(behind))
        alone, times = operations.over(behind), operations.times(brief)
        rest = self.backward(brief, one, alone, passed, times)
        return float((1.0 - rest.real).max()) / self._brief


def _moves(count: int, steps: Steps, change: np.ndarray) -> np.ndarray:
    """(n, n, m, m) moves from each block and phase that take no operation."""
    m = len(change)
    out = np.zeros((count, count, m, m), dtype=complex)
    here, to, moves = steps.moves
    np.add.at(out, (here, to), moves[:, None, None] * np.eye(m))
    block = np.arange(count)
    out[block, block] += change
    return out
