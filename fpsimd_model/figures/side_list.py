"""The list beside a map: what is on it, and what was left out and why, struck out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from .end_labels import label_of, width_of
from .style import INK, PALE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

    from .cost_map import CostMap

__all__ = ["Row", "SideList", "listed"]

_INDENT, _PITCH = 0.22, 0.155  # inches


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: `kind` is swatch, empty, title, struck, point or gap."""

    kind: str
    text: str = ""
    policy: str = ""


def listed(data: CostMap) -> list[Row]:
    """Policies by their share of the map; then those left out, where they would be cheaper."""
    best = data.cheapest()
    share = {p: float((best == i).mean()) for i, p in enumerate(data.contenders)}
    ranked = sorted((p for p in share if share[p]), key=lambda p: -share[p])
    rows = [Row("swatch", f"{label_of(p)}  {_percent(share[p])}", p) for p in ranked]
    if (best < 0).any():
        rows.append(Row("empty", f"none is stable  {_percent(float((best < 0).mean()))}"))
    cheaper = {p: data.cheaper(p) for p in data.policies if data.correct.get(p) is False}
    wrong = [p for p in cheaper if cheaper[p]]
    if wrong:
        rows += [Row("gap"), Row("title", "cheaper, but loses state:")]
        rows += [Row("struck", f"{label_of(p)}  {_percent(cheaper[p])}", p) for p in wrong]
    late = {p: why for p, why in data.late.items() if p in data.costs and p not in cheaper}
    for reason in dict.fromkeys(late.values()):
        rows += [Row("gap"), Row("title", f"left out, {reason}:")]
        rows += [Row("struck", label_of(p), p) for p in late if late[p] == reason]
    if data.at is not None:
        rows += [Row("gap"), Row("point", "the scenario")]
    if data.about:
        rows += [Row("gap"), *(Row("title", line) for line in data.about)]
    return rows


class SideList:
    """Draws the list into a figure; shown anew, the old one goes."""

    def __init__(self, figure: Figure, size: float) -> None:
        self.figure, self.size = figure, size
        self._artists: list[Artist] = []

    def width(self, rows: Sequence[Row]) -> float:
        """Inches that the list takes."""
        titles = [row.text for row in rows if row.kind == "title"]
        others = [row.text for row in rows if row.kind != "title"]
        return max(width_of(titles, self.size), _INDENT + width_of(others, self.size))

    def show(
        self, rows: Sequence[Row], colours: Mapping[str, tuple], left: float, top: float
    ) -> None:
        """Draw the list with its upper left corner at a place in inches."""
        for artist in self._artists:
            artist.remove()
        self._artists.clear()
        pitch = min(_PITCH, (top - 0.1) / max(1, len(rows)))
        y = top - pitch / 2
        for row in rows:
            self._one(row, colours, left, y)
            y -= pitch / 2 if row.kind == "gap" else pitch

    def _one(self, row: Row, colours: Mapping[str, tuple], x: float, y: float) -> None:
        if row.kind in ("swatch", "empty"):
            face = colours.get(row.policy, "white")
            self._add(Rectangle((x, y - 0.05), 0.15, 0.1, fc=face, ec=INK, lw=0.6))
        elif row.kind == "point":
            self._add(Line2D([x + 0.07], [y], marker="o", mfc="white", mec=INK, mew=1.2, ms=6))
        elif row.kind == "struck":
            end = x + _INDENT + width_of([label_of(row.policy)], self.size)
            self._add(Line2D([x + _INDENT - 0.01, end + 0.01], [y, y], color=PALE, lw=0.9))
        if row.text:
            text = self.figure.text(
                x if row.kind == "title" else x + _INDENT,
                y,
                row.text,
                size=self.size,
                va="center_baseline",
                color=PALE if row.kind in ("title", "struck") else INK,
                transform=self.figure.dpi_scale_trans,
            )
            self._artists.append(text)

    def _add(self, artist: Artist) -> None:
        artist.set_transform(self.figure.dpi_scale_trans)
        self._artists.append(self.figure.add_artist(artist))


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.01 else f"{100 * share:.0f}%"
