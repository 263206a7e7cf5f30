"""Times and sizes that follow from a scenario, against arithmetic by hand."""

from __future__ import annotations

import pytest
from hypothesis import given

from fpsimd_model.scenario import Scenario
from tests.scenario.strategies import scenarios


def test_times_of_the_default_scenario():
    scenario = Scenario()
    assert scenario.simd_crypto_s == pytest.approx(675e-9)  # 1500 bytes x 0.9 cycles at 2 GHz
    assert scenario.scalar_crypto_s == pytest.approx(13.5e-6)
    assert scenario.simd_packet_s == pytest.approx(1.675e-6)
    assert scenario.scalar_packet_s == pytest.approx(14.5e-6)
    assert scenario.offered_packets_per_s == 10_000.0
    assert scenario.simd_load == pytest.approx(0.01675)
    assert scenario.scalar_load == pytest.approx(0.145)
    assert scenario.host_save_s == scenario.guest_save_s == pytest.approx(70.5e-9)
    assert scenario.host_restore_s == scenario.guest_restore_s == pytest.approx(77.5e-9)
    assert scenario.trap_s == pytest.approx(188e-9)
    assert scenario.trap_c_s == pytest.approx(300e-9)
    assert scenario.exit_s == scenario.entry_s == pytest.approx(150e-9)


def test_overhead_is_slowed_down_too():
    scenario = Scenario().replace({"crypto.overhead_ns": 100})
    assert scenario.simd_crypto_s == pytest.approx(775e-9)
    assert scenario.scalar_crypto_s == pytest.approx(20 * 775e-9)


@pytest.mark.parametrize(
    ("bits", "size"), [(128, 520), (256, 1092), (512, 2184), (1024, 4368), (2048, 8736)]
)
def test_size_of_the_guests_state(bits, size):
    scenario = Scenario().replace({"vcpu.vector_bits": bits})
    assert scenario.guest_state_bytes == size
    assert scenario.guest_save_s == pytest.approx(70.5e-9 * size / 520)
    assert scenario.guest_restore_s == pytest.approx(77.5e-9 * size / 520)
    assert scenario.host_save_s == pytest.approx(70.5e-9)


@pytest.mark.parametrize(
    ("user", "preempted", "share"), [(0.3, 0.5, 0.6), (0.0, 1.0, 0.0), (0.3, 0.7, 1.0), (1, 0, 1)]
)
def test_where_puts_at_own_exits_lead(user, preempted, share):
    scenario = Scenario().replace({"vcpu.user_exit_share": user, "vcpu.preempted_share": preempted})
    assert scenario.user_after_own_exit_share == pytest.approx(share)


@given(scenarios)
def test_nothing_is_negative(scenario):
    assert scenario.scalar_crypto_s >= scenario.simd_crypto_s > 0.0
    assert scenario.scalar_load >= scenario.simd_load >= 0.0
    assert 0.0 <= scenario.user_after_own_exit_share <= 1.0
    assert scenario.guest_save_s >= scenario.host_save_s >= 0.0
