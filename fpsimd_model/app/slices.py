"""Many scenarios solved in slices of some frames' time, however long each of them takes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from time import thread_time

import numpy as np

from ..analytic.grid import metrics_of
from ..policies import Policy
from ..scenario import Scenario

__all__ = ["Slices"]

SHORT_S, LONG_S = 0.02, 0.05  # slices that take less, or more, become longer, or shorter
ROWS = 8  # policies of a slice at most: each costs about as much as all scenarios that it is led to
FIRST, MOST = 1, 100  # scenarios of a slice: of a kind not met before, at most (simple ones)
DURATIONS = ("residency_us", "out_us", "run_loop_us", "guest_run_us", "first_fp_us")


class Slices:
    """Learns for each kind of scenario how many can be solved at a stretch."""

    def __init__(self) -> None:
        self._size: dict[tuple, tuple[int, int]] = {}  # policies, scenarios

    def at_once(self, scenario: Scenario, count: int) -> bool:
        """Whether so many scenarios of this kind follow a slider."""
        return count <= self._size_of(_kind(scenario))[1]

    def solve(
        self, scenarios: Sequence[Scenario], policies: Sequence[type[Policy]]
    ) -> Generator[None, None, dict[str, np.ndarray]]:
        """(policies, scenarios) of every metric but percentiles; a step is a slice.

        The scenarios are of one kind.
        """
        kind, columns, at = _kind(scenarios[0]), [], 0
        while at < len(scenarios):
            some = scenarios[at : at + self._size_of(kind)[1]]
            parts, row = [], 0
            while row < len(policies):
                few = policies[row : row + self._size_of(kind)[0]]
                start = thread_time()  # a busy machine makes no scenario harder
                parts.append(metrics_of(some, few))
                self._learn(kind, len(few), len(some), thread_time() - start)
                row += len(few)
                yield
            columns.append(_joined(parts, axis=0))
            at += len(some)
        return _joined(columns, axis=1)

    def _size_of(self, kind: tuple) -> tuple[int, int]:
        simple = all(word in ("exponential", "float") for word in kind)
        return self._size.get(kind, (ROWS, MOST if simple else FIRST))

    def _learn(self, kind: tuple, rows: int, count: int, seconds: float) -> None:
        most, size = self._size_of(kind)
        if seconds > LONG_S and count > 1:
            self._size[kind] = most, max(1, int(count * SHORT_S / seconds))
        elif seconds > LONG_S:
            self._size[kind] = max(1, rows // 2), 1
        elif seconds < SHORT_S and most < ROWS:
            self._size[kind] = 2 * most, size
        elif seconds < SHORT_S and count == size:
            self._size[kind] = most, min(MOST, 4 * size)


def _joined(parts: Sequence[dict[str, np.ndarray]], axis: int) -> dict[str, np.ndarray]:
    return {name: np.concatenate([p[name] for p in parts], axis=axis) for name in parts[0]}


def _kind(scenario: Scenario) -> tuple[str, ...]:
    """What decides how long it takes: shapes of durations, and whether arrivals have one."""
    shapes = [getattr(scenario.vcpu, name).shape for name in DURATIONS]
    return *shapes, type(scenario.softirq.interrupts_per_s).__name__
