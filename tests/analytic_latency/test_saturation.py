"""Just below saturation sojourns are nearly exponential, and their tails are not rounding."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from fpsimd_model.analytic.latency import sojourn_survival
from fpsimd_model.engines import evaluate
from tests.analytic.worlds import changed

LOAD = 0.9999
CASES = [
    *itertools.product([{"mean": 1000, "shape": "fixed"}], ["exponential"], [0.0, 5e4], [False]),
    *itertools.product([1.5], ["deterministic", "exponential"], [0.0], [True]),
]


@pytest.mark.parametrize(("batch", "service", "others", "bursts"), CASES)
def test_tails_are_exponential_and_come_to_nothing(batch, service, others, bursts):
    scenario = changed(
        {
            "softirq.packets_per_interrupt": batch,
            "softirq.service": service,
            "softirq.other_interrupts_per_s": others,
            "crypto.slowdown": 1.0,
        }
    )
    taken = others * scenario.softirq.other_interrupt_ns * 1e-9
    rate = LOAD * (1.0 - taken) / (scenario.simd_packet_s * scenario.softirq.batch_mean)
    arrivals = rate
    if bursts:
        arrivals = {"shape": "mmpp", "rate1_per_s": 1.1 * rate, "rate2_per_s": 0.9 * rate}
        arrivals |= {"mean1_us": 1000.0, "mean2_us": 1000.0}
    scenario = scenario.replace({"softirq.interrupts_per_s": arrivals})
    (result,) = evaluate(scenario, "tracked")
    mean = result["sojourn_mean_us"]
    first, second, third = sojourn_survival(scenario, "tracked", mean * np.array([3, 6, 9]))[0]
    assert first == pytest.approx(np.exp(-3), rel=2e-2)
    assert second / first == pytest.approx(np.exp(-3), rel=1e-2)
    assert third / second == pytest.approx(np.exp(-3), rel=1e-2)
    far = sojourn_survival(scenario, "tracked", mean * np.geomspace(30, 300, 8))[0]
    assert far.max() < 1e-6
    assert result["sojourn_p999_us"] / mean == pytest.approx(np.log(1000), rel=1e-2)
