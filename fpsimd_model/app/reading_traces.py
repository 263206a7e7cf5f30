"""From a recorded trace to what the app shows of it: in one piece of background work."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..calibration.calibration import Calibration, calibrate
from ..calibration.prediction import Prediction, predict
from ..errors import InputError
from ..figures import Answer, Recipe
from ..figures.data import Data
from ..policies import Policy
from ..replayer import Replay, replay
from ..resources import data_path
from ..scenario import preset
from ..traces import read, understand
from .background import Tell

__all__ = ["LARGEST", "Told", "Upload", "recordings", "study"]

FIGURE = "calibration"
LARGEST = 10_000_000  #: bytes of an upload; Jupyter's servers take no larger message
SIMULATED_S = 60.0  # modelled, for the prediction
_READ = 0.7  # of the work, as the bar counts it


@dataclass(frozen=True)
class Upload:
    """A trace that came without a path: a name and its bytes.

    Raises
    ------
    InputError
        If it is too large.
    """

    name: str
    content: bytes

    def __post_init__(self) -> None:
        if len(self.content) > LARGEST:
            raise InputError(
                f"{self.name}: {_mb(len(self.content))} MB; an upload has at most "
                f"{_mb(LARGEST)} MB, write the path of a larger file into the field"
            )

    @property
    def data(self) -> Data:
        """What figures call it: a name that is no figure's own."""
        own = self.name.startswith(f"{FIGURE}.")
        return Data.sent(f"trace-{self.name}" if own else self.name, self.content)


@dataclass(frozen=True, eq=False)
class Told:
    """What a trace says: the machine, every policy on it, and the model beside its kernel."""

    source: Path | Upload
    calibration: Calibration
    replayed: Replay
    prediction: Prediction

    def answer(self) -> Answer:
        """Fit and prediction for Export: with the machine's scenario, and an upload beside it.

        Raises
        ------
        InputError
            If the trace is there no more, or has a name that another machine could not look up.
        """
        sent = isinstance(self.source, Upload)
        data = self.source.data if sent else Data.of(self.source)
        recipe = Recipe(figure=FIGURE, scenario=preset(self.calibration.base), data=data)
        beside = {data.name: self.source.content} if sent else {}
        return Answer(recipe, found=self.calibration.scenario, beside=beside)


def recordings(folder: Path | None = None) -> list[Path]:
    """The recorded traces in a folder; by default those that come with the package."""
    folder = data_path("traces") if folder is None else folder
    return sorted([*folder.glob("*.txt.gz"), *folder.glob("*.txt")])


def study(source: str | Path | Upload, policies: Sequence[type[Policy]], tell: Tell) -> Told:
    """Read a trace, fit it, lead every policy through it; stops where `tell` raises.

    Raises
    ------
    InputError
        On a trace that cannot be read or would mislead.
    """

    def progress(done: int | None, size: int | None) -> None:
        if done is None:
            tell(0.0, "reading ...")
        elif not size:
            tell(0.0, f"{_mb(done)} MB read")
        else:
            tell(_READ * min(done / size, 1.0), f"{_mb(done)} of {_mb(size)} MB read")

    tell(0.0, "reading ...")
    if isinstance(source, Upload):
        size = len(source.content)
        content = _Named(source.content, source.data.name)
        recording = understand(read(content, progress=lambda done, _: progress(done, size)))
    else:
        source = _path(source)
        recording = understand(read(source, progress=progress))
    tell(_READ, "fitting ...")
    found = calibrate(recording)
    tell(0.8, "leading every policy through it ...")
    done = replay(recording, policies)
    tell(0.9, "predicting ...")
    return Told(source, found, done, predict(found, seconds=SIMULATED_S))


def _path(source: str | Path) -> Path:
    try:
        return Path(source).expanduser()
    except RuntimeError as error:
        raise InputError(f"{source}: cannot read the trace: {error}") from None


class _Named(io.BytesIO):
    """An upload: content with a file's name."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"
