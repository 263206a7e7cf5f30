"""A recorded distribution as a curve: its corners, where it is worth looking at, what was cut."""

from __future__ import annotations

import numpy as np

from .sample import Sample
from .survival import kaplan_meier

__all__ = ["begun", "ended", "free_corner", "limits", "steps"]

CUT = 0.2  # share of durations without an end from which a picture says how many
POINTS = 400  # of a curve


def begun(sample: Sample) -> np.ndarray:
    """Of all that was seen from its beginning, how long; of the rest, if there is nothing else."""
    both = np.concatenate([sample.whole, sample.cut])
    return both if len(both) else sample.us


def ended(sample: Sample) -> str:
    """In the legend: how many ended, where many did not."""
    of = len(begun(sample))
    if of and sample.cut_share > CUT:
        return f"trace, {len(sample.whole) or 'none'} of {of} ended"
    return "trace"


def steps(sample: Sample, low: float, longest: float) -> np.ndarray:
    """(n, 2) corners of the Kaplan-Meier curve, to the longest that was seen."""
    times, after = kaplan_meier(sample)
    if not len(times):
        return np.array([[low, 1.0], [longest, 1.0]])
    keep = np.unique(np.linspace(0, len(times) - 1, POINTS).astype(int))
    t, share = np.maximum(times[keep], low), np.concatenate([[1.0], after[keep]])
    corners = np.stack([np.repeat(t, 2), np.repeat(share, 2)[1:-1]], axis=1)
    return np.concatenate([[[low, 1.0]], corners, [[max(longest, low), share[-1]]]])


def limits(sample: Sample) -> tuple[float, float]:
    """Where the curve is between nearly all and nearly none, with room to see its end."""
    us = sample.whole
    if not len(us):
        return 0.0, 1.4 * float(sample.us.max(initial=0.0)) or 1.0
    low, high = float(np.quantile(us, 0.01)), float(us.max())
    low = max(low * 0.7, sample.resolution_us / 2.0, high * 1e-4, 1e-3)
    high *= 1.3 if high / low > 30.0 else 1.1
    return low, max(high, low * 2.0)


def free_corner(bend: np.ndarray, low: float, high: float, bottom: float, log: bool) -> str:
    """The corner that a falling curve leaves more room in."""
    place = (lambda t: np.log(t / low) / np.log(high / low)) if log else (
        lambda t: (t - low) / (high - low))  # fmt: skip
    x, y = place(bend[:, 0]), (bend[:, 1] - bottom) / (1.0 - bottom)
    right = 1.0 - float(x[y >= 0.55].max(initial=0.0))
    left = float(x[y <= 0.45].min(initial=1.0))
    return "upper right" if right > left else "lower left"
