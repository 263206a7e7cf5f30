"""Pictures of few colours, for mail: ramps from white to each colour that a figure is drawn in.

Quantisers that minimise a mean error spend their colours on the paper and smear thin text; edges
of lines and letters on white lie on straight ramps, so that a few steps of each look the same.
"""

from __future__ import annotations

import numpy as np

__all__ = ["few_colours"]

_LEAST = 24  # pixels of a colour that is drawn in, not blended
_MUCH = 300  # pixels of a colour that must not be mistaken for a blend
_NEAR = 14.0  # RGB distance of what counts as one colour


def few_colours(rgb: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Nearest colours of a palette made of `steps` steps from white to each colour drawn in.

    Greys have twice as many, lest their blends get a hue.

    Parameters
    ----------
    rgb:
        (height, width, 3) uint8.
    steps:
        At least 1; from 4 on no difference is seen.

    Returns
    -------
    tuple of arrays
        (height, width) uint8 index, and (n, 3) uint8 palette, n at most 256.

    >>> index, palette = few_colours(np.zeros((8, 8, 3), np.uint8), 2)
    >>> len(palette), palette[index[0, 0]].tolist()
    (5, [0, 0, 0])
    """
    packed = rgb.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    unique, inverse, count = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([unique >> 16 & 255, unique >> 8 & 255, unique & 255], axis=1).astype(float)
    drawn: list[np.ndarray] = []
    greys = 2 * steps
    palette = [np.full(3, 255.0 * k / greys) for k in range(1, greys + 1)]
    for i in np.lexsort((unique, -count.astype(np.int64))):
        colour = colours[i]
        if count[i] < _LEAST or len(palette) + steps > 256:
            break
        if min(float(np.linalg.norm(colour - p)) for p in palette) < _NEAR:
            continue
        if not any(_on_ramp(colour, end) for end in drawn):
            drawn.append(colour)
            palette += [255.0 + (colour - 255.0) * k / steps for k in range(1, steps + 1)]
        elif count[i] >= _MUCH:  # a grey line is more than a pale black one
            palette.append(colour)
    palette = np.unique(np.round(palette), axis=0)
    distance = ((colours[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2)
    index = distance.argmin(axis=1)[inverse.ravel()]
    # The most frequent first: neighbours get small numbers, which pack better.
    order = np.argsort(-np.bincount(index, minlength=len(palette)), kind="stable")
    rank = np.argsort(order).astype(np.uint8)
    return rank[index].reshape(rgb.shape[:2]), palette[order].astype(np.uint8)


def _on_ramp(colour: np.ndarray, end: np.ndarray) -> bool:
    """Whether a colour lies between white and another, closely."""
    way, here = end - 255.0, colour - 255.0
    share = float(here @ way / (way @ way))
    return share <= 1.02 and float(np.linalg.norm(here - share * way)) < _NEAR
