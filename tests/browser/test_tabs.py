"""Every view of the app in the browser: values under the pointer, and work in the background."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import fpsimd_model as fm
from tests.browser.app import (
    FIGURE,
    at_rest,
    changing,
    choose_tab,
    export,
    type_in,
    wait_entry,
)
from tests.browser.pages import WidgetPage
from tests.browser.pointer import HIDDEN, READ, SCROLLS, point_at


def work(shown: WidgetPage, name: str) -> str:
    return shown.text(f".fm-work-{name} .fm-words")


# Of each view: where the pointer goes, as shares of the picture, and what is read there.
VIEWS = {
    "cost, crypto": [
        ((0.3, 0.3), r"[\d.]+k 1/s: CPU time in .*\[%\] [\d.]+ switch-on-exit .*tracked"),
        ((0.3, 0.8), r"[\d.]+k 1/s: crypto time .*[\d.]+ neon-begin-at-load"),
    ],
    "saving": [((0.6, 0.2), r"1/s: time in moves and traps saved, .*\[%\] .* [\d.]+ tracked ")],
    "mean delay": [((0.2, 0.2), r"1/s: packet time .*mean \[us\] \d+ softirqs-off ")],
    "how long": [
        ((0.3, 0.5), r"us: packets that take longer \[%\] [\d.]+ neon-begin-at-load .*<0\.01")
    ],
    "Gb/s": [((0.5, 0.5), r"sha-1: at most \[Gb/s\] [\d.]+ S .*[\d.]+x highest to lowest$")],
    "map": [((0.3, 0.5), r"^[\d.e]+ 1/s, [\d.e]+ us: CPU time .*\[%\] [\d.]+ reload-at-entry")],
    "correctness": [((0.5, 0.47), r"^after 3\. .* registers: guest, current; task image: VMM,")],
}


def test_every_view_is_read_under_the_pointer(lab):
    for title, readings in VIEWS.items():
        choose_tab(lab, title)
        for at, wanted in readings:
            read = " ".join(point_at(lab, *at).split())
            assert re.search(wanted, read), read
            lab.shot(f"tab-read-{title}-{at[1]}")
    box = lab.widget(FIGURE).bounding_box()
    lab.page.mouse.move(box["x"] + 5, box["y"] - 30)
    expect(lab.widget(READ)).to_have_count(0)
    assert lab.console == []


@pytest.mark.parametrize("width", [900, 1280, 1400, 1900])
def test_what_is_read_hides_nothing_that_it_is_read_from(lab, width):
    """Nor does it stand outside the picture, or make anything scroll."""
    before, size = at_rest(lab), lab.page.viewport_size
    lab.page.set_viewport_size({"width": width, "height": 1000})
    try:
        assert at_rest(lab) >= before
        for title, x in (("cost, crypto", 0.2), ("map", 0.2), ("correctness", 0.5)):
            choose_tab(lab, title)
            for at in ((x, 0.3), (0.6, 0.4), (0.62, 0.77)):
                point_at(lab, *at)
                assert lab.page.evaluate(HIDDEN) == [], title
                assert lab.page.evaluate(SCROLLS) == [], title
            lab.shot(f"tab-read-{title}-{width}")
    finally:
        lab.page.set_viewport_size(size)


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
    assert lab.picture(FIGURE).startswith("1280x270:")  # two rows
    assert "±" in lab.text('.fm-pairs tr[data-policy="tracked"]')
    read = " ".join(point_at(lab, 0.3, 0.45).split())
    assert re.match(r"tracked: CPU time in moves and traps \[%\] [\d.]+ simulated ±", read)
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
