"""The distribution of sojourn times as a mixture of tabulated curves, in the time domain.

With T a sojourn under a plain server and a set-up D, P(sojourn > t) is

    (P(T + D > t) + λ E[(T + D - t)+ - (T - t)+]) / (1 + λ E[D]).

For a D that is `setup` and the rest of a masked period of length w at the first interrupt in it,
(1 - exp(-λ w)) E[λ (T + D - t)+ + 1{T + D > t}] is λ times the difference of E[(T - x)+] at both
ends of the period, by integration in parts.  Interrupts without crypto lengthen set-ups and
masked periods by their cost, as often as they strike; D is the same whenever in a period they do.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .curves import curves
from .disturbed import disturbed
from .kinds import Kinds
from .packets import Packets

__all__ = ["Curves", "Mixture", "mixture"]

_SMALLEST = 1e-15
_MANY = 100.0  # interruptions of a set-up that are too many to be told one by one


class Curves(Protocol):
    """Tabulated sojourns T, one curve for each service time."""

    def tail(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """P(T > t) of curve `curve` (n,) at times `t` (n,), known to a rounding of `scale`."""

    def integral(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """E[(T - t)+], seconds."""


class Mixture:
    """P(sojourn > t) of mixtures over `kinds`; see :func:`mixture`."""

    def __init__(self, packets: Packets, c: Kinds, curve: np.ndarray, table: Curves) -> None:
        self._c, self._table, self._rate = c, table, packets.rate
        self._share = c.weight * c.ordinary
        columns = np.stack([curve, c.setup, c.waited, c.late, c.already], axis=1)
        keys, where = np.unique(columns, axis=0, return_inverse=True)
        self._key = where.ravel()
        self._curve, self._waits = keys[:, 0].astype(np.intp), keys[:, 2] > 0.0
        self._matrix = np.zeros((c.mixture[-1] + 1, len(keys)))
        np.add.at(self._matrix, (c.mixture, self._key), self._share)
        parts = [_parts(packets, *key[1:]) for key in keys]
        self._parts = np.array([len(delay) for delay, _ in parts])
        self._delay, self._weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        self._first = np.append(0, self._parts.cumsum()[:-1])

    def survival(self, t: np.ndarray, which: np.ndarray) -> np.ndarray:
        """(n,) at times `t` (n,), each under mixture `which` (n,)."""
        c = self._c
        low = np.searchsorted(c.mixture, which)
        point, k = _spread(low, np.searchsorted(c.mixture, which, side="right") - low)
        part = self._share[k] * self._kind(t[point], self._key[k])
        return np.bincount(point, part, minlength=len(t))

    def grid(self, t: np.ndarray) -> np.ndarray:
        """(P, n) of all mixtures at the same times `t` (n,)."""
        count, n = len(self._curve), len(t)
        values = self._kind(np.tile(t, count), np.repeat(np.arange(count), n))
        return self._matrix @ values.reshape(-1, n)

    def _kind(self, t: np.ndarray, key: np.ndarray) -> np.ndarray:
        """P(sojourn > t) (1 + λ E[D]) for one kind (n,) at a time of its own."""
        point, part = _spread(self._first[key], self._parts[key])
        at = t[point]
        curve, x, weight = self._curve[key[point]], at - self._delay[part], self._weight[part]
        value = self._rate * weight * self._table.integral(curve, x, at)
        none = np.flatnonzero(~self._waits[key[point]])
        value[none] += weight[none] * self._table.tail(curve[none], x[none], at[none])
        out = np.bincount(point, value, minlength=len(t))
        return out - self._rate * self._table.integral(self._curve[key], t, t)


def _spread(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For n runs of numbers from `first`: which run, and the number."""
    run = np.repeat(np.arange(len(first)), count)
    return run, np.arange(len(run)) - np.repeat(count.cumsum() - count, count) + first[run]


def _parts(packets: Packets, setup, waited, late, already) -> tuple[np.ndarray, np.ndarray]:
    """Delays at which E[(T - t)+] is wanted, and with what weight."""
    cost = packets.other_cost
    before = packets.stops(packets.other_rate * setup + late)
    if not waited:
        return _some(setup + cost * np.arange(len(before)), before)
    if late:  # in the guest the operation alone is the masked period
        during, behind = np.ones(1), before
    else:
        during = packets.stops(packets.other_rate * waited, already)
        behind = np.convolve(before, during)
    over = np.arange(len(during)) * cost + waited
    caught = -(during @ np.expm1(-packets.rate * over))
    delay = cost * np.arange(len(behind)) + (setup + waited)
    first = _some(setup + cost * np.arange(len(before)), before)
    last = _some(delay, behind)
    return (
        np.concatenate([first[0], last[0]]),
        np.concatenate([first[1] * (1.0 - 1.0 / caught), last[1] / caught]),
    )


def _some(delay: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = int(np.flatnonzero(weight > _SMALLEST).max()) + 1
    return delay[:count], weight[:count] / weight[:count].sum()


def mixture(packets: Packets, c: Kinds) -> Mixture | None:
    """The mixtures of `kinds` in closed form, or None where there is none at hand."""
    often = packets.other_rate * (c.setup + c.waited) + c.late + c.already
    if packets.disturbed and often.max() > _MANY:
        return None
    (service, moves), curve = np.unique([c.service, c.moves], axis=1, return_inverse=True)
    steps = packets.exponential and (moves.any() or (packets.fixed and packets.batch > 1.0))
    if packets.disturbed or steps:
        table = disturbed(packets, service, moves)
    else:
        table = curves(packets.rate, packets.batch, packets.fixed, packets.exponential, service)
    return None if table is None else Mixture(packets, c, curve.ravel(), table)
