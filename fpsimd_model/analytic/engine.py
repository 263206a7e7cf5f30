"""The analytic engine: a scenario and policies in, results out; milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..automaton import automaton
from ..parameters import DURATIONS, Parameters
from ..policies import SwitchOnExit
from ..policies.base import Policy
from ..results import METRICS, Result
from ..scenario import Recorded, Scenario
from .budget import ksoftirqd_would_end
from .budget import note_of as budget_note
from .latency import Laws
from .phases_clocks import note_of
from .rows import SCALAR
from .solved import Solved, phases_of

__all__ = ["ENGINE", "evaluate", "uncovered"]

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
        One for each policy, in order.  All metrics are None for a policy that falls back to
        cryptd, which the engine does not cover; `reason` says so.

    >>> from fpsimd_model.policies import Tracked
    >>> result, = evaluate(Scenario(), [Tracked])
    >>> round(result["guest_saves_per_s"]), result.status
    (4694, 'ok')
    """
    p = Parameters.of(scenario)
    phases = phases_of(scenario)
    notes = "; ".join(filter(None, (_assumptions(p, phases is not None), _arrivals(scenario))))
    every = [x for x in dict.fromkeys([*policies, SwitchOnExit]) if not uncovered(scenario, x)]
    solved = {policy: Solved(policy, p, phases) for policy in every}
    laws = Laws(p, [x for policy, x in solved.items() if policy in policies], phases)
    waits = laws.percentiles(_PERCENTILES.values())
    late = laws.survival_at(float(p.delay_limit[0]))
    baseline = solved[SwitchOnExit].metrics.get("switch_share")
    return [
        _result(solved[x], p, phases, waits, late, baseline, notes)
        if x in solved
        else Result(x.name, ENGINE, dict.fromkeys(METRICS), {}, "ok", uncovered(scenario, x))
        for x in policies
    ]


def _result(solved, p, phases, waits, late, baseline, notes) -> Result:
    metrics: dict[str, float | None] = dict.fromkeys(METRICS)
    metrics |= {k: v if np.isfinite(v) else None for k, v in solved.metrics.items()}
    metrics["max_packets_per_s"] = float(solved.limits.max_packets_per_s[0])
    metrics["max_gbps"] = float(p.gbps(solved.limits.max_packets_per_s)[0])
    if solved.metrics and baseline:
        metrics["saving"] = 1.0 - solved.metrics["switch_share"] / baseline
    if solved.policy in waits:
        times = waits[solved.policy] * 1e6
        known = (float(t) if np.isfinite(t) else None for t in times)
        metrics |= dict(zip(_PERCENTILES, known, strict=True))
        metrics["delayed_share"] = late[solved.policy] if np.isfinite(times).all() else None
    reason = solved.reason or "; ".join(filter(None, (notes, budget_note(solved, p, phases))))
    if solved.status == "unstable" and ksoftirqd_would_end(p):
        reason += "; ksoftirqd, which would end it, is left out: take the engine montecarlo"
    if solved.policy in waits and not np.isfinite(waits[solved.policy]).all():
        reason += "; percentiles are lost in rounding: take the engine montecarlo"
    if solved.metrics and not solved.has_law:
        reason += (
            "; too many phases for percentiles of softirqs held back: take the engine montecarlo"
        )
    return Result(solved.policy.name, ENGINE, metrics, {}, solved.status, reason)


def uncovered(scenario: Scenario, policy: type[Policy]) -> str:
    """Why only the Monte Carlo engine covers this policy here; "" if this one does too."""
    if scenario.softirq.fallback == "cryptd" and (automaton(policy).softirq == SCALAR).any():
        return "cryptd, to which this policy falls back, is left out: take the engine montecarlo"
    return ""


def _arrivals(scenario: Scenario) -> str:
    """What is lost of a recording."""
    if not isinstance(scenario.softirq.interrupts_per_s, Recorded):
        return ""
    said = "recorded interrupts are taken as Poisson of the same rate"
    if scenario.softirq.batch_shape == "recorded":
        said += ", their packets as geometric but for mean and variance"
    return said


def _assumptions(p: Parameters, bursts: bool) -> str:
    """What of the scenario the engine fits, or leaves out."""
    durations = p.durations[0]
    if durations is None or not bursts:
        return note_of(p)
    shaped = (
        f"{key} {one.shape}"
        for key, one in zip(DURATIONS, durations, strict=True)
        if one.shape != "exponential"
    )
    return f"taken as exponential of the same mean under MMPP arrivals: {', '.join(shaped)}"
