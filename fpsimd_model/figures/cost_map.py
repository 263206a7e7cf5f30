"""What a map of policies takes: costs of several policies over two axes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError
from .curves import Axis

__all__ = ["CostMap"]


@dataclass(frozen=True, eq=False)
class CostMap:
    """Costs of several policies over two axes: n values of `y` by m of `x`.

    Attributes
    ----------
    x_axis, y_axis, x, y:
        What is varied; (m,) and (n,) increasing values, evenly spaced on the axis' scale.
    costs:
        (n, m) for each policy, the lower the better; not-a-number where it has none (an unstable
        queue).
    cost:
        What is compared, in words.
    correct:
        The verdict of the check for each policy that was checked; the refuted ones take no part.
    late:
        Policies that take no part for another reason, with that reason.
    at:
        Where the scenario itself stands, or None.
    about:
        What the scenario is, a line each: a map leaves a picture alone that has all else in it.

    Raises
    ------
    InputError
        If the arrays do not fit together.
    """

    x_axis: Axis
    y_axis: Axis
    x: np.ndarray
    y: np.ndarray
    costs: Mapping[str, np.ndarray]
    cost: str = "CPU time"
    correct: Mapping[str, bool] = field(default_factory=dict)
    late: Mapping[str, str] = field(default_factory=dict)
    at: tuple[float, float] | None = None
    about: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for axis, name in ((self.x_axis, "x"), (self.y_axis, "y")):
            values = np.asarray(getattr(self, name), dtype=float)
            if values.ndim != 1 or len(values) < 2 or not (np.diff(values) > 0).all():
                raise InputError(f"{axis.key}: a map needs two or more increasing values")
            if axis.log and values[0] <= 0:
                raise InputError(f"{axis.key}: a logarithmic axis needs values above 0")
            object.__setattr__(self, name, values)
        shape = (len(self.y), len(self.x))
        costs = {policy: np.asarray(c, dtype=float) for policy, c in self.costs.items()}
        for policy, c in costs.items():
            if c.shape != shape:
                raise InputError(f"{policy}: costs have shape {c.shape}; {shape} is wanted")
        object.__setattr__(self, "costs", costs)

    @property
    def policies(self) -> tuple[str, ...]:
        """Their names, in the order given."""
        return tuple(self.costs)

    @property
    def contenders(self) -> tuple[str, ...]:
        """Policies that take part: not refuted, not late."""
        return tuple(
            p for p in self.costs if self.correct.get(p) is not False and p not in self.late
        )

    def cheapest(self) -> np.ndarray:
        """(n, m) index into `contenders`, -1 where none has a cost."""
        if not self.contenders:
            return np.full((len(self.y), len(self.x)), -1)
        stack = np.stack([self.costs[p] for p in self.contenders])
        stack = np.where(np.isfinite(stack), stack, np.inf)
        return np.where(np.isfinite(stack).any(axis=0), stack.argmin(axis=0), -1)

    def cheaper(self, policy: str) -> float:
        """Share of the map where a policy that takes no part would be cheaper than the cheapest."""
        stack = [self.costs[p] for p in self.contenders]
        best = np.fmin.reduce(stack) if stack else np.full((len(self.y), len(self.x)), math.nan)
        own = self.costs[policy]
        return float((np.isfinite(own) & ~(own >= best)).mean())
