"""The views of the app: buttons to choose one, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import ipywidgets as w

from ..figures import Picture
from .curve_tab import CurveTab
from .layout import classed
from .solver import Solver
from .state import State
from .tab import Pace, Tab

__all__ = ["Tabs", "curve_tabs"]


def curve_tabs(solver: Solver) -> list[CurveTab]:
    """The views that are curves over the interrupt rate."""
    return [
        CurveTab(
            *("which-policy", "cost, crypto"),
            "CPU time in register moves and FP traps; how much longer crypto takes without NEON",
            ("switch_share", "crypto_slowdown"),
            solver,
        ),
        CurveTab(
            *("what-it-saves", "saving"),
            "moves and traps saved against switch-on-exit; packets served without NEON",
            ("saving", "scalar_share"),
            solver,
        ),
        CurveTab(
            *("curves", "mean delay"),
            "mean time from interrupt to completion; CPU time in packet service",
            ("sojourn_mean_us", "softirq_share"),
            solver,
        ),
    ]


class Tabs:
    """Buttons and the chosen tab's widget, in `box`; `changed` is called when another is chosen.

    Only the chosen tab is brought up to date.
    """

    def __init__(self, tabs: Sequence[Tab], changed: Callable[[], None]) -> None:
        self.tabs = {tab.name: tab for tab in tabs}
        self.buttons = w.ToggleButtons(
            options=[(tab.title, tab.name) for tab in tabs], tooltips=[tab.tip for tab in tabs]
        )
        self.buttons.style.button_width = "auto"
        classed(self.buttons, "fm-views")
        self.body = classed(w.Box([self.chosen.widget]), "fm-view")
        self.box = w.VBox([self.buttons, self.body])
        self._changed = changed
        self.buttons.observe(self._choose, "value")

    def __getitem__(self, name: str) -> Tab:
        return self.tabs[name]

    @property
    def chosen(self) -> Tab:
        """The tab on screen."""
        return self.tabs[self.buttons.value]

    @property
    def picture(self) -> Picture | None:
        """Its picture."""
        return self.chosen.picture

    def show(self, state: State, pace: Pace) -> Iterator[None] | None:
        """Bring the chosen tab up to date."""
        return self.chosen.show(state, pace)

    def ahead(self, state: State) -> Iterator[None]:
        """Solve what the chosen tab may be asked to show next, if it has a use for that."""
        if isinstance(self.chosen, CurveTab):
            yield from self.chosen.ahead(state)

    def forget(self) -> None:
        """For another state altogether: axes of the old one go."""
        for tab in self.tabs.values():
            if isinstance(tab, CurveTab):
                tab.forget()

    def png(self) -> bytes:
        """What is on screen at its plain density, or nothing if there is nothing."""
        return self.picture.png() if self.picture is not None else b""

    def _choose(self, _: dict) -> None:
        self.body.children = (self.chosen.widget,)
        self._changed()
