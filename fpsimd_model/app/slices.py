"""Many scenarios solved in slices of some frames' time, however long each of them takes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from time import thread_time

import numpy as np

from ..analytic.grid import metrics_of
from ..policies import Policy
from ..scenario import Scenario

__all__ = ["Slices"]

SHORT_S, LONG_S = 0.03, 0.06  # what a slice is to take, and what is too long
ROWS, FOLLOW_S = 8, 0.08  # so many policies may take so long while a slider moves
FIRST, MOST = 1, 800  # policies x scenarios of a slice: of a kind not met before, at most
GROWTH = 4  # a slice is at most so many times one that was solved before
FADE = 0.7  # of what earlier slices say, at each new one
DURATIONS = ("residency_us", "out_us", "run_loop_us", "guest_run_us", "first_fp_us")


class Slices:
    """Learns for each kind of scenario how many can be solved at a stretch.

    All scenarios under one policy cost little more than one of them: a slice is of few policies
    rather than of few scenarios.
    """

    def __init__(self) -> None:
        self._room: dict[tuple, int] = {}  # policies x scenarios
        self._seen: dict[tuple, tuple[float, float]] = {}  # seconds, and for how many of these

    def at_once(self, scenario: Scenario, count: int) -> bool:
        """Whether so many scenarios of this kind follow a slider."""
        kind = _kind(scenario)
        if kind not in self._seen:
            return ROWS * count <= self._room_of(kind)
        seconds, solved = self._seen[kind]
        return ROWS * count <= MOST and ROWS * count * seconds <= FOLLOW_S * solved

    def solve(
        self, scenarios: Sequence[Scenario], policies: Sequence[type[Policy]]
    ) -> Generator[None, None, dict[str, np.ndarray]]:
        """(policies, scenarios) of every metric but percentiles; a step is a slice.

        The scenarios are of one kind.
        """
        kind, bands, row = _kind(scenarios[0]), [], 0
        while row < len(policies):
            few = policies[row : row + max(1, self._room_of(kind) // len(scenarios))]
            parts, at = [], 0
            while at < len(scenarios):
                some = scenarios[at : at + max(1, self._room_of(kind) // len(few))]
                start = thread_time()  # a busy machine makes no scenario harder
                parts.append(metrics_of(some, few))
                self._learn(kind, len(few) * len(some), thread_time() - start)
                at += len(some)
                yield
            bands.append(_joined(parts, axis=1))
            row += len(few)
        return _joined(bands, axis=0)

    def _room_of(self, kind: tuple) -> int:
        simple = all(word in ("exponential", "float") for word in kind)
        return self._room.get(kind, MOST if simple else FIRST)

    def _learn(self, kind: tuple, count: int, seconds: float) -> None:
        """What is left over for the last slice says little, unless it takes long."""
        if 2 * count <= self._room_of(kind) and seconds <= LONG_S:
            return
        before = (0.0, 0.0) if seconds > LONG_S else self._seen.get(kind, (0.0, 0.0))
        self._seen[kind] = spent, solved = FADE * before[0] + seconds, FADE * before[1] + count
        fits = int(SHORT_S * solved / spent) if spent > 0.0 else MOST
        self._room[kind] = max(1, min(fits, GROWTH * count, MOST))


def _joined(parts: Sequence[dict[str, np.ndarray]], axis: int) -> dict[str, np.ndarray]:
    return {name: np.concatenate([p[name] for p in parts], axis=axis) for name in parts[0]}


def _kind(scenario: Scenario) -> tuple[str, ...]:
    """What decides how long it takes: shapes of durations, and whether arrivals have one."""
    shapes = [getattr(scenario.vcpu, name).shape for name in DURATIONS]
    return *shapes, type(scenario.softirq.interrupts_per_s).__name__
