"""Digits where rates lie far apart, and just below saturation: against multi-precision."""

from __future__ import annotations

import numpy as np
import pytest

from fpsimd_model import policies
from fpsimd_model.analytic.solved import Solved
from fpsimd_model.analytic.stationary import stationary
from fpsimd_model.parameters import Parameters

from .multiprecision import rates_and_sojourn
from .worlds import changed

NAMES = ["switch-on-exit", "neon-begin-at-load", "busy-flag-live", "pending-check-guarded",
         "tracked", "reload-at-entry"]  # fmt: skip
EACH = pytest.mark.parametrize("name", NAMES)


def compare(name, scenario, digits_of_rates, digits_of_sojourn) -> None:
    policy, p = policies.select([name])[0], Parameters.of(scenario)
    found = Solved(policy, p).metrics
    for key, value in rates_and_sojourn(policy, p).items():
        if key in found:
            rel = digits_of_sojourn if key == "sojourn_mean_us" else digits_of_rates
            assert found[key] == pytest.approx(value, rel=rel, abs=1e-300), key


@EACH
@pytest.mark.parametrize("service", ["all-neon", "all-scalar-or-faster"])
def test_just_below_saturation_means_keep_eight_digits(name, service):
    policy = policies.select([name])[0]
    changes = {"crypto.slowdown": 1.0} if service == "all-neon" else {}
    start = changed(changes)
    most = Solved(policy, Parameters.of(start)).limits.max_packets_per_s[0]
    near = changed(changes, softirq__interrupts_per_s=float(most * (1 - 1e-6)))
    load = near.softirq.interrupts_per_s / most
    assert load == pytest.approx(1 - 1e-6, abs=1e-12)
    compare(name, near, 1e-8, 1e-8)


APART = {
    "seldom away": {"vcpu.residency_us": 1e9, "vcpu.first_fp_us": 1.0, "vcpu.out_us": 1.0},
    "seldom FP": {"vcpu.first_fp_us": 1e10, "vcpu.run_loop_us": 1.0, "vcpu.guest_run_us": 5.0},
    "seldom in": {"vcpu.out_us": 1e10, "vcpu.run_loop_us": 0.5},
    "FP all the time": {"vcpu.first_fp_us": 1e-4, "vcpu.residency_us": 1e5},
    "no interrupts to speak of": {"softirq.interrupts_per_s": 1e-4, "vcpu.first_fp_us": 0.1},
}


@EACH
@pytest.mark.parametrize("world", APART)
def test_rates_a_thousand_million_apart_keep_ten_digits(name, world):
    compare(name, changed(APART[world]), 1e-10, 1e-10)


@pytest.mark.parametrize("apart", [1.0, 1e-4, 1e-9, 1e-14])
def test_a_birth_death_chain_keeps_every_entry(apart):
    """Its law is known: each entry is the one before times birth over death."""
    n, birth = 12, apart
    flow = np.zeros((2, n, n))
    for s in range(n - 1):
        flow[:, s + 1, s] = birth * (1.0 + s)
        flow[:, s, s + 1] = 2.0 + s * s
    ratio = np.array([birth * (1.0 + s) / (2.0 + s * s) for s in range(n - 1)])
    law = np.append(1.0, ratio.cumprod())
    law /= law.sum()
    found = stationary(flow)
    assert found.shape == (2, n)
    assert np.allclose(found[0], law, rtol=1e-13 if apart < 1e-3 else 1e-9, atol=1e-300)
    assert (found[0] == found[1]).all()


@pytest.mark.parametrize("apart", [1.0, 1e9])
def test_states_that_are_left_for_good_have_no_share(apart):
    flow = np.zeros((1, 4, 4))
    flow[0, 1, 0] = flow[0, 3, 1] = apart  # 0 to 1 to 3, which is where 2 comes back to
    flow[0, 2, 3], flow[0, 3, 2] = 1.0, 3.0
    assert stationary(flow)[0] == pytest.approx([0.0, 0.0, 0.25, 0.75], abs=1e-14)
