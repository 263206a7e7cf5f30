"""Comparisons kept in a file: one line a difference, the settings ahead of them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from pathlib import Path

from ..errors import InputError
from ..resources import data_path, write_text
from .agreement import Agreement, Difference

__all__ = ["KEPT", "KEPT_KSOFTIRQD", "load", "save"]

KEPT = data_path("agreement", "design-200.csv.gz")  #: 200 designed scenarios
#: 60 in which ksoftirqd takes over: simulation and SimPy
KEPT_KSOFTIRQD = data_path("agreement", "ksoftirqd-60.csv.gz")

_COLUMNS = ("scenario", "policy", "metric", "engines", "first", "second", "z", "why", "note")
_FORMAT = "fpsimd_model agreement 1"


def save(found: Agreement, path: str | os.PathLike[str]) -> Path:
    """Write `found` to `path` as CSV, compressed if its name ends in ``.gz``; whole or not at all.

    Raises InputError where the place cannot be written.
    """
    from .. import __version__

    head = {
        "format": _FORMAT,
        "version": __version__,
        "scenarios": found.scenarios,
        "engines": found.engines,
        "seed": found.seed,
        "seconds": found.seconds,
    }
    out = io.StringIO()
    out.write(f"# {json.dumps(head)}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for d in found:
        z = "" if d.z is None else f"{d.z:.4f}"
        numbers = ("" if x is None else f"{x:.8g}" for x in (d.first, d.second))
        writer.writerow(
            [d.scenario, d.policy, d.metric, "-".join(d.engines), *numbers, z, d.why, d.note]
        )
    if not str(path).endswith(".gz"):
        return write_text(path, out.getvalue())
    return write_bytes(Path(path), gzip.compress(out.getvalue().encode(), mtime=0))


def write_bytes(path: Path, content: bytes) -> Path:
    """Beside its place first, then moved there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{path}: cannot be written ({reason})") from None
    finally:
        beside.unlink(missing_ok=True)
    return path


def load(path: str | os.PathLike[str]) -> Agreement:
    """Read what :func:`save` wrote.

    Raises InputError where `path` is no such file.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
        first, _, rest = text.partition("\n")
        head = json.loads(first.removeprefix("# "))
        if head["format"] != _FORMAT:
            raise ValueError
        rows = tuple(map(_difference, csv.DictReader(io.StringIO(rest))))
        return Agreement(
            rows, head["scenarios"], tuple(head["engines"]), head["seed"], head["seconds"]
        )
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({(error.strerror or str(error)).lower()})"
        ) from None
    except (ValueError, KeyError, TypeError, EOFError):
        raise InputError(
            f"{path}: no comparison of engines; `fpsimd-model agree --keep FILE` writes one"
        ) from None


def _difference(row: dict[str, str]) -> Difference:
    first, second, z = (float(row[k]) if row[k] else None for k in ("first", "second", "z"))
    a, b = row["engines"].split("-")
    return Difference(
        row["scenario"], row["policy"], row["metric"], (a, b), first, second, z, row["why"],
        row["note"],
    )  # fmt: skip
