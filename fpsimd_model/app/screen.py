"""What every panel has on screen: presets, sliders, views, policies, export, a status line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import ipywidgets as w

from ..policies import Policy
from . import words
from .choice import Choice
from .controls import CONTROLS, Control
from .knob import Knob, put
from .layout import classed
from .presets import Presets
from .solver import Solver
from .stages import Stage
from .state import State
from .tab import Pace, Tab
from .tabs import Tabs

__all__ = ["FOLDER", "REST_S", "Actions", "Screen", "Shown"]

FOLDER = "figures-out"
REST_S = 0.15  # without a change, before what is too slow to follow a slider

#: Gives the state to show, and the number of the change that led to it.
Shown = Callable[[], tuple[State, int]]


@dataclass(frozen=True)
class Actions:
    """What a person can do: each is called when it is done."""

    turn: Callable[[Control, float | None], None]
    choose: Callable[[str, str], None]
    pick: Callable[[Sequence[type[Policy]]], None]
    look: Callable[[], None]
    reset: Callable[[object], None]
    export: Callable[[object], None]
    failed: Callable[[Exception], None]


class Screen:
    """The widgets of a panel; a kind of panel adds `stages` that bring them up to date.

    Parameters
    ----------
    tabs, knobs, html:
        The views; names of controls and of texts.
    start:
        The state whose own scenario can be come back to.
    policies:
        All that can be chosen.
    solver, actions, shown:
        Where numbers come from, clicks go to, and the newest state is.

    Attributes
    ----------
    stages:
        In order, what follows a change at once, soon, and at rest.
    children:
        From top to bottom.
    """

    stages: Sequence[Stage]
    children: Sequence[w.Widget]

    def __init__(
        self,
        tabs: Sequence[Tab],
        knobs: Iterable[str],
        html: Iterable[str],
        start: State,
        policies: Sequence[type[Policy]],
        solver: Solver,
        actions: Actions,
        shown: Shown,
    ) -> None:
        self.start, self._solver, self._shown = start, solver, shown
        self.error = False
        self.html = {name: classed(w.HTML(), f"fm-{name}") for name in (*html, "status")}
        self.presets = Presets(actions.choose)
        self.knobs = {n: Knob(CONTROLS[n], actions.turn, actions.failed) for n in knobs}
        self.tabs = Tabs(tabs, actions.look)
        verdicts = solver.verdicts(replace(start, policies=tuple(policies)))
        self.choice = Choice(policies, verdicts, actions.pick)
        self.reset = _button("reset all", "back to where the situation began", "fm-reset-all")
        self.reset.on_click(actions.reset)
        self.export = _button("Export", "figure, text and scenario into the folder", "fm-export")
        self.export.on_click(actions.export)
        self.folder = classed(w.Text(FOLDER, tooltip="folder to export into"), "fm-folder")
        self.files = classed(w.HBox([self.export, self.folder, self.html["status"]]), "fm-files")
        self.fading: Sequence[w.Widget] = (self.tabs.body,)  # pale while out of date

    def renew(self) -> None:
        """For another state altogether: notches and axes that were made for the old one go."""
        for knob in self.knobs.values():
            knob.forget()
        self.tabs.forget()

    # -- parts of stages -------------------------------------------------------------------------

    def _show(self, pace: Pace) -> Iterator[None] | None:
        """What the eye is on; in motion alone, so that it is sent at once."""
        return self.tabs.show(self._shown()[0], pace)

    def _tell_knobs(self) -> None:
        for knob in self.knobs.values():
            knob.show(self._shown()[0])

    def _tell_choices(self) -> None:
        state = self._shown()[0]
        self.presets.show(state, self.start)
        self.choice.show(state)

    def _tell_ready(self) -> None:
        """What was wrong before is past."""
        if self.error:
            self.say("ready")
        self._pale(False)

    # -- telling ---------------------------------------------------------------------------------

    def say(self, text: str, *, error: bool = False) -> None:
        """In the status line."""
        self.error = error
        put(self.html["status"], "value", words.status(text, error=error))

    def fail(self, error: Exception) -> None:
        """Every exception ends here: nobody looks into a kernel's log."""
        self.say(words.complaint(error), error=True)

    def broke(self, error: Exception) -> None:
        """A redraw failed: what is on screen belongs to something else."""
        self.fail(error)
        self._pale(True)

    def _pale(self, pale: bool) -> None:
        for widget in self.fading:
            (widget.add_class if pale else widget.remove_class)("fm-stale")


def _button(text: str, tooltip: str, name: str) -> w.Button:
    return classed(w.Button(description=text, tooltip=tooltip), name)
