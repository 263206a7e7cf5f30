"""Formula against simulation, metric by metric, in standard errors.

The simulation's interval is Student's (its replications are few), so a difference is turned into
the normal quantile of the same probability: under agreement these scores are standard normal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import policies as _policies
from ..engines import evaluate
from ..policies.base import Policy
from ..results import METRICS
from ..scenario import Scenario

__all__ = ["Agreement", "Difference", "agree"]

_RESOLUTION = 0.0025  # of the simulation's percentiles, relative
_TAILS = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.01, "sojourn_p999_us": 0.001}
_SHARE = 0.1  # of the simulation's own default length
_PER_REPLICATION = 20.0  # residencies
_FEW = 30.0  # independent events in a tail below which the interval of its percentile is no good
_EQUAL = 1e-9  # relative difference of what both know exactly


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of one policy in one scenario, by both engines.

    `z` is the score, `None` where the two cannot be compared by one: both exact (`exact`), or too
    few events were simulated.
    """

    scenario: str
    policy: str
    metric: str
    analytic: float | None
    montecarlo: float | None
    z: float | None
    exact: bool = False

    @property
    def relative(self) -> float:
        """Relative difference."""
        if not self.montecarlo or self.analytic is None:
            return math.nan
        return self.analytic / self.montecarlo - 1.0


@dataclass(frozen=True)
class Agreement(Sequence):
    """All differences, in the order of scenarios, policies and metrics."""

    differences: tuple[Difference, ...]
    scenarios: int

    def __len__(self) -> int:
        return len(self.differences)

    def __getitem__(self, index):
        return self.differences[index]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    @cached_property
    def scores(self) -> np.ndarray:
        """The z-scores."""
        return np.array([d.z for d in self.differences if d.z is not None])

    def by_metric(self) -> dict[str, np.ndarray]:
        """The z-scores of each metric that has any."""
        found = {
            name: np.array([d.z for d in self if d.metric == name and d.z is not None])
            for name in METRICS
        }
        return {name: scores for name, scores in found.items() if len(scores)}

    @property
    def contradictions(self) -> list[Difference]:
        """What both know exactly and do not agree on."""
        return [d for d in self if d.exact and not _same(d.analytic, d.montecarlo)]

    def outliers(self, beyond: float = 4.5) -> list[Difference]:
        """Differences with a larger score, the largest first."""
        far = [d for d in self if d.z is not None and abs(d.z) > beyond]
        return sorted(far, key=lambda d: -abs(d.z))

    def to_dict(self) -> dict:
        """Ready for JSON."""
        return {
            "scenarios": self.scenarios,
            "compared": len(self.scores),
            "exact": sum(d.exact for d in self),
            "metrics": {
                name: {
                    "n": len(z),
                    "mean": float(z.mean()),
                    "spread": float(z.std()),
                    "largest": float(np.abs(z).max()),
                }
                for name, z in self.by_metric().items()
            },
            "outliers": [_row(d) for d in self.outliers()],
            "contradictions": [_row(d) for d in self.contradictions],
        }

    def to_text(self) -> str:
        """At most 72 columns: a line a metric, then what stands out."""
        lines = [
            f"{self.scenarios} scenarios, {len(self.scores)} figures of both engines compared,",
            "as z-scores; under agreement their mean is 0 and their spread 1.",
            "",
            f"{'metric':28s} {'n':>6s} {'mean':>7s} {'spread':>7s} {'largest':>8s}",
            f"{'-' * 28} {'-' * 6} {'-' * 7} {'-' * 7} {'-' * 8}",
        ]
        lines += [
            f"{name:28s} {len(z):6d} {z.mean():7.2f} {z.std():7.2f} {np.abs(z).max():8.2f}"
            for name, z in self.by_metric().items()
        ]
        for title, found in (
            ("beyond 4.5 standard errors", self.outliers()),
            ("exact in both, and different", self.contradictions),
        ):
            lines += ["", f"{title}: {len(found)}"]
            lines += [
                f"  {d.scenario} {d.policy} {d.metric}:\n"
                f"    {_number(d.analytic)} by formula, {_number(d.montecarlo)} simulated"
                + ("" if d.z is None else f", z {d.z:.1f}")
                for d in found[:10]
            ]
        return "\n".join(lines) + "\n"


def agree(
    scenarios: Iterable[Scenario],
    policies: Iterable[str | type[Policy]] | str | type[Policy] | None = None,
    *,
    seed: int = 0,
    seconds: float | None = None,
    workers: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Agreement:
    """Evaluate each scenario with both engines and compare them.

    Parameters
    ----------
    scenarios:
        Any that the analytic engine covers exactly (exponential durations, no ksoftirqd).
    policies, seed, workers:
        As for :func:`fpsimd_model.evaluate`; each scenario has its own random numbers.
    seconds:
        Modelled time of each simulation; None for a tenth of the simulation's own default.
    progress:
        Called with the share done and the seconds left.

    Raises
    ------
    InputError
        As :func:`fpsimd_model.evaluate`.

    >>> found = agree([Scenario().replace({"softirq.softirq_budget_us": 0})], "tracked", seconds=5)
    >>> bool(abs(found.scores).max() < 5), len(found.contradictions)
    (True, 0)
    """
    import time

    from ..montecarlo.plan import plan_of

    chosen, listed = _policies.select(policies), list(scenarios)
    found: list[Difference] = []
    begin = time.monotonic()
    for i, scenario in enumerate(listed):
        length = _SHARE * plan_of(scenario, None).seconds if seconds is None else seconds
        results = evaluate(scenario, chosen, "both", seed=seed + i, seconds=length, workers=workers)
        name = scenario.name or f"scenario {i + 1}"
        for policy in chosen:
            exact, simulated = (results.get(policy.name, e) for e in ("analytic", "montecarlo"))
            found += _differences(name, exact, simulated, length)
        if progress is not None:
            done = (i + 1) / len(listed)
            progress(done, (time.monotonic() - begin) * (1.0 - done) / done)
    return Agreement(tuple(found), len(listed))


def _differences(name: str, analytic, montecarlo, seconds: float) -> Iterator[Difference]:
    if analytic.status != montecarlo.status:
        yield Difference(name, analytic.policy, "status", None, None, None, exact=True)
        return
    for metric in METRICS:
        a, m = analytic.metrics.get(metric), montecarlo.metrics.get(metric)
        low, high = montecarlo.ci95.get(metric, (math.nan, math.nan))
        half = (high - low) / 2.0
        here = (name, analytic.policy, metric, a, m)
        if a is None or m is None or not math.isfinite(half) or half <= 1e-12 * abs(m):
            if a is None or m is None or not _rare(a, m, metric):
                yield Difference(*here, None, exact=not math.isfinite(half) or _same(a, m))
            continue
        few = _too_few(analytic, metric, seconds)
        yield Difference(*here, None if few else _score(a - m, half, m, metric))


def _too_few(analytic, metric: str, seconds: float) -> bool:
    """Whether too few independent events were simulated for an interval that means something."""
    from ..montecarlo.plan import REPLICATIONS

    known = analytic.metrics
    residencies = known["puts_per_s"] * seconds
    slow = known["resched_delay_mean_us"] or known["softirq_held_mean_us"]
    if slow and residencies < _PER_REPLICATION * REPLICATIONS:
        return True  # a replication is not much longer than what it is to measure
    beyond = _TAILS.get(metric)
    if beyond is None:
        return False
    # packets held for a residency are late together
    late = residencies if known["softirq_held_mean_us"] else known["packets_per_s"] * seconds
    return late * beyond < _FEW


def _rare(a: float, m: float, metric: str) -> bool:
    """Nothing was simulated of what is rare: no error can be told from no events."""
    return m == 0.0 and a > 0.0 and metric.endswith(("_per_s", "_share"))


def _score(difference: float, half: float, value: float, metric: str) -> float:
    from scipy.special import ndtri_exp, stdtr, stdtrit

    from ..montecarlo.plan import REPLICATIONS

    freedom = REPLICATIONS - 1
    error = half / float(stdtrit(freedom, 0.975))
    if metric.startswith("sojourn_p"):  # uniform within a bin of the histogram
        error = math.hypot(error, _RESOLUTION * value / math.sqrt(3.0))
    tail = float(stdtr(freedom, -abs(difference) / error))
    if tail <= 0.0:
        return math.copysign(40.0, difference)
    score = -float(ndtri_exp(math.log(tail))) if tail < 0.5 else 0.0
    return math.copysign(score, difference)


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= _EQUAL * max(abs(a), abs(b))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _row(d: Difference) -> dict:
    return {
        "scenario": d.scenario,
        "policy": d.policy,
        "metric": d.metric,
        "analytic": d.analytic,
        "montecarlo": d.montecarlo,
        "z": d.z,
    }
