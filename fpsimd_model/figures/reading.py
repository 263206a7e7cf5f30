"""What is read off a picture: where its points are, and what is said at each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .numbers import brief, significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .curves import Curves
    from .panel import Panel

__all__ = ["Reading", "box_of", "of_panels", "places", "told"]

_WIDE = 31  # columns of what is said: as wide as a list of names beside a panel
_MOST = 120  # points along an axis: a few pixels from one to the next


@dataclass(frozen=True)
class Reading:
    """One panel: where it is, where its points are, and what is said at each.

    Attributes
    ----------
    box:
        Left, top, width and height of the panel, as shares of the picture.
    x, y:
        Where the points stand within it, as shares from the left and from the top; without `y` a
        point is a whole column, without `x` a whole row.
    text:
        Of each point, row by row.
    at:
        Left and top of where it is said, as shares of the picture; by default beside the panel.
    """

    box: tuple[float, float, float, float]
    x: tuple[float, ...]
    y: tuple[float, ...]
    text: tuple[str, ...]
    at: tuple[float, float] | None = None


def told(head: str, values: Iterable[tuple[str, str]], wide: int = 6) -> str:
    """What is measured, with its unit; below it values and whose they are.

    >>> print(told("20k 1/s: CPU time [%]", [("0.45", "tracked")]))
    20k 1/s: CPU time [%]
      0.45 tracked
    """
    lines = (f"{value:>{wide}} {name}" for value, name in values)
    return "\n".join([*textwrap.wrap(head, _WIDE, break_on_hyphens=False), *lines])


def of_panels(
    axes: Sequence[Axes], panels: Sequence[Panel], curves: Curves, gone: str = ""
) -> list[Reading]:
    """What the curves of each panel are at their points, the highest first.

    `gone` is said of a curve that has no value there, but has some elsewhere.
    """
    points = range(0, len(curves.x), -(-len(curves.x) // _MOST))
    unit = "%" if curves.axis.unit == "%" else f" {curves.axis.unit}"
    heads = [f"{brief(float(significant(curves.x[i], 4)))}{unit}" for i in points]
    found = []
    for ax, panel in zip(axes, panels, strict=True):
        x = places(ax.get_xlim(), curves.x[points], log=curves.axis.log)
        y = {p: curves.y(p, panel.metric) * panel.factor for p in curves.policies}
        drawn = {p: values for p, values in y.items() if np.isfinite(values).any()}
        texts = tuple(
            told(
                f"{head}: {panel.title}",
                _ranked({p: values[i] for p, values in drawn.items()}, gone),
                max(6, len(gone)),
            )
            for head, i in zip(heads, points, strict=True)
        )
        found.append(Reading(box_of(ax), x, (), texts))
    return found


def _ranked(values: Mapping[str, float], gone: str) -> list[tuple[str, str]]:
    there = sorted((p for p in values if np.isfinite(values[p])), key=lambda p: -values[p])
    missing = [(gone, p) for p in values if not np.isfinite(values[p])] if gone else []
    return [*((significant(float(values[p]), 3), p) for p in there), *missing]


def box_of(*axes: Axes) -> tuple[float, float, float, float]:
    """The box around one or more panels, as a reading has it."""
    boxes = [ax.get_position() for ax in axes]
    left, right = min(b.x0 for b in boxes), max(b.x1 for b in boxes)
    bottom, top = min(b.y0 for b in boxes), max(b.y1 for b in boxes)
    return tuple(round(float(v), 4) for v in (left, 1.0 - top, right - left, top - bottom))


def places(
    limits: tuple[float, float], values: Sequence[float], *, log: bool = False
) -> tuple[float, ...]:
    """Values as shares of the way from the first limit to the second.

    >>> places((1.0, 100.0), [1.0, 10.0], log=True)
    (0.0, 0.5)
    """
    at = np.asarray(values, dtype=float)
    (low, high), at = (np.log10(limits), np.log10(at)) if log else (limits, at)
    return tuple(round(float(v), 4) for v in (at - low) / (high - low))
