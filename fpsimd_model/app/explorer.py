"""The app: sliders, nine views, and a table of what every policy costs."""

from __future__ import annotations

from pathlib import Path

from ..policies import ALL
from ..scenario import Scenario
from . import words
from .controls import Control
from .explorer_screen import ExplorerActions, ExplorerScreen
from .line import file_of, state_of
from .panel import Panel
from .state import State

__all__ = ["Explorer"]


class Explorer(Panel):
    """Sliders over one scenario; what every policy costs in it, as curves and as a table.

    Made by :func:`fpsimd_model.app.explore`.  Assign to :attr:`state` to show another.

    Parameters
    ----------
    state:
        What is shown first, and what one's own scenario goes back to.
    problem:
        Said in the status line at the beginning.
    """

    def __init__(self, state: State, problem: str = "") -> None:
        known = tuple(dict.fromkeys([*ALL, *state.policies]))
        super().__init__(ExplorerScreen, state, known, problem)

    def _actions(self) -> ExplorerActions:
        return ExplorerActions(
            **vars(super()._actions()), adopt=self._adopt, paste=self._told(self._paste)
        )

    def _in_words(self) -> str:
        return words.call(self._state) or "fm.app.explore(...)"

    def _turn(self, control: Control, value: float | None) -> None:
        before = control.value(self.scenario)
        super()._turn(control, value)
        self.screen.moved = control, 1 if control.value(self.scenario) >= before else -1

    def _adopt(self, scenario: Scenario) -> None:
        """Another scenario of one's own, of a trace or file, to start from and come back to."""
        self._start = self.screen.start = State.of(scenario).show(self._state.policies)
        self._renew(self._start)

    def _paste(self, change: dict) -> None:
        """A line, or the path of a scenario file from the notebook's folder."""
        if not (text := change["new"].strip()):
            return
        if file := file_of(text):
            self._adopt(Scenario.load(Path(file).expanduser()))
            self.screen.say(f"loaded {file}")
        else:
            self._renew(state_of(text, self._start, self._known))
        change["owner"].value = ""
