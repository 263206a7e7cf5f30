"""Kinds of busy period, merged where they differ in nothing: what mixtures of sojourns are of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .packets import Packets
from .queue import BusyPeriods

__all__ = ["Atoms", "Kinds", "kinds"]

_SMALLEST = 1e-13
_BRIEF = 1e-5


@dataclass(frozen=True, eq=False)
class Kinds:
    """c kinds of busy period, sorted by mixture and service.

    Attributes
    ----------
    mixture, service, setup, waited:
        (c,) index of the mixture; seconds, as in :class:`BusyPeriods`.
    weight:
        Share of the mixture's packets.
    first:
        Share of its packets that are in the first batch of a busy period.
    ordinary:
        1 / (1 + λ E[D]) of the set-up D.
    moves:
        The fixed part of exponential service.
    """

    mixture: np.ndarray
    service: np.ndarray
    setup: np.ndarray
    waited: np.ndarray
    weight: np.ndarray
    first: np.ndarray
    ordinary: np.ndarray
    moves: np.ndarray


def kinds(periods: Sequence[BusyPeriods], weights: Sequence[np.ndarray]) -> Kinds:
    """Of P mixtures, each busy periods of arrays (1, k) and the packets in each (k,)."""
    columns, packets = [], []
    for i, (q, w) in enumerate(zip(periods, weights, strict=True)):
        part = np.empty((5, len(w)))
        part[0], part[1], part[2], part[3] = i, q.service[0], q.setup[0], q.waited[0]
        brief = part[3] < _BRIEF * part[1]  # what is left of it is as good as half of it
        part[2] += np.where(brief, 0.5 * part[3], 0.0)
        part[3] *= ~brief
        part[4] = np.broadcast_to(q.moves, (1, len(w)))[0] if q.service_cv2.any() else 0.0
        columns.append(part)
        packets.append(w / w.sum())
    columns, weight = np.concatenate(columns, axis=1), np.concatenate(packets)
    order = np.lexsort(columns[::-1])
    columns, weight = columns[:, order], weight[order]
    change = np.ones(len(weight), dtype=bool)
    change[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    change = np.flatnonzero(change)
    columns, weight = columns[:, change], np.add.reduceat(weight, change)
    some = weight > _SMALLEST
    (mixture, service, setup, waited, moves), weight = columns[:, some], weight[some]
    rate, batch, batch2, cv2, other_rate, other_cost = (
        float(np.ravel(value)[0])
        for value in (q.rate, q.batch, q.batch2, q.service_cv2, q.other_rate, q.other_cost)
    )
    one = BusyPeriods(
        rate, batch, batch2, service, cv2, setup, waited, other_rate, other_cost, moves
    )
    ordinary = 1.0 / (1.0 + rate * one.setup_moments[0])
    first = (1.0 - one.load) * ordinary
    return Kinds(mixture.astype(np.intp), service, setup, waited, weight, first, ordinary, moves)


class Atoms:
    """Single times that packets of a mixture take with positive probability.

    They are those of first batches behind a fixed set-up, under deterministic service.
    """

    def __init__(self, packets: Packets, c: Kinds, count: int) -> None:
        self._atoms = [_atoms(packets, c, i) for i in range(count)]
        self._lists = [
            (at.tolist(), (above[:-1] - above[1:]).tolist()) for at, above in self._atoms
        ]
        self.mass = np.array([above[0] for _, above in self._atoms])

    def __len__(self) -> int:
        return len(self._atoms)

    def above(self, t: np.ndarray, which: np.ndarray) -> np.ndarray:
        """(n,) mass of the atoms of mixture `which` (n,) above times `t` (n,)."""
        out = np.empty(len(t))
        for i in np.unique(which):
            at, above = self._atoms[i]
            mine = which == i
            out[mine] = above[np.searchsorted(at, t[mine], side="right")]
        return out

    def heaviest(self, which: int, low: float, high: float) -> float | None:
        """Where the heaviest atom of a mixture lies strictly between two times, if any."""
        at, mass = self._lists[which]
        i, j = bisect_right(at, low), bisect_left(at, high)
        return at[mass.index(max(mass[i:j]), i)] if i < j else None


def _atoms(packets: Packets, c: Kinds, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the atoms of mixture i are and how much lies at or above each."""
    mine = np.flatnonzero((c.mixture == i) & (c.waited == 0))
    if packets.spread or not len(mine):
        return np.zeros(0), np.zeros(1)
    places = packets.places()
    at = c.setup[mine, None] + c.service[mine, None] * np.arange(1, len(places) + 1)
    mass = (c.weight[mine] * c.first[mine])[:, None] * places
    often = packets.interruptions(at)
    at = at[..., None] + packets.other_cost * np.arange(often.shape[-1])
    mass = mass[..., None] * often
    order = np.argsort(at, axis=None)
    return at.ravel()[order], np.append(mass.ravel()[order][::-1].cumsum()[::-1], 0.0)
