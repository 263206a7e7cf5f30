"""The whole distribution of packet sojourn times, as mixtures over busy periods.

In the time domain where a closed form is at hand (:mod:`.mixture`), else from transforms
(:mod:`.fourier`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .fourier import Fourier
from .kinds import Atoms, kinds
from .mixture import mixture
from .packets import Packets, batch_transform, position_transform
from .percentiles import percentiles
from .queue import BusyPeriods

__all__ = ["Packets", "Sojourns", "batch_transform", "position_transform"]


class Sojourns:
    """Sojourn times of P mixtures (policies) that share arrivals, service shape and batch.

    Parameters
    ----------
    packets:
        What they share.
    periods, weights:
        For each mixture its busy periods (arrays of shape (1, k)) and the packets in each (k,).
    already:
        For each mixture (k,) as in :class:`.kinds.Kinds`; none if not given.
    """

    def __init__(
        self,
        packets: Packets,
        periods: Sequence[BusyPeriods],
        weights: Sequence[np.ndarray],
        already: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.packets = packets
        self._kinds = c = kinds(periods, weights, already)
        self._atoms = Atoms.of_kinds(packets, c, len(periods))
        self._closed = mixture(packets, c)
        if self._closed is None:
            self._series = Fourier(packets, c, self._atoms.mass)

    def __len__(self) -> int:
        return len(self._atoms)

    def survival(self, t: np.ndarray, which: np.ndarray, finer: int = 0) -> np.ndarray:
        """P(T > t) for times `t` (n,) > 0 in seconds, each under mixture `which` (n,)."""
        t, which = np.asarray(t, dtype=float), np.asarray(which)
        if self._closed is not None:
            return np.clip(self._closed.survival(t, which), 0.0, 1.0)
        known = self._atoms.above(t, which)
        return np.clip(self._series.survival(t, which, finer) + known, 0.0, 1.0)

    def inverted(self, t: np.ndarray) -> np.ndarray:
        """(n,) bool: where the transform is inverted."""
        return np.full(len(t), self._closed is None)

    def survival_grid(self, t: np.ndarray, finer: int = 0) -> np.ndarray:
        """(P, n) P(T > t) of every mixture at the same times `t` (n,)."""
        if self._closed is not None:
            return np.clip(self._closed.grid(t), 0.0, 1.0)
        every = np.repeat(np.arange(len(self)), len(t))
        return self.survival(np.tile(t, len(self)), every, finer).reshape(len(self), len(t))

    def percentiles(self, p: Sequence[float], mean: float | None = None) -> np.ndarray:
        """(P, len(p)) seconds below which the shares `p` of packets are served.

        `mean` is taken, as other laws do, and not needed.
        """
        c, packets = self._kinds, self.packets
        service = c.service / (1.0 - packets.other_rate * packets.other_cost)
        longest = (service / (1.0 - packets.rate * packets.batch * service)).max()
        ends = 0.5 * c.service.min(), 8.0 * (packets.batch * longest + c.setup.max())
        return percentiles(self, p, ends)

    def heaviest_atom(self, which: int, low: float, high: float) -> float | None:
        """Where the heaviest atom of a mixture lies strictly between two times, if any."""
        return self._atoms.heaviest(which, low, high)
