"""Who has the CPU and how many packets wait, from the events of one simulation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from ..montecarlo import TimeLine
    from ..policies import Policy
    from ..scenario import Scenario

__all__ = ["KINDS", "Overload", "kinds_of", "overload_of", "shares_of"]

#: Who has the CPU; all else is the run loop, register moves, the VMM, other tasks.
KINDS = ("else", "guest", "neon", "scalar", "ksoftirqd")
_ELSE, _GUEST, _NEON, _SCALAR, _THREAD = range(5)


@dataclass(frozen=True, eq=False)
class Overload:
    """One simulation of each of several policies, with the same interrupts.

    Attributes
    ----------
    lines:
        By policy, in the order of drawing.
    start_s, end_s:
        The part that is shown.
    about:
        The load in words.
    seed:
        Of the simulations.
    without:
        Policies that cannot be simulated, and why.
    """

    lines: Mapping[str, TimeLine]
    start_s: float
    end_s: float
    about: str = ""
    seed: int = 0
    without: Mapping[str, str] = field(default_factory=dict)


def overload_of(
    scenario: Scenario,
    policies: Iterable[str | type[Policy]] | str | type[Policy],
    *,
    seed: int = 0,
    window_ms: tuple[float, float] = (0.0, 8.0),
) -> Overload:
    """Simulate each policy from an empty queue and keep what happens in a window.

    Raises
    ------
    InputError
        On an unknown policy, a bad seed, a window that is none, or one so long that more than a
        million events happen.

    >>> from fpsimd_model.scenario import preset
    >>> found = overload_of(preset("reference"), ["tracked"], window_ms=(0.0, 2.0))
    >>> list(found.lines), found.end_s
    (['tracked'], 0.002)
    """
    from ..montecarlo import timeline
    from ..montecarlo.limits import unbounded
    from ..montecarlo.tables import model_of
    from ..policies import select

    start, end = (1e-3 * float(ms) for ms in window_ms)
    if not 0.0 <= start < end < np.inf:
        raise InputError(f"window_ms: {window_ms} is no beginning and end in milliseconds")
    lines, without = {}, {}
    for policy in dict.fromkeys(select(policies)):
        if unbounded(model_of(scenario, policy)):
            without[policy.name] = "its residencies never end"
            continue
        line = timeline(scenario, policy, seed=seed, seconds=end, limit=1_000_000)
        if not line.complete:
            raise InputError(
                f"window_ms: more than a million events up to {1e3 * end:g} ms; "
                "end the window earlier"
            )
        lines[policy.name] = line
    loads = scenario.simd_load, scenario.scalar_load
    about = "packets need {:.0%} of the CPU with NEON, {:.0%} without".format(*loads)
    return Overload(lines, start, end, about, seed, without)


def kinds_of(line: TimeLine) -> np.ndarray:
    """(n,) who has the CPU from each event to the next, as places in :data:`KINDS`."""
    kinds = np.full(len(line), _ELSE)
    kinds[_since(line, ("entry",), ("exit",), line.POSITIONS.index("guest"))] = _GUEST
    busy = _since(line, ("busy_start",), ("busy_end",))
    kinds[busy] = np.where(line.neon[busy], _NEON, _SCALAR)
    kinds[_since(line, ("ksoftirqd_start",), ("ksoftirqd_end",))] = _THREAD
    return kinds


def _since(line: TimeLine, begins, ends, position: int = -1) -> np.ndarray:
    """(n,) whether the last of these events was one that begins; at first, by position."""
    marks = np.zeros(len(line), dtype=int)
    marks[line.at(*begins)], marks[line.at(*ends)] = 1, -1
    last = np.maximum.accumulate(np.where(marks != 0, np.arange(len(line)), -1))
    at_first = len(line) > 0 and int(line.position[0]) == position
    return np.where(last >= 0, marks[last] == 1, at_first)


def shares_of(line: TimeLine, edges: np.ndarray) -> np.ndarray:
    """(kinds, bins) share of each bin's time that each has; `edges` in seconds.

    >>> from fpsimd_model.montecarlo import timeline
    >>> from fpsimd_model.scenario import preset
    >>> line = timeline(preset("reference"), "tracked", seconds=0.01)
    >>> shares = shares_of(line, np.linspace(0.0, 0.01, 11))
    >>> shares.shape, bool(np.allclose(shares.sum(axis=0), 1.0))
    ((5, 10), True)
    """
    time = np.concatenate([[0.0], line.time_s, [max(line.seconds, float(edges[-1]))]])
    kinds = np.concatenate([[_ELSE], kinds_of(line)])
    shares = np.zeros((len(KINDS), len(edges) - 1))
    for kind in range(len(KINDS)):
        spent = np.concatenate([[0.0], np.cumsum(np.diff(time) * (kinds == kind))])
        shares[kind] = np.diff(np.interp(edges, time, spent)) / np.diff(edges)
    return shares
