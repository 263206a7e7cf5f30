"""Many scenarios at once: one batched solve for each policy and pattern of live events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..automaton import Automaton, automaton
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
from .phases_clocks import orders_of
from .rows import never, rates
from .solved import Solved, phases_of

__all__ = ["metrics_of"]

_CHUNK = 512  # scenarios a solve; keeps the matrices in the cache
_SHAPED = 32  # the same where durations have phases
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
        chunk = _SHAPED if len(alike) and p.durations[alike[0]] else _CHUNK
        for start in range(0, len(alike), chunk):
            part = alike[start : start + chunk]
            some = _Some(p.take(part))
            base[part] = some.solve(SwitchOnExit)["switch_share"]
            for i, policy in enumerate(policies):
                for name, values in some.solve(policy).items():
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
    orders = orders_of(p)
    number = {order: i for i, order in enumerate(dict.fromkeys(orders))}
    phases = np.array([number[order] for order in orders])
    _, group = np.unique(np.column_stack([rates(p) > 0, phases]), axis=0, return_inverse=True)
    return [np.flatnonzero(group.ravel() == g) for g in range(group.max() + 1)]


class _Some:
    """Scenarios that are solved together."""

    def __init__(self, p: Parameters) -> None:
        self._p = p
        self._steady = {np.ones(len(p), dtype=bool).tobytes(): p}
        self._solved: dict[type[Policy], dict[str, np.ndarray]] = {}

    def solve(self, policy: type[Policy]) -> dict[str, np.ndarray]:
        if policy not in self._solved:
            self._solved[policy] = self._solve(policy)
        return self._solved[policy]

    def _take(self, steady: np.ndarray) -> Parameters:
        """Those with a steady state: the same ones for most policies, and so worked out once."""
        key = steady.tobytes()
        if key not in self._steady:
            self._steady[key] = self._p.take(np.flatnonzero(steady))
        return self._steady[key]

    def _solve(self, policy: type[Policy]) -> dict[str, np.ndarray]:
        p = self._p
        task_neon, rare, none = bool(p.task_neon_rate.any()), never(p), np.full(len(p), np.nan)
        limits = Limits(automaton(policy, task_neon, rare - {"interrupt"}), p)
        steady = limits.stable & limits.bounded
        found = {"max_packets_per_s": limits.max_packets_per_s, "switch_share": none}
        if steady.any():
            table, some = automaton(policy, task_neon, rare), self._take(steady)
            for name, values in _rates(table, some).items():
                found[name] = none.copy()
                found[name][steady] = values
        return found


def _rates(table: Automaton, p: Parameters) -> dict[str, np.ndarray]:
    """(B,) of each metric; not a number where the equations are singular in double precision."""
    try:
        flows = solve(table, p)
        return rates_of(table, p, flows, held_softirqs(table, p, flows))
    except np.linalg.LinAlgError:  # of one among many, perhaps
        if len(p) == 1:
            return {}
    each = [_rates(table, p.take(np.array([i]))) for i in range(len(p))]
    names = dict.fromkeys(name for one in each for name in one)
    return {name: np.concatenate([one.get(name, [np.nan]) for one in each]) for name in names}
