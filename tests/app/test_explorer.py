"""The app's widgets, moved from Python as a browser would move them."""

from __future__ import annotations

import asyncio
import base64
import json
import re

import pytest
from PIL import Image

import fpsimd_model as fm
from fpsimd_model.app import Explorer, explore
from fpsimd_model.app.controls import CONTROLS
from fpsimd_model.app.state import State
from fpsimd_model.app.tab import Pace
from fpsimd_model.app.table import MOVES

CURVES = ["which-policy", "what-it-saves", "curves"]
FEW = ["switch-on-exit", "defer-to-put", "busy-flag-live", "tracked"]


class Mine(fm.policies.Tracked):
    """One's own: never arms the trap again."""

    def guest_enter(self, cpu):
        pass


@pytest.fixture
def app() -> Explorer:
    return explore("cortex-a57-ipsec", FEW)


def knob(app: Explorer, name: str):
    return app.screen.knobs[name]


def image(app: Explorer) -> bytes:
    return app.screen.tabs.chosen.sight.image.value


def text(app: Explorer, name: str) -> str:
    return re.sub("<[^>]+>", " ", app.screen.html[name].value)


def row_of(app: Explorer, policy: str) -> str:
    found = re.search(
        f'<tr data-policy="{policy}">(.*?)</tr>', app.screen.html["table"].value, re.DOTALL
    )
    return found[1]


def slide(app: Explorer, name: str, steps: int) -> float:
    slider = knob(app, name).slider
    slider.index += steps
    return slider.value


def test_being_shown_changes_nothing(app):
    """A browser sends back what it shows; that must not become another value."""
    for name in fm.presets():
        app.screen.presets.drops["situation"].value = name
        state = app.state
        for each in app.screen.knobs.values():
            slider = each.slider
            slider.set_state({"index": slider.index})
            each.entry.set_state({"value": each.entry.value})
        assert app.state == state
        assert app.scenario == fm.preset(name)


def test_values_of_a_preset_have_their_own_notch(app):
    rate = knob(app, "rate")
    assert rate.slider.value == 10159.25
    assert rate.entry.value == "10159"
    assert rate.entry.tooltip == "interrupts [1/s]: 10159.25; type another value"
    assert slide(app, "rate", 1) == 11000.0
    assert app.scenario.softirq.interrupts_per_s == 11000.0
    assert slide(app, "rate", -1) == 10159.25
    assert app.scenario == fm.preset("cortex-a57-ipsec")


@pytest.mark.parametrize("name", CONTROLS)
def test_a_slider_moves_scenario_figure_and_table(app, name):
    before = image(app), app.screen.html["table"].value
    value = slide(app, name, -3 if name == "slowdown" else 3)
    assert CONTROLS[name].value(app.scenario) == value
    assert knob(app, name).entry.value == fm.app.grid.text_of(value)
    assert image(app) != before[0]
    assert app.screen.html["table"].value != before[1]
    assert 'data-shown="rest 1"' in app.screen.html["table"].value
    assert not knob(app, name).back.disabled
    knob(app, name).back.click()
    assert app.scenario == fm.preset("cortex-a57-ipsec")
    assert knob(app, name).back.disabled


def test_numbers_are_those_of_evaluate(app):
    slide(app, "residency", 5)
    results = fm.evaluate(app.scenario, FEW)
    assert [r.to_dict() for r in app.results] == [r.to_dict() for r in results]
    for name in FEW:
        cells = re.findall(r"<td[^>]*>([^<]*)</td>", row_of(app, name))
        assert cells[0] == ("LOSES STATE" if name == "defer-to-put" else "correct")
        shown = [float(cell) for cell in cells[1:]]
        one = results[name]
        wanted = [
            sum(one[metric] for metric in MOVES),
            100 * one["switch_share"],
            100 * one["saving"],
            100 * one["scalar_share"],
            one["crypto_slowdown"],
            one["sojourn_mean_us"],
            one["sojourn_p99_us"],
        ]
        assert shown == pytest.approx(wanted, rel=5.1e-3, abs=1e-12)


@pytest.mark.parametrize("between", ["fast", "9k"])
def test_a_field_that_shows_fewer_digits_keeps_the_others(app, between):
    """Whoever types something and then what stood there before has changed nothing."""
    rate = knob(app, "rate")
    rate.entry.value = between
    rate.back.click()
    assert app.state == State.of("cortex-a57-ipsec", FEW)
    rate.entry.value = "fast"
    rate.entry.value = " 10159 "
    assert rate.entry.value == "10159"
    assert app.scenario == fm.preset("cortex-a57-ipsec")
    assert text(app, "status").strip() == "ready"
    assert "softirq" not in app.screen.html["line"].value
    rate.entry.value = "10159.0"  # who means it can have it
    assert app.scenario.softirq.interrupts_per_s == 10159.0


def test_typed_values_are_exact_and_get_a_notch(app):
    rate = knob(app, "rate")
    rate.entry.value = "12.345k"
    assert app.scenario.softirq.interrupts_per_s == 12345.0
    assert rate.slider.value == 12345.0
    slide(app, "rate", 1)
    assert slide(app, "rate", -1) == 12345.0
    app.screen.reset.click()
    assert 12345.0 not in rate.grid


@pytest.mark.parametrize("typed", ["fast", "-1", "1e99", "inf"])
def test_bad_input_is_told_and_changes_nothing(app, typed):
    state, rate = app.state, knob(app, "rate")
    rate.entry.value = typed
    assert app.state == state
    assert "fm-bad" in rate.entry._dom_classes
    assert "fm-error" in app.screen.html["status"].value
    assert "wanted" in text(app, "status") or "write 30000" in text(app, "status")
    slide(app, "rate", 1)
    assert "fm-bad" not in rate.entry._dom_classes
    assert "fm-error" not in app.screen.html["status"].value


def test_presets_put_their_values_exactly(app):
    app.screen.presets.drops["machine"].value = "neoverse-n1"
    assert app.scenario.machine_preset == "neoverse-n1"
    app.screen.presets.drops["algorithm"].value = "chacha20-poly1305"
    wanted = fm.preset("cortex-a57-ipsec").replace(
        {"machine.preset": "neoverse-n1", "crypto.algorithm": "chacha20-poly1305"}
    )
    assert app.scenario == wanted
    app.screen.presets.drops["situation"].value = "wifi-ap-ccmp"
    assert app.scenario == fm.preset("wifi-ap-ccmp")
    assert app.screen.presets.drops["machine"].value == "cortex-a53"
    assert knob(app, "slowdown").slider.value == 23.73
    assert "mac80211" in text(app, "about")
    app.screen.reset.click()
    assert app.scenario == fm.preset("wifi-ap-ccmp")


def test_one_s_own_scenario_can_be_come_back_to():
    own = fm.Scenario().replace({"vcpu.vector_bits": 512})
    app = explore(own, FEW)
    drop = app.screen.presets.drops["situation"]
    assert drop.value == ""
    drop.value = "vm-idle"
    assert app.scenario == fm.preset("vm-idle")
    drop.value = ""
    assert app.scenario == own


def test_policies_are_chosen_by_ticks(app):
    assert [p.name for p, tick in app.screen.choice.ticks.items() if tick.value] == FEW
    app.screen.choice.ticks[fm.policies.Tracked].value = False
    assert app.state.names == ("switch-on-exit", "defer-to-put", "busy-flag-live")
    app.screen.choice.right.click()
    assert "defer-to-put" not in app.state.names
    assert len(app.state.names) == 13
    app.screen.choice.every.click()
    assert app.state.policies == fm.policies.ALL
    app.state = app.state.show(FEW)
    for name in FEW:
        app.screen.choice.ticks[fm.policies.get(name)].value = False
    assert len(app.state.names) == 1
    assert "at least one" in text(app, "status")


def test_a_policy_of_ones_own_stands_beside_the_others():
    app = explore("reference", [fm.policies.Tracked, Mine])
    assert app.state.names == ("tracked", "mine")
    assert 'data-policy="mine"' in app.screen.html["table"].value
    assert "mine" in text(app, "events")  # it is wrong
    assert Mine in app.screen.choice.ticks
    slide(app, "rate", 2)
    assert 'data-policy="mine"' in app.screen.html["table"].value


@pytest.mark.parametrize("view", [*CURVES, "throughput-ceiling", "policy-map", "correctness"])
def test_every_view_can_be_shown_and_exported(app, view, tmp_path):
    before = image(app)
    app.screen.tabs.buttons.value = view
    assert (image(app) == before) is (view == "which-policy")
    name, kinds = view, ("png", "svg", "pdf", "txt", "toml")
    if view == "correctness":  # of any scenario
        name, kinds = "lost-state", kinds[:-1]
    files = app.export(tmp_path)
    assert [p.name for p in files] == [f"{name}.{kind}" for kind in kinds]
    assert fm.figures.reproduce(files[0]).identical


def test_export_writes_what_is_shown(app, tmp_path):
    slide(app, "slowdown", -4)
    app.screen.folder.value = str(tmp_path / "a" / "b")
    app.screen.export.click()
    assert "wrote which-policy .png .svg .pdf .txt .toml into" in text(app, "status")
    assert "(#1)" in text(app, "status")
    folder = tmp_path / "a" / "b"
    assert fm.Scenario.load(folder / "which-policy.toml") == app.scenario
    for kind in ("png", "svg", "pdf", "txt"):
        made = fm.figures.read_parameters(folder / f"which-policy.{kind}")
        assert fm.Scenario.from_toml(made["scenario"]) == app.scenario
        assert explore(made["line"]).state.scenario == app.scenario
    assert json.loads(Image.open(folder / "which-policy.png").text["Description"]) == made
    words = (folder / "which-policy.txt").read_bytes()
    assert words.isascii()
    assert max(map(len, words.splitlines())) <= 72
    assert b"defer-to-put LOSES STATE" in words
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    app.screen.export.click()
    assert "(#2)" in text(app, "status")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_bad_folder_is_told_and_nothing_is_written(app, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for bad, said in {
        "": "no folder is named",
        str(tmp_path / "file"): "name another",
        str(tmp_path / "file" / "below"): "name another",
        "a\0b": "name another",
    }.items():
        app.screen.folder.value = bad
        app.screen.export.click()
        assert said in text(app, "status")
        assert "fm-error" in app.screen.html["status"].value
        assert "\n" not in text(app, "status").strip()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_export_waits_for_values_that_come_late(app, tmp_path):
    """A click overtakes a slider's last value by as much as a redraw takes."""

    async def run():
        app.screen.folder.value = str(tmp_path)
        slide(app, "rate", 1)
        app.screen.export.click()
        asyncio.get_running_loop().call_later(0.1, slide, app, "rate", 1)
        while "(#1)" not in text(app, "status"):
            await asyncio.sleep(0.02)

    asyncio.run(run())
    made = fm.figures.read_parameters(tmp_path / "which-policy.png")
    scenario = fm.Scenario.from_toml(made["scenario"])
    assert scenario.softirq.interrupts_per_s == knob(app, "rate").slider.value
    assert knob(app, "rate").slider.value == 12000.0


def test_only_the_newest_value_is_drawn(app, monkeypatch):
    drawn = []
    show = app.screen.tabs.show

    def watched(state, pace):
        if pace is Pace.MOVING:
            drawn.append(state.scenario.crypto.slowdown)
        return show(state, pace)

    monkeypatch.setattr(app.screen.tabs, "show", watched)

    async def run():
        for _ in range(8):
            slide(app, "slowdown", -1)
        assert drawn == []
        while not app.stages.at_rest:
            await asyncio.sleep(0.01)

    asyncio.run(run())
    assert drawn == [app.scenario.crypto.slowdown]
    assert re.search(r'data-shown="rest \d+"', app.screen.html["table"].value)


def test_what_the_formula_leaves_out_is_told_in_the_row(app):
    app.screen.paste.value = "vm-idle?softirq.fallback=cryptd"
    assert "cryptd, to which this policy falls back" in row_of(app, "busy-flag-live")
    assert row_of(app, "busy-flag-live").endswith(">no formula: cryptd</td>")
    assert "correct" in row_of(app, "tracked")
    assert "cryptd" not in row_of(app, "tracked")
    assert text(app, "status").strip() == "ready"
    for name in app.screen.tabs.tabs:
        app.screen.tabs.buttons.value = name
        assert "fm-error" not in app.screen.html["status"].value


def test_any_failure_ends_in_the_status_line(app, monkeypatch):
    def fail(state, pace):
        raise RuntimeError("the moon is full")

    monkeypatch.setattr(app.screen.tabs, "show", fail)
    slide(app, "rate", 1)
    assert "RuntimeError: the moon is full" in text(app, "status")
    assert "fm-error" in app.screen.html["status"].value


def test_unstable_policies_say_why(app):
    knob(app, "rate").entry.value = "50k"
    row = row_of(app, "busy-flag-live")
    assert "unstable: crypto without NEON serves at most" in row
    assert row.endswith(">unstable: serves at most 25434 packets/s</td>")


def test_the_line_restores_the_state_in_another_app(app):
    slide(app, "run", 4)
    app.screen.presets.drops["machine"].value = "cortex-a72"
    code = re.search(r"<code>(.*?)</code>", app.screen.html["line"].value)[1]
    other = explore("reference")
    other.screen.paste.value = code.replace("&quot;", '"').replace("&amp;", "&")
    assert other.state == app.state
    assert other.screen.paste.value == ""
    other.screen.paste.value = "no such line"
    assert "no known situation" in text(other, "status")
    assert other.state == app.state


@pytest.mark.parametrize("written", ["{}", ' fm.app.explore("{}") '])
def test_a_scenario_file_goes_onto_the_sliders_and_can_be_come_back_to(app, tmp_path, written):
    slide(app, "run", 4)
    (file,) = (path for path in app.export(tmp_path / "out") if path.suffix == ".toml")
    there = app.scenario
    other = explore("reference", ["tracked", "flush-hook"])
    other.screen.paste.value = written.format(file)
    assert other.scenario == there
    assert other.state.names == ("tracked", "flush-hook")
    assert text(other, "status").strip() == f"loaded {file}"
    assert other.screen.paste.value == ""
    slide(other, "run", -1)
    assert other.scenario != there
    other.screen.reset.click()
    assert other.scenario == there


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read (no such file or directory)"),
        ("[vcpu]\nresidency_us = -1", "mine.toml:2: [vcpu] residency_us: -1 is negative"),
        ("what?", "mine.toml:1"),
    ],
)
def test_a_file_that_is_no_scenario_changes_nothing(app, tmp_path, content, says):
    file, before = tmp_path / "mine.toml", app.state
    if content is not None:
        file.write_text(content)
    app.screen.paste.value = str(file)
    assert says in text(app, "status")
    assert app.state == before
    assert app.screen.paste.value == str(file)  # to be put right


def test_where_widgets_cannot_run_there_is_a_picture(app):
    bundle = app._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"].count("\n") == 0
    assert "cortex-a57-ipsec" in bundle["text/plain"]


def test_scenarios_come_from_files_too(tmp_path):
    fm.preset("vm-idle").save(tmp_path / "mine.toml")
    assert explore(str(tmp_path / "mine.toml"), FEW).scenario == fm.preset("vm-idle")
    with pytest.raises(fm.InputError, match=r"gone\.toml"):
        explore(str(tmp_path / "gone.toml"))


@pytest.fixture
def voila(monkeypatch):
    def ask(query):
        monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
        monkeypatch.setenv("QUERY_STRING", query)
        return explore("vm-idle", FEW)

    return ask


def test_voila_s_address_sets_values(voila):
    app = voila("softirq.interrupts_per_s=3e4&token=secret&policies=tracked")
    assert app.scenario.softirq.interrupts_per_s == 3e4
    assert app.state.origin.name == "vm-idle"
    assert app.state.names == ("tracked",)
    assert text(app, "status").strip() == "ready"


def test_a_bad_address_is_told_and_the_notebook_s_own_is_shown(voila):
    app = voila("softirq.interrupts_per_s=fast")
    assert app.scenario == fm.preset("vm-idle")
    assert "the page's address: [softirq] interrupts_per_s" in text(app, "status").replace(
        "&#x27;", "'"
    )


def test_an_address_counts_only_under_voila(monkeypatch):
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    monkeypatch.setenv("QUERY_STRING", "crypto.slowdown=2")
    assert explore("vm-idle", FEW).scenario == fm.preset("vm-idle")


def test_percentiles_follow_a_moving_slider(app, monkeypatch):
    """Where the engine is fast enough for that, as it is for any scenario without shapes."""
    monkeypatch.setattr(type(app._solver), "quick", True)

    async def run():
        before = row_of(app, "tracked")
        slide(app, "packet", -6)
        while f'data-shown="moving {app.stages.marks}"' not in app.screen.html["table"].value:
            await asyncio.sleep(0)
        return before, row_of(app, "tracked")

    before, moving = asyncio.run(run())
    assert "fm-old" not in moving
    assert moving.rpartition("<td>")[2] != before.rpartition("<td>")[2]
