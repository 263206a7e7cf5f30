"""Sojourns in bins of equal share: memory that does not grow, percentiles to 0.05% and better.

A bin is the first 11 bits of the mantissa of the time in seconds, so that its width is at most
2⁻¹¹ of it.  Each keeps count, mean and variance of where in the bin the sojourns lie; a
percentile is read off the uniform distribution that has these, which is right for a bin full of
evenly spread sojourns and for one that holds a single value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernel import BIN_BITS, FIRST_BIN

__all__ = ["BINS", "Sojourns", "empty"]

_OCTAVES = 44  # from 2**-30 s to 2**14 s
BINS = _OCTAVES << BIN_BITS


def empty() -> np.ndarray:
    """(bins, 3) zeros for the compiled loop to add to."""
    return np.zeros((BINS, 3))


@dataclass(frozen=True, eq=False)
class Sojourns:
    """Sojourns of R replications.

    Attributes
    ----------
    counts:
        (R, b) packets of each replication in each of the b bins that any of them used.
    edges:
        (b, 2) seconds.
    mean, spread:
        (b,) mean and half width of the uniform distribution in each bin, as shares of its width.
    """

    counts: np.ndarray
    edges: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, histograms: list[np.ndarray]) -> Sojourns:
        """From the (b, 4) rows of :func:`used` of each replication."""
        bins = np.unique(np.concatenate([h[:, 0] for h in histograms]))
        counts = np.zeros((len(histograms), len(bins)))
        sums = np.zeros((len(bins), 2))
        for i, h in enumerate(histograms):
            where = np.searchsorted(bins, h[:, 0])
            counts[i, where] = h[:, 1]
            sums[where] += h[:, 2:]
        total = counts.sum(axis=0)[:, None]
        mean, square = (sums / total).T if len(bins) else np.zeros((2, 0))
        spread = np.sqrt(3.0 * np.maximum(square - mean * mean, 0.0))
        low = ((bins.astype(np.int64) + FIRST_BIN) << (52 - BIN_BITS)).view(np.float64)
        high = ((bins.astype(np.int64) + FIRST_BIN + 1) << (52 - BIN_BITS)).view(np.float64)
        return cls(counts, np.stack([low, high], axis=1), mean, spread)

    @property
    def packets(self) -> float:
        """All packets."""
        return float(self.counts.sum())

    def rank(self, share: float) -> tuple[int, float]:
        """The bin of the sojourn that `share` of all do not exceed, and where in its count."""
        below = np.cumsum(self.counts.sum(axis=0))
        want = share * below[-1]
        i = min(int(np.searchsorted(below, want)), len(below) - 1)
        here = below[i] - (below[i - 1] if i else 0.0)
        return i, min(max((want - (below[i] - here)) / here, 0.0), 1.0)

    def quantile(self, share: float, end: int = 0) -> float:
        """The sojourn that `share` of all do not exceed, seconds.

        With `end` -1 or 1 the least or the most that it can be, given what is kept of its bin.
        """
        i, u = self.rank(share)
        off = end or 2.0 * u - 1.0
        place = min(max(self.mean[i] + self.spread[i] * off, 0.0), 1.0)
        low, high = self.edges[i]
        return float(low + place * (high - low))

    def survival(self) -> tuple[np.ndarray, np.ndarray]:
        """Upper edges of the bins in seconds, and the share of packets above each."""
        total = self.counts.sum(axis=0)
        return self.edges[:, 1], 1.0 - np.cumsum(total) / total.sum()


def used(histogram: np.ndarray, where: slice) -> np.ndarray:
    """(b, 4) rows (bin, count, sum, sum of squares) of the bins in `where` that are not empty."""
    rows = histogram[where]
    bins = np.flatnonzero(rows[:, 0])
    return np.concatenate([bins[:, None] + where.start, rows[bins]], axis=1)
