"""How fast traces are read, and how much memory a long one takes.

``python -m benchmarks.bench_reader long FILE MEGABYTES`` writes a recorded trace over and over into
a file, its times going on; the command line can be measured with that.
"""

from __future__ import annotations

import gzip
import io
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fpsimd_model import replayer, traces
from fpsimd_model.resources import data_path

__all__ = ["long_trace", "megabytes_per_second", "peak", "report"]

WAYS: dict[str, Callable[[traces.Reader], object]] = {
    "events": lambda reader: sum(1 for _ in reader),
    "rows": traces.Reader.rows,
    "understand": traces.understand,
    "replay": lambda reader: replayer.replay(traces.understand(reader)),
}
_EVENT = re.compile(rb"(.*?\] \S+ ) *(\d+)\.(\d{6}): (.*)")
# ru_maxrss would count what the parent had when it forked; VmHWM is the program's own.
_MEASURE = (
    "import re, sys, time; from fpsimd_model.cli import cli; "
    "cli.main(sys.argv[1:], standalone_mode=False); status = open('/proc/self/status').read(); "
    "print(re.search(r'VmHWM:\\s+(\\d+)', status)[1], time.process_time(), file=sys.stderr)"
)


def megabytes_per_second(text: bytes, way: str = "rows", repeats: int = 3) -> float:
    """The best of ``repeats`` runs over uncompressed ``text``, by CPU time.

    ``way`` is ``"events"`` (a record for each line), ``"rows"`` (what the model needs),
    ``"understand"`` (rows, and what they mean) or ``"replay"`` (through all policies as well).
    """
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        WAYS[way](traces.read(io.BytesIO(text)))
        best = min(best, time.process_time() - start)
    return len(text) / 1e6 / best


def long_trace(path: str | Path, megabytes: float, name: str = "k61-vhe-mmio-ipsec") -> None:
    """Write a recorded trace over and over, up to a size, its times going on."""
    lines = gzip.decompress(data_path("traces", f"{name}.txt.gz").read_bytes()).splitlines()
    events = [match for match in map(_EVENT.fullmatch, lines) if match]
    parts = [(m[1], int(m[2]) * 1_000_000 + int(m[3]), m[4]) for m in events]
    span, round_ = parts[-1][1] - parts[0][1] + 50, 0
    with Path(path).open("wb") as file:
        while file.tell() < megabytes * 1e6:
            shift = round_ * span
            file.write(b"".join(
                b"%s%5d.%06d: %s\n" % (head, *divmod(at + shift, 1_000_000), body)
                for head, at, body in parts
            ))  # fmt: skip
            round_ += 1


def peak(*command: str) -> tuple[float, float]:
    """Most memory (MB) and CPU seconds of ``fpsimd-model COMMAND``, a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command], check=True, capture_output=True, text=True
    )
    kilobytes, seconds = done.stderr.split("\n")[-2].split()
    return float(kilobytes) / 1024, float(seconds)


def report() -> str:
    """One line for each recorded trace; then what the command line takes for longer ones."""
    lines = [f"{'MB/s of CPU time':24}" + "".join(f"{way:>12}" for way in WAYS)]
    for path in sorted(data_path("traces").glob("*.txt.gz")):
        text = gzip.decompress(path.read_bytes())
        speeds = "".join(f"{megabytes_per_second(text, way):12.0f}" for way in WAYS)
        lines.append(f"{path.name.removesuffix('.txt.gz'):24}{speeds}")
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in (50, 200):
            file = f"{folder}/trace.txt"
            long_trace(file, megabytes)
            size = Path(file).stat().st_size / 1e6
            for command in (["replay"], ["calibrate", "--no-predict", "-o", f"{folder}/s.toml"]):
                memory, seconds = peak(*command, "-q", file)
                lines.append(
                    f"{command[0]:10} {size:5.0f} MB of text: {memory:4.0f} MB of memory, "
                    f"{seconds:5.1f} s CPU"
                )
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["long"]:
        long_trace(sys.argv[2], float(sys.argv[3]))
    else:
        print(report())
