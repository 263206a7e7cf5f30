"""Scenarios that cover the domain of both engines: a Latin hypercube over all that matters.

M. D. McKay, R. J. Beckman and W. J. Conover, Technometrics 21 (1979) 239-245.
"""

from __future__ import annotations

import numpy as np

from ..scenario import Scenario

__all__ = ["design"]

# Key, lowest, highest; spread evenly over the logarithm.
_LOGARITHMIC = (
    ("softirq.interrupts_per_s", 100.0, 1e5),
    ("vcpu.residency_us", 30.0, 3e4),
    ("vcpu.out_us", 10.0, 1e4),
    ("vcpu.run_loop_us", 0.5, 30.0),
    ("vcpu.guest_run_us", 3.0, 1000.0),
    ("vcpu.first_fp_us", 1.0, 3000.0),
    ("crypto.slowdown", 1.0, 20.0),
    ("softirq.packet_bytes", 100.0, 1500.0),
    ("machine.clock_ghz", 0.3, 3.0),
)
_REST = ("user", "preempted", "service", "others", "exit_put", "vector", "batch", "task", "load")
_HEAVIEST = 0.95  # utilisation by scalar packets at most


def design(count: int, seed: int = 0) -> list[Scenario]:
    """`count` scenarios with exponential durations, the same for the same `seed`.

    Every one has a steady state under every policy: packets load the CPU to at most 95% even
    without NEON.

    >>> scenarios = design(8)
    >>> len(scenarios), max(s.scalar_load for s in scenarios) < 0.96
    (8, True)
    """
    from scipy.stats import qmc

    sampler = qmc.LatinHypercube(len(_LOGARITHMIC) + len(_REST), rng=np.random.default_rng(seed))
    return [_scenario(point, f"design-{seed}-{i}") for i, point in enumerate(sampler.random(count))]


def _scenario(point: np.ndarray, name: str) -> Scenario:
    values = {
        key: float(low * (high / low) ** u)
        for (key, low, high), u in zip(_LOGARITHMIC, point, strict=False)
    }
    u = dict(zip(_REST, map(float, point[len(_LOGARITHMIC) :]), strict=True))
    values |= {
        "vcpu.user_exit_share": u["user"],
        "vcpu.preempted_share": (1.0 - u["user"]) * u["preempted"],
        "softirq.service": "exponential" if u["service"] < 0.3 else "deterministic",
        "softirq.other_interrupts_per_s": _some(u["others"], 0.5, 50.0, 8000.0),
        "vcpu.exit_put_share": _some(u["exit_put"], 0.6, 0.01, 0.3),
        "vcpu.vector_bits": 128 if u["vector"] < 0.6 else 512,
        "vcpu.task_neon_per_s": _some(u["task"], 0.7, 10.0, 1000.0),
        "softirq.packets_per_interrupt": _batch(u["batch"]),
        "softirq.softirq_budget_us": 0.0,
    }
    scenario = Scenario(name=name).replace(values)
    heaviest = _HEAVIEST * (0.05 + 0.95 * u["load"])
    if scenario.scalar_load > heaviest:
        rate = scenario.softirq.rate_per_s * heaviest / scenario.scalar_load
        scenario = scenario.replace({"softirq.interrupts_per_s": rate})
    return scenario


def _some(u: float, none: float, low: float, high: float) -> float:
    """0 for a share `none` of the scenarios, else between two values."""
    return 0.0 if u < none else float(low * (high / low) ** ((u - none) / (1.0 - none)))


def _batch(u: float) -> object:
    if u < 0.4:
        return 1.0
    return {"mean": round(1 + 6 * u), "shape": "fixed"} if u < 0.7 else 1.0 + 6.0 * u
