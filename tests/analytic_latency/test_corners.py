"""Every kind of arrival, service and load that distributions are promised for, at once."""

from __future__ import annotations

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic.latency import Laws
from fpsimd_model.analytic.solved import Solved, phases_of
from fpsimd_model.parameters import Parameters

SHARES = [0.5, 0.99, 0.999]
BATCHES = {
    "single": 1.0,
    "geometric": 3.0,
    "fixed": {"mean": 40, "shape": "fixed"},
}


def scenario(load, batch, timers, bursts, service):
    """Scalar crypto is 1% slower than with NEON, so that every kind of period is loaded."""
    changes = {
        "crypto.slowdown": 1.01,
        "softirq.packets_per_interrupt": BATCHES[batch],
        "softirq.service": service,
        "softirq.other_interrupts_per_s": timers,
    }
    one = fm.Scenario().replace(changes)
    free = 1.0 - timers * 2e-6
    mean = BATCHES[batch]["mean"] if batch == "fixed" else BATCHES[batch]
    # nested-save has the longest packets
    longest = max(one.scalar_packet_s, one.simd_packet_s + 0.6e-6)
    rate = load * free / (longest * mean)
    if bursts:
        rate = {
            "shape": "mmpp",
            "rate1_per_s": 1.5 * rate,
            "rate2_per_s": 0.5 * rate,
            "mean1_us": 100.0,
            "mean2_us": 100.0,
        }
    return one.replace({"softirq.interrupts_per_s": rate})


CORNERS = [  # load, batch, timers, bursts, service
    (0.3, "geometric", 5000.0, True, "deterministic"),
    (0.3, "fixed", 5000.0, False, "deterministic"),
    (0.3, "single", 5000.0, False, "exponential"),
    (0.999, "single", 5000.0, False, "deterministic"),
    (0.999, "single", 0.0, True, "deterministic"),
    (0.999, "fixed", 0.0, False, "deterministic"),
    (0.999, "fixed", 5000.0, False, "exponential"),
    (0.999, "geometric", 5000.0, False, "exponential"),
    (0.999, "fixed", 5000.0, True, "exponential"),
]


@pytest.mark.parametrize(("load", "batch", "timers", "bursts", "service"), CORNERS)
def test_every_policy_has_a_law_and_its_percentiles_are_where_it_passes_them(
    load, batch, timers, bursts, service
):
    s = scenario(load, batch, timers, bursts, service)
    p, phases = Parameters.of(s), phases_of(s)
    names = ["tracked", "busy-flag-live", "softirqs-off", "nested-save"]
    solved = [Solved(policies.get(name), p, phases) for name in names]
    laws = Laws(p, solved, phases)
    found = laws.percentiles(SHARES)
    for one in solved:
        mean, times = one.metrics["sojourn_mean_us"] * 1e-6, found[one.policy]
        assert 0.0 < times[0] <= times[1] <= times[2]
        assert times[0] <= 2.0 * mean
        assert times[2] <= 1000.0 * mean
        grid = np.concatenate([[0.0], np.geomspace(0.01, 100.0, 60) * mean])
        over = laws.survival(grid)[one.policy]
        assert over[0] == 1.0
        assert (np.diff(over) <= 2e-7).all()
        assert over[-1] < 1e-6
        before, after = (laws.survival(times * (1.0 + step))[one.policy] for step in (-1e-6, 1e-6))
        wanted = 1.0 - np.array(SHARES)
        assert (after <= wanted * (1.0 + 1e-4)).all()
        assert (before >= wanted * (1.0 - 1e-4)).all()
        assert laws.survival_at(float(times[1]) * 1.1)[one.policy] < 0.01 * (1 + 1e-4)
