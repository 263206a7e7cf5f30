from __future__ import annotations

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model.app import slices as slices_module
from fpsimd_model.app import solver as solver_module
from fpsimd_model.app.controls import CONTROLS
from fpsimd_model.app.solver import POINTS, RATE, Solver
from fpsimd_model.app.state import State
from fpsimd_model.figures.rates import rates_in, span_of


@pytest.mark.parametrize("name", fm.presets())
def test_the_frame_holds_the_scenario_and_both_limits(name):
    scenario = fm.preset(name)
    low, high = span_of(scenario)
    assert low <= scenario.softirq.rate_per_s <= high
    x = rates_in(low, high, scenario, POINTS)
    assert x[0] == low
    assert x[-1] == high
    assert (np.diff(x) > 0).all()
    for load in (scenario.simd_load, scenario.scalar_load):
        limit = scenario.softirq.rate_per_s / load
        assert low < limit <= high
        assert ((x > 0.95 * limit) & (x < limit)).any()


@pytest.mark.parametrize("change", [{RATE: 0.0}, {RATE: 1e9}, {RATE: 1e-3}, {"crypto.slowdown": 1}])
def test_a_frame_can_always_be_drawn(change):
    scenario = fm.preset("reference").replace(change)
    low, high = span_of(scenario)
    assert 0 < low < high <= 1e7 * low
    assert len(rates_in(low, high, scenario, POINTS)) > 20


def test_curves_are_those_of_a_sweep():
    state = State.of("reference", ["tracked", "busy-flag-live"])
    curves = Solver().curves(state, (1e3, 2e6))
    grid = fm.sweep(state.scenario, {RATE: curves.x}, state.policies)
    for policy in state.names:
        for metric in ("switch_share", "crypto_slowdown", "sojourn_mean_us"):
            np.testing.assert_array_equal(
                curves.y(policy, metric), grid[metric].sel(policy=policy).values
            )
    assert np.isnan(curves.y("tracked", "switch_share")[-1])  # beyond the limit
    assert curves.at == 1e4
    assert dict(curves.correct) == {"tracked": True, "busy-flag-live": True}


def test_the_point_is_what_evaluate_says():
    state = State.of("reference", ["tracked", "softirqs-off"])
    solver = Solver()
    point, results = solver.point(state), solver.results(state)
    for policy in state.names:
        for metric, value in point[policy].items():
            exact = results[policy][metric]
            assert np.isnan(value) if exact is None else value == pytest.approx(exact, rel=1e-9)


def test_nothing_is_solved_twice_and_the_rate_moves_no_curve(monkeypatch):
    calls = []
    true = slices_module.metrics_of
    monkeypatch.setattr(
        slices_module, "metrics_of", lambda *given: calls.append(len(given[0])) or true(*given)
    )
    solver, state = Solver(), State.of("reference", ["tracked"])
    frame = (1e3, 1e6)
    first = solver.curves(state, frame)
    moved = solver.curves(state.set(CONTROLS["rate"], 3e4), frame)
    assert len(calls) == 1
    assert moved.at == 3e4
    np.testing.assert_array_equal(moved.y("tracked", "saving"), first.y("tracked", "saving"))
    other = solver.curves(state.set(CONTROLS["slowdown"], 2.0), frame)
    assert len(calls) == 2
    assert (other.x != first.x).any() if len(other.x) == len(first.x) else True


def test_a_shaped_scenario_follows_the_slider_once_it_is_known_to_be_quick(monkeypatch):
    """It is not known at first; then curves of another value come in few slices."""
    monkeypatch.setattr(slices_module, "thread_time", lambda: 0.0)
    solver, frame = Solver(), (1e3, 1e6)
    shaped = fm.preset("reference").replace({"vcpu.guest_run_us.shape": "deterministic"})
    state = State.of(shaped, ["tracked", "softirqs-off"])
    assert not solver.follows(state, frame)
    first = len(list(solver.solve_curves(state, frame)))
    moved = state.set(CONTROLS["slowdown"], 2.0)
    assert solver.follows(moved, frame)
    assert solver.at_once(moved)
    assert len(list(solver.solve_curves(moved, frame))) < first
    curves = solver.curves(moved, frame, ["switch_share"])
    grid = fm.sweep(moved.scenario, {RATE: curves.x}, moved.policies)
    for policy in moved.names:
        found = curves.y(policy, "switch_share")
        np.testing.assert_allclose(found, grid.switch_share.sel(policy=policy), rtol=1e-12)


def test_a_slow_scenario_waits_for_rest(monkeypatch):
    ticks = iter(range(10**6))
    monkeypatch.setattr(slices_module, "thread_time", lambda: float(next(ticks)))
    solver, frame = Solver(), (1e3, 1e6)
    shaped = fm.preset("reference").replace({"vcpu.guest_run_us.shape": "deterministic"})
    state = State.of(shaped, ["tracked"])
    count = len(list(solver.solve_curves(state, frame)))
    assert count > POINTS  # one by one
    assert solver.follows(state, frame)  # they are there
    assert not solver.follows(state.set(CONTROLS["slowdown"], 2.0), frame)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(solver_module, "_KEPT", 3)
    solver, state = Solver(), State.of("reference", ["tracked"])
    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        solver.point(state.set(CONTROLS["slowdown"], value))
    assert len(solver._found) == 3


def test_task_neon_is_checked_where_the_scenario_has_it(monkeypatch):
    asked = []
    true = solver_module.check
    monkeypatch.setattr(
        solver_module, "check", lambda policy, **more: asked.append(more) or true(policy, **more)
    )
    solver, state = Solver(), State.of("reference", ["tracked"])
    for each in (state, state, state.put({"vcpu.task_neon_per_s": 10.0})):
        assert solver.verdicts(each)[0].correct
    assert asked == [{"task_neon": False}, {"task_neon": True}]
