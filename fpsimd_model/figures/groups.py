"""Policies whose curves coincide: they are drawn once and named together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .plain import ascii_only

if TYPE_CHECKING:
    from .curves import Curves

__all__ = ["NEAR", "Group", "groups_of", "names_of", "reach_of"]

NEAR = 0.02  #: relative distance of curves that count as one; a line is wider on any screen


@dataclass(frozen=True, slots=True)
class Group:
    """Policies that share their curves; the first of them gives style and letter."""

    policies: tuple[str, ...]

    @property
    def head(self) -> str:
        """The policy that stands for all."""
        return self.policies[0]


def groups_of(curves: Curves, metrics: Sequence[str], reach: int = 1) -> list[Group]:
    """Policies whose curves are nowhere more than :data:`NEAR`, or `reach` points, apart.

    A correct policy comes first in its group, so that a curve is drawn as wrong only where every
    policy on it loses state.  Policies without any value are in no group.

    >>> from .curves import Curves, axis_of
    >>> data = Curves(axis_of("crypto.slowdown"), [1, 20], {
    ...     "defer-to-put": {"saving": [1, 2]}, "tracked": {"saving": [1, 2.01]},
    ...     "flush-hook": {"saving": [1, 9]}, "nested-save": {}},
    ...     {"defer-to-put": False, "tracked": True})
    >>> [group.policies for group in groups_of(data, ["saving"])]
    [('tracked', 'defer-to-put'), ('flush-hook',)]
    """
    shapes = {
        policy: np.stack([curves.y(policy, metric) for metric in metrics])
        for policy in curves.policies
    }
    found: list[list[str]] = []
    for policy, shape in shapes.items():
        if np.isnan(shape).all():
            continue
        for members in found:
            if _alike(shapes[members[0]], shape, reach):
                members.append(policy)
                break
        else:
            found.append([policy])
    return [Group(tuple(sorted(members, key=curves.wrong))) for members in found]


def reach_of(curves: Curves, apart: float = 0.05) -> int:
    """Points of an evenly spread logarithmic axis that are so far apart, relatively; 1 or more.

    >>> from .curves import Curves, axis_of
    >>> reach_of(Curves(axis_of("crypto.slowdown"), np.geomspace(1.0, 10.0, 101), {}))
    2
    """
    step = float(np.log(curves.x[-1] / curves.x[0])) / max(len(curves.x) - 1, 1)
    return max(1, int(np.log1p(apart) / step)) if step > 0 else 1


def names_of(group: Group, curves: Curves, first: int = 0) -> str:
    """The names in a group, from the `first` on, each with what speaks against it."""
    return ", ".join(
        f"{ascii_only(policy)} (loses state)" if curves.wrong(policy) else ascii_only(policy)
        for policy in group.policies[first:]
    )


def _alike(a: np.ndarray, b: np.ndarray, reach: int) -> bool:
    return _within(a, b, reach) and _within(b, a, reach)


def _within(a: np.ndarray, b: np.ndarray, reach: int) -> bool:
    """Whether `a` stays in the band around `b` that reaches over each point's neighbours."""
    a, b = (np.where(np.isnan(y), np.inf, y) for y in (a, b))
    padded = np.pad(b, ((0, 0), (reach, reach)), mode="edge")
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=1)
    low, high = near.min(axis=2), near.max(axis=2)
    low = np.where(low > 0.0, low * (1.0 - NEAR), low * (1.0 + NEAR))
    high = np.where(high > 0.0, high * (1.0 + NEAR), high * (1.0 - NEAR))
    return bool(np.all((a >= low) & (a <= high)))
