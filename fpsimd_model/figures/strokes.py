"""Lines drawn over a stored background, without the detours that an artist takes on its way.

While limits stand still, all that changes of a line is its points.  What else drawing needs is
kept, and the points of all lines of a panel are transformed at once.  In a kernel that has just
been woken by a key, code takes two or three times as long as in a loop: the less of it, the sooner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.path import Path

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.transforms import Affine2D

__all__ = ["Strokes"]


class Strokes:
    """Draws the moving artists of one panel, to the pixel as they would themselves.

    Parameters
    ----------
    artists:
        Lines that keep their style, and which points they mark; whatever is no line draws itself.
    """

    def __init__(self, artists: Sequence[Artist]) -> None:
        self.artists = tuple(sorted(artists, key=lambda artist: artist.get_zorder()))
        self._learned: dict[Line2D, _Watch] = {}

    def draw(self, renderer: RendererAgg) -> None:
        """Draw all that is visible and has points."""
        shown = [a for a in self.artists if a.get_visible()]
        lines = [a for a in shown if isinstance(a, Line2D) and len(a.get_xdata())]
        places = dict(zip(lines, _places(lines), strict=True))
        for artist in shown:
            if artist in places:
                self._style(artist, renderer).draw(renderer, *places[artist])
            elif not isinstance(artist, Line2D):
                artist.draw(renderer)

    def _style(self, line: Line2D, renderer: RendererAgg) -> _Watch:
        if line not in self._learned:
            self._learned[line] = watch = _Watch(renderer, line.get_markevery())
            line.draw(watch)
        return self._learned[line]


class _Watch:
    """Stands in for a renderer once: draws nothing, and remembers how to."""

    def __init__(self, renderer: RendererAgg, every: tuple[int, int] | None) -> None:
        self._renderer = renderer
        start, step = every or (0, 1)
        self._marked = slice(start, None, step)
        self._stroke: tuple | None = None
        self._marks: tuple | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._renderer, name)

    def draw_path(self, style, *_: object) -> None:
        self._stroke = (style,)

    def draw_markers(self, style, marker, size, path, affine, face=None) -> None:
        self._marks = style, marker, size, face

    def draw(self, renderer: RendererAgg, points: np.ndarray, affine: Affine2D) -> None:
        """The line through these points."""
        if self._stroke is not None:
            renderer.draw_path(*self._stroke, Path(points), affine)
        if self._marks is not None:
            style, marker, size, face = self._marks
            renderer.draw_markers(style, marker, size, Path(points[self._marked]), affine, face)


def _places(lines: Sequence[Line2D]) -> list[tuple[np.ndarray, Affine2D]]:
    """(n, 2) points of each, and the affine rest of the way to pixels."""
    points = [np.column_stack(line.get_data()) for line in lines]
    start, done = 0, []
    while start < len(lines):
        transform, end = lines[start].get_transform(), start + 1
        while end < len(lines) and lines[end].get_transform() is transform:
            end += 1
        placed = transform.transform_non_affine(np.concatenate(points[start:end]))
        parts = np.split(placed, np.cumsum([len(p) for p in points[start : end - 1]]))
        affine = transform.get_affine().frozen()
        done += [(part, affine) for part in parts]
        start = end
    return done
