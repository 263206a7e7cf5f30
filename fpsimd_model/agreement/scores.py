"""A difference between two engines as a score that is standard normal under agreement.

Simulated figures come with a standard error from R replications, so the difference in standard
errors follows Student's distribution; it is turned into the normal quantile of the same
probability.  Of two simulations the degrees of freedom are Welch's (B. L. Welch, Biometrika 34
(1947) 28-35).  A percentile of the formula is compared where the simulation knows its error: by
the share of the simulated packets below it (R. S. Woodruff, Journal of the American Statistical
Association 47 (1952) 635-646).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .found import PERCENTILES, Found

__all__ = ["FEWEST", "Score", "score"]

FEWEST = 400.0  # independent events expected, below which no score is given
_RESOLUTION = 1e-3  # of the formula's percentiles at a jump, relative (docs/model.md, 5)
_EQUAL = 1e-9  # relative difference of what both know exactly
_MOST = 40.0  # the largest score, where the probability underflows
# Shares of packets, and which of them are meant.
_SHARES = {
    "scalar_share": "scalar_share",
    "crypto_slowdown": "scalar_share",
    "delayed_share": "delayed_share",
}
# What register time is made of.
_MOVES = (
    "host_saves_per_s",
    "host_restores_per_s",
    "guest_saves_per_s",
    "guest_restores_per_s",
    "traps_per_s",
)


class Score(NamedTuple):
    """`z`, or None with `why`, as in :class:`.agreement.Difference`."""

    z: float | None
    why: str = ""


def score(a: Found, b: Found, metric: str) -> Score | None:
    """`a` less `b` in standard errors; None where one of them has nothing to say."""
    if metric not in a.metrics or metric not in b.metrics:
        return None
    x, y = a.metrics[metric], b.metrics[metric]
    if x is None or y is None:
        few = x is None or _few(a, b, metric)
        return Score(None, "equal") if x is y else None if few else Score(None, "different")
    if abs(x - y) <= _EQUAL * max(abs(x), abs(y)):
        return Score(None, "equal")
    if x == 0.0 and not a.freedom:
        return Score(None, "different")  # the formula knows that it cannot happen
    if _few(a, b, metric):
        return Score(None, "few")
    if metric in PERCENTILES:
        return _percentile(a, b, metric)
    error = math.hypot(a.errors.get(metric, 0.0), b.errors.get(metric, 0.0))
    if math.isinf(error):
        return Score(None, "few")
    if error <= 1e-12 * abs(y):  # neither is an estimate, or nothing varied
        # Moves alone may vary the guest's share, and be too rare to be seen.
        rare = metric == "guest_share" and _moves(a) * _seconds(a, b) < FEWEST
        return Score(None, "few" if rare else "different")
    return Score(_normal((x - y) / error, _freedom(a, b, metric)))


def _few(a: Found, b: Found, metric: str) -> bool:
    """Whether fewer independent events are expected than an interval needs.

    What a simulation counts is skewed while it is rare: with 400 events Student's ratio is wrong
    by about 0.3 at 4.5 standard errors (P. Hall, The Bootstrap and Edgeworth Expansion (1992),
    2.6).  They are those that the first engine expects, not those that were seen, lest the choice
    depends on the outcome.
    """
    return _independent_per_s(a, metric) * _seconds(a, b) < FEWEST


def _seconds(a: Found, b: Found) -> float:
    """Modelled time of the shorter simulation."""
    return min(found.seconds for found in (a, b) if found.freedom)


def _moves(a: Found) -> float:
    """Moves of the most frequent kind, per second."""
    return max(a.metrics.get(name, 0.0) for name in _MOVES)


def _independent_per_s(a: Found, metric: str) -> float:
    """Events per second that count for `metric`, those that hang together as one.

    What happens within a residency, or within one burst of arrivals, hangs together.  So do the
    packets of a busy period, (variance / mean) / (1 - ρ)² of them by weight, and late packets,
    which come in clumps that last until what is above the mark is served (D. Aldous, Probability
    Approximations via the Poisson Clumping Heuristic (1989), B and D).  A mean time needs so many
    relaxation times of the queue as well.  With ksoftirqd a busy period is at its own pace for no
    longer than the budget, and at ksoftirqd's behind that.
    """
    known, pace = a.metrics, a.pace
    puts, packets = min(known["puts_per_s"], pace.bursts), known["packets_per_s"]
    if metric.endswith("_per_s") and metric not in ("packets_per_s", "max_packets_per_s"):
        return min(puts, known[metric])
    if metric == "ksoftirqd_share":
        return min(puts, a.handed_over)
    free = max(1.0 - packets / known["max_packets_per_s"], 1e-9)
    after = max(1.0 - packets * pace.fast, 1e-9)  # free while ksoftirqd serves
    if metric in PERCENTILES:
        mark = PERCENTILES[metric]
        excess = _excess(known, mark) * 1e-6
        above = min(2.0 * excess / free, (pace.budget + 2.0 * excess) / after)
        late = packets * (1.0 - mark) / (pace.dispersion + packets * above)
        late = min(late, pace.bursts)
        # Softirqs that are off wait for vcpu_put; so does ksoftirqd, or it causes one.
        waits = known.get("softirq_held_mean_us") or pace.budget < math.inf
        return min(puts, late) if waits else late
    clump = min(
        pace.dispersion / free**2, pace.dispersion / after**2 + packets * pace.budget / after
    )
    if share := _SHARES.get(metric):
        return min(puts, packets * known[share] / clump)
    if metric in ("switch_share", "saving"):
        return min(puts, _moves(a))
    if not metric.endswith(("_us", "_packets")):
        return puts
    puts = min(puts, 1.0 / max(pace.settles(1.0 / known["max_packets_per_s"]), 1e-9))
    if known["scalar_share"]:  # the slow packets decide
        puts = min(puts, packets * known["scalar_share"] / clump)
    inside = known["guest_share"]  # at least so much of the time is in residencies
    if metric == "resched_delay_mean_us":
        return min(puts, pace.wishes * inside)
    arrivals = packets / pace.dispersion
    return min(puts, arrivals * inside if metric == "softirq_held_mean_us" else arrivals)


def _excess(known, mark: float) -> float:
    """Mean time by which late packets exceed a percentile, microseconds: the tail's slope."""
    low, high = ("p50", "p99") if mark < 0.9 else ("p99", "p999")
    rise = known[f"sojourn_{high}_us"] - known[f"sojourn_{low}_us"]
    return max(rise, 0.0) / math.log(50.0 if mark < 0.9 else 10.0)


def _percentile(a: Found, b: Found, metric: str) -> Score:
    """How far the first engine's percentile is from splitting the other's packets as it should."""
    share, time = PERCENTILES[metric], 1e-6 * a.metrics[metric]
    low, high = (_below(b, time * (1.0 + e))[0] for e in (-_RESOLUTION, _RESOLUTION))
    here, error = _below(b, time)
    own = _below(a, time)[1] if a.freedom else 0.0
    error = math.hypot(error, own)
    if error == 0.0:  # no packet of any run is on the other side of it
        return Score(None, "different")
    freedom = min(found.freedom for found in (a, b) if found.freedom)
    if high - low <= 0.5 * error:  # smooth here
        return Score(_normal((here - share) / error, freedom))
    if low <= share <= high:
        return Score(None, "jump")
    edge, side = (low, -_RESOLUTION) if share < low else (high, _RESOLUTION)
    error = math.hypot(_below(b, time * (1.0 + side))[1], own)
    return Score(_normal((edge - share) / max(error, 1e-300), freedom))


def _below(found: Found, time: float) -> tuple[float, float]:
    """Share of the packets that took no longer, and its standard error."""
    from ..montecarlo.statistics import ratio, student

    share, (low, high) = ratio(*found.below(time))
    return share, (high - low) / 2.0 / student(found.freedom + 1)


def _freedom(a: Found, b: Found, metric: str) -> float:
    """Welch's degrees of freedom."""
    parts = [(f.errors.get(metric, 0.0) ** 2, f.freedom) for f in (a, b) if f.freedom]
    return sum(v for v, _ in parts) ** 2 / sum(v * v / n for v, n in parts)


def _normal(t: float, freedom: float) -> float:
    """The normal quantile with the probability of Student's `t`.

    >>> round(_normal(2.0226909200367604, 39), 6)
    1.959964
    """
    from scipy.special import ndtri_exp, stdtr

    tail = float(stdtr(freedom, -abs(t)))
    z = -float(ndtri_exp(math.log(tail))) if tail > 0.0 else _MOST
    return math.copysign(min(z, _MOST), t)
