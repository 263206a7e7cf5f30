"""The trace tab in the browser: recordings, a path, an upload, and what is wrong with them."""

from __future__ import annotations

import re

import pytest

import fpsimd_model as fm
from fpsimd_model.app.controls import CONTROLS
from fpsimd_model.app.grid import text_of
from fpsimd_model.resources import data_path
from tests.browser.app import FIGURE, at_rest, choose_tab, entry, export, row, type_in

PLAIN = "k61-vhe-busy-plain"
MMIO = "k61-vhe-mmio-ipsec"


@pytest.fixture(scope="module")
def long_trace(tmp_path_factory):
    """A trace that takes long enough to read for somebody to change their mind."""
    path = tmp_path_factory.mktemp("traces") / "long.txt.gz"
    path.write_bytes(100 * data_path("traces", f"{PLAIN}.txt.gz").read_bytes())
    return path


def choose_file(lab, path) -> None:
    """Press upload, and choose a file in what opens."""
    with lab.page.expect_file_chooser() as chooser:
        lab.click(".fm-upload")
    chooser.value.set_files(path)


def part(lab, title: str) -> None:
    """Another part of what a trace says."""
    lab.widget(".fm-parts").get_by_text(title, exact=True).click()


def pale(lab) -> bool:
    return "fm-stale" in lab.widget(".fm-part").get_attribute("class")


def test_a_trace_becomes_the_scenario(lab):
    choose_tab(lab, "trace")
    lab.choose(".fm-trace", MMIO)
    lab.wait_text(".fm-told", f"{MMIO}.txt.gz: the model predicts", seconds=60)
    lab.widget(FIGURE).wait_for()
    assert lab.picture(FIGURE).startswith("1280x840:")
    lab.shot("tab-trace")
    part(lab, "report")
    assert "95% interval" in lab.text(".fm-report")
    lab.shot("tab-trace-report")
    part(lab, "every policy")
    assert "tracked" in lab.text(".fm-replay")
    lab.shot("tab-trace-policies")
    part(lab, "fit and prediction")
    before, table = at_rest(lab), row(lab, "tracked")
    lab.click(".fm-use")
    at_rest(lab, before)
    assert row(lab, "tracked") != table
    found = fm.calibrate(data_path("traces", f"{MMIO}.txt.gz")).scenario
    for name in ("rate", "residency", "out", "run"):  # the second is beyond its slider
        assert entry(lab, name) == text_of(CONTROLS[name].value(found))
    assert f"calibrated from {MMIO}" in lab.text(".fm-about")
    lab.wait_text(".fm-told", "The sliders now show this machine")
    lab.shot("tab-trace-used")
    assert fm.figures.reproduce(export(lab, "figures-out") / "calibration.png").identical
    assert lab.cell_errors() == []


def test_a_trace_is_read_in_the_background(lab, long_trace):
    choose_tab(lab, "trace")
    lab.choose(".fm-trace", MMIO)
    lab.wait_text(".fm-told", f"{MMIO}.txt.gz: the model predicts", seconds=60)
    type_in(lab, ".fm-path", str(long_trace))
    lab.wait_text(".fm-work-trace .fm-words", re.compile(r"[1-9][\d.]* of \d+\.\d MB read"))
    assert pale(lab)
    assert lab.widget(".fm-use").is_disabled()
    lab.shot("tab-trace-reading")
    lab.click(".fm-work-trace .fm-cancel")
    lab.wait_text(".fm-work-trace .fm-words", "cancelled")
    lab.wait_text(".fm-told", f"{MMIO}.txt.gz: the model predicts")
    assert not pale(lab)
    type_in(lab, ".fm-path", "nowhere.txt")
    lab.wait_text(".fm-told .fm-error", "nowhere.txt: cannot read the trace")
    assert lab.widget(".fm-path input").input_value() == "nowhere.txt"
    assert lab.widget(".fm-trace select").input_value() == "a file of my own"
    assert "nowhere.txt" not in lab.text(".fm-status")  # said once
    assert not lab.widget(FIGURE).is_visible()
    lab.shot("tab-trace-error")
    (lab.folder / "nowhere.txt").write_bytes(data_path("traces", f"{PLAIN}.txt.gz").read_bytes())
    lab.widget(".fm-path input").press("Enter")  # once more
    lab.wait_text(".fm-told", "nowhere.txt: the model predicts", seconds=60)
    assert lab.cell_errors() == []


def test_an_uploaded_trace_is_exported_beside_its_figure(lab, tmp_path):
    choose_tab(lab, "trace")
    choose_file(lab, data_path("traces", f"{PLAIN}.txt.gz"))
    lab.wait_text(".fm-told", f"{PLAIN}.txt.gz: ", seconds=60)
    lab.widget(FIGURE).wait_for()
    lab.shot("tab-trace-uploaded")
    folder = export(lab, "mailed")
    assert f".toml and {PLAIN}.txt.gz into mailed" in lab.text(".fm-status")
    assert (folder / f"{PLAIN}.txt.gz").exists()
    assert fm.figures.reproduce(folder / "calibration.pdf").identical
    (tmp_path / "figure.png").write_bytes((folder / "calibration.png").read_bytes())
    choose_file(lab, tmp_path / "figure.png")
    lab.wait_text(".fm-told .fm-error", "figure.png: not a text trace")
    (tmp_path / "large.txt").write_bytes(bytes(12_000_000))
    choose_file(lab, tmp_path / "large.txt")
    lab.wait_text(".fm-told .fm-error", "large.txt: 12.0 MB; an upload has at most 10.0 MB")
    lab.shot("tab-trace-too-large")
    choose_file(lab, data_path("traces", f"{PLAIN}.txt.gz"))  # the same once more
    lab.wait_text(".fm-told", f"{PLAIN}.txt.gz: ", seconds=60)
    assert lab.cell_errors() == []
