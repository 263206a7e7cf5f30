"""An overload in words, step by step: who has the CPU, the queue, whether the vCPU is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .overload_data import KINDS, shares_of

if TYPE_CHECKING:
    from ..montecarlo import TimeLine

__all__ = ["loaded_share", "longest_queue", "steps_told"]

_WORDS = {
    "guest": "guest",
    "neon": "NEON",
    "scalar": "no NEON",
    "ksoftirqd": "ksoftirqd",
    "else": "other",
}
_LEAST = 0.005  # of a step: what is said of less would be 0%


def steps_told(line: TimeLine, edges: np.ndarray) -> list[str]:
    """What happens in each of some steps; `edges` in seconds.

    >>> from fpsimd_model.montecarlo import timeline
    >>> from fpsimd_model.scenario import preset
    >>> line = timeline(preset("reference"), "tracked", seconds=0.01)
    >>> steps_told(line, np.array([2.05e-3, 2.15e-3]))
    ['2.1 ms: 82% guest, 13% other, 5% NEON; queue 1; vCPU loaded']
    """
    shares = dict(zip(KINDS, shares_of(line, edges), strict=True))
    loaded, queue = loaded_share(line, edges), longest_queue(line, edges)
    digits = max(0, -int(np.floor(np.log10(1e3 * (edges[1] - edges[0]) + 1e-9))))
    found = []
    for i, middle in enumerate((edges[1:] + edges[:-1]) / 2):
        ranked = sorted((k for k in KINDS if shares[k][i] >= _LEAST), key=lambda k: -shares[k][i])
        who = ", ".join(f"{shares[k][i]:.0%} {_WORDS[k]}" for k in ranked)
        state = "vCPU loaded" if loaded[i] > 1 - _LEAST else f"vCPU loaded {loaded[i]:.0%}"
        found.append(
            f"{1e3 * middle:.{digits}f} ms: {who}; queue {queue[i]}; "
            + (state if loaded[i] >= _LEAST else "no vCPU loaded")
        )
    return found


def longest_queue(line: TimeLine, edges: np.ndarray) -> np.ndarray:
    """(bins,) the most packets in the system within each step; `edges` in seconds.

    >>> from fpsimd_model.montecarlo import timeline
    >>> from fpsimd_model.scenario import preset
    >>> line = timeline(preset("reference"), "tracked", seconds=0.01)
    >>> int(longest_queue(line, np.array([0.0, 0.01]))[0]) == int(line.queue.max())
    True
    """
    times, queue = np.append(0.0, line.time_s), np.append(0, line.queue)
    longest = queue[np.searchsorted(times, edges[:-1], side="right") - 1]
    inside = (times > edges[0]) & (times <= edges[-1])
    step = np.clip(np.searchsorted(edges, times[inside], side="right") - 1, 0, len(longest) - 1)
    np.maximum.at(longest, step, queue[inside])
    return longest


def loaded_share(line: TimeLine, edges: np.ndarray) -> np.ndarray:
    """(bins,) share of each step between vcpu_load and vcpu_put; `edges` in seconds."""
    loaded = np.append(False, line.position >= line.POSITIONS.index("loop"))
    time = np.concatenate([[0.0], line.time_s, [max(line.seconds, float(edges[-1]))]])
    spent = np.append(0.0, np.cumsum(np.diff(time) * loaded))
    return np.diff(np.interp(edges, time, spent)) / np.diff(edges)
