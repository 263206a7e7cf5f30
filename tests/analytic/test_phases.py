"""Durations of phase type: the fits themselves, and the chain that carries their phases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.analytic.phases_clocks import clocks_of
from fpsimd_model.analytic.solved import Solved
from fpsimd_model.durations import Duration, phase_type
from fpsimd_model.errors import InputError
from fpsimd_model.parameters import DURATIONS, Parameters

from .scores import agree
from .worlds import FREE, NEVER_US, changed

EACH = pytest.mark.parametrize("policy", policies.ALL, ids=lambda p: p.name)

means = st.floats(-2.0, 6.0).map(lambda x: 10.0**x)
samples = st.lists(st.floats(0.0, 1e4), min_size=1, max_size=60).filter(lambda x: sum(x) > 1e-3)
durations = st.one_of(
    means.map(Duration),
    means.map(lambda m: Duration(m, "deterministic")),
    st.builds(Duration, means, st.just("gamma"), st.floats(0.005, 30.0)),
    st.builds(Duration, means, st.just("lognormal"), st.floats(0.005, 10.0)),
    st.builds(Duration, means, st.just("hyperexponential"), st.floats(1.001, 50.0)),
    samples.map(Duration.empirical),
)


# Fits -------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(durations, st.integers(2, 64))
def test_a_fit_has_the_moments_that_it_says(duration, order):
    found = phase_type(duration, order)
    assert 1 <= len(found) <= order
    assert found.alpha[0] == 1.0
    assert found.alpha.sum() == 1.0
    assert (found.T.sum(axis=1) <= 1e-9 * abs(found.T.min())).all()
    off = found.T - np.diag(np.diagonal(found.T))
    assert (off >= 0.0).all()
    assert found.mean_us == pytest.approx(duration.mean_us, rel=1e-9)
    assert found.error.cv2 == pytest.approx(found.cv2 - duration.scv, abs=1e-7 * (1 + duration.scv))
    assert 0.0 <= found.error.distance <= 1.0
    least = 1.0 / order
    assert found.cv2 == pytest.approx(max(duration.scv, least), rel=1e-6, abs=1e-8)
    if duration.scv != pytest.approx(least, rel=1e-9):  # there it is a matter of the last digit
        assert (found.matched_moments >= 2) == (duration.scv > least)


@pytest.mark.parametrize("cv2", [1.001, 1.5, 4.0, 25.0])
def test_above_one_three_moments_agree(cv2):
    c = 1.0 + cv2
    third = {
        "gamma": c * (1.0 + 2.0 * cv2),
        "lognormal": c**3,
        "hyperexponential": 3.0 * cv2 * c,  # balanced means: 3/4 (p^-2 + q^-2), p q = 1 / (2 c)
    }
    for shape in ("gamma", "lognormal", "hyperexponential"):
        found = phase_type(Duration(7.0, shape, cv2))
        assert found.matched_moments == 3, shape
        assert abs(found.error.third) < 1e-9
        assert found.moment(3) == pytest.approx(third[shape] * 7.0**3, rel=1e-9)


@pytest.mark.parametrize("order", [1, 2, 3, 7, 50])
def test_a_gamma_of_whole_order_is_an_erlang(order):
    found = phase_type(Duration(3.0, "gamma", 1.0 / order))
    assert len(found) == order
    assert found.exact
    assert found.matched_moments == 3
    rate = order / 3.0
    assert found.T.diagonal() == pytest.approx(-rate, rel=1e-12)
    assert found.done[-1] == pytest.approx(rate, rel=1e-12)
    assert not found.done[:-1].any()


def test_the_distance_is_the_one_between_the_distribution_functions():
    """By hand: all of a fixed time comes at once, where an Erlang of order 2 is half-way."""
    two = phase_type(Duration(1.0, "deterministic"), 2)
    before = 1.0 - 3.0 * math.exp(-2.0)  # Erlang 2 of mean 1 at 1
    assert two.error.distance == pytest.approx(max(before, 1.0 - before), rel=1e-12)
    values = np.linspace(0.005, 1.995, 40)
    found = phase_type(Duration.empirical(values))
    upto = 1.0 - np.array([(found.alpha @ expm(found.T * x)).sum() for x in values])
    step = np.arange(41) / 40
    far = max(abs(upto - step[1:]).max(), abs(upto - step[:-1]).max())
    assert found.error.distance == pytest.approx(far, rel=1e-9)


def test_moments_out_of_reach_are_come_near_to_and_that_is_said():
    coin = phase_type(Duration.empirical([0.0, 0.0, 0.0, 1.0]))
    assert coin.matched_moments == 2
    assert coin.error.third > 0.1


@pytest.mark.parametrize("order", [1, 0, -3, 2.5])
def test_an_order_that_is_none_is_refused(order):
    with pytest.raises(InputError, match=r"order .*2 or more"):
        phase_type(Duration(1.0, "deterministic"), order)


# The chain --------------------------------------------------------------------------------------

BASE = {
    "vcpu.residency_us": 300.0,
    "vcpu.out_us": 100.0,
    "vcpu.run_loop_us": 5.0,
    "vcpu.guest_run_us": 50.0,
    "vcpu.first_fp_us": 60.0,
    "vcpu.exit_put_share": 0.1,
    "softirq.interrupts_per_s": 8000.0,
    "crypto.slowdown": 4.0,
}


def shaped(shape: str, cv2: float | None = None, *, clocks=DURATIONS) -> dict:
    extra = {} if cv2 is None else {"cv2": cv2}
    return {f"vcpu.{c}": {"mean": BASE[f"vcpu.{c}"], "shape": shape, **extra} for c in clocks}


def metrics(policy, scenario) -> dict:
    return Solved(policy, Parameters.of(scenario)).metrics


def same(found, wanted, rel) -> None:
    for name, value in wanted.items():
        if math.isnan(value):
            assert math.isnan(found[name]), name
        else:
            assert found[name] == pytest.approx(value, rel=rel, abs=1e-12), name


@EACH
def test_one_phase_is_an_exponential(policy):
    """A gamma of cv² 1 goes the way of phases, the exponential does not."""
    others = {"softirq.other_interrupts_per_s": 2e4}
    for changes in ({}, others):
        plain = changed(BASE | changes)
        same(
            metrics(policy, plain.replace(shaped("gamma", 1.0))), metrics(policy, plain), rel=1e-12
        )


@EACH
def test_phases_that_make_an_exponential_change_nothing(policy, monkeypatch):
    """Two phases of the same exponential: the second as long as the first, and as often the last.

    So large a chain that it is solved sparse.
    """
    from fpsimd_model.analytic import phases_clocks

    plain = changed(BASE, softirq__other_interrupts_per_s=2e4)
    wanted = metrics(policy, plain)

    def split(durations):
        fits = [phase_type(Duration(one.mean_us, "gamma", 0.5)) for one in durations]
        for one, fit in zip(durations, fits, strict=True):
            rate = 1.0 / one.mean_us
            fit.T[:] = [[-rate - 0.3, 0.3], [0.0, -rate]]
        return tuple(fits)

    monkeypatch.setattr(phases_clocks, "fits_of", split)
    found = metrics(policy, plain.replace(shaped("gamma", 0.5)))
    same(found, wanted, rel=1e-9)


def test_a_guest_that_uses_fp_every_two_milliseconds_has_its_state_live_more_often():
    """Softirqs about every millisecond: at least one in 1 - exp(-2) of the gaps; docs/model.md."""
    alone = FREE | {
        "vcpu.residency_us": NEVER_US,
        "vcpu.guest_run_us": NEVER_US,
        "vcpu.run_loop_us": 1e-6,
        "vcpu.user_exit_share": 0.0,
        "vcpu.preempted_share": 0.0,
        "softirq.interrupts_per_s": 1000.0,
    }
    tracked = policies.select(["tracked"])[0]
    live = {}
    for shape in ("exponential", "deterministic"):
        gap = {"vcpu.first_fp_us": {"mean": 2000.0, "shape": shape}}
        found = metrics(tracked, changed(alone | gap))
        live[shape] = found["guest_saves_per_s"] / found["packets_per_s"]
    assert live["exponential"] == pytest.approx(1.0 / 3.0, rel=2e-3)
    order = len(phase_type(Duration(2000.0, "deterministic")))
    erlang = 0.5 * (1.0 - (order / (order + 2.0)) ** order)
    assert live["deterministic"] == pytest.approx(erlang, rel=2e-3)
    assert live["deterministic"] == pytest.approx(0.5 * (1.0 - math.exp(-2.0)), rel=0.01)


def test_puts_per_second_do_not_depend_on_shapes():
    """On a machine that costs nothing: residency and time out alternate."""
    free = FREE | BASE | {"vcpu.exit_put_share": 0.0, "vcpu.preempted_share": 0.0}
    quiet = changed(free, softirq__interrupts_per_s=0.0)
    for policy in policies.ALL:
        for changes in (shaped("deterministic"), shaped("gamma", 3.0), shaped("lognormal", 0.7)):
            found = metrics(policy, quiet.replace(changes))
            assert found["puts_per_s"] == pytest.approx(1e6 / 400.0, rel=1e-9)
            assert found["packets_per_s"] == 0.0


def test_phases_together_are_bounded_and_that_is_said():
    found = fm.evaluate(changed(BASE | shaped("deterministic")), "tracked")[0]
    p = Parameters.of(changed(BASE | shaped("deterministic")))
    r, out, loop, run, fp = (len(fit) for fit in clocks_of(p).fits[0])
    assert min(r, out, loop, run, fp) >= 2
    assert run * fp * (r * (loop + 1) + out) <= 800
    for key in DURATIONS:
        assert f"{key} deterministic: " in found.reason
    assert "\n" not in found.reason


def test_a_grid_of_shapes_is_its_points():
    scenarios = [
        changed(BASE),
        changed(BASE | shaped("gamma", 0.25, clocks=["out_us"])),
        changed(BASE | shaped("gamma", 0.5, clocks=["out_us"])),
        changed(BASE | shaped("gamma", 0.25, clocks=["out_us"]), softirq__interrupts_per_s=2e4),
        changed(BASE | shaped("hyperexponential", 2.0)),
    ]
    columns = metrics_of(scenarios, policies.ALL)
    for b, scenario in enumerate(scenarios):
        for i, result in enumerate(fm.evaluate(scenario)):
            for name, values in columns.items():
                if result[name] is None:
                    assert np.isnan(values[i, b]), name
                else:
                    assert values[i, b] == pytest.approx(result[name], rel=1e-9, abs=1e-12), name


def test_percentiles_of_held_softirqs_are_left_out_where_phases_are_too_many():
    few, many = (
        fm.evaluate(changed(BASE | shaped(*shape, clocks=["residency_us"])), "softirqs-off")[0]
        for shape in (("gamma", 0.5), ("deterministic",))
    )
    assert few["sojourn_p99_us"] > few["sojourn_mean_us"] > 0.0
    assert "percentiles" not in few.reason
    assert many["sojourn_p99_us"] is None
    assert many["sojourn_mean_us"] > 0.0
    assert "percentiles" in many.reason
    assert "montecarlo" in many.reason


# Against Monte Carlo, which draws the shapes themselves -----------------------------------------

WORLDS = {
    **{f"gamma {c}": shaped("gamma", 0.25, clocks=[c]) for c in DURATIONS},
    **{f"hyperexponential {c}": shaped("hyperexponential", 4.0, clocks=[c]) for c in DURATIONS},
    "all gamma": shaped("gamma", 0.5),
    "all hyperexponential": shaped("hyperexponential", 3.0),
}


@pytest.mark.agreement
@pytest.mark.parametrize("world", WORLDS)
def test_both_engines_agree_where_the_fit_is_exact(world):
    scenario = changed(BASE | WORLDS[world])
    assert all(fit.exact for fit in clocks_of(Parameters.of(scenario)).fits[0])
    agree(scenario, [p.name for p in policies.ALL], 2.0, list(WORLDS).index(world))
