"""The third notebook as a person uses it: keys, views, export, in JupyterLab and Voila."""

from __future__ import annotations

import re

import fpsimd_model as fm
from tests.browser.pages import WidgetPage
from tests.browser.pointer import HIDDEN, point_at
from tests.house import ROOT

NOTEBOOK = ROOT / "notebooks" / "03-latency.ipynb"
FIGURE = ".fm-figure"
# Of each view: what is read in its middle.
VIEWS = {
    "how long": r"us: packets that take longer \[%\] [\d.]+ softirqs-off [\d.]+ neon-begin-at-load",
    "over the load": r"%: 99% of packets take less than \[us\] [\d.]+ softirqs-off .* tracked$",
    "a few ms of it": r"^\d\.\d\d ms: \d+% .*; queue \d+; .*vCPU loaded",
    "Gb/s": r": at most \[Gb/s\] [\d.]+ T tracked \+1 [\d.]+ B .*x highest to lowest$",
}
AT_REST = '.fm-upshot [data-shown^="rest"]'


def at_rest(shown: WidgetPage, after: int = -1) -> int:
    """Wait until a change later than `after` is drawn, sharp and with its simulation."""
    handle = shown.page.wait_for_function(
        """(after) => {
          const told = document.querySelector('.fm-upshot [data-shown]')?.dataset.shown ?? '';
          const [what, number] = told.split(' ');
          return what === 'rest' && Number(number) > after && number;
        }""",
        arg=after,
    )
    return int(handle.json_value())


def press(shown: WidgetPage, name: str, key: str, times: int = 1) -> None:
    """Move a slider and wait until what it shows is another picture, at rest."""
    before, picture = at_rest(shown), shown.picture(FIGURE)
    shown.press(f".fm-{name}", key, times=times)
    shown.wait_new_picture(FIGURE, picture)
    at_rest(shown, before)
    assert shown.picture(FIGURE) != picture


def test_keys_move_the_distribution_and_every_view_is_drawn(open_lab):
    lab = open_lab(NOTEBOOK)
    lab.run_all()
    lab.widget(FIGURE).scroll_into_view_if_needed()
    at_rest(lab)
    assert lab.picture(FIGURE).startswith("1280x840:")
    assert "99% of packets take less than 23.6 us with tracked" in lab.text(".fm-upshot")
    press(lab, "slowdown", "ArrowLeft", times=6)
    lab.shot("latency-lab")
    for title, wanted in VIEWS.items():
        if title != "how long":
            before, picture = at_rest(lab), lab.picture(FIGURE)
            lab.widget(".fm-views").get_by_text(title).click()
            at_rest(lab, before)
            assert lab.picture(FIGURE) != picture
        lab.shot(f"latency-{title}")
        read = " ".join(point_at(lab, 0.3, 0.5).split())
        assert re.search(wanted, read), read
        assert lab.page.evaluate(HIDDEN) == []
        lab.shot(f"latency-{title}-read")
        lab.page.mouse.move(0, 0)
    lab.click(".fm-export")
    lab.wait_text(".fm-status", re.compile(r"wrote throughput-ceiling .* into figures-out \(#1\)"))
    made = fm.figures.read_parameters(lab.folder / "figures-out" / "throughput-ceiling.png")
    assert made["policies"][0] == "tracked"
    assert lab.cell_errors() == []
    assert lab.console == []


def test_voila_shows_it_and_keys_move_it(open_voila):
    voila = open_voila(NOTEBOOK, ready=AT_REST)
    press(voila, "rate", "ArrowRight", times=2)
    assert voila.widget(".fm-rate .fm-entry input").input_value() == "12000"
    voila.shot("latency-voila")
