"""Which policy is cheapest where: a coarse map while a slider moves, a finer one at rest."""

from __future__ import annotations

from collections.abc import Iterator

from ..figures import Answer, PolicyMap
from .maps import COARSE, FINE, Maps, span_of
from .saving import recipe_of
from .sight import Sight
from .solver import Solver
from .state import State
from .tab import Pace

__all__ = ["MapTab"]


class MapTab:
    """The map over interrupt rate and residency; a point marks the state itself."""

    name, title = "policy-map", "map"
    tip = "which policy costs least, over interrupt rate and residency"

    def __init__(self, solver: Solver) -> None:
        self._maps = Maps(solver)
        self.picture = PolicyMap()
        self.sight = Sight()
        self.widget = self.sight.widget

    def show(self, state: State, pace: Pace) -> Iterator[None] | None:
        """A state whose map is known moves only the point."""
        if pace is Pace.MOVING:
            known = self._maps.known(state, FINE) or self._maps.known(state, COARSE)
            if follows := known is not None or self._maps.follows(state, COARSE):
                self.picture.set_data(known or self._maps.at_once(state, COARSE))
                self.picture.blit()
                self.sight.quick(self.picture)
            self.sight.pale(not follows)
            return None
        if pace is Pace.STOPPED:
            return self._refine(state)
        self.sight.sharp(self.picture)
        return None

    def _refine(self, state: State) -> Iterator[None]:
        size = self._size(state)
        yield from self._maps.slices(state, size)
        self.picture.set_data(self._maps.known(state, size))
        self.picture.draw()
        self.sight.pale(False)

    def _size(self, state: State) -> tuple[int, int]:
        """Scenarios that take long to solve have to do with a coarse map."""
        return FINE if self._maps.follows(state, COARSE) else COARSE

    def answer(self, state: State) -> Answer:
        """The map as it is at rest."""
        (xlow, xhigh), (ylow, yhigh) = span_of(state)
        xpoints, ypoints = self._size(state)
        options = {"xlow": xlow, "xhigh": xhigh, "xpoints": xpoints,
                   "ylow": ylow, "yhigh": yhigh, "ypoints": ypoints}  # fmt: skip
        return Answer(recipe_of(state, self.name, options=options))
