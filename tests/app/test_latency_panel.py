"""The panel of packet delay without a browser: it follows, says what is wrong, and writes files."""

from __future__ import annotations

import asyncio
import base64
import threading

import pytest

import fpsimd_model as fm
from fpsimd_model.app import latency_tabs
from fpsimd_model.app.controls import CONTROLS
from fpsimd_model.app.latency_panel import LatencyPanel
from fpsimd_model.app.tab import Pace

POLICIES = ["tracked", "busy-flag-live"]
VIEWS = ("packet-delay", "latency-over-load", "overload", "throughput-ceiling")


@pytest.fixture(scope="module")
def made():
    return LatencyPanel("reference", POLICIES)


@pytest.fixture
def panel(made):
    """At its start, on its first view: making one takes seconds."""
    made.tabs.buttons.value = VIEWS[0]
    if made.state != made._start:
        made._renew(made._start)
    return made


def image(panel: LatencyPanel) -> bytes:
    return bytes(panel.tabs.chosen.sight.image.value)


def text(panel: LatencyPanel, name: str) -> str:
    return panel.screen.html[name].value


def test_a_slider_moves_picture_and_words_and_reset_brings_them_back(panel):
    before, said = image(panel), text(panel, "upshot")
    assert "2.48 us with <b>tracked</b>" in said
    (knob,) = [knob for knob in panel.screen.knobs.values() if knob.control.name == "slowdown"]
    knob.slider.index -= 4
    assert panel.scenario.crypto.slowdown == 12.0
    assert image(panel) != before
    assert text(panel, "upshot") != said
    knob.back.click()
    assert panel.scenario == fm.preset("reference")
    assert image(panel) == before


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_is_drawn_and_follows(panel, view):
    panel.tabs.buttons.value = view
    assert "fm-error" not in text(panel, "status")
    before = image(panel)
    assert before.startswith(b"\x89PNG")
    change = {"softirq.stack_ns": 2000.0, "vcpu.residency_us": 300.0}
    panel.state = panel.state.put(change)
    assert image(panel) != before
    assert "fm-error" not in text(panel, "status")


@pytest.mark.parametrize("view", ["packet-delay", "latency-over-load"])
def test_what_is_exported_is_what_is_shown(panel, view, tmp_path):
    panel.tabs.buttons.value = view
    panel.state = panel.state.set(CONTROLS["rate"], 2e4)
    files = panel.export(tmp_path)
    assert {path.name for path in files} == {
        f"{view}.{form}" for form in ("png", "svg", "pdf", "txt", "toml")
    }
    found = fm.figures.read_parameters(tmp_path / f"{view}.png")
    assert found["figure"] == view
    assert found["policies"] == POLICIES
    assert fm.Scenario.load(tmp_path / f"{view}.toml") == panel.scenario
    words = (tmp_path / f"{view}.txt").read_text("ascii")
    assert max(map(len, words.splitlines())) <= 72
    assert panel.tabs.picture.text() in words


def test_overload_is_told_and_nothing_breaks(panel):
    panel.state = panel.state.set(CONTROLS["rate"], 9e4)
    assert "No steady state without ksoftirqd's help: <b>busy-flag-live</b>" in text(
        panel, "upshot"
    )
    for view in VIEWS:
        panel.tabs.buttons.value = view
        assert "fm-error" not in text(panel, "status")


def test_bad_input_is_told_and_the_picture_stays(panel):
    before = image(panel)
    (knob,) = [knob for knob in panel.screen.knobs.values() if knob.control.name == "rate"]
    knob.entry.value = "-5"
    assert "fm-error" in text(panel, "status")
    assert "negative" in text(panel, "status")
    assert image(panel) == before
    knob.entry.value = "12k"
    assert "ready" in text(panel, "status")
    assert panel.scenario.softirq.interrupts_per_s == 12_000.0


def test_an_export_that_cannot_be_is_told(panel, tmp_path):
    (tmp_path / "here").write_text("in the way")
    panel.screen.folder.value = str(tmp_path / "here" / "below")
    panel._told(panel._write)()
    assert "fm-error" in text(panel, "status")
    panel.screen.folder.value = "figures-out"


def test_policies_and_presets_are_chosen(panel):
    panel._pick(fm.policies.select(["tracked"]))
    assert panel.tabs.picture.policies == ("tracked",)
    panel._choose("situation", "cortex-a57-ipsec")
    assert panel.scenario == fm.preset("cortex-a57-ipsec")
    assert panel.state.names == ("tracked",)
    panel._choose("machine.preset", "neoverse-n1")
    assert panel.scenario.machine_preset == "neoverse-n1"


def test_more_policies_than_strips_are_told_of(panel):
    panel._pick(fm.policies.ALL)
    panel.tabs.buttons.value = "overload"
    assert len(panel.tabs.picture.policies) == 5
    assert "the first 5 of 16 policies" in " ".join(panel.tabs.picture.text().split())


def test_where_widgets_cannot_run_there_is_a_picture(panel):
    bundle = panel._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"].startswith("<how long a packet waits")


async def dots(panel: LatencyPanel) -> None:
    """Wait for the end of the simulation beside the sliders."""
    while panel.tabs.chosen.background.running:
        await asyncio.sleep(0.01)


def test_dots_are_simulated_beside_the_sliders_and_dropped_when_one_moves(panel, monkeypatch):
    tab, held, asked = panel.tabs.chosen, threading.Event(), []
    true = latency_tabs.dots_of

    def slow(scenario, *given, **more):
        asked.append(scenario)
        if len(asked) == 1:
            held.wait(10.0)
        yield from true(scenario, *given, **more)

    monkeypatch.setattr(latency_tabs, "dots_of", slow)

    async def run() -> None:
        panel.state = panel.state.set(CONTROLS["rate"], 2e4)
        await panel.stages.settled()
        assert tab.background.running  # and yet all is at rest
        assert not tab.shown.data.dots
        panel.state = panel.state.set(CONTROLS["rate"], 3e4)
        await panel.stages.settled()
        held.set()
        await dots(panel)

    asyncio.run(run())
    assert [scenario.softirq.rate_per_s for scenario in asked] == [2e4, 3e4]
    assert tab.shown.data.dots.keys() == {"tracked", "busy-flag-live"}
    assert tab.background.words.value == ""


@pytest.mark.parametrize("address", ["softirq.interrupts_per_s=3e4", "softirq.packet_bytes=many"])
def test_the_address_of_a_page_under_voila_changes_the_state(monkeypatch, address):
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    monkeypatch.setenv("QUERY_STRING", address)
    panel = LatencyPanel("reference", ["tracked"])
    if "many" in address:
        assert panel.scenario == fm.preset("reference")
        assert "the page&#x27;s address: " in text(panel, "status")
    else:
        assert panel.scenario.softirq.rate_per_s == 3e4
        assert "ready" in text(panel, "status")


def test_the_newest_state_wins(panel):
    """Many changes at once leave what one change to the last of them leaves."""
    rates = [2e4, 5e4, 1.1e4, 3e4, 1.2e4]

    async def drag() -> None:
        for rate in rates:
            panel.state = panel.state.set(CONTROLS["rate"], rate)
            await asyncio.sleep(0)
        await panel.stages.settled()
        await dots(panel)

    asyncio.run(drag())
    assert f'rest {panel.stages.marks}"' in text(panel, "upshot")
    dragged = image(panel)
    panel._renew(panel._start)
    panel.state = panel.state.set(CONTROLS["rate"], rates[-1])
    assert image(panel) == dragged


def test_loads_are_not_solved_again_for_another_rate(panel, monkeypatch):
    panel.tabs.buttons.value = "latency-over-load"
    tab = panel.tabs.chosen
    found = tab._found
    tab.show(panel.state.set(CONTROLS["rate"], 2e4), Pace.MOVING)
    assert tab._found is found
    assert tab.shown.curves.at == pytest.approx(100.0 * 2e4 * 1.675e-6)


def test_a_scenario_file_and_unknown_names(tmp_path):
    fm.preset("vm-idle").save(tmp_path / "mine.toml")
    assert LatencyPanel(str(tmp_path / "mine.toml"), ["tracked"]).scenario == fm.preset("vm-idle")
    with pytest.raises(fm.InputError, match="no known situation"):
        LatencyPanel("nothing", ["tracked"])
    with pytest.raises(fm.InputError, match="no policy is called"):
        LatencyPanel("reference", ["trakced"])
