"""What is read off a picture is what was solved, where it is drawn."""

from __future__ import annotations

import html
import json
import re
from itertools import pairwise

import numpy as np
import pytest

import fpsimd_model as fm
from fpsimd_model.analytic import sojourn_survival
from fpsimd_model.app.curve_tab import CurveTab
from fpsimd_model.app.latency_tabs import CeilingTab, DelayTab, LoadTab, OverloadTab
from fpsimd_model.app.map_tab import MapTab
from fpsimd_model.app.maps import COARSE, FINE, Maps
from fpsimd_model.app.proof_tab import ProofTab
from fpsimd_model.app.readings import layer
from fpsimd_model.app.solver import Solver
from fpsimd_model.app.state import State
from fpsimd_model.app.tab import Pace
from fpsimd_model.figures.columns import COLUMNS
from fpsimd_model.figures.interval_picture import SHOWN, IntervalPicture
from fpsimd_model.policies import ALL, select

FEW = ["switch-on-exit", "defer-to-put", "busy-flag-live", "tracked"]
METRICS = ("switch_share", "crypto_slowdown")
LARGEST = 60_000  # bytes of a layer
VALUE = re.compile(r"^ *(<?[\d.e+-]+|saturated) (\S+)$", re.MULTILINE)


def failed(error):
    raise error


VIEWS = {
    "curves": lambda solver: CurveTab("which-policy", "", "", METRICS, solver),
    "map": MapTab,
    "delay": lambda solver: DelayTab(solver, failed),
    "load": LoadTab,
    "overload": lambda solver: OverloadTab(),
    "ceiling": CeilingTab,
    "proof": lambda solver: ProofTab(solver, lambda: None),
}


def shown(name, state):
    """A view's tab, at rest."""
    tab = VIEWS[name](Solver())
    for pace in Pace:
        for _ in tab.show(state, pace) or ():
            pass
    return tab


@pytest.fixture(scope="module")
def state():
    return State.of("cortex-a57-ipsec", FEW)


@pytest.fixture(scope="module")
def pictures(state):
    return {name: shown(name, state).picture for name in VIEWS}


@pytest.fixture(scope="module")
def simulated(state):
    picture = IntervalPicture()
    picture.set_data(fm.evaluate(state.scenario, FEW, engine="both", seconds=2.0))
    picture.draw()
    return picture


def pixel(picture, axes, x, y):
    """Shares of the picture from the left and the top."""
    at = axes.transData.transform((x, y)) / picture.figure.bbox.size
    return at[0], 1.0 - at[1]


def values_in(text):
    return {policy: value for value, policy in VALUE.findall(text)}


def unpacked(words, texts):
    return tuple(re.sub(r"\t(\d+)", lambda m: words[int(m[1])], text) for text in texts)


def head_of(text):
    """The first lines, as one: what is measured where, with its unit."""
    return " ".join(line.strip() for line in text.splitlines() if not VALUE.match(line))


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_read_with_units_and_small_enough_to_send(name):
    tab = shown(name, State.of("cortex-a57-ipsec", ALL))
    readings = tab.picture.readings()
    assert tab.sight.glass.value == layer(readings)
    assert 0 < len(layer(readings).encode()) < LARGEST
    for reading in readings:
        assert len(reading.text) == max(1, len(reading.x)) * max(1, len(reading.y))
        left, top, width, height = reading.box
        assert 0 <= left < left + width <= 1
        assert 0 <= top < top + height <= 1
        assert all(0 <= share <= 1 for share in (*reading.x, *reading.y, *(reading.at or ())))


@pytest.mark.parametrize("name", ["curves", "delay", "load"])
def test_points_of_curves_stand_where_they_are_drawn(pictures, name):
    picture = pictures[name]
    for reading, axes in zip(picture.readings(), picture.figure.axes, strict=True):
        left, top, width, height = reading.box
        every = -(-len(picture.curves.x) // len(reading.x))
        for share, x in zip(reading.x, picture.curves.x[::every], strict=True):
            drawn, below = pixel(picture, axes, x, axes.get_ylim()[0])
            assert left + share * width == pytest.approx(drawn, abs=1e-3)
            assert top + height == pytest.approx(below, abs=1e-3)


def test_texts_of_curves_are_their_values_from_the_highest_on(pictures, state):
    readings, x = pictures["curves"].readings(), pictures["curves"].curves.x
    units = "[%]", "relative to NEON always"
    for reading, metric, factor, unit in zip(readings, METRICS, (100.0, 1.0), units, strict=True):
        for i in (0, len(x) // 2, len(x) - 1):
            there = state.scenario.replace({"softirq.interrupts_per_s": float(x[i])})
            wanted = {r.policy: r[metric] for r in fm.evaluate(there, FEW)}
            wanted = {p: factor * y for p, y in wanted.items() if y is not None}
            found = values_in(reading.text[i])
            assert {p: float(v) for p, v in found.items()} == pytest.approx(wanted, rel=5e-3)
            assert all(float(a) >= float(b) for a, b in pairwise(found.values()))
            assert re.match(r"[\d.]+k? 1/s: ", head_of(reading.text[i]))
            assert unit in head_of(reading.text[i])


def test_how_many_take_longer_is_read_at_a_time(pictures, state):
    picture, (reading,) = pictures["delay"], pictures["delay"].readings()
    x = picture.curves.x[:: -(-len(picture.curves.x) // len(reading.x))]
    for i in (3, len(x) // 2, len(x) - 3):
        assert re.match(r"[\d.]+k? us: packets that take longer \[%\]$", head_of(reading.text[i]))
        shares = 100.0 * sojourn_survival(state.scenario, select(FEW), x[i : i + 1])[:, 0]
        found = values_in(reading.text[i])
        for policy, share in zip(FEW, shares, strict=True):
            if found[policy] == "<0.01":
                assert share < 0.01
            else:
                assert float(found[policy]) == pytest.approx(share, rel=5e-3)


def test_a_policy_beyond_its_end_is_called_saturated(pictures):
    loads, (crypto, late) = pictures["load"].data, pictures["load"].readings()
    for x, texts in zip(loads.curves.x, zip(crypto.text, late.text, strict=True), strict=True):
        for text in texts:
            gone = {p for p, value in values_in(text).items() if value == "saturated"}
            assert gone == {p for p, end in loads.ends.items() if x >= end}
    assert "[us]" in head_of(late.text[0])
    assert re.match(r"[\d.]+%: 99% of packets", head_of(late.text[0]))


def test_cells_of_a_map_stand_where_they_are_drawn_and_tell_the_cheapest(pictures):
    picture = pictures["map"]
    data, (reading,), (axes,) = picture.data, picture.readings(), picture.figure.axes
    assert data.costs["tracked"].shape == FINE[::-1] == (len(reading.y), len(reading.x))
    left, top, width, height = reading.box
    best = data.cheapest()
    for column, row in [(0, 0), (5, 3), (FINE[0] - 1, FINE[1] - 1)]:
        x, y = pixel(picture, axes, np.log10(data.x[column]), np.log10(data.y[row]))
        assert left + reading.x[column] * width == pytest.approx(x, abs=1e-3)
        assert top + reading.y[row] * height == pytest.approx(y, abs=1e-3)
        text = reading.text[row * len(reading.x) + column]
        found = values_in(text)
        if best[row, column] < 0:
            assert text.endswith("none is stable")
        else:
            cheapest = data.contenders[best[row, column]]
            assert next(iter(found)) == cheapest
            cost = 100.0 * data.costs[cheapest][row, column]
            assert float(found[cheapest]) == pytest.approx(cost, rel=5e-4)
            assert re.match(r"[\d.e]+ 1/s, [\d.e]+ us: CPU time .* \[%\]", head_of(text))
        assert "defer-to-put" not in found


def test_strips_are_read_at_one_time_each_above_itself(pictures):
    picture = pictures["overload"]
    readings, lines = picture.readings(), picture.data.lines
    assert len({reading.box for reading in readings}) == 1
    assert len({reading.at[1] for reading in readings}) == len(lines) == len(FEW)
    edges = np.linspace(picture.data.start_s, picture.data.end_s, len(readings[0].text) + 1)
    for reading, line in zip(readings, lines.values(), strict=True):
        guest = 0.0
        for text, begin, end in zip(reading.text, edges[:-1], edges[1:], strict=True):
            at, said, queue, loaded = re.fullmatch(
                r"([\d.]+) ms: (.*); queue (\d+); (vCPU loaded.*|no vCPU loaded)", text
            ).groups()
            assert 1e3 * begin <= float(at) <= 1e3 * end
            inside = (line.time_s >= begin) & (line.time_s < end)
            before = np.searchsorted(line.time_s, begin) - 1
            most = [0 if before < 0 else line.queue[before], *line.queue[inside]]
            assert int(queue) == max(most)
            shares = {who: int(n) for n, who in re.findall(r"(\d+)% ([\w ]+)", said)}
            assert sum(shares.values()) == pytest.approx(100, abs=3)
            assert shares.get("guest", 0) == 0 or loaded != "no vCPU loaded"
            guest += shares.get("guest", 0) / 100.0
        seen = np.mean([guest / len(reading.text)])
        whole = re.search(r"the guest (\d+)%", picture._said(line.policy))[1]
        assert seen == pytest.approx(int(whole) / 100.0, abs=0.01)


def test_a_cipher_is_read_with_its_ratio(pictures):
    data, (reading,) = pictures["ceiling"].data, pictures["ceiling"].readings()
    axes = pictures["ceiling"].figure.axes[0]
    for row, cipher in enumerate(data.ciphers):
        top, height = reading.box[1], reading.box[3]
        _, y = pixel(pictures["ceiling"], axes, axes.get_xlim()[0], row)
        assert top + reading.y[row] * height == pytest.approx(y, abs=1e-3)
        assert " ".join(reading.text[row].split()).startswith(f"{cipher}: at most [Gb/s] ")
        lines = re.findall(r"^ +[\d.]+x? .*$", reading.text[row], re.MULTILINE)
        *groups, ratio = (line.split() for line in lines)
        assert len(groups) == len(data.groups)
        for value, _, policy, *_ in groups:
            assert float(value) == pytest.approx(data.gbps[policy][row], rel=5e-3)
        values = [gbps[row] for gbps in data.gbps.values()]
        assert float(ratio[0].rstrip("x")) == pytest.approx(max(values) / min(values), rel=5e-3)


def test_a_row_of_a_simulation_is_read_beside_the_formula(simulated):
    for metric, reading in zip(SHOWN, simulated.readings(), strict=True):
        column = COLUMNS[metric]
        for (point, formula), text in zip(simulated.pairs(), reading.text, strict=True):
            assert f"[{column.unit.removesuffix(' CPU')}]" in text
            assert text.startswith(f"{point.policy}:")
            lines = re.findall(r"^ *(\S+) (.*)$", text, re.MULTILINE)
            found = {words: value for value, words in lines}
            assert float(found["simulated"]) == pytest.approx(
                column.factor * point[metric], rel=5e-3
            )
            assert float(found["by formula"]) == pytest.approx(
                column.factor * formula[metric], rel=5e-3
            )
            low, high = point.ci95[metric]
            assert float(found["95% interval"].lstrip("±")) == pytest.approx(
                column.factor * (high - low) / 2, rel=5e-2
            )


@pytest.mark.parametrize("n", range(1, 17))
def test_few_rows_make_a_low_picture_at_every_density(state, n):
    picture = IntervalPicture()
    results = [fm.Result(p.name, "montecarlo", {"switch_share": 0.1}) for p in ALL[:n]]
    picture.set_data(fm.Results(state.scenario, tuple(results)))
    picture.draw()
    height, width, _ = picture.pixels().shape
    assert (height, width) == (min(420, 85 + 25 * n), 640)
    assert picture.rendered(200.0).shape[:2] == (2 * height, 2 * width)


def test_every_place_of_the_registers_is_told_in_words(state):
    picture = shown("proof", State.of("cortex-a57-ipsec", ["defer-to-put"])).picture
    (reading,) = picture.readings()
    assert len(reading.text) == 1 + len(picture.example.events)
    assert reading.text[0].startswith("at the start\nregisters: VMM, current;")
    assert picture.example.events[-1].split(" -> ")[0] in reading.text[-1]
    assert "registers: scratch, another task (lost)" in reading.text[-1]
    assert "FOREIGN_FPSTATE" in reading.text[-1]
    assert list(reading.y) == sorted(reading.y)


def test_the_layer_is_plain_data_for_the_browser(pictures):
    for picture in pictures.values():
        readings = picture.readings()
        data = json.loads(html.unescape(re.search(r"data-read='([^']*)'", layer(readings))[1]))
        for panel, reading in zip(data["panels"], readings, strict=True):
            assert unpacked(data["words"], panel["text"]) == reading.text
            assert tuple(panel["box"]) == reading.box
    assert layer([]) == ""


def test_what_is_said_cannot_become_markup():
    bad = "<b onclick='x'>&amp;</b>"
    reading = fm.figures.reading.Reading((0, 0, 1, 1), (0.5,), (), (bad,))
    attribute = re.search(r"data-read='([^']*)' onpointermove", layer([reading]))[1]
    assert "<" not in attribute
    assert json.loads(html.unescape(attribute))["panels"][0]["text"] == [bad]


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
