"""Widgets are heard in any thread, as JupyterLab's subshells do it, and answered in one."""

from __future__ import annotations

import asyncio
import threading

import ipywidgets as w
import pytest

import fpsimd_model as fm
from fpsimd_model.app.home import Home
from fpsimd_model.app.knob import Knob
from fpsimd_model.app.latency_panel import LatencyPanel
from fpsimd_model.app.trace_panel import TracePanel


def update(**state: object) -> dict:
    """What the browser sends when a person has changed a widget."""
    return {"content": {"data": {"method": "update", "state": state}}}


def press() -> dict:
    return {"content": {"data": {"method": "custom", "content": {"event": "click"}}}, "buffers": []}


def heard_elsewhere(*messages: tuple[w.Widget, dict]) -> None:
    """The kernel hears messages in a thread of its own."""

    def hear() -> None:
        for widget, message in messages:
            widget.comm.handle_msg(message)

    thread = threading.Thread(target=hear)
    thread.start()
    thread.join()


@pytest.fixture
def threads(monkeypatch) -> set[str]:
    """In which knobs are turned, and brought up to date."""
    seen: set[str] = set()

    def noting(method):
        def noted(self, *arguments):
            seen.add(threading.current_thread().name)
            return method(self, *arguments)

        return noted

    for name in ("_slid", "_typed", "show"):
        monkeypatch.setattr(Knob, name, noting(getattr(Knob, name)))
    return seen


def test_a_value_heard_while_knobs_are_brought_up_to_date_is_not_put_back(monkeypatch):
    async def turned() -> tuple[float, float]:
        panel = fm.app.explore("cortex-a57-ipsec")
        rate, residency = panel.screen.knobs["rate"], panel.screen.knobs["residency"]
        wanted = residency.slider.index - 3
        write = Knob._write

        def interrupted(self, value):
            if self is residency:
                monkeypatch.setattr(Knob, "_write", write)
                heard_elsewhere((residency.slider, update(index=wanted)))
            write(self, value)

        monkeypatch.setattr(Knob, "_write", interrupted)
        rate.slider.comm.handle_msg(update(index=rate.slider.index + 1))
        await panel.stages.settled()
        assert Knob._write is write  # it was heard in the middle of that
        assert residency.slider.index == wanted
        return panel.scenario.vcpu.residency_us.mean_us, residency.grid[wanted]

    assert asyncio.run(turned()) == (700.0, 700.0)


def test_everything_is_done_in_the_thread_that_made_the_panel(threads):
    async def used() -> None:
        panel = fm.app.explore("reference")
        knob = panel.screen.knobs["rate"]
        heard_elsewhere((knob.slider, update(index=3)), (knob.entry, update(value="1.2k")))
        await panel.stages.settled()
        assert panel.scenario.softirq.interrupts_per_s == 1200.0
        heard_elsewhere((knob.back, press()))
        await panel.stages.settled()
        assert panel.scenario == fm.preset("reference")

    asyncio.run(used())
    assert threads == {"MainThread"}


SPEAKING = (
    w.SelectionSlider,
    w.Text,
    w.Button,
    w.Checkbox,
    w.Dropdown,
    w.ToggleButtons,
    w.FileUpload,
)


@pytest.mark.parametrize("make", [fm.app.explore, LatencyPanel, TracePanel])
def test_no_widget_of_a_panel_is_left_out(make, monkeypatch):
    made, heard = [], []
    opened = w.Widget.open
    monkeypatch.setattr(w.Widget, "open", lambda self: (made.append(self), opened(self)))
    monkeypatch.setattr(Home, "_hear", lambda self, handle, message: heard.append(message))
    make()
    speaking = [widget for widget in made if isinstance(widget, SPEAKING)]
    assert len(speaking) > 3
    for widget in speaking:
        message = update()
        widget.comm.handle_msg(message)
        assert any(each is message for each in heard), widget


def test_without_an_event_loop_it_is_heard_at_once():
    slider, seen = w.IntSlider(), []
    Home().take_in(w.VBox([slider, w.HBox([slider])]))
    slider.observe(lambda change: seen.append(change["new"]), "value")
    heard_elsewhere((slider, update(value=5)))
    slider.comm.handle_msg(update(value=6))
    assert seen == [5, 6]


def test_a_loop_that_has_ended_is_no_home():
    async def make() -> w.IntSlider:
        slider = w.IntSlider()
        Home().take_in(slider)
        return slider

    slider = asyncio.run(make())
    heard_elsewhere((slider, update(value=5)))
    assert slider.value == 5
