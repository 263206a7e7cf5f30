"""Functions of time as one polynomial for each panel, exponential after the last."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

__all__ = ["NODES", "Panels", "evaluate", "rule"]

NODES = 10  # Chebyshev nodes of a panel: a function of its scale is exact to rounding


@lru_cache(maxsize=1)
def rule() -> tuple[np.ndarray, ...]:
    """Nodes v in (-1, 1), and what takes values there to powers of v, to integrals from -1, to
    the integral up to 1 and to the value at 1.

    >>> v, to_powers, integrals, whole, end = rule()
    >>> bool(np.allclose(whole @ v**4, 0.4)), bool(np.allclose(integrals @ v, (v**2 - 1) / 2))
    (True, True)
    >>> bool(np.isclose(end @ (v + 1.0), 2.0))
    True
    """
    v = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)[::-1]
    series = np.linalg.inv(np.polynomial.chebyshev.chebvander(v, NODES - 1))
    power = np.zeros((NODES, NODES))  # Chebyshev to powers, highest first
    for k in range(NODES):
        one = np.polynomial.chebyshev.cheb2poly(np.eye(NODES)[k][: k + 1])
        power[NODES - 1 - k :, k] = one[::-1]
    primitive = np.stack(
        [np.polynomial.chebyshev.chebint(row, lbnd=-1) for row in np.eye(NODES)], axis=1
    )
    integrals = np.polynomial.chebyshev.chebvander(v, NODES) @ primitive @ series
    whole = np.polynomial.chebyshev.chebvander(np.ones(1), NODES)[0] @ primitive @ series
    end = np.ones(NODES) @ series  # every Chebyshev polynomial is 1 there
    return v, power @ series, integrals, whole, end


def evaluate(table: np.ndarray, at: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Polynomials `table` (K, ..., N), highest power first, of panels `at` at places `v`."""
    out = table[0].take(at, axis=-1)
    for row in table[1:]:
        out *= v
        out += row.take(at, axis=-1)
    return out


class Panels:
    """P(T > t) and E[(T - t)+] of a law that is exponential in the end.

    Parameters
    ----------
    edges:
        (N + 1,) seconds, from 0 on.
    below:
        (NODES, N) P(T <= t) as powers of v, highest first.
    fall:
        What lies beyond the last edge falls by exp(-fall t).
    """

    def __init__(self, edges: np.ndarray, below: np.ndarray, fall: float) -> None:
        self._edges, self._half, self._fall = edges, 0.5 * np.diff(edges), fall
        self._tail = -below
        self._tail[-1] += 1.0
        order = np.arange(NODES, 0, -1)[:, None]
        area = np.zeros((NODES + 1, len(self._half)))
        area[:-1] = -self._tail * self._half / order
        ends = area[:-1].sum(axis=0), (area[:-1] * (-1.0) ** order).sum(axis=0)
        self._last = max(float(self._tail[:, -1].sum()), 0.0)
        beyond = self._last / fall
        left = beyond + np.append(0.0, (ends[1] - ends[0])[::-1].cumsum())[::-1]
        area[-1] = left[1:] - ends[0]
        self._area, self.mean = area, float(left[0])

    def tail(self, t: np.ndarray, rounding: np.ndarray) -> np.ndarray:
        """P(T > t); a time within `rounding` (n,) of an edge counts as there."""
        out = self._value(self._tail, t, rounding)
        out[t < -rounding] = 1.0
        return self._beyond(out, t, self._last)

    def integral(self, t: np.ndarray) -> np.ndarray:
        """E[(T - t)+], seconds."""
        out = self._value(self._area, np.maximum(t, 0.0), 0.0)
        return self._beyond(out, t, self._last / self._fall) - np.minimum(t, 0.0)

    def _value(self, table, t, rounding) -> np.ndarray:
        at = np.searchsorted(self._edges, t + rounding, side="right") - 1
        at = np.clip(at, 0, len(self._half) - 1)
        return evaluate(table, at, (t - self._edges[at]) / self._half[at] - 1.0)

    def _beyond(self, out, t, last) -> np.ndarray:
        far = np.flatnonzero(t >= self._edges[-1])
        out[far] = last * np.exp(-self._fall * (t[far] - self._edges[-1]))
        return out
