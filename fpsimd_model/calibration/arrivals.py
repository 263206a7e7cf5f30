"""How interrupts with crypto come: rate, packets of each, and whether in bursts.

Within a busy period nobody sees an interrupt come (NAPI polls), so the rate is that of busy
periods over the time outside them, and an interrupt brings what is then left to explain the
packets. Two-phase MMPP competes with Poisson by the likelihood of the gaps between busy periods,
phases going on unseen within them. It is tried where the gaps are not exponential (Kolmogorov's
test at 5%) or their ranks hang together from one to the next, and taken if its BIC is lower by 10.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..scenario import Batch, Mmpp, Recorded
from .bursts import fit_mmpp, mmpp_survival
from .intervals import Z, poisson
from .seen import Seen

__all__ = ["Arrivals", "fit_arrivals", "recorded_arrivals", "sections_of_a_packet"]

BETTER = 10.0  #: in BIC
FEW = 50  #: busy periods below which no bursts are looked for
_MOST_PACKETS = 1000  # of one interrupt, as scenarios have it
_MOST = 8_000  # busy periods that the MMPP's likelihood looks at


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Interrupts with crypto.

    Attributes
    ----------
    rate:
        Per second, or an MMPP.
    low, high:
        95% interval of the (mean) rate.
    packets:
        Of one interrupt, as a scenario takes it, with its interval.
    busy, number:
        Busy periods and packets seen.
    sections:
        NEON sections of a packet.
    gaps_us:
        From the end of one busy period to the next.
    distance, p_value:
        Kolmogorov's, of the gaps against an exponential distribution.
    bic_mmpp:
        BIC of the MMPP less that of Poisson; None if none was tried.
    """

    rate: float | Mmpp
    low: float
    high: float
    packets: float | Batch
    packets_low: float
    packets_high: float
    busy: int
    number: int
    sections: int
    gaps_us: np.ndarray
    distance: float | None
    p_value: float | None
    bic_mmpp: float | None

    @property
    def mean_rate(self) -> float:
        """Interrupts per second in the long run."""
        return self.rate.rate_per_s if isinstance(self.rate, Mmpp) else self.rate

    def survival(self, us: np.ndarray) -> np.ndarray:
        """Share of gaps between busy periods that are longer, by the fit.

        The mean is that of the gaps seen, as busy periods stand between them.
        """
        us = np.asarray(us, float)
        mean = float(self.gaps_us.mean())
        if not isinstance(self.rate, Mmpp):
            return np.exp(-us / mean)
        return mmpp_survival(self.rate, us, mean)

    @property
    def distance_of_fit(self) -> float | None:
        """Kolmogorov's, of the gaps against the fit; None where there are too few."""
        return None if self.distance is None else _distance(self.gaps_us, self.survival)

    def quantile(self, p: np.ndarray) -> np.ndarray:
        """Gaps that are exceeded with probability 1 - p, by the fit."""
        grid = np.geomspace(1e-4, 1e3, 4000) * float(self.gaps_us.mean())
        return np.interp(p, 1.0 - self.survival(grid), grid)


def sections_of_a_packet(sections: np.ndarray) -> int:
    """The greatest number of which 99% of the busy periods have a multiple.

    >>> sections_of_a_packet(np.array([2, 2, 4, 6, 2]))
    2
    """
    if not len(sections):
        return 1
    for k in range(int(np.median(sections)), 1, -1):
        if (sections % k == 0).mean() >= 0.99:
            return k
    return 1


def fit_arrivals(seen: Seen, sections: int | None = None) -> Arrivals:
    """The arrivals of interrupts whose softirq used kernel NEON.

    Parameters
    ----------
    sections:
        NEON sections of a packet, where that is known; else the greatest common divisor.
    """
    e = seen.episodes
    crypto = e.crypto
    start, counts = e.start[crypto], e.sections[crypto]
    length = np.nan_to_num(e.end[crypto] - start)
    k = sections or sections_of_a_packet(counts)
    packets = np.maximum(np.round(counts / k), 1).astype(int)
    busy, number = len(start), int(packets.sum())
    idle = max(seen.span_us - float(length.sum()), 1e-9) * 1e-6
    span = max(seen.span_us, 1e-9) * 1e-6
    gaps, stay = _gaps(start, length, e.stretch[crypto])
    if not busy:
        low, high = poisson(0)
        return Arrivals(0.0, low / span, high / span, 1.0, 1.0, 1.0, 0, 0, k, gaps,
                        None, None, None)  # fmt: skip
    # how many packets a busy period has, its time away: what one interrupt brings
    left = idle / span
    mean, error = float(packets.mean()), float(packets.std()) / math.sqrt(busy)
    batch, half = mean * left, Z * error * left
    if batch - half <= 1.0 or (packets == 1).all():
        batch, half, events, time = 1.0, 0.0, number, span
    else:
        events, time = busy, idle
    rate: float | Mmpp = events / time
    low, high = (bound / time for bound in poisson(events))
    distance, p_value = _exponential_distance(gaps)
    bic = None
    if busy >= FEW and _uneven(gaps, p_value):
        found, bic = fit_mmpp(gaps[:_MOST], stay[:_MOST])
        if found is not None and bic < -BETTER:
            # packets over time is what it is, whatever the fit says of the rate
            batch = max(1.0, number / span / found.rate_per_s)
            batch, half = (1.0, 0.0) if batch < 1.05 else (batch, half)
            rate = found.with_rate(number / span / batch)
            middle, spread = rate.rate_per_s, math.sqrt(_dispersion(start, seen))
            low, high = (max(0.0, middle + (end - events / time) * spread) for end in (low, high))
    of_one: float | Batch = batch
    if batch > 1.0 and _fixed(packets, round(mean)):
        of_one = Batch(round(mean))
    return Arrivals(
        rate, low, high, of_one, max(1.0, batch - half), batch + half, busy, number, k,
        gaps, distance, p_value, bic,
    )  # fmt: skip


def recorded_arrivals(seen: Seen, sections: int) -> Recorded:
    """The busy periods as they came: each is one interrupt at its beginning with all its packets.

    Interrupts that joined a busy period are not seen one by one, so that their packets come too
    early; a stretch of the trace begins with its first busy period, whose gap nobody saw.

    Parameters
    ----------
    sections:
        NEON sections of a packet.

    Raises
    ------
    InputError
        Without two busy periods in a row.
    """
    e = seen.episodes
    start, stretch = e.start[e.crypto], e.stretch[e.crypto]
    packets = np.clip(np.round(e.sections[e.crypto] / sections), 1, _MOST_PACKETS).astype(int)
    gaps = np.diff(start)
    keep = (stretch[1:] == stretch[:-1]) & (gaps >= 0)
    if not gaps[keep].sum() > 0:
        raise InputError(
            "arrivals: no two busy periods with kernel NEON follow each other in the trace; "
            "take fitted ones"
        )
    # four digits behind the microsecond's point, as samples are written: a trace's clock has three
    return Recorded(tuple(gaps[keep].round(4).tolist()), tuple(packets[1:][keep].tolist()))


def _fixed(packets: np.ndarray, size: int) -> bool:
    return size >= 2 and bool((packets % size == 0).mean() >= 0.95)


def _gaps(start: np.ndarray, length: np.ndarray, stretch: np.ndarray):
    """Gaps between busy periods within a stretch, and how long the one before each was."""
    gaps = start[1:] - (start[:-1] + length[:-1])
    keep = (stretch[1:] == stretch[:-1]) & (gaps >= 0)
    return gaps[keep], length[:-1][keep]


def _uneven(gaps: np.ndarray, p_value: float | None) -> bool:
    """Whether gaps are not exponential or not independent, so that an MMPP is worth a try."""
    if p_value is None or p_value < 0.05:
        return p_value is not None
    ranks = gaps.argsort().argsort()
    return bool(np.corrcoef(ranks[:-1], ranks[1:])[0, 1] > 2.5 / math.sqrt(len(gaps)))


def _exponential_distance(gaps: np.ndarray) -> tuple[float | None, float | None]:
    from scipy.special import kolmogorov

    n = len(gaps)
    if n < 5:
        return None, None
    mean = max(float(gaps.mean()), 1e-12)
    distance = _distance(gaps, lambda us: np.exp(-us / mean))
    return distance, float(kolmogorov(math.sqrt(n) * distance))


def _distance(gaps: np.ndarray, survival: Callable[[np.ndarray], np.ndarray]) -> float:
    n, fitted = len(gaps), 1.0 - survival(np.sort(gaps))
    above, below = np.arange(1, n + 1) / n - fitted, fitted - np.arange(n) / n
    return float(max(above.max(), below.max()))


def _dispersion(start: np.ndarray, seen: Seen) -> float:
    """Variance by mean of the counts in 20 equal windows; 1 for Poisson."""
    counts, _ = np.histogram(start, bins=20, range=seen.span)
    return max(1.0, float(counts.var(ddof=1) / max(counts.mean(), 1e-9)))
