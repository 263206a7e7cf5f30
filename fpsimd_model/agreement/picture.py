"""Agreement as a picture: z-scores against what they would be under agreement."""

from __future__ import annotations

import numpy as np

from ..figures.picture import Picture
from ..figures.style import GRID, INK, PALE, fixed
from .compare import Agreement

__all__ = ["AgreementPicture"]

_BLUE = "#0057b8"


class AgreementPicture(Picture):
    """Left: quantiles of all scores against the normal ones. Right: the scores of each metric.

    Parameters
    ----------
    found:
        The comparison to show.

    >>> from fpsimd_model.agreement import agree
    >>> from fpsimd_model.scenario import preset
    >>> picture = AgreementPicture(agree([preset("reference")], "tracked", seconds=2))
    >>> picture.draw(); picture.pixels().shape
    (460, 760, 4)
    """

    kind = "agreement"

    def __init__(self, found: Agreement, size: tuple[float, float] = (7.6, 4.6)) -> None:
        super().__init__(size)
        self.found = found
        with fixed():
            self._quantiles = self.axes(0.55, 0.55, 2.5, size[1] - 1.0)
            self._metrics = self.axes(5.1, 0.55, size[0] - 5.25, size[1] - 1.0)

    def fit(self) -> None:
        """Draw both panels anew."""
        for axes in (self._quantiles, self._metrics):
            axes.clear()
            axes.grid(color=GRID, linewidth=0.6)
            axes.set_axisbelow(True)
            for side in ("top", "right"):
                axes.spines[side].set_visible(False)
        self._draw_quantiles()
        self._draw_metrics()

    def _draw_quantiles(self) -> None:
        from scipy.special import ndtri

        scores = np.sort(self.found.scores)
        expected = ndtri((np.arange(len(scores)) + 0.5) / max(len(scores), 1))
        axes = self._quantiles
        axes.plot([-5, 5], [-5, 5], color=PALE, linewidth=1.0)
        axes.plot(expected, np.clip(scores, -6, 6), ".", color=_BLUE, markersize=3.0)
        axes.set_xlim(-4.5, 4.5)
        axes.set_ylim(-6, 6)
        axes.set_xlabel("standard normal quantile", fontsize=8, color=INK)
        axes.set_title(
            f"{len(scores)} differences in standard errors", loc="left", fontsize=9, weight="bold"
        )
        axes.tick_params(labelsize=8)

    def _draw_metrics(self) -> None:
        axes, by_metric = self._metrics, self.found.by_metric()
        names = list(by_metric)
        for row, name in enumerate(names):
            scores = by_metric[name]
            axes.plot(np.clip(scores, -6, 6), np.full(len(scores), row), "|", color=_BLUE,
                      markersize=6.0, alpha=0.5)  # fmt: skip
            axes.plot([-6.0, 6.0], [row, row], color=GRID, linewidth=0.4, zorder=0)
        for z in (-4.5, 4.5):
            axes.axvline(z, color="#b00000", linewidth=0.9, linestyle=(0, (4, 2)))
        axes.set_yticks(range(len(names)), [n.replace("_per_s", "/s") for n in names], fontsize=7)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(-6, 6)
        axes.tick_params(axis="x", labelsize=8)
        axes.set_xlabel("z; dashed: 4.5", fontsize=8, color=INK)
        axes.set_title("by metric", loc="left", fontsize=9, weight="bold")

    def text(self, width: int = 72) -> str:
        """The same as a table."""
        return self.found.to_text()
