"""Known parameters come back out of made-up recordings, within intervals of 95%."""

from __future__ import annotations

import io

import numpy as np
import pytest

from fpsimd_model.calibration import calibrate, predict
from fpsimd_model.durations import Duration
from fpsimd_model.engines import evaluate
from fpsimd_model.scenario import Batch, Mmpp, Scenario

from .machine import Machine, record, text

SEEDS = 100
TRUTH = {
    "vcpu.residency_us": 2000.0,
    "vcpu.out_us": 300.0,
    "vcpu.run_loop_us": 5.0,
    "vcpu.guest_run_us": 200.0,
    "vcpu.first_fp_us": 150.0,
    "vcpu.user_exit_share": 0.5,
    "vcpu.preempted_share": 0.3,
    "softirq.interrupts_per_s": 1000.0,
    "softirq.other_interrupts_per_s": 300.0,
    "softirq.other_softirq_share": 0.5,
}


@pytest.fixture(scope="module")
def hits() -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = {key: [] for key in TRUTH}
    for seed in range(SEEDS):
        calibration = calibrate(record(Machine(seconds=0.12), seed))
        for key, true in TRUTH.items():
            value = calibration[key]
            found[key].append(value.low <= true <= value.high)
    return found


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say(hits):
    share = np.mean([hit for column in hits.values() for hit in column])
    assert 0.92 <= share <= 0.985  # 1000 intervals, nearly independent: 0.95 +- 4.4 deviations


@pytest.mark.slow
@pytest.mark.parametrize("key", TRUTH)
def test_each_interval_covers_its_parameter(hits, key):
    # of 100 intervals of 95%, fewer than 86 hit once in 4000 times
    assert sum(hits[key]) >= 86


def constant(value: float):
    return lambda rng: value


def test_shapes_are_told_apart():
    shapes = Machine(
        residency=lambda rng: rng.gamma(4.0, 500.0),
        out=lambda rng: rng.lognormal(5.0, 1.0),
        guest_run=constant(200.0),
        run_loop=lambda rng: rng.exponential(60.0 if rng.random() < 0.1 else 2.0),
        seconds=1.0,
    )
    found = calibrate(record(shapes, 5))
    vcpu = found.scenario.vcpu
    assert vcpu.residency_us.shape == "gamma"
    assert vcpu.residency_us.cv2 == pytest.approx(0.25, rel=0.3)
    assert vcpu.out_us.shape == "lognormal"
    assert vcpu.guest_run_us.shape == "deterministic"
    assert vcpu.guest_run_us.mean_us == pytest.approx(200.0, rel=1e-3)
    assert vcpu.run_loop_us.scv > 2.0
    fitted, seen = found.durations["residency"].quantile_plot()
    assert np.corrcoef(fitted, seen)[0, 1] > 0.99


def test_what_no_shape_fits_is_kept_as_it_is():
    two = Machine(guest_run=lambda rng: 50.0 if rng.random() < 0.5 else 400.0, seconds=0.5)
    found = calibrate(record(two, 1))
    kept = found.scenario.vcpu.guest_run_us
    assert kept.shape == "empirical"
    assert kept.mean_us == pytest.approx(225.0, rel=0.05)
    assert min(kept.samples) == pytest.approx(50.0, rel=0.02)


def test_batches_and_sections():
    found = calibrate(record(Machine(packets=3.0, sections=2, seconds=0.6), 2))
    batch = found["softirq.packets_per_interrupt"]
    assert batch.low <= 3.0 <= batch.high
    assert found["crypto.neon_sections_per_packet"].value == 2
    told = calibrate(found.recording, sections=1)
    assert told["softirq.packets_per_interrupt"].value == pytest.approx(2 * batch.value, rel=1e-3)


def test_batches_of_one_size_need_the_sections_to_be_known():
    # six sections an interrupt are one packet of six, unless somebody knows that they are three
    recording = record(Machine(packets=1.0, sections=6, seconds=0.4), 2)
    assert calibrate(recording)["crypto.neon_sections_per_packet"].value == 6
    known = calibrate(recording, sections=2)
    assert known.scenario.softirq.packets_per_interrupt == Batch(3)


def test_bursts_are_an_mmpp_and_plain_traffic_is_not():
    bursts = calibrate(record(Machine(phases=(8000.0, 200.0, 3000.0, 9000.0), seconds=1.0), 3))
    rate = bursts.scenario.softirq.interrupts_per_s
    assert isinstance(rate, Mmpp)
    quick, slow = sorted((rate.rate1_per_s, rate.rate2_per_s), reverse=True)
    assert quick == pytest.approx(8000.0, rel=0.15)
    assert slow == pytest.approx(200.0, rel=0.5)
    # the figure's curve and quantiles are those of the MMPP, with the mean of the gaps
    fit = bursts.arrivals
    assert fit.distance > 0.3
    assert fit.distance_of_fit < 0.04
    assert "from the MMPP's" in bursts["softirq.interrupts_per_s"].how
    t = np.linspace(0.0, 100.0 * fit.gaps_us.mean(), 1_000_001)
    assert np.trapezoid(fit.survival(t), t) == pytest.approx(fit.gaps_us.mean(), rel=1e-3)
    p = np.array([0.1, 0.5, 0.9])
    assert fit.survival(fit.quantile(p)) == pytest.approx(1.0 - p, abs=1e-3)
    assert bursts.analytic == bursts.scenario
    # taken as Poisson of the same mean, the formula was 45% off
    for engine in ("analytic", "simulated"):
        assert abs(predict(bursts, seconds=100.0).off(engine)["guest_saves"]) < 0.05
    plain = calibrate(record(Machine(seconds=0.3), 3))
    assert isinstance(plain.scenario.softirq.interrupts_per_s, float)


@pytest.mark.parametrize("digits", [6, 9])
def test_a_clock_of_microseconds_does_for_means(digits):
    found = calibrate(record(Machine(seconds=0.3, digits=digits), 4))
    for key in ("vcpu.run_loop_us", "vcpu.guest_run_us"):
        assert found[key].low <= TRUTH[key] <= found[key].high


def test_x86_recordings_have_no_window_and_the_same_values():
    # the loop begins at the exit there: no event tells them apart
    found = calibrate(record(Machine(x86=True, seconds=0.6), 4))
    for key in ("vcpu.residency_us", "vcpu.out_us", "vcpu.guest_run_us", "vcpu.preempted_share",
                "vcpu.user_exit_share", "softirq.interrupts_per_s"):  # fmt: skip
        assert found[key].low <= TRUTH[key] <= found[key].high, key
    # interrupts without a softirq never say when they return: they count as run loop
    assert 5.0 <= found["vcpu.run_loop_us"].value < 6.0


def test_saves_tell_of_fp_use_where_binds_are_not_recorded():
    lines = [line for line in text(Machine(seconds=1.0), 4).splitlines() if "fp_bind" not in line]
    value = calibrate(io.BytesIO("\n".join(lines).encode() + b"\n"))["vcpu.first_fp_us"]
    assert value.seen
    assert value.low <= TRUTH["vcpu.first_fp_us"] <= value.high


SPARSE = {
    "residency": 100_000.0, "out": 50.0, "guest_run": 1e7, "user_share": 0.0,
    "preempted_share": 1.0, "crypto_per_s": 900.0, "other_per_s": 300.0, "seconds": 2.0,
}  # fmt: skip


def test_periodic_fp_use_is_recognised_and_predicted():
    found = calibrate(record(Machine(fp_gap=constant(2000.0), **SPARSE), 3))
    gap = found.scenario.vcpu.first_fp_us
    assert gap.shape == "deterministic"
    value = found["vcpu.first_fp_us"]
    assert value.low <= 2000.0 <= value.high
    # the formula takes the shape itself
    assert found.analytic == found.scenario
    prediction = predict(found, seconds=200.0)
    for engine in ("analytic", "simulated"):
        assert abs(prediction.off(engine)["guest_saves"]) < 0.04
    # the share of softirqs that find the state live, which exponential gaps get wrong by a fifth
    softirqs = found.arrivals.busy
    live = prediction.kernel["guest_saves"] / softirqs
    assert 0.45 < live < 0.49
    assert prediction.analytic["guest_saves"] / softirqs == pytest.approx(live, abs=0.02)
    plain = found.scenario.replace({"vcpu.first_fp_us": Duration(gap.mean_us)})
    wrong = evaluate(plain, [prediction.policy])[0]["guest_saves_per_s"] * prediction.seconds
    assert wrong / softirqs < live - 0.08


def test_periodic_fp_use_under_bursts_is_predicted_too():
    # under MMPP arrivals the formula is exponential: of the same mean it would be 13% off
    phases = (3000.0, 100.0, 20_000.0, 20_000.0)
    found = calibrate(record(Machine(**SPARSE | {"phases": phases, "fp_gap": constant(2000.0)}), 3))
    gap, taken = found.scenario.vcpu.first_fp_us, found.analytic.vcpu.first_fp_us
    assert (gap.shape, taken.shape) == ("deterministic", "exponential")
    assert taken.mean_us < 0.9 * gap.mean_us
    prediction = predict(found, seconds=200.0)
    for engine in ("analytic", "simulated"):
        assert abs(prediction.off(engine)["guest_saves"]) < 0.08
    assert any("which give as many runs with FP" in note for note in prediction.notes)


def test_exponential_fp_use_stays_exponential():
    found = calibrate(record(Machine(fp_gap=2000.0, **SPARSE), 3))
    value = found["vcpu.first_fp_us"]
    assert value.shape == "exponential"
    assert value.low <= 2000.0 <= value.high


def test_own_exits_end_residencies_to_user_space_or_to_wait():
    machine = Machine(exit_put_share=0.3, guest_run=500.0, residency=3000.0, user_share=0.3,
                      preempted_share=0.5, seconds=0.8)  # fmt: skip
    found = calibrate(record(machine, 6))
    truth = {"vcpu.exit_put_share": 0.3, "vcpu.preempted_share": 0.5, "vcpu.residency_us": 3000.0,
             "vcpu.user_exit_share": 0.3, "vcpu.guest_run_us": 500.0}  # fmt: skip
    for key, true in truth.items():
        assert found[key].low <= true <= found[key].high, key


def test_durations_are_kept_as_recorded_on_request(tmp_path):
    recording = record(Machine(guest_run=constant(200.0), seconds=0.4), 1)
    fitted, found = calibrate(recording), calibrate(recording, durations="recorded")
    assert fitted.scenario.vcpu.residency_us.shape == "exponential"
    assert fitted.scenario.vcpu.guest_run_us.shape == "deterministic"
    for name in ("residency", "out", "run_loop", "guest_run"):
        key, fit = f"vcpu.{name}_us", found.durations[name]
        assert fit.duration.shape == found[key].shape == "empirical"
        assert len(fit.duration.samples) == len(fit.sample.whole)
        assert found[key].how.startswith("kept as recorded, as asked for")
        # mean, interval and sample size are those of the fit
        assert found[key].value == pytest.approx(fitted[key].value, rel=1e-5)
        assert (found[key].low, found[key].number) == (fitted[key].low, fitted[key].number)
    paths = found.save(tmp_path / "kept.toml")
    assert len(paths) == 5
    again = Scenario.load(paths[0]).vcpu.guest_run_us
    assert again.mean_us == pytest.approx(200.0, rel=1e-3)


def test_durations_most_of_which_are_cut_are_not_kept():
    found = calibrate(
        record(Machine(exit_put_share=0.9, seconds=0.3), 1), durations="recorded"
    )  # fmt: skip
    assert found.scenario.vcpu.residency_us.samples is None
    assert found.scenario.vcpu.guest_run_us.samples is not None
    assert any(note.startswith("residency_us: fitted, not kept") for note in found.notes)


@pytest.mark.parametrize("arrivals", ["fitted", "recorded"])
def test_every_number_that_is_seen_has_a_sample_size_and_an_interval(arrivals):
    found = calibrate(record(Machine(seconds=0.3), 2), arrivals=arrivals)
    for key, value in found.values.items():
        if not value.seen:
            assert value.how.startswith("not in the trace, kept from reference: "), key
            continue
        assert value.number > 0 or value.value == 0.0, key
        if isinstance(value.value, str):
            assert "95%" in value.how, key
        else:
            assert value.low <= value.value <= value.high, key
