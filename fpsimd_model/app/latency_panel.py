"""How long a packet waits, with knobs: four views of it, for JupyterLab, notebooks and Voila."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ipywidgets as w

from ..policies import ALL, Policy, select
from ..scenario import Scenario
from .address import state_asked
from .knob import put
from .latency_tabs import latency_tabs
from .latency_words import upshot
from .layout import classed
from .looks import CSS
from .panel import Panel
from .screen import REST_S, Actions, Screen, Shown
from .solver import Solver
from .stages import Stage
from .state import State
from .tab import Pace

__all__ = ["LatencyPanel"]

KNOBS = ("rate", "batch", "packet", "slowdown", "residency", "out")
POLICIES = (
    "tracked",
    "busy-flag-live",
    "neon-begin-at-load",
    "pending-check-guarded",
    "softirqs-off",
)


class LatencyPanel(Panel):
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
        state, problem = state_asked(State.of(scenario, chosen), known)
        super().__init__(LatencyScreen, state, known, problem)

    def _in_words(self) -> str:
        return "how long a packet waits: run this cell to move the sliders"


class LatencyScreen(Screen):
    """Six sliders, four views, and two sentences."""

    def __init__(
        self,
        start: State,
        policies: Sequence[type[Policy]],
        solver: Solver,
        actions: Actions,
        shown: Shown,
    ) -> None:
        tabs = latency_tabs(solver, actions.failed)
        super().__init__(tabs, KNOBS, ["upshot"], start, policies, solver, actions, shown)
        self.stages = (
            Stage(lambda: self._show(Pace.MOVING)),
            Stage(self._tell),
            Stage(lambda: self._show(Pace.STOPPED), REST_S),
            Stage(lambda: self._sum_up("moving"), REST_S),
            Stage(lambda: self._show(Pace.REST), REST_S),
            Stage(lambda: self._sum_up("rest"), REST_S),  # everything is on screen: say so
        )
        knobs = classed(w.VBox([knob.box for knob in self.knobs.values()]), "fm-group")
        sliders = classed(w.VBox([knobs]), "fm-knobs")
        figure = classed(w.VBox([self.tabs.box, self.html["upshot"], self.files]), "fm-show")
        more = w.Accordion([self.choice.box], titles=("Policies shown",))
        self.children = [
            classed(w.HTML(CSS), "fm-style"),
            w.HBox([self.presets.box, self.reset], layout=w.Layout(flex_flow="row wrap")),
            classed(w.Box([sliders, figure]), "fm-main"),
            classed(more, "fm-more"),
        ]

    def _tell(self) -> None:
        """Sliders and fields."""
        self._tell_knobs()
        self._tell_choices()
        self._tell_ready()

    def _sum_up(self, what: str) -> None:
        state, number = self._shown()
        said = upshot(state, self._solver.results(state))
        put(self.html["upshot"], "value", f'<span data-shown="{what} {number}">{said}</span>')
