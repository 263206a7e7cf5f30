"""How fast traces are read: MB of text a second of CPU time, each way through and each form."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable

from fpsimd_model import traces
from fpsimd_model.resources import data_path

__all__ = ["megabytes_per_second", "report"]

WAYS: dict[str, Callable[[traces.Reader], object]] = {
    "events": lambda reader: sum(1 for _ in reader),
    "rows": traces.Reader.rows,
    "understand": traces.understand,
}


def megabytes_per_second(text: bytes, way: str = "rows", repeats: int = 3) -> float:
    """The best of ``repeats`` runs over uncompressed ``text``, by CPU time.

    ``way`` is ``"events"`` (a record for each line), ``"rows"`` (what the model needs) or
    ``"understand"`` (rows, and what they mean).
    """
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        WAYS[way](traces.read(io.BytesIO(text)))
        best = min(best, time.process_time() - start)
    return len(text) / 1e6 / best


def report() -> str:
    """One line for each recorded trace."""
    lines = [f"{'MB/s of CPU time':24}" + "".join(f"{way:>12}" for way in WAYS)]
    for path in sorted(data_path("traces").glob("*.txt.gz")):
        text = gzip.decompress(path.read_bytes())
        speeds = "".join(f"{megabytes_per_second(text, way):12.0f}" for way in WAYS)
        lines.append(f"{path.name.removesuffix('.txt.gz'):24}{speeds}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
