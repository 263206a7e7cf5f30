from __future__ import annotations

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model.analytic.grid import metrics_of
from fpsimd_model.app import slices as slices_module
from fpsimd_model.app.slices import FIRST, LONG_S, MOST, Slices
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
def test_slices_are_what_one_solve_gives(clock, each_s):
    clock.each_s = each_s
    given = scenarios(70)
    _, found = solved(Slices(), given)
    whole = metrics_of(given, POLICIES)
    assert found.keys() == whole.keys()
    for name, values in whole.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9, equal_nan=True)


def test_slow_scenarios_are_solved_one_by_one_soon(clock):
    clock.each_s, slices = 0.5, Slices()
    given = scenarios(MOST + 60)
    assert slices.at_once(given[0], MOST)
    count, _ = solved(slices, given)
    assert count == 1 + 1 + 2 * 59  # all; one, found too slow; then even its policies by turns
    assert not slices.at_once(given[0], 2)


def test_quick_ones_are_solved_more_at_a_time(clock):
    slices = Slices()
    shaped = fm.Scenario().replace({"vcpu.out_us.shape": "deterministic"})
    assert slices.at_once(shaped, FIRST)
    assert not slices.at_once(shaped, FIRST + 1)
    count, _ = solved(slices, [shaped] * 21)
    assert count == 3  # of one, of four, of sixteen
    assert slices.at_once(shaped, 16)


def test_no_slice_is_longer_than_a_few_policies_of_one_scenario(clock, monkeypatch):
    """However hard: what is found too slow is halved until it is not."""
    slices, asked = Slices(), []

    def hard(given, few):
        asked.append(len(few))
        clock.now += 0.9 * LONG_S * len(given) * len(few)
        return metrics_of(given, few)

    monkeypatch.setattr(slices_module, "metrics_of", hard)
    shaped = fm.Scenario().replace({"vcpu.out_us.shape": "deterministic"})
    for _ in slices.solve([shaped] * 2, ALL):
        pass
    assert asked == [8, 4, 2] + [1] * (2 * len(ALL) - 14)
