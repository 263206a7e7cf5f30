"""From a recorded trace to what the app shows of it: in one piece of background work."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..calibration.calibration import Calibration, calibrate
from ..calibration.prediction import Prediction, predict
from ..policies import Policy
from ..replayer import Replay, replay
from ..resources import data_path
from ..traces import read, understand
from .background import Tell

__all__ = ["Told", "recordings", "study"]

SIMULATED_S = 60.0  # modelled, for the prediction
_READ = 0.7  # of the work, as the bar counts it


@dataclass(frozen=True, eq=False)
class Told:
    """What a trace says: the machine, every policy on it, and the model beside its kernel.

    `path` is None for an upload.
    """

    path: Path | None
    calibration: Calibration
    replayed: Replay
    prediction: Prediction


def recordings() -> list[Path]:
    """The recorded traces that come with the package."""
    return sorted(data_path("traces").glob("*.txt.gz"))


def study(
    source: str | Path | bytes, policies: Sequence[type[Policy]], tell: Tell, name: str = ""
) -> Told:
    """Read a trace, fit it, lead every policy through it; stops where `tell` raises.

    Parameters
    ----------
    source:
        A file's path, or the content of one that was uploaded as `name`.
    policies:
        To lead through it.

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
    if isinstance(source, bytes):
        path, size = None, len(source)
        content = _Named(source, name)
        recording = understand(read(content, progress=lambda done, _: progress(done, size)))
    else:
        path = Path(source).expanduser()
        recording = understand(read(path, progress=progress))
    tell(_READ, "fitting ...")
    found = calibrate(recording)
    tell(0.8, "leading every policy through it ...")
    done = replay(recording, policies)
    tell(0.9, "predicting ...")
    return Told(path, found, done, predict(found, seconds=SIMULATED_S))


class _Named(io.BytesIO):
    """An upload: content with a file's name."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"
