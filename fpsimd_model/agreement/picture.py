"""Agreement as a picture: z-scores against what they would be under agreement."""

from __future__ import annotations

import numpy as np

from ..figures.picture import Picture
from ..figures.style import GRID, INK, PALE, fixed
from .agreement import LIMIT, Agreement

__all__ = ["AgreementPicture"]

_COLORS = {
    "analytic - montecarlo": "#0057b8",
    "analytic - simpy": "#c25700",
    "montecarlo - simpy": "#5a7d00",
}
_EDGE = 6.0  # what lies further out is drawn here


class AgreementPicture(Picture):
    """Left: quantiles of all scores against the normal ones. Right: by metric and by policy.

    Parameters
    ----------
    found:
        The comparison to show.

    >>> from fpsimd_model.agreement import agree
    >>> from fpsimd_model.scenario import preset
    >>> picture = AgreementPicture(agree([preset("reference")], "tracked", seconds=2))
    >>> picture.draw(); picture.pixels().shape
    (600, 860, 4)
    """

    kind = "agreement"

    def __init__(self, found: Agreement, size: tuple[float, float] = (8.6, 6.0)) -> None:
        super().__init__(size)
        self.found = found
        height, narrow = size[1] - 1.0, (size[0] - 6.6) / 2.0 + 0.55
        with fixed():
            self._quantiles = self.axes(0.5, 0.5, 2.6, height)
            self._metrics = self.axes(4.65, 0.5, narrow - 0.3, height)
            self._policies = self.axes(size[0] - narrow + 0.15, 0.5, narrow - 0.3, height)

    def fit(self) -> None:
        """Draw all panels anew."""
        for axes in (self._quantiles, self._metrics, self._policies):
            axes.clear()
            axes.set_axisbelow(True)
            axes.tick_params(labelsize=7, length=2)
            for side in ("top", "right"):
                axes.spines[side].set_visible(False)
        self._draw_quantiles()
        metrics = {k.replace("_per_s", "/s"): v for k, v in self.found.by_metric().items()}
        self._draw_groups(self._metrics, "by metric", metrics)
        self._draw_groups(self._policies, "by policy", self.found.by_policy())

    def _draw_quantiles(self) -> None:
        from scipy.special import ndtri

        axes = self._quantiles
        axes.grid(color=GRID, linewidth=0.6)
        axes.plot([-5, 5], [-5, 5], color=PALE, linewidth=1.0)
        for name, z in self.found.by_engines().items():
            expected = ndtri((np.arange(len(z)) + 0.5) / len(z))
            scores = np.clip(np.sort(z), -_EDGE, _EDGE)
            axes.plot(expected, scores, ".", color=_COLORS[name], markersize=3.0, label=name)
        for z in (-LIMIT, LIMIT):
            axes.axhline(z, color="#b00000", linewidth=0.8, linestyle=(0, (4, 2)))
        axes.set_xlim(-LIMIT, LIMIT)
        axes.set_ylim(-_EDGE, _EDGE)
        axes.set_xlabel("expected under agreement: normal", fontsize=8, color=INK)
        axes.set_ylabel("found, standard errors", fontsize=8, color=INK, labelpad=1)
        if len(self.found.scores):
            axes.legend(fontsize=7, loc="upper left", frameon=False, handletextpad=0.1)
        title = f"{len(self.found.scores)} differences, spread {self.found.spread:.2f}"
        axes.set_title(title, loc="left", fontsize=9, weight="bold")

    def _draw_groups(self, axes, title: str, groups: dict[str, np.ndarray]) -> None:
        names = list(groups)
        for row, name in enumerate(names):
            scores = np.clip(groups[name], -_EDGE, _EDGE)
            axes.plot([-_EDGE, _EDGE], [row, row], color=GRID, linewidth=0.4, zorder=0)
            axes.plot(scores, np.full(len(scores), row), "|", color=INK, markersize=5.0, alpha=0.12)
            # The middle two thirds of a normal distribution lie within one standard error.
            low, middle, high = np.percentile(scores, (15.87, 50.0, 84.13))
            axes.plot([low, high], [row, row], color="#0057b8", linewidth=2.2)
            axes.plot(middle, row, "o", color="white", markeredgecolor="#0057b8", markersize=3.5)
        for z in (-LIMIT, LIMIT):
            axes.axvline(z, color="#b00000", linewidth=0.8, linestyle=(0, (4, 2)))
        for z in (-1.0, 1.0):
            axes.axvline(z, color=PALE, linewidth=0.8)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(-_EDGE, _EDGE)
        axes.set_xlabel("bar: middle 68%", fontsize=8, color=INK)
        axes.set_title(title, loc="left", fontsize=9, weight="bold")

    def text(self, width: int = 72) -> str:
        """The same as a table."""
        return self.found.to_text()
