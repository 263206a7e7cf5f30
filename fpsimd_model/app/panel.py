"""What every panel is: one state, what a person does to it, and a screen that follows."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import ipywidgets as w

from ..policies import Policy
from ..results import Results
from ..scenario import Scenario
from .controls import Control
from .home import Home
from .saving import in_words, save
from .screen import FOLDER, Actions, Screen
from .solver import Solver
from .stages import Stages
from .state import State
from .tabs import Tabs

__all__ = ["Panel"]


class Panel(w.VBox):
    """Sliders over one scenario and views that follow them; assign to :attr:`state` for another.

    Parameters
    ----------
    screen:
        Made from the state, all policies that can be chosen, a solver, what a person can do, and
        a function that gives the newest state with the number of its change.
    state:
        What is shown first, and what one's own scenario goes back to.
    known:
        All policies that can be chosen.
    problem:
        Said in the status line at the beginning.
    """

    def __init__(
        self,
        screen: Callable[..., Screen],
        state: State,
        known: Sequence[type[Policy]],
        problem: str = "",
    ) -> None:
        self._state = self._start = state
        self._known, self._solver = tuple(known), Solver()
        self._written = 0
        self._jobs: set[asyncio.Task] = set()
        shown = lambda: (self._state, self.stages.marks)  # noqa: E731 - bound before it exists
        self.screen = screen(state, self._known, self._solver, self._actions(), shown)
        self.stages = Stages(self.screen.stages, self.screen.broke)
        super().__init__(self.screen.children)
        self.add_class("fm-app")
        Home().take_in(self, *(tab.widget for tab in self.tabs.tabs.values()))
        self.screen.say("ready")
        self.stages.run()
        if problem:
            self.screen.say(problem, error=True)

    def _actions(self) -> Actions:
        """What the screen calls."""
        return Actions(
            turn=self._turn,  # a knob marks its own field where this raises
            choose=self._told(self._choose),
            pick=self._told(self._pick),
            look=self._told(lambda: self.stages.mark()),
            reset=self._told(lambda _: self._renew(self._state.reset())),
            export=self._told(self._ask_export),
            failed=lambda error: self.screen.fail(error),
        )

    # -- for programs ----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What is shown."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        self.stages.mark()

    @property
    def scenario(self) -> Scenario:
        """The scenario shown."""
        return self._state.scenario

    @property
    def results(self) -> Results:
        """Every metric of every policy shown."""
        return self._solver.results(self._state)

    @property
    def tabs(self) -> Tabs:
        """The views."""
        return self.screen.tabs

    def export(self, folder: str | os.PathLike[str] = FOLDER) -> list[Path]:
        """Write figure, text and scenario into a folder, as the button does.

        Raises
        ------
        InputError
            If they cannot be written there.
        """
        return save(folder, self.tabs.chosen.answer(self._state))

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """The widget, and a picture where widgets cannot run."""
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = f"<{self._in_words()}>"
        if picture := self.tabs.png():
            bundle["image/png"] = base64.b64encode(picture).decode()
        return bundle

    def _in_words(self) -> str:
        """One line for where neither widgets nor pictures can be shown."""
        raise NotImplementedError

    # -- what a person does ----------------------------------------------------------------------

    def _turn(self, control: Control, value: float | None) -> None:
        state = self._state
        self.state = state.reset(control) if value is None else state.set(control, value)

    def _choose(self, key: str, name: str) -> None:
        if key == "situation":
            origin = State.of(name) if name else self._start.reset()
            self._renew(replace(origin, policies=self._state.policies))
        else:
            self._renew(self._state.choose(key, name))

    def _pick(self, policies: Sequence[type[Policy]]) -> None:
        self.state = self._state.show(policies)

    def _renew(self, state: State) -> None:
        self.screen.renew()
        self.state = state

    # -- export ----------------------------------------------------------------------------------

    def _ask_export(self, _: object) -> None:
        try:
            task = asyncio.get_running_loop().create_task(self._export_settled())
        except RuntimeError:  # nothing can move meanwhile
            self._write()
        else:
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)

    async def _export_settled(self) -> None:
        self.screen.say("exporting ...")
        await self.stages.settled()
        self._told(self._write)()

    def _write(self) -> None:
        files = self.export(self.screen.folder.value)
        self._written += 1
        self.screen.say(f"wrote {in_words(files)} (#{self._written})")

    def _told(self, work: Callable[..., None]) -> Callable[..., None]:
        """`work`, with whatever it raises told in the status line."""

        def run(*arguments: object) -> None:
            try:
                work(*arguments)
            except Exception as error:  # told, not swallowed
                self.screen.fail(error)

        return run
