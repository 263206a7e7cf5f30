"""A notebook in the browser, as a person uses it: keys, clicks, and waiting for what it says."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

__all__ = ["LabPage", "VoilaPage", "WidgetPage"]

RUN_S = 120.0  # all cells of a notebook, compiling included

# A picture's pixels as one number, without a promise: `wait_for_function` would not await it.
PIXELS = """
    (css) => {
      const image = document.querySelector(css);
      if (!image || !image.complete || !image.naturalWidth) return null;
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      let hash = 0x811c9dc5;
      const data = new Uint32Array(
        context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
      for (const pixel of data) hash = Math.imul(hash ^ pixel, 0x01000193);
      return `${canvas.width}x${canvas.height}:${hash >>> 0}`;
    }
"""


class WidgetPage:
    """A page with ipywidgets. Every `css` names a widget by the class that it was given.

    `page` is Playwright's own, for what is not here; `folder` is where the notebook `name` runs,
    and so where its files land.
    """

    def __init__(self, page: Page, notebook: Path, shots: Path) -> None:
        self.page = page
        self.folder = notebook.parent
        self.name = notebook.name
        self.shots = shots
        self.console: list[str] = []  # what the page complained of
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console.append(f"{message.text} ({message.location.get('url', '')})")

    def widget(self, css: str) -> Locator:
        """The one widget with this class."""
        return self.page.locator(css)

    def press(self, css: str, key: str, times: int = 1) -> None:
        """Press a key on a slider's handle, or on whatever in the widget takes keys."""
        takes_keys = self.widget(css).locator(".noUi-handle, input, select, textarea, button")
        target = takes_keys.first if takes_keys.count() else self.widget(css)
        target.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def click(self, css: str) -> None:
        """Click a widget: a button itself, or the button inside it."""
        self.widget(css).click()

    def choose(self, css: str, label: str) -> None:
        """Choose an entry of a drop-down by its label."""
        self.widget(css).locator("select").select_option(label=label)

    def text(self, css: str) -> str:
        """What a widget shows, as text."""
        return self.widget(css).inner_text()

    def value(self, css: str) -> str:
        """What a slider's readout says."""
        return self.widget(css).locator(".widget-readout").inner_text()

    def wait_text(self, css: str, text: str | re.Pattern[str], seconds: float = 30.0) -> None:
        """Wait until a widget's text contains `text`."""
        expect(self.widget(css)).to_contain_text(text, timeout=1000 * seconds)

    def picture(self, css: str) -> str:
        """A number for the pixels of an image widget; equal pixels, equal numbers."""
        # The class may stand on the <img> itself or around it.
        return self.page.evaluate(PIXELS, self._image(css))

    def wait_new_picture(self, css: str, old: str, seconds: float = 30.0) -> str:
        """Wait until the pixels differ from `old`; gives the new number."""
        handle = self.page.wait_for_function(
            f"([css, old]) => {{ const now = ({PIXELS})(css); return now !== old && now; }}",
            arg=[self._image(css), old],
            timeout=1000 * seconds,
        )
        return handle.json_value()

    def _image(self, css: str) -> str:
        return f"img{css}, {css} img"

    def shot(self, name: str) -> Path:
        """Keep a picture of the page as build/screenshots/NAME.png."""
        self.shots.mkdir(parents=True, exist_ok=True)
        path = self.shots / (re.sub(r"[^\w.-]+", "-", name) + ".png")
        self.page.screenshot(path=path)
        return path


class LabPage(WidgetPage):
    """A notebook opened in JupyterLab."""

    PANEL = "window.jupyterapp?.shell.currentWidget"
    STATUS = f"{PANEL}?.sessionContext?.session?.kernel?.status"

    def wait_idle(self, seconds: float = RUN_S) -> None:
        """Wait until the notebook is in front and its kernel has nothing to do."""
        path = f"{self.folder.name}/{self.name}"
        self.page.wait_for_function(
            f"""(path) => {self.PANEL}?.context?.path === path
              && {self.STATUS} === 'idle'""",
            arg=path,
            timeout=1000 * seconds,
        )

    def start_all(self) -> None:
        """Start all cells and do not wait."""
        self.page.evaluate(
            """() => {
              window.fmRan = null;
              window.jupyterapp.commands.execute('notebook:run-all-cells').then(
                () => { window.fmRan = 'done'; }, (error) => { window.fmRan = String(error); });
            }"""
        )

    def run_all(self, seconds: float = RUN_S) -> None:
        """Run all cells; an error or a word on standard error in one of them fails."""
        self.start_all()
        ran = self.page.wait_for_function("() => window.fmRan", timeout=1000 * seconds)
        assert ran.json_value() == "done"
        self.wait_idle(seconds)
        if errors := self.cell_errors():
            raise AssertionError("\n".join(errors))

    def run_code(self, code: str) -> str:
        """Run code beside the cells; gives what it prints."""
        return self.page.evaluate(
            f"""async (code) => {{
              const kernel = {self.PANEL}.sessionContext.session.kernel;
              const running = kernel.requestExecute({{ code, store_history: false }});
              let printed = '';
              running.onIOPub = (message) => {{ printed += message.content.text ?? ''; }};
              const ended = await running.done;
              if (ended.content.status !== 'ok') throw new Error(ended.content.evalue);
              return printed;
            }}""",
            code,
        )

    def cell_errors(self) -> list[str]:
        """Errors and standard error in all cells: from the model, as cells out of sight are not
        in the page."""
        return self.page.evaluate(
            f"""() => Array.from({self.PANEL}.content.model.cells)
              .flatMap((cell) => cell.sharedModel.outputs ?? [])
              .filter((out) => out.output_type === 'error' || out.name === 'stderr')
              .map((out) => out.evalue ?? String(out.text))"""
        )


class VoilaPage(WidgetPage):
    """A notebook served by Voila: no code, only what the cells show."""

    def wait_ready(self, css: str, seconds: float = RUN_S) -> None:
        """Wait until the widget with this class is on the page; a cell's error fails."""
        # Voila shows an exception where others show standard error.
        failed = self.page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
        self.widget(css).or_(failed).first.wait_for(timeout=1000 * seconds)
        if errors := failed.all_inner_texts():
            raise AssertionError("\n".join(errors))
