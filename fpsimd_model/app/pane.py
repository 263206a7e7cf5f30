"""The figure on screen: one persistent picture a view, lines only in motion, dense at rest."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as w
from PIL import Image as Bitmap

from ..figures import CurvePanels, Picture, costs
from .solver import Frame, Solver, frame_of
from .state import State

__all__ = ["VIEWS", "Pane", "View"]

COSTS = ("switch_share", "crypto_slowdown")  # the figure that has a name of its own
DENSE = 200.0  # pixels an inch at rest, for screens of twice the density


@dataclass(frozen=True, slots=True)
class View:
    """A figure to choose: its name in files, its title, and the metrics of its panels."""

    name: str
    title: str
    metrics: tuple[str, ...]


VIEWS = {
    v.name: v
    for v in (
        View("which-policy", "moves and crypto", COSTS),
        View("what-it-saves", "saving and NEON", ("saving", "scalar_share")),
        View("packet-delay", "packet delay", ("sojourn_mean_us", "softirq_share")),
    )
}


class Pane:
    """Picture and view buttons, in `box`; `changed` is called with the name of another view."""

    def __init__(self, solver: Solver, changed: Callable[[str], None]) -> None:
        self._solver = solver
        self._pictures: dict[str, CurvePanels] = {}
        self.view = next(iter(VIEWS))
        self.frame: Frame | None = None
        self.image = w.Image(format="png")
        self.image.add_class("fm-figure")
        self.tabs = w.ToggleButtons(options=[(v.title, v.name) for v in VIEWS.values()])
        self.tabs.style.button_width = "auto"
        self.tabs.add_class("fm-views")
        self.tabs.observe(lambda change: changed(change["new"]), "value")
        self.box = w.VBox([self.tabs, self.image])

    @property
    def picture(self) -> CurvePanels:
        """That of the view."""
        if self.view not in self._pictures:
            metrics = VIEWS[self.view].metrics
            self._pictures[self.view] = costs() if metrics == COSTS else CurvePanels(metrics)
        return self._pictures[self.view]

    def quick(self, state: State) -> None:
        """Follow: the axes stay, the lines move."""
        if self.frame is None:
            self.frame = frame_of(state.scenario)
        self.picture.set_data(self._solver.curves(state, self.frame))
        self.picture.blit()
        self._send("jpeg", _jpeg(self.picture))

    def fit(self, state: State) -> None:
        """Bring axes and labels up to date."""
        self.frame = frame_of(state.scenario)
        self.picture.set_data(self._solver.curves(state, self.frame))
        self.picture.draw()

    def sharpen(self) -> None:
        """The same once more, sharp."""
        self._send("png", self.picture.png(DENSE))

    def png(self) -> bytes:
        """What is on screen at its plain density, or nothing if that could not be drawn."""
        return self.picture.png() if self.image.value else b""

    def _send(self, kind: str, data: bytes) -> None:
        with self.image.hold_sync():  # in one message
            self.image.format, self.image.value = kind, data


def _jpeg(picture: Picture) -> bytes:
    """In a tenth of the time of a PNG; so good that nobody sees it turn into one at rest."""
    rgba = picture.canvas.buffer_rgba()
    height, width, _ = rgba.shape
    bitmap = Bitmap.frombuffer("RGBX", (width, height), rgba, "raw", "RGBX", 0, 1)
    out = io.BytesIO()
    bitmap.convert("RGB").save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue()
