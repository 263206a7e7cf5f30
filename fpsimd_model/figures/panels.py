"""Figures of curves: one panel a metric over a common axis, a label at the end of every curve."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InputError
from .curves import Curves
from .end_labels import EndLabels
from .panel import Panel, panel_of
from .panel_artists import PanelArtists
from .picture import Picture
from .reading import Reading, of_panels
from .style import PALE, fixed

__all__ = ["CurvePanels"]

LEFT, TOP, BOTTOM, GAP, EDGE = 0.42, 0.24, 0.44, 0.36, 0.07  # inches


class CurvePanels(Picture):
    """Curves of all policies in one or more panels above each other.

    A policy that the check refuted is drawn thin and struck with crosses, and its label says that
    it loses state.  A bar ends a curve where its queue has no steady state.

    Parameters
    ----------
    panels:
        Metrics or :class:`~fpsimd_model.figures.panel.Panel` objects, from top to bottom.
    size, dpi:
        As for every :class:`~fpsimd_model.figures.picture.Picture`.

    Raises
    ------
    InputError
        On a name that is no metric.

    >>> from fpsimd_model.figures.curves import Curves, axis_of
    >>> picture = CurvePanels(["switch_share"])
    >>> picture.set_data(Curves(axis_of("crypto.slowdown"), [1, 20],
    ...                         {"tracked": {"switch_share": [0.1, 0.2]}}))
    >>> picture.draw(); picture.pixels().shape
    (420, 640, 4)
    """

    kind = "curves"

    def __init__(
        self,
        panels: Sequence[str | Panel],
        size: tuple[float, float] = (6.4, 4.2),
        dpi: float = 100.0,
    ) -> None:
        super().__init__(size, dpi)
        self.panels = tuple(panel_of(p) for p in panels)
        self.curves: Curves | None = None
        self._layout: tuple = ()
        self._drawn: list[PanelArtists] = []

    @property
    def policies(self) -> tuple[str, ...]:
        """Those shown."""
        return self.curves.policies if self.curves else ()

    def set_data(self, curves: Curves) -> None:
        """Show other values; for other policies, verdicts or axes the next blit is a full draw."""
        layout = (
            curves.axis,
            len(curves.x),
            curves.policies,
            tuple(curves.correct.get(policy) for policy in curves.policies),
        )
        if layout != self._layout:
            with fixed():
                self._build(curves)
        self._layout, self.curves = layout, curves
        same_labels = [drawn.update(curves) for drawn in self._drawn]
        if not all(same_labels):
            self.forget_background()

    def _build(self, curves: Curves) -> None:
        self.figure.clear()
        self.forget()
        room = 0.6 * self.figure.get_figwidth() - LEFT - EDGE - EndLabels.TEXT
        self._drawn = [PanelArtists(self, panel, room) for panel in self.panels]
        for drawn in self._drawn:
            drawn.build(self, curves)
        self._note = self.figure.text(0, 0, "", size=6.5, color=PALE, ha="right", va="bottom")

    def fit(self) -> None:
        """Limits at 1, 2 or 5 times powers of ten, ticks, and room for the longest label."""
        if self.curves is None:
            raise InputError("the figure has no data yet; call set_data first")
        w, h = self.figure.get_size_inches()
        right = max(drawn.labels.width(drawn.entries()) for drawn in self._drawn) + EDGE
        width = max(w - LEFT - right, 0.35 * w)
        room, top = h - TOP - BOTTOM - GAP * (len(self.panels) - 1), h - TOP
        for drawn in self._drawn:
            height = room * drawn.panel.weight / sum(p.weight for p in self.panels)
            self.place(drawn.axes, LEFT, top - height, width, height)
            drawn.fit(height, width, self.curves, last=drawn is self._drawn[-1])
            drawn.bar_ends(self.curves.x)
            drawn.labels.place(LEFT + width, top - height, height)
            drawn.labels.arrange(drawn.entries())
            top -= height + GAP
        self._note.set_text(self._remarks())
        self._note.set_position((1 - EDGE / w, 0.05 / h))

    def _blit_moving(self) -> None:
        for drawn in self._drawn:
            drawn.strokes.draw(self.canvas.get_renderer())

    def _remarks(self) -> str:
        remarks = []
        if any(len(drawn.ends.get_xdata()) for drawn in self._drawn):
            remarks.append("|: unstable beyond")
        if self.curves.at is not None:
            remarks.append("vertical line: the scenario")
        return "\n".join(remarks)

    def readings(self) -> list[Reading]:
        """Every policy's value at every point along the axis, panel by panel."""
        return of_panels([drawn.axes for drawn in self._drawn], self.panels, self.curves)

    def text(self, width: int = 72) -> str:
        """The panels as plots of letters."""
        from .ascii_plot import plot

        rows = [18, *[12] * (len(self.panels) - 1)]
        return "\n\n".join(
            plot(self.curves, panel.metric, width, height, panel=panel)
            for panel, height in zip(self.panels, rows, strict=True)
        )
