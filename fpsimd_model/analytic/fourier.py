"""The distribution of sojourn times by numerical transform inversion.

For what has no closed form at hand: interrupts without crypto that lengthen busy periods, fixed
batches of exponential packets, very large batches.  The first batch of a busy period waits for
the set-up only; all others wait W with the transform that is left of Welch's when the first
batch is taken out (Welch 1964; Takagi, Queueing Analysis vol. 1, 1991, eq. 2.36):

    f λ (1 - B*(s) D*(s)) / (s - λ + λ B*(s)),    f = (1 - ρ) / (1 + λ E[D])

with f the share of first batches.
"""

from __future__ import annotations

import numpy as np

from .inversion import invert, nodes
from .kinds import Kinds
from .packets import Packets, batch_transform, position_transform

__all__ = ["Fourier"]


class Fourier:
    """Transforms of mixtures over `kinds`, but for their atoms."""

    def __init__(self, packets: Packets, c: Kinds, mass: np.ndarray) -> None:
        self._packets, self._c, self._mass = packets, c, mass
        # 1 for kinds whose first batch makes no atom
        self._smooth = np.where((c.waited > 0) | packets.spread, 1.0, 0.0)

    def rest(self, t: np.ndarray, which: np.ndarray) -> np.ndarray:
        """(n, N) transform of P(T > t) without atoms, at ``nodes(t)``."""
        c, s = self._c, nodes(t)
        total = np.zeros(s.shape, dtype=complex)
        low = np.searchsorted(c.mixture, which)
        count = np.searchsorted(c.mixture, which, side="right") - low
        point = np.repeat(np.arange(len(t)), count)
        k = np.arange(len(point)) - np.repeat(count.cumsum() - count, count) + low[point]
        setup = self._setup(t[point], s[point], k)
        share, smooth = (c.weight * c.first)[k], self._smooth[k]
        service, moves = c.service[k], c.moves[k]
        change = np.empty(len(point), dtype=bool)
        change[0] = True
        change[1:] = (point[1:] != point[:-1]) | (service[1:] != service[:-1])
        change[1:] |= moves[1:] != moves[:-1]
        change = np.flatnonzero(change)
        met = np.add.reduceat(share[:, None] * setup, change)
        alone = np.add.reduceat((share * smooth)[:, None] * setup, change)
        later, group = np.add.reduceat(share, change)[:, None], point[change]
        part = self._combine(t[group], s[group], service[change], moves[change], later, met, alone)
        np.add.at(total, group, part)
        return ((1.0 - self._mass)[which][:, None] - total) / s

    def survival(self, t: np.ndarray, which: np.ndarray) -> np.ndarray:
        """(n,) P(T > t) without atoms."""
        return invert(self.rest(t, which), t)

    def _setup(self, t, s, k) -> np.ndarray:
        """D*(s) of kinds k: a fixed time, and the rest of a masked period at the first arrival."""
        c, lam, packets = self._c, self._packets.rate, self._packets
        out = packets.fixed_time(t, s, c.setup[k])
        behind = np.flatnonzero(c.waited[k] > 0)
        if not len(behind):
            return out
        t, s, k = t[behind], s[behind], k[behind]
        waited, late, already = c.waited[k], c.late[k, None], c.already[k, None]
        never = np.exp(-lam * waited)[:, None]
        if not packets.disturbed:
            part = packets.fixed_time(t, s, waited)
        else:
            stop = np.exp(-packets.stretch(s) * packets.other_cost)
            missed = np.exp(-packets.stretch(np.array(lam)) * packets.other_cost)
            guest = late > 0.0
            mean = np.where(guest, 0.0, packets.other_rate * waited[:, None])
            part = np.exp(-s * waited[:, None] - mean * (1.0 - stop)) * _less(already, stop)
            never = never * np.exp(-mean * (1.0 - missed)) * _less(already, missed)
            out[behind] *= np.exp(-late * (1.0 - stop))
        out[behind] *= lam * (part - never) / ((lam - s) * (1.0 - never))
        return out

    def _combine(self, t, s, service, moves, later, met, alone) -> np.ndarray:
        """Transform of what is no atom: later batches, and first ones that are spread out."""
        lam, packets = self._packets.rate, self._packets
        z = packets.service(t, s, service, moves)
        work = batch_transform(z, packets)
        waits = lam * (later - work * met) / (s - lam + lam * work)
        return (waits + alone) * z * position_transform(z, packets)


def _less(mean: np.ndarray, x: np.ndarray) -> np.ndarray:
    """E[x^(N - 1)] of a Poisson N >= 1; 1 where its mean is 0."""
    some = np.where(mean > 0.0, mean, 1.0)
    x = np.where(abs(x) > 1e-200, x, 1e-200)
    share = (np.exp(some * (x - 1.0)) - np.exp(-some)) / (-x * np.expm1(-some))
    return np.where(mean > 0.0, share, 1.0)
