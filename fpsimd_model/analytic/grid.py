"""Many scenarios at once: one batched solve for each policy and pattern of live events."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..automaton import automaton
from ..parameters import Parameters
from ..policies import SwitchOnExit
from ..policies.base import Policy
from ..results import METRICS
from ..scenario import Scenario
from .chain import solve
from .engine import uncovered
from .held import held_softirqs
from .limits import Limits
from .metrics import rates_of
from .phases_clocks import fits_of
from .rows import never, rates
from .solved import Solved, phases_of

__all__ = ["metrics_of"]

_CHUNK = 512  # scenarios a solve; keeps the matrices in the cache
_LEFT_OUT = ("sojourn_p50_us", "sojourn_p99_us", "sojourn_p999_us", "delayed_share")


def metrics_of(
    scenarios: Sequence[Scenario], policies: Sequence[type[Policy]]
) -> dict[str, np.ndarray]:
    """(policies, B) of metrics that need no distribution; not a number where there is none."""
    p = Parameters.of(scenarios)
    names = [name for name in METRICS if name not in _LEFT_OUT]
    out = {name: np.full((len(policies), len(p)), np.nan) for name in names}
    base = np.full(len(p), np.nan)
    for b, scenario in enumerate(scenarios):
        if (phases := phases_of(scenario)) is not None:
            one = Parameters.of(scenario)
            base[b] = Solved(SwitchOnExit, one, phases).metrics.get("switch_share", np.nan)
            for i, policy in enumerate(policies):
                solved = Solved(policy, one, phases)
                out["max_packets_per_s"][i, b] = solved.limits.max_packets_per_s[0]
                for name, value in solved.metrics.items():
                    out[name][i, b] = value
    poisson = np.array([phases_of(scenario) is None for scenario in scenarios])
    for alike in _alike(p):
        alike = alike[poisson[alike]]
        chunk = max(1, _CHUNK // _phases(p, alike)) if len(alike) else 1
        for start in range(0, len(alike), chunk):
            part = alike[start : start + chunk]
            some = p.take(part)
            base[part] = _solve(SwitchOnExit, some)["switch_share"]
            for i, policy in enumerate(policies):
                for name, values in _solve(policy, some).items():
                    out[name][i, part] = values
    for b, scenario in enumerate(scenarios):
        left_out = [bool(uncovered(scenario, policy)) for policy in policies]
        for values in out.values():
            values[left_out, b] = np.nan
    out["max_gbps"] = p.gbps(out["max_packets_per_s"])
    out["saving"] = 1.0 - out["switch_share"] / np.where(base > 0, base, np.nan)
    return out


def _alike(p: Parameters) -> list[np.ndarray]:
    """Indices of scenarios in which the same events happen and durations have as many phases."""
    orders = [tuple(map(len, fits_of(d))) if d else () for d in p.durations]
    number = {order: i for i, order in enumerate(dict.fromkeys(orders))}
    phases = np.array([number[order] for order in orders])
    _, group = np.unique(np.column_stack([rates(p) > 0, phases]), axis=0, return_inverse=True)
    return [np.flatnonzero(group.ravel() == g) for g in range(group.max() + 1)]


def _phases(p: Parameters, alike: np.ndarray) -> int:
    """Combinations of phases, the same in all of these scenarios."""
    durations = p.durations[alike[0]]
    return math.prod(map(len, fits_of(durations))) if durations else 1


def _solve(policy: type[Policy], p: Parameters) -> dict[str, np.ndarray]:
    task_neon, rare = bool(p.task_neon_rate.any()), never(p)
    limits = Limits(automaton(policy, task_neon, rare - {"interrupt"}), p)
    steady = np.flatnonzero(limits.stable & limits.bounded)
    found = {"max_packets_per_s": limits.max_packets_per_s, "switch_share": np.full(len(p), np.nan)}
    if len(steady):
        table, some = automaton(policy, task_neon, rare), p.take(steady)
        flows = solve(table, some)
        rates = rates_of(table, some, flows, held_softirqs(table, some, flows))
        for name, values in rates.items():
            found[name] = np.full(len(p), np.nan)
            found[name][steady] = values
    return found
