"""The fourth notebook: a trace is chosen, another is typed, a scenario is written."""

from __future__ import annotations

from tests.house import ROOT

NOTEBOOK = ROOT / "notebooks" / "04-your-machine.ipynb"


def test_a_trace_is_chosen_and_its_scenario_written(open_lab):
    lab = open_lab(NOTEBOOK)
    lab.run_all()
    lab.wait_text(".fm-status", "k61-vhe-mmio-ipsec.txt.gz: the model predicts")
    before = lab.picture(".fm-figure")
    lab.shot("your-machine")
    lab.page.locator(".fm-trace select").select_option(label="k61-vhe-busy-ipsec")
    lab.wait_new_picture(".fm-figure", before)
    lab.wait_text(".fm-status", "k61-vhe-busy-ipsec.txt.gz: the model predicts")
    lab.click(".fm-export")
    lab.wait_text(".fm-status", "wrote k61-vhe-busy-ipsec.toml")
    assert (lab.folder / "k61-vhe-busy-ipsec.toml").exists()
    path = lab.page.locator(".fm-path input")
    path.fill("nowhere.txt")
    path.press("Enter")
    lab.wait_text(".fm-status", "nowhere.txt")
    lab.shot("your-machine-missing")
