"""A grid solved at once has the numbers of its points solved one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.errors import InputError
from fpsimd_model.results import METRICS

from .worlds import FREE, changed

LEFT_OUT = {"sojourn_p50_us", "sojourn_p99_us", "sojourn_p999_us", "delayed_share"}
POINTS = {
    "softirq.interrupts_per_s": [0.0, 1e-3, 1e4, 1e5, 6.5e5],
    "vcpu.exit_put_share": [0.0, 1.0],
    "softirq.other_interrupts_per_s": [0.0, 2e4],
    "vcpu.preempted_share": [0.0, 0.7],
}


def same(found: float, expected: float | None) -> bool:
    if expected is None:
        return math.isnan(found)
    return found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_grid_is_its_points():
    base = changed()
    scenarios = [
        base.replace(dict(zip(POINTS, values, strict=True)))
        for values in itertools.product(*POINTS.values())
    ]
    columns = metrics_of(scenarios, fm.policies.ALL)
    assert set(columns) == set(METRICS) - LEFT_OUT
    every = range(0, len(scenarios), 3)
    for b in every:
        for i, result in enumerate(fm.evaluate(scenarios[b])):
            for name, values in columns.items():
                assert same(values[i, b], result[name]), (scenarios[b], result.policy, name)


def test_a_point_does_not_depend_on_its_neighbours():
    scenarios = [changed(softirq__interrupts_per_s=rate) for rate in (1e3, 0.0, 5e4, 2e5)]
    policies = [fm.policies.Tracked, fm.policies.BusyFlagLive, fm.policies.SoftirqsOff]
    forward = metrics_of(scenarios, policies)
    backward = metrics_of(scenarios[::-1], policies)
    for name, values in forward.items():
        np.testing.assert_allclose(values, backward[name][:, ::-1], rtol=1e-12)


def test_many_points_are_solved_in_parts():
    rates = np.linspace(1e3, 3e4, 1200)
    grid = fm.sweep(changed(), {"softirq.interrupts_per_s": rates}, "tracked")
    values = grid.guest_saves_per_s.values[0]
    assert np.isfinite(values).all()
    assert (np.diff(values) > 0).all()
    for at in (0, 511, 512, 1199):
        s = changed(softirq__interrupts_per_s=float(rates[at]))
        assert values[at] == pytest.approx(fm.evaluate(s, "tracked")[0]["guest_saves_per_s"])


def test_a_sweep_is_labelled_with_units():
    rates, runs = [1e3, 1e4, 1e5], [10.0, 100.0]
    grid = fm.sweep(
        changed(),
        {"softirq.interrupts_per_s": rates, "vcpu.guest_run_us": runs},
        ["tracked", "busy-flag-live"],
    )
    assert grid.sojourn_mean_us.dims == ("policy", "softirq.interrupts_per_s", "vcpu.guest_run_us")
    assert list(grid.policy.values) == ["tracked", "busy-flag-live"]
    assert list(grid["softirq.interrupts_per_s"].values) == rates
    assert grid.sojourn_mean_us.attrs["units"] == "us"
    point = grid.sel({"policy": "tracked", "softirq.interrupts_per_s": 1e4})
    s = changed(softirq__interrupts_per_s=1e4, vcpu__guest_run_us=100.0)
    (found,) = fm.evaluate(s, "tracked")
    assert float(point.sojourn_mean_us[1]) == pytest.approx(found["sojourn_mean_us"], rel=1e-12)
    assert np.isnan(grid.sojourn_mean_us.sel(policy="busy-flag-live").values[2]).all()


def test_savings_against_a_policy_that_costs_nothing_have_no_value():
    """On a machine where only the C trap costs, switch-on-exit is free and tracked is not."""
    s = changed(FREE | {"machine.trap_c_cycles": 600.0})
    (found,) = fm.evaluate(s, "tracked")
    assert found["switch_share"] > 0
    assert found["saving"] is None
    grid = fm.sweep(s, {"vcpu.out_us": [10.0]}, ["tracked", "switch-on-exit"])
    assert np.isnan(grid.saving.values).all()


@pytest.mark.parametrize(
    ("vary", "says"),
    [
        ({}, "nothing to vary"),
        ({"vcpu.out_us": []}, "nothing to vary"),
        ({"vcpu.out_us": 3.0}, "a list of values"),
        ({"vcpu.out_us": ["fast"]}, '"fast" is not a number'),
        ({"vcpu.out": [1.0]}, "vcpu.out: unknown key"),
        ({"vcpu.out_us": [1.0, -1.0]}, "-1"),
        ({"vcpu.user_exit_share": [0.2, 0.9]}, "add to"),
    ],
)
def test_what_cannot_be_varied_is_refused(vary, says):
    with pytest.raises(InputError, match=says):
        fm.sweep(changed(), vary, "tracked")


@pytest.mark.parametrize("engine", ["both", "analytical"])
def test_a_sweep_has_one_engine(engine):
    with pytest.raises(InputError, match=r"no engine of a sweep is called.*analytic, montecarlo"):
        fm.sweep(changed(), {"vcpu.out_us": [1.0]}, "tracked", engine=engine)


def test_a_simulated_sweep_has_the_seed_that_it_was_given():
    vary = {"softirq.interrupts_per_s": [1e4, 2e4]}
    options = {"engine": "montecarlo", "seconds": 0.05}
    once, again, other = (
        fm.sweep(changed(), vary, ["tracked", "flush-hook"], seed=s, **options) for s in (1, 1, 2)
    )
    assert once.equals(again)
    assert not once.equals(other)
    (point,) = fm.evaluate(
        changed(softirq__interrupts_per_s=2e4), "tracked", "montecarlo", seed=1, seconds=0.05
    )
    assert float(once.exits_per_s.sel(policy="tracked")[1]) == point["exits_per_s"]


def test_a_grid_of_modulated_arrivals_is_its_points():
    phases = {"rate1_per_s": 2e4, "rate2_per_s": 1e3, "mean1_us": 100.0, "mean2_us": 300.0}
    base = changed({"softirq.interrupts_per_s": {"shape": "mmpp", **phases}})
    scenarios = [base.replace({"vcpu.guest_run_us": run}) for run in (5.0, 50.0)]
    policies = [fm.policies.Tracked, fm.policies.BusyFlagLive, fm.policies.SoftirqsOff]
    columns = metrics_of(scenarios, policies)
    for b, scenario in enumerate(scenarios):
        for i, result in enumerate(fm.evaluate(scenario, policies)):
            for name, values in columns.items():
                assert same(values[i, b], result[name]), (result.policy, name)
