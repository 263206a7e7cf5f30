"""Someone who has never seen the package follows the notebook that says "start here"."""

from __future__ import annotations

import shutil
import subprocess
import sys

import fpsimd_model as fm
from tests.browser.app import (
    AT_REST,
    FIGURE,
    at_rest,
    changing,
    entry,
    export,
    type_in,
    wait_entry,
)
from tests.browser.pages import WidgetPage
from tests.house import ROOT, notebooks

NOTEBOOK = ROOT / "notebooks" / "00-start-here.ipynb"
OTHERS = [path for path in notebooks() if path != NOTEBOOK]


def told(command: str, file) -> str:
    """What the command line says of a file."""
    words = [sys.executable, "-m", "fpsimd_model", command, file.name]
    run = subprocess.run(words, cwd=file.parent, check=True, capture_output=True, text=True)
    assert run.stderr == ""
    return run.stdout


def links(shown: WidgetPage) -> dict[str, str]:
    """The table's words, and what the browser takes for the address behind them."""
    found = shown.page.locator("table a[href]").evaluate_all(
        "(all) => all.map((a) => [a.innerText, a.href])"
    )
    return dict(found)


def test_a_figure_of_ones_own_load_lands_in_a_folder(open_lab):
    lab = open_lab(NOTEBOOK)
    for path in OTHERS:
        shutil.copy(path, lab.folder)
    # "No sliders below? ... Run, then Run All Cells in JupyterLab"
    lab.page.locator(".lm-MenuBar-item").get_by_text("Run", exact=True).click()
    lab.page.locator(".lm-Menu-item").get_by_text("Run All Cells", exact=True).click()
    at_rest(lab)
    lab.wait_idle()
    lab.widget(FIGURE).scroll_into_view_if_needed()
    # "Choose the situation nearest to yours, then move sliders or type values."
    with changing(lab):
        lab.choose(".fm-situation", "wifi-ap-ccmp")
    with changing(lab):
        lab.press(".fm-slowdown", "ArrowLeft", times=3)
        wait_entry(lab, "slowdown", "16")
    with changing(lab):
        type_in(lab, ".fm-rate .fm-entry", "1.2k")
        wait_entry(lab, "rate", "1200")
    lab.shot("start-here")
    # "Write a folder's name beside Export and press it."
    folder = export(lab, "my-load")
    files = {path.suffix: path for path in folder.iterdir()}
    assert set(files) == {".png", ".svg", ".pdf", ".txt", ".toml"}
    assert {path.stem for path in files.values()} == {"which-policy"}
    theirs = fm.Scenario.load(files.pop(".toml"))
    assert theirs.softirq.interrupts_per_s == 1200.0
    assert theirs.crypto.slowdown == 16.0
    assert theirs.softirq.packet_bytes == fm.preset("wifi-ap-ccmp").softirq.packet_bytes
    for path in files.values():
        assert fm.Scenario.from_toml(fm.figures.read_parameters(path)["scenario"]) == theirs
    # "A stranger who gets one of these files needs nothing else."
    shown = told("show", files[".png"])
    for words in ("wifi-ap-ccmp", "interrupts_per_s=1200", "slowdown=16"):
        assert words in shown
    assert "identical" in told("reproduce", files[".png"])
    # "Which notebook answers which question."
    assert [f"{name}.ipynb" for name in links(lab)] == [path.name for path in OTHERS]
    lab.page.locator("table a").get_by_text(OTHERS[0].stem).click()
    lab.page.wait_for_function(
        f"(path) => {lab.PANEL}?.context?.path === path", arg=f"{lab.folder.name}/{OTHERS[0].name}"
    )
    assert lab.console == []


def test_voila_shows_it_too_and_tells_of_a_bad_address(open_voila):
    voila = open_voila(NOTEBOOK, ready=AT_REST, query="softirq.interrupts_per_s=fast")
    voila.wait_text(".fm-status .fm-error", "the page's address: [softirq] interrupts_per_s")
    assert entry(voila, "rate") == "10159"
    with changing(voila):
        voila.press(".fm-rate", "ArrowRight", times=4)
        wait_entry(voila, "rate", "16000")
    made = fm.figures.read_parameters(export(voila, "my-load") / "which-policy.pdf")
    assert fm.Scenario.from_toml(made["scenario"]).softirq.interrupts_per_s == 16000.0
    here = voila.page.url.partition(NOTEBOOK.name)[0]
    assert list(links(voila).values()) == [here + path.name for path in OTHERS]
    voila.shot("start-here-voila")
