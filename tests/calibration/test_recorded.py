"""The three recorded traces: what is read out of them, and whether the model predicts them."""

from __future__ import annotations

import pytest

from fpsimd_model.calibration import calibrate, predict
from fpsimd_model.calibration.calibration import Calibration
from fpsimd_model.resources import data_path

NAMES = ("busy-ipsec", "busy-plain", "mmio-ipsec")
MOVES = ("host_saves", "host_restores", "guest_saves", "guest_restores")


@pytest.fixture(scope="module", params=NAMES)
def found(request) -> Calibration:
    return calibrate(data_path("traces", f"k61-vhe-{request.param}.txt.gz"))


@pytest.fixture(scope="module")
def mmio() -> Calibration:
    return calibrate(data_path("traces", "k61-vhe-mmio-ipsec.txt.gz"))


def test_both_engines_predict_the_kernels_own_moves_within_ten_percent(found):
    prediction = predict(found, seconds=100.0)
    assert prediction.policy == "tracked-save-at-load"
    for name in MOVES:
        kernel = prediction.kernel[name]
        for said in (prediction.analytic[name], prediction.simulated[name]):
            assert abs(said - kernel) <= max(0.1 * kernel, 0.5), (name, kernel, said)
        # what the ends of a trace cut off, and no more
        assert abs(prediction.replayed[name] - kernel) <= 1


def test_all_of_the_time_is_accounted_for(found):
    s = found.seen
    known = (s.episodes.end - s.episodes.start)[s.episodes.end > 0]
    time = s.guest_us + s.loop_us + s.out_time_us + known.sum()
    # the rest is exits and entries of a traced kernel, a microsecond or two each
    assert 0.0 <= s.span_us - time <= 4.0 * s.exits


def test_mmio_exits_end_residencies_and_go_to_user_space(mmio):
    assert mmio["vcpu.exit_put_share"].value == 1.0
    assert mmio.scenario.user_after_own_exit_share == pytest.approx(1.0, abs=1e-5)
    assert 540.0 < mmio["vcpu.guest_run_us"].value < 650.0
    assert mmio.seen.own_exits == 3074


def test_gcm_takes_two_sections_and_traffic_is_poisson(mmio):
    assert mmio["crypto.neon_sections_per_packet"].value == 2
    rate, batch = mmio["softirq.interrupts_per_s"], mmio["softirq.packets_per_interrupt"]
    assert rate.shape == ""
    assert rate.value * batch.value == pytest.approx(1000.0, rel=0.05)


def test_no_kernel_neon_means_no_crypto_and_an_upper_bound():
    plain = calibrate(data_path("traces", "k61-vhe-busy-plain.txt.gz"))
    rate = plain["softirq.interrupts_per_s"]
    assert (rate.value, rate.seen) == (0.0, True)
    assert 0.0 < rate.high < 5.0
    assert plain["softirq.other_interrupts_per_s"].value > 1000.0


def test_a_guest_that_never_exits_has_a_lower_bound_only():
    busy = calibrate(data_path("traces", "k61-vhe-busy-ipsec.txt.gz"))
    run = busy["vcpu.guest_run_us"]
    assert run.low == pytest.approx(busy.seen.guest_us / 3.689, rel=1e-3)
    assert run.high == float("inf")
    assert run.low < run.value


def test_costs_stay_at_the_preset_and_are_marked(mmio):
    for key in ("machine.save_cycles", "crypto.slowdown", "crypto.simd_cycles_per_byte"):
        assert not mmio[key].seen
        assert mmio.scenario.source_of(key).startswith("assumed: not in the trace, kept from")
    a57 = calibrate(mmio.recording, "cortex-a57-ipsec")
    assert a57.scenario.machine.exit_cycles != mmio.scenario.machine.exit_cycles
    assert a57["vcpu.residency_us"] == mmio["vcpu.residency_us"]


def test_report_is_a_page_of_ascii(found):
    text = found.report()
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 72
    assert len(text.splitlines()) <= 66


def test_figure_draws_and_says_the_same_in_text(mmio, tmp_path):
    picture = mmio.figure(predict(mmio, seconds=20.0))
    files = picture.export(tmp_path / "cal", ("png", "pdf", "txt"), scenario=mmio.scenario)
    assert all(file.stat().st_size > 2000 for file in files)
    assert "guest saves" in (tmp_path / "cal.txt").read_text()
