"""Replications of the SimPy model, as results like any engine's.

Slow (some 10⁵ events a second) and plain: a third opinion, not a tool for daily use.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..policies import select
from ..policies.base import Policy
from ..registers import COUNTERS
from ..scenario import Scenario

__all__ = ["REPLICATIONS", "Sample", "need_simpy", "rates_of", "sample"]

REPLICATIONS = 20
_WARM_UP = 0.25  # of what is measured, and at least some residencies
_CYCLES = 5.0
_SUMS = ("exits", "puts", "scalar", "wishes", "held_count", "moving", "serving", "in_guest")
_SUMS += ("wish_delay", "held_time", "handed_over", "by_thread")


@dataclass(frozen=True, eq=False)
class Sample:
    """One policy's replications.

    Attributes
    ----------
    wall:
        Modelled seconds of each replication.
    counts:
        (R, C) moves and losses, in the order of :data:`~fpsimd_model.registers.COUNTERS`.
    sums:
        (R,) each, by name.
    sojourns:
        (R) arrays of seconds, each sorted.
    """

    wall: float
    counts: np.ndarray
    sums: dict[str, np.ndarray]
    sojourns: tuple[np.ndarray, ...]


def need_simpy():
    """The module simpy.

    Raises
    ------
    InputError
        If it is not installed; the line says how to get it.
    """
    try:
        import simpy
    except ImportError:
        raise InputError(
            "the engine simpy needs the package SimPy; pip install 'fpsimd_model[test]' brings it"
        ) from None
    return simpy


def sample(
    scenario: Scenario,
    policy: str | type[Policy],
    *,
    seed: int = 0,
    seconds: float = 1.0,
    tick: Callable[[float], None] | None = None,
) -> Sample:
    """Run the SimPy model of `policy`, replicated 20 times.

    Parameters
    ----------
    scenario:
        Any with the fallback ``scalar``.
    policy:
        Name or class; its hooks are run as they are.
    seed:
        Same seed, same result.
    seconds:
        Modelled wall time that is measured, over all replications.
    tick:
        Called with the share of the work that one replication was.

    Raises
    ------
    InputError
        Without SimPy, and for a scenario that the model does not cover.

    >>> found = sample(Scenario(), "tracked", seconds=0.1)
    >>> found.counts.shape, bool(found.sums["puts"].sum() > 20)
    ((20, 10), True)
    """
    simpy = need_simpy()
    from .simpy_model import Thread

    (chosen,) = select([policy])
    refuse(scenario)
    wall = seconds / REPLICATIONS
    cycle = scenario.vcpu.residency_us.mean_s + scenario.vcpu.out_us.mean_s
    warm_up = min(max(_WARM_UP * wall, _CYCLES * cycle), wall)
    counts, sums, sojourns = [], [], []
    for seeds in np.random.SeedSequence([seed, _number(chosen.name)]).spawn(REPLICATIONS):
        thread = Thread(simpy, scenario, chosen, seeds)
        thread.env.run(until=warm_up)
        thread.forget()
        thread.env.run(until=warm_up + wall)
        counts.append(thread.counts)
        sums.append([getattr(thread, name) for name in _SUMS])
        sojourns.append(np.sort(np.array(thread.sojourns, dtype=float)))
        if tick is not None:
            tick(1.0 / REPLICATIONS)
    columns = dict(zip(_SUMS, np.array(sums, dtype=float).T, strict=True))
    return Sample(wall, np.array(counts, dtype=float), columns, tuple(sojourns))


def refuse(scenario: Scenario) -> None:
    """Raise InputError for what the SimPy model does not cover."""
    if scenario.softirq.fallback != "scalar":
        raise InputError(
            f'[softirq] fallback: the engine simpy has no "{scenario.softirq.fallback}"; '
            "take the engine montecarlo, or the fallback scalar"
        )


def _number(name: str) -> int:
    """A policy's random numbers are its own."""
    return zlib.crc32(name.encode())


def rates_of(found: Sample, scenario: Scenario) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Metrics as ratios: (R,) tops and bottoms, in the units of the metric."""
    wall = np.full(len(found.sojourns), found.wall)
    n = np.array([len(s) for s in found.sojourns], dtype=float)
    total = np.array([s.sum() for s in found.sojourns])
    out = {
        f"{name}_per_s": (found.counts[:, i], wall)
        for i, name in enumerate(COUNTERS)
        if name not in ("entries", "exits", "puts")
    }
    s, more = found.sums, scenario.crypto.slowdown - 1.0
    if scenario.softirq.softirq_budget_us:
        out["ksoftirqd_share"] = (s["by_thread"], wall)
    return out | {
        "exits_per_s": (s["exits"], wall),
        "puts_per_s": (s["puts"], wall),
        "switch_share": (s["moving"], wall),
        "softirq_share": (s["serving"], wall),
        "guest_share": (s["in_guest"], wall),
        "packets_per_s": (n, wall),
        "scalar_share": (s["scalar"], n),
        "crypto_slowdown": (n + more * s["scalar"], n),
        "sojourn_mean_us": (1e6 * total, n),
        "softirq_held_mean_us": (1e6 * s["held_time"], s["held_count"]),
        "resched_delay_mean_us": (1e6 * s["wish_delay"], s["wishes"]),
    }
