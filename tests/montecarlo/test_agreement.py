"""Against the analytic engine, in standard errors, over the domain that both cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri, stdtr

from fpsimd_model import analytic, policies
from fpsimd_model.montecarlo import run, simulate
from fpsimd_model.montecarlo.plan import REPLICATIONS
from fpsimd_model.montecarlo.statistics import ratio, student
from fpsimd_model.scenario import Scenario

pytestmark = [pytest.mark.agreement, pytest.mark.slow]

REFERENCE = Scenario().replace({"softirq.softirq_budget_us": 0})
SLOW = {
    "machine.save_cycles": 1410,
    "machine.restore_cycles": 1550,
    "machine.trap_cycles": 3760,
    "machine.trap_c_cycles": 6000,
    "machine.exit_cycles": 3000,
    "machine.entry_cycles": 3000,
}
SCENARIOS = {
    "reference": {},
    "exit-storm": {
        "vcpu.guest_run_us": 8,
        "vcpu.run_loop_us": 2,
        "vcpu.residency_us": 300,
        "softirq.interrupts_per_s": 30_000,
        "softirq.service": "exponential",
        "crypto.slowdown": 3,
    },
    "rare-fp": {
        "vcpu.first_fp_us": 2000,
        "vcpu.residency_us": 3000,
        "softirq.interrupts_per_s": 3000,
    },
    "geometric-batches": {
        "softirq.packets_per_interrupt": 4,
        "softirq.interrupts_per_s": 5000,
    },
    "fixed-batches": {
        "softirq.packets_per_interrupt": {"mean": 4, "shape": "fixed"},
        "softirq.interrupts_per_s": 5000,
    },
    "slow-machine": SLOW,
    "other-interrupts": {"softirq.other_interrupts_per_s": 4000},
    "exit-puts": {"vcpu.exit_put_share": 0.2},
    "delayed-past-10-us": {"softirq.delay_limit_us": 10, "softirq.service": "exponential"},
    "near-saturation": {"softirq.interrupts_per_s": 0.9 / 14.5e-6},
    "sve-sections-task-neon": {
        "crypto.neon_sections_per_packet": 3,
        "softirq.packets_per_interrupt": 2,
        "vcpu.vector_bits": 512,
        "vcpu.task_neon_per_s": 2000,
    },
}
#: What a simulation has and a steady state has not.
SIMULATED_ONLY = {"queue_end_packets"}
PERCENTILES = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.99, "sojourn_p999_us": 0.999}
LIMIT = 4.5


def z_of(error: float, interval: tuple[float, float]) -> float:
    """An error as a normal score, from the 95% t interval of the estimate."""
    half = (interval[1] - interval[0]) / 2.0
    t = error / half * student(REPLICATIONS)
    p = float(stdtr(REPLICATIONS - 1, -abs(t)))
    return float(np.sign(t) * -ndtri(p)) if p > 0 else float(t)


def scores(expected, found) -> dict[str, float]:
    """Score of every metric but percentiles; what is no estimate must be equal."""
    out = {}
    for name, value in expected.metrics.items():
        estimate = found[name]
        assert (value is None) == (estimate is None or name in SIMULATED_ONLY), name
        if value is None or name in PERCENTILES:
            continue
        low, high = found.ci95.get(name, (estimate, estimate))
        if low == high:
            assert estimate == pytest.approx(value, rel=1e-9, abs=1e-15), name
        elif estimate == 0.0:
            assert low <= value <= high, name  # none seen: an upper limit
        else:
            out[name] = z_of(estimate - value, (low, high))
    return out


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_metric_of_every_policy_is_within_its_noise(name):
    scenario = REFERENCE.replace(SCENARIOS[name])
    expected = analytic.evaluate(scenario, policies.ALL)
    found = simulate(scenario, seed=11, seconds=40.0)
    far = {}
    for a, b in zip(expected, found, strict=True):
        assert (a.policy, a.status, b.status) == (b.policy, "ok", "ok")
        z = scores(a, b)
        assert len(z) >= 10
        far |= {(a.policy, metric): z[metric] for metric in z if abs(z[metric]) > LIMIT}
    assert not far


def share_score(sojourns, seconds: float, share: float) -> float:
    """How far `share` is from the share of sojourns up to `seconds`, an atom there included."""
    total = sojourns.counts.sum(axis=1)
    within = 1.0 / 2048  # of a bin
    bounds = []
    for bins in (
        sojourns.edges[:, 1] < seconds * (1.0 - within),
        sojourns.edges[:, 0] <= seconds * (1.0 + within),
    ):
        bounds.append(ratio(sojourns.counts[:, bins].sum(axis=1), total))
    (low, low_interval), (high, high_interval) = bounds
    if low <= share <= high:
        return 0.0
    if share < low:
        return z_of(low - share, low_interval)
    return z_of(high - share, high_interval)


@pytest.mark.parametrize("name", SCENARIOS)
def test_percentiles_split_the_simulated_sojourns_at_their_shares(name):
    scenario = REFERENCE.replace(SCENARIOS[name])
    for expected in analytic.evaluate(scenario, policies.ALL):
        sojourns = run(scenario, expected.policy, seed=12, seconds=40.0).sojourns
        for metric, share in PERCENTILES.items():
            z = share_score(sojourns, expected[metric] * 1e-6, share)
            assert abs(z) < LIMIT, (expected.policy, metric, z)


def test_scores_over_many_seeds_spread_as_they_should():
    chosen = ["tracked", "pending-check", "neon-begin-at-load", "softirqs-off"]
    expected = analytic.evaluate(REFERENCE, policies.select(chosen))
    seeds, found = 30, {}
    for seed in range(seeds):
        for a, b in zip(expected, simulate(REFERENCE, chosen, seed=seed, seconds=4.0), strict=True):
            for metric, z in scores(a, b).items():
                found.setdefault((a.policy, metric), []).append(z)
    for what, z in found.items():
        if len(z) < seeds:
            continue  # too rare to be seen in every run
        assert abs(np.mean(z)) * np.sqrt(seeds) < LIMIT, what
        # chi-squared with 30 degrees of freedom is outside with probability 1e-5
        assert 8.4 < np.square(z).sum() < 74.9, what
    everything = np.concatenate([z for z in found.values() if len(z) == seeds])
    assert 0.85 < everything.std() < 1.15
