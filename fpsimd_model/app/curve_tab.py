"""Curves over the interrupt rate: lines only in motion, axes and labels when they have stopped."""

from __future__ import annotations

from collections.abc import Iterator

from ..figures import Answer, CurvePanels
from ..figures.rates import span_of
from .saving import recipe_of
from .sight import Sight
from .solver import Frame, Solver
from .state import State
from .tab import Pace

__all__ = ["CurveTab"]


class CurveTab:
    """Some metrics of every policy shown, a panel each."""

    def __init__(
        self, name: str, title: str, tip: str, metrics: tuple[str, ...], solver: Solver
    ) -> None:
        self.name, self.title, self.tip = name, title, tip
        self._solver = solver
        self.frame: Frame | None = None
        self.metrics = metrics
        self.picture = CurvePanels(metrics)
        self.picture.kind = name
        self.sight = Sight()
        self.widget = self.sight.widget

    def show(self, state: State, pace: Pace) -> Iterator[None] | None:
        """The axes stay while the lines move; curves that take long to solve wait for rest."""
        if pace is Pace.REST:
            self.sight.sharp(self.picture)
            return None
        if pace is Pace.STOPPED or self.frame is None:
            self.frame = span_of(state.scenario)
        if pace is Pace.STOPPED:
            return self._draw(state)
        if follows := self._solver.follows(state, self.frame):
            self.picture.set_data(self._solver.curves(state, self.frame, self.metrics))
            self.picture.blit()
            self.sight.quick(self.picture)
        self.sight.pale(not follows)
        return None

    def _draw(self, state: State) -> Iterator[None]:
        yield from self._solver.solve_curves(state, self.frame)
        self.picture.set_data(self._solver.curves(state, self.frame, self.metrics))
        self.picture.draw()
        self.sight.pale(False)

    def answer(self, state: State) -> Answer:
        """The curves over the same span of rates."""
        return Answer(recipe_of(state, self.name, options={"panels": list(self.metrics)}))

    def ahead(self, state: State) -> Iterator[None]:
        """Solve what may be asked for next."""
        if self.frame is not None and self._solver.follows(state, self.frame):
            yield from self._solver.solve_curves(state, self.frame)

    def forget(self) -> None:
        """For another state altogether: the axes of the old one go."""
        self.frame = None
