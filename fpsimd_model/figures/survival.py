"""How long packets take, as a distribution: formula and simulation side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .curves import Axis, Curves
from .groups import groups_of, reach_of
from .numbers import log_limits
from .verdicts import Verdicts, correctness

if TYPE_CHECKING:
    from ..policies import Policy
    from ..scenario import Scenario

__all__ = ["LOWEST", "MARKS", "OVER", "Dots", "Survivals", "dots_of", "survivals_of"]

OVER = "longer"  #: the curves' name: share of packets that take longer
LOWEST = 1e-4  #: share of packets at the bottom of the figure
TIME = Axis("sojourn_us", "packet time, from interrupt to completion", "us")
#: Shares of packets that take longer, with the metric that says how long.
MARKS = {0.5: "sojourn_p50_us", 0.01: "sojourn_p99_us", 0.001: "sojourn_p999_us"}

_POINTS = 400
_DOTS = 20
_LEAST = 25  # packets beyond a dot
_DOUBT = 0.2  # standard error of a dot, at most
_PACKETS = 1e6  # simulated under each policy


@dataclass(frozen=True, eq=False)
class Dots:
    """Simulated shares of packets that take longer: at, value, and 95% interval, (n,) each."""

    t_us: np.ndarray
    over: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Survivals:
    """Distributions of packet times under several policies.

    Attributes
    ----------
    curves:
        Over time in us; :data:`OVER` of each policy is the share that takes longer, not-a-number
        below :data:`LOWEST` and for a policy without steady state.
    marks:
        Percentiles in us by policy, in the order of :data:`MARKS`.
    dots:
        What a simulation found, for one policy of each group.
    without:
        Policies without a curve, and why.
    """

    curves: Curves
    marks: Mapping[str, tuple[float, ...]]
    dots: Mapping[str, Dots] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)


def survivals_of(
    scenario: Scenario,
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    verdicts: Verdicts | None = None,
    *,
    simulated: bool = True,
    seconds: float | None = None,
    seed: int = 0,
    points: int = _POINTS,
) -> Survivals:
    """The share of packets that take longer than t, by policy.

    Parameters
    ----------
    scenario, policies:
        As :func:`fpsimd_model.evaluate` takes them.
    verdicts:
        Of the check; by default the policies are checked.
    simulated:
        Whether a simulation goes with the formula: one for each group of policies that share a
        curve, without ksoftirqd, which the formula leaves out as well.
    seconds, seed:
        Of the simulation; by default about a million packets.
    points:
        Times at which the curves are computed, evenly spread on a logarithmic axis.

    Raises
    ------
    InputError
        On an unknown policy, or a scenario that the formula does not cover.

    >>> from fpsimd_model.scenario import preset
    >>> found = survivals_of(preset("reference"), ["tracked", "flush-hook"], simulated=False)
    >>> [round(us, 2) for us in found.marks["tracked"]]
    [1.82, 2.48, 3.41]
    """
    from ..analytic import sojourn_survival
    from ..engines import evaluate
    from ..policies import select
    from ..proof import check

    chosen = list(dict.fromkeys(select(policies)))
    if points < 2:
        raise InputError(f"points: {points} is too few for a curve; 2 or more are wanted")
    verdicts = check(*chosen) if verdicts is None else verdicts
    results = {r.policy: r for r in evaluate(scenario, chosen)}
    marks, without = {}, {}
    for name, result in results.items():
        found = tuple(result[metric] for metric in MARKS.values())
        if None in found:
            without[name] = result.status if result.status != "ok" else "no packets"
        else:
            marks[name] = found
    t = np.geomspace(*_limits(scenario, marks), points)
    shares = (
        sojourn_survival(scenario, chosen, t) if marks else np.full((len(chosen), points), np.nan)
    )
    shares = np.where(shares >= 0.7 * LOWEST, shares, np.nan)
    curves = Curves(
        TIME,
        t,
        {p.name: {OVER: row} for p, row in zip(chosen, shares, strict=True)},
        correctness(verdicts),
    )
    found = Survivals(curves, marks, {}, without)
    dots = dots_of(scenario, chosen, found, seconds=seconds, seed=seed) if simulated else ()
    return replace(found, dots=dict(dots))


def dots_of(
    scenario: Scenario,
    policies: Iterable[type[Policy]],
    found: Survivals,
    *,
    seconds: float | None = None,
    seed: int = 0,
) -> Iterator[tuple[str, Dots]]:
    """Simulate one policy of each group after the other: its name and what was seen."""
    heads = {group.head for group in groups_of(found.curves, [OVER], reach_of(found.curves))}
    for policy in policies:
        if policy.name in heads:
            yield policy.name, _simulated(scenario, policy, seconds, seed)


def _limits(scenario: Scenario, marks: Mapping[str, tuple[float, ...]]) -> tuple[float, float]:
    """From the fastest packet to where the slowest policy's curve leaves the figure."""
    if not marks:
        return 1.0, 10.0
    _, p99, p999 = np.array(list(marks.values())).T
    per_decade = np.maximum(p999 - p99, 0.1 * p999)  # tails fall exponentially
    low = 0.8e6 * scenario.simd_packet_s
    return log_limits(low, float((p999 + 1.1 * per_decade).max()), 9.0)


def _simulated(scenario: Scenario, policy, seconds: float | None, seed: int) -> Dots:
    from ..montecarlo.engine import run

    plain = scenario.replace({"softirq.softirq_budget_us": 0.0})
    offered = scenario.offered_packets_per_s
    found = run(plain, policy, seed=seed, seconds=seconds or _PACKETS / offered)
    sojourns = found.sojourns
    counts, total = sojourns.counts, sojourns.counts.sum(axis=1, keepdims=True)
    edges = 1e6 * sojourns.edges[:, 1]
    beyond = total - np.cumsum(counts, axis=1)
    enough = np.flatnonzero(beyond.sum(axis=0) >= _LEAST)
    if not len(enough):
        none = np.zeros(0)
        return Dots(none, none, none, none)
    edges, beyond = edges[enough], beyond[:, enough]
    share = beyond.sum(axis=0) / total.sum()
    at = _evenly(edges, share)
    edges, beyond, share = edges[at], beyond[:, at], share[at]
    # Replications are independent: the error of a ratio of sums over them.
    n, off = len(total), beyond - share * total
    error = np.sqrt((off**2).sum(axis=0) * n / (n - 1)) / total.sum()
    sure = error < _DOUBT * share
    half = 1.96 * error[sure]
    return Dots(edges[sure], share[sure], share[sure] - half, share[sure] + half)


def _evenly(t: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Places of the dots: evenly along the curve, as it looks in the figure."""
    step = np.hypot(np.diff(np.log10(t)), np.diff(np.log10(share)))
    along = np.concatenate([[0.0], np.cumsum(step)])
    return np.unique(np.searchsorted(along, np.linspace(0.0, along[-1], _DOTS) - 1e-9))
