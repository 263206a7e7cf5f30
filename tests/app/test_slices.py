from __future__ import annotations

from collections import deque

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.app import slices as slices_module
from fpsimd_model.app.slices import LONG_S, MOST, ROWS, Slices
from fpsimd_model.grids import grid_of
from fpsimd_model.policies import ALL, BusyFlagLive, Tracked

POLICIES = [Tracked, BusyFlagLive]


def scenarios(count):
    rates = np.geomspace(1e3, 1e5, count).tolist()
    return grid_of(fm.Scenario(), {"softirq.interrupts_per_s": rates})


def solved(slices, given):
    steps, count = slices.solve(given, POLICIES), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return count, end.value
        count += 1


@pytest.fixture
def clock(monkeypatch):
    """Each scenario takes as long as it is set to."""

    class Clock:
        now, each_s = 0.0, 0.0

        def solve(self, given, policies):
            self.now += self.each_s * len(given)
            return metrics_of(given, policies)

    clock = Clock()
    monkeypatch.setattr(slices_module, "thread_time", lambda: clock.now)
    monkeypatch.setattr(slices_module, "metrics_of", clock.solve)
    return clock


@pytest.mark.parametrize("each_s", [0.0, 0.5])
@pytest.mark.parametrize("shape", ["exponential", "deterministic"])
def test_slices_are_what_one_solve_gives(clock, each_s, shape):
    clock.each_s = each_s
    given = [s.replace({"vcpu.guest_run_us.shape": shape}) for s in scenarios(70)]
    _, found = solved(Slices(), given)
    whole = metrics_of(given, POLICIES)
    assert found.keys() == whole.keys()
    for name, values in whole.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9, equal_nan=True)


def test_slow_scenarios_are_solved_one_by_one_soon(clock):
    clock.each_s, slices = 0.5, Slices()
    given = scenarios(MOST // ROWS)
    assert slices.at_once(given[0], MOST // ROWS)
    count, _ = solved(slices, given)
    assert count == 1  # all under both policies: found too slow
    count, _ = solved(slices, given[:30])
    assert count == 2 * 30  # one by one, even the policies by turns
    assert not slices.at_once(given[0], 1)


def test_quick_ones_are_solved_more_at_a_time(clock):
    slices = Slices()
    shaped = fm.Scenario().replace({"vcpu.out_us.shape": "deterministic"})
    assert not slices.at_once(shaped, 1)
    count, _ = solved(slices, [shaped] * 21)
    assert count == 4  # of one, of four, of sixteen; the other policy at once
    assert slices.at_once(shaped, 21)
    assert not slices.at_once(shaped, MOST)


def test_a_policy_more_costs_more_than_a_scenario_more(clock, monkeypatch):
    """So a slice is of all scenarios under few policies."""
    slices, asked = Slices(), []

    def solve(given, few):
        asked.append((len(few), len(given)))
        clock.now += len(few) * (2e-3 + 1e-4 * len(given))
        return metrics_of(given, few)

    monkeypatch.setattr(slices_module, "metrics_of", solve)
    shaped = fm.Scenario().replace({"vcpu.out_us.shape": "deterministic"})
    for _ in range(3):
        deque(slices.solve([shaped] * 25, ALL), 0)
    last = asked[-len(ALL) // 2 :]
    assert {count for _, count in last} == {25}
    assert max(rows for rows, _ in last) > 3
    assert slices.at_once(shaped, 25)


def test_what_follows_a_slider_goes_on_following_it(clock):
    """A point of few policies is dear for its size: it says nothing about curves."""
    slices = Slices()
    clock.each_s = 1e-3
    shaped = fm.Scenario().replace({"vcpu.out_us.shape": "deterministic"})
    for _ in range(3):
        solved(slices, [shaped] * 25)
    assert slices.at_once(shaped, 10)
    clock.each_s = 15e-3
    solved(slices, [shaped])
    assert slices.at_once(shaped, 10)


def test_no_slice_is_longer_than_a_few_policies_of_one_scenario(clock, monkeypatch):
    """However hard: what is found too slow is made smaller until it is not."""
    slices, asked = Slices(), []

    def hard(given, few):
        asked.append(len(few) * len(given))
        clock.now += 0.9 * LONG_S * asked[-1]
        return metrics_of(given, few)

    monkeypatch.setattr(slices_module, "metrics_of", hard)
    shaped = fm.Scenario().replace({"vcpu.out_us.shape": "deterministic"})
    for _ in slices.solve([shaped] * 2, ALL):
        pass
    assert asked == [1] * (2 * len(ALL))
