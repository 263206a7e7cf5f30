"""Percentiles in closed form against the independent simulation in tests/oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic import evaluate, sojourn_survival
from tests.oracle.simulator import Simulation

pytestmark = [pytest.mark.agreement, pytest.mark.slow]

CASES = {
    "held": ("softirqs-off", {}, 20.0),
    "held, batches": ("softirqs-off", {"softirq": {"packets_per_interrupt": 4.0}}, 20.0),
    "held, timer": ("softirqs-off", {"softirq": {"other_interrupts_per_s": 5000.0}}, 20.0),
    "held, short": ("softirqs-off", {"vcpu": {"residency_us": 20.0, "out_us": 20.0}}, 5.0),
    "scalar": ("busy-flag-live", {}, 10.0),
    "scalar, timer": ("busy-flag-live", {"softirq": {"other_interrupts_per_s": 5000.0}}, 10.0),
    "scalar, many timers": (
        "busy-flag-live",
        {"softirq": {"other_interrupts_per_s": 20_000.0, "other_interrupt_ns": 5000.0}},
        10.0,
    ),
    "neon, fixed batches": (
        "tracked",
        {"softirq": {"packets_per_interrupt": {"mean": 40, "shape": "fixed"}}},
        3.0,
    ),
    "neon, busy": ("tracked", {"softirq": {"interrupts_per_s": 550_000.0}}, 1.0),
    "neon, batches": ("switch-on-exit", {"softirq": {"packets_per_interrupt": 8.0}}, 5.0),
    "exponential": ("tracked", {"softirq": {"service": "exponential"}}, 10.0),
    "exponential, own sections": (
        "nested-save",
        {
            "softirq": {"service": "exponential", "interrupts_per_s": 60_000.0},
            "machine": {"clock_ghz": 0.5},
            "crypto": {"neon_sections_per_packet": 2, "slowdown": 2.0},
        },
        3.0,
    ),
}
SEEDS = 8


@pytest.mark.parametrize("name", CASES)
def test_the_share_of_packets_above_each_percentile(name):
    policy, changes, seconds = CASES[name]
    keys = {f"{table}.{key}": v for table, part in changes.items() for key, v in part.items()}
    scenario = fm.Scenario().replace({**keys, "softirq.softirq_budget_us": 0.0})
    changes = {**changes, "softirq": {**changes.get("softirq", {}), "softirq_budget_us": 0.0}}
    result = evaluate(scenario, [policies.get(policy)])[0]
    # Just beside the percentiles: one of them may be an atom.
    times = np.array([result[f"sojourn_{p}_us"] for p in ("p50", "p99", "p999")]) * 1.0003
    expected = sojourn_survival(scenario, policy, times)[0]
    found = []
    for seed in range(SEEDS):
        run = Simulation(changes, policy, 1000 + seed)
        run.run(seconds)
        sojourns = np.frombuffer(run.sojourns)
        found.append([(sojourns > time).mean() for time in times])
    found = np.array(found)
    error = found.std(axis=0, ddof=1) / math.sqrt(SEEDS)
    limit = stats.t.ppf(1.0 - 1e-5, SEEDS - 1)
    assert (abs(found.mean(axis=0) - expected) <= limit * error).all(), (found, expected)
    assert (error < 0.3 * expected).all()  # the comparison says something
