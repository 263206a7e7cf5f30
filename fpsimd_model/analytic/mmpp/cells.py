"""How much work packets meet under MMPP arrivals, tabulated.

In the transform of sojourns (:mod:`.law`) everything but delays is h = Z M^-1 λ and B* h, with
M = s I + Q - Λ (1 - B*).  Integrated, M^-1 λ becomes the c(t) that solves

    c' = λ + (Λ - Q) c - Λ E[c(t - B)],    c(0) = 0,

which looks back only: under deterministic service it is solved cell by cell, a service time each,
by collocation between its kinks, under exponential service as in :mod:`..march`.  It grows like
exp(u t), the start and end of busy periods cancel that, and digits with it; so it is followed only
while it keeps them.  Further out kinks are smooth enough for :mod:`..inversion`.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice, pairwise

import numpy as np

from ..disturbed import lattice, stops
from ..march import Drawn, March, kinks, mesh
from ..packets import Packets
from ..panels import NODES, evaluate, rule
from .busy import Queue

__all__ = ["Cells", "cells_of"]

_CELLS, _BATCHES = 12, 8  # services, and batches, after which kinks do not show
_GROWTH = 14.0  # logarithm of the digits that may cancel
_SELDOM = 1e-6  # stops that are not waited for
_LARGEST = 600  # cells that are too many
_MOST, _PLACES = 2000, 100  # the same under exponential service, of panels and of places
_PER_PANEL = 1.0  # logarithm of what c may grow by in a panel


class Cells:
    """h and B* h, integrated, up to the time `end`.

    Parameters
    ----------
    edges:
        (N + 1,) seconds, from 0 on.
    table:
        (NODES, 4, N) powers of the place in each panel, highest first: h and B* h by phase; with
        a fifth row, how likely a packet's own service and those ahead in its batch are over.
    smooth:
        No kink beyond them shows.
    """

    def __init__(self, edges: np.ndarray, table: np.ndarray, smooth: bool) -> None:
        self._edges, self._half, self._table = edges, 0.5 * np.diff(edges), table
        self.end, self.smooth = float(edges[-1]), smooth

    def at(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(2, ...), (2, ...) and what more is known, at times up to `end`; 0 before 0."""
        panel = np.clip(np.searchsorted(self._edges, t, side="right") - 1, 0, len(self._half) - 1)
        place = (t - self._edges[panel]) / self._half[panel] - 1.0
        value = evaluate(self._table, panel, place) * (t >= 0.0)
        return value[:2], value[2:4], value[4:]


@lru_cache(maxsize=64)
def cells_of(packets: Packets, queue: Queue) -> Cells | None:
    """Of one queue; None where a service is too long for it, or a batch too large."""
    if packets.exponential:
        return _drawn(packets, queue)
    service, batch, cost = queue.service, packets.batch, packets.other_cost
    enough = _CELLS if batch == 1.0 else _CELLS + _BATCHES * batch
    often = packets.stops(3.0 * packets.other_rate * service)
    enough += int((often > _SELDOM).sum() - 1) * cost / service
    count = int(min(enough, _GROWTH / (queue.u * service)))
    if not 2 <= count <= _LARGEST:
        return None
    generator = np.diag(queue.phases.rates) - queue.phases.generator
    edges = lattice(packets, service, count)[0]
    parts = 1 + int(abs(generator).sum(axis=1).max() * service / _PER_PANEL)
    if len(edges) * parts > 4 * _LARGEST:
        return None
    edges = np.append(np.linspace(edges[:-1], edges[1:], parts, endpoint=False).T, edges[-1])
    first = np.searchsorted(edges, service * np.arange(count + 1))
    return Cells(edges, _solved(packets, queue, edges, first, generator), count >= int(enough))


def _drawn(packets: Packets, queue: Queue) -> Cells | None:
    """Under exponential service."""
    if packets.fixed and packets.batch > _PLACES:
        return None
    one = Drawn.of(packets, queue.service, queue.moves)
    rates, end = np.append(queue.phases.rates, 0.0), _GROWTH / queue.u
    matrix = np.zeros((3, 3))
    matrix[:2, :2] = np.diag(queue.phases.rates) - queue.phases.generator
    march = March(one, rates, rates, np.array([0.0, 0.0, 1.0]), matrix, 2)
    longest = _PER_PANEL / abs(matrix).sum(axis=1).max()
    for edge in islice(mesh(one, kinks(one), longest), _MOST):
        march.to(min(edge, end))
        if edge >= end:
            break
    each = march.table[:, 1:].reshape(NODES, 2, one.count, 3, -1).mean(axis=2)
    table = np.concatenate([each[:, 0, :2], each[:, 1, :2], each[:, 0, 2:]], axis=1)
    return Cells(march.edges[: march.count + 1].copy(), table, True)


def _solved(packets: Packets, queue: Queue, edges, first, generator) -> np.ndarray:
    v, to_powers, integrals, _, end = rule()
    rates, service, batch = queue.phases.rates, queue.service, packets.batch
    half = 0.5 * np.diff(edges)
    times = edges[:-1, None] + half[:, None] * (v + 1.0)
    one, all_, more = (stops(packets, count * service) for count in (1, batch, batch + 1))
    # Rows, by phase: c, that behind the work of a batch, h, B* h.
    table = np.zeros((NODES, 8, len(half)))
    c, h = np.s_[:2], np.s_[4:6]
    start = np.zeros(2)
    both = np.kron(integrals, generator)
    inverse = np.linalg.inv(np.eye(2 * NODES) - half[:, None, None] * both)
    for low, high in pairwise(first):
        here, t = np.s_[low:high], times[low:high]

        def behind(count, law, rows, t=t, until=high):
            """Of `rows`, after `count` services with stops of that law."""
            at = t[..., None] - count * service - packets.other_cost * np.arange(len(law))
            panel = np.clip(np.searchsorted(edges[:until], at, side="right") - 1, 0, None)
            place = (at - edges[panel]) / half[panel] - 1.0
            return (evaluate(table[:, rows], panel, place) * (at >= 0.0)) @ law

        past = behind(1, one, np.s_[:])
        if batch == 1.0:
            after = ours = past[c]
            twice = past[h]
        elif packets.fixed:
            after, twice = behind(batch, all_, c), behind(batch, all_, h)
            ours = past[h] + (past[c] - behind(batch + 1, more, c)) / batch
        else:
            after = ours = (past[c] + (batch - 1.0) * past[2:4]) / batch
            twice = (past[h] + (batch - 1.0) * past[6:8]) / batch
        drive = rates[:, None, None] * (1.0 - after)
        value = np.empty((2, high - low, NODES))
        for i in range(high - low):
            right = start[:, None] + half[low + i] * (drive[:, i] @ integrals.T)
            value[:, i] = (inverse[low + i] @ right.T.ravel()).reshape(NODES, 2).T
            start = value[:, i] @ end
        rows = np.concatenate([value, after, ours, twice])
        table[:, :, here] = np.moveaxis(rows @ to_powers.T, -1, 0)
    return table[:, 4:]
