"""Maps of the cheapest policy over interrupt rate and residency, solved slice by slice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..figures import CostMap, cost_map_of
from ..figures.commands import in_short
from ..figures.rates import span_of as rates_of
from ..grids import grid_of
from ..policies import Policy
from ..scenario import Scenario
from .controls import CONTROLS
from .solver import RATE, Solver
from .state import State

__all__ = ["COARSE", "FINE", "Maps", "span_of"]

RESIDENCY = "vcpu.residency_us"
COARSE, FINE = (11, 8), (25, 17)  # rates by residencies
NEEDED = ["switch_share", "softirq_share", "softirq_held_mean_us", "resched_delay_mean_us"]
_KEPT = 60


@dataclass(frozen=True, slots=True)
class _Field:
    """What a map shows: everything but where on it the state stands."""

    scenario: Scenario
    policies: tuple[type[Policy], ...]
    rates: tuple[float, float]
    residencies: tuple[float, float]
    size: tuple[int, int]


class Maps:
    """Solves maps and remembers them: none depends on where on it the state stands."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._found: OrderedDict[_Field, CostMap] = OrderedDict()

    def known(self, state: State, size: tuple[int, int]) -> CostMap | None:
        """The map with the state's own point, if it has been solved."""
        found, (rate, residency) = self._found.get(_field(state, size)), _place(state)
        return found and replace(found, at=(rate, residency) if rate > 0 else None)

    def at_once(self, state: State, size: tuple[int, int]) -> CostMap:
        """The map, solved now if need be."""
        for _ in self.slices(state, size):
            pass
        return self.known(state, size)

    def slices(self, state: State, size: tuple[int, int]) -> Iterator[None]:
        """Solve a map, a slice at each step."""
        field = _field(state, size)
        if field in self._found:
            return
        import xarray

        x, y = (
            np.geomspace(*limits, n)
            for limits, n in zip((field.rates, field.residencies), size, strict=True)
        )
        scenarios = grid_of(field.scenario, {RESIDENCY: y, RATE: x})
        solved = yield from self._solver.slices.solve(scenarios, field.policies)
        shape = (len(field.policies), len(y), len(x))
        names = {"policy": list(state.names), RESIDENCY: y, RATE: x}
        grid = xarray.Dataset(
            {name: (tuple(names), solved[name].reshape(shape)) for name in NEEDED}, names
        )
        # In the order of a sweep over rates, then residencies.
        grid = grid.transpose("policy", RATE, RESIDENCY)
        found = cost_map_of(grid, self._solver.verdicts(state))
        about = in_short(state.scenario, (RATE, RESIDENCY))
        self._found[field] = replace(found, about=about)
        while len(self._found) > _KEPT:
            self._found.popitem(last=False)

    def follows(self, state: State, size: tuple[int, int]) -> bool:
        """Whether a map of this size takes no longer than a moving slider allows."""
        return self._solver.slices.at_once(state.scenario, size[0] * size[1])


def _place(state: State) -> tuple[float, float]:
    return state.scenario.softirq.rate_per_s, state.scenario.vcpu.residency_us.mean_us


def span_of(state: State) -> tuple[tuple[float, float], tuple[float, float]]:
    """Rates and residencies that the map of a state shows."""
    residency, knob = _place(state)[1], CONTROLS["residency"]
    return (
        rates_of(state.scenario),
        (min(knob.low, residency), max(knob.high, residency)),
    )


def _field(state: State, size: tuple[int, int]) -> _Field:
    elsewhere = state.scenario.replace({RATE: 1.0, RESIDENCY: 1.0})
    return _Field(elsewhere, state.policies, *span_of(state), size)
