"""The numbers behind the app: curves over the interrupt rate, the point shown, and proofs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from time import thread_time

from ..engines import evaluate
from ..figures import Curves, axis_of
from ..figures.rates import RATE, rates_in
from ..policies import Policy
from ..proof import Verdict, check
from ..results import Results
from .slices import Slices
from .state import State

__all__ = ["RATE", "Frame", "Solver"]

POINTS = 25
QUICK_S = 0.03
FEW = 3  # policies at a step, where solving takes longer than that
_KEPT = 400  # solved scenarios; a few kilobytes each


Frame = tuple[float, float]  # lowest and highest rate of a figure


class Solver:
    """Solves what is asked for and remembers it: the same state costs nothing a second time."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple, object] = OrderedDict()
        self.slices = Slices()
        self._results_s = 0.0
        self._verdicts: dict[tuple[type[Policy], bool], Verdict] = {}

    def curves(self, state: State, frame: Frame, metrics: Collection[str] = ()) -> Curves:
        """Metrics over the rates of a frame; by default every one but percentiles."""
        for _ in self.solve_curves(state, frame):
            pass
        scenario = state.scenario
        x, solved = self._look_up(self._key("curves", state, frame))
        values = {
            name: {metric: solved[metric][i] for metric in metrics or solved}
            for i, name in enumerate(state.names)
        }
        at = scenario.softirq.rate_per_s
        correct = {v.policy: v.correct for v in self.verdicts(state)}
        return Curves(axis_of(RATE), x, values, correct, at if at > 0 else None)

    def solve_curves(self, state: State, frame: Frame) -> Iterator[None]:
        """What :meth:`curves` gives, in slices."""
        scenario, key = state.scenario, self._key("curves", state, frame)
        if key in self._found:
            return
        x = rates_in(*frame, scenario, POINTS)
        rates = [scenario.replace({RATE: float(rate)}) for rate in x]
        # The point shown comes with them: one more scenario costs next to nothing.
        solved = yield from self.slices.solve([*rates, scenario], state.policies)
        self._keep(key, (x, {name: values[:, :-1] for name, values in solved.items()}))
        point = {name: values[:, -1] for name, values in solved.items()}
        self._keep(self._key("point", state), point)

    def follows(self, state: State, frame: Frame) -> bool:
        """Whether :meth:`curves` takes no longer than a moving slider allows."""
        return self._key("curves", state, frame) in self._found or self.at_once(state)

    def at_once(self, state: State) -> bool:
        """Whether curves of this kind of scenario are solved while a slider moves."""
        return self.slices.at_once(state.scenario, POINTS)

    def point(self, state: State) -> Mapping[str, Mapping[str, float]]:
        """Every metric but percentiles at the scenario, by policy; not a number where none is."""
        for _ in self.solve_point(state):
            pass
        solved = self._look_up(self._key("point", state))
        return {
            name: {metric: float(values[i]) for metric, values in solved.items()}
            for i, name in enumerate(state.names)
        }

    def solve_point(self, state: State) -> Iterator[None]:
        """What :meth:`point` gives, in slices."""
        key = self._key("point", state)
        if key not in self._found:
            solved = yield from self.slices.solve([state.scenario], state.policies)
            self._keep(key, {name: values[:, 0] for name, values in solved.items()})

    def results(self, state: State) -> Results:
        """Everything at the scenario, percentiles and reasons included."""
        for _ in self.solve(state):
            pass
        return self._look_up(self._key("results", state))

    def solve(self, state: State) -> Iterator[None]:
        """What :meth:`results` gives, some policies at each step where that takes long."""
        key = self._key("results", state)
        if key in self._found:
            return
        start, found, rows = thread_time(), [], len(state.policies) if self.quick else FEW
        for i in range(0, len(state.policies), rows):
            found += evaluate(state.scenario, state.policies[i : i + rows])
            yield
        self._results_s = thread_time() - start
        self._keep(key, Results(state.scenario, tuple(found)))

    @property
    def quick(self) -> bool:
        """Whether :meth:`results` of late took no longer than a frame or two."""
        return self._results_s < QUICK_S

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
