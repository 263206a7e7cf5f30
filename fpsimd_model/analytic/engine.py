"""The analytic engine: a scenario and policies in, results out; milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..automaton import automaton
from ..errors import InputError
from ..parameters import Parameters
from ..policies import SwitchOnExit
from ..policies.base import Policy
from ..results import METRICS, Result
from ..scenario import Mmpp, Scenario
from .chain import Flows, solve
from .held import Held, held_softirqs
from .held_sojourn import HeldSojourns
from .limits import Limits
from .metrics import rates_of
from .rows import SCALAR, never
from .sojourn import Packets, Sojourns

__all__ = ["ENGINE", "evaluate", "refuse"]

ENGINE = "analytic"
_PERCENTILES = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.99, "sojourn_p999_us": 0.999}


def evaluate(scenario: Scenario, policies: Sequence[type[Policy]]) -> list[Result]:
    """Every metric of every policy, exact under the assumptions of docs/model.md section 5.

    Parameters
    ----------
    scenario:
        Durations of other shapes than exponential are taken as exponential of the same mean;
        each result's `reason` says so.
    policies:
        Classes.

    Returns
    -------
    list of Result
        One for each policy, in order.

    Raises
    ------
    InputError
        On interrupts or a fallback that the engine does not cover.

    >>> from fpsimd_model.policies import Tracked
    >>> result, = evaluate(Scenario(), [Tracked])
    >>> round(result["guest_saves_per_s"]), result.status
    (4694, 'ok')
    """
    refuse(scenario, policies)
    p = Parameters.of(scenario)
    notes = _assumptions(scenario)
    solved = {policy: _Solved(policy, p) for policy in dict.fromkeys([*policies, SwitchOnExit])}
    waits = _percentiles(p, [solved[policy] for policy in dict.fromkeys(policies)])
    baseline = solved[SwitchOnExit].metrics.get("switch_share")
    return [_result(solved[policy], p, waits, baseline, notes) for policy in policies]


class _Solved:
    """One policy's limits and, where it has a steady state, its flows and metrics."""

    flows: Flows | None = None
    held: Held | None = None

    def __init__(self, policy: type[Policy], p: Parameters) -> None:
        self.policy = policy
        task_neon, rare = bool(p.task_neon_rate.any()), never(p)
        self.table = automaton(policy, task_neon, rare)
        self.limits = Limits(automaton(policy, task_neon, rare - {"interrupt"}), p)
        self.metrics: dict[str, float] = {}
        self.status, self.reason = self.limits.reason(p)
        if self.status == "ok":
            self.flows = solve(self.table, p)
            self.held = held_softirqs(self.table, p, self.flows)
            found = rates_of(self.table, p, self.flows, self.held)
            self.metrics = {name: float(value[0]) for name, value in found.items()}


def _percentiles(p: Parameters, solved: list[_Solved]) -> dict[type[Policy], np.ndarray]:
    """Seconds for each policy that serves packets and has a steady state."""
    served = [s for s in solved if s.flows is not None and p.interrupt_rate[0] > 0]
    if not served:
        return {}
    packets = Packets(
        float(p.interrupt_rate[0]),
        float(p.batch[0]),
        bool(p.batch_fixed[0]),
        bool(p.service_cv2[0] > 0),
        float(p.other_rate[0]),
        float(p.other_cost[0]),
    )
    weights = [(s.flows.period_flow * s.flows.periods.packets)[0] for s in served]
    shares = list(_PERCENTILES.values())
    plain = [i for i, s in enumerate(served) if s.held is None]
    found: dict[type[Policy], np.ndarray] = {}
    if plain:
        many = Sojourns(packets, [served[i].flows.periods for i in plain], [weights[i] for i in plain])
        found = dict(zip([served[i].policy for i in plain], many.percentiles(shares), strict=True))
    for i, s in enumerate(served):
        if i in plain:
            continue
        alone = None
        if weights[i].sum() > 0:
            alone = Sojourns(packets, [s.flows.periods], [weights[i]]), float(weights[i].sum())
        mean = s.metrics["sojourn_mean_us"] * 1e-6
        mixed = HeldSojourns(s.table, p, s.flows, s.held, alone)
        found[s.policy] = mixed.percentiles(shares, mean)[0]
    return found


def _result(solved, p, waits, baseline, notes) -> Result:
    metrics: dict[str, float | None] = dict.fromkeys(METRICS)
    metrics |= {k: v if np.isfinite(v) else None for k, v in solved.metrics.items()}
    metrics["max_packets_per_s"] = float(solved.limits.max_packets_per_s[0])
    if solved.metrics and baseline:
        metrics["saving"] = 1.0 - solved.metrics["switch_share"] / baseline
    if solved.policy in waits:
        times = waits[solved.policy] * 1e6
        metrics |= dict(zip(_PERCENTILES, (float(t) for t in times), strict=True))
    reason = solved.reason if solved.status != "ok" else notes
    return Result(solved.policy.name, ENGINE, metrics, {}, solved.status, reason)


def refuse(scenario: Scenario, policies: Sequence[type[Policy]]) -> None:
    """Raise InputError for what only the Monte Carlo engine covers."""
    if scenario.softirq.fallback == "cryptd" and any(_falls_back(policy) for policy in policies):
        raise InputError(
            '[softirq] fallback: the analytic engine has no "cryptd"; '
            "take the engine montecarlo, or the fallback scalar"
        )
    if isinstance(scenario.softirq.interrupts_per_s, Mmpp):
        raise InputError(
            "[softirq] interrupts_per_s: the analytic engine takes a Poisson rate, not an MMPP; "
            "take the engine montecarlo, or a plain number"
        )


def _falls_back(policy: type[Policy]) -> bool:
    return bool((automaton(policy).softirq == SCALAR).any())


def _assumptions(scenario: Scenario) -> str:
    """What of the scenario the engine leaves out."""
    durations = ("residency_us", "out_us", "run_loop_us", "guest_run_us", "first_fp_us")
    shaped = [
        f"{key} {getattr(scenario.vcpu, key).shape}"
        for key in durations
        if getattr(scenario.vcpu, key).shape != "exponential"
    ]
    if not shaped:
        return ""
    return f"taken as exponential of the same mean: {', '.join(shaped)}"
