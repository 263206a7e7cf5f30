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
        setup = self._setup(t[point], s[point], c.setup[k], c.waited[k])
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

    def _setup(self, t, s, setup, waited) -> np.ndarray:
        """D*(s): a fixed time, and the rest of a masked operation at the first arrival in it."""
        lam, packets = self._packets.rate, self._packets
        out = packets.fixed_time(t, s, setup)
        behind = np.flatnonzero(waited > 0)
        t, waited, s = t[behind], waited[behind], s[behind]
        never = np.exp(-lam * waited)[:, None]
        part = packets.fixed_time(t, s, waited)
        out[behind] *= lam * (part - never) / ((lam - packets.stretch(s)) * (1.0 - never))
        return out

    def _combine(self, t, s, service, moves, later, met, alone) -> np.ndarray:
        """Transform of what is no atom: later batches, and first ones that are spread out."""
        lam, packets = self._packets.rate, self._packets
        z = packets.service(t, s, service, moves)
        work = batch_transform(z, packets)
        waits = lam * (later - work * met) / (s - lam + lam * work)
        return (waits + alone) * z * position_transform(z, packets)
