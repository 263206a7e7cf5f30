"""Percentiles and survival functions of the policies, from scenario to answer."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic import evaluate, sojourn_survival
from fpsimd_model.analytic.chain import solve
from fpsimd_model.automaton import automaton
from fpsimd_model.errors import InputError
from fpsimd_model.parameters import Parameters

PERCENTILES = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.99, "sojourn_p999_us": 0.999}
SCENARIOS = {
    "reference": {},
    "busy": {"softirq.interrupts_per_s": 500_000.0, "crypto.slowdown": 1.1},
    "batches": {"softirq.packets_per_interrupt": 4.0, "softirq.interrupts_per_s": 5000.0},
    "fixed batches": {
        "softirq.packets_per_interrupt": {"mean": 3, "shape": "fixed"},
        "softirq.interrupts_per_s": 5000.0,
    },
    "exponential": {"softirq.service": "exponential"},
    "timer": {"softirq.other_interrupts_per_s": 1000.0},
    "short residencies": {"vcpu.residency_us": 10.0, "vcpu.out_us": 20.0},
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_percentile_is_where_the_survival_function_passes_it(name):
    scenario = fm.Scenario().replace(SCENARIOS[name])
    for result in evaluate(scenario, policies.ALL):
        assert result.status == "ok"
        times = np.array([result[metric] for metric in PERCENTILES])
        before, after = (
            sojourn_survival(scenario, result.policy, times * (1 + step))[0]
            for step in (-1e-7, 1e-7)
        )
        wanted = 1 - np.array(list(PERCENTILES.values()))
        assert (after <= wanted * (1 + 1e-6)).all(), result.policy
        assert (before >= wanted * (1 - 1e-6)).all(), result.policy


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_survival_function_has_the_mean_of_the_metric(name):
    scenario = fm.Scenario().replace(SCENARIOS[name])
    for result in evaluate(scenario, policies.ALL):
        mean, far = result["sojourn_mean_us"], result["sojourn_p999_us"]
        edges = np.concatenate([np.linspace(0.0, far, 4001), np.geomspace(far, 60 * far, 800)[1:]])
        middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        values = sojourn_survival(scenario, result.policy, middle)[0]
        assert values @ width == pytest.approx(mean, rel=1e-3), result.policy


def test_survival_starts_at_one_and_says_where_there_is_none():
    rows = sojourn_survival(fm.Scenario(), None, [0.0, 1.0, 1e6])
    assert rows.shape == (16, 3)
    assert (rows[:, 0] == 1.0).all()
    assert (rows[:, 2] < 1e-9).all()
    none = fm.Scenario().replace({"softirq.interrupts_per_s": 0.0})
    assert np.isnan(sojourn_survival(none, "tracked", [1.0])).all()
    slow = fm.Scenario().replace({"softirq.interrupts_per_s": 100_000.0})
    rows = sojourn_survival(slow, ["tracked", "busy-flag-live"], [2.0])
    assert np.isfinite(rows[0]).all()
    assert np.isnan(rows[1]).all()


@pytest.mark.parametrize("times", [[-1.0], [[1.0]], [float("nan")], [float("inf")]])
def test_times_that_are_none_are_refused(times):
    with pytest.raises(InputError, match="t_us"):
        sojourn_survival(fm.Scenario(), "tracked", times)


@pytest.mark.parametrize("short", [1e-3, 1e-6, 1e-8])
@pytest.mark.parametrize("service", ["deterministic", "exponential"])
def test_near_saturation_the_mean_keeps_its_digits(short, service):
    """Wait, set-up and service of each busy period once more in fifty digits."""
    one = fm.Scenario().replace({"softirq.service": service, "crypto.slowdown": 1.0})
    rate = (1 - short) / one.simd_packet_s
    scenario = one.replace({"softirq.interrupts_per_s": rate})
    policy = policies.get("tracked")
    p = Parameters.of(scenario)
    flows = solve(automaton(policy, False, frozenset({"other", "other_softirq"})), p)
    with mp.workdps(50):
        lam, cv2 = mp.mpf(float(p.interrupt_rate[0])), mp.mpf(float(p.service_cv2[0]))
        top = bottom = mp.mpf(0)
        for k in range(len(flows.period_state)):
            s, d, w = (
                mp.mpf(float(column[0, k]))
                for column in (flows.periods.service, flows.periods.setup, flows.periods.waited)
            )
            start = mp.mpf(float(flows.period_flow[0, k]))
            rest, rest2 = mp.mpf(0), mp.mpf(0)
            if w:
                caught = -mp.expm1(-lam * w)
                rest = w / caught - 1 / lam
                rest2 = w * w / caught - 2 * rest / lam
            first, second = d + rest, d * d + 2 * d * rest + rest2
            idle = 1 - lam * s
            wait = lam * s * s * (1 + cv2) / (2 * idle)
            wait += (2 * first + lam * second) / (2 * (1 + lam * first))
            packets = start * (1 + lam * first) / idle
            top, bottom = top + packets * (wait + s), bottom + packets
        exact = float(top / bottom * 10**6)
    found = evaluate(scenario, [policy])[0]["sojourn_mean_us"]
    # The rate itself is rounded: that alone moves 1 - load by 1e-16 / short.
    assert found == pytest.approx(exact, rel=1e-14 / short if short < 1e-6 else 1e-8)


@pytest.mark.parametrize("short", [1e-3, 1e-6])
def test_near_saturation_percentiles_are_those_of_the_exponential_limit(short):
    """Kingman (1961): in heavy traffic a sojourn over its mean is exponential."""
    one = fm.Scenario().replace({"crypto.slowdown": 1.0})
    scenario = one.replace({"softirq.interrupts_per_s": (1 - short) / one.simd_packet_s})
    result = evaluate(scenario, [policies.get("tracked")])[0]
    assert result["sojourn_p99_us"] == pytest.approx(
        result["sojourn_mean_us"] * np.log(100.0), rel=5 * short
    )
