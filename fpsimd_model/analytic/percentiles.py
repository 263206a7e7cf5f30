"""Percentiles of distributions that are known through their survival function and may jump."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

__all__ = ["Survivals", "percentiles"]

_ROUNDS = 60
_LONGER = 12  # times that the grid grows sixteenfold
_NARROW, _FLAT = 1e-9, 1e-8
_SAME, _NEAR = 1e-3, 1e-3  # what finer series may change of a probability, or of a time
_FINEST = 2  # times that they are made finer


class Survivals(Protocol):
    """Several distributions on the positive half-line."""

    def __len__(self) -> int: ...

    def inverted(self, t: np.ndarray) -> np.ndarray:
        """(n,) bool: where it is summed up from a series, which more terms make finer."""

    def survival(self, t: np.ndarray, which: np.ndarray, finer: int = 0) -> np.ndarray:
        """P(T > t) for times (n,), each under distribution `which` (n,)."""

    def survival_grid(self, t: np.ndarray, finer: int = 0) -> np.ndarray:
        """(P, n) the same for all distributions at the same times."""

    def heaviest_atom(self, which: int, low: float, high: float) -> float | None:
        """Where the heaviest atom strictly between two times is, if there is one."""


def percentiles(
    of: Survivals, p: Sequence[float], ends: tuple[float, float], grid_size: int = 32
) -> np.ndarray:
    """(P, len(p)) smallest t with P(T > t) <= 1 - p; not a number if that is lost in rounding,
    or where finer series still give another.

    A grid brackets each; atoms inside the bracket are tried first, then the Illinois variant of
    regula falsi with bisection (M. Dowell and P. Jarratt, BIT 11 (1971) 168-174) on the logarithm,
    since tails are nearly exponential.

    Parameters
    ----------
    of:
        The distributions.
    p:
        Shares below the percentile.
    ends:
        All mass lies above the first; the second is a guess at the far end.
    """
    found = _found(of, p, ends, grid_size, 0)
    doubt = _doubt(of, p, found, 0, -1)  # fewer terms cost less, and mostly are enough
    for finer in range(_FINEST + 1):
        if doubt.any():
            doubt &= _doubt(of, p, found, finer, finer + 1)
        if not doubt.any() or finer == _FINEST:
            break
        again = _found(of, p, ends, grid_size, finer + 1)
        found = np.where(doubt[:, None], again, found)
    return np.where(doubt[:, None], np.nan, found)


def _doubt(
    of: Survivals, p: Sequence[float], found: np.ndarray, finer: int, other: int
) -> np.ndarray:
    """(P,) distributions of which the `other` series give other percentiles than the `finer`."""
    t, target = found.ravel(), np.tile(1.0 - np.asarray(p, dtype=float), len(of))
    which, off = np.repeat(np.arange(len(of)), len(p)), np.zeros(len(t), dtype=bool)
    some = np.flatnonzero(np.isfinite(t) & of.inverted(t))
    if len(some):
        there = of.survival(t[some], which[some], other)
        some = some[abs(there - target[some]) > _SAME * target[some]]
    if len(some):  # no matter if it jumps there
        here = of.survival(t[some], which[some], finer)
        below = of.survival(t[some] * (1.0 - _NEAR), which[some], other)
        above = of.survival(t[some] * (1.0 + _NEAR), which[some], other)
        room = _SAME * target[some]
        off[some] = (below < here - room) | (above > here + room)
    return off.reshape(found.shape).any(axis=1)


def _found(
    of: Survivals, p: Sequence[float], ends: tuple[float, float], grid_size: int, finer: int
) -> np.ndarray:
    """As :func:`percentiles`, whether or not series have terms enough."""
    grid = np.geomspace(*ends, grid_size)
    values = of.survival_grid(grid, finer)
    target = np.tile(1.0 - np.asarray(p, dtype=float), len(of))
    which = np.repeat(np.arange(len(of)), len(p))
    for _ in range(_LONGER):
        if not (values[:, -1] > target.min()).any():
            break
        more = np.geomspace(grid[-1], grid[-1] * 16.0, grid_size // 2)[1:]
        grid, values = (
            np.append(grid, more),
            np.append(values, of.survival_grid(more, finer), axis=1),
        )
    hi = (values[which] <= target[:, None]).argmax(axis=1)
    a, b = grid[hi - 1].copy(), grid[hi].copy()
    fa, fb = _log(values[which, hi - 1], target), _log(values[which, hi], target)
    kept = np.zeros(len(target))  # which end the last step kept: -1 a, 1 b
    for step in range(_ROUNDS):
        todo = np.flatnonzero(b - a > _NARROW * b)
        if not len(todo):
            break
        low, high, f_low, f_high = a[todo], b[todo], fa[todo], fb[todo]
        x = low + (high - low) * f_low / (f_low - f_high)
        x = np.where((step % 8 == 7) | ~(x > low) | ~(x < high), 0.5 * (low + high), x)
        atom = np.zeros(len(todo), dtype=bool)
        if step < 6:
            for i, (w, left, right) in enumerate(zip(which[todo], low, high, strict=True)):
                place = of.heaviest_atom(w, left, right)
                if place is not None:
                    x[i], atom[i] = place, True
        f = _log(of.survival(x, which[todo], finer), target[todo])
        if atom.any():  # just below the atom: is the target within its jump?
            below = x[atom] * (1.0 - 1e-10)
            jump = _log(of.survival(below, which[todo][atom], finer), target[todo][atom])
            inside = np.zeros(len(todo), dtype=bool)
            inside[atom] = (jump > 0) & (f[atom] <= 0)
            f = np.where(inside, 0.0, f)
        above = f > 0
        a[todo], fa[todo] = np.where(above, x, low), np.where(above, f, f_low)
        b[todo], fb[todo] = np.where(above, high, x), np.where(above, f_high, f)
        fb[todo] *= np.where(above & (kept[todo] == 1), 0.5, 1.0)
        fa[todo] *= np.where(~above & (kept[todo] == -1), 0.5, 1.0)
        kept[todo] = np.where(above, 1.0, -1.0)
        found = todo[np.abs(f) < _FLAT]
        a[found] = b[found] = x[np.abs(f) < _FLAT]
    lost = values[which].min(axis=1) > target
    return np.where(lost, np.nan, b).reshape(len(of), len(p))


def _log(survival: np.ndarray, target: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(survival, 1e-14) / target)
