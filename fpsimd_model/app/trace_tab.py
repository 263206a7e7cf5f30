"""A trace of one's own: what it says, what the model makes of it, its machine on the sliders."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

import ipywidgets as w

from ..calibration.figures import CalibrationPicture
from ..calibration.report import report
from ..errors import InputError
from ..figures import Answer, Recipe, replay_table
from ..figures.data import Data
from ..scenario import Scenario, preset
from .background import Background
from .knob import put
from .layout import classed
from .reading_traces import Told, recordings, study
from .sight import DENSE
from .state import State
from .tab import Pace

__all__ = ["TraceTab"]

OWN = "a file of my own"
_HINT = "path of a trace: text, .gz, .xz; press Enter"


class TraceTab:
    """Chooses a recording, reads it in the background and shows it.

    Parameters
    ----------
    adopt:
        Called with the calibrated scenario when it is to go onto the sliders.
    shown:
        Gives the newest state.
    failed:
        Told of what goes wrong.
    """

    name, title = "trace", "trace"

    def __init__(
        self,
        adopt: Callable[[Scenario], None],
        shown: Callable[[], State],
        failed: Callable[[Exception], None],
    ) -> None:
        self._adopt, self._shown, self._failed = adopt, shown, failed
        self.told: Told | None = None
        self.picture: CalibrationPicture | None = None
        names = [(path.name.split(".")[0], str(path)) for path in recordings()]
        self.choice = classed(
            w.Dropdown(options=[("choose a recording", None), *names, (OWN, "")], value=None),
            "fm-trace",
        )
        self.path = classed(w.Text(placeholder=_HINT, continuous_update=False), "fm-path")
        self.upload = classed(
            w.FileUpload(description="upload", tooltip="up to 10 MB; larger files by their path"),
            "fm-upload",
        )
        self.use = classed(
            w.Button(description="use this machine as the scenario", disabled=True), "fm-use"
        )
        self.background = Background("trace")
        self.words = classed(w.HTML(_FIRST), "fm-told")
        self.image = classed(w.Image(format="png"), "fm-figure", "fm-calibration")
        self.report, self.replay = classed(w.HTML(), "fm-report"), classed(w.HTML(), "fm-replay")
        self.results = w.Tab(
            [self.image, self.replay, self.report],
            titles=("fit and prediction", "every policy", "report"),
        )
        self.results.layout.display = "none"
        self.widget = w.VBox(
            [
                classed(w.HBox([self.choice, self.path, self.upload]), "fm-sources"),
                w.HBox([self.use, self.background.widget]),
                self.words,
                self.results,
            ]
        )
        self.choice.observe(self._chosen, "value")
        self.path.observe(self._typed, "value")
        self.upload.observe(self._uploaded, "value")
        self.use.on_click(self._used)

    def show(self, state: State, pace: Pace) -> None:
        """A trace is what it is, whatever the sliders say."""

    def answer(self, state: State) -> Answer:
        """Fit and prediction, of a trace that whoever gets the figure can have too."""
        if self.told is None:
            raise InputError("no trace is shown: choose one, then press Export")
        if self.told.path is None:
            raise InputError("an uploaded trace has no path to name; write that of its file")
        data = Data.of(self.told.path)
        base = preset(self.told.calibration.base)
        answer = Answer(Recipe(figure="calibration", scenario=base, data=data))
        vars(answer).update(picture=self.picture)
        return answer

    def read(self, source: str | Path | bytes, name: str = "") -> None:
        """Read a trace in the background; one that is being read is dropped."""
        policies = self._shown().policies
        put(self.words, "value", "")
        self.background.start(
            lambda tell: study(source, policies, tell, name),
            self._done,
            self._refuse,
            self._unchoose,
        )

    def _done(self, told: Told) -> None:
        found = told.calibration
        self.told, self.picture = told, found.figure(told.prediction)
        self.picture.draw()
        self.image.value = self.picture.png(DENSE)
        self.report.value = _text(report(found, prediction=told.prediction))
        self.replay.value = _text(replay_table(told.replayed))
        self.results.layout.display = None
        self.use.disabled = False
        said = "; ".join([f"{found.name}: {_verdict(told)}", *found.notes])
        put(self.words, "value", escape(said))

    def _refuse(self, error: Exception) -> None:
        """What was shown before stays away: it is of another trace."""
        self.told = self.picture = None
        self.results.layout.display = "none"
        self.use.disabled = True
        self._failed(error)
        named = isinstance(error, InputError)
        text = str(error) if named else f"{type(error).__name__}: {error}"
        put(self.words, "value", f'<span class="fm-error" role="alert">{escape(text)}</span>')
        self._unchoose()

    def _unchoose(self) -> None:
        """So that the same can be chosen again."""
        self.choice.value = None

    def _chosen(self, change: dict) -> None:
        if change["new"]:
            self.read(change["new"])
        elif change["new"] == "" and self.path.value.strip():
            self.read(self.path.value.strip())

    def _typed(self, change: dict) -> None:
        if not (path := change["new"].strip()):
            return
        if self.choice.value == "":
            self.read(path)
        else:
            self.choice.value = ""  # which reads it

    def _uploaded(self, change: dict) -> None:
        for file in change["new"]:
            self.read(bytes(file["content"]), file["name"])

    def _used(self, _: w.Button) -> None:
        if self.told is not None:
            try:
                self._adopt(self.told.calibration.scenario)
            except Exception as error:  # told, not swallowed
                self._failed(error)


_FIRST = (
    "Choose a recording that comes with the package, or write the path of a trace of your own "
    "(<code>fpsimd-model record --help</code> says how to make one)."
)


def _text(words: str) -> str:
    return f"<pre>{escape(words)}</pre>"


def _verdict(told: Told) -> str:
    prediction = told.prediction
    off = [abs(v) for e in ("analytic", "simulated") for v in prediction.off(e).values()]
    if not off:
        return f"the kernel's own moves are not recorded; {prediction.policy} is assumed"
    return f"the model predicts the kernel's own moves to {100 * max(off):.1f}%"
