"""All that the explorer has on screen, and what of it follows a change when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import ipywidgets as w

from ..errors import InputError
from ..policies import Policy
from ..scenario import Scenario
from . import words
from .controls import CONTROLS, Control
from .knob import put
from .latency_tabs import CeilingTab, DelayTab
from .layout import classed, lay_out
from .map_tab import MapTab
from .proof_tab import ProofTab
from .screen import REST_S, Actions, Screen, Shown
from .simulation_tab import SimulationTab
from .solver import RATE, Solver
from .stages import Stage
from .state import State
from .tab import Pace
from .table import Row, rows_of, table
from .tabs import curve_tabs
from .trace_tab import TraceTab

__all__ = ["ExplorerActions", "ExplorerScreen"]

STARVED_S = 0.15  # the longest that numbers lag behind a slider that does not stop
EXACT_S = 0.03  # the same, before numbers that take as long as a frame or two
HTML = ("about", "upshot", "table", "note", "events", "line")


@dataclass(frozen=True)
class ExplorerActions(Actions):
    """A trace's scenario and a line can be put on the sliders too."""

    adopt: Callable[[Scenario], None]
    paste: Callable[[dict], None]


class ExplorerScreen(Screen):
    """Twelve sliders, nine views, the table with its texts, and a line that restores it all."""

    def __init__(
        self,
        start: State,
        policies: Sequence[type[Policy]],
        solver: Solver,
        actions: ExplorerActions,
        shown: Shown,
    ) -> None:
        now = lambda: shown()[0]  # noqa: E731
        tabs = [
            *curve_tabs(solver),
            DelayTab(solver, actions.failed),
            CeilingTab(solver),
            MapTab(solver),
            ProofTab(solver, actions.look),
            SimulationTab(solver, now, actions.failed),
            TraceTab(actions.adopt, now, actions.failed),
        ]
        super().__init__(tabs, CONTROLS, HTML, start, policies, solver, actions, shown)
        self._rows: dict[str, Row] = {}
        self.moved: tuple[Control, int] | None = None  # the last slider and its direction
        self.fading = (self.tabs.body, self.html["table"], self.html["upshot"])
        self.paste = classed(
            w.Text(
                placeholder="paste a line, or write the path of a scenario (.toml); press Enter",
                continuous_update=False,
            ),
            "fm-paste",
        )
        self.paste.observe(actions.paste, "value")
        self.stages = (
            Stage(lambda: self._show(Pace.MOVING)),
            Stage(self._tell_values, starved_s=STARVED_S),
            Stage(self._tell_all, EXACT_S),
            Stage(lambda: self._show(Pace.STOPPED), REST_S),
            Stage(lambda: self._show(Pace.REST), REST_S),
            Stage(self._rest, REST_S),
            *(Stage(lambda n=n: self._look_ahead(n), 2 * REST_S) for n in (1, 2, -1)),
        )
        self.children = lay_out(
            self.presets.box,
            self.reset,
            {name: knob.box for name, knob in self.knobs.items()},
            self.tabs.box,
            self.files,
            self.choice.box,
            self.paste,
            self.html,
        )

    def renew(self) -> None:
        """As every screen; the next press of a key is not known."""
        super().renew()
        self.moved = None

    # -- stages ----------------------------------------------------------------------------------

    def _tell_values(self) -> Iterator[None]:
        """Sliders, fields and the table's numbers."""
        state, solver = self._shown()[0], self._solver
        self._tell_knobs()
        exact = solver.has_results(state) or solver.quick
        if not exact and not solver.at_once(state):
            yield from solver.solve_point(state)
        self._tell_numbers("moving", exact=exact)
        self._tell_ready()

    def _tell_all(self) -> Iterator[None]:
        """Percentiles, reasons, and everything in words."""
        state = self._shown()[0]
        yield from self._solver.solve(state)
        self._tell_choices()
        self._tell_numbers("moving", exact=True)
        rows = list(self._rows.values())
        texts = {
            "about": words.about(state),
            "upshot": words.upshot(rows, state),
            "note": words.note(rows, state),
            "events": words.events(self._solver.verdicts(state)),
            "line": words.line(state),
        }
        for name, text in texts.items():
            put(self.html[name], "value", text)

    def _rest(self) -> None:
        """Everything is on screen: say so."""
        self._tell_numbers("rest", exact=True)

    def _look_ahead(self, n: int) -> Iterator[None]:
        """Solve what the next press of the same key would show."""
        if self.moved is None or not self._solver.at_once(self._shown()[0]):
            return
        state, (control, direction) = self._shown()[0], self.moved
        grid = self.knobs[control.name].grid
        at = grid.index(control.value(state.scenario)) + n * direction
        if 0 <= at < len(grid):
            with suppress(InputError):  # nobody has asked for it yet
                ahead = state.set(control, grid[at])
                if control.keys != (RATE,):
                    yield from self.tabs.ahead(ahead)
                yield from self._solver.solve_point(ahead)

    def _tell_numbers(self, what: str, *, exact: bool) -> None:
        (state, number), solver = self._shown(), self._solver
        results = solver.results(state) if exact else None
        point = {} if exact else solver.point(state)
        rows = rows_of(state.policies, solver.verdicts(state), point, results, self._rows)
        self._rows = {row.policy.name: row for row in rows}
        put(self.html["table"], "value", table(rows, f"{what} {number}"))
