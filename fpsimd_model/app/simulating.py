"""Simulation beside the formula: what was simulated for which state, and how it is done."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from ..engines import evaluate
from ..policies import Policy
from ..results import Results
from ..scenario import Scenario
from .background import Tell
from .state import State

__all__ = ["Simulated", "Simulations", "simulate"]

_KEPT = 20


@dataclass(frozen=True)
class Simulated:
    """Results of one simulation, and what they are of."""

    scenario: Scenario
    policies: tuple[type[Policy], ...]
    results: Results

    def of(self, state: State) -> bool:
        """Whether it is of this state."""
        return (self.scenario, self.policies) == (state.scenario, state.policies)


class Simulations:
    """The last few: a state that is come back to has its points again."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple, Simulated] = OrderedDict()

    def keep(self, found: Simulated) -> None:
        """Remember one."""
        self._found[found.scenario, found.policies] = found
        while len(self._found) > _KEPT:
            self._found.popitem(last=False)

    def get(self, state: State) -> Simulated | None:
        """That of a state, if there is one."""
        return self._found.get((state.scenario, state.policies))


def simulate(state: State, tell: Tell, workers: int, seconds: float | None = None) -> Simulated:
    """Simulate the policies of a state; stops where `tell` raises."""

    def progress(share: float, left_s: float) -> None:
        tell(share, f"{100 * share:.0f}%, {left_s:.0f} s left" if share else "")

    tell(0.0, "compiling, where this is the first run ...")
    results = evaluate(
        state.scenario,
        state.policies,
        "montecarlo",
        workers=workers,
        seconds=seconds,
        progress=progress,
    )
    return Simulated(state.scenario, state.policies, results)
