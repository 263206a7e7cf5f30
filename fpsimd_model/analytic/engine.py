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
from ..scenario import Scenario
from .latency import percentiles_of
from .rows import SCALAR
from .solved import Solved, phases_of

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
        On a fallback that the engine does not cover.

    >>> from fpsimd_model.policies import Tracked
    >>> result, = evaluate(Scenario(), [Tracked])
    >>> round(result["guest_saves_per_s"]), result.status
    (4694, 'ok')
    """
    refuse(scenario, policies)
    p = Parameters.of(scenario)
    notes = _assumptions(scenario)
    phases = phases_of(scenario)
    every = dict.fromkeys([*policies, SwitchOnExit])
    solved = {policy: Solved(policy, p, phases) for policy in every}
    asked = [solved[policy] for policy in dict.fromkeys(policies)]
    waits = percentiles_of(p, asked, _PERCENTILES.values(), phases)
    baseline = solved[SwitchOnExit].metrics.get("switch_share")
    return [_result(solved[policy], p, waits, baseline, notes) for policy in policies]


def _result(solved, p, waits, baseline, notes) -> Result:
    metrics: dict[str, float | None] = dict.fromkeys(METRICS)
    metrics |= {k: v if np.isfinite(v) else None for k, v in solved.metrics.items()}
    metrics["max_packets_per_s"] = float(solved.limits.max_packets_per_s[0])
    if solved.metrics and baseline:
        metrics["saving"] = 1.0 - solved.metrics["switch_share"] / baseline
    if solved.policy in waits:
        times = waits[solved.policy] * 1e6
        metrics |= dict(zip(_PERCENTILES, (float(t) for t in times), strict=True))
    reason = solved.reason or notes
    return Result(solved.policy.name, ENGINE, metrics, {}, solved.status, reason)


def refuse(scenario: Scenario, policies: Sequence[type[Policy]]) -> None:
    """Raise InputError for what only the Monte Carlo engine covers."""
    if scenario.softirq.fallback == "cryptd" and any(_falls_back(policy) for policy in policies):
        raise InputError(
            '[softirq] fallback: the analytic engine has no "cryptd"; '
            "take the engine montecarlo, or the fallback scalar"
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
