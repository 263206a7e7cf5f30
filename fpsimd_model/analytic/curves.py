"""Sojourn times under a plain server, tabulated: what all set-ups of one service time share.

With T the sojourn under a plain server and a set-up D ahead of each busy period, a sojourn is
T + D with probability 1 / (1 + λ E[D]), and otherwise T and the rest of D from a random moment
(B. T. Doshi, Queueing systems with vacations, Queueing Systems 1 (1986) 29-66).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .lattice import Cells, averaged, cells

__all__ = ["Deterministic", "Exponential", "curves"]

_LARGE = 20.0  # packets of a fixed batch, beyond which its places are averaged over
_ROUNDING = 1e-12  # of a time, relative: an atom belongs to the time it is computed for


class Exponential:
    """T under exponential service and geometric batches: exponential itself.

    Parameters
    ----------
    rate, batch:
        Interrupts per second, mean packets of each.
    service:
        (R,) seconds; one curve for each.
    """

    def __init__(self, rate: float, batch: float, service: Sequence[float]) -> None:
        work = batch * np.asarray(service)
        self._fall = (1.0 - rate * work) / work

    def tail(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """P(T > t) of curve `curve` (n,) at times `t` (n,)."""
        return np.exp(-self._fall[curve] * np.maximum(t, 0.0))

    def integral(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """E[(T - t)+], seconds."""
        fall = self._fall[curve]
        return np.exp(-fall * np.maximum(t, 0.0)) / fall - np.minimum(t, 0.0)


class Deterministic:
    """T under deterministic service; parameters as :class:`Exponential`.

    `scale` (n,) is the largest of the times that `t` was computed from: what lies within its
    rounding of a whole number of service times counts as there.
    """

    def __init__(self, service: Sequence[float], laws: Sequence[Cells]) -> None:
        self._service = np.asarray(service)
        count = np.array([law.tail.shape[1] for law in laws])
        self._first = np.append(0, count.cumsum()[:-1])
        self._last = count - 1
        self._mean = np.array([law.mean for law in laws])
        self._rate = np.array([law.rate for law in laws])
        self._tail = _side_by_side([law.tail for law in laws])
        self._integral = _side_by_side([law.integral for law in laws])

    def tail(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """P(T > t) of curve `curve` (n,) at times `t` (n,)."""
        value, y = self._value(self._tail, curve, t, scale)
        value[y < 0.0] = 1.0
        return value

    def integral(self, curve: np.ndarray, t: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """E[(T - t)+], seconds."""
        value, y = self._value(self._integral, curve, t, scale)
        early = np.flatnonzero(y < 0.0)
        value[early] = self._mean[curve[early]] - y[early]
        return value * self._service[curve]

    def _value(self, table, curve, t, scale) -> tuple[np.ndarray, np.ndarray]:
        service = self._service[curve]
        y = t / service
        whole = np.floor(y + _ROUNDING * scale / service)
        cell = np.clip(whole, 0.0, self._last[curve])
        v = 2.0 * (y - whole) - 1.0
        at = self._first[curve] + cell.astype(np.intp)
        out = table[0][at]
        for row in table[1:]:
            out *= v
            out += row[at]
        far = np.flatnonzero(whole > cell)
        if len(far):
            out[far] *= np.exp(-self._rate[curve[far]] * (whole[far] - cell[far]))
        return out, y


def _side_by_side(tables: Sequence[np.ndarray]) -> np.ndarray:
    """Polynomials of several laws in one table, the shorter ones padded with zeros."""
    most = max(len(table) for table in tables)
    return np.concatenate(
        [np.pad(table, ((most - len(table), 0), (0, 0))) for table in tables], axis=1
    )


def curves(
    rate: float, batch: float, fixed: bool, exponential: bool, service: Sequence[float]
) -> Exponential | Deterministic | None:
    """One curve for each service time (R,); None where no closed form is at hand.

    >>> curve = curves(1000.0, 1.0, False, False, [5e-4])
    >>> here, time = np.array([0]), np.array([5e-4])
    >>> float(curve.tail(here, time, time).round(12)[0])  # 1 - load are served at once
    0.5
    """
    if exponential:
        return None if fixed and batch > 1.0 else Exponential(rate, batch, service)
    if fixed and batch > _LARGE:
        laws = [averaged(rate * one, round(batch)) for one in service]
    else:
        laws = [cells(rate * one, batch, fixed) for one in service]
    return None if None in laws else Deterministic(service, laws)
