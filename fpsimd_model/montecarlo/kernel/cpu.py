"""One record with all that the loop reads and changes; arrays and streams by their addresses."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from functools import cache

import numpy as np

from ..records import CONSTANTS, LOG, STATE, SUMS
from ..streams import STREAMS

__all__ = ["CPU", "DRAWS", "SHAPE", "STREAM", "address_of", "cpu_of", "stream_of"]

_FLOAT, _INT, _FLAG = (np.dtype(kind) for kind in ("f8", "i8", "?"))

#: A row of `sampling.shape_rows`.
SHAPE = np.dtype([(name, _FLOAT) for name in ("kind", "a", "b", "c")])

#: One of numpy's bit generators: its state and two of its functions.
STREAM = np.dtype([(name, _INT) for name in ("state", "next_uint64", "next_double")])

_SHAPES = ("residency", "out", "loop", "run", "fp")
DRAWS = STREAMS[:-1]  # the last is for the start
_RINGS = ("wait_time", "wait_packets", "crypto_time", "crypto_packets")
_ARRAYS = {
    "position": _INT,
    "following": _INT,
    "before": _FLOAT,
    "section": _FLOAT,
    "softirq": _INT,
    "live": _FLAG,
    "preempt_off": _FLAG,
    "samples": _FLOAT,
    "gaps": _FLOAT,
    "packets": _INT,
    "wait_time": _FLOAT,
    "wait_packets": _INT,
    "crypto_time": _FLOAT,
    "crypto_packets": _INT,
    "counts": _INT,
    "served": _INT,
    "histogram": _FLOAT,
    "log": LOG,
}

#: ``given``, ``kept`` and ``total`` are the records of :mod:`..records`, ``shape`` and ``rng`` what
#: durations are drawn by and from.  ``ring``, ``recorded``, ``bins`` and ``lines`` are lengths: of
#: each ring, of the recording (0 if arrivals are drawn), of the histogram and of the log.
CPU = np.dtype(
    [("given", CONSTANTS), ("kept", STATE), ("total", SUMS)]
    + [("shape", [(name, SHAPE) for name in _SHAPES])]
    + [("rng", [(name, STREAM) for name in DRAWS])]
    + [(name, _INT) for name in (*_ARRAYS, "ring", "recorded", "bins", "lines")]
)


def cpu_of(arrays: Mapping[str, np.ndarray], rngs: Mapping[str, np.random.Generator]) -> np.ndarray:
    """(1,) of :data:`CPU` with the addresses of `arrays` and `rngs`, by name.

    What is not named is at no address.  Whoever calls keeps the arrays and generators alive.

    Raises
    ------
    TypeError
        As :func:`address_of`, and if the rings are not of one size.

    >>> ring = np.zeros(8)
    >>> bool(cpu_of({"wait_time": ring}, {})["wait_time"][0] == ring.ctypes.data)
    True
    """
    if len({len(array) for name, array in arrays.items() if name in _RINGS}) > 1:
        raise TypeError(f"{', '.join(_RINGS)}: not of one size")
    cpu = np.zeros(1, CPU)
    for name, array in arrays.items():
        cpu[name] = address_of(name, array)
    rows = cpu["rng"]
    for name, rng in rngs.items():
        rows[name] = stream_of(rng)
    lengths = {"ring": "wait_time", "recorded": "gaps", "bins": "histogram", "lines": "log"}
    for length, name in lengths.items():
        cpu[length] = len(arrays.get(name, ()))
    return cpu


def address_of(name: str, array: np.ndarray) -> int:
    """Where the numbers of an array are.

    Raises
    ------
    TypeError
        If they are not of the kind that the loop takes for `name`, or not one after another.

    >>> address_of("gaps", np.zeros(3, int))
    Traceback (most recent call last):
    TypeError: gaps: int64, but the loop takes contiguous float64
    """
    if array.dtype != _ARRAYS[name] or not array.flags.c_contiguous:
        order = "" if array.flags.c_contiguous else ", strided"
        raise TypeError(
            f"{name}: {array.dtype}{order}, but the loop takes contiguous {_ARRAYS[name]}"
        )
    return array.ctypes.data


def stream_of(rng: np.random.Generator) -> tuple[int, int, int]:
    """What :data:`STREAM` holds of `rng`.

    >>> len(stream_of(np.random.default_rng(1)))
    3
    """
    bits = rng.bit_generator
    return (bits.ctypes.state_address, *_functions(type(bits)))


@cache
def _functions(kind: type[np.random.BitGenerator]) -> tuple[int, int]:
    """All generators of a kind have the same; finding them takes longer than anything else here."""
    bits = kind().ctypes
    return tuple(
        ctypes.cast(f, ctypes.c_void_p).value for f in (bits.next_uint64, bits.next_double)
    )
