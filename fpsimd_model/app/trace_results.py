"""What a trace says, in three parts to choose from: the figure, every policy, the report."""

from __future__ import annotations

from html import escape

import ipywidgets as w

from ..calibration.figures import CalibrationPicture
from ..calibration.report import report
from ..figures import replay_table
from .knob import put
from .layout import classed
from .reading_traces import Told
from .sight import Sight

__all__ = ["TraceResults"]


class TraceResults:
    """Buttons and the chosen part, in `widget`; out of sight, in its place, while it is empty."""

    def __init__(self) -> None:
        self.sight = Sight()
        self.report, self.replay = classed(w.HTML(), "fm-report"), classed(w.HTML(), "fm-replay")
        self.parts = classed(
            w.ToggleButtons(
                options=[
                    ("fit and prediction", self.sight.widget),
                    ("every policy", self.replay),
                    ("report", self.report),
                ]
            ),
            "fm-parts",
        )
        self.parts.style.button_width = "auto"
        self.body = classed(w.Box([self.sight.widget]), "fm-part")
        self.widget = classed(w.VBox([self.parts, self.body]), "fm-results")
        self.parts.observe(lambda change: put(self.body, "children", (change["new"],)), "value")
        self.hide()

    def show(self, told: Told) -> CalibrationPicture:
        """Show a trace; gives its picture."""
        picture = told.calibration.figure(told.prediction)
        picture.draw()
        self.sight.sharp(picture)
        put(self.report, "value", _text(report(told.calibration, prediction=told.prediction)))
        put(self.replay, "value", _text(replay_table(told.replayed)))
        put(self.widget.layout, "visibility", "visible")
        self.pale(False)
        return picture

    def pale(self, pale: bool) -> None:
        """Whether what is on screen is of an earlier trace."""
        (self.body.add_class if pale else self.body.remove_class)("fm-stale")

    def hide(self) -> None:
        """Nothing is to be seen."""
        put(self.widget.layout, "visibility", "hidden")


def _text(words: str) -> str:
    return f"<pre>{escape(words)}</pre>"
