"""All that is on screen, and what of it follows a change at once, soon, or at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import ipywidgets as w

from ..errors import InputError
from ..policies import Policy
from ..scenario import Scenario
from . import words
from .choice import Choice
from .controls import CONTROLS, Control
from .knob import Knob, put
from .latency_tabs import CeilingTab, DelayTab
from .layout import classed, lay_out
from .map_tab import MapTab
from .presets import Presets
from .proof_tab import ProofTab
from .simulation_tab import SimulationTab
from .solver import RATE, Solver
from .stages import Stage
from .state import State
from .tab import Pace
from .table import Row, rows_of, table
from .tabs import Tabs, curve_tabs
from .trace_tab import TraceTab

__all__ = ["FOLDER", "Actions", "Screen"]

FOLDER = "figures-out"
REST_S = 0.15  # without a change, before what is too slow to follow a slider
STARVED_S = 0.15  # the longest that numbers lag behind a slider that does not stop
EXACT_S = 0.03  # the same, before numbers that take as long as a frame or two
HTML = ("about", "upshot", "table", "note", "events", "line", "status")


@dataclass(frozen=True)
class Actions:
    """What a person can do: each is called when it is done."""

    turn: Callable[[Control, float | None], None]
    choose: Callable[[str, str], None]
    pick: Callable[[Sequence[type[Policy]]], None]
    look: Callable[[], None]
    adopt: Callable[[Scenario], None]
    reset: Callable[[object], None]
    paste: Callable[[dict], None]
    export: Callable[[object], None]
    failed: Callable[[Exception], None]


class Screen:
    """The widgets of the app, in `children`, and the stages that bring them up to date.

    Parameters
    ----------
    start:
        The state whose own scenario can be come back to.
    policies:
        All that can be chosen.
    solver, actions:
        Where numbers come from and clicks go to.
    shown:
        Gives the state to show, and the number of the change that led to it.
    """

    def __init__(
        self,
        start: State,
        policies: Sequence[type[Policy]],
        solver: Solver,
        actions: Actions,
        shown: Callable[[], tuple[State, int]],
    ) -> None:
        self.start, self._solver, self._shown = start, solver, shown
        self._rows: dict[str, Row] = {}
        self.moved: tuple[Control, int] | None = None  # the last slider and its direction
        self.error = False
        self.html = {name: classed(w.HTML(), f"fm-{name}") for name in HTML}
        self.presets = Presets(actions.choose)
        self.knobs = {c.name: Knob(c, actions.turn, actions.failed) for c in CONTROLS.values()}
        now = lambda: shown()[0]  # noqa: E731
        self.tabs = Tabs(
            [
                *curve_tabs(solver),
                DelayTab(solver, actions.failed),
                CeilingTab(solver),
                MapTab(solver),
                ProofTab(solver, actions.look),
                SimulationTab(solver, now, actions.failed),
                TraceTab(actions.adopt, now, actions.failed),
            ],
            actions.look,
        )
        verdicts = solver.verdicts(replace(start, policies=tuple(policies)))
        self.choice = Choice(policies, verdicts, actions.pick)
        self.reset = _button("reset all", "back to where the situation began", "fm-reset-all")
        self.reset.on_click(actions.reset)
        self.export = _button("Export", "figure, text and scenario into the folder", "fm-export")
        self.export.on_click(actions.export)
        self.folder = classed(w.Text(FOLDER, tooltip="folder to export into"), "fm-folder")
        self.paste = classed(
            w.Text(placeholder="paste a line, press Enter", continuous_update=False), "fm-paste"
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
            classed(w.HBox([self.export, self.folder, self.html["status"]]), "fm-files"),
            self.choice.box,
            self.paste,
            self.html,
        )

    def renew(self) -> None:
        """For another state altogether: notches and axes that were made for the old one go."""
        for knob in self.knobs.values():
            knob.forget()
        self.tabs.forget()
        self.moved = None

    # -- stages ----------------------------------------------------------------------------------

    def _show(self, pace: Pace) -> Iterator[None] | None:
        """What the eye is on; in motion alone, so that it is sent at once."""
        return self.tabs.show(self._shown()[0], pace)

    def _tell_values(self) -> Iterator[None]:
        """Sliders, fields and the table's numbers."""
        state, solver = self._shown()[0], self._solver
        for knob in self.knobs.values():
            knob.show(state)
        exact = solver.has_results(state) or solver.quick
        if not exact and not solver.at_once(state):
            yield from solver.solve_point(state)
        self._tell_numbers("moving", exact=exact)
        if self.error:
            self.say("ready")
        self._pale(False)

    def _tell_all(self) -> Iterator[None]:
        """Percentiles, reasons, and everything in words."""
        state = self._shown()[0]
        yield from self._solver.solve(state)
        self.presets.show(state, self.start)
        self.choice.show(state)
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

    # -- telling ---------------------------------------------------------------------------------

    def say(self, text: str, *, error: bool = False) -> None:
        """In the status line."""
        self.error = error
        put(self.html["status"], "value", words.status(text, error=error))

    def fail(self, error: Exception) -> None:
        """Every exception ends here: nobody looks into a kernel's log."""
        named = isinstance(error, InputError)
        self.say(str(error) if named else f"{type(error).__name__}: {error}", error=True)

    def broke(self, error: Exception) -> None:
        """A redraw failed: what is on screen belongs to something else."""
        self.fail(error)
        self._pale(True)

    def _pale(self, pale: bool) -> None:
        for widget in (self.tabs.body, self.html["table"], self.html["upshot"]):
            (widget.add_class if pale else widget.remove_class)("fm-stale")


def _button(text: str, tooltip: str, name: str) -> w.Button:
    return classed(w.Button(description=text, tooltip=tooltip), name)
