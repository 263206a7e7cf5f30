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
    late:
        Mean number, Poisson, of interrupts without crypto ahead of the set-up, besides those that
        make the masked period longer that the first packet came in; above 0 only where these
        wait for that packet, in the guest.
    already:
        Mean of a Poisson number of them, given that it is 1 or more, that waited when that masked
        period began: one less than that, 0 for none.
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
    late: np.ndarray
    already: np.ndarray
    weight: np.ndarray
    first: np.ndarray
    ordinary: np.ndarray
    moves: np.ndarray


def kinds(
    periods: Sequence[BusyPeriods],
    weights: Sequence[np.ndarray],
    already: Sequence[np.ndarray] | None = None,
) -> Kinds:
    """Of P mixtures: busy periods (1, k), the packets in each (k,), and `already` (k,)."""
    columns, packets = [], []
    q = periods[0]
    rate, batch, other_rate, other_cost = (
        float(np.ravel(value)[0]) for value in (q.rate, q.batch, q.other_rate, q.other_cost)
    )
    free = 1.0 - other_rate * other_cost
    for i, (q, w) in enumerate(zip(periods, weights, strict=True)):
        part = np.empty((8, len(w)))
        part[0], part[1], part[2], part[3] = i, q.service[0], q.setup[0], q.waited[0]
        part[4] = np.broadcast_to(q.late, (1, len(w)))[0]
        part[5] = 0.0 if already is None else already[i]
        brief = part[3] < _BRIEF * part[1]  # what is left of it is as good as half of it
        part[2] += np.where(brief, 0.5 * part[3] + part[4] * other_cost, 0.0)
        part[3:6] *= ~brief
        part[6] = np.broadcast_to(q.moves, (1, len(w)))[0] if q.service_cv2.any() else 0.0
        # E[D] once more, as it goes with these
        part[7] = part[2] / free
        part[7] += np.where(brief, 0.0, q.residual_moments[0][0] + part[4] * other_cost / free)
        columns.append(part)
        packets.append(w / w.sum())
    columns, weight = np.concatenate(columns, axis=1), np.concatenate(packets)
    order = np.lexsort(columns[::-1])
    columns, weight = columns[:, order], weight[order]
    change = np.ones(len(weight), dtype=bool)
    change[1:] = (columns[:-1, 1:] != columns[:-1, :-1]).any(axis=0)
    change = np.flatnonzero(change)
    columns, weight = columns[:, change], np.add.reduceat(weight, change)
    some = weight > _SMALLEST
    (mixture, service, setup, waited, late, already_, moves, mean), weight = (
        columns[:, some],
        weight[some],
    )
    load = rate * batch * service / free
    ordinary = 1.0 / (1.0 + rate * mean)
    first = (1.0 - load) * ordinary
    which = mixture.astype(np.intp)
    return Kinds(which, service, setup, waited, late, already_, weight, first, ordinary, moves)


class Atoms:
    """Single times that packets of a mixture take with positive probability.

    They are those of first batches behind a fixed set-up, under deterministic service.

    Parameters
    ----------
    found:
        For each mixture the times, and how much lies at or above each.
    """

    def __init__(self, found: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        self._atoms = found
        self._lists = [
            (at.tolist(), (above[:-1] - above[1:]).tolist()) for at, above in self._atoms
        ]
        self.mass = np.array([above[0] for _, above in self._atoms])

    @classmethod
    def of_kinds(cls, packets: Packets, c: Kinds, count: int) -> Atoms:
        """Of `count` mixtures."""
        each = [np.flatnonzero((c.mixture == i) & (c.waited == 0)) for i in range(count)]
        mass = c.weight * c.first
        return cls([_atoms(packets, c.service[i], c.setup[i], mass[i]) for i in each])

    @classmethod
    def of(cls, packets: Packets, service, setup, mass) -> Atoms:
        """Of one mixture, kinds of busy period (k,) with this share of packets in first batches."""
        return cls([_atoms(packets, service, setup, mass)])

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


def _atoms(packets: Packets, service, setup, mass) -> tuple[np.ndarray, np.ndarray]:
    """Where the atoms of a mixture are and how much lies at or above each."""
    if packets.spread or not len(service):
        return np.zeros(0), np.zeros(1)
    places = packets.places()
    at = setup[:, None] + service[:, None] * np.arange(1, len(places) + 1)
    often = packets.interruptions(at)
    at = at[..., None] + packets.other_cost * np.arange(often.shape[-1])
    each = mass[:, None, None] * places[:, None] * often
    order = np.argsort(at, axis=None)
    return at.ravel()[order], np.append(each.ravel()[order][::-1].cumsum()[::-1], 0.0)
