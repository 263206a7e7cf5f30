"""A residency followed both ways: interrupts from its beginnings on, time from anywhere to its end.

Both are linear equations over blocks and phases, at K points at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..mmpp.phases import product
from .operations import Operations
from .plan import Plan
from .steps import Landing, Steps, Sums

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
        self._leave = _leave(plan.count, steps, self.rate, operations.change)
        self._landing = Landing(steps.op[steps.lands], steps.to[steps.lands], plan, steps)
        self._at = steps.lands[self._landing.index]
        self._into = Sums(steps.here[self._at] * plan.count + self._landing.to)
        self._ends = Sums(steps.here[np.append(steps.puts, steps.exits)])
        self._loading = Landing(loads.op, loads.to, plan, steps)
        self._start = loads.start[self._loading.index, None]
        self._begin = Sums(self._loading.to)

    def forward(self, z: np.ndarray, after: np.ndarray) -> np.ndarray:
        """(K, n, m) mean thread time in each block and phase, interrupts so far counted by z.

        `after` (K, C, m, m) are the operations, counted so.
        """
        steps, n, m, at = self._steps, self._plan.count, self._operations.m, self._at
        nothing = self._operations.nothing
        rate = np.where(steps.arrival[at], z[:, None], 1.0)[..., None] * self.rate[at]
        matrix = np.repeat(self._leave[None], len(z), axis=0)
        ways = rate[..., None] * self._landing.weights(after, nothing)
        self._into.take_from(matrix.reshape(len(z), n * n, m, m), ways)
        begin = product(self._start, self._loading.weights(after, nothing))[:, :, 0]
        right = np.zeros((len(z), n, m), dtype=complex)
        self._begin.take_from(right, -begin)
        return _solve(matrix.transpose(0, 2, 4, 1, 3), right)

    def backward(
        self, s: np.ndarray, theta: np.ndarray, alone: np.ndarray, after: np.ndarray
    ) -> np.ndarray:
        """(K, n, m) transform of the time from each block and phase to the end of vcpu_put.

        `alone` and `after` (K, C, m, m) are the operations without and with the interrupts without
        crypto that wait behind them; each that comes during the put counts by `theta`.
        """
        steps, operations = self._steps, self._operations
        n, m = self._plan.count, operations.m
        quiet = operations.timed(s)
        here = np.arange(n)
        matrix = np.repeat(self._leave[None], len(s), axis=0)
        matrix[:, here, here] += s[:, None, None, None] * np.eye(m)
        ways = self.rate[self._at][..., None] * self._landing.weights(after, quiet)
        self._into.take_from(matrix.reshape(len(s), n * n, m, m), ways)
        put, out = steps.puts, steps.exits
        last = alone.sum(axis=-1)  # whatever the phase behind it
        ends = last[:, steps.op[put]] * operations.late(theta, steps.op[put])
        then = last[:, steps.put_op[out]] * operations.late(theta, steps.put_op[out])
        exits = product(after[:, steps.op[out]], then[..., None])[..., 0]
        ways = self.rate[np.append(put, out)] * np.concatenate([ends, exits], axis=1)
        right = np.zeros((len(s), n, m), dtype=complex)
        self._ends.take_from(right, -ways)
        return _solve(matrix.transpose(0, 1, 3, 2, 4), right)

    def longest(self) -> float:
        """About the mean time to the end of vcpu_put, seconds, from where it is longest."""
        one, operations = np.ones(1), self._operations
        after = operations.over(operations.stretch(operations.before(one)))
        brief = 1e-3 / float(abs(self.forward(one, after)).sum())
        behind = operations.behind(np.array([brief]))
        passed = operations.over(operations.stretch(behind))
        rest = self.backward(np.array([brief]), one, operations.over(behind), passed)
        return float((1.0 - rest.real).max()) / brief


def _solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(K, n, m) from matrices (K, n, m, n, m)."""
    k, n, m = right.shape
    found = np.linalg.solve(matrix.reshape(k, n * m, n * m), right.reshape(k, n * m, 1))
    return found.reshape(k, n, m)


def _leave(count: int, steps: Steps, rate: np.ndarray, change: np.ndarray) -> np.ndarray:
    """(n, n, m, m) what leaves each block and phase, and the moves that take no operation."""
    m = len(change)
    out = np.zeros((count, count, m, m), dtype=complex)
    leaves = np.zeros((count, m))
    np.add.at(leaves, steps.here, rate)
    here, to, moves = steps.moves
    np.add.at(leaves, here, moves[:, None])
    np.subtract.at(out, (here, to), moves[:, None, None] * np.eye(m))
    block = np.arange(count)
    out[block, block] += leaves[:, :, None] * np.eye(m) - change
    return out
