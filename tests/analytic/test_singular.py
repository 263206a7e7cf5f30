"""Times so far apart that equations are singular in double precision: said, and no crash."""

from __future__ import annotations

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model.analytic import evaluate, grid, solved
from fpsimd_model.analytic.residency import residency
from fpsimd_model.analytic.solved import LOST
from fpsimd_model.policies import SoftirqsOff, SwitchOnExit, Tracked

# Interrupts in every entry to the last digit.
EVERYWHERE = {
    "vcpu.user_exit_share": 0.0,
    "vcpu.preempted_share": 1.0,
    "vcpu.exit_put_share": 0.6,
    "softirq.interrupts_per_s": 7e11,
    "softirq.stack_ns": 0.0,
    "crypto.simd_cycles_per_byte": 6e-6,
    "machine.clock_ghz": 30.0,
}


def failing(solve, singular):
    """`solve`, with equations that are singular where `singular` says so."""

    def solve_or_fail(table, p, *more):
        if singular(table, p):
            raise np.linalg.LinAlgError("Singular matrix")
        return solve(table, p, *more)

    return solve_or_fail


@pytest.mark.parametrize("singular", [False, True], ids=["no residency begins", "singular"])
def test_percentiles_that_are_lost_leave_the_means(singular, monkeypatch):
    scenario = fm.Scenario() if singular else fm.Scenario().replace(EVERYWHERE)
    if singular:
        bad = failing(residency.Solutions, lambda *_: True)
        monkeypatch.setattr(residency, "Solutions", bad)
    tracked, held = evaluate(scenario, [Tracked, SoftirqsOff])
    assert tracked["sojourn_p99_us"] > 0.0
    assert held.status == "ok"
    assert held["sojourn_mean_us"] > 0.0
    assert held["sojourn_p99_us"] is held["delayed_share"] is None
    assert held.reason.endswith("percentiles are lost in rounding: take the engine montecarlo")


def test_a_policy_whose_chain_is_singular_says_so_and_others_have_numbers(monkeypatch):
    theirs = evaluate(fm.Scenario(), [Tracked])
    bad = failing(solved.solve, lambda table, p: table.policy is SoftirqsOff)
    monkeypatch.setattr(solved, "solve", bad)
    found, lost = evaluate(fm.Scenario(), [Tracked, SoftirqsOff])
    assert [found] == theirs
    assert lost.status == "ok"
    assert lost.reason == LOST
    assert lost["max_packets_per_s"] > 0.0
    assert lost["switch_share"] is lost["sojourn_mean_us"] is lost["sojourn_p99_us"] is None


def test_one_singular_scenario_among_many_leaves_the_others(monkeypatch):
    lengths = [500.0, 1000.0, 2000.0]
    scenarios = [fm.Scenario().replace({"vcpu.residency_us": length}) for length in lengths]
    right = grid.metrics_of(scenarios, [Tracked, SwitchOnExit])
    bad = failing(grid.solve, lambda table, p: (p.residency == 1e-3).any())
    monkeypatch.setattr(grid, "solve", bad)
    found = grid.metrics_of(scenarios, [Tracked, SwitchOnExit])
    for name, values in found.items():
        if name.startswith("max_"):
            np.testing.assert_array_equal(values, right[name])
            continue
        assert np.isnan(values[:, 1]).all(), name
        np.testing.assert_allclose(values[:, [0, 2]], right[name][:, [0, 2]], rtol=1e-13)


def test_a_guest_that_is_hardly_ever_entered_does_not_have_the_cpu():
    """A residency ends 64 phases of the run loop sooner: digits are lost, or there are none."""
    changes = {
        "vcpu.residency_us": 285.0,
        "vcpu.out_us": 0.005,
        "vcpu.run_loop_us": {"mean": 3.3e8, "shape": "gamma", "cv2": 0.01},
        "vcpu.guest_run_us": 0.56,
        "vcpu.first_fp_us": 1e4,
        "vcpu.user_exit_share": 0.5,
        "vcpu.preempted_share": 0.5,
    }
    for found in evaluate(fm.Scenario().replace(changes), [SoftirqsOff, Tracked, SwitchOnExit]):
        assert found.reason.startswith(LOST) or 0.0 <= found["guest_share"] < 1e-6
