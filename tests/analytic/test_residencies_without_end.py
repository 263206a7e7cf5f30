"""Residencies that hardly ever end: what is known of them in the limit.

Such a residency's length T is exponential.  Of its wall time and that of the busy period at its
put, with load ρ, all else is nothing: so many puts a second as T / (1 - ρ) says.  What came at u
waits T - (1 - ρ) u, what comes v into the busy period ρ T - (1 - ρ) v: together all that lies
between 0 and T, evenly, so that the sojourn is exponential too, of mean E[T].
"""

from __future__ import annotations

import math

import pytest

import fpsimd_model as fm

from .worlds import changed

LONG = {
    "preempted but for 1e-6": {"vcpu.preempted_share": 1.0 - 1e-6, "vcpu.user_exit_share": 0.0},
    "preempted but for 1e-9": {"vcpu.preempted_share": 1.0 - 1e-9, "vcpu.user_exit_share": 0.0},
    "preempted but for 1e-12": {"vcpu.preempted_share": 1.0 - 1e-12, "vcpu.user_exit_share": 0.0},
    "puts at 1e-9 of exits": {
        "vcpu.preempted_share": 1.0, "vcpu.user_exit_share": 0.0, "vcpu.exit_put_share": 1e-9,
    },
    "puts at 1e-15 of exits": {
        "vcpu.preempted_share": 1.0, "vcpu.user_exit_share": 0.0, "vcpu.exit_put_share": 1e-15,
    },
    "a fortnight": {"vcpu.residency_us": 1e12},
    "thirty years": {"vcpu.residency_us": 1e15},
}  # fmt: skip
BURSTS = {
    "shape": "mmpp", "rate1_per_s": 2e4, "rate2_per_s": 1e3, "mean1_us": 200.0, "mean2_us": 800.0,
}  # fmt: skip
OTHERS = {"softirq.other_interrupts_per_s": 1e3}
SHAPED = {"vcpu.first_fp_us": {"mean": 500.0, "shape": "gamma", "cv2": 0.3}}
MANY = {**SHAPED, "vcpu.run_loop_us": {"mean": 3.0, "shape": "gamma", "cv2": 0.1}}
STAYS = {"vcpu.guest_run_us": {"mean": 50.0, "shape": "gamma", "cv2": 3.0}}
KINDS = {
    "poisson": {},
    "others": OTHERS,
    "bursts": {"softirq.interrupts_per_s": BURSTS},
    "bursts and others": {"softirq.interrupts_per_s": BURSTS, **OTHERS},
    "shaped": SHAPED,
    "shaped and others": STAYS | OTHERS,
    "many phases": MANY,
}
EACH = pytest.mark.parametrize("long", LONG)


def of(long: str, kind: str, policy: str) -> tuple[fm.Scenario, fm.Result]:
    scenario = changed({"softirq.softirq_budget_us": 0.0, **LONG[long], **KINDS[kind]})
    (found,) = fm.evaluate(scenario, [policy])
    return scenario, found


@EACH
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_held_waits_for_an_exponential_residency(long, kind):
    scenario, found = of(long, kind, "softirqs-off")
    load = scenario.offered_packets_per_s * scenario.simd_packet_s
    others = scenario.softirq.other_interrupts_per_s * scenario.softirq.other_interrupt_ns * 1e-9
    load /= 1.0 - others
    long_s = (1.0 - load) / found["puts_per_s"]
    near = {"rel": 1e-9 + 20.0 * scenario.vcpu.out_us.mean_us * 1e-6 / long_s}
    for mean in ("softirq_held_mean_us", "sojourn_mean_us", "resched_delay_mean_us"):
        if found[mean] or scenario.vcpu.preempted_share > 0.0:
            assert found[mean] * 1e-6 == pytest.approx(long_s, **near), mean
    if "too many phases" in found.reason:
        return
    near["rel"] += 1e-6
    for name, share in (("p50", 0.5), ("p99", 0.01), ("p999", 0.001)):
        far = found[f"sojourn_{name}_us"] * 1e-6
        assert far == pytest.approx(-long_s * math.log(share), **near), name


SHORT = {
    "a masked operation long": {"vcpu.residency_us": 1.5e-8},
    "in slow bursts": {
        "vcpu.residency_us": 6.7e-6,
        "vcpu.out_us": 1.8e6,
        "softirq.interrupts_per_s": {
            "shape": "mmpp", "rate1_per_s": 0.021, "rate2_per_s": 0.02,
            "mean1_us": 5e10, "mean2_us": 5e10,
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("world", {**{long: LONG[long] for long in LONG}, **SHORT})
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_negative(world, kind):
    scenario = changed({**KINDS[kind], **(LONG | SHORT)[world]})
    for found in fm.evaluate(scenario):
        for name, value in found.metrics.items():
            assert value is None or value >= 0.0 or name == "saving", (found.policy, name)


@pytest.mark.parametrize("kind", ["poisson", "bursts"])
def test_what_is_held_by_masked_work_alone_has_a_limit(kind):
    """A residency without thread time is its load and its put; a little of it changes little."""
    held = [
        fm.evaluate(changed({**KINDS[kind], "vcpu.residency_us": us}), ["softirqs-off"])[0]
        for us in (1e-9, 1e-7, 1e-5)
    ]
    none, few, some = (found["softirq_held_mean_us"] for found in held)
    assert some - none == pytest.approx(100.0 * (few - none), rel=0.05)
    assert 0.0 < few - none < 1e-5 * none
