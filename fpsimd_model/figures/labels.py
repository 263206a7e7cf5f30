"""Labels at the ends of curves that do not collide."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["spread"]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions nearest to those wanted (least squares) that keep `gap` between neighbours.

    Pools adjacent violators (Barlow et al., Statistical Inference under Order Restrictions, 1972)
    on ``wanted - i gap``; the order of equal wishes is kept.  Where the room from `low` to `high`
    is too small for the gap, positions are even.

    >>> spread([5.0, 5.0, 9.0], gap=1.0, low=0.0, high=10.0)
    [4.5, 5.5, 9.0]
    >>> spread([0.0, 0.0, 0.0], gap=9.0, low=0.0, high=10.0)
    [0.0, 5.0, 10.0]
    """
    n = len(wanted)
    if n > 1:
        gap = min(gap, (high - low) / (n - 1))
    order = sorted(range(n), key=lambda i: wanted[i])
    blocks: list[tuple[float, int]] = []  # mean and size
    for rank, i in enumerate(order):
        mean, size = wanted[i] - rank * gap, 1
        while blocks and blocks[-1][0] >= mean:
            before, members = blocks.pop()
            mean = (before * members + mean * size) / (members + size)
            size += members
        blocks.append((mean, size))
    top = max(low, high - (n - 1) * gap)
    flat = [min(max(mean, low), top) for mean, size in blocks for _ in range(size)]
    placed = [0.0] * n
    for rank, i in enumerate(order):
        placed[i] = flat[rank] + rank * gap
    return placed
