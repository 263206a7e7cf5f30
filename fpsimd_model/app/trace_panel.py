"""A trace in a notebook: choose one, see what it says, write its scenario."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import ipywidgets as w

from ..calibration import Calibration, Prediction
from ..errors import InputError
from ..policies import ALL
from . import words
from .home import Home
from .knob import put
from .layout import classed
from .looks import CSS
from .reading_traces import Told
from .saving import in_words, save
from .screen import FOLDER
from .trace_view import TraceView

__all__ = ["TracePanel"]


class TracePanel(w.VBox):
    """A trace, its fit and prediction, what every policy would have done, and the report.

    Parameters
    ----------
    folder:
        Of the recordings to choose from; by default those that come with the package.

    >>> panel = TracePanel()
    >>> panel.calibration.name
    'k61-vhe-mmio-ipsec.txt.gz'
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.view = TraceView(lambda: ALL, self._changed, None if folder is None else Path(folder))
        self._written = 0
        self.write = _button("Write scenario", "a scenario file beside the notebook", "fm-write")
        self.export = _button("Export", "figure, text and scenario into the folder", "fm-export")
        self.folder = classed(w.Text(FOLDER, tooltip="folder to export into"), "fm-folder")
        self.status = classed(w.HTML(), "fm-status")
        self.write.on_click(self._told(self._write))
        self.export.on_click(self._told(self._export))
        super().__init__(
            [
                classed(w.HTML(CSS), "fm-style"),
                self.view.sources,
                w.HBox([self.write, self.view.work]),
                self.view.words,
                classed(w.Box([self.view.results]), "fm-view"),
                classed(w.HBox([self.export, self.folder, self.status]), "fm-files"),
            ]
        )
        self.add_class("fm-app")
        Home().take_in(self)
        paths = [value for _, value in self.view.choice.options[1:-1]]
        if paths:  # one is shown from the start: also where widgets cannot run
            self.view.begin(next((path for path in paths if "mmio" in path), paths[0]))

    @property
    def calibration(self) -> Calibration:
        """Of the trace that is shown; InputError while there is none."""
        return self._shown().calibration

    @property
    def prediction(self) -> Prediction:
        """Of the trace that is shown; InputError while there is none."""
        return self._shown().prediction

    def _shown(self) -> Told:
        if self.view.told is None:
            raise InputError("no trace is shown: choose one, and wait until it has been read")
        return self.view.told

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """The widget, and a picture where widgets cannot run."""
        bundle = super()._repr_mimebundle_(**kwargs)
        told, picture = self.view.told, self.view.picture
        bundle["text/plain"] = f"<trace {told.calibration.name if told else 'unread'}>"
        if picture is not None:
            bundle["image/png"] = base64.b64encode(picture.png()).decode()
        return bundle

    def _changed(self) -> None:
        put(self.write, "disabled", self.view.told is None)
        put(self.status, "value", "")

    def _write(self) -> None:
        found = self.calibration
        files = found.save(f"{found.scenario.name or 'scenario'}.toml")
        self._say("wrote " + ", ".join(str(file) for file in files))

    def _export(self) -> None:
        files = save(self.folder.value, self.view.answer())
        self._written += 1
        self._say(f"wrote {in_words(files)} (#{self._written})")

    def _say(self, text: str, *, error: bool = False) -> None:
        put(self.status, "value", words.status(text, error=error))

    def _told(self, work: Callable[[], None]) -> Callable[[w.Button], None]:
        """`work`, with whatever it raises told in the status line."""

        def run(_: w.Button) -> None:
            try:
                work()
            except Exception as error:  # told, not swallowed
                self._say(words.complaint(error), error=True)

        return run


def _button(text: str, tooltip: str, name: str) -> w.Button:
    return classed(w.Button(description=text, tooltip=tooltip), name)
