"""Limits of a panel, heights in it, and the policies that share its usual value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from .numbers import linear_ticks, log_limits
from .panel import Panel

__all__ = ["fraction", "is_nought", "limits", "usual_policies"]

_LARGEST = 1e200  # what is beyond has left the world, and the arithmetic of axes


def fraction(value: float, low: float, high: float, log: bool) -> float:
    """Place between two limits, from 0 to 1; what has none, or 0 on a log axis, is at 0.

    >>> round(fraction(10.0, 1.0, 1000.0, log=True), 6)
    0.333333
    """
    if math.isnan(value) or (log and value <= 0) or high <= low:
        return 0.0
    if log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return min(1.0, max(0.0, (value - low) / (high - low)))


def is_nought(y: np.ndarray) -> bool:
    """Whether a curve has values, and none that a logarithmic axis could show.

    >>> is_nought(np.array([0.0, math.nan])), is_nought(np.array([math.nan]))
    (True, False)
    """
    known = y[np.isfinite(y)]
    return len(known) > 0 and not (known > 0.0).any()


def usual_policies(values: Mapping[str, np.ndarray], panel: Panel) -> set[str]:
    """Policies that have the panel's usual value all along, if more than one."""
    if panel.usual is None:
        return set()
    slack = 1e-3 * max(1.0, abs(panel.usual))
    found = {
        policy
        for policy, y in values.items()
        if np.isfinite(y).any() and np.nanmax(np.abs(y - panel.usual)) < slack
    }
    return found if len(found) > 1 else set()


def limits(values: Iterable[np.ndarray], panel: Panel, log: bool) -> tuple[float, float, float]:
    """Lower and upper limit, and by how much a frame should go below the lower one.

    Logarithmic: 1, 2 or 5 times powers of ten around all that is above 0.  Linear: whole steps of
    ticks around all values and 0.  Without any value the limits are 1 to 2, or 0 to 1.
    """
    every = np.concatenate([*values, np.array([math.nan])])
    every = np.clip(every[np.isfinite(every)], -_LARGEST, _LARGEST)
    if log:
        every = np.maximum(every[every > 0], 1.0 / _LARGEST)
        low, high = (every.min(), every.max()) if len(every) else (1.0, 1.0)
        if panel.usual:
            high = max(high, 2.0 * panel.usual)
        low, high = log_limits(float(low), float(high), panel.decades)
        return low, high, 0.06 * math.log(high / low)
    low, high = (every.min(), every.max()) if len(every) else (0.0, 1.0)
    low, high = max(min(float(low), 0.0), panel.least), max(float(high), 0.0)
    if high == low:
        high = low + 1.0
    ticks = linear_ticks(low, high, 11)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else high - low
    low = float(f"{math.floor(low / step + 1e-9) * step:.12g}")
    high = float(f"{math.ceil(high / step - 1e-9) * step:.12g}")
    return low, high, 0.03 * (high - low)
