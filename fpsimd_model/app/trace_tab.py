"""A trace of one's own beside the sliders: what it says, and its machine put on them."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from ..calibration.figures import CalibrationPicture
from ..figures import Answer
from ..scenario import Scenario
from .knob import put
from .layout import classed
from .state import State
from .tab import Pace
from .trace_view import TraceView

__all__ = ["TraceTab"]


class TraceTab:
    """A `TraceView` in `view`, and a button that makes its machine the scenario.

    Parameters
    ----------
    adopt:
        Called with the calibrated scenario when it is to go onto the sliders.
    shown:
        Gives the newest state.
    failed:
        Told of what goes wrong with that; what is wrong with a trace stands in the tab.
    """

    name, title = "trace", "trace"
    tip = "a recording of a machine: what it says, and its values for the sliders"

    def __init__(
        self,
        adopt: Callable[[Scenario], None],
        shown: Callable[[], State],
        failed: Callable[[Exception], None],
    ) -> None:
        self._adopt, self._shown, self._failed = adopt, shown, failed
        self.view = TraceView(lambda: shown().policies, self._changed)
        self.use = classed(
            w.Button(description="use this machine as the scenario", disabled=True), "fm-use"
        )
        self.use.on_click(self._used)
        self.widget = w.VBox(
            [
                self.view.sources,
                w.HBox([self.use, self.view.work]),
                self.view.words,
                self.view.results,
            ]
        )

    @property
    def picture(self) -> CalibrationPicture | None:
        """Of the trace that is shown."""
        return self.view.picture

    def show(self, state: State, pace: Pace) -> None:
        """A trace is what it is, whatever the sliders say; say whether they say the same."""
        if pace is Pace.REST:
            self._compare(state)

    def answer(self, state: State) -> Answer:
        """Fit and prediction, of a trace that whoever gets the figure can have too."""
        return self.view.answer()

    def _changed(self) -> None:
        put(self.use, "disabled", self.view.told is None)
        self._compare(self._shown())

    def _compare(self, state: State) -> None:
        told = self.view.told
        if told is None or state.origin is not told.calibration.scenario:
            self.view.say("")
        elif state.scenario is state.origin:
            self.view.say("The sliders now show this machine.")
        else:
            self.view.say("The sliders show this machine with other values.")

    def _used(self, _: w.Button) -> None:
        if self.view.told is not None:
            try:
                self._adopt(self.view.told.calibration.scenario)
            except Exception as error:  # told, not swallowed
                self._failed(error)
