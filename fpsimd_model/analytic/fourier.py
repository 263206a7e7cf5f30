"""The distribution of sojourn times by numerical transform inversion.

For what :mod:`.mixture` has no tables of: very many stops, very large batches, services that are
far shorter than stops and too many to be told one by one.  Where there are steps in the law the
series rings; :mod:`.percentiles` sees that by other numbers of terms.

The first batch of a busy period waits for the set-up only; all others wait W with the transform
that is left of Welch's when the first batch is taken out (Welch 1964; Takagi, Queueing Analysis
vol. 1, 1991, eq. 2.36):

    f λ (1 - B*(s) D*(s)) / (s - λ + λ B*(s)),    f = (1 - ρ) / (1 + λ E[D])

with f the share of first batches.
"""

from __future__ import annotations

import numpy as np

from .inversion import FINER, TERMS, invert, nodes
from .kinds import Kinds
from .packets import Packets, position_transform

__all__ = ["Fourier"]


class Fourier:
    """Transforms of mixtures over `kinds`, but for their atoms."""

    def __init__(self, packets: Packets, c: Kinds, mass: np.ndarray) -> None:
        self._packets, self._c, self._mass = packets, c, mass
        # 1 for kinds whose first batch makes no atom
        self._smooth = np.where((c.waited > 0) | packets.spread, 1.0, 0.0)

    def rest(self, t: np.ndarray, which: np.ndarray, terms: int = TERMS) -> np.ndarray:
        """(n, N) transform of P(T > t) without atoms, at ``nodes(t, terms)``."""
        c, s = self._c, nodes(t, terms)
        slower = self._packets.stretch(s)
        total = np.zeros(s.shape, dtype=complex)
        low = np.searchsorted(c.mixture, which)
        count = np.searchsorted(c.mixture, which, side="right") - low
        point = np.repeat(np.arange(len(t)), count)
        k = np.arange(len(point)) - np.repeat(count.cumsum() - count, count) + low[point]
        setup = self._setup(s[point], slower[point], k)
        share, smooth = (c.weight * c.first)[k], self._smooth[k]
        service, moves = c.service[k], c.moves[k]
        change = np.empty(len(point), dtype=bool)
        change[0] = True
        change[1:] = (point[1:] != point[:-1]) | (service[1:] != service[:-1])
        change[1:] |= moves[1:] != moves[:-1]
        change = np.flatnonzero(change)
        less = np.add.reduceat(share[:, None] * setup, change)
        alone = np.add.reduceat((share * smooth)[:, None] * (1.0 - setup), change)
        later, group = np.add.reduceat(share, change)[:, None], point[change]
        at, queue = (t[group], s[group], slower[group]), (service[change], moves[change])
        part = self._combine(*at, *queue, later, less, alone)
        np.add.at(total, group, part)
        return ((1.0 - self._mass)[which][:, None] - total) / s

    def survival(self, t: np.ndarray, which: np.ndarray, finer: int = 0) -> np.ndarray:
        """(n,) P(T > t) without atoms, from :data:`.FINER` times the terms `finer` times over."""
        return invert(self.rest(t, which, round(TERMS * FINER**finer)), t)

    def _setup(self, s, slower, k) -> np.ndarray:
        """1 - D*(s) of kinds k: a fixed time, and the rest of a masked period at the first arrival.

        Each part by itself, so that no digits cancel for small s.
        """
        c, lam, packets = self._c, self._packets.rate, self._packets
        out = -np.expm1(-slower * c.setup[k, None])
        behind = np.flatnonzero(c.waited[k] > 0)
        if not len(behind):
            return out
        s, slower, k = s[behind], slower[behind], k[behind]
        waited, late, already = c.waited[k, None], c.late[k, None], c.already[k, None]
        part, never = -np.expm1(-s * waited), -np.expm1(-lam * waited)
        if packets.disturbed:
            stop = -np.expm1(-slower * packets.other_cost)
            missed = -np.expm1(-packets.stretch(np.array(lam)) * packets.other_cost)
            mean = np.where(late > 0.0, 0.0, packets.other_rate * waited)
            part = _either(-np.expm1(-s * waited - mean * stop), _less(already, stop))
            never = _either(-np.expm1(-lam * waited - mean * missed), _less(already, missed))
            out[behind] = _either(out[behind], -np.expm1(-late * stop))
        rest = (lam * part - s * never) / ((lam - s) * never)
        out[behind] = _either(out[behind], rest)
        return out

    def _combine(self, t, s, slower, service, moves, later, less, alone) -> np.ndarray:
        """Transform of what is no atom: later batches, and first ones that are spread out."""
        lam, packets = self._packets.rate, self._packets
        z = packets.service(t, s, service, moves)
        missed = packets.missed(slower, service[:, None], moves[:, None])
        waits = lam * (less + missed * (later - less)) / (s - lam * missed)
        return (waits + alone) * z * position_transform(z, packets)


def _either(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """1 - (1 - one) (1 - other)."""
    return one + other - one * other


def _less(mean: np.ndarray, y: np.ndarray) -> np.ndarray:
    """1 - E[(1 - y)^(N - 1)] of a Poisson N >= 1; 0 where its mean is 0."""
    some = np.where(mean > 0.0, mean, 1.0)
    x = np.where(abs(1.0 - y) > 1e-200, 1.0 - y, 1e-200)
    share = (np.expm1(-some * y) - y * np.expm1(-some)) / (x * np.expm1(-some))
    return np.where(mean > 0.0, share, 0.0)
