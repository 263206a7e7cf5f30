"""The numbers behind the app: curves over the interrupt rate, the point shown, and proofs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..analytic.grid import metrics_of
from ..engines import evaluate
from ..figures import Curves, axis_of
from ..figures.numbers import log_limits
from ..policies import Policy
from ..proof import Verdict, check
from ..results import Results
from ..scenario import Scenario
from .state import State

__all__ = ["RATE", "Frame", "Solver", "frame_of"]

RATE = "softirq.interrupts_per_s"
POINTS = 25
NEAR = (0.7, 0.9, 0.97)  # shares of a stability limit, where curves bend
_KEPT = 400  # solved scenarios; a few kilobytes each


@dataclass(frozen=True, slots=True)
class Frame:
    """Lowest and highest rate of the figure."""

    low: float
    high: float


def frame_of(scenario: Scenario) -> Frame:
    """Rates worth showing: from where nothing happens to where no policy is stable any more.

    >>> frame_of(Scenario())
    Frame(low=5000.0, high=1000000.0)
    """
    batch, at = scenario.softirq.batch_mean, scenario.softirq.rate_per_s
    fast, slow = 1.0 / (batch * scenario.simd_packet_s), 1.0 / (batch * scenario.scalar_packet_s)
    high = max(fast, at)
    low = min(slow / 10.0, fast / 100.0, at or fast)
    return Frame(*log_limits(low, high, decades=6.0))


def rates_in(frame: Frame, scenario: Scenario) -> np.ndarray:
    """Rates over a frame, closer where NEON or its fallback begins to be too slow."""
    batch = scenario.softirq.batch_mean
    ends = [1.0 / (batch * s) for s in (scenario.simd_packet_s, scenario.scalar_packet_s)]
    near = [end * share for end in ends for share in NEAR]
    every = np.concatenate([np.geomspace(frame.low, frame.high, POINTS), near])
    return np.unique(every[(every >= frame.low) & (every <= frame.high)])


class Solver:
    """Solves what is asked for and remembers it: the same state costs nothing a second time."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple, object] = OrderedDict()
        self._verdicts: dict[tuple[type[Policy], bool], Verdict] = {}

    def curves(self, state: State, frame: Frame) -> Curves:
        """Every metric but percentiles over the rates of a frame."""
        scenario, key = state.scenario, self._key("curves", state, frame)
        if key not in self._found:
            x = rates_in(frame, scenario)
            rates = [scenario.replace({RATE: float(rate)}) for rate in x]
            # The point shown comes with them: one more scenario costs next to nothing.
            solved = metrics_of([*rates, scenario], state.policies)
            self._keep(key, (x, {name: values[:, :-1] for name, values in solved.items()}))
            point = {name: values[:, -1] for name, values in solved.items()}
            self._keep(self._key("point", state), point)
        x, solved = self._look_up(key)
        values = {
            name: {metric: values[i] for metric, values in solved.items()}
            for i, name in enumerate(state.names)
        }
        at = scenario.softirq.rate_per_s
        correct = {v.policy: v.correct for v in self.verdicts(state)}
        return Curves(axis_of(RATE), x, values, correct, at if at > 0 else None)

    def point(self, state: State) -> Mapping[str, Mapping[str, float]]:
        """Every metric but percentiles at the scenario, by policy; not a number where none is."""
        key = self._key("point", state)
        if key not in self._found:
            solved = metrics_of([state.scenario], state.policies)
            self._keep(key, {name: values[:, 0] for name, values in solved.items()})
        solved = self._look_up(key)
        return {
            name: {metric: float(values[i]) for metric, values in solved.items()}
            for i, name in enumerate(state.names)
        }

    def results(self, state: State) -> Results:
        """Everything at the scenario, percentiles and reasons included."""
        key = self._key("results", state)
        if key not in self._found:
            self._keep(key, evaluate(state.scenario, state.policies))
        return self._look_up(key)

    def has_results(self, state: State) -> bool:
        """Whether :meth:`results` would cost nothing."""
        return self._key("results", state) in self._found

    def verdicts(self, state: State) -> list[Verdict]:
        """The check of each policy, under the events that the scenario has."""
        task_neon = state.scenario.vcpu.task_neon_per_s > 0
        for policy in state.policies:
            if (policy, task_neon) not in self._verdicts:
                (verdict,) = check(policy, task_neon=task_neon)
                self._verdicts[policy, task_neon] = verdict
        return [self._verdicts[policy, task_neon] for policy in state.policies]

    def _key(self, what: str, state: State, frame: Frame | None = None) -> tuple:
        """Curves do not depend on the rate: they have the same key at every one."""
        scenario = state.scenario if frame is None else state.scenario.replace({RATE: 1.0})
        return what, scenario, state.policies, frame

    def _look_up(self, key: tuple):
        self._found.move_to_end(key)
        return self._found[key]

    def _keep(self, key: tuple, value: object) -> None:
        self._found[key] = value
        while len(self._found) > _KEPT:
            self._found.popitem(last=False)
