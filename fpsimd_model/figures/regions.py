"""Regions of equal value in a grid: their borders, and where a name fits best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Region", "borders", "regions"]


@dataclass(frozen=True, slots=True)
class Region:
    """The largest rectangle of one value: its middle and size in cells (x to the right, y up)."""

    value: int
    x: float
    y: float
    width: int
    height: int


def borders(grid: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Lines between cells of different value, as corners (x0, y0, x1, y1) in cells.

    >>> borders(np.array([[0, 1], [0, 0]]))
    [(1, 0, 1, 1), (1, 1, 2, 1)]
    """
    lines = []
    for x in range(1, grid.shape[1]):
        lines += [(x, a, x, b) for a, b in _runs(grid[:, x] != grid[:, x - 1])]
    for y in range(1, grid.shape[0]):
        lines += [(a, y, b, y) for a, b in _runs(grid[y] != grid[y - 1])]
    return lines


def _runs(true: np.ndarray) -> list[tuple[int, int]]:
    steps = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]])))
    return [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]


def regions(grid: np.ndarray, shape: float = 6.0) -> list[Region]:
    """For each value the rectangle within it that holds a line of text best.

    Parameters
    ----------
    grid:
        (n, m) integers.
    shape:
        Width of a text over its height, in cells.

    >>> regions(np.array([[0, 1, 1], [0, 0, 0]]))[0]
    Region(value=0, x=1.5, y=1.5, width=3, height=1)
    """
    return [_best(grid == value, int(value), shape) for value in np.unique(grid)]


def _best(inside: np.ndarray, value: int, shape: float) -> Region:
    """Largest min(width, shape x height), then area (histogram method, row by row)."""
    best, found = (0.0, 0), None
    height = np.zeros(inside.shape[1], dtype=int)
    for row in range(inside.shape[0]):
        height = np.where(inside[row], height + 1, 0)
        stack: list[tuple[int, int]] = []  # start, height
        for column, tall in enumerate([*height.tolist(), 0]):
            start = column
            while stack and stack[-1][1] >= tall:
                start, h = stack.pop()
                wide = column - start
                score = (min(wide, shape * h), wide * h)
                if score > best:
                    best = score
                    found = Region(value, start + wide / 2, row + 1 - h / 2, wide, h)
            if tall:
                stack.append((start, tall))
    return found
