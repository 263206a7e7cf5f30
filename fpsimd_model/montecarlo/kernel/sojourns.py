"""What is written down of a packet that leaves."""

from __future__ import annotations

import numpy as np

from .codes import DONE
from .compiling import part
from .notes import note
from .pointers import floats

__all__ = ["BIN_BITS", "FIRST_BIN", "leave", "record"]

BIN_BITS = 11  # of the mantissa: 2048 bins an octave, none wider than 0.05%
FIRST_BIN = (1023 - 30) << BIN_BITS  # bins begin at 2**-30 s, just below a nanosecond
_SHIFT = 52 - BIN_BITS
_MASK = (1 << _SHIFT) - 1
_FRACTION = 2.0**-_SHIFT


@part
def record(histogram, n_bins, sojourn):
    """Count, sum and sum of squares of the place within its bin; which bin it is.

    `histogram` has three numbers a bin, `sojourn` is in seconds.
    """
    bits = np.float64(sojourn).view(np.int64)
    i = min(max((bits >> _SHIFT) - FIRST_BIN, 0), n_bins - 1)
    place = (bits & _MASK) * _FRACTION
    histogram[3 * i] += 1.0
    histogram[3 * i + 1] += place
    histogram[3 * i + 2] += place * place
    return i


@part
def leave(cpu, log, came):
    """A packet that came at time `came` is done."""
    kept, total = cpu.kept, cpu.total
    sojourn = kept.now - came
    total.sojourn += sojourn
    if sojourn > cpu.given.delay_limit:
        total.delayed += 1
    note(cpu, log, kept.now, DONE, 1)
    bin_ = record(floats(cpu.histogram), cpu.bins, sojourn)
    total.first_bin, total.last_bin = min(total.first_bin, bin_), max(total.last_bin, bin_)
