"""Views of how long packets wait: the distribution, the load, one overload, the ceiling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import ipywidgets as w

from ..errors import InputError
from ..figures import (
    Answer,
    CeilingDots,
    LoadPanels,
    OverloadStrips,
    Picture,
    SurvivalPicture,
)
from ..figures.ceiling import ceilings_of
from ..figures.overload_data import overload_of
from ..figures.survival import Dots, dots_of, survivals_of
from ..figures.utilisation import Loads, loads_in_steps
from .background import Background, Tell
from .saving import recipe_of
from .sight import Sight
from .solver import RATE, Solver
from .state import State
from .tab import Pace

__all__ = ["CeilingTab", "DelayTab", "LoadTab", "OverloadTab", "latency_tabs"]

PACKETS = 2e5  # simulated under each policy, for dots in about a second
STRIPS = 5  # as many are legible


def latency_tabs(
    solver: Solver, failed: Callable[[Exception], None]
) -> list[DelayTab | LoadTab | OverloadTab | CeilingTab]:
    """One of each; `failed` is told of what goes wrong in the background."""
    return [DelayTab(solver, failed), LoadTab(solver), OverloadTab(), CeilingTab(solver)]


class _Tab:
    """A picture and where it is seen; it counts as there when it has data."""

    def __init__(self, shown: SurvivalPicture | LoadPanels | OverloadStrips | CeilingDots) -> None:
        self.shown, self.sight = shown, Sight()
        self.widget = self.sight.widget

    @property
    def picture(self) -> Picture | None:
        """None before there is anything to see."""
        return None if self.shown.data is None else self.shown


class DelayTab(_Tab):
    """The distribution of packet times: curves in motion, a simulation's dots at rest."""

    name, title = "packet-delay", "how long"
    tip = "the share of packets that take longer than a time, for all times"

    def __init__(self, solver: Solver, failed: Callable[[Exception], None]) -> None:
        super().__init__(SurvivalPicture())
        self._solver, self._failed = solver, failed
        self.background = Background("delay")
        self.widget = w.VBox([self.sight.widget, self.background.widget])

    def show(self, state: State, pace: Pace) -> None:
        """Limits and the list's numbers stay while the curves move."""
        self.background.drop()
        if pace is Pace.REST:
            self.sight.sharp(self.shown)
            self._simulate(state)
            return
        self.shown.set_data(
            survivals_of(
                state.scenario,
                state.policies,
                self._solver.verdicts(state),
                simulated=False,
                points=150 if pace is Pace.MOVING else 400,
            )
        )
        if pace is Pace.MOVING:
            self.shown.blit()
            self.sight.quick(self.shown)
        else:
            self.shown.draw()

    def _simulate(self, state: State) -> None:
        """Dots, beside the sliders; dropped when one of them moves."""
        found, seconds = self.shown.data, _seconds(state)

        def work(tell: Tell) -> dict[str, Dots]:
            dots = {}
            for name, seen in dots_of(state.scenario, state.policies, found, seconds=seconds):
                dots[name] = seen
                tell(len(dots) / len(state.policies), f"simulated: {name}")
            return dots

        def done(dots: dict[str, Dots]) -> None:
            if dots:
                self.shown.set_data(replace(found, dots=dots))
                self.shown.draw()
                self.sight.sharp(self.shown)

        self.background.start(work, done, self._failed)

    def answer(self, state: State) -> Answer:
        """The same curves and dots."""
        options = {"points": 400, "simulated": 1}
        return Answer(recipe_of(state, self.name, seconds=_seconds(state), options=options))


class LoadTab(_Tab):
    """Slowdown and 99th percentile over the load; in motion only the scenario's place follows."""

    name, title = "latency-over-load", "over the load"
    tip = "crypto slowdown and 99th percentile, up to where each policy saturates"

    def __init__(self, solver: Solver) -> None:
        super().__init__(LoadPanels())
        self._solver = solver
        self._of: tuple = ()
        self._found: Loads | None = None

    def show(self, state: State, pace: Pace) -> Iterator[None] | None:
        """Loads are solved one by one, as long as nothing moves."""
        if pace is Pace.REST:
            self.sight.sharp(self.shown)
            return None
        placed = self._place(state)
        if pace is Pace.STOPPED and not placed:
            return self._solve(state)
        if pace is Pace.STOPPED:
            self.shown.draw()
        elif placed:
            self.shown.blit()
            self.sight.quick(self.shown)
        return None

    def _solve(self, state: State) -> Iterator[None]:
        verdicts = self._solver.verdicts(state)
        self._found = yield from loads_in_steps(state.scenario, state.policies, verdicts)
        self._of = _but_rate(state)
        self.shown.set_data(self._found)
        self.shown.draw()

    def _place(self, state: State) -> bool:
        """Move the scenario's line, if that is all that has to be done."""
        if self._of != _but_rate(state):
            return False
        at = 100.0 * state.scenario.simd_load or None
        self.shown.set_data(replace(self._found, curves=replace(self._found.curves, at=at)))
        return True

    def answer(self, state: State) -> Answer:
        """The same curves."""
        return Answer(recipe_of(state, self.name))


class OverloadTab(_Tab):
    """The time line of a few milliseconds of one simulation; drawn when sliders have stopped."""

    name, title = "overload", "a few ms of it"
    tip = "one simulation as a trace viewer would show it, ksoftirqd included"

    def __init__(self) -> None:
        super().__init__(OverloadStrips())

    def show(self, state: State, pace: Pace) -> None:
        """A strip for each of the first few policies."""
        if pace is Pace.STOPPED:
            found = overload_of(state.scenario, state.policies[:STRIPS])
            if (n := len(state.policies)) > STRIPS:
                found = replace(found, about=f"{found.about}; the first {STRIPS} of {n} policies")
            self.shown.set_data(found)
            self.shown.draw()
        elif pace is Pace.REST:
            self.sight.sharp(self.shown)

    def answer(self, state: State) -> Answer:
        """The same milliseconds."""
        return Answer(recipe_of(replace(state, policies=state.policies[:STRIPS]), self.name))


class CeilingTab(_Tab):
    """Gb/s at most by cipher; drawn when sliders have stopped."""

    name, title = "throughput-ceiling", "Gb/s"
    tip = "Gb/s at most: the throughput at which each policy saturates, per cipher"

    def __init__(self, solver: Solver) -> None:
        super().__init__(CeilingDots())
        self._solver = solver

    def show(self, state: State, pace: Pace) -> None:
        """A row for each cipher, whatever the scenario's own is."""
        if pace is Pace.STOPPED:
            verdicts = self._solver.verdicts(state)
            self.shown.set_data(ceilings_of(state.scenario, state.policies, verdicts))
            self.shown.draw()
        elif pace is Pace.REST:
            self.sight.sharp(self.shown)

    def answer(self, state: State) -> Answer:
        """The same dots."""
        return Answer(recipe_of(state, self.name))


def _seconds(state: State) -> float:
    offered = state.scenario.offered_packets_per_s
    if offered <= 0.0:
        raise InputError("no packets come: raise the rate of interrupts")
    return float(f"{PACKETS / offered:.3g}")


def _but_rate(state: State) -> tuple:
    """What the curves over the load depend on."""
    return state.scenario.replace({RATE: 1.0}), state.policies
