"""How long a packet waits, with knobs: four views of it, for JupyterLab, notebooks and Voila."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import ipywidgets as w

from ..errors import InputError
from ..policies import ALL, Policy, select
from ..scenario import Scenario
from . import words
from .address import state_asked
from .choice import Choice
from .controls import CONTROLS, Control
from .knob import Knob, put
from .latency_tabs import latency_tabs
from .latency_words import upshot
from .layout import classed
from .looks import CSS
from .presets import Presets
from .saving import save
from .solver import Solver
from .stages import Stage, Stages
from .state import State
from .tab import Pace
from .tabs import Tabs

__all__ = ["LatencyPanel"]

KNOBS = ("rate", "batch", "packet", "slowdown", "residency", "out")
POLICIES = (
    "tracked",
    "busy-flag-live",
    "neon-begin-at-load",
    "pending-check-guarded",
    "softirqs-off",
)
FOLDER = "figures-out"
REST_S = 0.15  # without a change, before what is too slow to follow a slider


class LatencyPanel(w.VBox):
    """Sliders over one scenario, and how long packets take in it under some policies.

    Parameters
    ----------
    scenario:
        The name of a situation, a scenario file, or a :class:`~fpsimd_model.Scenario`.  Under
        Voila the page's address may change it (``?softirq.interrupts_per_s=3e4``).
    policies:
        Names or classes; None for all sixteen.

    Raises
    ------
    InputError
        On what cannot be read.

    >>> panel = LatencyPanel("reference", ["tracked", "softirqs-off"])
    >>> panel.scenario.softirq.interrupts_per_s
    10000.0
    """

    def __init__(
        self,
        scenario: str | Scenario = "cortex-a57-ipsec",
        policies: Iterable[str | type[Policy]] | None = POLICIES,
    ) -> None:
        if isinstance(scenario, str) and scenario.endswith(".toml"):
            scenario = Scenario.load(scenario)
        chosen = tuple(select(policies))
        known = tuple(dict.fromkeys([*ALL, *chosen]))
        self._state, problem = state_asked(State.of(scenario, chosen), known)
        self._start = self._state
        self._solver, self._written = Solver(), 0
        self._jobs: set[asyncio.Task] = set()
        told = self._told
        self._presets = Presets(told(self._choose))
        self._knobs = [Knob(CONTROLS[name], self._turn, self.fail) for name in KNOBS]
        self.tabs = Tabs(latency_tabs(self._solver, self.fail), told(lambda: self._stages.mark()))
        every = replace(self._state, policies=known)
        self._choice = Choice(known, self._solver.verdicts(every), told(self._pick))
        self._html = {name: classed(w.HTML(), f"fm-{name}") for name in ("upshot", "status")}
        self._folder = classed(w.Text(FOLDER, tooltip="folder to export into"), "fm-folder")
        reset = classed(w.Button(description="reset all"), "fm-reset-all")
        reset.on_click(told(lambda _: self._renew(self._state.reset())))
        export = classed(w.Button(description="Export"), "fm-export")
        export.on_click(told(self._ask_export))
        self._stages = Stages(
            (
                Stage(lambda: self._show(Pace.MOVING)),
                Stage(self._tell),
                Stage(lambda: self._show(Pace.STOPPED), REST_S),
                Stage(self._sum_up, REST_S),
                Stage(lambda: self._show(Pace.REST), REST_S),
                Stage(self._rest, REST_S),
            ),
            self._broke,
        )
        files = classed(w.HBox([export, self._folder, self._html["status"]]), "fm-files")
        knobs = classed(w.VBox([knob.box for knob in self._knobs]), "fm-group")
        policies = w.Accordion([self._choice.box], titles=("Policies shown",))
        super().__init__(
            [
                classed(w.HTML(CSS), "fm-style"),
                w.HBox([self._presets.box, reset], layout=w.Layout(flex_flow="row wrap")),
                classed(
                    w.Box(
                        [
                            classed(w.VBox([knobs]), "fm-knobs"),
                            classed(
                                w.VBox([self.tabs.box, self._html["upshot"], files]), "fm-show"
                            ),
                        ]
                    ),
                    "fm-main",
                ),
                classed(policies, "fm-more"),
            ]
        )
        self.add_class("fm-app")
        self._say("ready")
        self._stages.run()
        if problem:
            self._say(problem, error=True)

    # -- for programs ----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What is shown; assign to show something else."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        self._stages.mark()

    @property
    def scenario(self) -> Scenario:
        """The scenario shown."""
        return self._state.scenario

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
        bundle["text/plain"] = "<how long a packet waits: run this cell to move the sliders>"
        if picture := self.tabs.png():
            bundle["image/png"] = base64.b64encode(picture).decode()
        return bundle

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

    def _pick(self, policies: Iterable[type[Policy]]) -> None:
        self.state = self._state.show(policies)

    def _renew(self, state: State) -> None:
        for knob in self._knobs:
            knob.forget()
        self.state = state

    def _ask_export(self, _: object) -> None:
        try:
            task = asyncio.get_running_loop().create_task(self._export_settled())
        except RuntimeError:  # nothing can move meanwhile
            self._write()
        else:
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)

    async def _export_settled(self) -> None:
        self._say("exporting ...")
        await self._stages.settled()
        self._told(self._write)()

    def _write(self) -> None:
        files = self.export(self._folder.value)
        self._written += 1
        endings = " ".join(path.suffix for path in files)
        self._say(f"wrote {files[0].stem} {endings} into {files[0].parent} (#{self._written})")

    # -- what is shown ---------------------------------------------------------------------------

    def _show(self, pace: Pace) -> Iterator[None] | None:
        return self.tabs.show(self._state, pace)

    def _tell(self) -> None:
        """Sliders and fields."""
        for knob in self._knobs:
            knob.show(self._state)
        self._presets.show(self._state, self._start)
        self._choice.show(self._state)
        if "fm-error" in self._html["status"].value:
            self._say("ready")
        self.tabs.body.remove_class("fm-stale")

    def _sum_up(self, what: str = "moving") -> None:
        results = self._solver.results(self._state)
        said = upshot(self._state, results)
        put(self._html["upshot"], "value",
            f'<span data-shown="{what} {self._stages.marks}">{said}</span>')  # fmt: skip

    def _rest(self) -> None:
        """Everything is on screen: say so."""
        self._sum_up("rest")

    def _say(self, text: str, *, error: bool = False) -> None:
        put(self._html["status"], "value", words.status(text, error=error))

    def fail(self, error: Exception) -> None:
        """Every exception ends in the status line: nobody looks into a kernel's log."""
        named = isinstance(error, InputError)
        self._say(str(error) if named else f"{type(error).__name__}: {error}", error=True)

    def _broke(self, error: Exception) -> None:
        """A redraw failed: what is on screen belongs to something else."""
        self.fail(error)
        self.tabs.body.add_class("fm-stale")

    def _told(self, work: Callable[..., None]) -> Callable[..., None]:
        """`work`, with whatever it raises told in the status line."""

        def run(*arguments: object) -> None:
            try:
                work(*arguments)
            except Exception as error:  # told, not swallowed
                self.fail(error)

        return run
