"""One persistent matplotlib figure, drawn off-screen: whole when at rest, lines only in motion.

A redraw takes tens of milliseconds, most of it for ticks and text that do not change while a
slider moves.  So what moves is kept apart: it is drawn over a stored background, and the figure
that is exported is the very one on the screen.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from .style import fixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .reading import Reading

__all__ = ["Picture"]


class Picture:
    """Base of all figures: subclasses build axes, `set_data` changes them, `fit` sets limits.

    Attributes
    ----------
    kind:
        The figure's name, embedded in every exported file.
    figure:
        The matplotlib figure; it is made once and has no part in pyplot's state.

    Parameters
    ----------
    size:
        Width and height in inches.
    dpi:
        Pixels per inch on the screen.
    """

    kind = "picture"

    def __init__(self, size: tuple[float, float] = (6.4, 4.2), dpi: float = 100.0) -> None:
        with fixed():
            self.figure = Figure(figsize=size, dpi=dpi, facecolor="white")
        self.canvas = FigureCanvasAgg(self.figure)
        self._moving: list[Artist] = []
        self._background = None

    # -- for subclasses ----------------------------------------------------------------------

    def fit(self) -> None:
        """Set limits, ticks and layout to the data; called before every full draw."""

    def move(self, artist: Artist) -> Artist:
        """Take an artist out of the background; it must lie above all that stays."""
        artist.set_animated(True)
        self._moving.append(artist)
        return artist

    def forget(self) -> None:
        """No artist moves any more, and the background is out of date."""
        self._moving.clear()
        self.forget_background()

    def forget_background(self) -> None:
        """The next blit is a full draw."""
        self._background = None

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """New axes at a place in inches."""
        axes = self.figure.add_axes((0, 0, 1, 1))
        self.place(axes, left, bottom, width, height)
        return axes

    def place(self, axes: Axes, left: float, bottom: float, width: float, height: float) -> None:
        """Move axes to a place in inches."""
        w, h = self.figure.get_size_inches()
        axes.set_position((left / w, bottom / h, width / w, height / h))

    def text(self, width: int = 72) -> str:
        """The figure as plain text of at most `width` columns."""
        raise NotImplementedError

    def readings(self) -> list[Reading]:
        """What can be read off it as it was last drawn, point by point."""
        return []

    # -- drawing -------------------------------------------------------------------------------

    def draw(self) -> None:
        """Fit to the data and draw everything."""
        with fixed():
            self.fit()
            self.canvas.draw()  # all but what moves
            self._background = self.canvas.copy_from_bbox(self.figure.bbox)
            self._draw_moving()

    def blit(self) -> None:
        """Draw what moves over the stored background; limits and ticks stay as they are."""
        if self._background is None:
            self.draw()
            return
        with fixed():
            self.canvas.get_renderer()
            self.canvas.restore_region(self._background)
            self._blit_moving()

    def _blit_moving(self) -> None:
        """The same pixels as :meth:`_draw_moving`; faster, where a subclass knows how."""
        self._draw_moving()

    def _draw_moving(self) -> None:
        renderer = self.canvas.get_renderer()
        for artist in sorted(self._moving, key=Artist.get_zorder):
            artist.draw(renderer)

    # -- pixels and files ----------------------------------------------------------------------

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, object], dict[str, object]]:
        """What a notebook shows: the picture, sharp on a dense screen, or else its text."""
        w, h = self.figure.get_size_inches() * self.figure.dpi
        self.draw()
        data = {"image/png": self.png(2 * self.figure.dpi), "text/plain": self.text()}
        return data, {"image/png": {"width": round(w), "height": round(h)}}

    def pixels(self) -> np.ndarray:
        """(height, width, 4) uint8 of what was last drawn or blitted."""
        return np.asarray(self.canvas.buffer_rgba()).copy()

    def png(self, dpi: float | None = None) -> bytes:
        """PNG of what was last drawn, encoded fast; with another `dpi` drawn again for that.

        Limits and ticks stay as they are: `draw` first, where a sharper picture is to follow a
        change.
        """
        if self._background is None:
            self.draw()
        rgba = self.canvas.buffer_rgba() if dpi is None else self.rendered(dpi)
        return _encode(np.asarray(rgba), compress_level=1)

    def rendered(self, dpi: float) -> np.ndarray:
        """(height, width, 4) uint8 at another resolution, limits and ticks as they are."""
        if self._background is None:
            self.draw()
        raw = io.BytesIO()
        with fixed():
            other = FigureCanvasAgg(self.figure)  # ours keeps its pixels and its background
            try:
                other.print_figure(raw, format="rgba", dpi=dpi, facecolor="white")
            finally:
                self.figure.set_canvas(self.canvas)
        w, h = other.renderer.width, other.renderer.height
        return np.frombuffer(raw.getvalue(), np.uint8).reshape(int(h), int(w), 4)

    def export(
        self,
        stem: str | os.PathLike[str],
        formats: Iterable[str] | str = ("png", "svg", "pdf", "txt"),
        **parameters: object,
    ) -> list[Path]:
        """Write the figure with its parameters inside: :func:`fpsimd_model.figures.export`."""
        from .files import export

        return export(self, stem, formats, **parameters)


def _encode(rgba: np.ndarray, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgba[:, :, :3]).save(out, "PNG", **options)
    return out.getvalue()
