"""From key press to pixel: the explorer, between the floor and the naive way, in one run.

A real key on a slider's handle; the clock runs from the key's own time stamp to the first animation
frame in which the picture's pixels (or the floor's text) differ.

What is timed is the same for all: that frame is the first in which a new picture has been decoded
(`complete`) or a new text stands there.  Its time is taken before the pixels are read back, which
only makes sure that they are others: reading them takes some milliseconds that nobody waits for who
looks at a screen, and that a text does not need.

The cases are measured in turns, so that whatever else the machine does falls on all of them alike.
Each is left to come to rest before it is the next one's turn: one person turns one slider, and what
an app does after its picture (numbers, a sharper picture, looking ahead) is not to fall on others.

    python -m benchmarks.bench_ui [--presses 30] [--voila]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, sync_playwright

from tests.browser import servers
from tests.browser.conftest import FLAGS, SHOTS, open_in_lab, put
from tests.browser.pages import PIXELS, VoilaPage, WidgetPage

__all__ = ["main", "measure", "report"]

FLOOR = """
    import ipywidgets as w
    slider, text = w.IntSlider(50).add_class("fm-floor"), w.HTML("50").add_class("fm-text")
    slider.observe(lambda change: setattr(text, "value", str(change["new"])), "value")
    w.VBox([slider, text])
"""
APP = """
    import fpsimd_model as fm
    fm.app.explore("cortex-a57-ipsec")
"""
# A machine of one's own: durations as recorded, which the formula fits by up to 64 phases.
CALIBRATED = """
    import fpsimd_model as fm
    from fpsimd_model.resources import data_path
    trace = data_path("traces", "k61-vhe-mmio-ipsec.txt.gz")
    fm.app.explore(fm.calibrate(trace).scenario)
"""
# What a person writes in ten minutes: the same curves and the same table.
NAIVE = """
    import ipywidgets as w, matplotlib.pyplot as plt, numpy as np
    import fpsimd_model as fm
    %matplotlib inline
    RATE = "softirq.interrupts_per_s"
    def show(slowdown):
        scenario = fm.preset("cortex-a57-ipsec").replace({"crypto.slowdown": slowdown})
        grid = fm.sweep(scenario, {RATE: np.geomspace(1e3, 2e5, 31)})
        figure, panels = plt.subplots(2, figsize=(6.4, 4.2))
        for metric, panel in zip(["switch_share", "crypto_slowdown"], panels):
            for policy in grid.policy.values:
                panel.loglog(grid[RATE], grid[metric].sel(policy=policy), label=policy)
        panels[0].legend(fontsize=5)
        plt.show()
        print(fm.figures.table(fm.evaluate(scenario), metrics=fm.figures.MAIN))
    slider = w.IntSlider(50, description="slowdown").add_class("fm-naive")
    w.VBox([slider, w.interactive_output(show, {"slowdown": slider}).add_class("fm-out")])
"""

REST_MS = 700  # from the last of an app's numbers to the end of all that it does

# `token` is cheap to compare in every frame; pixels are read back only when it has changed.
WATCH = f"""
    ([css, text]) => {{
      const pixels = {PIXELS};
      const token = () => {{
        const element = document.querySelector(css);
        if (!element) return null;
        if (text) return element.innerText;
        return element.complete && element.naturalWidth ? element.src : null;
      }};
      const look = () => (text ? token() : pixels(css));
      let [old, seen, key] = [token(), look(), null];
      window.fmTimes = [];
      document.addEventListener('keydown', (event) => {{ key = event.timeStamp; }}, true);
      const frame = () => {{
        const now = token();
        if (now !== null && now !== old) {{
          const when = performance.now();  // to read pixels back takes time of its own
          old = now;
          const there = look();
          if (key !== null && there !== seen) {{
            window.fmTimes.push(when - key);
            key = null;
          }}
          seen = there;
        }}
        requestAnimationFrame(frame);
      }};
      requestAnimationFrame(frame);
    }}
"""


@dataclass
class Case:
    """One slider of one notebook, and what is looked at."""

    name: str
    cell: str
    slider: str
    seen: str
    text: bool = False
    ready: str = ""
    shown: WidgetPage | None = None
    times: list[float] = field(default_factory=list)

    def press(self, turn: int) -> None:
        """One key press and its time; back and forth, as a person looks for a value."""
        page = self.shown.page
        page.bring_to_front()
        page.locator(f"{self.slider} .noUi-handle").focus()
        page.wait_for_timeout(400)
        page.keyboard.press("ArrowLeft" if turn % 8 < 4 else "ArrowRight")
        page.wait_for_function("(n) => window.fmTimes.length > n", arg=len(self.times))
        self.times = page.evaluate("() => window.fmTimes")
        page.wait_for_timeout(100)  # what says "rest" of what was before has gone by then
        if self.ready:
            page.locator(self.ready).wait_for()
        page.wait_for_timeout(REST_MS)


def cases() -> list[Case]:
    """The floor, sliders of the app, the naive way."""
    figure, ready = "img.fm-figure", '.fm-table table[data-shown^="rest"]'
    sliders = ("slowdown", "residency", "rate")
    return [
        Case("floor: slider to text", FLOOR, ".fm-floor", ".fm-text .widget-html-content", True),
        *(Case(f"app: {s}", APP, f".fm-{s}", figure, False, ready) for s in sliders),
        Case("app, calibrated: slowdown", CALIBRATED, ".fm-slowdown", figure, False, ready),
        Case("naive: redraw inline", NAIVE, ".fm-naive", ".fm-out img"),
    ]


def notebook(folder: Path, name: str, cell: str) -> Path:
    """A notebook of one cell."""
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(cell))])
    content.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    path = folder / f"{name}.ipynb"
    nbformat.write(content, path)
    return path


def measure(browser: Browser, folder: Path, presses: int, voila: bool) -> list[Case]:
    """Milliseconds of each press, case by case."""
    serve = servers.voila if voila else servers.lab
    found = cases()
    with serve(folder / "server") as server:
        for i, case in enumerate(found):
            page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
            path = notebook(folder, f"case-{i}", case.cell)
            if voila:
                copy = put(path, server)
                case.shown = VoilaPage(page, copy, SHOTS)
                page.goto(server.address(f"/voila/render/{copy.parent.name}/{copy.name}"))
            else:
                case.shown = open_in_lab(path, server, page)
                case.shown.run_all()
            page.locator(case.seen).first.wait_for()
            page.wait_for_timeout(1000)
            page.evaluate(WATCH, [case.seen, case.text])
        for turn in range(presses):
            for case in found:
                case.press(turn)
        for case in found:
            case.shown.page.context.close()
    return found


def table(found: Sequence[Case]) -> str:
    """A line a case; times in milliseconds, and as multiples of the floor's."""
    floor, rows = found[0].times, []
    for case in found:
        median, late = statistics.median(case.times), _late(case.times)
        over = f"{median / statistics.median(floor):5.2f} x{late / _late(floor):7.2f} x"
        rows.append(f"{case.name:28}{median:8.0f}{late:8.0f}   {over}")
    head = f"{'key to pixel, ms':28}{'median':>8}{'95%':>8}   {'over the floor':>15}"
    return "\n".join([head, *rows])


def _late(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def report(presses: int = 30, voila: bool = False) -> str:
    """Measure in a Chromium of its own, and say what came of it."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        chromium = playwright.chromium.launch(
            executable_path=path, args=FLAGS, chromium_sandbox=False
        )
        found = measure(chromium, Path(folder), presses, voila)
        chromium.close()
    return table(found)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=30)
    parser.add_argument("--voila", action="store_true", help="in Voila, not JupyterLab")
    options = parser.parse_args(arguments)
    print(report(options.presses, options.voila))


if __name__ == "__main__":
    main()
