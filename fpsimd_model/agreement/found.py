"""What one engine says of one policy in one scenario, in a form that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..durations import phase_type
from ..engines import evaluate
from ..montecarlo import run as simulate
from ..montecarlo.estimates import metrics_of
from ..montecarlo.limits import overload, unbounded
from ..montecarlo.pace import Pace
from ..montecarlo.plan import REPLICATIONS, events_per_s
from ..montecarlo.run import Run
from ..montecarlo.statistics import ratio, student
from ..montecarlo.tables import model_of
from ..parameters import DURATIONS
from ..policies.base import Policy
from ..results import METRICS
from ..scenario import Scenario
from ..scenario.arrivals import Mmpp
from . import simpy_engine

__all__ = ["ENGINES", "PERCENTILES", "Found", "analytic", "montecarlo", "seconds_of", "simpy"]

ENGINES = ("analytic", "montecarlo", "simpy")
PERCENTILES = {"sojourn_p50_us": 0.5, "sojourn_p99_us": 0.99, "sojourn_p999_us": 0.999}
_EVENTS = {"montecarlo": 3e6, "simpy": 1e5}  # of a run: a fraction of a second each
# Of the slowest pace wanted, for at most so many times the events; of SimPy with ksoftirqd only,
# where the formula does not judge beside it.
_WANTED = {"montecarlo": (4e3, 10.0), "simpy": (1e3, 5.0)}

Below = Callable[[float], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Found:
    """One engine, one policy.

    Attributes
    ----------
    engine, status:
        As in :class:`~fpsimd_model.results.Result`; a `status` of "" is no judgement.
    reason:
        What the formula approximates or leaves out, or saw happen that it leaves out.
    metrics:
        By name.
    errors:
        Standard error of each metric that is an estimate.
    freedom:
        Degrees of freedom of the errors.
    seconds:
        Modelled wall time; 0 for the formula.
    pace:
        What sets the pace of the scenario.
    handed_over:
        How often ksoftirqd took over, per second.
    below:
        For a time in seconds: (R,) packets of each replication that took no longer, and all.
    """

    engine: str
    status: str
    reason: str
    metrics: Mapping[str, float | None]
    errors: Mapping[str, float] = field(default_factory=dict)
    freedom: int = 0
    seconds: float = 0.0
    pace: Pace | None = None
    below: Below | None = None
    handed_over: float = 0.0


def seconds_of(engine: str, scenario: Scenario, seconds: float | None) -> float:
    """How long an engine simulates: as asked for, or for as many events as it can well do."""
    if seconds is not None:
        return seconds
    events = _EVENTS[engine] / events_per_s(scenario)
    if engine == "simpy" and not scenario.softirq.softirq_budget_us:
        return events
    units, most = _WANTED[engine]
    return max(events, min(units * Pace.of(scenario).slowest(scenario), most * events))


def analytic(scenario: Scenario, policies: list[type[Policy]]) -> dict[str, Found]:
    """The formula's figures by policy; they have no error."""
    results = evaluate(scenario, policies)
    pace, exact = Pace.of(scenario), _covered(scenario)
    return {
        r.policy: Found(
            "analytic",
            r.status,
            "" if exact and r.status == "ok" else r.reason,
            r.metrics,
            pace=pace,
        )
        for r in results
    }


def _covered(scenario: Scenario) -> bool:
    """Whether the formula takes arrivals and durations for what they are (ksoftirqd apart)."""
    shapes = [getattr(scenario.vcpu, name) for name in DURATIONS]
    if isinstance(scenario.softirq.interrupts_per_s, Mmpp):
        return all(one.shape == "exponential" for one in shapes)
    poisson = isinstance(scenario.softirq.interrupts_per_s, int | float)
    return poisson and all(phase_type(one).exact for one in shapes)


def montecarlo(
    scenario: Scenario,
    policies: list[type[Policy]],
    seed: int,
    seconds: float,
    workers: int | None,
) -> dict[str, Found]:
    """Simulated on the transition table."""
    runs: dict[str, Run] = {}
    found: dict[str, Found] = {}
    for policy in policies:
        if why := unbounded(model_of(scenario, policy)):
            found[policy.name] = Found("montecarlo", "unbounded", why, {})
            continue
        runs[policy.name] = simulate(scenario, policy, seed=seed, seconds=seconds, workers=workers)
    reference = runs.get("switch-on-exit")
    return found | {name: _simulated(run, reference) for name, run in runs.items()}


def _simulated(run: Run, reference: Run | None) -> Found:
    values, intervals = metrics_of(run, reference)
    if reference is None:
        del values["saving"]
    errors = {
        name: (high - low) / 2.0 / student(REPLICATIONS)
        for name, (low, high) in intervals.items()
        if values[name] is not None
    }
    why, often = overload(run.model), int(run.sums["handed_over"].sum())
    edges, counts = run.sojourns.edges, run.sojourns.counts
    total = counts.sum(axis=1)

    def below(time: float) -> tuple[np.ndarray, np.ndarray]:
        last = int(np.searchsorted(edges[:, 0], time, side="right")) - 1
        if last < 0:
            return np.zeros(len(counts)), total
        low, high = edges[last]
        place = min((time - low) / (high - low), 1.0)  # within the bin, as its moments say
        half = run.sojourns.spread[last]
        middle = run.sojourns.mean[last]
        share = float(np.clip((place - middle + half) / (2.0 * half), 0, 1)) if half > 0 else 0.0
        if half <= 0.0 and place >= middle:
            share = 1.0
        return counts[:, :last].sum(axis=1) + share * counts[:, last], total

    wall = float(run.wall.sum())
    status = "unstable" if why else "ok"
    reason = f"ksoftirqd, which the formula leaves out, took over {often} times" if often else ""
    pace = Pace.of(run.model.scenario)
    return Found(
        "montecarlo", status, why or reason, values, errors, REPLICATIONS - 1, wall, pace, below,
        often / wall,
    )  # fmt: skip


def simpy(scenario: Scenario, policies: list[type[Policy]], seed: int, seconds: float):
    """The SimPy model, by policy."""
    return {
        p.name: _third(scenario, simpy_engine.sample(scenario, p, seed=seed, seconds=seconds))
        for p in policies
    }


def _third(scenario: Scenario, sample: simpy_engine.Sample) -> Found:
    metrics: dict[str, float | None] = {}
    errors: dict[str, float] = {}
    for name, (top, bottom) in simpy_engine.rates_of(sample, scenario).items():
        if name in METRICS and (estimate := ratio(top, bottom)) is not None:
            metrics[name], (low, high) = estimate
            errors[name] = (high - low) / 2.0 / student(len(top))
    totals = np.array([len(s) for s in sample.sojourns], dtype=float)
    every = np.sort(np.concatenate(sample.sojourns))

    def below(time: float) -> tuple[np.ndarray, np.ndarray]:
        return np.array([np.searchsorted(s, time, side="right") for s in sample.sojourns]), totals

    for name, share in PERCENTILES.items():
        if len(every):
            time = float(every[min(int(share * len(every)), len(every) - 1)])
            metrics[name] = 1e6 * time
            errors[name] = 1e6 * _woodruff(every, time, share, below)
    seconds = sample.wall * len(totals)
    often = int(sample.sums["handed_over"].sum())
    reason = f"ksoftirqd, which the formula leaves out, took over {often} times" if often else ""
    pace = Pace.of(scenario)
    return Found(
        "simpy", "", reason, metrics, errors, len(totals) - 1, seconds, pace, below, often / seconds
    )


def _woodruff(every: np.ndarray, time: float, share: float, below: Below) -> float:
    """Standard error of a percentile: that of the share below it, carried over to times."""
    estimate = ratio(*below(time))
    half = (estimate[1][1] - estimate[1][0]) / 2.0
    if not np.isfinite(half):
        return np.inf
    ends = np.clip([share - half, share + half], 0.0, 1.0) * (len(every) - 1)
    low, high = every[ends.astype(int)]
    return float(high - low) / 2.0 / student(simpy_engine.REPLICATIONS)
