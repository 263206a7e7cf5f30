"""How interrupts with crypto come: rate, packets of each, and whether in bursts.

Within a busy period nobody sees an interrupt come (NAPI polls), so the rate is that of busy
periods over the time outside them, and an interrupt brings what is then left to explain the
packets. Two-phase MMPP competes with Poisson by the likelihood of the gaps between busy periods,
phases going on unseen within them. It is tried where the gaps are not exponential (Kolmogorov's
test at 5%) or their ranks hang together from one to the next, and taken if its BIC is lower by 10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..scenario import Batch, Mmpp
from .intervals import Z, poisson
from .seen import Seen

__all__ = ["Arrivals", "fit_arrivals", "sections_of_a_packet"]

BETTER = 10.0  #: in BIC
FEW = 50  #: busy periods below which no bursts are looked for
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
        found, bic = _mmpp(gaps[:_MOST], stay[:_MOST])
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
    ordered = np.sort(gaps)
    fitted = -np.expm1(-ordered / max(ordered.mean(), 1e-12))
    above, below = np.arange(1, n + 1) / n - fitted, fitted - np.arange(n) / n
    distance = float(max(above.max(), below.max()))
    return distance, float(kolmogorov(math.sqrt(n) * distance))


def _dispersion(start: np.ndarray, seen: Seen) -> float:
    """Variance by mean of the counts in 20 equal windows; 1 for Poisson."""
    counts, _ = np.histogram(start, bins=20, range=seen.span)
    return max(1.0, float(counts.var(ddof=1) / max(counts.mean(), 1e-9)))


def _mmpp(gaps: np.ndarray, stay: np.ndarray) -> tuple[Mmpp | None, float]:
    """The likeliest MMPP of two phases, and its BIC less that of Poisson."""
    from scipy.optimize import minimize

    mean = float(gaps.mean())
    if mean <= 0:
        return None, 0.0
    plain = len(gaps) * (math.log(mean) + 1.0)
    best = None
    for quick, slow, share, length in ((3.0, 0.3, 0.3, 10.0), (1.5, 0.6, 0.5, 30.0)):
        guess = np.log([quick / mean, slow / mean, mean * length * share,
                        mean * length * (1.0 - share)])  # fmt: skip
        found = minimize(
            lambda x: _mmpp_cost(x, gaps, stay), guess, method="Nelder-Mead",
            options={"maxfev": 300, "xatol": 1e-3, "fatol": 1e-2},
        )  # fmt: skip
        if best is None or found.fun < best.fun:
            best = found
    rate1, rate2, mean1, mean2 = np.exp(np.clip(best.x, -60.0, 60.0))
    number = len(gaps)
    bic = 2.0 * (best.fun - plain) + 3.0 * math.log(number)
    if not 1e-3 < min(mean1, mean2) <= max(mean1, mean2) < 1e12:
        return None, bic
    return Mmpp(rate1 * 1e6, rate2 * 1e6, float(mean1), float(mean2)), float(bic)


def _mmpp_cost(x: np.ndarray, gaps: np.ndarray, stay: np.ndarray) -> float:
    """Minus the log-likelihood of the gaps; x are logarithms of rates and mean phases."""
    if np.abs(x).max() > 60.0:
        return 1e12
    r1, r2, m1, m2 = np.exp(x)
    a, b = 1.0 / m1, 1.0 / m2
    # exp((Q - R) g) in closed form: eigenvalues of a 2x2 matrix
    p, q = -(a + r1), -(b + r2)
    root = math.sqrt(((p - q) / 2.0) ** 2 + a * b)
    centre = (p + q) / 2.0
    u, v = np.exp((centre + root) * gaps), np.exp((centre - root) * gaps)
    c = (u + v) / 2.0
    s = (u - v) / (2.0 * root) if root > 0 else gaps * u
    e11, e12, e21, e22 = c + s * (p - q) / 2.0, s * a, s * b, c - s * (p - q) / 2.0
    fade = np.exp(-(a + b) * stay)
    to1, to2 = b / (a + b), a / (a + b)
    w1 = to1 * r1 / (to1 * r1 + to2 * r2)
    total = 0.0
    rows = (e11, e12, e21, e22, fade)
    for g11, g12, g21, g22, f in zip(*(row.tolist() for row in rows), strict=True):
        w1 = to1 + (w1 - to1) * f  # phases change unseen within the busy period
        w2 = 1.0 - w1
        n1, n2 = (w1 * g11 + w2 * g21) * r1, (w1 * g12 + w2 * g22) * r2
        both = n1 + n2
        if both <= 1e-300:
            return 1e12
        total -= math.log(both)
        w1 = n1 / both
    return total
