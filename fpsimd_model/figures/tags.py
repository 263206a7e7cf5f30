"""Letters on curves: each where its curve is farthest from the others, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

__all__ = ["CLEAR", "tag_places"]

_STEP = 5.0  # pixels between points of a curve
_EVERY = 3  # of them is tried
_ENOUGH = 22.0  # pixels: more distance to other curves is of no use
_APART = 40.0  # the same for other letters
CLEAR = 16.0  #: pixels from letter to letter at least: as wide as the paper of one


def tag_places(
    curves: Sequence[np.ndarray],
    frame: tuple[float, float, float, float],
    room: float = 9.0,
    avoid: Sequence[tuple[float, float]] = (),
) -> list[tuple[float, float] | None]:
    """A place on each curve, as far as may be from the other curves and from other letters.

    Parameters
    ----------
    curves:
        (n, 2) pixels of each; not-a-number where there is no curve.
    frame:
        Left, bottom, right and top of the panel in pixels.
    room:
        Pixels to keep from the frame.
    avoid:
        Places of other things.

    Returns
    -------
    list
        (x, y) of each letter; None for a curve that does not enter the frame, or has no place that
        is :data:`CLEAR` of the other letters: its line and its colour have to do.

    >>> level = np.array([[0.0, 50.0], [200.0, 50.0]]), np.array([[0.0, 20.0], [200.0, 20.0]])
    >>> [y for x, y in tag_places(level, (0, 0, 200, 100))]
    [50.0, 20.0]
    """
    dense = [_dense(np.asarray(curve, dtype=float)) for curve in curves]
    left, bottom, right, top = frame
    taken = [np.array(place) for place in avoid]
    found: list[tuple[float, float] | None] = []
    for i, own in enumerate(dense):
        x, y = own.T
        inside = (x > left + room) & (x < right - room) & (y > bottom + room) & (y < top - room)
        places = own[inside][::_EVERY]
        if taken:
            places = places[_distance(places, np.array(taken)) >= CLEAR]
        if not len(places):
            found.append(None)
            continue
        others = np.concatenate([np.zeros((0, 2)), *dense[:i], *dense[i + 1 :]])
        score = np.minimum(_distance(places, others), _ENOUGH)
        if taken:
            score = score + 0.7 * np.minimum(_distance(places, np.array(taken)), _APART)
        best = places[int(np.argmax(score + 1e-3 * np.arange(len(places))))]
        taken.append(best)
        found.append((float(best[0]), float(best[1])))
    return found


def _dense(curve: np.ndarray) -> np.ndarray:
    """Points all along a curve, a few pixels apart."""
    pieces = [np.zeros((0, 2))]
    for start, end in pairwise(curve):
        if np.isfinite(start).all() and np.isfinite(end).all():
            n = max(1, int(np.hypot(*(end - start)) / _STEP))
            pieces.append(start + (end - start) * (np.arange(n) / n)[:, None])
    return np.concatenate([*pieces, curve[-1:][np.isfinite(curve[-1:]).all(axis=1)]])


def _distance(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """From each place to the nearest of the others."""
    if not len(others):
        return np.full(len(places), np.inf)
    x, y = (places[:, None, k] - others[None, :, k] for k in (0, 1))
    return np.sqrt((x * x + y * y).min(axis=1))
