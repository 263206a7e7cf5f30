"""The distribution of sojourn times as a mixture of tabulated curves, in the time domain.

With T a sojourn under a plain server and a set-up D, P(sojourn > t) is

    (P(T + D > t) + λ E[(T + D - t)+ - (T - t)+]) / (1 + λ E[D]).

For a D that is `setup` and the rest of an operation of length w at the first interrupt in it,
(1 - exp(-λ w)) E[λ (T + D - t)+ + 1{T + D > t}] is λ times the difference of E[(T - x)+] at both
ends of the operation, by integration in parts.  Interrupts without crypto lengthen D by their
cost, as often as they strike.
"""

from __future__ import annotations

import numpy as np

from .curves import Deterministic, Exponential, curves
from .disturbed import Disturbed
from .kinds import Kinds
from .packets import Packets
from .queue import residual_moments

__all__ = ["Mixture", "mixture"]

_SMALLEST = 1e-10


class Mixture:
    """P(sojourn > t) of mixtures over `kinds`; see :func:`mixture`."""

    def __init__(
        self,
        packets: Packets,
        c: Kinds,
        curve: np.ndarray,
        table: Deterministic | Exponential | Disturbed,
    ) -> None:
        self._packets, self._c, self._curve, self._table = packets, c, curve, table
        self._rate = packets.rate
        self._share = c.weight * c.ordinary
        columns = np.stack([curve, c.setup, c.waited], axis=1)
        keys, where = np.unique(columns, axis=0, return_inverse=True)
        self._keys = keys[:, 0].astype(np.intp), keys[:, 1], keys[:, 2]
        self._matrix = np.zeros((c.mixture[-1] + 1, len(keys)))
        np.add.at(self._matrix, (c.mixture, where.ravel()), self._share)

    def survival(self, t: np.ndarray, which: np.ndarray) -> np.ndarray:
        """(n,) at times `t` (n,), each under mixture `which` (n,)."""
        c = self._c
        low = np.searchsorted(c.mixture, which)
        count = np.searchsorted(c.mixture, which, side="right") - low
        point = np.repeat(np.arange(len(t)), count)
        k = np.arange(len(point)) - np.repeat(count.cumsum() - count, count) + low[point]
        part = self._share[k] * self._kind(t[point], self._curve[k], c.setup[k], c.waited[k])
        return np.bincount(point, part, minlength=len(t))

    def grid(self, t: np.ndarray) -> np.ndarray:
        """(P, n) of all mixtures at the same times `t` (n,)."""
        n = len(t)
        curve, setup, waited = (np.repeat(column, n) for column in self._keys)
        times = np.tile(t, len(self._keys[0]))
        return self._matrix @ self._kind(times, curve, setup, waited).reshape(-1, n)

    def _kind(self, t, curve, setup, waited) -> np.ndarray:
        """P(sojourn > t) (1 + λ E[D]) for each kind (n,) at a time of its own."""
        some, none = np.flatnonzero(waited > 0), np.flatnonzero(waited == 0)
        caught = -np.expm1(-self._rate * waited[some])
        rest = residual_moments(self._rate, waited)[0]
        often = self._packets.interruptions(setup + rest)
        before = self._table.integral(curve, t, t)
        out = np.zeros(len(t))
        for m in range(often.shape[1]):
            if m and not (often[:, m] > _SMALLEST).any():
                break
            begins = t - setup - m * self._packets.other_cost
            after, last = self._integrals(t, curve, begins, some, waited)
            part = self._rate * (after - before)
            part[none] += self._table.tail(curve[none], begins[none], t[none])
            part[some] += self._rate * (last - after[some]) / caught
            out += often[:, m] * part
        return out

    def _integrals(self, t, curve, begins, some, waited) -> tuple[np.ndarray, np.ndarray]:
        """At the set-up's start for all, and that much earlier for `some`, in one look-up."""
        both = self._table.integral(
            np.concatenate([curve, curve[some]]),
            np.concatenate([begins, begins[some] - waited[some]]),
            np.concatenate([t, t[some]]),
        )
        return both[: len(t)], both[len(t) :]


def mixture(packets: Packets, c: Kinds) -> Mixture | None:
    """The mixtures of `kinds` in closed form, or None where there is none at hand."""
    if c.moves.any():
        return None
    service, curve = np.unique(c.service, return_inverse=True)
    table = curves(packets.rate, packets.batch, packets.fixed, packets.exponential, service)
    if table is None:
        return None
    if packets.other_rate > 0.0:
        table = Disturbed(packets, service, table)
    return Mixture(packets, c, curve.ravel(), table)
