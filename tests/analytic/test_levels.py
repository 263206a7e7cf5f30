"""Phases solved in their order: what the chain gives that is solved as a whole, state by state."""

from __future__ import annotations

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model import policies
from fpsimd_model.analytic import chain
from fpsimd_model.analytic.blocks import inverse, product, solved
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.analytic.phases_clocks import FIRST_FP, GUEST_RUN, RESIDENCY
from fpsimd_model.analytic.phases_levels import Levels
from fpsimd_model.analytic.solved import Solved
from fpsimd_model.parameters import Parameters
from fpsimd_model.resources import data_path
from fpsimd_model.scenario import Scenario

from .worlds import changed

BASE = {
    "vcpu.residency_us": 300.0,
    "vcpu.out_us": 100.0,
    "vcpu.run_loop_us": 5.0,
    "vcpu.guest_run_us": 50.0,
    "vcpu.first_fp_us": 60.0,
    "softirq.interrupts_per_s": 8000.0,
    "crypto.slowdown": 4.0,
}
MORE = {
    "softirq.other_interrupts_per_s": 3000.0,
    "vcpu.exit_put_share": 0.2,
    "vcpu.task_neon_per_s": 50.0,
}


def shapes(**cv2: float | None) -> dict:
    """Of these clocks: None is fixed, below 1 an Erlang mixture, above it two exponentials."""
    return {
        f"vcpu.{clock}_us": {"mean": BASE[f"vcpu.{clock}_us"]}
        | ({"shape": "deterministic"} if value is None else {"shape": "gamma", "cv2": value})
        for clock, value in cv2.items()
    }


WORLDS = {
    "guest run": (GUEST_RUN, shapes(guest_run=None, out=0.2, run_loop=0.4)),
    "guest run, more": (GUEST_RUN, MORE | shapes(guest_run=None, out=0.2, run_loop=0.4)),
    "gaps": (FIRST_FP, MORE | shapes(first_fp=0.1, guest_run=2.0, out=3.0)),
    "gaps and residency": (FIRST_FP, shapes(first_fp=0.2, residency=0.4, run_loop=3.0)),
    "residency": (RESIDENCY, shapes(residency=None)),
    "residency, more": (RESIDENCY, MORE | shapes(residency=0.06, guest_run=0.4, run_loop=2.0)),
    "residency, gaps": (RESIDENCY, MORE | shapes(residency=0.06, first_fp=0.7)),
    "two of each": (
        GUEST_RUN,
        MORE | shapes(residency=4.0, out=2.0, run_loop=3.0, guest_run=1.5, first_fp=0.6),
    ),
    "no interrupts": (
        GUEST_RUN,
        shapes(guest_run=0.1, out=0.6) | {"softirq.interrupts_per_s": 0.0},
    ),
}


@pytest.fixture
def as_a_whole(monkeypatch):
    """Solve without levels, by elimination of a sparse matrix."""

    def solve(scenarios, chosen):
        with monkeypatch.context() as patch:
            patch.setattr(chain, "level_of", lambda *_: None)
            return metrics_of(scenarios, chosen)

    return solve


def same(found, wanted, rel):
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=rel, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("world", WORLDS)
def test_levels_give_what_the_whole_chain_gives(world, as_a_whole):
    level, changes = WORLDS[world]
    scenario = changed(BASE | changes)
    phased = Solved(policies.Tracked, Parameters.of(scenario)).flows.chain.phased
    assert phased.level == level
    same(metrics_of([scenario], policies.ALL), as_a_whole([scenario], policies.ALL), 3e-10)


@pytest.mark.parametrize("trace", ["busy-ipsec", "mmio-ipsec"])
def test_a_calibrated_machine_over_its_rates(trace, as_a_whole):
    machine = fm.calibrate(data_path("traces", f"k61-vhe-{trace}.txt.gz")).scenario
    rates = [1e2, 2e3, 3e4]
    several = [machine.replace({"softirq.interrupts_per_s": rate}) for rate in rates]
    same(metrics_of(several, policies.ALL), as_a_whole(several, policies.ALL), 3e-10)


def test_several_scenarios_are_each_of_them():
    """Of the same orders, rates far apart, some of them without a steady state."""
    scenarios = [
        changed(BASE | MORE | shapes(guest_run=cv2, residency=0.5, run_loop=2.0))
        for cv2 in (0.26, 0.3, 0.33)
    ]
    scenarios = [s.replace({"softirq.interrupts_per_s": r}) for s in scenarios for r in (1e2, 3e5)]
    together = metrics_of(scenarios, policies.ALL)
    for b, scenario in enumerate(scenarios):
        alone = metrics_of([scenario], policies.ALL)
        for name, values in alone.items():
            np.testing.assert_allclose(together[name][:, [b]], values, rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("policy", ["softirqs-off", "reload-at-load", "defer-to-put"])
@pytest.mark.parametrize("world", ["gaps", "residency, more"])
def test_states_are_those_of_the_whole_chain(policy, world, monkeypatch):
    """Shares of time and waiting packets, combination of phases by combination."""
    (chosen,) = policies.select([policy])
    p = Parameters.of(changed(BASE | WORLDS[world][1]))
    found = Solved(chosen, p).flows
    monkeypatch.setattr(chain, "level_of", lambda *_: None)
    whole = Solved(chosen, p).flows
    np.testing.assert_allclose(found.chain.x, whole.chain.x, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found.flow, whole.flow, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.pi, whole.pi, rtol=1e-9, atol=1e-14)


def test_states_that_are_never_come_back_to_cost_nothing():
    """Without returns to user space the host's registers are never saved: not even 1e-17 times."""
    changes = {"vcpu.user_exit_share": 0.0, "vcpu.exit_put_share": 0.3}
    scenario = changed(BASE | changes | shapes(guest_run=0.3, out=0.3))
    found = metrics_of([scenario], [policies.Tracked, policies.ReloadAtEntry])
    assert (found["guest_saves_per_s"] > 0.0).all()
    assert (found["host_saves_per_s"] == 0.0).all()


def test_a_long_run_loop_leaves_a_rare_guest_its_digits():
    """The guest is in 1e-7 of the time; all its rates follow from those of one guest run."""
    rare = {"vcpu.run_loop_us": {"mean": 5e6, "shape": "gamma", "cv2": 0.5}} | shapes(guest_run=0.3)
    found = metrics_of([changed(BASE | rare | {"vcpu.residency_us": 1e9})], [policies.FlushHook])
    entered = found["exits_per_s"][0, 0]
    assert found["guest_share"][0, 0] < 2e-5
    assert 0.0 < entered < 0.3


RARE_START = {
    "vcpu.residency_us": {"mean": 1153.4332911275721, "shape": "deterministic"},
    "vcpu.out_us": {
        "mean": 1057.0323536370943,
        "shape": "hyperexponential",
        "cv2": 1.1523415958811887,
    },
    "vcpu.run_loop_us": {"mean": 0.1677274934386243, "shape": "deterministic"},
    "vcpu.guest_run_us": 2.456824981296982,
    "vcpu.first_fp_us": 0.13663919687840897,
    "vcpu.user_exit_share": 0.3633997878899111,
    "vcpu.preempted_share": 0.5270444337272855,
    "softirq.interrupts_per_s": 0.0,
    "softirq.other_interrupts_per_s": 7584.582967815583,
}


def test_a_state_that_is_hardly_ever_met_spoils_no_other(as_a_whole):
    """The chain's first state is: what is measured by it alone keeps no digit."""
    chosen, scenario = [policies.AdaptiveReload, policies.Tracked], changed(RARE_START)
    found = metrics_of([scenario], chosen)
    adaptive, tracked = found["exits_per_s"][:, 0]
    assert adaptive == pytest.approx(tracked, rel=1e-3)
    same(found, as_a_whole([scenario], chosen), 1e-8)


@pytest.mark.parametrize("even", [True, False])
def test_levels_are_a_chain(even):
    """Against the generator of all levels at once."""
    rng, m, k = np.random.default_rng(1), 5, 7
    onward = np.full((2, k), 3.0) if even else rng.uniform(1.0, 4.0, (2, k))
    onward[:, -1] = 0.0
    done = (3.0 - onward) if even else rng.uniform(0.0, 2.0, (2, k))
    done[:, -1] = 3.0
    inner, reset, also = rng.uniform(0.0, 1.0, (3, 2, m, m))
    reset /= reset.sum(axis=1, keepdims=True)
    off = 1.0 - np.eye(m)
    whole = np.zeros((2, k, m, k, m))
    for i in range(k):
        whole[:, i, :, i] += inner * off
        whole[:, 0, :, i] += reset * done[:, i, None, None] + also
        if i + 1 < k:
            whole[:, i + 1, :, i] += onward[:, i, None, None] * np.eye(m)
    whole = whole.reshape(2, k * m, k * m)
    levels = Levels(
        inner.copy(), np.zeros((2, m)), onward, done, np.ones((2, m)), reset, also.copy()
    )
    x = levels.stationary().reshape(2, -1)
    leave = whole.sum(axis=1)
    np.testing.assert_allclose((whole @ x[..., None])[..., 0], leave * x, rtol=1e-11)

    half = np.full((2, m), 0.5)
    absorbing = Levels(inner.copy(), half, onward, done, np.ones((2, m)), 0.5 * reset, gone=half)
    comes = rng.uniform(0.0, 1.0, (2, k, m))
    spent = absorbing.until_left(comes)
    lost = 0.5 * spent.sum(axis=(1, 2)) + 0.5 * np.einsum("bk,bkm->b", done, spent)
    np.testing.assert_allclose(lost, comes.sum(axis=(1, 2)), rtol=1e-11)


@pytest.mark.parametrize("size", [3, 90, 91, 250])
def test_large_matrices_are_taken_in_blocks(size):
    rng = np.random.default_rng(size)
    matrix = -rng.uniform(0.0, 1.0, (2, size, size))
    m = np.arange(size)
    matrix[:, m, m] = 0.1 - matrix.sum(axis=1)
    right = rng.uniform(0.0, 1.0, (2, size, 4))
    np.testing.assert_allclose(
        product(matrix, inverse(matrix)), np.eye(size)[None].repeat(2, 0), atol=1e-9
    )
    np.testing.assert_allclose(matrix @ solved(matrix, right), right, rtol=1e-9)


def test_too_many_phases_on_a_level_are_solved_as_a_whole(monkeypatch):
    monkeypatch.setattr("fpsimd_model.analytic.phases_solve._LARGEST", 1)
    scenario = Scenario().replace(shapes(guest_run=0.3))
    flows = Solved(policies.Tracked, Parameters.of(scenario)).flows
    assert not hasattr(flows.chain, "phased")


@pytest.mark.parametrize("shaped", ["run_loop_us", "guest_run_us", "residency_us"])
def test_a_guest_that_interrupts_never_let_in_has_no_levels(shaped):
    """A thousand of them come in every entry: the chance of none is less than any number."""
    mean = getattr(changed().vcpu, shaped).mean_us
    changes = {
        "softirq.interrupts_per_s": 1e5,
        "crypto.slowdown": 1.0,
        "machine.entry_cycles": 2e7,
        f"vcpu.{shaped}": {"mean": mean, "shape": "gamma", "cv2": 0.5},
    }
    for result in fm.evaluate(changed(changes)):
        assert result["packets_per_s"] == pytest.approx(1e5, rel=1e-9)
        assert result["guest_share"] == 0.0
