"""A trace on screen: where it comes from, how far it is read, what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import ipywidgets as w

from ..calibration.figures import CalibrationPicture
from ..errors import InputError
from ..figures import Answer
from ..policies import Policy
from .background import Background
from .knob import put
from .layout import classed
from .quiet import Quiet
from .reading_traces import LARGEST, Told, Upload, recordings, study
from .trace_results import TraceResults
from .upload_guard import GUARD
from .words import complaint, status

__all__ = ["TraceView"]

OWN, NONE = "own", "none"  # of the dropdown, beside paths
_MB = LARGEST // 10**6
_FIRST = (
    "Choose a recording that comes with the package, write the path of a trace of your own, or "
    f"upload one of up to {_MB} MB (<code>fpsimd-model record --help</code> says how to make one)."
)


class TraceView:
    """Reads a trace in the background and shows it; one that is being read is dropped for another.

    What was shown of another trace is pale meanwhile, and away if the new one cannot be read.

    Parameters
    ----------
    policies:
        Gives those that are led through the trace.
    changed:
        Called when a trace is begun, shown, refused or cancelled.
    folder:
        Of the recordings to choose from; by default the package's.

    Attributes
    ----------
    told, picture:
        What is shown; None while there is nothing, or something else is being read.
    sources, work, words, results:
        The widgets, from top to bottom.
    """

    def __init__(
        self,
        policies: Callable[[], Sequence[type[Policy]]],
        changed: Callable[[], None],
        folder: Path | None = None,
    ) -> None:
        self._policies, self._changed = policies, changed
        self._last: Told | None = None
        self._picture: CalibrationPicture | None = None
        self._settled, self._quiet, self._more = NONE, Quiet(), ""
        names = [(path.name.split(".")[0], str(path)) for path in recordings(folder)]
        self.choice = classed(
            w.Dropdown(
                options=[("choose a recording", NONE), *names, ("a file of my own", OWN)],
                value=NONE,
            ),
            "fm-trace",
        )
        self.path = classed(
            w.Text(placeholder="path: text, .gz, .xz; press Enter", continuous_update=False),
            "fm-path",
        )
        self.upload = classed(
            w.FileUpload(
                description="upload", tooltip=f"up to {_MB} MB; larger files by their path"
            ),
            "fm-upload",
        )
        guard = classed(w.HTML(GUARD), "fm-style")
        self.sources = classed(w.HBox([self.choice, self.path, self.upload, guard]), "fm-sources")
        self.background = Background("trace")
        self.work = self.background.widget
        self.words = classed(w.HTML(_FIRST), "fm-told")
        self.shown = TraceResults()
        self.results = self.shown.widget
        self.choice.observe(self._chosen, "value")
        self.path.observe(self._typed, "value")
        self.path.on_msg(self._entered)
        self.upload.observe(self._uploaded, "value")

    @property
    def told(self) -> Told | None:
        """What is shown."""
        return None if self.background.running else self._last

    @property
    def picture(self) -> CalibrationPicture | None:
        """Of what is shown."""
        return None if self.background.running else self._picture

    def answer(self) -> Answer:
        """What Export writes.

        Raises
        ------
        InputError
            While no trace is shown.
        """
        if self.background.running:
            raise InputError("a trace is being read: wait for it or cancel it, then press Export")
        if self._last is None:
            raise InputError("no trace is shown: choose one, then press Export")
        answer = self._last.answer()
        vars(answer).update(picture=self._picture)
        return answer

    def read(self, source: str | Path | Upload, *, at_once: bool = False) -> None:
        """Read a trace: in the background, or before this returns."""
        name = source.name if isinstance(source, Upload) else Path(source).name
        self.shown.pale(True)
        old = f"; what is pale is of {self._last.calibration.name}" if self._last else ""
        put(self.words, "value", escape(f"reading {name} ...{old}"))
        policies = self._policies()
        self.background.start(
            lambda tell: study(source, policies, tell),
            self._done,
            self._refuse,
            self._cancelled,
            at_once=at_once,
        )
        self._changed()

    def begin(self, path: str) -> None:
        """Show one of the recordings before this returns: for the first display."""
        with self._quiet:
            self.choice.value = path
        self.read(path, at_once=True)

    def say(self, more: str) -> None:
        """Add words to those of the trace that is shown."""
        self._more = more
        if self.told is not None:
            self._tell()

    # -- ends of reading -------------------------------------------------------------------------

    def _done(self, told: Told) -> None:
        try:
            self._show(told)
        except Exception as error:  # told, not swallowed
            self._refuse(error)

    def _show(self, told: Told) -> None:
        self._picture = self.shown.show(told)
        self._last, self._settled = told, self.choice.value
        self._more = ""
        self._tell()
        self._changed()

    def _refuse(self, error: Exception) -> None:
        """What was shown before goes: it is of another trace."""
        self._last = self._picture = None
        self.shown.hide()
        put(self.words, "value", status(complaint(error), error=True))
        self._settled = OWN if self.choice.value == OWN else NONE
        self._unchoose()
        self._changed()

    def _cancelled(self) -> None:
        """Back to what was shown."""
        self.shown.pale(False)
        if self._last is None:
            put(self.words, "value", _FIRST)
        else:
            self._tell()
        self._unchoose()
        self._changed()

    def _tell(self) -> None:
        found = self._last.calibration
        said = "; ".join([f"{found.name}: {_verdict(self._last)}", *found.notes])
        put(self.words, "value", escape(". ".join([said, *filter(None, [self._more])])))

    def _unchoose(self) -> None:
        """The dropdown says what is shown, and the same can be chosen again."""
        with self._quiet:
            self.choice.value = self._settled

    # -- what a person does ----------------------------------------------------------------------

    def _chosen(self, change: dict) -> None:
        if self._quiet or change["new"] == NONE:
            return
        if change["new"] != OWN:
            self.read(change["new"])
        elif path := self.path.value.strip():
            self.read(path)
        else:
            put(self.words, "value", "Write the path of the trace into the field, press Enter.")

    def _typed(self, change: dict) -> None:
        if path := change["new"].strip():
            with self._quiet:
                self.choice.value = OWN
            self.read(path)

    def _entered(self, _: w.Text, content: dict, buffers: object) -> None:
        """Enter on what stood there already: read it again."""
        path = self.path.value.strip()
        if content.get("event") == "submit" and path and not self.background.running:
            self._typed({"new": path})

    def _uploaded(self, change: dict) -> None:
        for file in change["new"]:
            with self._quiet:
                self.choice.value = NONE
            try:
                self.read(Upload(file["name"], bytes(file["content"])))
            except InputError as error:
                self.background.drop()
                self._refuse(error)
        if change["new"]:
            self.upload.value = ()  # the same can be sent again


def _verdict(told: Told) -> str:
    prediction = told.prediction
    off = [abs(v) for e in ("analytic", "simulated") for v in prediction.off(e).values()]
    if not off:
        return f"the kernel's own moves are not recorded; {prediction.policy} is assumed"
    return f"the model predicts the kernel's own moves to {100 * max(off):.1f}%"
