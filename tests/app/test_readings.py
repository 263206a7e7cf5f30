"""What is read off a picture is what was solved, where it is drawn."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model.app.curve_tab import CurveTab
from fpsimd_model.app.map_tab import MapTab
from fpsimd_model.app.maps import COARSE, FINE, Maps
from fpsimd_model.app.readings import layer, of_curves, of_map
from fpsimd_model.app.solver import Solver
from fpsimd_model.app.state import State
from fpsimd_model.app.tab import Pace

FEW = ["switch-on-exit", "defer-to-put", "busy-flag-live", "tracked"]
METRICS = ("switch_share", "crypto_slowdown")


@pytest.fixture(scope="module")
def state():
    return State.of("cortex-a57-ipsec", FEW)


@pytest.fixture(scope="module")
def curves(state):
    tab = CurveTab("which-policy", "", METRICS, Solver())
    for _ in tab.show(state, Pace.STOPPED):
        pass
    return tab.picture


def pixel(picture, axes, x, y):
    """Shares of the picture from the left and the top."""
    at = axes.transData.transform((x, y)) / picture.figure.bbox.size
    return at[0], 1.0 - at[1]


def test_points_of_curves_stand_where_they_are_drawn(curves):
    for reading, axes in zip(of_curves(curves), curves.figure.axes, strict=True):
        left, top, width, height = reading.box
        for share, x in zip(reading.x, curves.curves.x, strict=True):
            drawn, below = pixel(curves, axes, x, axes.get_ylim()[0])
            assert left + share * width == pytest.approx(drawn, abs=1e-3)
            assert top + height == pytest.approx(below, abs=1e-3)


def test_texts_of_curves_are_their_values_from_the_highest_on(curves):
    for reading, metric, factor in zip(of_curves(curves), METRICS, (100.0, 1.0), strict=True):
        for i, text in enumerate(reading.text):
            found = re.findall(r"^ *([\d.e+-]+) (\S+)$", text, re.MULTILINE)
            wanted = {p: factor * curves.curves.y(p, metric)[i] for p in FEW}
            wanted = {p: y for p, y in wanted.items() if np.isfinite(y)}
            assert {p: float(v) for v, p in found} == pytest.approx(wanted, rel=5e-3)
            assert [float(v) for v, _ in found] == sorted((float(v) for v, _ in found))[::-1]


def test_cells_of_a_map_stand_where_they_are_drawn_and_tell_the_cheapest(state):
    tab = MapTab(Solver())
    for _ in tab.show(state, Pace.STOPPED):
        pass
    data, (reading,), (axes,) = tab.picture.data, of_map(tab.picture), tab.picture.figure.axes
    assert data.costs["tracked"].shape == FINE[::-1] == (len(reading.y), len(reading.x))
    left, top, width, height = reading.box
    best = data.cheapest()
    for column, row in [(0, 0), (5, 3), (FINE[0] - 1, FINE[1] - 1)]:
        x, y = pixel(tab.picture, axes, np.log10(data.x[column]), np.log10(data.y[row]))
        assert left + reading.x[column] * width == pytest.approx(x, abs=1e-3)
        assert top + reading.y[row] * height == pytest.approx(y, abs=1e-3)
        lines = reading.text[row * len(reading.x) + column].splitlines()
        if best[row, column] < 0:
            assert lines[1] == "none is stable"
        else:
            assert lines[1].split()[1] == data.contenders[best[row, column]]
            assert "defer-to-put" not in lines[1]


def test_the_layer_is_plain_data_for_the_browser(curves):
    readings = of_curves(curves)
    text = layer(readings)
    data = json.loads(html.unescape(re.search(r'data-read="([^"]*)"', text)[1]))
    assert data[0]["text"] == list(readings[0].text)
    assert layer([]) == ""


def test_a_map_depends_on_where_the_state_stands_only_by_its_point(state):
    maps = Maps(Solver())
    first = maps.at_once(state, COARSE)
    moved = state.put({"softirq.interrupts_per_s": 2e4, "vcpu.residency_us": 300.0})
    second = maps.known(moved, COARSE)
    assert second.at == (2e4, 300.0)
    for policy in FEW:
        np.testing.assert_array_equal(second.costs[policy], first.costs[policy])
    assert len(maps._found) == 1
    assert maps.known(state.put({"softirq.packet_bytes": 200}), COARSE) is None
    assert maps.known(state, FINE) is None


def test_a_fine_map_is_solved_in_slices_and_is_that_of_one_sweep(state):
    maps = Maps(Solver())
    assert sum(1 for _ in maps.slices(state, FINE)) > 2
    found = maps.known(state, FINE)
    vary = {"softirq.interrupts_per_s": found.x, "vcpu.residency_us": found.y}
    whole = fm.figures.cost_map_of(fm.sweep(state.scenario, vary, FEW))
    for policy in FEW:
        np.testing.assert_allclose(found.costs[policy], whole.costs[policy], rtol=1e-12)
