"""The samples of every text form, and how many lines of each event grep finds in them.

``counts.csv`` was made with ``zgrep -cE "[ :]NAME: " FILE``, not by the reader; its column
``lines`` is what is left without headers, stacks, blank lines and reports of loss, which
``lost`` counts.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

__all__ = ["COUNTS", "FORMS", "recorded", "sample", "text_of"]

_HERE = Path(__file__).resolve().parent
_SAMPLES = _HERE.parent / "data" / "trace-samples"
_RECORDED = _HERE.parent.parent / "data" / "traces"

with (_HERE / "counts.csv").open(newline="") as _file:
    _ROWS = list(csv.DictReader(_file))
FORMS = {row["sample"]: row.pop("form") for row in _ROWS}
COUNTS = {row.pop("sample"): {name: int(count) for name, count in row.items()} for row in _ROWS}


def sample(name: str) -> Path:
    """A sample's path."""
    return _SAMPLES / f"{name}.txt.gz"


def recorded(name: str) -> Path:
    """The path of a recorded trace."""
    return _RECORDED / f"k61-vhe-{name}.txt.gz"


def text_of(path: Path) -> bytes:
    """A compressed file's text."""
    return gzip.decompress(path.read_bytes())
