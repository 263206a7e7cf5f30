"""Maps: who is cheapest, where the borders run, what was left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.text import Text

import fpsimd_model as fm
from fpsimd_model.errors import InputError
from fpsimd_model.figures import CostMap, PolicyMap, axis_of, cost_map_of, curves_of, policy_map
from fpsimd_model.figures.regions import borders, regions
from fpsimd_model.figures.side_list import listed
from tests.figures.samples import boxes, collisions, cost_map

GRIDS = hnp.arrays(
    np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(-1, 3)
)


@given(GRIDS)
def test_borders_run_between_all_cells_that_differ(grid):
    lines = borders(grid)
    length = sum(x1 - x0 + y1 - y0 for x0, y0, x1, y1 in lines)
    assert length == (np.diff(grid, axis=0) != 0).sum() + (np.diff(grid, axis=1) != 0).sum()


@given(GRIDS)
def test_a_region_is_a_rectangle_of_one_value_and_none_fits_text_better(grid):
    found = {region.value: region for region in regions(grid, shape=6.0)}
    assert set(found) == set(np.unique(grid).tolist())
    best = dict.fromkeys(found, 0.0)
    rows, columns = grid.shape
    for y in range(rows):
        for x in range(columns):
            for h in range(1, rows - y + 1):
                for w in range(1, columns - x + 1):
                    cells = np.unique(grid[y : y + h, x : x + w])
                    if len(cells) == 1:
                        value = int(cells[0])
                        best[value] = max(best[value], min(w, 6.0 * h))
    for value, region in found.items():
        x, y = region.x - region.width / 2, region.y - region.height / 2
        inside = grid[int(y) : int(y + region.height), int(x) : int(x + region.width)]
        assert (inside == value).all()
        assert inside.shape == (region.height, region.width)
        assert min(region.width, 6.0 * region.height) == best[value]


def test_neither_the_wrong_nor_the_late_win():
    data = cost_map()
    assert data.contenders == ("tracked", "reload-at-entry", "flush-hook")
    best = data.cheapest()
    assert set(np.unique(best)) == {-1, 0, 1, 2}
    stack = np.stack([data.costs[name] for name in data.contenders])
    stable = np.isfinite(stack).all(axis=0)
    np.testing.assert_array_equal(best[stable], stack.argmin(axis=0)[stable])
    assert (best[~stable] == -1).all()


def test_shares_add_up_and_say_where_the_wrong_would_be_cheaper():
    data = cost_map()
    rows = listed(data)
    shares = [int(r.text.split()[-1].strip("<%")) for r in rows if r.kind in ("swatch", "empty")]
    assert sum(shares) == pytest.approx(100, abs=2)
    struck = [r for r in rows if r.kind == "struck"]
    assert [r.policy for r in struck] == ["defer-to-put", "softirqs-off"]
    assert 0 < data.cheaper("defer-to-put") < 1
    assert data.cheaper("softirqs-off") == np.isfinite(data.costs["softirqs-off"]).mean()


@pytest.mark.parametrize("size", [(6.4, 4.2), (5.0, 3.4)])
def test_no_texts_of_a_map_overlap(size):
    picture = PolicyMap(size=size)
    picture.set_data(cost_map())
    picture.draw()
    found = boxes(picture.figure.findobj(Text), picture.canvas.get_renderer())
    assert collisions(found) == []
    assert max(box.x1 for _, box in found) <= size[0] * 100 + 1
    assert {"tracked", "reload-at-entry", "flush-hook"} <= {text for text, _ in found}


def test_a_name_stands_within_its_region():
    picture = PolicyMap()
    data = cost_map()
    picture.set_data(data)
    picture.draw()
    best = data.cheapest()
    for i, name in enumerate(data.contenders):
        x, y = picture._names[name].get_position()
        row = np.abs(np.log10(data.y) - y).argmin()
        column = np.abs(np.log10(data.x) - x).argmin()
        assert best[row, column] == i


def test_a_map_of_one_policy_or_of_none_is_drawn():
    x, y = np.array([1.0, 2.0]), np.array([1.0, 2.0])
    axes = axis_of("crypto.slowdown"), axis_of("vcpu.preempted_share")
    for cost, correct in ((1.0, {}), (np.nan, {}), (1.0, {"a": False})):
        data = CostMap(*axes, x, y, {"a": np.full((2, 2), cost)}, correct=correct)
        picture = policy_map(data)
        picture.draw()
        assert picture.text()


@pytest.mark.parametrize(
    ("x", "cost", "said"),
    [
        ([2, 1], [[1, 1], [1, 1]], "increasing"),
        ([1], [[1], [1]], "two or more"),
        ([0, 1], [[1, 1], [1, 1]], "above 0"),
        ([1, 2], [1, 1], "have shape"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(x, cost, said):
    axis = axis_of("crypto.slowdown")
    with pytest.raises(InputError, match=said):
        CostMap(axis, axis, x, [1, 2], {"a": cost})


def test_a_sweep_becomes_curves():
    rates = [1e3, 1e4, 2e5]
    names = ["tracked", "defer-to-put", "busy-flag-live"]
    grid = fm.sweep(fm.Scenario(), {"softirq.interrupts_per_s": rates}, names)
    made = curves_of(grid, at=1e4)
    assert made.policies == tuple(names)
    assert made.correct == {"tracked": True, "defer-to-put": False, "busy-flag-live": True}
    assert made.x.tolist() == rates
    one = fm.evaluate(fm.Scenario(), ["tracked"])["tracked"]["switch_share"]
    assert made.y("tracked", "switch_share")[1] == pytest.approx(one, rel=1e-9)
    assert np.isnan(made.y("busy-flag-live", "switch_share")[2])  # unstable
    assert not np.isnan(made.y("tracked", "switch_share")[2])


def test_a_sweep_over_two_keys_becomes_a_map_whichever_is_first():
    rates, times = [1e3, 1e4, 3e4], [100.0, 1000.0]
    names = ["tracked", "softirqs-off", "flush-hook", "defer-to-put"]
    vary = {"softirq.interrupts_per_s": rates, "vcpu.residency_us": times}
    data = cost_map_of(fm.sweep(fm.Scenario(), vary, names))
    assert data.x.tolist() == rates
    assert data.y.tolist() == times
    assert data.late == {"softirqs-off": "holds softirqs back"}
    assert data.correct["defer-to-put"] is False
    scenario = fm.Scenario().replace({"softirq.interrupts_per_s": 3e4, "vcpu.residency_us": 100.0})
    one = fm.evaluate(scenario, ["tracked"])["tracked"]
    cost = one["switch_share"] + one["softirq_share"]
    assert data.costs["tracked"][0, 2] == pytest.approx(cost, rel=1e-9)
    assert policy_map(fm.sweep(fm.Scenario(), vary, names)).policies == tuple(names)


def test_a_sweep_over_another_number_of_keys_is_refused():
    grid = fm.sweep(fm.Scenario(), {"crypto.slowdown": [1.0, 2.0]}, ["tracked"])
    with pytest.raises(InputError, match=r"over 2 keys is wanted, not over crypto\.slowdown"):
        cost_map_of(grid)
    two = fm.sweep(
        fm.Scenario(), {"crypto.slowdown": [1.0, 2.0], "vcpu.out_us": [1.0, 2.0]}, ["tracked"]
    )
    with pytest.raises(InputError, match="a sweep over 1 key is wanted"):
        curves_of(two)
    with pytest.raises(InputError, match="no metric is called 'speed'"):
        cost_map_of(two, late={"speed": 1.0})
