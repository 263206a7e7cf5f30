"""The fourth notebook: a trace is chosen, its scenario and figure are written, another is typed."""

from __future__ import annotations

import fpsimd_model as fm
from tests.house import ROOT

NOTEBOOK = ROOT / "notebooks" / "04-your-machine.ipynb"


def test_a_trace_is_chosen_and_its_scenario_written(open_lab):
    lab = open_lab(NOTEBOOK)
    lab.run_all()
    lab.wait_text(".fm-told", "k61-vhe-mmio-ipsec.txt.gz: the model predicts")
    assert lab.picture(".fm-figure").startswith("1280x840:")
    before = lab.picture(".fm-figure")
    lab.shot("your-machine")
    lab.choose(".fm-trace", "k61-vhe-busy-ipsec")
    lab.wait_new_picture(".fm-figure", before)
    lab.wait_text(".fm-told", "k61-vhe-busy-ipsec.txt.gz: the model predicts")
    lab.click(".fm-write")
    lab.wait_text(".fm-status", "wrote k61-vhe-busy-ipsec.toml")
    assert (lab.folder / "k61-vhe-busy-ipsec.toml").exists()
    lab.click(".fm-export")
    lab.wait_text(".fm-status", "wrote calibration .png .svg .pdf .txt .toml into figures-out (#1)")
    assert fm.figures.reproduce(lab.folder / "figures-out" / "calibration.png").identical
    lab.widget(".fm-status").scroll_into_view_if_needed()
    lab.shot("your-machine-written")
    path = lab.page.locator(".fm-path input")
    path.fill("nowhere.txt")
    path.press("Enter")
    lab.wait_text(".fm-told .fm-error", "nowhere.txt")
    assert not lab.widget(".fm-figure").is_visible()
    lab.shot("your-machine-missing")
