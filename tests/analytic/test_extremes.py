"""Scenarios far from any machine: a number or a reason, and never a warning."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic import evaluate

from .test_properties import endings, or_zero, spread

SHARES = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.99, "sojourn_p999_us": 0.999}
CYCLES = ("save", "restore", "trap", "trap_c", "exit", "entry")


@st.composite
def extremes(draw):
    changes = {
        "vcpu.residency_us": draw(spread(0.1, 1e7)),
        "vcpu.out_us": draw(spread(0.01, 1e7)),
        "vcpu.run_loop_us": draw(spread(1e-3, 1e5)),
        "vcpu.guest_run_us": draw(spread(0.01, 1e7)),
        "vcpu.first_fp_us": draw(spread(1e-3, 1e8)),
        "vcpu.exit_put_share": draw(st.sampled_from([0.0, 0.3, 1.0])),
        "vcpu.task_neon_per_s": draw(or_zero(spread(1e-3, 1e6))),
        "softirq.packets_per_interrupt": draw(
            st.sampled_from([1.0, 1.5, 32.0, 300.0, {"mean": 5, "shape": "fixed"}])
        ),
        "softirq.stack_ns": draw(or_zero(spread(1e-3, 1e5))),
        "softirq.service": draw(st.sampled_from(["deterministic", "exponential"])),
        "softirq.delay_limit_us": draw(or_zero(spread(1e-3, 1e7))),
        "crypto.simd_cycles_per_byte": 0.0,
        "crypto.overhead_ns": draw(spread(1e-3, 1e5)),
        "crypto.slowdown": draw(st.sampled_from([1.0, 20.0, 1000.0])),
        "crypto.neon_sections_per_packet": draw(st.sampled_from([1, 20])),
        "machine.clock_ghz": draw(spread(0.01, 10.0)),
        **{f"machine.{key}_cycles": draw(or_zero(spread(1.0, 1e5))) for key in CYCLES},
        **draw(endings()),
    }
    stop_ns = draw(spread(10.0, 1e5))
    taken = draw(st.sampled_from([0.0, 0.01, 0.5]))
    changes["softirq.other_interrupt_ns"] = stop_ns
    changes["softirq.other_interrupts_per_s"] = min(1e9 * taken / stop_ns, 1e6)
    scenario = fm.Scenario().replace(changes)
    work = scenario.softirq.batch_mean * draw(
        st.sampled_from([scenario.simd_packet_s, scenario.scalar_packet_s])
    )
    rate = min(draw(spread(1e-6, 0.95)) * (1.0 - taken) / work, 2e6)
    if draw(st.booleans()):
        return scenario.replace({"softirq.interrupts_per_s": rate})
    one, other = draw(spread(10.0, 1e5)), draw(spread(10.0, 1e5))
    low = draw(st.sampled_from([0.0, 0.1]))
    high = rate * (one + other) / (one + low * other)
    table = {"shape": "mmpp", "rate1_per_s": high, "rate2_per_s": low * high}
    table |= {"mean1_us": one, "mean2_us": other}
    return scenario.replace({"softirq.interrupts_per_s": table})


@given(extremes(), st.sampled_from([p.name for p in policies.ALL]))
@settings(max_examples=60, deadline=None)
def test_extreme_scenarios_have_numbers_or_a_reason(scenario, policy):
    (result,) = evaluate(scenario, [policies.get(policy)])
    values = [v for v in result.metrics.values() if v is not None]
    assert np.isfinite(values).all()
    if result.status != "ok" or not result["packets_per_s"]:
        assert result.status == "ok" or result.reason
        return
    times = [result[name] for name in SHARES]
    if None in times:
        assert "percentiles" in result.reason
        return
    mean, last = result["sojourn_mean_us"], 0.0
    for time, share in zip(times, SHARES.values(), strict=True):
        assert last <= time * (1 + 1e-6)
        assert time * (1 - share) <= mean * (1 + 1e-3)  # Markov
        last = time
    assert mean >= 1e6 * scenario.simd_packet_s * (1 - 1e-9)
    assert 0.0 <= result["delayed_share"] <= 1.0


@pytest.mark.parametrize("policy", policies.ALL, ids=lambda p: p.name)
def test_nanoseconds_of_crypto_and_millions_of_interrupts(policy):
    changes = {"crypto.simd_cycles_per_byte": 0.0, "crypto.overhead_ns": 1.0}
    changes |= {"softirq.stack_ns": 0.0, "softirq.interrupts_per_s": 2e6}
    (result,) = evaluate(fm.Scenario().replace(changes), [policy])
    assert result.status == "ok"
    assert math.isfinite(result["sojourn_p999_us"])


def test_no_packet_takes_no_time():
    (result,) = evaluate(
        fm.Scenario().replace({"softirq.delay_limit_us": 0.0}), [policies.get("tracked")]
    )
    assert result["delayed_share"] == 1.0


def test_a_thousand_stops_in_one_service():
    """Work that is stopped so often only takes longer: nearly exponential, as without stops."""
    changes = {
        "softirq.interrupts_per_s": 0.006,
        "softirq.packets_per_interrupt": 300.0,
        "softirq.stack_ns": 744.0,
        "softirq.service": "exponential",
        "softirq.other_interrupt_ns": 10.0,
        "softirq.delay_limit_us": 744.0,
        "crypto.slowdown": 1.0,
    }
    plain = fm.Scenario().replace(changes)
    stopped = plain.replace({"softirq.other_interrupts_per_s": 1e6})
    (one,), (other,) = (evaluate(s, [policies.get("tracked")]) for s in (plain, stopped))
    for name in ("sojourn_mean_us", *SHARES):
        assert other[name] == pytest.approx(one[name] / 0.99, rel=1e-3)
