"""Views that are more than curves, moved from Python as a browser would move them."""

from __future__ import annotations

import asyncio
import re

import pytest

import fpsimd_model as fm
from fpsimd_model.app import Explorer, explore
from fpsimd_model.app.readings import layer

FEW = ["switch-on-exit", "defer-to-put", "tracked"]


def app_at(tab: str, policies=FEW) -> Explorer:
    app = explore("cortex-a57-ipsec", policies)
    app.screen.tabs.buttons.value = tab
    return app


def said(app: Explorer, widget=None) -> str:
    return re.sub("<[^>]+>", "", (widget or app.screen.html["status"]).value).strip()


def test_only_the_chosen_tab_is_on_screen():
    app = explore("reference", FEW)
    for name, tab in app.screen.tabs.tabs.items():
        app.screen.tabs.buttons.value = name
        assert app.screen.tabs.body.children == (tab.widget,)
        assert said(app) == "ready"


def test_values_under_the_pointer_are_those_of_the_picture_that_rests():
    app = explore("reference", FEW)
    glass = app.screen.tabs.chosen.sight.glass
    assert "tracked" in glass.value
    before = glass.value
    app.screen.knobs["slowdown"].slider.index -= 3
    assert glass.value != before
    app.screen.tabs.chosen.sight.quick(app.screen.tabs.picture)
    assert glass.value == layer([]) == ""


def test_a_story_is_chosen_drawn_and_exported(tmp_path):
    app = app_at("correctness", ["defer-to-put", "reload-at-load", "tracked"])
    tab = app.screen.tabs["correctness"]
    assert {policy for policy, _ in dict(tab.story.options).values()} == {
        "defer-to-put",
        "reload-at-load",
    }
    first = tab.sight.image.value
    tab.story.value = ("reload-at-load", 0)
    assert tab.sight.image.value != first
    assert tab.picture.policy == "reload-at-load"
    (verdict,) = fm.check("tracked")
    assert "tracked" in tab.proven.value
    assert f">{verdict.states}<" in tab.proven.value
    png, *_ = app.export(tmp_path)
    assert fm.figures.read_parameters(png)["policies"] == ["reload-at-load"]
    app.state = app.state.show(["defer-to-put"])  # the story shown is no longer there
    assert tab.picture.policy == "defer-to-put"
    assert tab.proven.value == "None of the policies shown is correct."
    app.state = app.state.show(["tracked"])
    assert tab.picture is None
    assert tab.sight.widget.layout.display == "none"
    with pytest.raises(fm.InputError, match="no story to export"):
        app.export(tmp_path)


def test_points_are_simulated_grow_old_and_are_remembered(tmp_path):
    app = app_at("simulation")
    tab = app.screen.tabs["simulation"]
    tab.seconds = 2.0
    with pytest.raises(fm.InputError, match="press simulate"):
        app.export(tmp_path)
    tab.button.click()
    wanted = fm.evaluate(app.scenario, FEW, engine="both", seconds=2.0)
    assert [r.to_dict() for r in tab.picture.results] == [r.to_dict() for r in wanted]
    assert said(app, tab.words).startswith("Simulated with seed 0")
    assert "±" in tab.numbers.value
    png, *_ = app.export(tmp_path)
    assert fm.figures.reproduce(png).identical
    app.screen.knobs["residency"].slider.index += 1
    assert "fm-stale" in tab.sight.image._dom_classes
    assert "of an earlier state" in said(app, tab.words)
    assert tab.picture is None
    app.screen.knobs["residency"].slider.index -= 1
    assert "fm-stale" not in tab.sight.image._dom_classes
    assert tab.picture is not None


def test_a_simulation_can_be_cancelled_and_blocks_no_slider():
    async def run():
        app = app_at("simulation")
        tab = app.screen.tabs["simulation"]
        tab.seconds = 1e5
        tab.button.click()
        async with asyncio.timeout(60):
            while not tab.background.bar.value:
                await asyncio.sleep(0.01)
            app.screen.knobs["rate"].slider.index += 2
            while not app.stages.at_rest:
                await asyncio.sleep(0.01)
        assert 'data-shown="rest' in app.screen.html["table"].value
        assert tab.background.running
        tab.background.stop.click()
        assert not tab.background.running
        return said(app), tab.picture

    assert asyncio.run(run()) == ("ready", None)


def test_what_a_simulation_refuses_is_told():
    app = app_at("simulation")
    tab = app.screen.tabs["simulation"]
    tab.seconds = -1.0
    tab.button.click()
    assert "not a time above 0" in said(app)
    assert not tab.background.running
