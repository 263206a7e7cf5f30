"""The first notebook as a person uses it: keys, mouse, presets, export, and what goes wrong."""

from __future__ import annotations

import pytest
from PIL import Image

import fpsimd_model as fm
from fpsimd_model.app.line import state_of
from tests.browser.app import (
    AT_REST,
    FIGURE,
    NOTEBOOK,
    at_rest,
    changing,
    entry,
    export,
    row,
    type_in,
    unfold,
    wait_entry,
)
from tests.browser.pages import WidgetPage


def height(shown: WidgetPage) -> float:
    return shown.widget(".fm-app").bounding_box()["height"]


def test_keys_move_values_figure_and_table_and_reset_brings_them_back(lab):
    size, before, table = height(lab), lab.picture(FIGURE), row(lab, "tracked")
    assert before.startswith("1280x840:")  # sharp on a dense screen
    # Being shown has changed no value.
    assert entry(lab, "rate") == "10159"
    line = lab.widget(".fm-line code")
    assert line.text_content() == 'fm.app.explore("cortex-a57-ipsec")'
    with changing(lab):
        lab.press(".fm-rate", "ArrowRight", times=4)
        wait_entry(lab, "rate", "16000")
    assert row(lab, "tracked") != table
    assert lab.text(".fm-upshot").startswith("At 16000 interrupts/s")
    with changing(lab):
        lab.press(".fm-residency", "ArrowLeft", times=3)
        wait_entry(lab, "residency", "700")
    assert height(lab) == size  # nothing jumped
    lab.shot("which-policy-lab")
    with changing(lab):
        lab.click(".fm-residency .fm-reset")
        wait_entry(lab, "residency", "1000")
    with changing(lab):
        lab.click(".fm-reset-all")
        wait_entry(lab, "rate", "10159")
    assert row(lab, "tracked") == table
    assert lab.picture(FIGURE) == before
    assert lab.console == []


NOTE_THREADS = """
import threading
from fpsimd_model.app.knob import Knob
worked, told, show = set(), Knob._tell, Knob.show
def noted(method):
    def run(*arguments):
        worked.add(threading.current_thread().name)
        return method(*arguments)
    return run
Knob._tell, Knob.show = noted(told), noted(show)
"""
TELL_THREADS = "Knob._tell, Knob.show = told, show; print(*worked)"


def test_whatever_thread_hears_a_slider_the_app_works_in_one(lab):
    lab.run_code(NOTE_THREADS)  # JupyterLab has other threads hear all but a slider's first value
    for name in ("out", "run", "out", "run"):
        with changing(lab):
            lab.press(f".fm-{name}", "ArrowRight", times=2)
    assert lab.run_code(TELL_THREADS).split() == ["MainThread"]


def test_a_drag_with_the_mouse_ends_at_its_last_value(lab):
    lab.widget(".fm-slowdown").scroll_into_view_if_needed()
    handle = lab.widget(".fm-slowdown .noUi-handle").bounding_box()
    track = lab.widget(".fm-slowdown .noUi-target").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    with changing(lab):
        lab.page.mouse.move(x, y)
        lab.page.mouse.down()
        lab.page.mouse.move(track["x"] - 20, y, steps=40)  # past the left end
        lab.page.mouse.up()
        wait_entry(lab, "slowdown", "1")
    assert row(lab, "busy-flag-live").split()[6] == "1"  # crypto without NEON is as fast


def test_export_writes_what_is_shown_even_if_it_overtakes_the_slider(lab):
    lab.press(".fm-rate", "ArrowRight", times=6)
    folder = export(lab, "overtaken")  # at once, before the last value has arrived
    names = {path.name for path in folder.iterdir()}
    assert names == {f"which-policy.{kind}" for kind in ("png", "svg", "pdf", "txt", "toml")}
    made = fm.figures.read_parameters(folder / "which-policy.png")
    assert Image.open(folder / "which-policy.png").text["Description"]
    scenario = fm.Scenario.from_toml(made["scenario"])
    assert scenario.softirq.interrupts_per_s == float(entry(lab, "rate")) == 20000.0
    for kind in ("png", "svg", "pdf", "txt"):
        assert fm.figures.reproduce(folder / f"which-policy.{kind}").identical
    assert fm.Scenario.load(folder / "which-policy.toml") == state_of(made["line"]).scenario
    text = (folder / "which-policy.txt").read_bytes()
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 72
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    export(lab, "overtaken")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    type_in(lab, ".fm-folder", "which-policy.txt/here")
    (lab.folder / "which-policy.txt").write_text("in the way")
    lab.click(".fm-export")
    lab.wait_text(".fm-status .fm-error", "name another")
    assert lab.cell_errors() == []


def test_presets_policies_and_views(lab):
    with changing(lab):
        lab.choose(".fm-situation", "wifi-ap-ccmp")
    assert entry(lab, "slowdown") == "23.73"
    assert "mac80211" in lab.text(".fm-about")
    with changing(lab):
        lab.choose(".fm-machine", "neoverse-n1")
    unfold(lab, "Policies shown")
    with changing(lab):
        lab.click(".fm-correct")
    assert lab.widget(".fm-table tbody tr").count() == 13
    assert lab.widget('.fm-table tr[data-policy="defer-to-put"]').count() == 0
    lab.shot("which-policy-policies")
    with changing(lab):
        lab.widget(".fm-policy-tracked input").uncheck()
    assert lab.widget('.fm-table tr[data-policy="tracked"]').count() == 0
    for title in ("saving", "mean delay", "how long", "Gb/s", "cost, crypto"):
        with changing(lab):
            lab.widget(".fm-views").get_by_text(title).click()
        lab.shot(f"which-policy-{title}")
    unfold(lab, "Orders of events")
    assert "No order of events" in lab.text(".fm-events")
    unfold(lab, "Policies shown")
    with changing(lab):
        lab.click(".fm-all")
    unfold(lab, "Orders of events")
    story = '.fm-events details[data-policy="defer-to-put"]'
    lab.click(f"{story} summary")
    assert "kernel_neon_begin" in lab.text(story)
    with changing(lab):  # the story stays open while numbers change
        lab.press(".fm-rate", "ArrowLeft")
    assert "kernel_neon_begin" in lab.text(story)
    lab.shot("which-policy-events")


def test_bad_input_is_told_in_the_app(lab):
    before = lab.picture(FIGURE)
    type_in(lab, ".fm-rate .fm-entry", "fast")
    lab.wait_text(".fm-status .fm-error", "is no number; write 30000, 3e4 or 30k")
    type_in(lab, ".fm-rate .fm-entry", "-5")
    lab.wait_text(".fm-status .fm-error", "is negative")
    lab.shot("which-policy-error")
    assert lab.picture(FIGURE) == before
    with changing(lab):
        type_in(lab, ".fm-rate .fm-entry", "12.5k")
    assert entry(lab, "rate") == "12500"
    assert lab.text(".fm-status").strip() == "ready"
    assert lab.cell_errors() == []


def test_a_line_restores_a_state(lab):
    with changing(lab):
        type_in(lab, ".fm-rate .fm-entry", "12.5k")
    unfold(lab, "This state as a line")
    line = lab.text(".fm-line code")
    assert line == 'fm.app.explore("cortex-a57-ipsec?softirq.interrupts_per_s=12500")'
    with changing(lab):
        lab.click(".fm-reset-all")
    with changing(lab):
        type_in(lab, ".fm-paste", line)
    assert entry(lab, "rate") == "12500"
    lab.shot("which-policy-line")
    type_in(lab, ".fm-paste", "no such line")
    lab.wait_text(".fm-status .fm-error", "no known situation")
    assert entry(lab, "rate") == "12500"
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.click(".fm-line button")
    lab.wait_text(".fm-line button", "copied")
    assert lab.page.evaluate("() => navigator.clipboard.readText()") == line


def test_an_exported_scenario_is_loaded_again(lab):
    with changing(lab):
        type_in(lab, ".fm-residency .fm-entry", "420")
    export(lab, "kept")
    with changing(lab):
        lab.click(".fm-reset-all")
    assert entry(lab, "residency") == "1000"
    unfold(lab, "This state as a line")
    with changing(lab):
        type_in(lab, ".fm-paste", "kept/which-policy.toml")
    assert entry(lab, "residency") == "420"
    assert lab.text(".fm-status").strip() == "loaded kept/which-policy.toml"
    lab.shot("which-policy-loaded")
    type_in(lab, ".fm-paste", "nowhere.toml")
    lab.wait_text(".fm-status .fm-error", "nowhere.toml: cannot be read")
    assert entry(lab, "residency") == "420"


def test_values_beyond_a_slider_stay_what_they_are(lab):
    """A slider that gets more notches, or fewer, is not to send another value back."""
    with changing(lab):
        type_in(lab, ".fm-residency .fm-entry", "200k")
    assert entry(lab, "residency") == "200000"
    with changing(lab):
        lab.press(".fm-residency", "ArrowLeft")
        wait_entry(lab, "residency", "100000")
    with changing(lab):
        lab.press(".fm-residency", "ArrowRight")
        wait_entry(lab, "residency", "200000")
    with changing(lab):
        lab.click(".fm-reset-all")
        wait_entry(lab, "residency", "1000")
    assert lab.widget(".fm-line code").text_content() == 'fm.app.explore("cortex-a57-ipsec")'


def test_a_page_that_is_loaded_again_runs_again(lab):
    with changing(lab):
        lab.press(".fm-rate", "ArrowRight", times=2)
        wait_entry(lab, "rate", "12000")
    lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    lab.page.reload()
    lab.wait_idle()
    lab.run_all()
    lab.widget(FIGURE).scroll_into_view_if_needed()
    at_rest(lab)
    assert entry(lab, "rate") == "10159"
    with changing(lab):
        lab.press(".fm-rate", "ArrowRight")


def test_nothing_is_cut_off_at_any_width(lab):
    for width in (900, 1280, 1400, 1900):
        lab.page.set_viewport_size({"width": width, "height": 1000})
        lab.widget(FIGURE).scroll_into_view_if_needed()
        app = lab.widget(".fm-app").bounding_box()
        for css in (FIGURE, ".fm-rate", ".fm-trap-c .fm-reset", ".fm-export", ".fm-machine"):
            box = lab.widget(css).bounding_box()
            assert box["x"] >= app["x"] - 1
            assert box["x"] + box["width"] <= app["x"] + app["width"] + 1
        cut = lab.page.evaluate(
            """() => Array.from(document.querySelectorAll('.fm-knob .widget-label'))
              .filter((label) => label.scrollWidth > label.clientWidth).map((l) => l.innerText)"""
        )
        assert cut == []
        lab.shot(f"which-policy-lab-{width}")
        rows = {button.bounding_box()["y"] for button in lab.widget(".fm-views button").all()}
        assert len(rows) == 1 or width == 900
        # The last column can be reached, and the first stays where it is.
        table, heads = lab.widget(".fm-table"), lab.widget(".fm-table th")
        last = heads.last
        last.scroll_into_view_if_needed()
        box, edge = last.bounding_box(), table.bounding_box()
        assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 1
        assert heads.first.bounding_box()["x"] == pytest.approx(edge["x"], abs=3)
        lab.widget(".fm-note").scroll_into_view_if_needed()
        lab.shot(f"which-policy-table-{width}")
        if width == 900:
            with changing(lab):  # other numbers leave it where it was scrolled to
                lab.press(".fm-rate", "ArrowRight")
            assert last.bounding_box()["x"] == box["x"]


def test_whoever_does_not_see_labels_is_told_names(lab):
    """By keys alone: from a slider to its field, its reset, and on; and what a short tab means."""
    with changing(lab):
        lab.press(".fm-rate", "ArrowRight")
    names = []
    for _ in range(4):
        names.append(
            lab.page.evaluate(
                "() => { const e = document.activeElement; return e.ariaLabel ?? e.title; }"
            )
        )
        lab.page.keyboard.press("Tab")
    assert names == [
        "interrupts [1/s]",
        "interrupts [1/s]: type another value",
        "interrupts: back to 10159.25",
        "batch [packets]",
    ]
    tips = [button.get_attribute("title") for button in lab.widget(".fm-views button").all()]
    assert len(set(tips)) == len(tips) == 9
    assert all(tips)


def test_a_field_with_fewer_digits_than_its_value_keeps_the_others(lab):
    field = lab.widget(".fm-rate .fm-entry input")
    assert field.get_attribute("title").startswith("interrupts [1/s]: 10159.25; ")
    field.focus()
    field.press("Enter")
    type_in(lab, ".fm-rate .fm-entry", "fast")
    lab.wait_text(".fm-status .fm-error", "is no number")
    type_in(lab, ".fm-rate .fm-entry", "10159")
    lab.wait_text(".fm-status", "ready")
    assert lab.widget(".fm-line code").text_content() == 'fm.app.explore("cortex-a57-ipsec")'
    assert lab.text(".fm-upshot").startswith("At 10159 interrupts/s")


def test_voila_takes_values_from_the_address(open_voila):
    query = "softirq.interrupts_per_s=3e4&policies=tracked,switch-on-exit,defer-to-put"
    voila = open_voila(NOTEBOOK, ready=AT_REST, query=query)
    assert entry(voila, "rate") == "30000"
    assert voila.widget(".fm-table tbody tr").count() == 3
    with changing(voila):
        voila.press(".fm-slowdown", "ArrowLeft", times=4)
        wait_entry(voila, "slowdown", "12")
    made = fm.figures.read_parameters(export(voila, "figures-out") / "which-policy.svg")
    scenario = fm.Scenario.from_toml(made["scenario"])
    assert scenario.softirq.interrupts_per_s == 30000.0
    assert scenario.crypto.slowdown == 12.0
    assert made["policies"] == ["tracked", "switch-on-exit", "defer-to-put"]
    assert "token" not in str(made)
    voila.shot("which-policy-voila")
