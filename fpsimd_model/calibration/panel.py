"""A trace in a notebook: choose a file, see what it says, what each policy would have done."""

from __future__ import annotations

import base64
import html
from pathlib import Path

import ipywidgets as widgets

from ..errors import InputError
from ..figures import replay_table
from ..replayer import replay
from ..resources import data_path
from .calibration import Calibration, calibrate
from .prediction import Prediction, predict
from .report import report

__all__ = ["TracePanel"]

_OWN = "a file of my own"


class TracePanel(widgets.VBox):
    """Dropdown and path field above the figure, the report and the replay of one trace.

    Parameters
    ----------
    folder:
        Where the recorded traces of the dropdown are; by default those that come with the package.

    Attributes
    ----------
    calibration, prediction:
        Of the trace that is shown; None if it could not be read.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        folder = Path(folder) if folder is not None else data_path("traces")
        files = sorted([*folder.glob("*.txt.gz"), *folder.glob("*.txt")])
        names = [(file.name.split(".")[0], str(file)) for file in files]
        self.calibration: Calibration | None = None
        self.prediction: Prediction | None = None
        start = next((path for name, path in names if "mmio" in name), names[0][1] if names else "")
        self._choice = widgets.Dropdown(options=[*names, (_OWN, "")], value=start)
        self._path = widgets.Text(
            placeholder="path of a trace: text, .gz, .xz, trace.dat", continuous_update=False
        )
        self._write = widgets.Button(description="Write scenario", tooltip="beside the notebook")
        self._status = widgets.HTML()
        self._figure = widgets.Image(format="png", width=640)
        self._report, self._replay = widgets.HTML(), widgets.HTML()
        for widget, name in (
            (self._choice, "trace"), (self._path, "path"), (self._write, "export"),
            (self._status, "status"), (self._figure, "figure"), (self._report, "report"),
            (self._replay, "replay"),
        ):  # fmt: skip
            widget.add_class(f"fm-{name}")
        tabs = widgets.Tab([self._figure, self._report, self._replay])
        tabs.titles = ("fit and prediction", "report", "every policy")
        row = widgets.HBox([self._choice, self._path, self._write])
        super().__init__([row, self._status, tabs])
        self._choice.observe(self._chosen, "value")
        self._path.observe(self._typed, "value")
        self._write.on_click(self._save)
        if start:
            self.show(start)

    def show(self, path: str | Path) -> None:
        """Read and show a trace; what is wrong with it stands in the status line."""
        path = Path(str(path)).expanduser()
        self._say(f"reading {path.name} ...")
        try:
            found = calibrate(path)
            done = replay(found.recording)
            self.prediction = predict(found)
        except InputError as error:
            self.calibration = self.prediction = None
            self._report.value = self._replay.value = ""
            self._figure.layout.display = "none"
            self._say(str(error), bad=True)
            return
        self.calibration = found
        picture = found.figure(self.prediction)
        picture.draw()
        self._figure.value, self._figure.layout.display = picture.png(200), None
        self._report.value = _text(report(found, prediction=self.prediction))
        self._replay.value = _text(replay_table(done))
        self._say("; ".join([f"{found.name}: {_verdict(self.prediction)}", *found.notes]))

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """The widget, and a picture where widgets cannot run."""
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = f"<trace {self.calibration.name if self.calibration else 'unread'}>"
        if self.calibration is not None:
            bundle["image/png"] = base64.b64encode(self._figure.value).decode()
        return bundle

    def _chosen(self, change: dict) -> None:
        path = change["new"] or self._path.value.strip()
        if path:
            self.show(path)
        else:
            self._say("write the path of a trace into the field")

    def _typed(self, change: dict) -> None:
        if change["new"].strip():
            self._choice.unobserve(self._chosen, "value")
            self._choice.value = ""
            self._choice.observe(self._chosen, "value")
            self.show(change["new"].strip())

    def _save(self, _: widgets.Button) -> None:
        if self.calibration is None:
            self._say("no trace is shown, so there is nothing to write", bad=True)
            return
        try:
            files = self.calibration.save(f"{self.calibration.scenario.name or 'scenario'}.toml")
        except InputError as error:
            self._say(str(error), bad=True)
            return
        self._say("wrote " + ", ".join(str(file) for file in files))

    def _say(self, words: str, bad: bool = False) -> None:
        colour = "var(--jp-error-color1, #c62828)" if bad else "inherit"
        self._status.value = f'<span style="color: {colour}">{html.escape(words)}</span>'


def _text(words: str) -> str:
    return f'<pre style="line-height: 1.25; font-size: 12px">{html.escape(words)}</pre>'


def _verdict(prediction: Prediction) -> str:
    off = [abs(v) for e in ("analytic", "simulated") for v in prediction.off(e).values()]
    if not off:
        return f"the kernel's own moves are not recorded; {prediction.policy} is assumed"
    return f"the model predicts the kernel's own moves to {100 * max(off):.1f}%"
