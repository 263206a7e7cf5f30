"""The parts of a calibration on their own: intervals, cut durations, bad input, files."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpsimd_model.calibration import calibrate
from fpsimd_model.calibration.durations import fit_duration
from fpsimd_model.calibration.families import FAMILIES
from fpsimd_model.calibration.fpuse import fit_fp
from fpsimd_model.calibration.intervals import mean_of_exponential, poisson, share
from fpsimd_model.calibration.sample import COMPLETE, CUT, LATE, LATE_CUT, Sample
from fpsimd_model.calibration.seen import Runs
from fpsimd_model.calibration.survival import kaplan_meier
from fpsimd_model.errors import InputError
from fpsimd_model.scenario import Scenario

from .machine import Machine, record, text


@given(st.integers(0, 10_000))
def test_poisson_interval_is_garwoods(count):
    from scipy.stats import poisson as distribution

    low, high = poisson(count)
    assert distribution.cdf(count, high) == pytest.approx(0.025, rel=1e-6)
    if count:
        assert distribution.sf(count - 1, low) == pytest.approx(0.025, rel=1e-6)


@given(st.integers(0, 200), st.integers(1, 200))
def test_share_interval_holds_the_share(hits, more):
    low, high = share(hits, hits + more)
    assert 0.0 <= low <= hits / (hits + more) <= high <= 1.0


@settings(deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.floats(0.1, 1e6), st.floats(1.01, 50.0), st.booleans())
def test_families_have_the_mean_and_variation_they_are_asked_for(name, mean, cv2, small):
    family = FAMILIES[name]
    cv2 = 1.0 if family.parameters == 1 else max(cv2 / 50.0 if small else cv2, family.low)
    p = np.array([0.01, 0.3, 0.9])
    assert family.survival(family.quantile(p, mean, cv2), mean, cv2) == pytest.approx(1 - p)
    # E[T] and E[T^2] from the survival function, far into the tail
    t = np.concatenate([[0.0], np.geomspace(mean * 1e-9, mean * 1e6, 20_001)])
    s = family.survival(np.maximum(t, 1e-300), mean, cv2)
    assert np.trapezoid(s, t) == pytest.approx(mean, rel=1e-3)
    assert np.trapezoid(2 * t * s, t) == pytest.approx(mean**2 * (1 + cv2), rel=2e-2)


def sample(us, cut_at=None, resolution=0.0) -> Sample:
    us = np.asarray(us, float)
    if cut_at is None:
        return Sample(us, np.full(len(us), COMPLETE), resolution)
    return Sample(np.minimum(us, cut_at), np.where(us > cut_at, CUT, COMPLETE), resolution)


SHAPES = {
    "exponential": lambda rng, n: rng.exponential(100.0, n),
    "gamma": lambda rng, n: rng.gamma(4.0, 25.0, n),
    "lognormal": lambda rng, n: rng.lognormal(math.log(100.0) - 0.5, 1.0, n),
    "hyperexponential": lambda rng, n: rng.exponential(
        np.where(rng.random(n) < 0.9, 100.0 / 1.8, 100.0 / 0.2)
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cut", [None, 150.0])
def test_shape_and_mean_survive_cutting(shape, cut):
    # a third or more cut: the mean of what is left would be far too small
    inside, right = 0, 0
    for seed in range(12):
        us = SHAPES[shape](np.random.default_rng(seed), 1500)
        fit = fit_duration(sample(us, cut))
        inside += fit.low_us <= 100.0 <= fit.high_us
        right += fit.duration.shape == shape
    assert inside >= 9  # 95% each
    assert right >= 9


def test_cut_and_late_durations_count_as_exposure():
    us, kinds = np.array([5.0, 7.0, 3.0, 4.0]), np.array([COMPLETE, CUT, LATE, LATE_CUT])
    fit = fit_duration(Sample(us, kinds))
    assert fit.duration.mean_us == pytest.approx(19.0 / 2)
    assert (fit.low_us, fit.high_us) == mean_of_exponential(2, 19.0)


def test_nothing_seen_has_no_fit():
    assert fit_duration(Sample(np.empty(0), np.empty(0, int))) is None


def test_kaplan_meier_of_whole_durations_is_their_distribution():
    us = np.random.default_rng(1).exponential(1.0, 200)
    times, after = kaplan_meier(sample(us))
    assert after == pytest.approx(1.0 - np.arange(1, 201) / 200)
    assert (np.diff(times) > 0).all()


def test_a_coarse_clock_does_not_make_a_shape():
    us = np.random.default_rng(2).exponential(3.0, 4000)
    start = np.random.default_rng(3).random(4000)
    read = np.floor(start + us) - np.floor(start)  # as two stamps of whole microseconds tell it
    fit = fit_duration(sample(read, resolution=1.0))
    assert fit.duration.mean_us == pytest.approx(3.0, rel=0.05)
    assert fit.duration.shape == "exponential"


@pytest.mark.parametrize("used", [0, 1])
def test_fp_in_all_runs_or_in_none_gives_a_bound(used):
    runs = Runs(np.full(50, 10.0), np.ones(50, int), np.full(50, used))
    fit = fit_fp(runs)
    if used:
        assert fit.low_us == 0.0
        assert fit.duration.mean_us < fit.high_us < 10.0
        # the bound: at this gap all 50 use FP once in twenty times
        assert (1 - math.exp(-10.0 / fit.high_us)) ** 50 == pytest.approx(0.05)
    else:
        assert fit.high_us == math.inf
        assert fit.low_us == pytest.approx(500.0 / -math.log(0.05))


def test_runs_that_tell_nothing_are_no_evidence():
    assert fit_fp(Runs(np.ones(5), np.full(5, -1), np.full(5, 1))) is None
    assert fit_fp(Runs(np.ones(5), np.ones(5, int), np.full(5, -1))) is None


def test_gaps_cut_what_is_open_and_leave_the_rates_alone():
    lines = text(Machine(seconds=0.4), 1).splitlines()
    for at in range(len(lines) // 3, len(lines), len(lines) // 4):
        lines[at : at + 200] = ["CPU:1 [LOST 200 EVENTS]"]
    found = calibrate(io.BytesIO("\n".join(lines).encode() + b"\n"))
    assert found.recording.gaps >= 2
    assert any("lost" in note for note in found.notes)
    rate = found["softirq.interrupts_per_s"]
    assert rate.low <= 1000.0 <= rate.high
    # the time in the holes is nobody's
    whole = calibrate(record(Machine(seconds=0.4), 1))
    assert found.seen.span_us < whole.seen.span_us


def test_every_prefix_is_calibrated_or_refused():
    lines = text(Machine(seconds=0.01), 3).encode().splitlines(keepends=True)
    for n in range(3, len(lines), 7):
        try:
            found = calibrate(io.BytesIO(b"".join(lines[:n])))
        except InputError:
            continue
        for value in found.values.values():
            if value.seen and value.low is not None and not isinstance(value.value, str):
                assert value.low <= value.value * (1 + 1e-4) + 1e-9, (n, value)
        Scenario.from_toml(found.scenario.to_toml())


def test_scenario_file_comes_back_with_values_and_sources(tmp_path):
    found = calibrate(record(Machine(guest_run=lambda r: r.choice([20.0, 300.0]), seconds=0.3), 1))
    files = found.save(tmp_path / "mine.toml")
    assert sorted(f.name for f in files) == ["mine.guest_run_us.csv", "mine.toml"]
    again = Scenario.load(tmp_path / "mine.toml")
    vcpu, before = again.vcpu, found.scenario.vcpu
    assert vcpu.guest_run_us.mean_us == pytest.approx(before.guest_run_us.mean_us, rel=1e-4)
    assert len(vcpu.guest_run_us.samples) == len(before.guest_run_us.samples)
    assert vcpu.residency_us == before.residency_us
    source = again.source_of("vcpu.residency_us")
    assert source == found.scenario.source_of("vcpu.residency_us")
    assert "95%" in source
    assert "n =" in source


def test_nothing_is_left_behind_where_the_scenario_cannot_be_written(tmp_path):
    found = calibrate(record(Machine(guest_run=lambda r: r.choice([20.0, 300.0]), seconds=0.3), 1))
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError):
        found.save(tmp_path / "there")
    with pytest.raises(InputError):
        found.save(tmp_path / "nowhere" / "mine.toml")
    assert [p.name for p in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize("sections", [0, -1, True, 1001])
def test_sections_out_of_range_are_refused(sections):
    with pytest.raises(InputError, match="sections"):
        calibrate(record(Machine(seconds=0.05), 1), sections=sections)


def test_unknown_preset_and_key_are_refused():
    recording = record(Machine(seconds=0.05), 1)
    with pytest.raises(InputError, match="no known situation"):
        calibrate(recording, "nosuch")
    with pytest.raises(InputError, match="unknown key"):
        calibrate(recording)["vcpu.nosuch"]


def test_without_fp_and_neon_events_those_values_stay_at_the_preset():
    lines = [
        line for line in text(Machine(seconds=0.2), 1).splitlines()
        if not any(word in line for word in ("fp_", "neon", "fpsimd"))
    ]  # fmt: skip
    found = calibrate(io.BytesIO("\n".join(lines).encode() + b"\n"))
    assert not found["vcpu.first_fp_us"].seen
    assert not found["softirq.interrupts_per_s"].seen
    assert found["vcpu.guest_run_us"].seen
    assert any("record fpsimd_bind_state_to_cpu" in note for note in found.notes)


def test_exits_without_reasons_are_told_by_what_follows():
    lines = [line for line in text(Machine(seconds=0.4), 1).splitlines() if "kvm_exit" not in line]
    told = calibrate(record(Machine(seconds=0.4), 1))
    found = calibrate(io.BytesIO("\n".join(lines).encode() + b"\n"))
    assert found.seen.own_exits == pytest.approx(told.seen.own_exits, rel=0.01)
    assert found["vcpu.guest_run_us"].value == pytest.approx(
        told["vcpu.guest_run_us"].value, rel=0.02
    )
