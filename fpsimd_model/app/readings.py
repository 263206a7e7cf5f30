"""Values read off a picture under the pointer: no round trip, the browser has them already.

The numbers of the points that were solved lie in a transparent layer over the picture; its own
few lines of script find the nearest and show a hairline and the numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..figures.numbers import brief, significant

if TYPE_CHECKING:
    from ..figures import CostMap, CurvePanels, PolicyMap

__all__ = ["Reading", "layer", "of_curves", "of_map"]


@dataclass(frozen=True)
class Reading:
    """One panel: where it is, where its points are, and what is said at each.

    Attributes
    ----------
    box:
        Left, top, width and height of the panel, as shares of the picture.
    x, y:
        Where the points stand within it, from the left and from the top; without `y` a point is a
        whole column.
    text:
        Of each point, row by row.
    """

    box: tuple[float, float, float, float]
    x: tuple[float, ...]
    y: tuple[float, ...]
    text: tuple[str, ...]


def layer(readings: Sequence[Reading]) -> str:
    """The layer as HTML; nothing without readings."""
    if not readings:
        return ""
    data = json.dumps([asdict(reading) for reading in readings], separators=(",", ":"))
    return (
        f'<div class="fm-glass" data-read="{escape(data)}" onpointermove="{escape(_MOVE)}" '
        f'onpointerleave="{escape(_LEAVE)}"><i></i><b></b><pre></pre></div>'
    )


_LEAVE = "this.classList.remove('fm-on')"
# The text stands on the side of the pointer where there is room.
_MOVE = """
const panels = this.fm ??= JSON.parse(this.dataset.read), r = this.getBoundingClientRect();
const X = (event.clientX - r.left) / r.width, Y = (event.clientY - r.top) / r.height;
const near = (at, v) => at.reduce((b, a, i) => Math.abs(a - v) < Math.abs(at[b] - v) ? i : b, 0);
const p = panels.find(({box: [l, t, w, h]}) => X >= l && X <= l + w && Y >= t && Y <= t + h);
this.classList.toggle('fm-on', !!p);
if (p) {
  const [l, t, w, h] = p.box, i = near(p.x, (X - l) / w), j = near(p.y, (Y - t) / h);
  const [column, row, text] = this.children, share = (v) => 100 * v + '%';
  const x = l + w * p.x[i], y = t + h * (p.y[j] ?? 0);
  Object.assign(column.style, {left: share(x), top: share(t), height: share(h)});
  Object.assign(row.style, {top: share(y), left: share(l), width: share(p.y.length ? w : 0)});
  text.textContent = p.text[j * p.x.length + i];
  Object.assign(text.style, X < 0.5 ? {left: share(x + 0.02), right: ''}
    : {left: '', right: share(1.02 - x)});
  Object.assign(text.style, Y < 0.5 ? {top: share(t), bottom: ''}
    : {top: '', bottom: share(1 - t - h)});
}
""".strip()


def of_curves(picture: CurvePanels) -> list[Reading]:
    """What the curves of each panel are at each of their points, the highest first."""
    curves, found = picture.curves, []
    for axes, panel in zip(picture.figure.axes, picture.panels, strict=True):
        at = _within(axes.get_xlim(), curves.x, curves.axis.log)
        values = {p: curves.y(p, panel.metric) * panel.factor for p in curves.policies}
        texts = [
            _column(
                f"{brief(float(significant(x, 4)))} {curves.axis.unit}",
                {policy: y[i] for policy, y in values.items()},
            )
            for i, x in enumerate(curves.x)
        ]
        found.append(Reading(_box(axes), at, (), tuple(texts)))
    return found


def of_map(picture: PolicyMap) -> list[Reading]:
    """Which policies are cheapest in each cell, and what they cost."""
    (axes,), data = picture.figure.axes, picture.data
    x = _within(axes.get_xlim(), data.x, data.x_axis.log, placed=True)
    y = _within(axes.get_ylim(), data.y, data.y_axis.log, placed=True)
    texts = tuple(
        _cell(data, row, column) for row in range(len(data.y)) for column in range(len(data.x))
    )
    return [Reading(_box(axes), x, tuple(round(1.0 - v, 4) for v in y), texts)]


def _cell(data: CostMap, row: int, column: int, most: int = 4) -> str:
    where = f"{_text(data.x[column])} {data.x_axis.unit}, {_text(data.y[row])} {data.y_axis.unit}"
    costs = {policy: float(data.costs[policy][row, column]) for policy in data.contenders}
    ranked = sorted((p for p in costs if np.isfinite(costs[p])), key=costs.get)
    if not ranked:
        return f"{where}\nnone is stable"
    return "\n".join(
        [where, *(f"{_text(100 * costs[p]):>6}% {p}" for p in ranked[:most])]
        + ([f"and {len(ranked) - most} more"] if len(ranked) > most else [])
    )


def _column(head: str, values: dict[str, float]) -> str:
    there = sorted((p for p in values if np.isfinite(values[p])), key=lambda p: -values[p])
    return "\n".join([head, *(f"{_text(values[p]):>7} {p}" for p in there)])


def _text(value: float) -> str:
    return significant(float(value), 3)


def _box(axes) -> tuple[float, float, float, float]:
    place = axes.get_position()
    parts = place.x0, 1.0 - place.y1, place.width, place.height
    return tuple(round(float(part), 4) for part in parts)


def _within(
    limits: tuple[float, float], values: np.ndarray, log: bool, *, placed: bool = False
) -> tuple[float, ...]:
    """Shares of the way between limits; those of a map are logarithms already (`placed`)."""
    low, high = np.log10(limits) if log and not placed else limits
    at = np.log10(values) if log else np.asarray(values)
    return tuple(round(float(v), 4) for v in (at - low) / (high - low))
