"""Scenarios with other values."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fpsimd_model.durations import Duration
from fpsimd_model.errors import InputError
from fpsimd_model.scenario import Batch, Mmpp, Scenario, Vcpu, preset

PHASES = {"shape": "mmpp", "rate1_per_s": 9.0, "rate2_per_s": 1.0, "mean1_us": 1, "mean2_us": 3}


def test_a_number_keeps_the_shape():
    scenario = Scenario().replace(
        {
            "vcpu.out_us": {"mean": 8, "shape": "gamma", "cv2": 0.5},
            "softirq.interrupts_per_s": PHASES,
            "softirq.packets_per_interrupt": Batch(4),
        }
    )
    changed = scenario.replace(
        {
            "vcpu.out_us": 5,
            "softirq.interrupts_per_s": np.float64(6.0),
            "softirq.packets_per_interrupt": np.int64(8),
        }
    )
    assert changed.vcpu.out_us == Duration(5.0, "gamma", 0.5)
    assert changed.softirq.interrupts_per_s == Mmpp(18.0, 2.0, 1.0, 3.0)
    assert changed.softirq.rate_per_s == 6.0
    assert changed.softirq.packets_per_interrupt == Batch(8)
    assert (changed.softirq.batch_mean, changed.softirq.batch_shape) == (8.0, "fixed")
    assert scenario.vcpu.out_us.mean_us == 8.0


def test_plain_numbers_are_poisson_and_geometric():
    scenario = Scenario().replace({"softirq.packets_per_interrupt": {"mean": 3}})
    assert scenario.softirq.packets_per_interrupt == 3.0
    assert (scenario.softirq.batch_mean, scenario.softirq.batch_shape) == (3.0, "geometric")


def test_inner_keys():
    scenario = Scenario().replace({"vcpu.out_us.shape": "gamma", "vcpu.out_us.cv2": 3})
    assert scenario.vcpu.out_us == Duration(1000.0, "gamma", 3.0)
    scenario = scenario.replace({"vcpu.out_us.cv2": 4, "vcpu.out_us": 9})
    assert scenario.vcpu.out_us == Duration(9.0, "gamma", 4.0)
    phases = Scenario().replace({"softirq.interrupts_per_s": PHASES})
    assert phases.replace({"softirq.interrupts_per_s.mean2_us": 9}).softirq.rate_per_s == 1.8


def test_sources_follow():
    scenario = preset("cortex-a57-ipsec")
    changed = scenario.replace({"crypto.slowdown": 3})
    assert changed.source_of("crypto.slowdown") == "set by hand"
    assert changed.sources == {**scenario.sources, "crypto.slowdown": "set by hand"}
    assert Scenario(Vcpu(out_us=3)).source_of("vcpu.out_us") == "set by hand"


def test_machine_and_algorithm():
    scenario = preset("cortex-a57-ipsec")
    moved = scenario.replace({"machine.preset": "cortex-a53"})
    assert moved.machine.clock_ghz == 1.0
    assert moved.crypto.simd_cycles_per_byte == 2.21
    assert moved.replace({"machine.preset": "cortex-a57"}) == scenario
    other = scenario.replace({"crypto.algorithm": "sha-1", "machine.clock_ghz": 3})
    assert other.crypto.simd_cycles_per_byte == 2.35
    assert other.machine.clock_ghz == 3.0
    assert other.algorithm == "sha-1"


def test_costs_set_by_hand_do_not_follow_the_machine():
    scenario = preset("cortex-a57-ipsec").replace({"crypto.slowdown": 3})
    assert scenario.replace({"machine.preset": "cortex-a53"}).crypto == scenario.crypto
    assert Scenario().replace({"machine.preset": "cortex-a53"}).crypto == Scenario().crypto


MISTAKES = {
    ("vcpu.residency", 1): "vcpu.residency: unknown key; "
    "the unit belongs to the name: residency_us",
    ("interrupts_per_s", 1): "interrupts_per_s: unknown key; write softirq.interrupts_per_s",
    ("softirk.interrupts_per_s", 1): "softirk.interrupts_per_s: unknown key; "
    "the nearest known is softirq.interrupts_per_s",
    ("", 1): ": unknown key; write table.key, as vcpu.residency_us",
    ("vcpu.out_us", -1): "[vcpu] out_us: -1 is negative; "
    "a number of microseconds above 0 is wanted",
    ("vcpu.out_us.cv2", 1): "[vcpu] out_us.cv2: the shape exponential has no cv2 to choose; "
    'leave it out, or take shape = "gamma"',
    ("vcpu.out_us.width", 1): '[vcpu] out_us.width: unknown key; one of "mean", "shape", '
    '"cv2", "samples" is wanted',
    ("vcpu.user_exit_share", 0.9): "[vcpu] preempted_share: preempted_share 0.5 and "
    "user_exit_share 0.9 add to 1.4; "
    "shares of one whole, with blocking as the rest, add to 1 at most",
    ("machine.clock_ghz.x", 1): "machine.clock_ghz.x: unknown key; "
    "machine.clock_ghz is a single value",
}


@pytest.mark.parametrize(("change", "message"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_mistakes(change, message):
    with pytest.raises(InputError) as caught:
        Scenario().replace(dict([change]))
    assert str(caught.value) == message


def test_both_shares_change_together():
    scenario = Scenario().replace({"vcpu.user_exit_share": 0.9, "vcpu.preempted_share": 0.1})
    assert scenario.vcpu.preempted_share == 0.1


def test_scenarios_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Scenario().vcpu.vector_bits = 256
    with pytest.raises(dataclasses.FrozenInstanceError):
        Scenario().name = "x"
    with pytest.raises(TypeError):
        Scenario().sources["vcpu.out_us"] = "x"
