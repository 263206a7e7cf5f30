"""Every view of the app in the browser: values under the pointer, and work in the background."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import fpsimd_model as fm
from fpsimd_model.app.controls import CONTROLS
from fpsimd_model.app.grid import text_of
from fpsimd_model.resources import data_path
from tests.browser.app import (
    FIGURE,
    at_rest,
    changing,
    choose_tab,
    entry,
    export,
    row,
    type_in,
    wait_entry,
)
from tests.browser.pages import WidgetPage

READ = ".fm-glass pre"
PLAIN = "k61-vhe-busy-plain"


def point_at(shown: WidgetPage, x: float, y: float) -> str:
    """Move the pointer over the picture, to shares of it; gives what is read there."""
    shown.widget(FIGURE).scroll_into_view_if_needed()
    box = shown.widget(FIGURE).bounding_box()
    shown.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    expect(shown.widget(READ)).to_be_visible()
    return shown.text(READ)


def work(shown: WidgetPage, name: str) -> str:
    return shown.text(f".fm-work-{name} .fm-words")


def test_values_are_read_off_curves_and_map_under_the_pointer(lab):
    read = point_at(lab, 0.3, 0.3)
    assert re.match(r"[\d.]+k? 1/s\n", read)
    assert re.search(r"^ +[\d.]+ busy-flag-live$", read, re.MULTILINE)
    assert point_at(lab, 0.5, 0.3) != read
    lab.shot("tab-curves-read")
    assert "tracked" in point_at(lab, 0.3, 0.8)  # the panel below
    box = lab.widget(FIGURE).bounding_box()
    lab.page.mouse.move(box["x"] + 5, box["y"] - 30)
    expect(lab.widget(READ)).to_be_hidden()
    choose_tab(lab, "map")
    read = point_at(lab, 0.3, 0.5)
    assert re.match(r"[\d.e]+ 1/s, [\d.e]+ us\n", read)
    assert len(re.findall(r"% \S+$", read, re.MULTILINE)) == 4
    lab.shot("tab-policy-map")
    assert lab.console == []


def test_the_map_follows_its_sliders(lab):
    choose_tab(lab, "map")
    with changing(lab):
        lab.press(".fm-residency", "ArrowRight", times=5)
    there = point_at(lab, 0.3, 0.5)
    with changing(lab):
        lab.press(".fm-packet", "ArrowLeft", times=9)
    assert point_at(lab, 0.3, 0.5) != there
    assert fm.figures.reproduce(export(lab, "figures-out") / "policy-map.png").identical


def test_how_long_packets_take_follows_the_sliders(lab):
    choose_tab(lab, "how long")
    assert lab.picture(FIGURE).startswith("1280x840:")
    with changing(lab):
        lab.press(".fm-slowdown", "ArrowLeft", times=6)
    lab.shot("tab-how-long")
    before = at_rest(lab)
    type_in(lab, ".fm-paste", "cortex-a57-ipsec?policies=tracked,softirqs-off")
    at_rest(lab, before)
    file = export(lab, "figures-out") / "packet-delay.png"
    assert fm.figures.read_parameters(file)["policies"] == ["tracked", "softirqs-off"]
    assert fm.figures.reproduce(file).identical
    # A state of which nothing can be drawn is told; the next one is drawn again.
    type_in(lab, ".fm-rate .fm-entry", "0")
    lab.wait_text(".fm-status .fm-error", "no packets come")
    type_in(lab, ".fm-rate .fm-entry", "5k")
    at_rest(lab)
    assert lab.text(".fm-status").strip() == "ready"
    assert lab.console == []
    assert lab.cell_errors() == []


def test_the_order_of_events_that_loses_registers_is_drawn(lab):
    choose_tab(lab, "correctness")
    assert "proven correct" in lab.text(".fm-proven")
    assert "tracked" in lab.text(".fm-proven")
    before = lab.picture(FIGURE)
    lab.shot("tab-correctness")
    stories = lab.widget(".fm-story select option").all_inner_texts()
    assert {story.partition(":")[0] for story in stories} == {
        verdict.policy for verdict in fm.check() if not verdict.correct
    }
    with changing(lab):
        lab.choose(".fm-story", next(s for s in stories if s.startswith("reload-at-load")))
    assert lab.picture(FIGURE) != before
    made = fm.figures.read_parameters(export(lab, "figures-out") / "lost-state.svg")
    assert made["policies"] == ["reload-at-load"]


def test_a_simulation_runs_beside_the_sliders_and_can_be_cancelled(lab):
    choose_tab(lab, "simulation")
    lab.click(".fm-export")
    lab.wait_text(".fm-status .fm-error", "press simulate")
    lab.click(".fm-simulate")
    lab.wait_text(".fm-work-simulation .fm-words", "left", seconds=90)
    before = at_rest(lab)
    lab.press(".fm-slowdown", "ArrowLeft")
    wait_entry(lab, "slowdown", "18")
    at_rest(lab, before)  # all of it, while the simulation goes on
    assert "left" in work(lab, "simulation")
    lab.shot("tab-simulation-running")
    lab.click(".fm-work-simulation .fm-cancel")
    lab.wait_text(".fm-work-simulation .fm-words", "cancelled")
    assert "Simulated with seed" not in lab.text(".fm-simulated")


def test_simulated_points_stand_beside_the_formula_and_grow_old(lab):
    before = at_rest(lab)
    type_in(lab, ".fm-paste", "cortex-a57-ipsec?policies=tracked,switch-on-exit")
    at_rest(lab, before)
    choose_tab(lab, "simulation")
    lab.click(".fm-simulate")
    lab.wait_text(".fm-simulated", "Simulated with seed 0", seconds=90)
    assert lab.picture(FIGURE).startswith("1280x840:")
    assert "±" in lab.text('.fm-pairs tr[data-policy="tracked"]')
    lab.shot("tab-simulation")
    before = at_rest(lab)
    lab.press(".fm-residency", "ArrowRight")
    at_rest(lab, before)
    lab.wait_text(".fm-simulated", "of an earlier state")
    assert "fm-stale" in lab.widget(FIGURE).get_attribute("class")
    lab.shot("tab-simulation-old")
    before = at_rest(lab)
    lab.press(".fm-residency", "ArrowLeft")
    at_rest(lab, before)
    lab.wait_text(".fm-simulated", "Simulated with seed 0")
    assert (export(lab, "figures-out") / "simulation.svg").exists()
    assert lab.cell_errors() == []


@pytest.fixture(scope="module")
def long_trace(tmp_path_factory):
    """A trace that takes long enough to read for somebody to change their mind."""
    path = tmp_path_factory.mktemp("traces") / "long.txt.gz"
    path.write_bytes(100 * data_path("traces", f"{PLAIN}.txt.gz").read_bytes())
    return path


def test_a_trace_is_read_in_the_background_and_becomes_the_scenario(lab, long_trace):
    choose_tab(lab, "trace")
    lab.choose(".fm-trace", "k61-vhe-mmio-ipsec")
    lab.wait_text(".fm-told", "k61-vhe-mmio-ipsec.txt.gz: the model predicts", seconds=60)
    lab.widget(FIGURE).wait_for()
    lab.shot("tab-trace")
    lab.page.get_by_role("tab", name="every policy").click()
    assert "tracked" in lab.text(".fm-replay")
    before, table = at_rest(lab), row(lab, "tracked")
    lab.click(".fm-use")
    at_rest(lab, before)
    assert row(lab, "tracked") != table
    found = fm.calibrate(data_path("traces", "k61-vhe-mmio-ipsec.txt.gz")).scenario
    for name in ("rate", "residency", "out", "run"):  # the second is beyond its slider
        assert entry(lab, name) == text_of(CONTROLS[name].value(found))
    assert "calibrated from k61-vhe-mmio-ipsec" in lab.text(".fm-about")
    lab.shot("tab-trace-used")
    with lab.page.expect_file_chooser() as chooser:
        lab.click(".fm-upload")
    chooser.value.set_files(data_path("traces", f"{PLAIN}.txt.gz"))
    lab.wait_text(".fm-told", f"{PLAIN}.txt.gz: ", seconds=60)
    type_in(lab, ".fm-path", str(long_trace))
    lab.wait_text(".fm-work-trace .fm-words", re.compile(r"[1-9][\d.]* of \d+\.\d MB read"))
    lab.shot("tab-trace-reading")
    lab.click(".fm-work-trace .fm-cancel")
    lab.wait_text(".fm-work-trace .fm-words", "cancelled")
    type_in(lab, ".fm-path", "nowhere.txt")
    lab.wait_text(".fm-told .fm-error", "nowhere.txt: cannot read the trace")
    lab.wait_text(".fm-status .fm-error", "nowhere.txt: cannot read the trace")
    lab.shot("tab-trace-error")
    assert lab.cell_errors() == []
